import Basics
import Machine

/// Makes a REC, with all it needs.
struct RECStatement: HelperStatement {
  let rd: UInt64
  let values: [FieldAssignment]

  private static let table = StructureTable(RmiRecParams.self)

  static let verbs = [
    Verb(
      "rec", "RD [FIELD=VALUE ..]", help: "makes a REC of a Realm, with all it needs",
      details:
        "asks how many auxiliary granules there are to be, delegates what is missing, fills `RmiRecParams`, whose fields can be named, and "
        + "makes the call. Then `rec` and `run` are names of the REC and of a page for RMI_REC_ENTER (`rec2`, `run2` for the next)",
      examples: ["rec 0x80100000", "rec 0x80100000 flags=0 pc=0x1000 gprs[0]=7"], places: .helpers
    ) { arguments throws(ScriptError) in
      guard arguments.count > 0 else { throw arguments.expected() }
      return RECStatement(rd: try arguments.number(0), values: try arguments.assignments(table, from: 1))
    }
  ]

  var text: String { (["rec", hex(rd)] + values.map { $0.text(Self.table) }).joined(separator: " ") }

  func expand(_ expansion: Expansion) throws(Expansion.Stop) -> Expansion.Achievement {
    try expansion.demand(rd: rd)
    let count = try AuxStatement.count(rd, expansion)
    let rec = try expansion.delegated(1 + count)[0]
    let params = try expansion.hostPage()
    var words = values.map { $0.text(Self.table) }
    // What would be right by itself is for a Realm that is NEW, which may be another.
    if !values.contains(where: { $0.name == "mpidr" }) {
      words.append("mpidr=\(hex(expansion.read { $0.nextMPIDR(of: rd) }))")
    }
    try expansion.run((["fill", Self.table.name, hex(params)] + words).joined(separator: " "))
    // Chosen before the REC is there: a name that an earlier machine's REC had, at the same place, takes no page then.
    let run = try expansion.hostPage()
    try expansion.call("RMI_REC_CREATE", ["rd": rd, "rec": rec, "params_ptr": params])
    expansion.keep(run: run, for: rec)
    let names = expansion.name(["rec": rec, "run": run], kind: .rec)
    return Expansion.Achievement(
      sentence: "\(names.map { "\($0.name)=\(hex($0.value))" }.joined(separator: " ")); when the Realm is ACTIVE, "
        + "RMI_REC_ENTER \(names.map(\.name).joined(separator: " ")) runs it", values: [rec, run])
  }
}
