import Basics
import Machine

/// Writes a structure by the names of its fields.
struct FillStatement: HelperStatement {
  let structure: String
  let base: UInt64
  let values: [FieldAssignment]

  static let verbs = [
    Verb(
      "fill", "STRUCTURE PA [FIELD=VALUE ..]", help: "writes a structure by the names of its fields",
      details:
        "one of \(StructureTables.written.map { "`\($0.table.name)`" }.joined(separator: " ")), whose fields [Structures.md](Structures.md) lists. "
        + "A field that is not named gets what would be right now, and all else of the page is zeroed. A Realm's structure lies at an IPA, "
        + "and its writes are queued. Of a value that a rule does not allow, the message says what it does; `ns.write64` writes anything",
      examples: [
        "fill RmiRealmParams 0x83000000 s2sz=32 hash_algo=sha-512 rtt_base=0x80101000",
        "fill RmiRecParams 0x83001000 aux[0]=0x80102000",
        "fill RmiRecRun 0x83002000 flags=trap_wfi|trap_wfe gprs[0]=7", "fill RsiHostCall 0x1000 imm=7",
        "fill RmiRealmParams 0x83000000 flags=0x4 pmu_num_ctrs=2 rtt_level_start=-1 rpv=00ff17",
      ], places: .helpers
    ) { arguments throws(ScriptError) in
      guard arguments.count >= 2 else { throw arguments.expected() }
      let (table, _) = try written(arguments, arguments[0])
      let base = try arguments.number(1)
      guard base % alignment(table) == 0 else {
        throw arguments.error(
          arguments[1], "\(hex(base)) is no place for \(table.name); expected a multiple of \(hex(alignment(table)))")
      }
      return FillStatement(structure: table.name, base: base, values: try arguments.assignments(table, from: 2))
    }
  ]

  /// A structure by its name in any case.
  private static func written(
    _ arguments: Arguments, _ word: Word
  ) throws(ScriptError) -> (table: StructureTable, author: StructureTables.Author) {
    let all = StructureTables.written
    if let found = all.first(where: { $0.table.name.lowercased() == word.text.lowercased() }) { return found }
    let names = all.map(\.table.name)
    if let table = StructureTables.find(word.text) {
      throw arguments.error(word, "\(table.name) is not written by software; expected one of \(names.joined(separator: ", "))")
    }
    let near = closest(to: word.text.lowercased(), among: names).map { "did you mean \($0)?" }
    throw arguments.error(
      word, "no structure \"\(shown(word.text))\"; \(near ?? "expected one of \(names.joined(separator: ", "))")")
  }

  /// As the calls ask for that are given its address.
  private static func alignment(_ table: StructureTable) -> UInt64 { UInt64(table.facts.size) }

  private var row: (table: StructureTable, author: StructureTables.Author)? {
    StructureTables.written.first { $0.table.name == structure }
  }

  var text: String {
    let words = row.map { row in values.map { $0.text(row.table) } } ?? []
    return (["fill", structure, hex(base)] + words).joined(separator: " ")
  }

  func expand(_ expansion: Expansion) throws(Expansion.Stop) -> Expansion.Achievement {
    guard let (table, author) = row else { throw .impossible("no structure \(structure)") }
    let given = Dictionary(uniqueKeysWithValues: values.map { ($0.name, $0.value) })
    let right = expansion.read { $0.rightNow(table, given: given) }
    if let (field, why) = right.missing.first(where: { given[$0.field] == nil }) {
      throw .impossible("nothing would be right for \(field): \(why); delegate gives some to the RMM, or name the field")
    }
    // A page of which nobody knows what was in it; a Realm's page has other things, too.
    if author == .host { try expansion.run("ns.fill \(hex(base)) \(hex(UInt64(table.facts.size))) 0") }
    var written: [String] = []
    for row in table.writable {
      for index in 0..<row.field.count {
        let name = row.field.name(index)
        let named = values.first { $0.name == name }
        guard let value = named?.value ?? right.values[name], named != nil || value != 0 else { continue }
        try write(row, index, value, named?.bytes ?? [], author, expansion)
        written.append(name)
      }
    }
    return Expansion.Achievement(
      sentence: "\(structure) at \(hex(base)): \(written.isEmpty ? "zeroes" : summary(table, right, given))", values: [base])
  }

  /// The bytes it would write, and the granules they name; nil if it could not.
  func page(in session: Session) -> (bytes: [UInt8], granules: Set<UInt64>)? {
    guard let (table, _) = row else { return nil }
    let given = Dictionary(uniqueKeysWithValues: values.map { ($0.name, $0.value) })
    let right = session.read { $0.rightNow(table, given: given) }
    var bytes = [UInt8](repeating: 0, count: table.facts.size)
    var granules: Set<UInt64> = []
    for row in table.writable {
      for index in 0..<row.field.count {
        let name = row.field.name(index)
        let value = given[name] ?? right.values[name] ?? 0
        if row.field.kind == .pa, value != 0 { granules.insert(value) }
        let named = values.first { $0.name == name }?.bytes ?? []
        let offset = row.offset + index * row.field.width
        for byte in 0..<row.field.width {
          bytes[offset + byte] =
            named.isEmpty
            ? (byte < 8 ? UInt8(truncatingIfNeeded: value >> UInt64(8 * byte)) : 0) : byte < named.count ? named[byte] : 0
        }
      }
    }
    // Starting level tables lie side by side.
    if let base = given["rtt_base"] ?? right.values["rtt_base"] {
      for n in 0..<min(given["rtt_num_start"] ?? right.values["rtt_num_start"] ?? 1, 16) {
        granules.insert(base &+ n * Granule.size)
      }
    }
    return (bytes, granules)
  }

  /// The values that are not zero, or were named; of several only how many.
  private func summary(_ table: StructureTable, _ right: RightNow, _ given: [String: UInt64]) -> String {
    table.writable.compactMap { row -> String? in
      let field = row.field
      guard field.count == 1 else {
        let count = (0..<field.count).filter { (given[field.name($0)] ?? right.values[field.name($0)] ?? 0) != 0 }.count
        return count == 0 ? nil : "\(count) of \(field.name)"
      }
      if let bytes = values.first(where: { $0.name == field.name.description })?.bytes, !bytes.isEmpty {
        return "\(field.name)=\(hexBytes(bytes))"
      }
      guard let value = given[field.name.description] ?? right.values[field.name.description] else { return nil }
      return value == 0 && given[field.name.description] == nil ? nil : "\(field.name)=\(field.kind.text(value))"
    }.joined(separator: " ")
  }

  private func write(
    _ row: StructureTable.Written, _ index: Int, _ value: UInt64, _ bytes: [UInt8], _ author: StructureTables.Author,
    _ expansion: Expansion
  ) throws(Expansion.Stop) {
    let field = row.field
    let address = base &+ UInt64(row.offset + index * field.width)
    let kept = field.width < 8 ? value & ((1 << UInt64(8 * field.width)) - 1) : value
    let isWord = row.offset % 8 == 0 && (field.width == 8 || field.count == 1 && field.width < 8 && row.room >= 8)
    switch author {
    case .realm: try expansion.run("guest write64 \(hex(address)) \(hex(kept))")
    case .host where !bytes.isEmpty: try expansion.run("ns.write \(hex(address)) \(hexBytes(bytes))")
    // What lies between a short field and the next should be zero.
    case .host where isWord: try expansion.run("ns.write64 \(hex(address)) \(hex(kept))")
    case .host where field.width == 1: try expansion.run("ns.write8 \(hex(address)) \(hex(kept))")
    case .host:
      let little = (0..<field.width).map { UInt8(truncatingIfNeeded: kept >> UInt64(8 * $0)) }
      try expansion.run("ns.write \(hex(address)) \(hexBytes(little))")
    }
  }
}
