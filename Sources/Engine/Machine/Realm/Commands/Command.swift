/// One RMI, RSI or PSCI command. Its declaration, and a line in ``CommandList``, are all there is to it: dispatch, completion, forms,
/// decoded traces, `explain`, the reference and coverage are made from them.
protocol Command: SendableMetatype {
  static var name: StaticString { get }
  /// Where its specification has it: `DEN0137 B4.3.5`.
  static var section: StaticString { get }
  /// Function identifier.
  static var fid: UInt32 { get }
  /// The identifier of the same function as an SMC32, where TF-RMM knows one (D39).
  static var alias: UInt32? { get }
  /// One sentence.
  static var summary: StaticString { get }
  static var inputs: [Input] { get }
  /// Results beside X0.
  static var outputs: [Output] { get }
  /// The highest register of ``outputs``, and no less than 3: X0 to X3 are the RMM's whatever the call. A constant, for dispatch.
  static var lastOutput: Int { get }
  /// Whether X0 is a revision rather than a status.
  static var answersRevision: Bool { get }
  /// The specification's partial order: every condition on the left is decided before any on the right.
  static var order: [Ordering] { get }

  /// Every failure condition under its specification name, in an order the specification allows. The first that holds decides.
  ///
  /// Anything a condition needs from the machine must be computed inside its own argument: it is evaluated only when all
  /// conditions before it have passed, and not at all when the conditions are merely listed.
  static func conditions<W: Watcher>(_ m: borrowing Machine, _ c: inout Call, _ w: inout W) throws(Refusal)

  /// What the call comes to when no condition holds, for explanations.
  static func success(_ c: Call) -> Success

  /// What is hardly meant, though no condition refuses it; for explanations.
  static func caveat(_ m: borrowing Machine, _ c: Call) -> String?

  /// What the command does once no condition holds. Sets `c.out`.
  static func effect(_ m: inout Machine, _ c: inout Call)

  /// What a refusal answers beside X0, and what it changes where a divergence makes it change something.
  static func refused(_ m: inout Machine, _ c: inout Call)

  /// What the Host is told when an RSI or PSCI call leaves the Realm.
  ///
  /// - Parameter fid: the function identifier the RMM has decoded.
  static func describeExit(_ m: borrowing Machine, _ c: Call, _ fid: UInt64, _ exit: inout ExitRecord)
}

extension Command {
  static var alias: UInt32? { nil }
  static var outputs: [Output] { [] }
  static var lastOutput: Int { 3 }
  static var answersRevision: Bool { false }
  static var order: [Ordering] { [] }
  static func conditions<W: Watcher>(_ m: borrowing Machine, _ c: inout Call, _ w: inout W) throws(Refusal) {}
  static func success(_ c: Call) -> Success { .answers(0) }
  static func caveat(_ m: borrowing Machine, _ c: Call) -> String? { nil }
  static func refused(_ m: inout Machine, _ c: inout Call) {}
  static func describeExit(_ m: borrowing Machine, _ c: Call, _ fid: UInt64, _ exit: inout ExitRecord) {}

  /// Whether X0 of a call names the command, by either identifier.
  @inline(__always) static func isNamed(by x0: UInt64) -> Bool { x0 == UInt64(fid) || alias.map { x0 == UInt64($0) } ?? false }
}

/// What a call comes to that no condition refuses.
package enum Success {
  /// X0.
  case answers(UInt64)
  /// The REC exits, for the Host to do its part.
  case exits
}

/// A register a command reads.
package struct Input: Sendable {
  package var name: StaticString
  /// Register number, 1 to 10.
  package var register: Int
  package var kind: Kind
  package var meaning: StaticString
  /// The structure it is the address of, if that does not follow from its kind; else empty.
  private var pointee: StaticString

  /// What a value of the register is, for forms, completion and decoding.
  package enum Kind: UInt8, Sendable {
    case undelegatedPA, delegatedPA, rdPA, recPA, nsPA
    case ipa, ipaTop, level, descriptor, flags, version, number, size, status, mpidr, ripas, bytes
  }

  package init(
    _ name: StaticString, _ register: Int, _ kind: Kind, _ meaning: StaticString, of pointee: StaticString = ""
  ) {
    self.name = name
    self.register = register
    self.kind = kind
    self.meaning = meaning
    self.pointee = pointee
  }

  /// The name of the structure it is the address of; empty if it is no address, or nobody knows.
  package var structure: String {
    switch kind {
    case .rdPA: RmmRealm.about.name.description
    case .recPA: RmmRec.about.name.description
    default: pointee.description
    }
  }
}

/// A register a command writes.
package struct Output: Sendable {
  package var name: StaticString
  package var register: Int
  package var meaning: StaticString

  package init(_ name: StaticString, _ register: Int, _ meaning: StaticString) {
    self.name = name
    self.register = register
    self.meaning = meaning
  }
}

/// A line of the specification's partial order.
package struct Ordering: Sendable {
  package var before: [StaticString]
  package var after: [StaticString]

  package init(_ before: [StaticString], before after: [StaticString]) {
    self.before = before
    self.after = after
  }
}

/// A call in flight: its registers, its answer, and what its conditions found out on the way for its effect to use.
package struct Call {
  /// X0 to X10 as the caller set them: no command reads more.
  package var x: InlineArray<11, UInt64>
  /// X0 to X8 as the caller will find them. A command sets X0 on success only if it is not zero.
  package var out = CallOutputs()
  /// The REC that makes an RSI or PSCI call; of FF-A the number of who calls.
  package var rec: UInt64 = 0
  package var walk = RTTWalk()
  /// The name of the condition that decided, if one did.
  package var decidedBy: StaticString?
  /// What becomes of the Realm after an RSI or PSCI call.
  var realmAction = RealmAction.returnToRealm

  @inline(__always) package subscript(_ input: Input) -> UInt64 { x[input.register] }

  /// Whether it was this condition that decided.
  func isRefused(by condition: StaticString) -> Bool { decidedBy?.description == condition.description }

  @inline(__always) package init() { x = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] }

  /// An RMI call of the Host's: X0 to X6.
  @inline(__always) init(_ registers: borrowing InlineArray<18, UInt64>) {
    x = [
      registers[0], registers[1], registers[2], registers[3], registers[4], registers[5], registers[6], 0, 0, 0, 0,
    ]
  }
}

/// X0 to X8 of an answer; zero unless they are set.
///
/// Each has 16 bytes of which it uses half. They are set one by one and copied at once, and a processor that reads two words by one load
/// which were written by two stores waits until both have reached the cache: a tenth of a short call.
package struct CallOutputs: Sendable {
  private var words: InlineArray<9, (UInt64, UInt64)> = [
    (0, 0), (0, 0), (0, 0), (0, 0), (0, 0), (0, 0), (0, 0), (0, 0), (0, 0),
  ]

  @inline(__always) init() {}

  package subscript(_ register: Int) -> UInt64 {
    @inline(__always) get { words[register].0 }
    @inline(__always) set { words[register].0 = newValue }
  }
}

/// What an RSI or PSCI call makes of the Realm's registers and of the entry.
enum RealmAction {
  /// The answer goes to X0…, the pc past the SMC, the Realm goes on.
  case returnToRealm
  /// The same, but the REC exits.
  case updateAndExit
  /// Registers stay, the pc goes past the SMC, the REC exits; what is to be answered is answered later.
  case exit
  /// The call touched Realm memory that the Host must provide: a Data Abort exit at the pc of the SMC.
  case stage2Abort(ipa: UInt64, level: Int)
}

/// A result code of one of the three interfaces.
package struct Status: Sendable {
  package var name: StaticString
  package var value: UInt64
  /// Whether the index is an RTT level, which says something even if it is 0.
  var hasLevel = false

  static let rmiInput = Status(name: "RMI_ERROR_INPUT", value: 1)
  static let rmiRealm = Status(name: "RMI_ERROR_REALM", value: 2)
  static let rmiREC = Status(name: "RMI_ERROR_REC", value: 3)
  package static let rmiRTT = Status(name: "RMI_ERROR_RTT", value: 4, hasLevel: true)
  static let rsiInput = Status(name: "RSI_ERROR_INPUT", value: 1)
  static let rsiState = Status(name: "RSI_ERROR_STATE", value: 2)
  static let rsiUnknown = Status(name: "RSI_ERROR_UNKNOWN", value: 4)
  static let psciInvalidParameters = Status(name: "PSCI_INVALID_PARAMETERS", value: PSCIReturn.invalidParameters)
  static let psciInvalidAddress = Status(name: "PSCI_INVALID_ADDRESS", value: PSCIReturn.invalidAddress)
  static let psciAlreadyOn = Status(name: "PSCI_ALREADY_ON", value: PSCIReturn.alreadyOn)
}

/// PsciReturnCode: signed, as X0 holds it.
package enum PSCIReturn {
  static let success: UInt64 = 0
  static let off: UInt64 = 1
  static let notSupported = UInt64(bitPattern: -1)
  static let invalidParameters = UInt64(bitPattern: -2)
  package static let denied = UInt64(bitPattern: -3)
  static let alreadyOn = UInt64(bitPattern: -4)
  static let invalidAddress = UInt64(bitPattern: -9)
}

enum RSIReturn {
  static let success: UInt64 = 0
  static let errorInput: UInt64 = 1
  static let incomplete: UInt64 = 3
}
