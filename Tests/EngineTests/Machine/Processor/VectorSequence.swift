import Engine

/// Random FP and AdvSIMD instructions of every row of the table, with operands from a pool of constants in front of the code. What a
/// sequence does to registers, flags and buffer was computed by qemu-aarch64 and is kept in a fixture.
struct VectorSequence {
  static let count = 2500
  /// Constants of 16 bytes. A literal load of the sequence has a constant's number where its distance will be.
  static let constantCount = 128

  let constants: [UInt64]
  let initial: [UInt64]
  let flags: UInt64
  let control: UInt64
  let words: [UInt32]

  init(seed: UInt64) {
    var random = SplitMix(seed: seed ^ 0xA64)
    constants = (0..<Self.constantCount).flatMap { _ in
      let kind = random.below(6)
      return [Self.constant(&random, kind), Self.constant(&random, kind)]
    }
    initial = (0..<31).map { _ in Self.constant(&random, random.below(6)) }
    flags = random.next() & 0xF << 28
    control = random.below(2) == 0 ? 0 : random.next() & 31 << 22
    var words: [UInt32] = []
    while words.count < Self.count {
      switch random.below(64) {
      case 0:
        // MOVZ X26, #c, LSL #16; MSR FPCR, X26
        words += [
          0xD2A0_0000 | UInt32(random.below(4) == 0 ? random.below(32) << 6 : random.below(4) << 6) << 5 | 26, 0xD51B_441A,
        ]
      case 1:
        // MRS X26, FPSR; STR X26, [X28, #n]; MSR FPSR, XZR
        words += [0xD53B_443A, 0xF900_0000 | UInt32(random.below(512)) << 10 | 28 << 5 | 26, 0xD51B_443F]
      case 2..<14:
        // LDR St, Dt or Qt, a constant
        words.append(
          UInt32(random.below(3)) << 30 | 0x1C00_0000 | UInt32(random.below(Self.constantCount)) << 5 | UInt32(random.below(32)))
      case 14..<24: Self.transfer(&random, &words)
      default: Self.dataProcessing(&random, &words)
      }
    }
    self.words = words
  }

  private static let rows = VectorTable.rows.filter { !$0.isTransfer }
  private static let transfers = VectorTable.rows.filter { $0.isTransfer }

  /// 64 bits: any, floats of one of three sizes, or integers near their limits.
  private static func constant(_ random: inout SplitMix, _ kind: Int) -> UInt64 {
    switch kind {
    case 0: return random.next()
    case 1, 2: return float(&random, 52, 11)
    case 3: return float(&random, 23, 8) << 32 | float(&random, 23, 8)
    case 4: return (0..<4).reduce(0) { sum, _ in sum << 16 | float(&random, 10, 5) }
    default:
      let width = UInt64(8 << random.below(4))
      let mask: UInt64 = ~0 >> (64 - width)
      var value: UInt64 = 0
      for place in stride(from: UInt64(0), to: 64, by: UInt64.Stride(width)) {
        let limits: [UInt64] = [0, mask, mask >> 1, mask >> 1 &+ 1, 1, UInt64(random.below(64)), random.next()]
        value |= (limits[random.below(limits.count)] & mask) << place
      }
      return value
    }
  }

  /// Zeros, denormals, infinities, NaNs, and numbers of exponents that meet.
  private static func float(_ random: inout SplitMix, _ fraction: UInt64, _ exponentBits: UInt64) -> UInt64 {
    let top: UInt64 = 1 << exponentBits - 1
    let mask: UInt64 = 1 << fraction - 1
    let bits = random.next() & mask
    let fractions = [0, mask, 1, bits & mask << (fraction / 2), 1 << (fraction - 1), bits, bits, bits]
    let near = UInt64(random.below(6))
    let exponents = [0, top, top - 1 - near, 1 + near, top >> 1 + fraction - near, top >> 1 - near, top >> 1 + near, top >> 1]
    return (random.next() & 1) << (fraction + exponentBits) | exponents[random.below(8)] << fraction | fractions[random.below(8)]
  }

  private static func dataProcessing(_ random: inout SplitMix, _ words: inout [UInt32]) {
    let row = rows[random.below(rows.count)]
    let word = row.value | UInt32(truncatingIfNeeded: random.next()) & ~row.mask
    // X27 and X28 are addresses.
    guard VectorWords.isAllocated(word), !row.writesGeneral || (word & 31 != 27 && word & 31 != 28) else { return }
    words.append(word)
  }

  /// A load or store within the buffer, aligned to what it accesses.
  private static func transfer(_ random: inout SplitMix, _ words: inout [UInt32]) {
    let row = transfers[random.below(transfers.count)]
    var word = row.value | UInt32(truncatingIfNeeded: random.next()) & ~row.mask
    let isPair = word & 0x3A00_0000 == 0x2800_0000
    let size = word >> 23 & 1 == 1 ? 4 : Int(word >> 30)
    // ADD X27, X28, #0x400
    let moveBase: UInt32 = 0x9100_0000 | 0x400 << 10 | 28 << 5 | 27
    var prefix: [UInt32] = []
    func field(_ high: UInt32, _ low: UInt32, _ value: Int) {
      let mask: UInt32 = (1 << (high - low + 1) - 1) << low
      word = word & ~mask | UInt32(truncatingIfNeeded: value) << low & mask
    }
    switch word >> 24 & 0x3F {
    case 0x1C: return
    case 0x3D:
      field(21, 10, random.below(4096 >> size))
      field(9, 5, 28)
    case 0x3C where word >> 21 & 1 == 0:
      prefix = [moveBase]
      field(20, 12, (random.below(512 >> size) - 256 >> size) << size)
      field(9, 5, 27)
    case 0x3C:
      // AND X26, X26, #0xff keeps the index in the buffer.
      prefix = [0x9240_1C00 | 26 << 5 | 26]
      field(20, 16, 26)
      field(12, 12, 1)
      field(9, 5, 28)
    default:
      prefix = [moveBase]
      field(9, 5, 27)
    }
    guard VectorWords.isAllocated(word), !isPair || word & 31 != word >> 10 & 31 else { return }
    words += prefix + [word]
  }
}
