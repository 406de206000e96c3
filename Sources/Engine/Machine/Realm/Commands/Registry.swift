import Basics

/// Which interface a command belongs to.
package enum Interface: String, Sendable, CaseIterable {
  case rmi = "RMI"
  case rsi = "RSI"
  case psci = "PSCI"
  /// The Secure world's: see ``FFACalls``.
  case ffa = "FFA"
  /// EL3's for the SPMC alone.
  case platform = "SMC"
  /// What the TEE answers its clients: GlobalPlatform's results. No call is of it.
  case tee = "TEE"

  /// Those that have to do with Realms: see ``Commands``.
  package static let ofRealms: [Interface] = [.rmi, .rsi, .psci]
}

/// A command as everything but its execution sees it: made from its declaration.
package final class CommandEntry: Sendable {
  package let name: String
  package let fid: UInt32
  /// The SMC32 alias TF-RMM knows, if there is one.
  package let alias: UInt32?
  package let interface: Interface
  /// Where its specification has it.
  package let section: String
  package let summary: String
  package let inputs: [Input]
  package let outputs: [Output]
  package let order: [Ordering]
  /// The highest register a success writes, as dispatch has it.
  package let lastOutput: Int
  /// Whether X0 is a revision rather than a status.
  package let answersRevision: Bool
  /// Lists the conditions for a machine's personality, in its order.
  package let list: @Sendable (borrowing Machine) -> [ConditionDeclaration]
  /// Evaluates the conditions for a call without running it.
  package let explain: @Sendable (borrowing Machine, inout Call) -> Explainer
  /// What a call comes to that no condition refuses.
  let success: @Sendable (Call) -> Success
  /// What is hardly meant by a call that no condition refuses.
  let caveat: @Sendable (borrowing Machine, Call) -> String?

  init<C: Command>(_: C.Type, _ interface: Interface) {
    name = C.name.description
    fid = C.fid
    alias = C.alias
    self.interface = interface
    section = C.section.description
    summary = C.summary.description
    inputs = C.inputs
    outputs = C.outputs
    order = C.order
    lastOutput = C.lastOutput
    answersRevision = C.answersRevision
    success = { C.success($0) }
    caveat = { machine, call in C.caveat(machine, call) }
    list = { machine in
      var lister = Lister()
      var call = Call()
      // A lister evaluates no condition and never throws.
      try? C.conditions(machine, &call, &lister)
      return lister.rows
    }
    explain = { machine, call in
      var explainer = Explainer(C.name, off: machine.switchedOff)
      if machine.isLab { machine.bound(C.self, &call) }
      try? C.conditions(machine, &call, &explainer)
      return explainer
    }
  }
}

/// Commands of some interfaces, found by name and by function identifier.
struct CommandTable: Sendable {
  let all: [CommandEntry]
  private let byName: [String: CommandEntry]
  private let byFID: [UInt32: CommandEntry]

  init(_ all: [CommandEntry]) {
    self.all = all
    byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
    var table = Dictionary(uniqueKeysWithValues: all.map { ($0.fid, $0) })
    for entry in all { if let alias = entry.alias { table[alias] = entry } }
    byFID = table
  }

  /// By name, in any case.
  func named(_ name: String) -> CommandEntry? { byName[name] ?? byName[name.uppercased()] }

  /// By function identifier.
  func withFID(_ fid: UInt64) -> CommandEntry? { fid >> 32 == 0 ? byFID[UInt32(fid)] : nil }
}

/// Makes entries of the commands it is shown.
struct Registrar: CommandVisitor {
  private let interface: Interface
  private(set) var entries: [CommandEntry] = []

  init(_ interface: Interface) { self.interface = interface }

  mutating func visit<C: Command>(_: C.Type) -> Bool {
    entries.append(CommandEntry(C.self, interface))
    return false
  }
}

/// The registry: every command by what there is to know of it.
package enum Commands {
  private static let table = CommandTable(
    Interface.ofRealms.flatMap { interface in
      var registrar = Registrar(interface)
      _ =
        switch interface {
        case .rmi: CommandList.rmi(&registrar)
        case .rsi: CommandList.rsi(&registrar)
        case .psci: CommandList.psci(&registrar)
        case .ffa, .platform, .tee: false
        }
      return registrar.entries
    })

  package static var all: [CommandEntry] { table.all }

  /// By name, in any case.
  package static func named(_ name: String) -> CommandEntry? { table.named(name) }

  /// By function identifier.
  package static func withFID(_ fid: UInt64) -> CommandEntry? { table.withFID(fid) }

  /// By X0 of a call, in which SMCCC's hint that the caller has no SVE state may be set.
  package static func called(_ x0: UInt64) -> CommandEntry? { withFID(x0 & ~SMCCC.sveHint) }

  /// The command's name, or the number.
  package static func name(of fid: UInt64) -> String {
    if fid == SMCCC.version { return SMCCC.versionName }
    return withFID(fid)?.name ?? ServiceFID.name(fid) ?? hex(fid)
  }
}
