import Machine

extension Session {
  /// One thing that was done. A session keeps it packed: see ``StepPiece``.
  public struct Step: Sendable {
    public enum Input: Sendable {
      case action(Action)
      /// A fresh machine; `name` if a `case` made it.
      indirect case reset(MachineConfiguration, name: String?)
    }

    public let input: Input
    public let result: StatementResult
    /// What happened on the way; empty if the session keeps none.
    public let events: [Event]
    package let entropy: [[UInt8]]
    /// What it measured.
    package let measured: [MeasurementStep]
    /// Tokens it finished.
    package let minted: [MintedToken]
    /// The registers of a vCPU that ran code in it, after it.
    package let guest: GuestRegisters?
    /// What is to be known of the Host's software after it.
    package let host: HostMark?

    init(
      input: Input, result: StatementResult, events: [Event] = [], entropy: [[UInt8]] = [], measured: [MeasurementStep] = [],
      minted: [MintedToken] = [], guest: GuestRegisters? = nil, host: HostMark? = nil
    ) {
      self.input = input
      self.result = result
      self.events = events
      self.entropy = entropy
      self.measured = measured
      self.minted = minted
      self.guest = guest
      self.host = host
    }

    /// Whether it made a fresh machine.
    var isReset: Bool { if case .reset = input { true } else { false } }
    /// Whether it was refused or faulted.
    public var hasFailed: Bool { result.hasFailed }
    /// What vCPUs were answered in it.
    var guestResults: [GuestResult] { result.guestResults }

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

extension StatementResult {
  /// Whether it says that something was refused, or faulted.
  var hasFailed: Bool {
    switch answer?.kind {
    case .gpf, .fault, .busy, .other: true
    // A Realm that keeps the PE has not failed.
    case .running, .ok, nil: false
    case .registers: fid.map { Self.isFailure(answer?.x ?? [], of: $0) } ?? false
    }
  }

  /// A call of FF-A has failed if it answers FFA_ERROR, FFA_VERSION if bit 31 is set; any other unless X0 is 0.
  private static func isFailure(_ x: [UInt64], of fid: UInt64) -> Bool {
    guard let x0 = x.first else { return false }
    guard let entry = FFACalls.withFID(fid & 0xFFFF_FFFF), entry.interface == .ffa else { return x0 != 0 }
    return entry.answersRevision ? x0 >> 31 != 0 : x0 == FFA.error
  }
}
