import Basics

/// A whole RME machine as one value with one door: ``perform(_:)``.
///
/// It holds memory, the granule protection table, processing elements, EL3, the RMM, and what the guests still have to do. It knows no clock, no entropy, no file and no terminal: what does not follow from the actions enters through
/// ``entropy``. It has one owner (noncopyable); ``checkpoint()`` and ``restore(to:)`` are how to go back.
///
/// Most of the state is where hardware has it, in modelled memory: GPT descriptors in Root memory, realm descriptors, RECs,
/// measurements and stage 2 tables in the granules the Host gave for them. ``control`` holds the little that is not.
///
/// Every stored property is of one of these sorts:
/// - **state**: ``memory`` and ``control``. It is what a checkpoint saves, a digest covers and a file keeps, and all that the
///   answer to an action depends on, beside what comes through ``entropy``;
/// - **observation**: ``observation`` and ``progress``, what the last action left for onlookers, forgotten when the next begins;
/// - **caches**: ``workspace`` and ``keys``. They follow from the state and the configuration and may be dropped between actions;
/// - **settings**: ``entropy``, and what whoever looks on has chosen. Of those none changes an answer, but ``guestBudget`` and
///   ``debugging`` give a PE back earlier.
public struct Machine: ~Copyable {
  public let configuration: MachineConfiguration

  // State
  package var memory: Memory
  package var control = ControlState()

  // Observation
  package var observation = Observation()
  package var progress = ActionProgress()

  // Caches
  /// The interpreter's, once a Realm's code has run.
  var workspace: A64Workspace?
  /// The platform's keys, once they were needed.
  var keys: PlatformKeys?

  // Settings
  /// What does not follow from the actions: see ``EntropyDoor``.
  public var entropy = EntropyDoor()
  /// Whether actions leave events.
  public var tracing = true
  /// Whether RSI and PSCI calls are explained before they run.
  package var explaining = false
  /// Which engine executes a guest's code: they differ in speed only.
  package var codeEngine = CodeEngine.adaptive
  /// What a debugger wants of the code that runs next.
  package var debugging: CodeDebugging?
  /// Instructions a vCPU executes before the Host gets its PE back.
  package var guestBudget = 1 << 20

  /// What lies where outside DRAM.
  package let map: MemoryMap
  package let gpt: GranuleProtectionTable
  package let dramBase: UInt64
  package let dramSize: UInt64
  package let policy: Policy
  package let features: FeatureRegister0
  /// Of each checkpoint; by reference, so that a list of a hundred thousand can grow without moving them.
  private var savedControl: [SavedControl] = []

  /// Builds a machine and boots it: see ``BootStage``.
  ///
  /// - Parameter configuration: must have no ``MachineConfiguration/problem``.
  public init(_ configuration: MachineConfiguration) {
    precondition(configuration.problem == nil, configuration.problem ?? "")
    self.configuration = configuration
    memory = Memory(width: configuration.paWidth)
    dramBase = configuration.dramBase
    dramSize = configuration.dramSize
    policy = configuration.policy
    features = FeatureRegister0(configuration.featureRegister0)
    control.pes = Array(repeating: ProcessingElement(), count: configuration.peCount)
    map = MemoryMap(configuration)
    gpt = GranuleProtectionTable(
      l0Base: map.l0.lowerBound, l1Base: map.l1.lowerBound, l1Top: map.l1.upperBound,
      limit: 1 << (map.width ?? configuration.paWidth))
    control.nextL1Table = gpt.l1Base
    boot()
    if !configuration.without.isEmpty || !configuration.bugs.isEmpty { switchOff(configuration.without) }
  }

  // MARK: Checkpoints

  /// Marks this state as a place to come back to, and returns its number. Costs what changes afterwards, not what exists.
  public mutating func checkpoint() -> Int {
    let number = memory.checkpoint()
    if savedControl.count > number { savedControl.removeLast(savedControl.count - number) }
    savedControl.append(SavedControl(control))
    return number
  }

  /// Puts the state of a checkpoint back. It stays in force; later ones are forgotten.
  public mutating func restore(to checkpoint: Int) {
    travel(to: checkpoint)
    forgetCheckpoints(after: checkpoint)
  }

  /// Puts the state of the checkpoint in force, the last, back: ``restore(to:)`` for whoever does it thousands of times a second.
  package mutating func goBack() {
    memory.goBack()
    savedControl[savedControl.count - 1].putBack(in: &control)
    forgetLastAction()
  }

  /// Goes to a checkpoint, back or forth; all of them stay.
  package mutating func travel(to checkpoint: Int) {
    memory.travel(to: checkpoint)
    control = savedControl[checkpoint].state
    forgetLastAction()
  }

  /// Makes a state's part outside memory that of the present one and of a checkpoint, to which nothing has been done since: see
  /// ``Memory/lend(_:to:)`` for the other part.
  package mutating func adopt(_ state: ControlState, at checkpoint: Int) {
    control = state
    savedControl[checkpoint] = SavedControl(state)
    forgetLastAction()
  }

  /// Marks a state on the way to later checkpoints: what comes is what came before. Those get other numbers.
  package mutating func checkpointOnTheWay() {
    let number = memory.checkpoint(keepsLater: true)
    savedControl.insert(SavedControl(control), at: number)
  }

  /// The state is that of the checkpoint after the one in force again.
  package mutating func arriveAtCheckpoint() { memory.arrive() }

  /// Forgets a checkpoint that is neither the first nor in force. Those after it get other numbers.
  package mutating func forget(checkpoint: Int) {
    memory.forget(checkpoint: checkpoint)
    savedControl.remove(at: checkpoint)
  }

  /// Forgets later checkpoints than one that is in force or after it.
  package mutating func forgetCheckpoints(after checkpoint: Int) {
    memory.forgetCheckpoints(after: checkpoint)
    savedControl.removeLast(savedControl.count - checkpoint - 1)
  }

  /// 64 bits that depend on all of the machine's state, ``memory`` and ``control``, and on nothing else.
  public mutating func digest() -> UInt64 {
    var hash = StateHash()
    hash.add(memory.digest())
    hash.add(control.digest())
    return hash.value
  }

  /// The digest that recordings up to version 2 have.
  package mutating func digestOfVersion2() -> UInt64 { mix(memory.digest() ^ control.digestOfVersion2()) }

  // MARK: Small things everybody needs

  @inline(__always) package func isDRAM(_ address: UInt64) -> Bool { address &- dramBase < dramSize }

  /// Whether `address` is the PA of a delegable granule's byte.
  @inline(__always) package func isDelegable(_ address: UInt64) -> Bool { isDRAM(address) }

  /// The RMM's state of the granule at a granule-aligned address; UNDELEGATED for what is not delegable.
  @inline(__always) package func granuleState(_ address: UInt64) -> GranuleState {
    isDRAM(address) ? GranuleRecord(raw: memory.record(address)).state : .undelegated
  }

  @inline(__always) package func granuleIs(_ address: UInt64, _ state: GranuleState) -> Bool {
    isDRAM(address) && GranuleRecord(raw: memory.record(address)).isState(state)
  }

  package mutating func setGranuleState(_ address: UInt64, _ state: GranuleState) {
    let old = GranuleRecord(raw: memory.record(address))
    memory.setRecord(address, GranuleRecord(state: state, gpi: old.gpi).raw)
    // A granule that is wiped and stays what it is has not changed.
    if tracing, old.state != state { emit(.granule, address, UInt64(old.state.rawValue), UInt64(state.rawValue), world: .realm) }
  }

  @inline(__always) package mutating func emit(
    _ kind: Event.Kind, _ a: UInt64, _ b: UInt64 = 0, _ c: UInt64 = 0, world: World, detail: UInt8 = 0
  ) {
    observation.append(
      Event(
        kind: kind, world: world, depth: progress.depth, detail: detail, pe: UInt8(truncatingIfNeeded: control.currentPE), a: a,
        b: b, c: c))
  }
}

/// The state outside memory as it was at a checkpoint.
private final class SavedControl: Sendable {
  let state: ControlState

  init(_ state: ControlState) { self.state = state }

  func putBack(in control: inout ControlState) { control.goBack(to: state) }
}
