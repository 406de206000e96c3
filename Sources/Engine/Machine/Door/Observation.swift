/// What an action leaves for onlookers. The machine never reads it, and it is forgotten when the next action begins.
package struct Observation: ~Copyable, Sendable {
  /// What happened on the way; empty unless ``Machine/tracing``.
  private var log = EventLog()
  /// Guest actions that completed.
  package var guestResults: [GuestResult] = []
  /// Failure conditions that decided a call, innermost first.
  package private(set) var decisions: [Decision] = []
  /// Tokens the RMM finished.
  package private(set) var minted: [MintedToken] = []
  /// Measurements that changed, step by step; empty unless ``Machine/tracing``.
  package private(set) var measured: [MeasurementStep] = []
  /// What EL3 printed, whether anybody traces or not.
  package private(set) var said: [RootLine] = []
  /// What partitions printed, the same: the last of it.
  package private(set) var printed: [UInt8] = []
  /// RSI and PSCI calls, explained before they ran; empty unless ``Machine/explaining``.
  package private(set) var explanations: [Explanation] = []

  /// Most decisions, explanations, tokens and measurement steps of one action: the last are kept.
  package static let listLimit = 1024

  @inline(__always) package mutating func append(_ event: Event) { log.append(event) }
  package mutating func append(_ decision: Decision) { Self.append(decision, to: &decisions) }
  package mutating func append(printed bytes: [UInt8]) { for byte in bytes { Self.append(byte, to: &printed, Self.byteLimit) } }
  package mutating func append(_ line: RootLine) { Self.append(line, to: &said) }
  package mutating func append(_ explanation: Explanation) { Self.append(explanation, to: &explanations) }
  package mutating func append(_ token: MintedToken) { Self.append(token, to: &minted) }
  package mutating func append(_ step: MeasurementStep) { Self.append(step, to: &measured) }

  /// Most bytes that partitions print in one action.
  private static let byteLimit = 1 << 16

  private static func append<T>(_ value: T, to list: inout [T], _ limit: Int = listLimit) {
    if list.count >= limit { list.removeFirst(limit / 2) }
    list.append(value)
  }

  package var events: [Event] { log.all }
  package func withEvents<T>(_ body: (UnsafeBufferPointer<Event>) -> T) -> T { log.withAll(body) }
  package var eventCount: Int { log.count }
  /// Whether it left nothing but events, decisions and measurements, and explanations.
  package var isPlain: Bool { guestResults.isEmpty && minted.isEmpty && said.isEmpty && printed.isEmpty }

  /// Forgets everything. Most actions leave events and nothing else.
  @inline(__always) mutating func clear() {
    log.clear()
    if !(guestResults.isEmpty && decisions.isEmpty && minted.isEmpty && measured.isEmpty && explanations.isEmpty)
      || !said.isEmpty || !printed.isEmpty
    {
      clearLists()
    }
  }

  @inline(never) private mutating func clearLists() {
    Self.empty(&guestResults)
    Self.empty(&decisions)
    Self.empty(&minted)
    Self.empty(&measured)
    Self.empty(&explanations)
    Self.empty(&said)
    Self.empty(&printed)
  }

  /// Most actions that leave something in a list leave little: room for that is used again, and more is given back.
  @inline(__always) private static func empty<T>(_ list: inout [T]) {
    if !list.isEmpty { list.removeAll(keepingCapacity: list.capacity <= 16) }
  }
}

/// Single values of the action that is under way, and of the last one for onlookers; forgotten by one assignment when the next begins.
package struct ActionProgress: Sendable {
  /// How deeply events are nested now.
  package var depth: UInt8 = 0
  /// How often this action has found a guest's instruction not completed.
  var repeats = 0
  /// How many Realm tokens this action has signed.
  package var signatures = 0
  /// How often code left the engine for an exception.
  package var exceptions = 0
  /// How often its translations were all forgotten: a TLBI, or a write of a register that they depend on.
  var flushes = 0
  /// How often an instruction was left to the reference engine, or had to be found or decoded; twice for each one that was compiled.
  package var rare = 0
  /// The condition that decided the RSI or PSCI call that was made last.
  var realmDecision: StaticString?
  /// The run granule an exit record was written to.
  package var run: UInt64?
  /// The REC, or the vCPU of the Normal world, whose code ran last.
  package var vcpu: UInt64?
}

extension Machine {
  public var events: [Event] { observation.events }
  package var guestResults: [GuestResult] { observation.guestResults }
  public var decisions: [Decision] { observation.decisions }
  public var minted: [MintedToken] { observation.minted }
  package var measured: [MeasurementStep] { observation.measured }
  /// What EL3 printed, in lines.
  package var rootLines: [String] { observation.said.flatMap { $0.message.lines($0.a, $0.b) } }

  @inline(__always) mutating func forgetLastAction() {
    observation.clear()
    progress = ActionProgress()
    memory.forgetStray()
  }
}
