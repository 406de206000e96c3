import Attestation
import Basics
import Host
import Machine

/// A machine and everything that was done to it: steps, with checkpoints to go back to.
///
/// A step is a statement that does something to the machine. Going back restores the nearest checkpoint before and performs the
/// steps after it again; nothing is computed backwards. What entered through the entropy door is kept with its step and enters
/// again in the same place.
///
/// What each step reads and writes is not looked after for overlapping accesses while the program runs: a step has dozens of them, none calls
/// out, and looking took a tenth of a replay.
public final class Session {
  @exclusivity(unchecked) package internal(set) var machine: Machine
  /// The configuration of the present machine.
  public private(set) var configuration: MachineConfiguration
  /// The configuration the session began with.
  package let origin: MachineConfiguration
  /// The guest it began with, if it did not begin with a machine that boots.
  package private(set) var beginning: GuestSnapshot?
  /// All steps of the branch it stands on, also those that were undone and can be done again.
  @exclusivity(unchecked) public internal(set) var steps = StepList()
  /// How many of them are in force.
  @exclusivity(unchecked) public private(set) var position = 0
  /// Events of the boot, before the first step.
  package private(set) var bootEvents: [Event]
  /// Whether steps are kept, so that one can go back.
  @exclusivity(unchecked) package private(set) var keepsHistory: Bool
  /// Indices of the steps that made a machine, ascending: frames ask whether one did, and must not go through the steps.
  var resets: [Int] = []
  /// Where the present machine was made, in a session that keeps no steps.
  private var machineBegan = 0
  /// Where its checkpoints are: see ``CheckpointPlaces``.
  @exclusivity(unchecked) var checkpoints = CheckpointPlaces()
  /// Bytes that what checkpoints keep may take up, instead of ``CheckpointPlaces/mostPages``.
  package var historyLimit: Int?
  @exclusivity(unchecked) private var writer = StepWriter()
  /// What the step that was done last was answered, if that is all there is to say of it: see ``performPlain(_:)``.
  @exclusivity(unchecked) private(set) var plainAnswer = PlainAnswer()
  /// What was said of the steps.
  @exclusivity(unchecked) package internal(set) var captions = Captions()
  /// Tokens of all steps, also of those that were undone.
  @exclusivity(unchecked) var finished: [SessionToken] = []
  /// Where the TEE's code is to stop.
  @exclusivity(unchecked) var partitionStops = PartitionStops()
  /// Bytes guests printed in all steps, also in those that were undone.
  @exclusivity(unchecked) var printed = PrintedBytes()
  /// What EL3 has printed since the boot: see ``rootConsole``.
  @exclusivity(unchecked) var rootLog = RootLog()
  /// What partitions of the Secure world have: see ``partitionConsole``.
  @exclusivity(unchecked) var partitionLog = RootLog()
  /// Whether a hypervisor runs a guest: steps of others are marked then, because it does not know of them.
  @exclusivity(unchecked) package internal(set) var hasHost = false
  /// Whether the hypervisor does what is done now.
  @exclusivity(unchecked) var isHostActing = false
  /// Whether a whole host does, from libvirt down.
  var isStackActing = false
  /// What that host was told, and what it looked like after each.
  package internal(set) var stackLog = StackLog()
  /// Whether it does so for somebody outside the machine.
  package var isOutside = false
  /// What was typed into its guest since the last step.
  var typed: [UInt8]?
  /// What that guest has printed since then on a console whose bytes pass through its memory.
  var printing: [UInt8]?
  /// The device of that guest for which the next step is done.
  var serving: VirtioKind?
  /// Set while the hypervisor repeats steps it has done before.
  var following: Following?
  /// The last note of what the hypervisor knew: after which step, and how long it is.
  var noted = (position: 0, bytes: 0)
  /// Fewest steps between two notes. After one that is long there are more, so that notes take about 16 bytes a step at most.
  package var hostNoteStride = 4096
  /// Changes when bytes of the console are forgotten, because other steps took the place of those that printed them.
  package internal(set) var consoleEdition = 0
  /// The first step that took the place of one that was undone, since somebody asked.
  var replaced: Int?
  /// Where a debugger has gone back to: what it does there takes the place of what it took back.
  var rewoundTo: Int?
  /// Entropy of the steps that a debugger took back: it comes again.
  @exclusivity(unchecked) var undoneEntropy: [[UInt8]] = []
  /// What became of each granule.
  var granuleHistory = GranuleHistory()
  /// Names for addresses.
  package internal(set) var labels = AddressLabels()
  /// Names of places in guests' programs.
  package internal(set) var programs = GuestPrograms()
  /// Files that came with what was performed here.
  var files = EmbeddedFiles()
  /// What who looks at it has found out and keeps, by its type.
  var memos: [ObjectIdentifier: any Sendable] = [:]
  /// Steps that belong together, because one statement made them.
  var groups = StepGroups()
  /// The lines of steps that there are.
  @exclusivity(unchecked) var tree = BranchTree()
  /// Bookmarks, and notes of readers.
  var additions = Additions()
  /// What a run may use up, and what of it has been.
  @exclusivity(unchecked) public var limits = RunLimits.person
  @exclusivity(unchecked) var usage = RunUsage()
  /// What was called, of a session that keeps no steps.
  var batchTally = StepTally()
  /// Rows of KVM's table of error numbers by which it has turned down calls on this machine's host.
  package internal(set) var kvmRefusals: Set<String> = []
  /// Rules that did not hold after a step, of a machine of the lab; nil where that is not known.
  var standing: (position: Int, broken: [InvariantViolation])?
  private var guestTags = 0
  /// Asked again and again while something takes long: whether somebody wants it to end. What is complete then stays.
  public var isInterrupted: () -> Bool = { false }
  /// Most tokens a session keeps.
  static let tokenLimit = 10_000

  /// - Parameter keepsHistory: false for a batch run that never goes back.
  public init(_ configuration: MachineConfiguration, keepsHistory: Bool = true) {
    origin = configuration
    self.configuration = configuration
    self.keepsHistory = keepsHistory
    machine = Machine(configuration)
    bootEvents = machine.events
    machine.tracing = keepsHistory
    if keepsHistory { beginCheckpoints(at: 0) }
  }

  /// One that begins where a guest was kept.
  ///
  /// - Parameter machine: as it was there.
  init(_ machine: consuming Machine, from beginning: GuestSnapshot, keepsHistory: Bool) {
    origin = machine.configuration
    configuration = machine.configuration
    self.keepsHistory = keepsHistory
    self.machine = machine
    bootEvents = []
    self.beginning = beginning
    self.machine.tracing = keepsHistory
    hasHost = true
    printed.append(beginning.console, 0)
    if keepsHistory { beginCheckpoints(at: 0) }
  }

  /// Keeps steps from here on, if it does not yet: this is as far as one can go back then.
  func keepHistory() {
    guard !keepsHistory else { return }
    keepsHistory = true
    position = 0
    beginCheckpoints(at: 0)
    for index in finished.indices { finished[index].step = 0 }
    rootLog.setSteps(0)
    partitionLog.setSteps(0)
    printed.setSteps(0)
  }

  /// Whether actions leave events.
  public var tracing: Bool {
    get { machine.tracing }
    set { machine.tracing = newValue }
  }

  /// How Realms' code is executed: faster, or one instruction after the other. What comes of it is the same.
  public var codeEngine = CodeEngine.adaptive {
    didSet { machine.codeEngine = codeEngine }
  }

  /// A 64-bit digest of the present state.
  public func digest() -> UInt64 { machine.digest() }

  /// The present state as a file: see ``SavedState``.
  public func savedState() -> [UInt8] { SavedState.bytes(&machine) }

  /// The digest as recordings of a version have it.
  func digest(ofVersion version: Int) -> UInt64 { version < 3 ? machine.digestOfVersion2() : machine.digest() }

  /// Reads the machine.
  public func read<T>(_ body: (borrowing Machine) -> T) -> T { body(machine) }

  /// Whether nothing has been done to the machine.
  var isMachineFresh: Bool { position == presentStart && (beginning == nil || presentStart > 0) }
  private var presentStart: Int { keepsHistory ? machineStart(before: position) : machineBegan }

  /// Whether no machine was made since a step before.
  func isSameMachine(from step: Int) -> Bool {
    guard keepsHistory else { return machineBegan <= step }
    let next = resets.partitionPoint { $0 >= step }
    return next == resets.count || resets[next] >= position
  }

  /// The last step in force.
  package var lastStep: Step? { keepsHistory && position > 0 ? steps[position - 1] : nil }

  // MARK: Doing

  /// Does a thing and makes it a step.
  ///
  /// - Parameter entropy: recorded values to use instead of new ones.
  @discardableResult
  func carryThrough(_ input: Step.Input, entropy: [[UInt8]]) -> StatementResult {
    if keepsHistory, position < steps.count || isBranchPending { makeWay() }
    machine.entropy.supply = entropy.isEmpty ? undoneEntropy : entropy
    captions.settle(at: position + 1)
    let before = brokenRules()
    let outcome = execute(input)
    if entropy.isEmpty { undoneEntropy = machine.entropy.supply }
    return conclude(input, outcome, before)
  }

  /// Says what came of what was done last, and makes it a step.
  ///
  /// - Parameter before: rules that did not hold before it.
  private func conclude(_ input: Step.Input, _ outcome: Outcome?, _ before: [InvariantViolation]) -> StatementResult {
    var result = StatementResult()
    if let outcome, case .action(let action) = input { result = describe(action, outcome) }
    if machine.isLab { result.broken = newlyBroken(since: before) }
    defer {
      noteTokens()
      noteRoot(input)
      // Another machine has another console: ESC c, as a terminal is reset.
      if case .reset = input, printed.count > 0 { printed.append([0x1B, UInt8(ascii: "c")], position) }
      if result.exit != nil, let run = machine.progress.run, let byte = consoleByte(run) { printed.append([byte], position) }
    }
    guard keepsHistory else {
      position += 1
      if case .reset = input { machineBegan = position }
      batchTally.add(input, result, machine.events)
      return result
    }
    steps.append(
      Step(
        input: input, result: result, events: machine.events, entropy: machine.entropy.log, measured: machine.measured,
        minted: machine.minted, guest: ranGuest(), host: mark(of: input)), &writer)
    position += 1
    if case .reset = input {
      resets.append(position - 1)
      beginCheckpoints(at: position)
    } else {
      noteCheckpoint(at: position)
    }
    return result
  }

  /// Does what the Host of a recording did next and makes it a step, as ``perform(_:entropy:)`` does. What it was answered is mostly a few
  /// registers, which are ``plainAnswer`` then: there may be millions of such steps.
  ///
  /// - Returns: the result, if there is more to say of it.
  func performPlain(_ action: Action) -> StatementResult? {
    guard keepsHistory, position == steps.count, !isBranchPending, undoneEntropy.isEmpty, !hasHost, partitionStops.isEmpty,
      !machine.isLab
    else { return perform(.action(action)) }
    machine.entropy.supply = []
    captions.settle(at: position + 1)
    let outcome = execute(action)
    guard plainAnswer.take(outcome, machine) else {
      undoneEntropy = machine.entropy.supply
      return conclude(.action(action), outcome, [])
    }
    steps.append(action, plainAnswer, machine, &writer)
    position += 1
    noteCheckpoint(at: position)
    return nil
  }

  /// Does what the Host does in a session that keeps no steps, as ``perform(_:entropy:)`` does: a guest that boots makes some hundred
  /// thousand of them.
  ///
  /// - Returns: the result, if there is more to say of it than ``plainAnswer``.
  func performUnkept(_ action: Action) -> StatementResult? {
    guard !keepsHistory, undoneEntropy.isEmpty, !machine.tracing, !machine.isLab else { return perform(.action(action)) }
    machine.entropy.supply = []
    captions.settle(at: position + 1)
    let outcome = execute(action)
    guard machine.observation.isPlain, machine.decisions.isEmpty, plainAnswer.take(outcome) else {
      undoneEntropy = machine.entropy.supply
      return conclude(.action(action), outcome, [])
    }
    position += 1
    let run = plainAnswer.hasFailed ? nil : machine.progress.run
    batchTally.add(action, plainAnswer, run.map { machine.exitReason($0) })
    if let run, let byte = consoleByte(run) { printed.append([byte], position) }
    return nil
  }

  private func noteRoot(_ input: Step.Input) {
    if case .reset = input {
      partitionLog.reset(position)
      return rootLog.reset(position)
    }
    if !machine.observation.printed.isEmpty {
      partitionLog.append([String(decoding: machine.observation.printed, as: UTF8.self)], position)
    }
    if !machine.observation.said.isEmpty { rootLog.append(machine.rootLines, position) }
  }

  /// What firmware and EL3 have printed on the present machine: its boot, and what came up to this step.
  package var rootConsole: [String] { read { $0.bootRecord }.console + rootLog.lines(upTo: position) }

  /// What partitions of the Secure world have printed on the present machine up to this step, in lines.
  package var partitionConsole: [String] {
    let lines = partitionLog.lines(upTo: position).joined().split(separator: "\n", omittingEmptySubsequences: false).map(
      String.init)
    return lines.last == "" ? lines.dropLast() : lines
  }

  /// The first step that is not the one it was when this was asked the last time; nil if steps have only come behind those that were
  /// there.
  package func takeReplaced() -> Int? {
    defer { replaced = nil }
    return replaced
  }

  /// The vCPU that ran code in the last action.
  private func ranGuest() -> GuestRegisters? {
    guard configuration.vcpu == .code || configuration.secure == .tee, let vcpu = machine.progress.vcpu else { return nil }
    return machine.guestRegisters(vcpu)
  }

  private func noteTokens() {
    for token in machine.minted where finished.count < Session.tokenLimit {
      finished.append(
        SessionToken(
          number: finished.count + 1, step: position, token: token, platformKey: machine.platformPublicKey()))
    }
  }

  /// A number for a guest action, by which what it does is known as its own.
  func nextGuestTag() -> Int {
    guestTags += 1
    return guestTags
  }

  /// Does it; nil for a fresh machine.
  private func execute(_ input: Step.Input) -> Outcome? {
    switch input {
    case .reset(let configuration, _):
      machine.entropy.log = []
      usage.steps += 1
      usage.machines += 1
      let tracing = machine.tracing
      self.configuration = configuration
      machine = Machine(configuration)
      machine.codeEngine = codeEngine
      bootEvents = machine.events
      machine.tracing = tracing
      return nil
    case .action(let action): return execute(action)
    }
  }

  private func execute(_ action: Action) -> Outcome {
    usage.steps += 1
    var cost: UInt64 = 0
    let outcome = Self.execute(action, on: &machine, &cost)
    if case .access(let access) = action, case .fill(let length, _) = access.kind {
      usage.filled += min(length, MemoryAccess.fillLimit)
    }
    usage.instructions &+= cost
    checkpoints.cost &+= cost
    return outcome
  }

  /// - Parameter cost: instructions of guests that it counts for.
  private static func execute(_ action: Action, on machine: inout Machine, _ cost: inout UInt64) -> Outcome {
    machine.entropy.log = []
    let start = machine.control.guestInstructions
    let outcome = machine.perform(action)
    switch action {
    case .idle, .access: break
    default:
      // Time a guest skips is none of its instructions.
      let executed = min(machine.control.guestInstructions &- start, UInt64(machine.guestBudget))
      cost =
        executed * (machine.debugging == nil ? 1 : RunLimits.debuggedCost)
        + UInt64(machine.progress.rare) * RunLimits.rareCost
        + UInt64(machine.progress.exceptions) * RunLimits.exceptionCost
        + UInt64(machine.progress.signatures) * RunLimits.signatureCost
        + (machine.progress.vcpu == nil ? 0 : RunLimits.entryCost)
    }
    return outcome
  }

  // MARK: Going back and forth

  /// Goes to the state after `target` steps. `target` is 0 to the number of steps.
  ///
  /// - Parameter isInterruptible: whether ``isInterrupted`` may end it on the way, after a step before that.
  /// - Returns: whether it is there.
  @discardableResult
  public func seek(_ target: Int, isInterruptible: Bool = false) -> Bool {
    precondition(keepsHistory && target >= 0 && target <= steps.count, "no such step")
    if target != position {
      forgetPendingBranch()
      standing = nil
    }
    let start = machineStart(before: target)
    if start != machineStart(before: position) {
      if start > position { usage.machines += 1 }
      rebuild(at: start)
    } else if let place = checkpoints.place(from: position, to: target) {
      machine.travel(to: place)
      position = checkpoints.arrive(at: place)
    }
    while position < target {
      if isInterruptible, isInterrupted() { return false }
      redoOne(towards: target)
    }
    return true
  }

  /// How many steps had been done when the machine was made that is there after so many.
  func machineStart(before step: Int) -> Int {
    let next = resets.partitionPoint { $0 >= step }
    return next == 0 ? 0 : resets[next - 1] + 1
  }

  /// Makes the machine that was there after so many steps, the last of which made it.
  private func rebuild(at start: Int) {
    var configuration = origin
    if start > 0, case .reset(let named, _) = steps.input(start - 1) { configuration = named }
    self.configuration = configuration
    machine = start == 0 ? firstMachine() : Machine(configuration)
    machine.codeEngine = codeEngine
    bootEvents = machine.events
    machine.tracing = true
    position = start
    beginCheckpoints(at: start)
  }

  /// The machine it began with. One that was kept was read when the session began.
  private func firstMachine() -> Machine {
    guard let beginning else { return Machine(origin) }
    do throws(SavedState.Malformed) { return try SavedState.machine(beginning.state) } catch { return Machine(origin) }
  }

  /// Goes back to the state after `target` steps; what came through the entropy door from there to step `end` will come again.
  ///
  /// - Returns: whether it is there; if not, somebody has ended it at a step before.
  func rewind(to target: Int, from end: Int) -> Bool {
    guard seek(target, isInterruptible: true) else { return false }
    undoneEntropy = (target..<end).flatMap { steps.inputAndEntropy($0).1 } + undoneEntropy
    rewoundTo = target
    return true
  }

  /// What is done next does not take the place of what a debugger took back: that stays as a branch.
  func keepsUndone() { rewoundTo = nil }

  /// Notes that the last step was an entry whose PE was held after so many instructions: the pause that does it again comes before it.
  func insertPause(_ instructions: Int) {
    let last = position - 1
    let pause = Action.guestPause(instructions)
    granuleHistory.forget(from: last, in: steps)
    steps.insert(Step(input: .action(pause), result: describe(pause, .done)), at: last, &writer)
    replaced = min(replaced ?? last, last)
    checkpoints.move(from: position)
    for index in finished.indices where finished[index].step == position { finished[index].step += 1 }
    rootLog.move(from: position)
    partitionLog.move(from: position)
    captions.move(from: position)
    moveBookmarks(from: position)
    noteInsertion(at: last)
    groups.insert(at: last)
    for index in resets.indices where resets[index] >= last { resets[index] += 1 }
    position += 1
  }

  /// Does the next step again. What came of it is known.
  private func redoOne(towards target: Int) {
    let (input, entropy) = steps.inputAndEntropy(position)
    machine.entropy.supply = entropy
    _ = execute(input)
    position += 1
    noteCheckpoint(at: position, towards: target)
  }

  /// Takes the last step back. False at the beginning.
  public func undo() -> Bool {
    guard position > 0 else { return false }
    seek(position - 1)
    return true
  }

  /// Does the next undone step again. False if there is none.
  public func redo() -> Bool {
    guard position < steps.count else { return false }
    seek(position + 1)
    return true
  }

  /// Does the next undone step again and gives the explanations of the RSI and PSCI calls made in it.
  func explanations(redoingTo target: Int) -> [Explanation] {
    machine.explaining = true
    defer { machine.explaining = false }
    while position < target { redoOne(towards: target) }
    return machine.observation.explanations
  }

  // MARK: Looking

  /// Answers a query of the script language: the line `--raw` prints, and the number for `expect`.
  public func answer(_ query: MachineQuery) -> StatementResult {
    var result = StatementResult()
    let (text, value) = machine.answer(query)
    result.found = text
    result.answer = Answer(kind: value == nil ? .other(text) : .ok, x: value.map { [$0] } ?? [])
    return result
  }
}
