/// A structure in memory, or a 64-bit value with parts: a constant whose properties are the rows of its table.
///
/// A field is declared once, as a ``MemoryField`` or ``BitField`` of the structure's type. By its name code reads and writes it;
/// ``StructureTable`` has all of them, so that nobody else lists them.
package protocol Structure: Sendable {
  /// The rows.
  static var table: Self { get }
  static var about: StructureFacts { get }
}

/// What is to be known of a structure as a whole.
package struct StructureFacts: Sendable {
  /// As the specification has it.
  package let name: StaticString
  /// Bytes.
  package let size: Int
  /// Where it is defined.
  package let source: StaticString
  /// What it is, in one sentence.
  package let summary: StaticString
  /// What becomes of the bytes no field has.
  package let unused: Unused

  package enum Unused: Sendable {
    /// Whoever writes should write zero; whoever reads does not look.
    case sbz
    /// Zero is written.
    case zero
    /// They are nobody's.
    case free
  }

  package init(
    _ name: StaticString, _ size: Int, _ source: StaticString, _ summary: StaticString, unused: Unused = .zero
  ) {
    self.name = name
    self.size = size
    self.source = source
    self.summary = summary
    self.unused = unused
  }
}

/// A structure as everything but reading and writing sees it: made from its declaration.
package struct StructureTable: Sendable {
  package let facts: StructureFacts
  /// In the order of their declaration.
  package let fields: [MemoryField]
  /// Of a 64-bit value.
  package let bits: [BitField]
  /// Fields that are structures.
  package let parts: [MemoryField]
  /// By the name of a failure condition, the fields it looks at.
  package let lookedAt: [String: [MemoryField]]

  package init<S: Structure>(_: S.Type) {
    facts = S.about
    let rows = Mirror(reflecting: S.table).children.map(\.value)
    fields = rows.compactMap { $0 as? MemoryField }
    bits = rows.compactMap { $0 as? BitField }
    parts = fields.filter { $0.kind == .structure }
    var lookedAt: [String: [MemoryField]] = [:]
    for field in fields {
      for rule in field.rules.description.split(separator: " ") { lookedAt[String(rule), default: []].append(field) }
    }
    self.lookedAt = lookedAt
  }

  package var name: String { facts.name.description }

  /// The field that has a byte, and which of several it is.
  package func field(at offset: Int) -> (field: MemoryField, index: Int)? {
    guard let field = fields.first(where: { $0.range.contains(offset) }) else { return nil }
    return (field, (offset - field.offset) / field.width)
  }
}
