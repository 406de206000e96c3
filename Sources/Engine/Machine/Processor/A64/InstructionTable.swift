/// The A64 encodings (Arm ARM C4), one row each: the bits that are fixed, what it does, and how its fields are read.
///
/// A pattern has 32 places from bit 31 down; 0 and 1 are fixed, a letter is a field; spaces are for the eye.
package struct InstructionRow: Sendable {
  package let mask: UInt32
  package let value: UInt32
  let operation: A64Operation
  let form: A64Form
  /// What a processor needs beyond Armv8.0 to have it.
  package let feature: A64Features

  init(_ pattern: String, _ operation: A64Operation, _ form: A64Form, _ feature: A64Features = []) {
    (mask, value) = InstructionRow.fixedBits(pattern)
    self.operation = operation
    self.form = form
    self.feature = feature
  }

  /// The bits of a pattern that are fixed, and what they are.
  static func fixedBits(_ pattern: String) -> (mask: UInt32, value: UInt32) {
    var mask: UInt32 = 0
    var value: UInt32 = 0
    var count = 0
    for character in pattern.utf8 where character != 0x20 {
      mask = mask << 1 | (character == 0x30 || character == 0x31 ? 1 : 0)
      value = value << 1 | (character == 0x31 ? 1 : 0)
      count += 1
    }
    precondition(count == 32, "a pattern of \(count) places: \(pattern)")
    return (mask, value)
  }

  /// Whether it computes registers from registers and nothing else.
  package var isDataProcessing: Bool {
    switch form {
    case .addSubImmediate, .logicalImmediate, .moveWide, .bitfield, .extract, .logicalShifted, .addSubShifted, .addSubExtended,
      .threeRegister, .conditionalCompare, .conditionalCompareImmediate, .conditionalSelect, .twoSource, .crc, .oneSource,
      .fourRegister, .longMultiply, .highMultiply:
      true
    default: false
    }
  }
  /// Whether the disassembler has a name for all its words: not for FP and SIMD, nor for every system register there is.
  package var isNamed: Bool { form != .none && form != .system && form != .systemImmediate }
  package var isHighMultiply: Bool { form == .highMultiply }
  package var isCompare: Bool { form == .conditionalCompare || form == .conditionalCompareImmediate }
  /// Register 31 as its destination can be SP.
  package var canWriteSP: Bool { form == .addSubImmediate || form == .addSubExtended || form == .logicalImmediate }
}

/// What there is to know of a word without executing it.
package enum A64Words {
  /// Whether a processor has an instruction for it.
  package static func isAllocated(_ word: UInt32, _ model: ProcessorModel = .armv80) -> Bool {
    A64Decoder.decode(word, model.features).operation != .undefined
  }
}

/// How the fields of an encoding are read.
enum A64Form: Sendable {
  case pcRelative, addSubImmediate, logicalImmediate, moveWide, bitfield, extract
  case branch, conditional, compareBranch, testBranch, branchRegister, returnFromException
  case exceptionCall, hint, barrier, systemImmediate, system
  case logicalShifted, addSubShifted, addSubExtended, threeRegister, conditionalCompare, conditionalCompareImmediate
  case conditionalSelect, twoSource, crc, oneSource, fourRegister, longMultiply, highMultiply
  case memoryUnsigned, memoryUnscaled, memoryRegister, literal, pair, exclusive, exclusivePair, ordered
  case atomic, compareSwap, compareSwapPair, orderedUnscaled, rotateIntoFlags, evaluateIntoFlags
  case authenticate, strip, genericAuthenticate, branchAuthenticated, returnAuthenticated, loadAuthenticated
  case none
}

package enum InstructionTable {
  /// Those of Armv8.0; ``extensions`` has what came later.
  package static let rows: [InstructionRow] = [
    // Data processing, immediate (C4.1.92)
    .init("0ii10000 iiiiiiii iiiiiiii iiiddddd", .adr, .pcRelative),
    .init("1ii10000 iiiiiiii iiiiiiii iiiddddd", .adrp, .pcRelative),
    .init("s0010001 0hiiiiii iiiiiinn nnnddddd", .addImmediate, .addSubImmediate),
    .init("s0110001 0hiiiiii iiiiiinn nnnddddd", .addsImmediate, .addSubImmediate),
    .init("s1010001 0hiiiiii iiiiiinn nnnddddd", .subImmediate, .addSubImmediate),
    .init("s1110001 0hiiiiii iiiiiinn nnnddddd", .subsImmediate, .addSubImmediate),
    .init("s0010010 0Nrrrrrr ssssssnn nnnddddd", .andImmediate, .logicalImmediate),
    .init("s0110010 0Nrrrrrr ssssssnn nnnddddd", .orrImmediate, .logicalImmediate),
    .init("s1010010 0Nrrrrrr ssssssnn nnnddddd", .eorImmediate, .logicalImmediate),
    .init("s1110010 0Nrrrrrr ssssssnn nnnddddd", .andsImmediate, .logicalImmediate),
    .init("s0010010 1wwiiiii iiiiiiii iiiddddd", .movn, .moveWide),
    .init("s1010010 1wwiiiii iiiiiiii iiiddddd", .movz, .moveWide),
    .init("s1110010 1wwiiiii iiiiiiii iiiddddd", .movk, .moveWide),
    .init("s0010011 0Nrrrrrr ssssssnn nnnddddd", .sbfm, .bitfield),
    .init("s0110011 0Nrrrrrr ssssssnn nnnddddd", .bfm, .bitfield),
    .init("s1010011 0Nrrrrrr ssssssnn nnnddddd", .ubfm, .bitfield),
    .init("s0010011 1N0mmmmm ssssssnn nnnddddd", .extr, .extract),
    // Branches, exceptions, system (C4.1.93)
    .init("000101ii iiiiiiii iiiiiiii iiiiiiii", .b, .branch),
    .init("100101ii iiiiiiii iiiiiiii iiiiiiii", .bl, .branch),
    .init("01010100 iiiiiiii iiiiiiii iii0cccc", .bCond, .conditional),
    .init("s0110100 iiiiiiii iiiiiiii iiittttt", .cbz, .compareBranch),
    .init("s0110101 iiiiiiii iiiiiiii iiittttt", .cbnz, .compareBranch),
    .init("b0110110 bbbbbiii iiiiiiii iiittttt", .tbz, .testBranch),
    .init("b0110111 bbbbbiii iiiiiiii iiittttt", .tbnz, .testBranch),
    .init("11010110 00011111 000000nn nnn00000", .br, .branchRegister),
    .init("11010110 00111111 000000nn nnn00000", .blr, .branchRegister),
    .init("11010110 01011111 000000nn nnn00000", .ret, .branchRegister),
    .init("11010110 10011111 00000011 11100000", .eret, .returnFromException),
    .init("11010100 000iiiii iiiiiiii iii00001", .svc, .exceptionCall),
    .init("11010100 000iiiii iiiiiiii iii00010", .hvc, .exceptionCall),
    .init("11010100 000iiiii iiiiiiii iii00011", .smc, .exceptionCall),
    .init("11010100 001iiiii iiiiiiii iii00000", .brk, .exceptionCall),
    .init("11010100 010iiiii iiiiiiii iii00000", .hlt, .exceptionCall),
    .init("11010101 00000011 0010iiii iii11111", .hint, .hint),
    .init("11010101 00000011 0011iiii 01011111", .clrex, .barrier),
    .init("11010101 00000011 0011iiii 10011111", .barrier, .barrier),
    .init("11010101 00000011 0011iiii 10111111", .barrier, .barrier),
    .init("11010101 00000011 0011iiii 11011111", .barrier, .barrier),
    .init("11010101 00000ppp 0100iiii qqq11111", .msrImmediate, .systemImmediate),
    .init("11010101 00001ppp kkkkmmmm qqqttttt", .sys, .system),
    .init("11010101 00101ppp kkkkmmmm qqqttttt", .sysl, .system),
    .init("11010101 0001oppp kkkkmmmm qqqttttt", .msr, .system),
    .init("11010101 0011oppp kkkkmmmm qqqttttt", .mrs, .system),
    // Data processing, register (C4.1.95)
    .init("s0001010 hh0mmmmm iiiiiinn nnnddddd", .and, .logicalShifted),
    .init("s0001010 hh1mmmmm iiiiiinn nnnddddd", .bic, .logicalShifted),
    .init("s0101010 hh0mmmmm iiiiiinn nnnddddd", .orr, .logicalShifted),
    .init("s0101010 hh1mmmmm iiiiiinn nnnddddd", .orn, .logicalShifted),
    .init("s1001010 hh0mmmmm iiiiiinn nnnddddd", .eor, .logicalShifted),
    .init("s1001010 hh1mmmmm iiiiiinn nnnddddd", .eon, .logicalShifted),
    .init("s1101010 hh0mmmmm iiiiiinn nnnddddd", .ands, .logicalShifted),
    .init("s1101010 hh1mmmmm iiiiiinn nnnddddd", .bics, .logicalShifted),
    .init("s0001011 hh0mmmmm iiiiiinn nnnddddd", .add, .addSubShifted),
    .init("s0101011 hh0mmmmm iiiiiinn nnnddddd", .adds, .addSubShifted),
    .init("s1001011 hh0mmmmm iiiiiinn nnnddddd", .sub, .addSubShifted),
    .init("s1101011 hh0mmmmm iiiiiinn nnnddddd", .subs, .addSubShifted),
    .init("s0001011 001mmmmm oooiiinn nnnddddd", .addExtended, .addSubExtended),
    .init("s0101011 001mmmmm oooiiinn nnnddddd", .addsExtended, .addSubExtended),
    .init("s1001011 001mmmmm oooiiinn nnnddddd", .subExtended, .addSubExtended),
    .init("s1101011 001mmmmm oooiiinn nnnddddd", .subsExtended, .addSubExtended),
    .init("s0011010 000mmmmm 000000nn nnnddddd", .adc, .threeRegister),
    .init("s0111010 000mmmmm 000000nn nnnddddd", .adcs, .threeRegister),
    .init("s1011010 000mmmmm 000000nn nnnddddd", .sbc, .threeRegister),
    .init("s1111010 000mmmmm 000000nn nnnddddd", .sbcs, .threeRegister),
    .init("s0111010 010mmmmm cccc00nn nnn0ffff", .ccmn, .conditionalCompare),
    .init("s1111010 010mmmmm cccc00nn nnn0ffff", .ccmp, .conditionalCompare),
    .init("s0111010 010iiiii cccc10nn nnn0ffff", .ccmnImmediate, .conditionalCompareImmediate),
    .init("s1111010 010iiiii cccc10nn nnn0ffff", .ccmpImmediate, .conditionalCompareImmediate),
    .init("s0011010 100mmmmm cccc00nn nnnddddd", .csel, .conditionalSelect),
    .init("s0011010 100mmmmm cccc01nn nnnddddd", .csinc, .conditionalSelect),
    .init("s1011010 100mmmmm cccc00nn nnnddddd", .csinv, .conditionalSelect),
    .init("s1011010 100mmmmm cccc01nn nnnddddd", .csneg, .conditionalSelect),
    .init("s0011010 110mmmmm 000010nn nnnddddd", .udiv, .twoSource),
    .init("s0011010 110mmmmm 000011nn nnnddddd", .sdiv, .twoSource),
    .init("s0011010 110mmmmm 001000nn nnnddddd", .lslv, .twoSource),
    .init("s0011010 110mmmmm 001001nn nnnddddd", .lsrv, .twoSource),
    .init("s0011010 110mmmmm 001010nn nnnddddd", .asrv, .twoSource),
    .init("s0011010 110mmmmm 001011nn nnnddddd", .rorv, .twoSource),
    .init("s0011010 110mmmmm 0100zznn nnnddddd", .crc32, .crc),
    .init("s0011010 110mmmmm 0101zznn nnnddddd", .crc32c, .crc),
    .init("s1011010 11000000 000000nn nnnddddd", .rbit, .oneSource),
    .init("s1011010 11000000 000001nn nnnddddd", .rev16, .oneSource),
    .init("s1011010 11000000 000010nn nnnddddd", .rev32, .oneSource),
    .init("11011010 11000000 000011nn nnnddddd", .rev64, .oneSource),
    .init("s1011010 11000000 000100nn nnnddddd", .clz, .oneSource),
    .init("s1011010 11000000 000101nn nnnddddd", .cls, .oneSource),
    .init("s0011011 000mmmmm 0aaaaann nnnddddd", .madd, .fourRegister),
    .init("s0011011 000mmmmm 1aaaaann nnnddddd", .msub, .fourRegister),
    .init("10011011 001mmmmm 0aaaaann nnnddddd", .smaddl, .longMultiply),
    .init("10011011 001mmmmm 1aaaaann nnnddddd", .smsubl, .longMultiply),
    .init("10011011 101mmmmm 0aaaaann nnnddddd", .umaddl, .longMultiply),
    .init("10011011 101mmmmm 1aaaaann nnnddddd", .umsubl, .longMultiply),
    .init("10011011 010mmmmm 0aaaaann nnnddddd", .smulh, .highMultiply),
    .init("10011011 110mmmmm 0aaaaann nnnddddd", .umulh, .highMultiply),
    // Loads and stores (C4.1.94)
    .init("zz111001 oovvvvvv vvvvvvnn nnnttttt", .load, .memoryUnsigned),
    .init("zz111000 oo0iiiii iiiimmnn nnnttttt", .load, .memoryUnscaled),
    .init("zz111000 oo1mmmmm eeeS10nn nnnttttt", .loadRegister, .memoryRegister),
    .init("oo011000 iiiiiiii iiiiiiii iiittttt", .loadLiteral, .literal),
    .init("oo10100m mLiiiiii iuuuuunn nnnttttt", .loadPair, .pair),
    .init("zz001000 010sssss Ouuuuunn nnnttttt", .loadExclusive, .exclusive),
    .init("zz001000 000sssss Ouuuuunn nnnttttt", .storeExclusive, .exclusive),
    .init("1z001000 011sssss Ouuuuunn nnnttttt", .loadExclusivePair, .exclusivePair),
    .init("1z001000 001sssss Ouuuuunn nnnttttt", .storeExclusivePair, .exclusivePair),
    .init("zz001000 110sssss 1uuuuunn nnnttttt", .loadAcquire, .ordered),
    .init("zz001000 100sssss 1uuuuunn nnnttttt", .storeRelease, .ordered),
    // Floating point and SIMD: data processing, then loads and stores
    .init("xxxx111x xxxxxxxx xxxxxxxx xxxxxxxx", .floatingPoint, .none),
    .init("xxxx110x xxxxxxxx xxxxxxxx xxxxxxxx", .floatingPoint, .none),
  ]

  /// Rows by bits 28:25, in the order of the table.
  private static let groups: [[InstructionRow]] = (0..<16).map { group in
    (rows + extensions).filter { row in
      let mask = row.mask >> 25 & 0xF
      return UInt32(group) & mask == row.value >> 25 & mask
    }
  }

  /// The row of a word; nil where nothing is allocated.
  static func row(_ word: UInt32, _ features: A64Features) -> InstructionRow? {
    groups[Int(word >> 25 & 0xF)].first { word & $0.mask == $0.value && features.isSuperset(of: $0.feature) }
  }
}
