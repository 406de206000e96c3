/// The FP and AdvSIMD encodings (Arm ARM C4.1.96), one row each, as in ``InstructionTable``.
package struct VectorRow: Sendable {
  package let mask: UInt32
  package let value: UInt32
  let operation: VectorOperation
  let form: VectorForm
  /// What a processor needs beyond Armv8.0 to have it.
  package let feature: A64Features

  init(_ pattern: String, _ operation: VectorOperation, _ form: VectorForm, _ feature: A64Features = []) {
    (mask, value) = InstructionRow.fixedBits(pattern)
    self.operation = operation
    self.form = form
    self.feature = feature
  }

  /// Whether it loads or stores.
  package var isTransfer: Bool {
    switch form {
    case .memoryUnsigned, .memoryUnscaled, .memoryRegister, .literal, .pair, .multiple, .multiplePost, .single, .singlePost: true
    default: false
    }
  }
  /// Whether its result goes to a general register.
  package var writesGeneral: Bool {
    switch form {
    case .signedMove, .unsignedMove, .toGeneral, .toGeneralFixed, .moveToGeneral, .javaScript: true
    default: false
    }
  }
}

/// What there is to know of a word without executing it.
package enum VectorWords {
  /// Whether a processor has an instruction for it.
  package static func isAllocated(_ word: UInt32, _ model: ProcessorModel = .armv80) -> Bool {
    VectorDecoder.isAllocated(word, model.features)
  }
}

/// How the fields of an encoding are read. Letters at the end name the element sizes that exist, by default all of them.
enum VectorForm: Sendable {
  case same, sameBHS, sameHS, sameBytes, sameFloat, scalarSame, scalarSameHS, scalarSameFloat
  case misc, miscBHS, miscBytes, miscWord, miscFloat, scalarMisc, scalarMiscFloat
  case pairLong, narrow, scalarNarrow, shiftedLong, floatNarrow, floatNarrowD, floatLong, scalarFloatNarrow
  case across, acrossLong, acrossFloat, scalarPair, scalarPairFloat
  case long, longHS, longB, wide, narrowHigh, scalarLong
  case dupElement, dupGeneral, insGeneral, insElement, signedMove, unsignedMove, scalarDup, immediate
  case shiftRight, shiftLeft, shiftNarrow, shiftLong, shiftFixed
  case scalarShiftRight, scalarShiftLeft, scalarShiftLeftD, scalarShiftNarrow, scalarShiftFixed
  case element, elementLong, elementFloat, scalarElement, scalarElementLong, scalarElementFloat
  case permute, extract, table
  case oneSource, precision, compare, compareZero, floatImmediate, conditionalCompare, twoSource, select, threeSource
  case toGeneral, fromGeneral, toGeneralFixed, fromGeneralFixed, moveToGeneral, moveFromGeneral
  case memoryUnsigned, memoryUnscaled, memoryRegister, literal, pair, multiple, multiplePost, single, singlePost
  // After Armv8.0: whole registers, sums of four products, complex numbers, FJCVTZS.
  case cipher, threeWide, fourWide, rotated, dot, dotElement, complexAdd, complex, complexElement, javaScript
}

package enum VectorTable {
  /// Those of Armv8.0; ``extensions`` has what came later.
  package static let rows = threeRegisters + twoRegisters + shifts + floatingPoint + loadsAndStores

  /// Bits 28:24 and 12:10.
  private static func group(_ word: UInt32) -> Int { Int(word >> 21 & 0xF8 | word >> 10 & 7) }

  private static let groups: [[VectorRow]] = (0..<256).map { number in
    let word = (UInt32(number) >> 3) << 24 | (UInt32(number) & 7) << 10
    // Some extensions have what is reserved in a row of Armv8.0.
    return (extensions + rows).filter { word & $0.mask & 0x1F00_1C00 == $0.value & 0x1F00_1C00 }
  }

  /// The row of a word; nil where nothing is allocated.
  static func row(_ word: UInt32, _ features: A64Features) -> VectorRow? {
    groups[group(word)].first { word & $0.mask == $0.value && features.isSuperset(of: $0.feature) }
  }

  private static let threeRegisters: [VectorRow] = [
    // Three same
    .init("0Q001110 zz1mmmmm 000001nn nnnddddd", .shadd, .sameBHS),
    .init("0Q001110 zz1mmmmm 000011nn nnnddddd", .sqadd, .same),
    .init("0Q001110 zz1mmmmm 000101nn nnnddddd", .srhadd, .sameBHS),
    .init("0Q001110 001mmmmm 000111nn nnnddddd", .and, .sameBytes),
    .init("0Q001110 011mmmmm 000111nn nnnddddd", .bic, .sameBytes),
    .init("0Q001110 101mmmmm 000111nn nnnddddd", .orr, .sameBytes),
    .init("0Q001110 111mmmmm 000111nn nnnddddd", .orn, .sameBytes),
    .init("0Q001110 zz1mmmmm 001001nn nnnddddd", .shsub, .sameBHS),
    .init("0Q001110 zz1mmmmm 001011nn nnnddddd", .sqsub, .same),
    .init("0Q001110 zz1mmmmm 001101nn nnnddddd", .cmgt, .same),
    .init("0Q001110 zz1mmmmm 001111nn nnnddddd", .cmge, .same),
    .init("0Q001110 zz1mmmmm 010001nn nnnddddd", .sshl, .same),
    .init("0Q001110 zz1mmmmm 010011nn nnnddddd", .sqshl, .same),
    .init("0Q001110 zz1mmmmm 010101nn nnnddddd", .srshl, .same),
    .init("0Q001110 zz1mmmmm 010111nn nnnddddd", .sqrshl, .same),
    .init("0Q001110 zz1mmmmm 011001nn nnnddddd", .smax, .sameBHS),
    .init("0Q001110 zz1mmmmm 011011nn nnnddddd", .smin, .sameBHS),
    .init("0Q001110 zz1mmmmm 011101nn nnnddddd", .sabd, .sameBHS),
    .init("0Q001110 zz1mmmmm 011111nn nnnddddd", .saba, .sameBHS),
    .init("0Q001110 zz1mmmmm 100001nn nnnddddd", .add, .same),
    .init("0Q001110 zz1mmmmm 100011nn nnnddddd", .cmtst, .same),
    .init("0Q001110 zz1mmmmm 100101nn nnnddddd", .mla, .sameBHS),
    .init("0Q001110 zz1mmmmm 100111nn nnnddddd", .mul, .sameBHS),
    .init("0Q001110 zz1mmmmm 101001nn nnnddddd", .smaxp, .sameBHS),
    .init("0Q001110 zz1mmmmm 101011nn nnnddddd", .sminp, .sameBHS),
    .init("0Q001110 zz1mmmmm 101101nn nnnddddd", .sqdmulh, .sameHS),
    .init("0Q001110 zz1mmmmm 101111nn nnnddddd", .addp, .same),
    .init("0Q001110 0z1mmmmm 110001nn nnnddddd", .fmaxnm, .sameFloat),
    .init("0Q001110 1z1mmmmm 110001nn nnnddddd", .fminnm, .sameFloat),
    .init("0Q001110 0z1mmmmm 110011nn nnnddddd", .fmla, .sameFloat),
    .init("0Q001110 1z1mmmmm 110011nn nnnddddd", .fmls, .sameFloat),
    .init("0Q001110 0z1mmmmm 110101nn nnnddddd", .fadd, .sameFloat),
    .init("0Q001110 1z1mmmmm 110101nn nnnddddd", .fsub, .sameFloat),
    .init("0Q001110 0z1mmmmm 110111nn nnnddddd", .fmulx, .sameFloat),
    .init("0Q001110 0z1mmmmm 111001nn nnnddddd", .fcmeq, .sameFloat),
    .init("0Q001110 0z1mmmmm 111101nn nnnddddd", .fmax, .sameFloat),
    .init("0Q001110 1z1mmmmm 111101nn nnnddddd", .fmin, .sameFloat),
    .init("0Q001110 0z1mmmmm 111111nn nnnddddd", .frecps, .sameFloat),
    .init("0Q001110 1z1mmmmm 111111nn nnnddddd", .frsqrts, .sameFloat),
    .init("0Q101110 zz1mmmmm 000001nn nnnddddd", .uhadd, .sameBHS),
    .init("0Q101110 zz1mmmmm 000011nn nnnddddd", .uqadd, .same),
    .init("0Q101110 zz1mmmmm 000101nn nnnddddd", .urhadd, .sameBHS),
    .init("0Q101110 001mmmmm 000111nn nnnddddd", .eor, .sameBytes),
    .init("0Q101110 011mmmmm 000111nn nnnddddd", .bsl, .sameBytes),
    .init("0Q101110 101mmmmm 000111nn nnnddddd", .bit, .sameBytes),
    .init("0Q101110 111mmmmm 000111nn nnnddddd", .bif, .sameBytes),
    .init("0Q101110 zz1mmmmm 001001nn nnnddddd", .uhsub, .sameBHS),
    .init("0Q101110 zz1mmmmm 001011nn nnnddddd", .uqsub, .same),
    .init("0Q101110 zz1mmmmm 001101nn nnnddddd", .cmhi, .same),
    .init("0Q101110 zz1mmmmm 001111nn nnnddddd", .cmhs, .same),
    .init("0Q101110 zz1mmmmm 010001nn nnnddddd", .ushl, .same),
    .init("0Q101110 zz1mmmmm 010011nn nnnddddd", .uqshl, .same),
    .init("0Q101110 zz1mmmmm 010101nn nnnddddd", .urshl, .same),
    .init("0Q101110 zz1mmmmm 010111nn nnnddddd", .uqrshl, .same),
    .init("0Q101110 zz1mmmmm 011001nn nnnddddd", .umax, .sameBHS),
    .init("0Q101110 zz1mmmmm 011011nn nnnddddd", .umin, .sameBHS),
    .init("0Q101110 zz1mmmmm 011101nn nnnddddd", .uabd, .sameBHS),
    .init("0Q101110 zz1mmmmm 011111nn nnnddddd", .uaba, .sameBHS),
    .init("0Q101110 zz1mmmmm 100001nn nnnddddd", .sub, .same),
    .init("0Q101110 zz1mmmmm 100011nn nnnddddd", .cmeq, .same),
    .init("0Q101110 zz1mmmmm 100101nn nnnddddd", .mls, .sameBHS),
    .init("0Q101110 001mmmmm 100111nn nnnddddd", .pmul, .same),
    .init("0Q101110 zz1mmmmm 101001nn nnnddddd", .umaxp, .sameBHS),
    .init("0Q101110 zz1mmmmm 101011nn nnnddddd", .uminp, .sameBHS),
    .init("0Q101110 zz1mmmmm 101101nn nnnddddd", .sqrdmulh, .sameHS),
    .init("0Q101110 0z1mmmmm 110001nn nnnddddd", .fmaxnmp, .sameFloat),
    .init("0Q101110 1z1mmmmm 110001nn nnnddddd", .fminnmp, .sameFloat),
    .init("0Q101110 0z1mmmmm 110101nn nnnddddd", .faddp, .sameFloat),
    .init("0Q101110 1z1mmmmm 110101nn nnnddddd", .fabd, .sameFloat),
    .init("0Q101110 0z1mmmmm 110111nn nnnddddd", .fmul, .sameFloat),
    .init("0Q101110 0z1mmmmm 111001nn nnnddddd", .fcmge, .sameFloat),
    .init("0Q101110 1z1mmmmm 111001nn nnnddddd", .fcmgt, .sameFloat),
    .init("0Q101110 0z1mmmmm 111011nn nnnddddd", .facge, .sameFloat),
    .init("0Q101110 1z1mmmmm 111011nn nnnddddd", .facgt, .sameFloat),
    .init("0Q101110 0z1mmmmm 111101nn nnnddddd", .fmaxp, .sameFloat),
    .init("0Q101110 1z1mmmmm 111101nn nnnddddd", .fminp, .sameFloat),
    .init("0Q101110 0z1mmmmm 111111nn nnnddddd", .fdiv, .sameFloat),
    // Scalar three same
    .init("01011110 zz1mmmmm 000011nn nnnddddd", .sqadd, .scalarSame),
    .init("01011110 zz1mmmmm 001011nn nnnddddd", .sqsub, .scalarSame),
    .init("01011110 111mmmmm 001101nn nnnddddd", .cmgt, .scalarSame),
    .init("01011110 111mmmmm 001111nn nnnddddd", .cmge, .scalarSame),
    .init("01011110 111mmmmm 010001nn nnnddddd", .sshl, .scalarSame),
    .init("01011110 zz1mmmmm 010011nn nnnddddd", .sqshl, .scalarSame),
    .init("01011110 111mmmmm 010101nn nnnddddd", .srshl, .scalarSame),
    .init("01011110 zz1mmmmm 010111nn nnnddddd", .sqrshl, .scalarSame),
    .init("01011110 111mmmmm 100001nn nnnddddd", .add, .scalarSame),
    .init("01011110 111mmmmm 100011nn nnnddddd", .cmtst, .scalarSame),
    .init("01011110 zz1mmmmm 101101nn nnnddddd", .sqdmulh, .scalarSameHS),
    .init("01011110 0z1mmmmm 110111nn nnnddddd", .fmulx, .scalarSameFloat),
    .init("01011110 0z1mmmmm 111001nn nnnddddd", .fcmeq, .scalarSameFloat),
    .init("01011110 0z1mmmmm 111111nn nnnddddd", .frecps, .scalarSameFloat),
    .init("01011110 1z1mmmmm 111111nn nnnddddd", .frsqrts, .scalarSameFloat),
    .init("01111110 zz1mmmmm 000011nn nnnddddd", .uqadd, .scalarSame),
    .init("01111110 zz1mmmmm 001011nn nnnddddd", .uqsub, .scalarSame),
    .init("01111110 111mmmmm 001101nn nnnddddd", .cmhi, .scalarSame),
    .init("01111110 111mmmmm 001111nn nnnddddd", .cmhs, .scalarSame),
    .init("01111110 111mmmmm 010001nn nnnddddd", .ushl, .scalarSame),
    .init("01111110 zz1mmmmm 010011nn nnnddddd", .uqshl, .scalarSame),
    .init("01111110 111mmmmm 010101nn nnnddddd", .urshl, .scalarSame),
    .init("01111110 zz1mmmmm 010111nn nnnddddd", .uqrshl, .scalarSame),
    .init("01111110 111mmmmm 100001nn nnnddddd", .sub, .scalarSame),
    .init("01111110 111mmmmm 100011nn nnnddddd", .cmeq, .scalarSame),
    .init("01111110 zz1mmmmm 101101nn nnnddddd", .sqrdmulh, .scalarSameHS),
    .init("01111110 1z1mmmmm 110101nn nnnddddd", .fabd, .scalarSameFloat),
    .init("01111110 0z1mmmmm 111001nn nnnddddd", .fcmge, .scalarSameFloat),
    .init("01111110 1z1mmmmm 111001nn nnnddddd", .fcmgt, .scalarSameFloat),
    .init("01111110 0z1mmmmm 111011nn nnnddddd", .facge, .scalarSameFloat),
    .init("01111110 1z1mmmmm 111011nn nnnddddd", .facgt, .scalarSameFloat),
    // Three different
    .init("0Q001110 zz1mmmmm 000000nn nnnddddd", .saddl, .long),
    .init("0Q001110 zz1mmmmm 000100nn nnnddddd", .saddw, .wide),
    .init("0Q001110 zz1mmmmm 001000nn nnnddddd", .ssubl, .long),
    .init("0Q001110 zz1mmmmm 001100nn nnnddddd", .ssubw, .wide),
    .init("0Q001110 zz1mmmmm 010000nn nnnddddd", .addhn, .narrowHigh),
    .init("0Q001110 zz1mmmmm 010100nn nnnddddd", .sabal, .long),
    .init("0Q001110 zz1mmmmm 011000nn nnnddddd", .subhn, .narrowHigh),
    .init("0Q001110 zz1mmmmm 011100nn nnnddddd", .sabdl, .long),
    .init("0Q001110 zz1mmmmm 100000nn nnnddddd", .smlal, .long),
    .init("0Q001110 zz1mmmmm 100100nn nnnddddd", .sqdmlal, .longHS),
    .init("0Q001110 zz1mmmmm 101000nn nnnddddd", .smlsl, .long),
    .init("0Q001110 zz1mmmmm 101100nn nnnddddd", .sqdmlsl, .longHS),
    .init("0Q001110 zz1mmmmm 110000nn nnnddddd", .smull, .long),
    .init("0Q001110 zz1mmmmm 110100nn nnnddddd", .sqdmull, .longHS),
    .init("0Q001110 zz1mmmmm 111000nn nnnddddd", .pmull, .longB),
    .init("0Q101110 zz1mmmmm 000000nn nnnddddd", .uaddl, .long),
    .init("0Q101110 zz1mmmmm 000100nn nnnddddd", .uaddw, .wide),
    .init("0Q101110 zz1mmmmm 001000nn nnnddddd", .usubl, .long),
    .init("0Q101110 zz1mmmmm 001100nn nnnddddd", .usubw, .wide),
    .init("0Q101110 zz1mmmmm 010000nn nnnddddd", .raddhn, .narrowHigh),
    .init("0Q101110 zz1mmmmm 010100nn nnnddddd", .uabal, .long),
    .init("0Q101110 zz1mmmmm 011000nn nnnddddd", .rsubhn, .narrowHigh),
    .init("0Q101110 zz1mmmmm 011100nn nnnddddd", .uabdl, .long),
    .init("0Q101110 zz1mmmmm 100000nn nnnddddd", .umlal, .long),
    .init("0Q101110 zz1mmmmm 101000nn nnnddddd", .umlsl, .long),
    .init("0Q101110 zz1mmmmm 110000nn nnnddddd", .umull, .long),
    .init("01011110 zz1mmmmm 100100nn nnnddddd", .sqdmlal, .scalarLong),
    .init("01011110 zz1mmmmm 101100nn nnnddddd", .sqdmlsl, .scalarLong),
    .init("01011110 zz1mmmmm 110100nn nnnddddd", .sqdmull, .scalarLong),
    // By element
    .init("0Q001111 zzLMmmmm 0010H0nn nnnddddd", .smlal, .elementLong),
    .init("0Q001111 zzLMmmmm 0011H0nn nnnddddd", .sqdmlal, .elementLong),
    .init("0Q001111 zzLMmmmm 0110H0nn nnnddddd", .smlsl, .elementLong),
    .init("0Q001111 zzLMmmmm 0111H0nn nnnddddd", .sqdmlsl, .elementLong),
    .init("0Q001111 zzLMmmmm 1000H0nn nnnddddd", .mul, .element),
    .init("0Q001111 zzLMmmmm 1010H0nn nnnddddd", .smull, .elementLong),
    .init("0Q001111 zzLMmmmm 1011H0nn nnnddddd", .sqdmull, .elementLong),
    .init("0Q001111 zzLMmmmm 1100H0nn nnnddddd", .sqdmulh, .element),
    .init("0Q001111 zzLMmmmm 1101H0nn nnnddddd", .sqrdmulh, .element),
    .init("0Q001111 1zLMmmmm 0001H0nn nnnddddd", .fmla, .elementFloat),
    .init("0Q001111 1zLMmmmm 0101H0nn nnnddddd", .fmls, .elementFloat),
    .init("0Q001111 1zLMmmmm 1001H0nn nnnddddd", .fmul, .elementFloat),
    .init("0Q101111 zzLMmmmm 0000H0nn nnnddddd", .mla, .element),
    .init("0Q101111 zzLMmmmm 0010H0nn nnnddddd", .umlal, .elementLong),
    .init("0Q101111 zzLMmmmm 0100H0nn nnnddddd", .mls, .element),
    .init("0Q101111 zzLMmmmm 0110H0nn nnnddddd", .umlsl, .elementLong),
    .init("0Q101111 1zLMmmmm 1001H0nn nnnddddd", .fmulx, .elementFloat),
    .init("0Q101111 zzLMmmmm 1010H0nn nnnddddd", .umull, .elementLong),
    .init("01011111 zzLMmmmm 0011H0nn nnnddddd", .sqdmlal, .scalarElementLong),
    .init("01011111 zzLMmmmm 0111H0nn nnnddddd", .sqdmlsl, .scalarElementLong),
    .init("01011111 zzLMmmmm 1011H0nn nnnddddd", .sqdmull, .scalarElementLong),
    .init("01011111 zzLMmmmm 1100H0nn nnnddddd", .sqdmulh, .scalarElement),
    .init("01011111 zzLMmmmm 1101H0nn nnnddddd", .sqrdmulh, .scalarElement),
    .init("01011111 1zLMmmmm 0001H0nn nnnddddd", .fmla, .scalarElementFloat),
    .init("01011111 1zLMmmmm 0101H0nn nnnddddd", .fmls, .scalarElementFloat),
    .init("01011111 1zLMmmmm 1001H0nn nnnddddd", .fmul, .scalarElementFloat),
    .init("01111111 1zLMmmmm 1001H0nn nnnddddd", .fmulx, .scalarElementFloat),
    // Permute, extract, table
    .init("0Q001110 zz0mmmmm 000110nn nnnddddd", .uzp1, .permute),
    .init("0Q001110 zz0mmmmm 001010nn nnnddddd", .trn1, .permute),
    .init("0Q001110 zz0mmmmm 001110nn nnnddddd", .zip1, .permute),
    .init("0Q001110 zz0mmmmm 010110nn nnnddddd", .uzp2, .permute),
    .init("0Q001110 zz0mmmmm 011010nn nnnddddd", .trn2, .permute),
    .init("0Q001110 zz0mmmmm 011110nn nnnddddd", .zip2, .permute),
    .init("0Q101110 000mmmmm 0iiii0nn nnnddddd", .ext, .extract),
    .init("0Q001110 000mmmmm 0ll000nn nnnddddd", .tbl, .table),
    .init("0Q001110 000mmmmm 0ll100nn nnnddddd", .tbx, .table),
  ]
}
