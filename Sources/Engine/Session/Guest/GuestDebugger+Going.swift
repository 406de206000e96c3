import Basics
import Host
import Machine

/// Lets a guest go on: by instructions, to a place, to an exit, to its end.
extension GuestDebugger {
  /// One entry, or the rest of one; with places to stop at.
  func enter(_ points: [DebugPoint], passing: UInt64? = nil, instructions: Int? = nil, stopsAtEvents: Bool = false)
    -> CodeDebugging.Hit?
  {
    leaveTrail()
    type()
    firstNewStep = min(firstNewStep ?? session.position, session.position)
    let stopsAtSMC = stopsAtEvents && events.contains(.smc)
    if !points.isEmpty || stopsAtSMC {
      var debugging = CodeDebugging(points, passing: passing)
      debugging.stopsAtSMC = stopsAtSMC
      session.machine.debugging = debugging
    }
    ending = vm.enter(instructions: instructions)
    current = vm.lastTurn
    let debugging = session.machine.debugging
    session.machine.debugging = nil
    guard let debugging, let hit = debugging.hits.last else { return nil }
    // The entry is the last step; the pause that stands for what stopped it comes before.
    if vm.isHeld {
      session.insertPause(debugging.executed)
      // The pause, and another entry for the rest.
      for index in retyping.indices { retyping[index].position += 2 }
    }
    return hit
  }

  /// Types what the UART has room for; first what was typed here before somebody went back.
  func type() {
    if let next = retyping.first {
      guard isThere(next) else { return }
      let count = deliver(next.bytes, at: next.time)
      retyping[0].bytes.removeFirst(count)
      if count > 0 { retyping[0].time = nil }
      if retyping[0].bytes.isEmpty { retyping.removeFirst() }
    } else if !typing.isEmpty {
      let count = deliver(typing, at: typingTime)
      if count > 0 { typingTime = nil }
      typing.removeFirst(count)
    }
  }

  private func deliver(_ bytes: [UInt8], at time: UInt64?) -> Int {
    let count = vm.type(bytes, at: time)
    if count > 0 { noteTyped(bytes.prefix(count), at: time) }
    return count
  }

  /// Whether the guest is where that was typed, or will not get there by itself.
  private func isThere(_ typed: Retyping) -> Bool {
    if !vm.isHeld, vm.readiness == .never { return true }
    guard let moment = typed.moment else { return session.position >= typed.position }
    return session.now > moment.time || (session.now == moment.time && vm.exits.values.reduce(0, +) >= moment.exits)
  }

  /// More to be typed. A guest that only waited for it goes on. What was to be typed again is not, and what waited behind it neither.
  package func type(_ bytes: some Collection<UInt8>) {
    if !retyping.isEmpty { (retyping, typing) = ([], []) }
    typing += bytes.prefix(Self.mostTyping - typing.count)
    if case .failed = ending, vm.readiness == .never { ending = nil }
  }

  private var watchpoints: [DebugPoint] {
    points.filter { if case .execute = $0 { false } else { true } }
  }

  func stop(_ hit: CodeDebugging.Hit) -> DebugStop {
    if case .execute(let pc) = hit.point {
      return points.contains(hit.point) ? .point(hit.point) : .event("an SMC at \(hex(pc))")
    }
    return .watched(hit.point, address: hit.address)
  }

  private var ended: DebugStop? {
    switch ending {
    case nil: nil
    case .poweredOff: .poweredOff
    case .reset: .reset
    case .failed(let why): .failed(why)
    }
  }

  package func step(_ vcpu: Int) -> DebugStop {
    begin()
    hasGoneOn = true
    if let ended { return ended }
    if let complete = complete(vcpu) { return complete }
    for _ in 0..<10_000 {
      if let cut = halts() { return cut }
      if let page = vm.vcpus[vcpu].missing { return .failed("vCPU \(vcpu) stands: \(RealmVM.destroyed(page))") }
      // Another's turn comes first.
      let isOther = vm.nextTurn.map { $0 != vcpu } ?? false
      let hit = enter(isOther ? [] : watchpoints, instructions: isOther ? nil : 1)
      if let hit { return stop(hit) }
      if let ended { return ended }
      guard !isOther, current == vcpu else { continue }
      guard vm.vcpus[vcpu].missing == nil else { continue }
      // What the Host does for an instruction is part of it.
      return complete(vcpu) ?? .stepped
    }
    return .failed("vCPU \(vcpu) does not get to run")
  }

  /// The rest of an instruction that a vCPU has left at, and that its next entry completes; nil if it has left at none.
  private func complete(_ vcpu: Int) -> DebugStop? {
    guard vm.vcpus[vcpu].completes, vm.nextTurn == vcpu else { return nil }
    _ = enter([], instructions: 0)
    return ended ?? .stepped
  }

  /// Repeats a command until it was done so often, or is stopped by anything but the end of a step. ``firstNewStep`` is then that of all
  /// of them.
  ///
  /// - Parameter looksBetween: whether a place it is to stop at also stops it between two of them.
  package func times(_ count: Int, looksBetween: Bool = false, _ command: () -> DebugStop?) -> DebugStop? {
    var first: Int?
    defer { firstNewStep = first }
    var stop: DebugStop?
    timesDone = 0
    for n in 0..<count {
      let before = circumstances()
      stop = command()
      if halt == nil { timesDone += 1 }
      first = [first, firstNewStep].compactMap { $0 }.min()
      guard stop == .stepped, n + 1 < count else { break }
      if looksBetween, let place = place(since: before) { return place }
    }
    return stop
  }

  /// Whether it is to stop where it stands.
  private func place(since before: Circumstances) -> DebugStop? {
    if let event = event(since: before) { return event }
    let pc = registers(current).pc
    if points.contains(.execute(pc)) { return .point(.execute(pc)) }
    guard events.contains(.smc), let word = word(current, pc), CodeDebugging.isSMC(word) else { return nil }
    return .event("an SMC at \(hex(pc))")
  }

  package func goOn(limit: Int) -> DebugStop? { goOn(limit: limit) { false } }

  /// - Parameter isEnough: asked between two entries whether to end here.
  package func goOn(limit: Int, isEnough: () -> Bool) -> DebugStop? {
    begin()
    hasGoneOn = true
    if let ended { return ended }
    let start = session.now
    var passing: UInt64? = registers(vm.nextTurn ?? current).pc
    repeat {
      if let cut = halts() { return cut }
      let before = circumstances()
      if let hit = enter(points, passing: passing, stopsAtEvents: true) {
        return stop(hit)
      }
      if let ended { return ended }
      if let event = event(since: before) { return event }
      passing = nil
    } while session.now &- start < UInt64(max(limit, 1)) && !isEnough()
    return nil
  }

  /// Enters vCPUs in turn until the guest ends, or so many times; nothing else stops it.
  package func run(entries: Int) -> RealmVM.Ending? {
    for _ in 0..<entries where ending == nil {
      switch halts() {
      case .failed(let why): return .failed(why)
      case .interrupted: return .failed("it was stopped")
      default: break
      }
      _ = enter([])
    }
    return ending
  }

  /// Runs to the next exit to the Host.
  package func runToExit() -> DebugStop? {
    begin()
    if let ended { return ended }
    var passing: UInt64? = registers(vm.nextTurn ?? current).pc
    repeat {
      if let cut = halts() { return cut }
      if let hit = enter(points, passing: passing) { return stop(hit) }
      passing = nil
    } while vm.isHeld && ending == nil
    return ended
  }
}
