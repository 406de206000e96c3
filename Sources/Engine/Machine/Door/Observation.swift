/// What an action leaves for onlookers. The machine never reads it, and it is forgotten when the next action begins.
package struct Observation: Sendable {
  /// What happened on the way; empty unless ``Machine/tracing``.
  package private(set) var events: [Event] = []
  /// Guest actions that completed.
  package var guestResults: [GuestResult] = []
  /// Failure conditions that decided a call, innermost first.
  package private(set) var decisions: [Decision] = []
  /// Tokens the RMM finished.
  package private(set) var minted: [MintedToken] = []
  /// Measurements that changed, step by step; empty unless ``Machine/tracing``.
  package private(set) var measured: [MeasurementStep] = []
  /// RSI and PSCI calls, explained before they ran; empty unless ``Machine/explaining``.
  package private(set) var explanations: [Explanation] = []

  /// Most events of one action: code in a Realm can leave any number. The first are kept, and the last few.
  package static let eventLimit = 2048
  private static let tail = 32
  /// Most decisions, explanations, tokens and measurement steps of one action: the last are kept.
  package static let listLimit = 1024

  @inline(__always) package mutating func append(_ event: Event) {
    if events.count < Self.eventLimit { events.append(event) } else { leaveOut(event) }
  }

  /// The event before the last few says how many were left out there.
  @inline(never) private mutating func leaveOut(_ event: Event) {
    let place = Self.eventLimit - Self.tail
    if events[place].kind == .leftOut {
      events[place].a += 1
    } else {
      events[place] = Event(kind: .leftOut, world: event.world, depth: 0, detail: 0, pe: event.pe, a: 2, b: 0, c: 0)
    }
    events.remove(at: place + 1)
    events.append(event)
  }

  package mutating func append(_ decision: Decision) { Self.append(decision, to: &decisions) }
  package mutating func append(_ explanation: Explanation) { Self.append(explanation, to: &explanations) }
  package mutating func append(_ token: MintedToken) { Self.append(token, to: &minted) }
  package mutating func append(_ step: MeasurementStep) { Self.append(step, to: &measured) }

  private static func append<T>(_ value: T, to list: inout [T]) {
    if list.count >= listLimit { list.removeFirst(listLimit / 2) }
    list.append(value)
  }

  @inline(__always) var isEmpty: Bool {
    events.isEmpty && guestResults.isEmpty && decisions.isEmpty && minted.isEmpty && measured.isEmpty && explanations.isEmpty
  }

  /// Forgets everything. The events, which most actions leave and nothing else, keep their room as long as it is that of a usual
  /// action.
  @inline(__always) mutating func clear() {
    if events.capacity > 64 { events = [] } else { events.removeAll(keepingCapacity: true) }
    if !(guestResults.isEmpty && decisions.isEmpty && minted.isEmpty && measured.isEmpty && explanations.isEmpty) {
      clearRest()
    }
  }

  @inline(never) private mutating func clearRest() {
    var fresh = Observation()
    swap(&fresh.events, &events)
    self = fresh
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
  /// The condition that decided the RSI or PSCI call that was made last.
  var realmDecision: StaticString?
  /// The run granule an exit record was written to.
  package var run: UInt64?
  /// The REC, or the vCPU of the Normal world, whose code ran last.
  package var vcpu: UInt64?
}

extension Machine {
  public var events: [Event] { observation.events }
  public var guestResults: [GuestResult] { observation.guestResults }
  public var decisions: [Decision] { observation.decisions }
  public var minted: [MintedToken] { observation.minted }
  public var measured: [MeasurementStep] { observation.measured }

  @inline(__always) mutating func forgetLastAction() {
    if !observation.isEmpty { observation.clear() }
    progress = ActionProgress()
    memory.forgetStray()
  }
}
