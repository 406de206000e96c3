import Host
import Machine

/// Goes back: restores the session and what the hypervisor knew before an entry, and runs that entry again up to the instruction.
extension GuestDebugger {
  package func stepBack() -> DebugStop {
    begin()
    let here = session.position
    (cameFrom, cameWith) = (here, retyping)
    var end = here
    var index = trail.count
    while true {
      if index == 0 { index = remember(before: end) }
      if halt != nil || session.isInterrupted() { return interruptedOnTheWay() }
      guard index > 0 else { break }
      index -= 1
      let last = trail[index]
      guard let executed = replay(from: last.position, to: end, points: [])?.executed else { return interruptedOnTheWay() }
      // An entry that did nothing but complete the instruction the vCPU had left at is one, too.
      if executed > 0 || last.host.completes {
        return restore(index, leaving: here, executed > 0 ? executed - 1 : nil) ? .stepped : interruptedOnTheWay()
      }
      end = last.position
    }
    return beginning(from: here)
  }

  /// Goes to the last entry that is not later than a step.
  ///
  /// - Returns: why that is not possible; nil if it has been done, or stopped on the way.
  package func goBack(to position: Int) -> String? {
    begin()
    guard let index = trail.lastIndex(where: { $0.position <= position }) else { return recall(at: position) }
    if !restore(index, leaving: session.steps.count, nil) { halt = .interruptedOnTheWay }
    return nil
  }

  package func goBack() -> DebugStop {
    begin()
    let here = session.position
    (cameFrom, cameWith) = (here, retyping)
    var upper = trail.isEmpty ? remember(before: here) : trail.count
    var count = 4
    while halt == nil, upper > 0 {
      let lower = max(0, upper - count)
      guard let found = lastStop(in: lower..<upper, before: here) else { return interruptedOnTheWay() }
      if let place = found.last {
        return restore(place.entry, leaving: here, place.instructions) ? place.stop : interruptedOnTheWay()
      }
      upper = lower > 0 ? lower : remember(before: trail[0].position)
      count = min(2 * count, Self.longestLook)
    }
    return halt == nil ? beginning(from: here) : interruptedOnTheWay()
  }

  /// Most entries that are looked through on the way back before those before them.
  private static let longestLook = 8192

  /// Goes to the first entry of all.
  private func beginning(from here: Int) -> DebugStop {
    trail.isEmpty || restore(0, leaving: here, nil) ? .beginning : interruptedOnTheWay()
  }

  /// The trail is what it was before the command.
  private func interruptedOnTheWay() -> DebugStop {
    if let cameBy { setTrail(cameBy) }
    retyping = cameWith
    return interrupted(.interruptedOnTheWay)
  }

  /// Places in some entries that would have stopped it, in their order, no more than one for an entry and its end; nil if it was
  /// stopped on the way.
  private func lastStop(in entries: Range<Int>, before here: Int) -> [(entry: Int, instructions: Int?, stop: DebugStop)]? {
    guard session.seek(trail[entries.lowerBound].position, isInterruptible: true) else { return nil }
    var found: [(entry: Int, instructions: Int?, stop: DebugStop)] = []
    for entry in entries {
      let end = entry + 1 < trail.count ? trail[entry + 1].position : here
      let start = session.position
      let before = granules()
      guard let debugging = replay(from: nil, to: end, points: points) else { return nil }
      // Where it stands now is not before it.
      let isLast = entry == trail.count - 1
      if let hit = debugging.hits.last(where: { !isLast || $0.executed < debugging.executed }) {
        found.append((entry, hit.executed, stop(hit)))
      }
      if !isLast, let event = event(exits: exits(start..<end), before, granules()) { found.append((entry + 1, nil, event)) }
    }
    return found
  }

  /// Does steps again and notes what code does in them; nil if it was stopped on the way.
  private func replay(from start: Int?, to end: Int, points: [DebugPoint]) -> CodeDebugging? {
    if let start {
      guard session.seek(start, isInterruptible: true) else { return nil }
      session.markPlace()
    }
    var debugging = CodeDebugging(points, onlyNotes: true)
    debugging.stopsAtSMC = events.contains(.smc)
    session.machine.debugging = debugging
    defer { session.machine.debugging = nil }
    guard session.seek(end, isInterruptible: true) else { return nil }
    return session.machine.debugging ?? CodeDebugging([])
  }

  /// Instructions that are executed again for one that is taken back.
  private static let shortRun = 2048

  /// Goes to where things stood before an entry, and forward by so many instructions of it; nil: not into it.
  ///
  /// - Returns: whether it is there; if not, it was stopped on the way, and the trail is as it was.
  func restore(_ index: Int, leaving end: Int, _ instructions: Int?) -> Bool {
    let place = trail[index]
    guard session.rewind(to: place.position, from: end) else { return false }
    retyping = trail[index...].compactMap { Retyping($0) } + retyping
    shortenTrail(to: index)
    vm.snapshot = place.host
    ending = nil
    current = vm.lastTurn
    // What is taken back is another future than what a debugger makes by writing.
    if allowsWrites, hasGoneOn { session.keepsUndone() }
    hasGoneOn = false
    guard let instructions, instructions > 0 || place.host.completes else { return true }
    // Who goes back by an instruction often goes back by another: a place close behind is where that begins.
    if instructions > 2 * Self.shortRun {
      _ = enter([], instructions: instructions - Self.shortRun)
      guard vm.isHeld else { return true }
      session.markPlace()
      _ = enter([], instructions: Self.shortRun)
    } else {
      _ = enter([], instructions: instructions)
    }
    return true
  }
}

extension GuestDebugger.Retyping {
  /// What was typed at a place; nil if nothing was.
  init?(_ place: GuestDebugger.Place) {
    guard !place.typed.isEmpty else { return nil }
    self.init(
      bytes: place.typed, time: place.typedTime, position: place.position, moment: (place.time, place.host.exitCount))
  }
}
