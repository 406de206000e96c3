/// From a word to a ``VectorInstruction``. What the table does not have, and what its fields make unallocated, is UNDEFINED.
enum VectorDecoder {
  /// A word that works on registers alone; nil if it is none, or UNDEFINED.
  static func decode(_ word: UInt32, _ features: A64Features) -> VectorInstruction? {
    guard let row = VectorTable.row(word, features) else { return nil }
    return VectorFields(word: word, row.feature, features).read(row)
  }

  /// A load or store; nil if it is none, or UNDEFINED.
  static func transfer(_ word: UInt32) -> VectorTransfer? {
    guard let row = VectorTable.row(word, []) else { return nil }
    return VectorFields(word: word).readTransfer(row)
  }

  static func isAllocated(_ word: UInt32, _ features: A64Features) -> Bool {
    decode(word, features) != nil || transfer(word) != nil
  }

  /// VFPExpandImm for an element of 2, 4 or 8 bytes.
  static func expandFloat(_ imm8: UInt64, _ size: UInt8) -> UInt64 {
    let (sign, middle, low) = (imm8 >> 7, imm8 >> 6 & 1, imm8 & 0x3F)
    if size == 1 { return sign << 15 | (middle == 1 ? 3 << 12 : 1 << 14) | low << 6 }
    if size == 2 { return sign << 31 | (middle == 1 ? 0x1F << 25 : 1 << 30) | low << 19 }
    return sign << 63 | (middle == 1 ? 0xFF << 54 : 1 << 62) | low << 48
  }

  /// AdvSIMDExpandImm, except that `op` inverts nothing.
  static func expandImmediate(op: UInt32, cmode: UInt32, imm8: UInt64) -> UInt64 {
    let every32: UInt64 = 0x0000_0001_0000_0001
    switch cmode {
    case 0..<8: return (imm8 << UInt64(cmode >> 1 * 8)) * every32
    case 8..<12: return (imm8 << UInt64(cmode >> 1 & 1 * 8)) * 0x0001_0001_0001_0001
    case 12: return (imm8 << 8 | 0xFF) * every32
    case 13: return (imm8 << 16 | 0xFFFF) * every32
    case 14 where op == 0: return imm8 * 0x0101_0101_0101_0101
    case 14: return (0..<8).reduce(0) { $0 | (imm8 >> UInt64($1) & 1) * 0xFF << UInt64($1 * 8) }
    default: return op == 0 ? expandFloat(imm8, 2) * every32 : expandFloat(imm8, 3)
    }
  }
}

/// The fields of an FP or AdvSIMD word.
struct VectorFields {
  let word: UInt32
  /// Whether the floats of its encoding are half-precision, whatever its size fields say.
  let isHalf: Bool
  let features: A64Features

  init(word: UInt32, _ feature: A64Features = [], _ features: A64Features = []) {
    self.word = word
    isHalf = feature == .fp16
    self.features = features
  }

  func bits(_ high: UInt32, _ low: UInt32) -> UInt32 { word >> low & ((1 << (high - low + 1)) - 1) }
  func bit(_ n: UInt32) -> Bool { word >> n & 1 == 1 }
  func signed(_ high: UInt32, _ low: UInt32) -> Int64 {
    let width = high - low + 1
    return Int64(Int32(bitPattern: bits(high, low) << (32 - width)) >> Int32(32 - width))
  }
  var isFull: Bool { bit(30) }
  var size: UInt8 { UInt8(bits(23, 22)) }
  var d: UInt8 { UInt8(bits(4, 0)) }
  var n: UInt8 { UInt8(bits(9, 5)) }
  var m: UInt8 { UInt8(bits(20, 16)) }
  /// log2 of the bytes of a float: 2 or 3, and 1 in the encodings of FEAT_FP16.
  var floatSize: UInt8 { isHalf ? 1 : UInt8(2 + bits(22, 22)) }
  /// Lanes of a vector of elements of 2^`size` bytes.
  func lanes(_ size: UInt8) -> UInt8 { (isFull ? 16 : 8) >> size }
  /// imm8 of a modified immediate.
  var imm8: UInt64 { UInt64(bits(18, 16) << 5 | bits(9, 5)) }
  /// log2 of the bytes of an element by the lowest bit set in imm5; 4 or more is reserved.
  var copySize: UInt8 { UInt8(bits(20, 16).trailingZeroBitCount) }
  /// log2 of the bytes of an element by the highest bit set in immh; nil if none is.
  var shiftSize: UInt8? { bits(22, 19) == 0 ? nil : UInt8(31 - bits(22, 19).leadingZeroBitCount) }
  var rightShift: UInt64 { shiftSize.map { UInt64(16) << UInt64($0) - UInt64(bits(22, 16)) } ?? 0 }
  var leftShift: UInt64 { shiftSize.map { UInt64(bits(22, 16)) - UInt64(8) << UInt64($0) } ?? 0 }
  /// Register and element of a by-element operand.
  func element(_ size: UInt8) -> (m: UInt8, index: UInt8) {
    let (h, l, low) = (UInt8(bits(11, 11)), UInt8(bits(21, 21)), m & 15)
    switch size {
    case 1: return (low, h << 2 | l << 1 | UInt8(bits(20, 20)))
    case 2: return (m, h << 1 | l)
    default: return (m, h)
    }
  }

  func read(_ row: VectorRow) -> VectorInstruction? {
    var i = VectorInstruction(operation: row.operation, d: d, n: n, m: m, size: size, lanes: 1)
    let isHS = size == 1 || size == 2
    switch row.form {
    case .same, .misc:
      guard size < 3 || isFull else { return nil }
      i.lanes = lanes(size)
    case .sameBHS, .miscBHS:
      guard size < 3 else { return nil }
      i.lanes = lanes(size)
    case .sameHS:
      guard isHS else { return nil }
      i.lanes = lanes(size)
    case .sameBytes, .miscBytes:
      i.size = 0
      i.lanes = lanes(0)
    case .sameFloat, .miscFloat:
      i.size = floatSize
      guard i.size < 3 || isFull else { return nil }
      i.lanes = lanes(i.size)
    case .miscWord, .acrossFloat:
      i.size = isHalf ? 1 : 2
      i.lanes = lanes(i.size)
    case .scalarSame, .scalarMisc: break
    case .scalarSameHS: guard isHS else { return nil }
    case .scalarSameFloat, .scalarMiscFloat, .oneSource, .compare, .twoSource: i.size = floatSize
    case .compareZero:
      i.size = floatSize
      i.a = 1
    case .pairLong:
      guard size < 3 else { return nil }
      i.lanes = lanes(size + 1)
    case .narrow, .shiftedLong, .long, .wide, .narrowHigh:
      guard size < 3 else { return nil }
      setHalves(&i)
    case .longHS:
      guard isHS else { return nil }
      setHalves(&i)
    case .longB:
      // A product of 64 bits by 64 is FEAT_PMULL's.
      guard size == 0 || (size == 3 && features.contains(.aes)) else { return nil }
      if size == 3 { i.operation = .pmullLong }
      setHalves(&i)
    case .floatNarrow, .floatNarrowD, .floatLong:
      i.size = floatSize - 1
      setHalves(&i)
    case .scalarNarrow: guard size < 3 else { return nil }
    case .scalarLong: guard isHS else { return nil }
    case .scalarFloatNarrow: i.size = 2
    case .across, .acrossLong:
      guard size < 2 || (size == 2 && isFull) else { return nil }
      i.lanes = lanes(size)
    case .scalarPair, .scalarPairFloat:
      if row.form == .scalarPairFloat { i.size = floatSize }
      i.lanes = 2
      i.operation = acrossOperation(row.operation)
    case .dupElement, .dupGeneral, .insGeneral, .insElement, .signedMove, .unsignedMove, .scalarDup: return copy(row, i)
    case .immediate: return immediate(i)
    case .cipher, .threeWide, .fourWide, .rotated, .dot, .complexAdd, .complex, .complexElement, .dotElement, .javaScript:
      return extended(row, i)
    case .shiftRight, .shiftLeft, .shiftNarrow, .shiftLong, .shiftFixed, .scalarShiftRight, .scalarShiftLeft,
      .scalarShiftLeftD, .scalarShiftNarrow, .scalarShiftFixed:
      return shift(row, i)
    case .element, .elementLong, .elementFloat, .scalarElement, .scalarElementLong, .scalarElementFloat:
      return byElement(row, i)
    case .permute:
      guard size < 3 || isFull else { return nil }
      i.lanes = lanes(size)
    case .extract:
      guard isFull || !bit(14) else { return nil }
      i.lanes = lanes(0)
      i.imm = UInt64(bits(14, 11))
    case .table:
      i.lanes = lanes(0)
      i.imm = UInt64(bits(14, 13)) + 1
    default: return float(row, i)
    }
    return i
  }

  /// Lanes of a narrow vector, in the lower or the upper half.
  private func setHalves(_ i: inout VectorInstruction) {
    i.lanes = 8 >> i.size
    i.imm = isFull ? UInt64(i.lanes) : 0
  }

  /// A scalar pairwise operation is one across two lanes.
  private func acrossOperation(_ operation: VectorOperation) -> VectorOperation {
    switch operation {
    case .addp: .addv
    case .faddp: .faddv
    case .fmaxp: .fmaxv
    case .fminp: .fminv
    case .fmaxnmp: .fmaxnmv
    default: .fminnmv
    }
  }

  private func copy(_ row: VectorRow, _ start: VectorInstruction) -> VectorInstruction? {
    var i = start
    i.size = copySize
    guard i.size < 4 else { return nil }
    i.imm = UInt64(bits(20, 16)) >> UInt64(i.size + 1)
    switch row.form {
    case .dupElement, .dupGeneral:
      guard i.size < 3 || isFull else { return nil }
      i.lanes = lanes(i.size)
    case .insElement: i.a = UInt8(bits(14, 11)) >> i.size
    case .signedMove, .unsignedMove:
      let limit: ClosedRange<UInt8> = row.form == .signedMove ? 0...(isFull ? 2 : 1) : isFull ? 3...3 : 0...2
      guard limit.contains(i.size) else { return nil }
      i.d = d == 31 ? A64Registers.trash : d
      i.a = isFull ? 1 : 0
    default: break
    }
    return i
  }

  private func immediate(_ start: VectorInstruction) -> VectorInstruction {
    var i = start
    i.size = 0
    i.lanes = lanes(0)
    i.imm =
      isHalf
      ? VectorDecoder.expandFloat(imm8, 1) * 0x0001_0001_0001_0001
      : VectorDecoder.expandImmediate(op: bits(29, 29), cmode: bits(15, 12), imm8: imm8)
    if i.operation == .mvni || i.operation == .bicImmediate { i.imm = ~i.imm }
    if i.operation == .mvni || i.operation == .fmov { i.operation = .movi }
    return i
  }

  private func shift(_ row: VectorRow, _ start: VectorInstruction) -> VectorInstruction? {
    guard let size = shiftSize else { return nil }
    var i = start
    i.size = size
    switch row.form {
    case .shiftRight, .shiftLeft, .shiftFixed:
      guard size < 3 || isFull else { return nil }
      i.lanes = lanes(size)
    case .shiftNarrow, .shiftLong:
      guard size < 3 else { return nil }
      i.lanes = 8 >> size
      i.a = isFull ? i.lanes : 0
    case .scalarShiftRight, .scalarShiftLeftD: guard size == 3 else { return nil }
    case .scalarShiftNarrow: guard size < 3 else { return nil }
    default: break
    }
    switch row.form {
    case .shiftLeft, .shiftLong, .scalarShiftLeft, .scalarShiftLeftD: i.imm = leftShift
    case .shiftFixed, .scalarShiftFixed:
      guard size >= 2 || (size == 1 && features.contains(.fp16)) else { return nil }
      i.imm = rightShift
    default: i.imm = rightShift
    }
    return i
  }

  private func byElement(_ row: VectorRow, _ start: VectorInstruction) -> VectorInstruction? {
    var i = start
    switch row.form {
    case .elementFloat, .scalarElementFloat:
      i.size = floatSize
      guard i.size < 3 || !bit(21), i.size < 3 || isFull || row.form == .scalarElementFloat else { return nil }
      if row.form == .elementFloat { i.lanes = lanes(i.size) }
    default:
      guard size == 1 || size == 2 else { return nil }
      if row.form == .element { i.lanes = lanes(size) }
      if row.form == .elementLong { setHalves(&i) }
    }
    let (m, index) = element(i.size)
    i.m = m
    i.a = index + 1
    return i
  }

  private func float(_ row: VectorRow, _ start: VectorInstruction) -> VectorInstruction? {
    var i = start
    i.size = floatSize
    i.a = UInt8(bits(31, 31))
    switch row.form {
    case .precision:
      let (from, to) = (bits(23, 22), bits(16, 15))
      guard from != 2, from != to else { return nil }
      i.size = from == 3 ? 1 : UInt8(2 + from)
      i.imm = to == 3 ? 1 : UInt64(2 + to)
    case .floatImmediate:
      i.operation = .movi
      i.imm = VectorDecoder.expandFloat(UInt64(bits(20, 13)), i.size)
    case .conditionalCompare:
      i.a = UInt8(bits(15, 12))
      i.imm = UInt64(bits(3, 0))
    case .select: i.a = UInt8(bits(15, 12))
    case .threeSource: i.a = UInt8(bits(14, 10))
    case .toGeneral, .toGeneralFixed, .moveToGeneral: i.d = d == 31 ? A64Registers.trash : d
    case .fromGeneral, .fromGeneralFixed, .moveFromGeneral: break
    default: return nil
    }
    switch row.form {
    case .toGeneral, .fromGeneral: i.lanes = 0
    case .toGeneralFixed, .fromGeneralFixed:
      guard bit(31) || bit(15) else { return nil }
      i.lanes = 0
      i.imm = UInt64(64 - bits(15, 10))
    case .moveToGeneral, .moveFromGeneral:
      // The pattern with a fixed 1 in bit 23 is the upper half, or a half-precision number.
      i.imm = isHalf ? 0 : UInt64(bits(23, 23))
      if bit(23), !isHalf { i.size = 3 }
    default: break
    }
    return i
  }
}
