import Basics
import Host
import Machine

/// A guest under a debugger, in a session that is recorded. The debugger only has the Host enter the guest, for as long as wanted, so a
/// recording is replayed without it.
///
/// Going back restores the session and what the hypervisor knew before an entry, and runs that entry again up to the instruction. The
/// entropy of that time comes again. Registers and memory are only read, unless ``allowsWrites``: nobody may write those of a Realm.
package final class GuestDebugger: DebugTarget {
  let session: Session
  package let vm: RealmVM
  package var points: [DebugPoint] = []
  /// What else stops it.
  package var events: Set<DebugEvent> = []
  package internal(set) var current = 0
  /// The first step that the last command made new in the session; nil if it made none.
  package private(set) var firstNewStep: Int?
  /// How the guest has ended, if it has.
  package internal(set) var ending: RealmVM.Ending?
  /// Whether registers and memory may be written: see ``write(_:_:_:)``.
  package var allowsWrites = false
  /// Whether the last command that moved the guest moved it forward.
  private var hasGoneOn = false
  /// Hears what was written, in words.
  package var onWrite: (String) -> Void = { _ in }
  /// Why the last command was cut short, if it was.
  var halt: Halt?
  /// Where the session and the hypervisor stood before the last entries; those before follow from the session's notes.
  private(set) var trail: [Place] = []
  private var trailBytes = 0
  /// Most bytes of the trail; when it has them, the first half of it is forgotten.
  static let trailLimit = 64 << 20

  /// What somebody types into the guest: it goes there before an entry, as the UART has room.
  package var typing: [UInt8] = []
  /// Most bytes of it.
  package static let mostTyping = 1 << 16
  /// When, as its counter has it, the next of it is typed, if its vCPUs wait until then.
  package var typingTime: UInt64?

  struct Place {
    var position: Int
    var host: RealmVM.Snapshot
    /// What was typed before the entry.
    var typed: [UInt8] = []
    var typedTime: UInt64?
    var bytes: Int
  }

  package enum Halt: Equatable, Sendable {
    /// Somebody wanted it to end.
    case interrupted
    /// The same, in the middle of the way back: the session stands between two places of the trail.
    case interruptedOnTheWay
    /// There is no room for more: why.
    case exhausted(String)
  }

  /// - Parameter vm: one that was built. If it has run, one cannot go back from here.
  package init(_ session: Session, _ vm: RealmVM) {
    precondition(session.keepsHistory, "a debugger goes back")
    self.session = session
    self.vm = vm
  }

  package var vcpuCount: Int { vm.vcpus.count }
  package func isOn(_ vcpu: Int) -> Bool { vm.vcpus[vcpu].isOn }
  package var consoleCount: Int { vm.uart.count }
  package func console(from start: Int) -> ArraySlice<UInt8> { vm.uart.bytes(from: start) }

  package func registers(_ vcpu: Int) -> GuestRegisters {
    let place = vm.vcpus[vcpu].address
    return session.read { $0.guestRegisters(place) }
      ?? GuestRegisters(address: place, isInRealm: vm.isRealm, x: Array(repeating: 0, count: 31), sp: 0, pc: 0, pstate: 0)
  }

  package func read(_ vcpu: Int, _ address: UInt64, _ count: Int) -> [UInt8] {
    let place = vm.vcpus[vcpu].address
    return session.read { $0.guestBytes(place, address, count) }
  }

  // MARK: Forward

  /// One entry, or the rest of one; with places to stop at.
  private func enter(_ points: [DebugPoint], passing: UInt64? = nil, instructions: Int? = nil, stopsAtEvents: Bool = false)
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
    if vm.isHeld { session.insertPause(debugging.executed) }
    return hit
  }

  /// Types what the UART has room for.
  private func type() {
    guard !typing.isEmpty else { return }
    let count = vm.type(typing, at: typingTime)
    guard count > 0 else { return }
    trail[trail.count - 1].typed = Array(typing.prefix(count))
    trail[trail.count - 1].typedTime = typingTime
    typingTime = nil
    typing.removeFirst(count)
  }

  /// More to be typed. A guest that only waited for it goes on.
  package func type(_ bytes: some Collection<UInt8>) {
    typing += bytes.prefix(Self.mostTyping - typing.count)
    if case .failed = ending, vm.readiness == .never { ending = nil }
  }

  private func leaveTrail() { leaveTrail(at: session.position, vm.snapshot) }

  func leaveTrail(at position: Int, _ host: RealmVM.Snapshot, typed: (bytes: [UInt8], time: UInt64?)? = nil) {
    let place = Place(
      position: position, host: host, typed: typed?.bytes ?? [], typedTime: typed?.time, bytes: host.cost(after: trail.last?.host)
    )
    trail.append(place)
    trailBytes += place.bytes
    if trailBytes > Self.trailLimit { setTrail(trail.suffix(trail.count - trail.count / 2)) }
  }

  func setTrail(_ places: some Sequence<Place>) {
    trail = Array(places)
    trailBytes = trail.reduce(0) { $0 + $1.bytes }
  }

  private func shortenTrail(to count: Int) {
    for place in trail[count...] { trailBytes -= place.bytes }
    trail.removeLast(trail.count - count)
  }

  /// Whether the command is to be cut short here: what it has done so far stays.
  private func halts() -> DebugStop? {
    if let why = session.exhaustion {
      halt = .exhausted(why)
      return .failed(why)
    }
    guard session.isInterrupted() else { return nil }
    return interrupted(.interrupted)
  }

  func interrupted(_ how: Halt) -> DebugStop {
    halt = how
    return .interrupted
  }

  package var isInterrupted: () -> Bool {
    get { session.isInterrupted }
    set { session.isInterrupted = newValue }
  }

  /// Where the session stood when the last way back began.
  private var cameFrom = 0

  package func settle() { if halt == .interruptedOnTheWay { session.seek(cameFrom) } }

  private var watchpoints: [DebugPoint] {
    points.filter { if case .execute = $0 { false } else { true } }
  }

  private func stop(_ hit: CodeDebugging.Hit) -> DebugStop {
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

  /// Begins a command.
  private func begin() {
    firstNewStep = nil
    halt = nil
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

  /// How often the last command that was to be repeated was done.
  private(set) var timesDone = 0

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

  // MARK: Back

  package func stepBack() -> DebugStop {
    begin()
    let (here, whole) = (session.position, trail)
    cameFrom = here
    var end = here
    var index = trail.count
    while true {
      if index == 0 { index = remember(before: end) }
      if halt != nil || session.isInterrupted() { return interruptedOnTheWay(whole) }
      guard index > 0 else { break }
      index -= 1
      let last = trail[index]
      guard let executed = replay(from: last.position, to: end, points: [])?.executed else { return interruptedOnTheWay(whole) }
      // An entry that did nothing but complete the instruction the vCPU had left at is one, too.
      if executed > 0 || last.host.completes {
        return restore(index, leaving: here, executed > 0 ? executed - 1 : nil) ? .stepped : interruptedOnTheWay(whole)
      }
      end = last.position
    }
    return beginning(whole, from: here)
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
    let (here, whole) = (session.position, trail)
    cameFrom = here
    var upper = trail.isEmpty ? remember(before: here) : trail.count
    var count = 4
    while halt == nil, upper > 0 {
      let lower = max(0, upper - count)
      guard let found = lastStop(in: lower..<upper, before: here) else { return interruptedOnTheWay(whole) }
      if let place = found.last {
        return restore(place.entry, leaving: here, place.instructions) ? place.stop : interruptedOnTheWay(whole)
      }
      upper = lower > 0 ? lower : remember(before: trail[0].position)
      count = min(2 * count, Self.longestLook)
    }
    return halt == nil ? beginning(whole, from: here) : interruptedOnTheWay(whole)
  }

  /// Most entries that are looked through on the way back before those before them.
  private static let longestLook = 8192

  /// Goes to the first entry of all.
  private func beginning(_ whole: [Place], from here: Int) -> DebugStop {
    trail.isEmpty || restore(0, leaving: here, nil) ? .beginning : interruptedOnTheWay(whole)
  }

  /// The trail is what it was before the command.
  private func interruptedOnTheWay(_ whole: [Place]) -> DebugStop {
    setTrail(whole)
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
    shortenTrail(to: index)
    vm.snapshot = place.host
    ending = nil
    current = vm.lastTurn
    // What is taken back is another future than what a debugger makes by writing.
    if allowsWrites, hasGoneOn { session.keepsUndone() }
    hasGoneOn = false
    // What was typed there is typed there again, unless somebody has gone there to do something else.
    if instructions != nil, !place.typed.isEmpty { (typing, typingTime) = (place.typed + typing, place.typedTime) }
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

  // MARK: Words

  package func monitor(_ text: String) -> String { session.monitor(text, vcpu: vm.vcpus[current].address) }
}
