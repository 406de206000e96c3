import Basics
import Machine

/// Makes the tables of stage 2 that a range of IPAs needs.
struct TablesStatement: HelperStatement {
  let rd: UInt64
  let base: UInt64
  let top: UInt64
  /// Of the last tables.
  let level: Int

  static let verbs = [
    Verb(
      "tables", "RD BASE..TOP [level=3]", help: "makes the tables that a range of IPAs needs, down to a level",
      details: "those that are missing, from above; also `tables RD BASE TOP`. At most \(Machine.mostTables)",
      examples: ["tables 0x80100000 0..0x400000", "tables 0x80100000 0 0x200000 level=2", "tables 0x80100000 0..2M"],
      places: .helpers
    ) { arguments throws(ScriptError) in
      var words = arguments.words[...]
      var level = 3
      if let last = words.last, let (key, value) = arguments.pair(last), key.lowercased() == "level" {
        let number = Int64(bitPattern: try arguments.number(value))
        guard (0...3).contains(number) else { throw arguments.error(value, "expected a level of tables, 0 to 3, not \(number)") }
        level = Int(number)
        words = words.dropLast()
      }
      guard let rd = words.popFirst(), let first = words.popFirst() else { throw arguments.expected() }
      let range: (Word, Word)
      if let (low, high) = first.halves(at: "..") {
        range = (low, high)
      } else {
        guard let second = words.popFirst() else { throw arguments.expected(at: first) }
        range = (first, second)
      }
      if let more = words.first { throw arguments.expected(at: more) }
      let (base, top) = (try arguments.number(range.0), try arguments.number(range.1))
      guard base < top, top <= 1 << 52 else {
        throw arguments.error(
          first, "expected a range of IPAs, BASE below TOP and TOP up to 2^52; found \(hex(base)) to \(hex(top))")
      }
      return TablesStatement(rd: try arguments.number(rd), base: base, top: top, level: level)
    }
  ]

  var text: String { "tables \(hex(rd)) \(hex(base))..\(hex(top))" + (level == 3 ? "" : " level=\(level)") }

  func expand(_ expansion: Expansion) throws(Expansion.Stop) -> Expansion.Achievement {
    try expansion.demand(rd: rd)
    let (start, end) = expansion.read { ($0.realm(rd).startLevel, $0.realm(rd).ipaTop) }
    guard top <= end else { throw .impossible("the Realm's IPAs end at \(hex(end)), below \(hex(top))") }
    guard level > start else {
      throw .impossible("the Realm's tables begin at level \(start); those that can be made are at \(start + 1) to 3")
    }
    let most = Machine.mostTables
    let missing = expansion.read { $0.missingTables(rd, base..<top, to: level, limit: most + 1) }
    guard missing.count <= most else {
      throw .impossible("more than \(most) tables are missing, as many as one statement makes; take a smaller range")
    }
    guard !missing.isEmpty else { return Expansion.Achievement(sentence: "every table was there", values: [0]) }
    let granules = try expansion.delegated(missing.count)
    for (table, granule) in zip(missing, granules) {
      try expansion.call("RMI_RTT_CREATE", ["rd": rd, "rtt": granule, "ipa": table.ipa, "level": UInt64(table.level)])
    }
    let levels = (start + 1...level).compactMap { level -> String? in
      let count = missing.count { $0.level == level }
      return count == 0 ? nil : "\(count) of level \(level)"
    }
    return Expansion.Achievement(
      sentence: "\(missing.count) table\(missing.count == 1 ? "" : "s"): \(levels.joined(separator: ", "))",
      values: [UInt64(missing.count)])
  }
}

extension Machine {
  /// Tables a range of IPAs does not have yet, from above: level, and the first IPA each covers.
  fileprivate func missingTables(_ rd: UInt64, _ range: Range<UInt64>, to last: Int, limit: Int) -> [(level: Int, ipa: UInt64)] {
    let realm = realm(rd)
    var missing: [(level: Int, ipa: UInt64)] = []
    for level in realm.startLevel + 1...last {
      let size = rttEntrySize(level - 1)
      var ipa = range.lowerBound & ~(size - 1)
      while ipa < range.upperBound, missing.count < limit {
        if rttWalk(realm, ipa, to: level).level < level { missing.append((level, ipa)) }
        ipa += size
      }
    }
    return missing
  }
}

extension Word {
  /// What stands before and behind a separator, each with its column; nil without it.
  func halves(at separator: String) -> (Word, Word)? {
    guard let range = text.firstRange(of: separator) else { return nil }
    let head = String(text[..<range.lowerBound])
    return (
      Word(text: head, column: column),
      Word(text: String(text[range.upperBound...]), column: column + head.unicodeScalars.count + separator.count)
    )
  }
}
