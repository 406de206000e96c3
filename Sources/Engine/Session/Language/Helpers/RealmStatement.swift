import Basics
import Machine

/// Builds a small Realm from nothing.
struct RealmStatement: HelperStatement {
  /// Pages of RAM with content, from IPA 0.
  let pages: Int
  let recs: Int
  /// How often the first REC is entered when all is there.
  let entries: Int
  /// Fields of RmiRealmParams.
  let values: [FieldAssignment]

  private static let table = StructureTable(RmiRealmParams.self)
  /// Most pages, which is what one table of level 3 maps, and most RECs, most entries.
  private static let most = (pages: 512, recs: 16, entries: 16)
  /// What a page begins with: `wfi`, and a branch back to it. Code that runs waits there.
  private static let code: UInt64 = 0x17FF_FFFF_D503_207F

  static let verbs = [
    Verb(
      "realm", "[pages=2] [recs=1] [enter=N] [FIELD=VALUE ..]",
      help: "builds a small Realm from nothing, up to a REC that can be entered, or has been",
      details:
        "fields are those of `RmiRealmParams`. Granules are delegated as they are needed; the pages lie at IPA 0, their content is measured, "
        + "and each begins with `wfi`. Then `rd`, `rec` and `run` are names of what was made (`rd2` … for the next). "
        + "With `enter=1` the first REC is entered, too, and leaves the Realm again",
      examples: ["realm", "realm enter=1", "realm pages=4 recs=2 s2sz=40 hash_algo=sha-512"], places: .helpers
    ) { arguments throws(ScriptError) in
      var counts: [String: Int] = ["pages": 2, "recs": 1, "enter": 0]
      let limits = ["pages": most.pages, "recs": most.recs, "enter": most.entries]
      var rest: [Word] = []
      for word in arguments.words {
        guard let (key, value) = arguments.pair(word) else {
          throw arguments.error(
            word,
            "found \"\(shown(word.text))\"; expected pages=N, recs=N, enter=N, or FIELD=VALUE with a field of RmiRealmParams")
        }
        guard let limit = limits[key.lowercased()] else {
          rest.append(word)
          continue
        }
        counts[key.lowercased()] = try arguments.positive(value, UInt64(limit))
      }
      let fields = Arguments(line: arguments.line, names: arguments.names, row: arguments.row, verb: arguments.verb, words: rest)
      return RealmStatement(
        pages: counts["pages"] ?? 2, recs: counts["recs"] ?? 1, entries: counts["enter"] ?? 0,
        values: try fields.assignments(table, from: 0))
    }
  ]

  var text: String {
    (["realm", "pages=\(pages)", "recs=\(recs)"] + (entries > 0 ? ["enter=\(entries)"] : [])
      + values.map { $0.text(Self.table) }).joined(separator: " ")
  }

  func expand(_ expansion: Expansion) throws(Expansion.Stop) -> Expansion.Achievement {
    let rd = try create(expansion)
    let top = UInt64(pages) * Granule.size
    try expansion.run("tables \(hex(rd)) 0..\(hex(top))")
    try expansion.call("RMI_RTT_INIT_RIPAS", ["rd": rd, "base": 0, "top": top])
    let image = try expansion.hostPage()
    try expansion.run("ns.write64 \(hex(image)) \(hex(Self.code))")
    for page in 0..<UInt64(pages) {
      let data = try expansion.delegated(1)[0]
      try expansion.call(
        "RMI_DATA_CREATE", ["rd": rd, "data": data, "ipa": page * Granule.size, "src": image, "flags": 1])
    }
    let names = expansion.name(["rd": rd], kind: .rd)
    // Only the first is on: PSCI_CPU_ON is for the others.
    let first = try expansion.run("rec \(hex(rd))").answer?.x ?? []
    for _ in 1..<recs { try expansion.run("rec \(hex(rd)) flags=0") }
    try expansion.call("RMI_REALM_ACTIVATE", ["rd": rd])
    let words = first.map { expansion.name(of: $0) ?? hex($0) }
    let enter = "RMI_REC_ENTER \(words.joined(separator: " "))"
    var end = "\(enter) runs it"
    for _ in 0..<entries {
      let exit = try expansion.run("RMI_REC_ENTER \(first.map(hex).joined(separator: " "))").exit
      end = "\(enter)\(exit.map { ": exit \(Decoder.exitText($0))" } ?? "")"
    }
    return Expansion.Achievement(
      sentence: "ACTIVE: \(names.map { "\($0.name)=\(hex($0.value))" }.joined(separator: " ")); \(end)",
      values: [rd] + first)
  }

  /// The Realm's descriptor, from its parameters.
  private func create(_ expansion: Expansion) throws(Expansion.Stop) -> UInt64 {
    let given = Dictionary(uniqueKeysWithValues: values.map { ($0.name, $0.value) })
    let right = expansion.read { $0.rightNow(Self.table, given: given) }
    let tables = given["rtt_num_start"] ?? right.values["rtt_num_start"] ?? 1
    guard (1...16).contains(tables) else { throw .impossible("a Realm has 1 to 16 starting level tables, not \(tables)") }
    let base: UInt64
    if let named = given["rtt_base"] { base = named } else { base = try startingTables(tables, expansion) }
    let taken = base..<base &+ tables * Granule.size
    // One more than the tables, so that one is left that is none of them.
    guard let rd = try expansion.delegated(Int(tables) + 1).first(where: { !taken.contains($0) }) else {
      throw .impossible("no granule is DELEGATED that can become the RD")
    }
    let params = try expansion.hostPage()
    var words = values.map { $0.text(Self.table) }
    if given["rtt_base"] == nil { words.append("rtt_base=\(hex(base))") }
    try expansion.run((["fill", Self.table.name, hex(params)] + words).joined(separator: " "))
    try expansion.call("RMI_REALM_CREATE", ["rd": rd, "params_ptr": params])
    return rd
  }

  /// DELEGATED granules for them, side by side and aligned to all of them.
  private func startingTables(_ count: UInt64, _ expansion: Expansion) throws(Expansion.Stop) -> UInt64 {
    guard count > 1 else { return try expansion.delegated(2)[1] }
    let size = count * Granule.size
    let spare = Set(expansion.read { $0.spareGranules(4 * Int(count)) })
    let base = spare.sorted().first { base in
      base % size == 0 && (0..<count).allSatisfy { spare.contains(base + $0 * Granule.size) }
    }
    guard let base else { throw .impossible("no \(count) granules of the Host's lie side by side, aligned to all of them") }
    try expansion.run("delegate \(count) from \(hex(base))")
    return base
  }
}
