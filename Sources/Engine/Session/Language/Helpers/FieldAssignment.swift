import Basics
import Machine

/// A field of a structure with the value it is to get: `s2sz=32`.
package struct FieldAssignment: Sendable, Equatable {
  /// With its index where there are several: `aux[3]`.
  let name: String
  let value: UInt64
  /// In place of ``value`` if the field's kind is bytes, else empty.
  let bytes: [UInt8]

  /// As it is written.
  func text(_ table: StructureTable) -> String {
    guard bytes.isEmpty else { return "\(name)=\(hexBytes(bytes))" }
    guard let field = table.writable(named: name)?.row.field else { return "\(name)=\(hex(value))" }
    return "\(name)=\(field.kind == .number || field.kind == .flag ? "\(value)" : field.kind.text(value))"
  }
}

extension Arguments {
  /// The words from one on, each `FIELD=VALUE` of a structure.
  func assignments(_ table: StructureTable, from first: Int) throws(ScriptError) -> [FieldAssignment] {
    var values: [FieldAssignment] = []
    var flags: UInt64 = 0
    for word in words[min(first, count)...] {
      let assignment = try assignment(word, table, flags)
      guard !values.contains(where: { $0.name == assignment.name }) else {
        throw error(word, "\(assignment.name) is given twice")
      }
      if assignment.name == "flags" { flags = assignment.value }
      values.append(assignment)
    }
    // Whether a limit holds depends on flags that may come later.
    for (word, assignment) in zip(words[min(first, count)...], values) {
      guard let (row, _) = table.writable(named: assignment.name), assignment.bytes.isEmpty else { continue }
      try checkLimit(row.field, assignment, flags, word)
    }
    return values
  }

  private func assignment(_ word: Word, _ table: StructureTable, _ flags: UInt64) throws(ScriptError) -> FieldAssignment {
    guard let (key, value) = pair(word), !key.isEmpty else {
      throw error(word, "found \"\(shown(word.text))\"; expected FIELD=VALUE, with a field of \(table.name)")
    }
    guard let (row, index) = table.writable(named: key) else { throw error(word, unknown(key, table)) }
    let field = row.field
    if field.kind == .bytes {
      guard let bytes = [UInt8](hex: value.text), !bytes.isEmpty, bytes.count <= field.width else {
        throw error(value, "\(field.name) is 1 to \(field.width) bytes in hexadecimal, without 0x")
      }
      return FieldAssignment(name: field.name(index), value: 0, bytes: bytes)
    }
    return FieldAssignment(name: field.name(index), value: try number(of: field, value), bytes: [])
  }

  private func unknown(_ key: String, _ table: StructureTable) -> String {
    let name = key.prefix { $0 != "[" }.lowercased()
    if let field = table.writable.first(where: { $0.field.name.description == name })?.field {
      return field.count > 1
        ? "\(name) is \(field.count) values: \(name)[0] to \(name)[\(field.count - 1)]" : "there is one \(name), without an index"
    }
    let names = table.writable.map { $0.field.count > 1 ? "\($0.field.name)[0]" : $0.field.name.description }
    let near = closest(to: name, among: names).map { "; did you mean \($0)?" }
    return "\(table.name) has no field \"\(shown(key))\"\(near ?? "; it has \(names.joined(separator: ", "))")"
  }

  /// A number as it is written, a name that stands for one, or names of flags with | between them.
  private func number(of field: MemoryField, _ word: Word) throws(ScriptError) -> UInt64 {
    let text = word.text.lowercased()
    let named = field.kind.names
    if let value = named.first(where: { $0.name.lowercased() == text })?.value { return value }
    let bits = StructureTables.named(field.type.description)?.bits ?? []
    let flags = text.split(separator: "|", omittingEmptySubsequences: false).map { name in
      bits.first { $0.name.description == name }
    }
    if !flags.contains(where: { $0 == nil }) { return flags.compactMap(\.self).reduce(0) { $0 | $1.mask } }
    do throws(ScriptError) {
      return try number(word)
    } catch {
      guard !named.isEmpty || !bits.isEmpty else { throw error }
      let words = named.isEmpty ? bits.map(\.name.description).joined(separator: ", ") : field.allowed
      throw self.error(word, "\(field.name) is a number or \(named.isEmpty ? "names with | between them" : "one") of: \(words)")
    }
  }

  /// What a field can hold, and what a rule leaves of that.
  private func checkLimit(
    _ field: MemoryField, _ assignment: FieldAssignment, _ flags: UInt64, _ word: Word
  ) throws(ScriptError) {
    let value = assignment.value
    let named = field.kind.names
    if !named.isEmpty, !named.contains(where: { $0.value == value }) {
      throw error(word, "\(assignment.name) is \(field.allowed), not \(value)")
    }
    let hasLimit = field.most != .max && (field.feature == 0 || flags & field.feature != 0)
    if hasLimit {
      let signed = Int64(bitPattern: value)
      guard !(field.least...field.most).contains(signed) else { return }
      let found = field.kind == .signed ? "\(signed)" : "\(value)"
      throw error(word, "\(assignment.name) is \(field.least) to \(field.most) (\(field.limit)), not \(found)")
    }
    guard field.width < 8, value >> UInt64(8 * field.width) != 0 else { return }
    let most = (1 << UInt64(8 * field.width)) - 1 as UInt64
    throw error(
      word, "\(assignment.name) has \(field.width) byte\(field.width == 1 ? "" : "s"), so it is 0 to \(most), not \(value)")
  }
}
