/// One field of a structure in memory, and all there is to know of it: a row of the structure's table.
///
/// A row is a constant. What is read by it compiles to a load at a constant offset; the rest serves those who show a value, ask for
/// one, make one up, or write the reference. What reads and writes by a row is transparent, so that a debug build, too, hands no row of
/// 200 bytes to a function for the sake of two numbers.
package struct MemoryField: Sendable {
  /// What its value is.
  package enum Kind: Sendable {
    case number, signed, flag, bits, pa, ipa, bytes
    /// Other fields in their turn.
    case structure
    case hashAlgorithm, exitReason, ripas, realmState, attestationState
    /// One each of the system registers a vCPU has.
    case systemRegister
  }

  /// In bytes, from the beginning of the structure.
  package let offset: Int
  /// In bytes; of each element, if there are several.
  package let width: Int
  /// How many there are, one behind the other.
  package let count: Int
  /// As the specification has it.
  package let name: StaticString
  package let kind: Kind
  package let meaning: StaticString
  package let unit: StaticString
  /// The structure of its value, if that has parts with names.
  package let type: StaticString
  /// The least and the most it may be, where a rule limits it beyond what it can hold.
  package let least: Int64
  package let most: Int64
  /// Where that limit comes from.
  package let limit: StaticString
  /// Bits of RmiRealmFlags without which nobody looks at the limit.
  package let feature: UInt64
  /// What it is in a structure that asks for nothing special.
  package let usual: UInt64
  /// The failure conditions that look at it, by their names, with spaces between them.
  package let rules: StaticString
  /// Whether it goes into the RIM.
  package let isMeasured: Bool
  /// Bytes that TF-RMM takes for it.
  package let widthInTFRMM: Int

  package init(
    _ offset: Int, _ width: Int, _ name: StaticString, _ kind: Kind, _ meaning: StaticString, count: Int = 1,
    unit: StaticString = "", type: StaticString = "", from least: Int64 = .min, to most: Int64 = .max, _ limit: StaticString = "",
    with feature: UInt64 = 0, usual: UInt64 = 0, rules: StaticString = "", isMeasured: Bool = false, inTFRMM: Int? = nil
  ) {
    self.offset = offset
    self.width = width
    self.count = count
    self.name = name
    self.kind = kind
    self.meaning = meaning
    self.unit = unit
    self.type = type
    self.least = least
    self.most = most
    self.limit = limit
    self.feature = feature
    self.usual = usual
    self.rules = rules
    self.isMeasured = isMeasured
    widthInTFRMM = inTFRMM ?? width
  }

  /// Bytes of all of it.
  package var extent: Int { width * count }
  /// The bytes it has of its structure.
  package var range: Range<Int> { offset..<offset + extent }

  /// Where it is in a structure that lies at `base`.
  @_transparent package func address(in base: UInt64, _ index: Int = 0) -> UInt64 {
    base &+ UInt64(offset &+ index &* width)
  }

  /// A number of it, within what it may be.
  @_transparent package func clamped(_ value: Int64) -> Int64 { min(max(value, least), most) }
}

extension UnsafeRawPointer {
  /// The little-endian number at an offset, of 1, 2, 4 or 8 bytes.
  @_transparent func number(_ offset: Int, _ width: Int) -> UInt64 {
    switch width {
    case 1: UInt64(load(fromByteOffset: offset, as: UInt8.self))
    case 2: UInt64(UInt16(littleEndian: load(fromByteOffset: offset, as: UInt16.self)))
    case 4: UInt64(UInt32(littleEndian: load(fromByteOffset: offset, as: UInt32.self)))
    default: UInt64(littleEndian: load(fromByteOffset: offset, as: UInt64.self))
    }
  }

  /// The value of a field of the structure that begins here; without a sign.
  package subscript(_ field: MemoryField) -> UInt64 { @_transparent get { number(field.offset, field.width) } }

  /// The value TF-RMM takes a field to have.
  @_transparent func inTFRMM(_ field: MemoryField) -> UInt64 { number(field.offset, field.widthInTFRMM) }

  /// One of several.
  package subscript(_ field: MemoryField, _ index: Int) -> UInt64 {
    @_transparent get { number(field.offset &+ index &* field.width, field.width) }
  }

  /// The bytes of a field.
  @_transparent func bytes(_ field: MemoryField) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: self + field.offset, count: field.width)
  }
}

extension UnsafeMutableRawPointer {
  /// Stores a little-endian number of 1, 2, 4 or 8 bytes at an offset.
  @_transparent func put(_ offset: Int, _ width: Int, _ value: UInt64) {
    switch width {
    case 1: storeBytes(of: UInt8(truncatingIfNeeded: value), toByteOffset: offset, as: UInt8.self)
    case 2: storeBytes(of: UInt16(truncatingIfNeeded: value).littleEndian, toByteOffset: offset, as: UInt16.self)
    case 4: storeBytes(of: UInt32(truncatingIfNeeded: value).littleEndian, toByteOffset: offset, as: UInt32.self)
    default: storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt64.self)
    }
  }

  /// The value of a field of the structure that begins here; what does not fit is cut.
  package subscript(_ field: MemoryField) -> UInt64 {
    @_transparent get { UnsafeRawPointer(self)[field] }
    @_transparent nonmutating set { put(field.offset, field.width, newValue) }
  }

  /// One of several.
  package subscript(_ field: MemoryField, _ index: Int) -> UInt64 {
    @_transparent get { UnsafeRawPointer(self)[field, index] }
    @_transparent nonmutating set { put(field.offset &+ index &* field.width, field.width, newValue) }
  }

  /// A field that is 1 or 0; what is neither is as good as 1.
  subscript(flag field: MemoryField) -> Bool {
    @_transparent get { self[field] != 0 }
    @_transparent nonmutating set { self[field] = newValue ? 1 : 0 }
  }

  /// The value of a field, within what it may be, which is no negative number.
  @_transparent func within(_ field: MemoryField) -> UInt64 {
    UInt64(truncatingIfNeeded: field.clamped(Int64(truncatingIfNeeded: self[field])))
  }

  /// The bytes of a field, or of one of several.
  @_transparent package func bytes(_ field: MemoryField, _ index: Int = 0) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: self + (field.offset &+ index &* field.width), count: field.width)
  }
}
