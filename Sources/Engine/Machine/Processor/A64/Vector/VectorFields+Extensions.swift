/// How the fields of encodings that came after Armv8.0 are read.
extension VectorFields {
  func extended(_ row: VectorRow, _ start: VectorInstruction) -> VectorInstruction? {
    var i = start
    switch row.form {
    case .cipher, .threeWide, .rotated:
      (i.size, i.lanes) = (3, 2)
      i.imm = UInt64(bits(15, 10))
    case .fourWide: i.a = UInt8(bits(14, 10))
    case .dot:
      i.size = 2
      i.lanes = lanes(2)
    case .dotElement:
      i.size = 2
      i.lanes = lanes(2)
      let (m, index) = element(2)
      i.m = m
      i.a = index + 1
    case .complexAdd:
      guard isComplexSize else { return nil }
      i.lanes = lanes(size)
      // In quarter turns: 1 or 3.
      i.imm = bit(12) ? 3 : 1
    case .complex:
      guard isComplexSize else { return nil }
      i.lanes = lanes(size)
      i.imm = UInt64(bits(12, 11))
    case .complexElement:
      // An element is a complex number, two floats.
      guard size == 1 || (size == 2 && isFull && !bit(21)) else { return nil }
      guard size == 2 || isFull || !bit(11) else { return nil }
      i.lanes = lanes(size)
      i.imm = UInt64(bits(14, 13))
      i.a = 1 + (size == 1 ? UInt8(bits(11, 11) << 1 | bits(21, 21)) : UInt8(bits(11, 11)))
    default:
      i.size = 3
      i.d = d == 31 ? A64Registers.trash : d
    }
    return i
  }

  private var isComplexSize: Bool { size != 0 && (size < 3 || isFull) }
}
