/// FP and AdvSIMD instructions as text, in the spelling of LLVM's disassembler.
struct VectorDisassembler {
  let fields: VectorFields
  let address: UInt64

  /// - Parameter address: of the instruction, for what is relative to it.
  /// - Returns: nil for a word that is none of these, or UNDEFINED.
  static func text(_ word: UInt32, at address: UInt64) -> String? {
    guard let row = VectorTable.row(word, .all), VectorDecoder.isAllocated(word, .all) else { return nil }
    let disassembler = VectorDisassembler(fields: VectorFields(word: word, row.feature, .all), address: address)
    return disassembler.text(row)
  }

  // MARK: Fields and their spelling

  func bits(_ high: UInt32, _ low: UInt32) -> UInt32 { fields.bits(high, low) }
  func bit(_ n: UInt32) -> Bool { fields.bit(n) }
  var d: UInt8 { fields.d }
  var n: UInt8 { fields.n }
  var m: UInt8 { fields.m }

  static let letters = ["b", "h", "s", "d", "q"]
  func scalar(_ register: UInt8, _ size: UInt8) -> String { "\(Self.letters[Int(size)])\(register)" }
  /// A register of `lanes` elements, 64 or 128 bits of them if not given.
  func vector(_ register: UInt8, _ size: UInt8, _ lanes: UInt8? = nil) -> String {
    "v\(register).\(lanes ?? fields.lanes(size))\(Self.letters[Int(size)])"
  }
  /// All 128 bits, of elements twice as wide as `size` says.
  private func wide(_ register: UInt8, _ size: UInt8) -> String { vector(register, size + 1, 8 >> size) }
  func element(_ register: UInt8, _ size: UInt8, _ number: UInt8) -> String {
    "v\(register).\(Self.letters[Int(size)])[\(number)]"
  }
  func general(_ register: UInt8, _ is64: Bool) -> String {
    register == 31 ? (is64 ? "xzr" : "wzr") : "\(is64 ? "x" : "w")\(register)"
  }
  func imm(_ value: Int64) -> String {
    value < 0 ? "#-0x\(String(value.magnitude, radix: 16))" : "#0x\(String(value, radix: 16))"
  }
  func imm(_ value: UInt64) -> String { "#0x\(String(value, radix: 16))" }
  func line(_ mnemonic: String, _ operands: String...) -> String { "\(mnemonic)\t\(operands.joined(separator: ", "))" }
  private static let conditions = [
    "eq", "ne", "hs", "lo", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "al", "nv",
  ]
  private var condition: String { Self.conditions[Int(bits(15, 12))] }

  /// The mnemonic of an operation, without what tells its encodings apart.
  private func name(_ operation: VectorOperation) -> String {
    let name = operation == .not ? "mvn" : "\(operation)"
    for suffix in ["Zero", "Immediate"] where name.hasSuffix(suffix) { return String(name.dropLast(suffix.count)) }
    return name
  }

  /// The constant a comparison with zero ends with.
  private func zero(_ operation: VectorOperation) -> String {
    switch operation {
    case .cmeqZero, .cmgeZero, .cmgtZero, .cmleZero, .cmltZero: ", #0"
    case .fcmeqZero, .fcmgeZero, .fcmgtZero, .fcmleZero, .fcmltZero: ", #0.0"
    default: ""
    }
  }

  /// VFPExpandImm with eight decimals.
  private func decimal(_ imm8: UInt64) -> String {
    // Multiples of 1/128, which is 0.00781250.
    let scale = imm8 >> 4 & 3 | (imm8 >> 6 & 1 == 1 ? 0 : 4)
    let value = (16 + imm8 & 15) * 781_250 << scale
    let decimals = String(value % 100_000_000)
    return "#\(imm8 >> 7 == 1 ? "-" : "")\(value / 100_000_000).\(String(repeating: "0", count: 8 - decimals.count))\(decimals)"
  }

  /// As printf's %#016llx: 16 places, of which 0x takes two where it is there.
  private func padded(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    let places = value == 0 ? 16 : 14
    return (value == 0 ? "#" : "#0x") + String(repeating: "0", count: max(0, places - digits.count)) + digits
  }

  // MARK: By form

  private func text(_ row: VectorRow) -> String? {
    let name = name(row.operation)
    let size = fields.size
    let floatSize = fields.floatSize
    let second = fields.isFull ? "2" : ""
    switch row.form {
    case .same, .sameBHS, .sameHS, .permute: return line(name, vector(d, size), vector(n, size), vector(m, size))
    case .sameBytes:
      if row.operation == .orr, n == m { return line("mov", vector(d, 0), vector(n, 0)) }
      return line(name, vector(d, 0), vector(n, 0), vector(m, 0))
    case .sameFloat: return line(name, vector(d, floatSize), vector(n, floatSize), vector(m, floatSize))
    case .scalarSame, .scalarSameHS: return line(name, scalar(d, size), scalar(n, size), scalar(m, size))
    case .scalarSameFloat, .twoSource: return line(name, scalar(d, floatSize), scalar(n, floatSize), scalar(m, floatSize))
    case .misc, .miscBHS: return line(name, vector(d, size), vector(n, size) + zero(row.operation))
    case .miscBytes: return line(name, vector(d, 0), vector(n, 0))
    case .miscWord: return line(name, vector(d, 2), vector(n, 2))
    case .miscFloat: return line(name, vector(d, floatSize), vector(n, floatSize) + zero(row.operation))
    case .scalarMisc: return line(name, scalar(d, size), scalar(n, size) + zero(row.operation))
    case .scalarMiscFloat, .oneSource: return line(name, scalar(d, floatSize), scalar(n, floatSize) + zero(row.operation))
    case .pairLong: return line(name, vector(d, size + 1, fields.lanes(size) / 2), vector(n, size))
    case .narrow: return line(name + second, vector(d, size), wide(n, size))
    case .scalarNarrow: return line(name, scalar(d, size), scalar(n, size + 1))
    case .shiftedLong: return line(name + second, wide(d, size), vector(n, size), "#\(8 << UInt32(size))")
    case .floatNarrow, .floatNarrowD: return line(name + second, vector(d, floatSize - 1), wide(n, floatSize - 1))
    case .floatLong: return line(name + second, wide(d, floatSize - 1), vector(n, floatSize - 1))
    case .scalarFloatNarrow: return line(name, scalar(d, 2), scalar(n, 3))
    case .across: return line(name, scalar(d, size), vector(n, size))
    case .acrossLong: return line(name, scalar(d, size + 1), vector(n, size))
    case .acrossFloat: return line(name, scalar(d, fields.isHalf ? 1 : 2), vector(n, fields.isHalf ? 1 : 2))
    case .scalarPair: return line(name, scalar(d, 3), vector(n, 3, 2))
    case .scalarPairFloat: return line(name, scalar(d, floatSize), vector(n, floatSize, 2))
    case .long, .longHS, .longB: return line(name + second, wide(d, size), vector(n, size), vector(m, size))
    case .wide: return line(name + second, wide(d, size), wide(n, size), vector(m, size))
    case .narrowHigh: return line(name + second, vector(d, size), wide(n, size), wide(m, size))
    case .scalarLong: return line(name, scalar(d, size + 1), scalar(n, size), scalar(m, size))
    case .dupElement, .dupGeneral, .insGeneral, .insElement, .signedMove, .unsignedMove, .scalarDup: return copy(row)
    case .immediate: return immediate(row, name)
    case .shiftRight, .shiftLeft, .shiftNarrow, .shiftLong, .shiftFixed, .scalarShiftRight, .scalarShiftLeft,
      .scalarShiftLeftD, .scalarShiftNarrow, .scalarShiftFixed:
      return shift(row, name)
    case .element, .elementLong, .scalarElement, .scalarElementLong: return byElement(row, name, size)
    case .elementFloat, .scalarElementFloat: return byElement(row, name, floatSize)
    case .extract: return line(name, vector(d, 0), vector(n, 0), vector(m, 0), imm(UInt64(bits(14, 11))))
    case .table: return line(name, vector(d, 0), list(n, UInt8(bits(14, 13)) + 1, ".16b"), vector(m, 0))
    case .precision, .compare, .compareZero, .floatImmediate, .conditionalCompare, .select, .threeSource, .toGeneral,
      .fromGeneral, .toGeneralFixed, .fromGeneralFixed, .moveToGeneral, .moveFromGeneral:
      return float(row, name)
    case .memoryUnsigned, .memoryUnscaled, .memoryRegister, .literal, .pair, .multiple, .multiplePost, .single, .singlePost:
      return memory(row)
    case .cipher, .threeWide, .fourWide, .rotated, .dot, .dotElement, .complexAdd, .complex, .complexElement, .javaScript:
      return extended(row, name)
    }
  }

  private func copy(_ row: VectorRow) -> String {
    let size = fields.copySize
    let number = UInt8(bits(20, 16) >> UInt32(size + 1))
    switch row.form {
    case .dupElement: return line("dup", vector(d, size), element(n, size, number))
    case .dupGeneral: return line("dup", vector(d, size), general(n, size == 3))
    case .scalarDup: return line("mov", scalar(d, size), element(n, size, number))
    case .insGeneral: return line("mov", element(d, size, number), general(n, size == 3))
    case .insElement: return line("mov", element(d, size, number), element(n, size, UInt8(bits(14, 11) >> UInt32(size))))
    case .signedMove: return line("smov", general(d, fields.isFull), element(n, size, number))
    default: return line(size >= 2 ? "mov" : "umov", general(d, fields.isFull), element(n, size, number))
    }
  }

  private func immediate(_ row: VectorRow, _ name: String) -> String {
    let cmode = bits(15, 12)
    let imm8 = fields.imm8
    switch cmode {
    case 0..<8:
      let shift = cmode >> 1 * 8
      return line(name, vector(d, 2), imm(imm8) + (shift == 0 ? "" : ", lsl #\(shift)"))
    case 8..<12: return line(name, vector(d, 1), imm(imm8) + (cmode & 2 == 0 ? "" : ", lsl #8"))
    case 12, 13: return line(name, vector(d, 2), imm(imm8) + ", msl #\(cmode == 12 ? 8 : 16)")
    case 14 where bit(29):
      let value = VectorDecoder.expandImmediate(op: 1, cmode: cmode, imm8: imm8)
      return line(name, fields.isFull ? vector(d, 3) : scalar(d, 3), padded(value))
    case 14: return line(name, vector(d, 0), imm(imm8))
    default: return line(name, vector(d, fields.isHalf ? 1 : bit(29) ? 3 : 2), decimal(imm8))
    }
  }

  private func shift(_ row: VectorRow, _ name: String) -> String? {
    guard let size = fields.shiftSize else { return nil }
    let second = fields.isFull ? "2" : ""
    let right = imm(fields.rightShift)
    switch row.form {
    case .shiftLeft: return line(name, vector(d, size), vector(n, size), imm(fields.leftShift))
    case .shiftLong: return line(name + second, wide(d, size), vector(n, size), imm(fields.leftShift))
    case .shiftNarrow: return line(name + second, vector(d, size), wide(n, size), right)
    case .shiftRight, .shiftFixed: return line(name, vector(d, size), vector(n, size), right)
    case .scalarShiftLeft, .scalarShiftLeftD: return line(name, scalar(d, size), scalar(n, size), imm(fields.leftShift))
    case .scalarShiftNarrow: return line(name, scalar(d, size), scalar(n, size + 1), right)
    default: return line(name, scalar(d, size), scalar(n, size), right)
    }
  }

  private func byElement(_ row: VectorRow, _ name: String, _ size: UInt8) -> String {
    let (register, number) = fields.element(size)
    let last = element(register, size, number)
    switch row.form {
    case .element, .elementFloat: return line(name, vector(d, size), vector(n, size), last)
    case .elementLong: return line(name + (fields.isFull ? "2" : ""), wide(d, size), vector(n, size), last)
    case .scalarElementLong: return line(name, scalar(d, size + 1), scalar(n, size), last)
    default: return line(name, scalar(d, size), scalar(n, size), last)
    }
  }

  private func float(_ row: VectorRow, _ name: String) -> String {
    let size = fields.floatSize
    let is64 = bit(31)
    switch row.form {
    case .precision:
      func format(_ code: UInt32) -> UInt8 { code == 3 ? 1 : UInt8(2 + code) }
      return line(name, scalar(d, format(bits(16, 15))), scalar(n, format(bits(23, 22))))
    case .compare: return line(name, scalar(n, size), scalar(m, size))
    case .compareZero: return line(name, scalar(n, size), "#0.0")
    case .conditionalCompare:
      return line(name, scalar(n, size), scalar(m, size), imm(UInt64(bits(3, 0))), condition)
    case .select: return line(name, scalar(d, size), scalar(n, size), scalar(m, size), condition)
    case .threeSource:
      return line(name, scalar(d, size), scalar(n, size), scalar(m, size), scalar(UInt8(bits(14, 10)), size))
    case .floatImmediate: return line(name, scalar(d, size), decimal(UInt64(bits(20, 13))))
    case .toGeneral: return line(name, general(d, is64), scalar(n, size))
    case .fromGeneral: return line(name, scalar(d, size), general(n, is64))
    case .toGeneralFixed: return line(name, general(d, is64), scalar(n, size), imm(UInt64(64 - bits(15, 10))))
    case .fromGeneralFixed: return line(name, scalar(d, size), general(n, is64), imm(UInt64(64 - bits(15, 10))))
    case .moveToGeneral: return line("fmov", general(d, is64), bit(23) && !fields.isHalf ? element(n, 3, 1) : scalar(n, size))
    default: return line("fmov", bit(23) && !fields.isHalf ? element(d, 3, 1) : scalar(d, size), general(n, is64))
    }
  }
}
