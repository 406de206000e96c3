import Machine

extension Session {
  /// One thing that was done, packed into little room: sessions have hundreds of thousands of steps.
  public struct Step: Sendable {
    public enum Input: Sendable {
      case action(Action)
      /// A fresh machine; `name` if a `case` made it.
      case reset(MachineConfiguration, name: String?)
    }

    private let packedInput: PackedInput
    private var packedResult: PackedResult
    /// What happened on the way; empty if the session keeps none.
    public let events: [Event]
    package let entropy: [[UInt8]]
    /// What it measured.
    package let measured: [MeasurementStep]
    /// Tokens it finished.
    package let minted: [MintedToken]
    private var rest: PackedRest

    init(
      input: Input, result: StatementResult, events: [Event] = [], entropy: [[UInt8]] = [], measured: [MeasurementStep] = [],
      minted: [MintedToken] = [], guest: GuestRegisters? = nil,
      host: HostMark? = nil
    ) {
      packedInput = PackedInput(input)
      packedResult = PackedResult(result)
      self.events = events.copied
      self.entropy = entropy
      self.measured = measured.copied
      self.minted = minted
      rest = PackedRest(guest, host)
    }

    public var input: Input { packedInput.input }
    public var result: StatementResult {
      get { packedResult.result }
      set { packedResult = PackedResult(newValue) }
    }
    /// The registers of a vCPU that ran code in it, after it.
    package var guest: GuestRegisters? { rest.guest }
    /// What is to be known of the Host's software after it.
    package internal(set) var host: HostMark? {
      get { rest.host }
      set { rest = PackedRest(guest, newValue) }
    }

    /// Whether it made a fresh machine.
    var isReset: Bool { packedInput.isReset }
    /// Whether it was refused or faulted.
    public var hasFailed: Bool { packedResult.hasFailed }
    /// What vCPUs were answered in it.
    var guestResults: [GuestResult] { packedResult.guestResults }

    /// The step as a line of the script language.
    public var text: String {
      switch input {
      case .action(let action): action.scriptText
      case .reset(let configuration, nil): "machine preset=default \(configuration.propertyText)"
      case .reset(_, .some(let name)): "case \(name)"
      }
    }
  }
}

/// A value in a place of its own.
private final class Box<Value: Sendable>: Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}

extension Array {
  /// The same elements in storage of their size: a copy would share the array's, which has room for the most it ever had.
  fileprivate var copied: [Element] {
    isEmpty ? [] : Array(unsafeUninitializedCapacity: count) { $1 = $0.initialize(fromContentsOf: self) }
  }
}

/// What few steps have, in the room of one reference.
private enum PackedRest: Sendable {
  case none
  case guest(Box<GuestRegisters>)
  case host(Box<(guest: GuestRegisters?, host: Session.HostMark)>)

  init(_ guest: GuestRegisters?, _ host: Session.HostMark?) {
    self = host.map { .host(Box((guest, $0))) } ?? guest.map { .guest(Box($0)) } ?? .none
  }

  var guest: GuestRegisters? {
    switch self {
    case .none: nil
    case .guest(let box): box.value
    case .host(let box): box.value.guest
    }
  }

  var host: Session.HostMark? { if case .host(let box) = self { box.value.host } else { nil } }
}

/// An input without the registers that are 0 at the end of an SMC.
private enum PackedInput: Sendable {
  case smc(World, [UInt64])
  case access(MemoryAccess)
  case guest(GuestAction.Kind, [UInt64], tag: Int)
  case other(Box<Session.Step.Input>)

  init(_ input: Session.Step.Input) {
    switch input {
    case .action(.smc(let world, let x)): self = .smc(world, x.indices.map { x[$0] }.withoutTrailingZeros)
    case .action(.access(let access)): self = .access(access)
    case .action(.guest(let action)):
      self = .guest(action.kind, (0..<action.count).map { action.x[$0] }, tag: action.tag)
    default: self = .other(Box(input))
    }
  }

  var input: Session.Step.Input {
    switch self {
    case .smc(let world, let words):
      var x = InlineArray<18, UInt64>(repeating: 0)
      for (n, word) in words.enumerated() { x[n] = word }
      return .action(.smc(world, x))
    case .access(let access): return .action(.access(access))
    case .guest(let kind, let x, let tag):
      var action = GuestAction(kind, x)
      action.tag = tag
      return .action(.guest(action))
    case .other(let box): return box.value
    }
  }

  var isReset: Bool {
    if case .other(let box) = self, case .reset = box.value { true } else { false }
  }
}

/// A result without what is absent from most, and without the registers that are 0 at the end of an answer.
private struct PackedResult: Sendable {
  private struct Rest: Sendable {
    var exit: ExitFields?
    var guestResults: [GuestResult]
    var text: String?
    var found: String?
    var console: [String]
    var failedCheck: String?
    var reason: String?
    var broken: [InvariantViolation]
  }
  private var kind: Answer.Kind?
  private var interface: Interface?
  private var world: World?
  /// Registers of the answer that are left out.
  private var zeros: UInt8 = 0
  private var x: [UInt64] = []
  private var fid: UInt64?
  private var decisions: [Decision]
  private var rest: Box<Rest>?

  init(_ result: StatementResult) {
    world = result.world
    fid = result.fid
    decisions = result.decisions.copied
    if let answer = result.answer {
      kind = answer.kind
      interface = answer.interface
      x = answer.x.withoutTrailingZeros
      zeros = UInt8(answer.x.count - x.count)
    }
    let hasRest =
      result.exit != nil || !result.guestResults.isEmpty || result.text != nil || result.found != nil
      || !result.console.isEmpty || result.failedCheck != nil || result.reason != nil || !result.broken.isEmpty
    if hasRest {
      rest = Box(
        Rest(
          exit: result.exit, guestResults: result.guestResults.copied, text: result.text, found: result.found,
          console: result.console, failedCheck: result.failedCheck, reason: result.reason, broken: result.broken))
    }
  }

  var guestResults: [GuestResult] { rest?.value.guestResults ?? [] }

  var result: StatementResult {
    var result = StatementResult()
    result.world = world
    result.fid = fid
    result.decisions = decisions
    if let kind {
      result.answer = Answer(kind: kind, x: x + [UInt64](repeating: 0, count: Int(zeros)), interface: interface)
    }
    if let rest = rest?.value {
      result.exit = rest.exit
      result.guestResults = rest.guestResults
      result.text = rest.text
      result.found = rest.found
      result.console = rest.console
      result.failedCheck = rest.failedCheck
      result.reason = rest.reason
      result.broken = rest.broken
    }
    return result
  }

  var hasFailed: Bool {
    switch kind {
    case .gpf, .fault: true
    case .busy, .other: true
    // A Realm that keeps the PE has not failed.
    case .running, .ok, nil: false
    case .registers: fid.map { Self.isFailure(x, of: $0) } ?? false
    }
  }

  /// A call of FF-A has failed if it answers FFA_ERROR, FFA_VERSION if bit 31 is set; any other unless X0 is 0.
  private static func isFailure(_ x: [UInt64], of fid: UInt64) -> Bool {
    guard let x0 = x.first else { return false }
    guard let entry = FFACalls.withFID(fid & 0xFFFF_FFFF), entry.interface == .ffa else { return x0 != 0 }
    return entry.answersRevision ? x0 >> 31 != 0 : x0 == FFA.error
  }
}

extension [UInt64] {
  fileprivate var withoutTrailingZeros: [UInt64] {
    let count = (lastIndex { $0 != 0 } ?? -1) + 1
    guard count > 0 else { return [] }
    return Array(unsafeUninitializedCapacity: count) { $1 = $0.initialize(fromContentsOf: self[..<count]) }
  }
}
