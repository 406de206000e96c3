import Basics

/// Which field of which structure lies at an address.
public struct FieldPlace: Sendable, Equatable {
  /// The structure's name.
  public let structure: String
  /// Where the structure begins.
  public let base: UInt64
  /// The field's name, with an index where there are several: `aux[3]`.
  public let field: String
  /// Where the field begins, from the beginning of its structure.
  public let offset: Int
  /// Bytes of the field.
  public let width: Int
  public let meaning: String

  /// `rtt_base of RmiRealmParams, at 0x808`.
  public var text: String { "\(field) of \(structure), at \(hex(UInt64(offset)))" }
}

/// A field with its value.
public struct FieldValue: Sendable, Equatable {
  public let place: FieldPlace
  /// What its bytes are; of one that is longer than 8 bytes, the first of them.
  public let value: UInt64
  /// The value as its kind is written.
  public let text: String
}
