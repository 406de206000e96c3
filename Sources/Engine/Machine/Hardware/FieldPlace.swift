import Basics

/// Which field of which structure lies at an address.
package struct FieldPlace: Sendable, Equatable {
  /// The structure's name.
  package let structure: String
  /// Where the structure begins.
  package let base: UInt64
  /// The field's name, with an index where there are several: `aux[3]`.
  package let field: String
  /// Where the field begins, from the beginning of its structure.
  package let offset: Int
  /// Bytes of the field.
  package let width: Int
  package let meaning: String

  /// `rtt_base of RmiRealmParams, at 0x808`.
  package var text: String { "\(field) of \(structure), at \(hex(UInt64(offset)))" }
}

/// A field with its value.
package struct FieldValue: Sendable, Equatable {
  package let place: FieldPlace
  /// What its bytes are; of one that is longer than 8 bytes, the first of them.
  package let value: UInt64
  /// The value as its kind is written.
  package let text: String
}
