import Engine

/// Random instructions of what came after Armv8.0, by groups, at EL1 with the MMU off. What a sequence leaves was computed by
/// qemu-system-aarch64 and is kept in a fixture. Registers are stored every few instructions, so that nothing that is wrong is lost.
struct ExtensionSequence {
  enum Group: String, CaseIterable, Sendable {
    case lse, lrcpc, flagm, state, pauth, rdm, dot, fcma, jscvt, aes, sha1, sha2, sha3, fp16

    fileprivate var feature: A64Features? {
      switch self {
      case .lse: .lse
      case .lrcpc: .lrcpc
      case .flagm: .flagm
      case .pauth: .pauth
      case .rdm: .rdm
      case .dot: .dotProduct
      case .fcma: .fcma
      case .jscvt: .jscvt
      case .aes: .aes
      case .sha1: .sha1
      case .sha2: .sha2
      case .sha3: .sha3
      case .fp16: .fp16
      case .state: nil
      }
    }
  }

  /// Instructions of the group.
  static let count = 50_000
  static let constantCount = 128
  /// 4096 bytes to work on, then what is stored on the way, then the registers at the end.
  static let stateBytes = 256 * 1024

  let group: Group
  private(set) var words: [UInt32] = []
  private var random: SplitMix
  private var made = 0

  init(_ group: Group) {
    self.group = group
    random = SplitMix(seed: 0x8_5000 + UInt64(Group.allCases.firstIndex(of: group) ?? 0))
    prepare()
    let rows = InstructionTable.extensions.filter { $0.feature == group.feature }
    let vectors = VectorTable.extensions.filter { $0.feature == group.feature }
    var stored = 0
    while made < Self.count {
      if random.below(8) == 0 { refresh(!vectors.isEmpty) }
      if group == .state {
        state()
      } else if !vectors.isEmpty {
        vector(vectors[random.below(vectors.count)])
      } else {
        integer(rows[random.below(rows.count)])
      }
      if made >= stored + 12 {
        stored = made
        store(!vectors.isEmpty)
      }
    }
    finish()
  }

  // MARK: Building blocks

  private mutating func bits(_ count: UInt32) -> UInt32 { UInt32(truncatingIfNeeded: random.next()) & ((1 << count) - 1) }
  /// X0 to X25, or 31.
  private mutating func register() -> UInt32 { random.below(16) == 0 ? 31 : UInt32(random.below(26)) }

  private mutating func move(_ register: UInt32, _ value: UInt64) {
    for n in 0..<4 as Range<UInt32> {
      words.append((n == 0 ? 0xD280_0000 : 0xF280_0000) | n << 21 | UInt32(value >> UInt64(16 * n) & 0xFFFF) << 5 | register)
    }
  }

  private mutating func constant() -> UInt64 {
    switch random.below(6) {
    case 0: return random.next()
    case 1: return random.next() & 0xFF
    case 2: return (0..<4).reduce(0) { sum, _ in sum << 16 | half() }
    case 3: return (0..<2).reduce(0) { sum, _ in sum << 32 | single() }
    case 4: return double()
    default: return random.below(2) == 0 ? 0 : ~0
    }
  }

  private mutating func float(_ fraction: UInt64, _ exponentBits: UInt64) -> UInt64 {
    let top: UInt64 = 1 << exponentBits - 1
    let mask: UInt64 = 1 << fraction - 1
    let bits = random.next() & mask
    let fractions = [0, mask, 1, bits, bits, bits, 1 << (fraction - 1), bits & mask << (fraction / 2)]
    let near = UInt64(random.below(7))
    let exponents = [0, top, top - 1 - near, 1 + near, top >> 1 + near, top >> 1 - near, top >> 1, top >> 1 + fraction - near]
    return (random.next() & 1) << (fraction + exponentBits) | exponents[random.below(8)] << fraction | fractions[random.below(8)]
  }
  private mutating func half() -> UInt64 { float(10, 5) }
  private mutating func single() -> UInt64 { float(23, 8) }
  /// Numbers whose integer parts end near 32 and 64 bits among them.
  private mutating func double() -> UInt64 {
    guard random.below(2) == 0 else { return float(52, 11) }
    return random.next() & (1 << 63 | (1 << 52 - 1)) | UInt64(1023 + random.below(90)) << 52
  }

  private mutating func prepare() {
    words = [0x1400_0000 | UInt32(4 + 4 * Self.constantCount), 0xD503_201F, 0xD503_201F, 0xD503_201F]
    for _ in 0..<2 * Self.constantCount {
      let value = constant()
      words += [UInt32(truncatingIfNeeded: value), UInt32(truncatingIfNeeded: value >> 32)]
    }
    move(0, 3 << 20)
    words += [0xD518_1040, 0xD503_3FDF]  // MSR CPACR_EL1, X0; ISB
    // SCTLR_EL1: RES1 bits, EnIA, EnIB, EnDA, EnDB, SPAN; TCR_EL1: 48 bits, tags in both halves; keys.
    move(0, 0x30D0_0800 | 1 << 31 | 1 << 30 | 1 << 27 | 1 << 13)
    words.append(0xD518_1000)
    move(0, 16 | 16 << 16 | 1 << 37 | 1 << 38)
    words.append(0xD518_2040)
    for key in 0..<10 as Range<UInt32> where group == .pauth {
      move(0, random.next())
      words.append(0xD518_2100 | key / 4 << 8 | key % 4 << 5)  // MSR APIAKeyLo_EL1 and on, X0
    }
    words.append(0xD503_3FDF)
    move(28, InstructionSequence.buffer)
    words += [0x9100_0000 | 1 << 22 | 1 << 10 | 28 << 5 | 27, 0x9100_039F]  // ADD X27, X28, #1, LSL #12; MOV SP, X28
    for n in 0..<32 as Range<UInt32> { literal(n) }
    move(0, random.next() & 0x7C8_0000)
    words += [0xD51B_4400, 0xD51B_443F]  // MSR FPCR, X0; MSR FPSR, XZR
    move(0, random.next() & 0xF << 28)
    words.append(0xD51B_4200)  // MSR NZCV, X0
    for n in 0..<27 as Range<UInt32> { move(n, constant()) }
    move(29, random.next())
    move(30, random.next())
  }

  /// LDR Qn, a constant.
  private mutating func literal(_ register: UInt32) {
    let distance = 4 + 4 * random.below(Self.constantCount) - words.count
    if abs(distance) < 1 << 18 {
      words.append(0x9C00_0000 | (UInt32(truncatingIfNeeded: distance) & 0x7FFFF) << 5 | register)
    }
  }

  /// New numbers to work with.
  private mutating func refresh(_ hasVectors: Bool) {
    guard hasVectors else {
      move(UInt32(random.below(26)), constant())
      return
    }
    switch random.below(8) {
    case 0:
      move(26, random.below(3) == 0 ? random.next() & 0x7C8_0000 : random.next() & 0xC0_0000)
      words.append(0xD51B_441A)  // MSR FPCR, X26
    case 1: words += [0xD53B_443A, 0xA881_6B7A, 0xD51B_443F]  // MRS X26, FPSR; STP X26, X26, [X27], #16; MSR FPSR, XZR
    default:
      let n = UInt32(random.below(32))
      literal(n)
    }
  }

  /// Registers to where they are looked at: STR Qn, [X27], #16 or STP Xn, Xm, [X27], #16.
  private mutating func store(_ isVector: Bool) {
    if isVector, random.below(4) != 0 {
      words.append(0x3C81_0760 | UInt32(random.below(32)))
    } else {
      words.append(0xA881_0360 | UInt32(random.below(26)) << 10 | UInt32(random.below(26)))
    }
    if !isVector, random.below(3) == 0 { words += [0xD53B_421A, 0xA881_6B7A] }  // MRS X26, NZCV; STP X26, X26, [X27], #16
  }

  private mutating func vector(_ row: VectorRow) {
    var word = row.value | UInt32(truncatingIfNeeded: random.next()) & ~row.mask
    // What shares its row with encodings of Armv8.0: PMULL of 64 bits, and conversions of vectors with a fixed point.
    if group == .aes, random.below(3) == 0 { word = 0x0EE0_E000 | word & 0x401F_03FF }
    if group == .fp16, random.below(10) == 0 {
      // Not FCVTZS of scalars, 0x5F10_FC00: QEMU 7.2 leaves its sign in the bits above.
      let forms: [UInt32] = [
        0x0F10_E400, 0x0F10_FC00, 0x2F10_E400, 0x2F10_FC00, 0x5F10_E400, 0x7F10_E400, 0x7F10_FC00,
      ]
      word = forms[random.below(forms.count)] | word & 0x000F_03FF
    }
    guard VectorWords.isAllocated(word, .armv85), !row.writesGeneral || word & 31 < 26 || word & 31 == 31 else { return }
    append([word])
  }

  private mutating func append(_ new: [UInt32], counting count: Int = 1) {
    words += new
    made += count
  }

  /// ADD X26, X28, #… of a place that is aligned to 16.
  private mutating func place() -> UInt32 { 0x9100_0000 | UInt32(random.below(64) * 16 + 1024) << 10 | 28 << 5 | 26 }

  private mutating func integer(_ row: InstructionRow) {
    var word = row.value | UInt32(truncatingIfNeeded: random.next()) & ~row.mask
    func set(_ high: UInt32, _ low: UInt32, _ value: UInt32) {
      let mask: UInt32 = (1 << (high - low + 1) - 1) << low
      word = word & ~mask | value << low & mask
    }
    let (s, t) = (register(), register())
    switch group {
    case .lse:
      set(9, 5, 26)
      // CASP has pairs of registers with even numbers.
      let isPair = row.value >> 24 & 0xBF == 0x08 && row.value >> 23 & 1 == 0
      set(20, 16, isPair ? s & 30 : s)
      set(4, 0, isPair ? t & 30 : t)
      guard !isPair || (s < 25 && t < 25) else { return }
      var new = [place()]
      // Half of the comparisons succeed: LDP Xs, Xs+1, [X26].
      if row.value >> 24 & 0x3F == 8, s < 25, random.below(2) == 0 {
        let isNarrow = isPair && word >> 30 & 1 == 0
        new.append((isNarrow ? 0x2940_0340 : 0xA940_0340) | ((s & 30) + 1) << 10 | s & 30)
      }
      if random.below(4) == 0 { new.append(0xF900_0340 | UInt32(random.below(26))) }  // STR Xn, [X26]
      guard A64Words.isAllocated(word, .armv85) else { return }
      append(new + [word])
    case .lrcpc:
      set(9, 5, 26)
      set(4, 0, t)
      if row.value >> 24 & 0x3F == 0x19 {
        let size = word >> 30
        set(20, 12, UInt32(truncatingIfNeeded: (random.below(256 >> Int(size)) - 128 >> Int(size)) << Int(size)))
      }
      guard A64Words.isAllocated(word, .armv85) else { return }
      append([place()] + (random.below(4) == 0 ? [0xF900_0340 | UInt32(random.below(26))] : []) + [word])
    case .flagm:
      if random.below(3) == 0 {
        append([[0xD500_401F, 0xD500_403F, 0xD500_405F][random.below(3)]])  // CFINV, XAFLAG, AXFLAG
      } else {
        append([word])
      }
    default: authenticated(row, word)
    }
  }

  /// Signing and checking; branches and loads through pointers that were signed.
  private mutating func authenticated(_ row: InstructionRow, _ word: UInt32) {
    let modifier = UInt32(random.below(26))
    switch (row.value >> 24, row.value >> 21 & 7) {
    case (0xDA, _), (0x9A, _):
      if random.below(4) == 0 {
        // PACIA1716 and its like.
        let hints: [UInt32] = [7, 8, 10, 12, 14, 24, 25, 26, 27, 28, 29, 30, 31]
        append([0xD503_201F | hints[random.below(hints.count)] << 5])
      } else {
        guard A64Words.isAllocated(word, .armv85), word & 31 < 26 else { return }
        // What was signed is checked half of the time: AUT… with the same registers.
        append([word])
        if word & 0xFFFF_D000 == 0xDAC1_0000, random.below(2) == 0 { append([word | 1 << 12]) }
      }
    case (0xF8, _):
      // PACDZA or PACDZB X26; LDRAA or LDRAB Xt, [X26, #…].
      append([
        place(), 0xDAC1_2BE0 | word >> 13 & 0x400 | 26, 0xF820_0400 | word & 0x0083_F800 | 26 << 5 | modifier,
      ])
    case (0xD6, 4):
      // ADR X30, #24; PACIASP or PACIBSP; MSR ELR_EL1, X30; MOV X26, #0x3c5; MSR SPSR_EL1, X26; ERETAA or ERETAB.
      let key = word >> 10 & 1
      append([
        0x1000_0000 | 6 << 5 | 30, 0xD503_233F | key << 6, 0xD518_403E, 0xD280_0000 | 0x3C5 << 5 | 26, 0xD518_401A,
        0xD69F_0BFF | key << 10,
      ])
    case (0xD6, 2):
      // ADR X30, #16; PACIASP or PACIBSP; RETAA or RETAB to behind the next.
      let key = word >> 10 & 1
      append([0x1000_0000 | 4 << 5 | 30, 0xD503_233F | key << 6, 0xD65F_0BFF | key << 10, 0xD503_201F])
    default:
      // ADR X26, #16; PACIA or PACIB X26, Xm; BRAA, BLRAA … X26, Xm.
      let key = word >> 10 & 1
      let hasModifier = word >> 24 & 1 == 1
      let sign = hasModifier ? 0xDAC1_0000 | key << 10 | modifier << 5 | 26 : 0xDAC1_23E0 | key << 10 | 26
      append([
        0x1000_0000 | 4 << 5 | 26, sign, word & 0xFFFF_FC00 | 26 << 5 | (hasModifier ? modifier : 31), 0xD503_201F,
      ])
    }
  }

  /// PSTATE's fields by MSR and MRS, and what only has to be there.
  private mutating func state() {
    let t = UInt32(random.below(26))
    // PAN, UAO, DIT, SSBS.
    let registers: [UInt32] = [0xD518_4260, 0xD518_4280, 0xD51B_42A0, 0xD51B_42C0]
    let fields: [UInt32] = [0xD500_409F, 0xD500_407F, 0xD503_405F, 0xD503_403F]
    let n = random.below(4)
    switch random.below(6) {
    case 0: append([registers[n] | t])
    case 1, 2: append([registers[n] | 1 << 21 | t])
    case 3: append([fields[n] | UInt32(random.below(2)) << 8])
    case 4: append([0xD503_30FF])  // SB
    default: append([place(), [0xD50B_7C20, 0xD50B_7D20][random.below(2)] | 26])  // DC CVAP, DC CVADP
    }
  }

  /// X0 to X30 but 27 and 28, the flags, V0 to V31, FPSR and FPCR behind what was stored.
  private mutating func finish() {
    for n in 0..<27 as Range<UInt32> { words.append(0xF800_8760 | n) }  // STR Xn, [X27], #8
    words += [0xF800_877D, 0xF800_877E]
    words += [0xD53B_4201, 0xF800_8761, 0xD53B_4421, 0xF800_8761, 0xD53B_4401, 0xF800_8761]
    for n in 0..<32 as Range<UInt32> { words.append(0x3C81_0760 | n) }
  }
}
