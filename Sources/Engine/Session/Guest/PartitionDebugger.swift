import Basics
import Machine

/// The TEE under a debugger: one vCPU, at S-EL1 and S-EL0. It runs while a call of the Normal world has given it the PE; where it is to
/// stop, it holds that PE, and the call has not returned.
///
/// Going back is going to before a call and making it again, with a pause after as many instructions as it is to have executed. What was
/// done after that is done again when it goes on, and stays as a branch if somebody else did it. Registers and memory are only read.
package final class PartitionDebugger: DebugTarget {
  let session: Session
  /// The first step that the last command made new in the session; nil if it made none.
  package private(set) var firstNewStep: Int?
  /// Why there was no room for all of the last command, if there was none.
  package private(set) var exhaustion: String?
  /// What is done when it goes on and waits for a call, in its order.
  private var future: [Session.Step.Input] = []
  /// Where the session stood, and ended, when that was found out: if it is elsewhere now, somebody has gone another way.
  private var settled = (position: 0, end: 0)
  /// Up to here steps are those of the future, done again.
  private var repeated = 0
  /// Whether the debugger has made the steps that are undone now.
  private var undoneIsOwn = false
  package var isInterrupted: () -> Bool {
    get { session.isInterrupted }
    set { session.isInterrupted = newValue }
  }

  package init(_ session: Session) {
    precondition(session.keepsHistory, "a debugger goes back")
    self.session = session
  }

  package var vcpuCount: Int { 1 }
  package var current: Int { 0 }
  package func isOn(_ vcpu: Int) -> Bool { session.read { $0.hasCode(Machine.codePartition) } }
  /// Where its registers are.
  private var place: UInt64 { Machine.partitionVCPU }

  package var points: [DebugPoint] {
    get { session.partitionStops.points }
    set { session.partitionStops.points = newValue }
  }

  /// Whether it stops before each SMC.
  package var stopsAtSMC: Bool {
    get { session.partitionStops.atSMC }
    set { session.partitionStops.atSMC = newValue }
  }

  package func registers(_ vcpu: Int) -> GuestRegisters {
    session.read { $0.guestRegisters(place) }
      ?? GuestRegisters(address: place, isInRealm: false, x: Array(repeating: 0, count: 31), sp: 0, pc: 0, pstate: 0)
  }

  package func setRegister(_ vcpu: Int, _ number: Int, _ value: UInt64) -> Bool { false }
  package func vectors(_ vcpu: Int) -> [UInt64] { session.read { $0.guestVectors(place) } }
  package var systemRegisterNames: [String] { Machine.guestSystemRegisterNames }
  package func systemRegisters(_ vcpu: Int) -> [UInt64] { session.read { $0.guestSystemRegisters(place) } }
  package func mappings(_ vcpu: Int) -> [DebugMapping] { session.read { $0.guestMappings(place) } }
  package func read(_ vcpu: Int, _ address: UInt64, _ count: Int) -> [UInt8] {
    session.read { $0.guestBytes(place, address, count) }
  }
  package func write(_ vcpu: Int, _ address: UInt64, _ bytes: [UInt8]) -> Bool { false }
  package func monitor(_ text: String) -> String { session.monitor(text, vcpu: place) }

  /// What partitions have printed.
  private var printed: [UInt8] { session.partitionConsole.flatMap { Array("\($0)\n".utf8) } }
  package var consoleCount: Int { printed.count }
  package func console(from start: Int) -> ArraySlice<UInt8> { printed.dropFirst(start) }

  // MARK: Forward

  private var isHeld: Bool { session.heldPartition != nil }
  private static let waits = "the TEE waits for a call of the Normal world"

  private func begin() {
    firstNewStep = nil
    exhaustion = nil
    if settled != (session.position, session.steps.count) {
      future = []
      undoneIsOwn = false
    }
  }

  /// What lets it go on: the rest of a call, or what was done after it.
  private func next() -> Session.Step.Input? {
    if let held = session.heldPartition { return .action(.resume(held.pe)) }
    return future.isEmpty ? nil : future.removeFirst()
  }

  private func perform(_ input: Session.Step.Input, most: Int? = nil) -> (executed: Int, hit: CodeDebugging.Hit?) {
    var debugging = CodeDebugging(points, passing: session.heldPartition?.pc)
    // For a single instruction it has only to look at what that accesses.
    debugging.most = most
    debugging.stopsAtSMC = most == nil && stopsAtSMC
    firstNewStep = min(firstNewStep ?? session.position, session.position)
    let isRepeated = repeated == session.position
    let (_, executed, hit) = session.perform(input, debugging)
    settle(isRepeated: isRepeated)
    undoneIsOwn = false
    return (executed, hit)
  }

  private func settle(isRepeated: Bool) {
    settled = (session.position, session.steps.count)
    if isRepeated { repeated = session.position }
  }

  private func halts() -> DebugStop? {
    exhaustion = session.exhaustion
    if let exhaustion { return .failed(exhaustion) }
    return session.isInterrupted() ? .interrupted : nil
  }

  private func stop(_ hit: CodeDebugging.Hit) -> DebugStop {
    guard case .execute(let pc) = hit.point else { return .watched(hit.point, address: hit.address) }
    return points.contains(hit.point) ? .point(hit.point) : .event("an SMC at \(hex(pc))")
  }

  package func step(_ vcpu: Int) -> DebugStop {
    begin()
    while true {
      if let cut = halts() { return cut }
      let wasHeld = isHeld
      guard let next = next() else { return .failed(Self.waits) }
      let (executed, hit) = perform(next, most: 1)
      if let hit, case .watched = stop(hit) { return stop(hit) }
      // With its last instruction a call has returned.
      if executed > 0 || wasHeld { return .stepped }
    }
  }

  package func goOn(limit: Int) -> DebugStop? { goOn(limit: limit) { false } }

  /// - Parameters:
  ///   - isOver: whether it ends where a call has returned, even if more was done after it.
  ///   - isEnough: asked between two steps whether to end here.
  package func goOn(limit: Int, endsWithCall isOver: Bool = false, isEnough: () -> Bool) -> DebugStop? {
    begin()
    let start = session.now
    guard isHeld || !future.isEmpty else { return .failed(Self.waits) }
    repeat {
      if let cut = halts() { return cut }
      let wasHeld = isHeld
      guard let next = next() else { break }
      let (executed, hit) = perform(next)
      if let hit { return stop(hit) }
      if wasHeld, isHeld, executed == 0 { return .failed(session.lastStep?.result.answer?.text ?? Self.waits) }
      if !isHeld, future.isEmpty || isOver && wasHeld {
        let answer = session.lastStep?.result.answer?.text
        return .event("the Normal world has its PE again\(answer.map { ": \($0)" } ?? "")")
      }
    } while session.now &- start < UInt64(max(limit, 1)) && !isEnough()
    return nil
  }

  // MARK: Back

  /// A step in which it executed code, and the pause before it, if that ended it.
  private struct CodeEntry {
    var start: Int
    var index: Int
  }

  private func entry(before step: Int) -> CodeEntry? {
    var end = step
    let first = session.machineStart(before: session.position)
    while let index = session.steps.last(.guest, before: end), index >= first {
      if session.steps[index].guest?.address == place {
        guard index > first, case .action(.guestPause) = session.steps.input(index - 1) else {
          return CodeEntry(start: index, index: index)
        }
        return CodeEntry(start: index - 1, index: index)
      }
      end = index
    }
    return nil
  }

  /// Does an entry again and notes what it does; nil if it was stopped on the way.
  private func replay(_ entry: CodeEntry) -> CodeDebugging? {
    guard session.seek(entry.start, isInterruptible: true) else { return nil }
    session.markPlace()
    var debugging = CodeDebugging(points, onlyNotes: true)
    debugging.stopsAtSMC = stopsAtSMC
    debugging.vcpu = place
    session.machine.debugging = debugging
    defer { session.machine.debugging = nil }
    guard session.seek(entry.index + 1, isInterruptible: true) else { return nil }
    return session.machine.debugging
  }

  package func stepBack() -> DebugStop {
    lookBack { debugging, _ in debugging.executed > 0 ? (debugging.executed - 1, .stepped) : nil }
  }

  package func goBack() -> DebugStop {
    lookBack { [self] debugging, isLast in
      // Where it stands now is not before it.
      debugging.hits.last { !isLast || $0.executed < debugging.executed }.map { ($0.executed, stop($0)) }
    }
  }

  /// Goes to the last place a look at entries finds, or to the beginning of the first.
  private func lookBack(_ look: (CodeDebugging, _ isLast: Bool) -> (instructions: Int, stop: DebugStop)?) -> DebugStop {
    begin()
    let here = session.position
    var end = here
    var first: CodeEntry?
    while let entry = entry(before: end) {
      guard let debugging = replay(entry) else { return interrupted(here) }
      session.seek(here)
      if let found = look(debugging, first == nil) {
        return restore(entry, found.instructions, from: here) ? found.stop : interrupted(here)
      }
      first = entry
      end = entry.start
    }
    guard let first else { return .failed("the TEE has executed nothing yet") }
    return restore(first, 0, from: here) ? .beginning : interrupted(here)
  }

  /// Goes to before the first instruction the TEE executes on this machine. False if it has executed none.
  package func goToBeginning() -> Bool {
    begin()
    let here = session.position
    var first: CodeEntry?
    while let entry = entry(before: first?.start ?? here) { first = entry }
    return first.map { restore($0, 0, from: here) } ?? false
  }

  private func interrupted(_ here: Int) -> DebugStop {
    session.seek(here)
    return .interrupted
  }

  package func settle() {}

  /// Goes into an entry, behind so many of its instructions.
  private func restore(_ entry: CodeEntry, _ instructions: Int, from here: Int) -> Bool {
    let input = session.steps.input(entry.index)
    let after = inputs(behind: entry.index, before: here)
    // What nobody else did, and what will be done again, need not stay.
    let isOwn = (here == session.steps.count || undoneIsOwn) && (after.isEmpty || here <= repeated)
    guard session.rewind(to: entry.start, from: here) else { return false }
    future = after + future
    if !isOwn { session.keepsUndone() }
    firstNewStep = session.position
    if case .action(.resume) = input, instructions == 0 {
      // It stands there already.
    } else {
      session.carryThrough(.action(.guestPause(instructions)), entropy: [])
      session.carryThrough(input, entropy: [])
    }
    settle(isRepeated: true)
    undoneIsOwn = isOwn
    return true
  }

  /// What was done in some steps, but for what held the TEE and let it go on.
  private func inputs(behind step: Int, before end: Int) -> [Session.Step.Input] {
    var inputs: [Session.Step.Input] = []
    for index in (step + 1)..<max(end, step + 1) {
      let input = session.steps.input(index)
      if case .action(.resume) = input, session.steps[index].guest?.address == place { continue }
      if case .action(.guestPause) = input, index + 1 < end, session.steps[index + 1].guest?.address == place { continue }
      inputs.append(input)
    }
    return inputs
  }
}
