/// A whole RME machine as one value with one door: ``perform(_:)``.
///
/// It holds memory, the granule protection table, processing elements, EL3, the RMM, the Secure world's owner and the guests'
/// programs. It knows no clock, no entropy, no file and no terminal: what does not follow from the actions enters through
/// ``entropy``. It has one owner (noncopyable); ``checkpoint()`` and ``restore(to:)`` are how to go back.
///
/// Most of the state is where hardware has it, in modelled memory: GPT descriptors in Root memory, realm descriptors, RECs,
/// measurements and stage 2 tables in the granules the Host gave for them. ``control`` holds the little that is not.
public struct Machine: ~Copyable {
  public let configuration: MachineConfiguration
  package var memory: Memory
  package var control = ControlState()
  /// What happened during the last action; empty unless ``tracing``.
  public package(set) var events: [Event] = []
  /// Whether actions leave events.
  public var tracing = true
  /// Guest actions that completed during the last action.
  public package(set) var guestResults: [GuestResult] = []
  /// Failure conditions that decided a call during the last action, innermost first.
  public package(set) var decisions: [Decision] = []
  /// What does not follow from the actions: see ``EntropyDoor``.
  public var entropy = EntropyDoor()
  /// Tokens the RMM finished during the last action.
  public package(set) var minted: [MintedToken] = []
  /// Measurements that changed during the last action, step by step; empty unless ``tracing``.
  public package(set) var measured: [MeasurementStep] = []
  /// The interpreter's caches, once a Realm's code has run; no part of the state.
  var workspace: A64Workspace?
  /// Which of the two engines executes a Realm's code: they differ in speed only.
  package var codeEngine = CodeEngine.fast
  /// What a debugger wants of the code that runs next; no part of the state.
  var debugging: CodeDebugging?
  /// The platform's keys, once they were needed.
  var keys: PlatformKeys?
  package var depth: UInt8 = 0
  /// Whether RSI and PSCI calls are explained before they run, and the explanations of the last action.
  package var explaining = false
  package var explanations: [Explanation] = []
  /// How often this action has found a guest's instruction not completed.
  var repeats = 0
  /// The condition that decided the RSI or PSCI call that was made last in this action.
  var realmDecision: StaticString?
  /// The run granule an exit record was written to during the last action.
  package var lastRun: UInt64?
  /// Instructions a vCPU executes before the Host gets its PE back.
  package var guestBudget = 1 << 20
  /// How many of them are left in this entry: calls the RMM answers itself do not begin anew.
  var guestLeft = 0
  /// The REC whose code ran last during the last action.
  package var lastREC: UInt64?
  package let dramBase: UInt64
  package let dramSize: UInt64
  package let policy: Policy
  package let features: FeatureRegister0
  private var savedControl: [ControlState] = []

  /// Builds and boots a machine: EL3 first, then the RMM, then the Normal world.
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
    boot()
  }

  // MARK: Checkpoints

  /// Marks this state as a place to come back to, and returns its number. Costs what changes afterwards, not what exists.
  public mutating func checkpoint() -> Int {
    savedControl.append(control)
    return memory.checkpoint()
  }

  /// Puts the state of a checkpoint back. It stays in force; later ones are forgotten.
  public mutating func restore(to checkpoint: Int) {
    memory.restore(to: checkpoint)
    control = savedControl[checkpoint]
    savedControl.removeLast(savedControl.count - checkpoint - 1)
    events.removeAll(keepingCapacity: true)
    guestResults.removeAll(keepingCapacity: true)
  }

  /// 64 bits that depend on all of the machine's state and on nothing else.
  public mutating func digest() -> UInt64 { mix(memory.digest() ^ control.digest()) }

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
    if tracing { emit(.granule, address, UInt64(old.state.rawValue), UInt64(state.rawValue), world: .realm) }
  }

  @inline(__always) package mutating func emit(
    _ kind: Event.Kind, _ a: UInt64, _ b: UInt64 = 0, _ c: UInt64 = 0, world: World, detail: UInt8 = 0
  ) {
    events.append(
      Event(
        kind: kind, world: world, depth: depth, detail: detail, pe: UInt8(control.currentPE), a: a, b: b, c: c))
  }
}

/// The machine's state that is not in modelled memory. Small and copied whole by a checkpoint.
public struct ControlState: Sendable {
  public var pes: [ProcessingElement] = []
  public var currentPE = 0
  /// One bit for each PE that runs a REC or a vCPU of the Normal world: `runningREC` or `runningVCPU` is not 0.
  var busyPEs: UInt8 = 0
  /// Where EL3 will put the next L1 GPT table.
  var nextL1Table = GranuleProtectionTable.l1Base
  /// Boot stages that have been passed.
  public var bootStages: UInt64 = 0
  /// Realm descriptors that exist, ascending.
  public var realms: [UInt64] = []
  /// RECs that exist, ascending.
  public var recs: [UInt64] = []
  /// VMIDs in use, one bit each.
  var vmids: [UInt64] = [0, 0, 0, 0]
  /// What the guests have still to do.
  public var guestQueue = GuestQueue()
  /// Instructions the Realms' vCPUs have executed, and time they have skipped: the count of the virtual counter.
  public var guestInstructions: UInt64 = 0
  /// V0 to V31, FPCR and FPSR of RECs that have used them: see ``VectorUnit``.
  var vectors: [UInt64: [UInt64]] = [:]
  /// Instructions a vCPU executes before it holds its PE for a debugger.
  public var guestPause: Int?

  func digest() -> UInt64 {
    var hash = mix(UInt64(currentPE) ^ nextL1Table << 8 ^ bootStages << 40)
    for pe in pes {
      hash = mix(hash ^ UInt64(pe.world.rawValue) ^ UInt64(pe.exceptionLevel) << 8 ^ pe.runningREC)
      hash = mix(hash ^ pe.scrEL3)
      for n in 0..<18 { hash = mix(hash ^ pe.x[n]) }
      hash = mix(hash ^ pe.ichHCR ^ mix(pe.ichVMCR ^ mix(pe.ichMISR ^ mix(pe.isrEL1))))
      for n in 0..<16 { hash = mix(hash ^ pe.ichLR[n]) }
      // Machines without VMs of the Normal world have the digests they always had.
      if pe.vttbrEL2 | pe.vtcrEL2 | pe.hcrEL2 != 0 {
        hash = mix(hash ^ mix(mix(pe.vttbrEL2) ^ pe.vtcrEL2) ^ pe.hcrEL2 ^ mix(pe.runningVCPU))
      }
    }
    for value in realms { hash = mix(hash ^ value) }
    for value in recs { hash = mix(hash ^ ~value) }
    for value in vmids { hash = mix(hash ^ value) }
    // Machines that never ran code have the digests they always had.
    if guestInstructions != 0 { hash = mix(hash ^ guestInstructions) }
    for rec in vectors.keys.sorted() { for word in vectors[rec] ?? [] { hash = mix(hash ^ word) } }
    if let guestPause { hash = mix(hash ^ UInt64(guestPause)) }
    return mix(hash ^ guestQueue.digest())
  }
}
