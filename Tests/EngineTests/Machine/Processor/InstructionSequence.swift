import Engine

/// Random A64 instructions that any EL0 can execute: data processing of every row of the table, and loads, stores and exclusives
/// within a buffer. What a sequence does to registers and buffer was computed by qemu-aarch64 and is kept in a fixture.
struct InstructionSequence {
  /// X28 has the buffer's address and X27 moves near it; nothing writes them but what sets them.
  static let buffer: UInt64 = 0x8080_0000
  static let count = 2500

  let initial: [UInt64]
  let flags: UInt64
  let words: [UInt32]

  init(seed: UInt64) {
    var random = SplitMix(seed: seed)
    initial = (0..<31).map { _ in
      switch random.below(4) {
      case 0: random.next()
      case 1: random.next() & 0xFFFF_FFFF
      case 2: random.next() & 0xFF
      default: ~(random.next() & 0x3F)
      }
    }
    flags = random.next() & 0xF << 28
    var words: [UInt32] = []
    while words.count < Self.count {
      if random.below(10) < 7 { Self.dataProcessing(&random, &words) } else { Self.memory(&random, &words) }
    }
    self.words = words
  }

  private static let rows = InstructionTable.rows.filter { $0.isDataProcessing }

  private static func dataProcessing(_ random: inout SplitMix, _ words: inout [UInt32]) {
    let row = rows[random.below(rows.count)]
    var word = row.value | UInt32(truncatingIfNeeded: random.next()) & ~row.mask
    // SMULH and UMULH have Ra fixed to 31 by convention.
    if row.isHighMultiply { word |= 31 << 10 }
    let target = word & 31
    guard A64Words.isAllocated(word), row.isCompare || (target != 27 && target != 28) else { return }
    // Results for SP would move the stack.
    guard target != 31 || !row.canWriteSP else { return }
    words.append(word)
  }

  private static func memory(_ random: inout SplitMix, _ words: inout [UInt32]) {
    func bits(_ value: Int, _ shift: UInt32) -> UInt32 { UInt32(truncatingIfNeeded: value) << shift }
    func register(_ random: inout SplitMix) -> Int {
      let value = random.below(30)
      return value == 27 ? 29 : value == 28 ? 30 : value
    }
    let size = random.below(4)
    let target = random.below(20) == 0 ? 31 : register(&random)
    let opc = random.below(size < 2 ? 4 : size == 2 ? 3 : 2)
    let moveBase: UInt32 = 0x9100_0000 | 0x400 << 10 | 28 << 5 | 27
    switch random.below(7) {
    case 0:
      words.append(bits(size, 30) | 0x3900_0000 | bits(opc, 22) | bits(random.below(256 >> size), 10) | 28 << 5 | bits(target, 0))
    case 1:
      words.append(moveBase)
      let offset = ((random.below(512 >> size) - 256 >> size) << size) & 511
      words.append(
        bits(size, 30) | 0x3800_0000 | bits(opc, 22) | bits(offset, 12) | bits([0, 1, 3][random.below(3)], 10) | 27 << 5
          | bits(target, 0))
    case 2:
      // AND X26, X26, #0xff keeps the index in the buffer.
      words.append(0x9240_1C00 | 26 << 5 | 26)
      words.append(
        bits(size, 30) | 0x3820_0800 | bits(opc, 22) | 26 << 16 | bits([2, 3, 6, 7][random.below(4)], 13) | 1 << 12 | 28 << 5
          | bits(target, 0))
    case 3:
      let kind = random.below(3)
      let second = (target + 1 + random.below(5)) % 26
      let first = target == 31 || target == second ? (second + 1) % 26 : target
      let isLoad = kind == 1 ? 1 : random.below(2)
      words.append(moveBase)
      words.append(
        bits(kind, 30) | 0x2800_0000 | bits(1 + random.below(3), 23) | bits(isLoad, 22) | bits((random.below(64) - 32) & 127, 15)
          | bits(second, 10) | 27 << 5 | bits(first, 0))
    case 4:
      let status = random.below(20)
      let loaded = target == 31 || target == status ? 21 : target
      words.append(bits(size, 30) | 0x085F_7C00 | bits(random.below(2), 15) | 28 << 5 | bits(loaded, 0))
      words.append(
        bits(size, 30) | 0x0800_7C00 | bits(status, 16) | bits(random.below(2), 15) | 28 << 5 | bits(22 + random.below(3), 0))
    case 5:
      let isLoad = random.below(2) == 1
      words.append(bits(size, 30) | (isLoad ? 0x08DF_FC00 : 0x089F_FC00) | 28 << 5 | bits(target, 0))
    default:
      let wide = random.below(2)
      let first = random.below(12)
      words.append(0x887F_0000 | bits(wide, 30) | bits(first + 12, 10) | 28 << 5 | bits(first, 0))
      words.append(
        0x8820_0000 | bits(wide, 30) | bits(24, 16) | bits(random.below(12), 10) | 28 << 5 | bits(12 + random.below(12), 0))
    }
  }
}
