import Basics
import Host
import Machine

/// The program of a guest of ``RandomBoard``, with the tables and queues that go with it, in one piece: vectors in the middle of the code,
/// translation on or off, a driver's first steps on one virtio device, then instructions that are mostly valid, and pointers to what is
/// worth trying.
struct RandomBoardProgram {
  /// Where things are for it.
  struct Place {
    let ram: UInt64
    /// The bit of what is shared; 0: there is none.
    let half: UInt64
    let isRealm: Bool
    /// Virtio devices.
    let virtio: [UInt64]
    /// UART, interrupt controller, and the like.
    let others: [UInt64]

    /// Where a device reaches RAM.
    func shared(_ offset: UInt64) -> UInt64 { (isRealm ? half : 0) | ram + offset }
  }

  // Offsets in the piece: code, tables of stage 1, descriptors and rings.
  private static let codeWords = 4096
  private static let tables: UInt64 = 0x4000
  private static let queues: UInt64 = 0x8000
  private static let size = 0xA000
  /// Where the queues are moved to.
  private static let rings: UInt64 = 0x10_0000

  private let place: Place
  private var numbers: SeededNumbers
  private var words: [UInt32] = []

  static func bytes(_ place: Place, _ numbers: inout SeededNumbers) -> [UInt8] {
    var program = RandomBoardProgram(place: place, numbers: numbers)
    program.begin()
    program.fill()
    var bytes = program.words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) } }
    for table in program.stage1() { bytes += little(table) }
    bytes += [UInt8](repeating: 0, count: Int(queues) - bytes.count)
    bytes += program.queueBytes()
    bytes += [UInt8](repeating: 0, count: size - bytes.count)
    numbers = program.numbers
    return bytes
  }

  private static func little(_ words: [UInt64]) -> [UInt8] {
    words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) } }
  }

  // MARK: Words

  private mutating func move(_ register: UInt32, _ value: UInt64) {
    for n in 0..<4 as Range<UInt32> where n == 0 || value >> UInt64(16 * n) & 0xFFFF != 0 {
      words.append((n == 0 ? 0xD280_0000 : 0xF280_0000) | n << 21 | UInt32(value >> UInt64(16 * n) & 0xFFFF) << 5 | register)
    }
  }

  /// STR W10, [X9]
  private mutating func store(_ address: UInt64, _ value: UInt64) {
    move(9, address)
    move(10, value)
    words.append(0xB900_012A)
  }

  /// MSR of a register by its encoding, from X10.
  private mutating func set(_ encoding: UInt32, _ value: UInt64) {
    move(10, value)
    words.append(0xD500_000A | encoding)
  }

  private enum Register {
    static let vbar: UInt32 = 0x18_C000
    static let cpacr: UInt32 = 0x18_1040
    static let sctlr: UInt32 = 0x18_1000
    static let ttbr0: UInt32 = 0x18_2000
    static let tcr: UInt32 = 0x18_2040
    static let mair: UInt32 = 0x18_A200
    static let priorityMask: UInt32 = 0x18_4600
    static let groupEnable: UInt32 = 0x18_CCE0
    static let timerControl: UInt32 = 0x1B_E320
    static let timerValue: UInt32 = 0x1B_E300
  }

  // MARK: The beginning

  private mutating func begin() {
    set(Register.vbar, place.ram + 0x800 * UInt64(1 + numbers.below(7)))
    if numbers.chance(70) { set(Register.cpacr, 3 << 20) }
    if numbers.chance(50) { translate() }
    if numbers.chance(50) { interrupts() }
    if !place.virtio.isEmpty { drive(numbers.below(place.virtio.count)) }
    for register in 0..<31 as Range<UInt32> { move(register, numbers.chance(30) ? numbers.next() : target()) }
    words.append(0x9100_001F | UInt32(numbers.below(31)) << 5)  // MOV SP, Xn
  }

  private mutating func translate() {
    set(Register.mair, 0x04FF)
    // T0SZ 25, write-back and inner shareable, nothing by TTBR1, 40 bits.
    set(Register.tcr, 25 | 1 << 8 | 1 << 10 | 3 << 12 | 1 << 23 | 2 << 32)
    set(Register.ttbr0, place.ram + Self.tables)
    words.append(0xD503_3FDF)  // ISB
    set(Register.sctlr, 0x30D0_1805 | numbers.next() & 0x1E | 1)
    words.append(0xD503_3FDF)
  }

  private mutating func interrupts() {
    set(Register.priorityMask, 0xF0)
    set(Register.groupEnable, 1)
    store(place.others[1], 0x12)
    store(place.others[3] + 0x80, 0xFFFF_FFFF)
    store(place.others[3] + 0x100, 0xFFFF_FFFF)
    for n in 1..<3 as Range<UInt64> {
      store(place.others[1] + 0x80 + 4 * n, 0xFFFF_FFFF)
      store(place.others[1] + 0x100 + 4 * n, 0xFFFF_FFFF)
    }
    set(Register.timerValue, UInt64(numbers.below(100_000)))
    set(Register.timerControl, 1)
    words.append(0xD503_42FF)  // MSR DAIFClr, #2
  }

  /// What a driver does first, as far as the queues.
  private mutating func drive(_ number: Int) {
    let device = place.virtio[number]
    // LDR X12, [X9], #8; STR X12, [X10], #8; SUBS X11, X11, #1; B.NE back
    move(9, place.ram + Self.queues)
    move(10, place.shared(Self.rings))
    move(11, 0x1800 / 8)
    words += [0xF840_852C, 0xF800_854C, 0xF100_056B, 0x54FF_FFA1]
    for value in [0, 3] { store(device + 0x70, UInt64(value)) }
    store(device + 0x24, 1)
    store(device + 0x20, 1 | UInt64(numbers.below(2)) << 1)
    store(device + 0x70, 11)
    for index in 0..<2 as Range<UInt64> {
      let ring = place.shared(Self.rings + index * 0xC00)
      store(device + 0x30, index)
      store(device + 0x38, 8)
      for (register, address) in [(0x80, ring), (0x90, ring + 0x400), (0xA0, ring + 0x800)] as [(UInt64, UInt64)] {
        store(device + register, address & 0xFFFF_FFFF)
        store(device + register + 4, address >> 32)
      }
      store(device + 0x44, 1)
    }
    store(device + 0x70, 15)
    store(device + 0x50, 0)
    store(device + 0x50, 1)
  }

  // MARK: What follows

  /// An address worth trying, often at the end of a page.
  private mutating func target() -> UInt64 {
    let pages = [0, 0x1000, 0x4000, Self.queues, Self.rings, 0x20_0000, 0x3F_F000, 0x40_0000]
    let base: UInt64
    switch numbers.below(10) {
    case 0..<4: base = place.ram + numbers.pick(pages)
    case 4: base = place.shared(numbers.pick(pages))
    case 5, 6: base = numbers.pick(place.others)
    case 7: base = place.virtio.isEmpty ? numbers.pick(place.others) : numbers.pick(place.virtio)
    case 8: base = numbers.pick([0, ~0, 1 << 33, 1 << 39, 0xFFFF_0000_0000_0000, place.half])
    default: base = numbers.next()
    }
    switch numbers.below(4) {
    case 0: return base &+ 4096 &- UInt64(1 + numbers.below(32))
    case 1: return base
    default: return base &+ UInt64(numbers.below(1024) * 4)
    }
  }

  private mutating func fill() {
    let body = words.count
    let rows = InstructionTable.rows + InstructionTable.extensions
    let vectors = VectorTable.rows + VectorTable.extensions
    while words.count < Self.codeWords - 24 {
      let noise = UInt32(truncatingIfNeeded: numbers.next())
      switch numbers.below(100) {
      case 0..<4: words.append(noise)
      case 4..<22:
        let row = numbers.pick(vectors)
        words.append(row.value | noise & ~row.mask)
      case 22..<28: move(noise & 31, target())
      case 28..<33: touch()
      case 33 where numbers.chance(30): call()
      default:
        let row = numbers.pick(rows)
        words.append(row.value | noise & ~row.mask)
      }
    }
    words.append(0x1400_0000 | UInt32(bitPattern: Int32(body - words.count)) & 0x3FF_FFFF)
    while words.count < Self.codeWords { words.append(0xD503_201F) }
  }

  /// A load or store of a device's register, of any size.
  private mutating func touch() {
    let size = UInt32(numbers.below(4))
    let isLoad = numbers.chance(40)
    var address: UInt64
    var value = numbers.chance(60) ? UInt64(numbers.below(256)) : numbers.next()
    if !place.virtio.isEmpty, numbers.chance(60) {
      address =
        numbers.pick(place.virtio) + UInt64(numbers.pick([0x50, 0x50, 0x50, 0x64, 0x70, 0x30, 0x44, numbers.below(0x80) * 4]))
      if numbers.chance(60) { value = UInt64(numbers.below(3)) }
    } else {
      address = numbers.pick(place.others) + UInt64(numbers.below(numbers.chance(50) ? 0x40 : 0x400)) * 4
      // To both chips of a bank of flash.
      if place.virtio.isEmpty, numbers.chance(40) {
        address = 0x400_0000 + UInt64(numbers.below(2) * 0x4_0000 + numbers.below(64) * 4)
        value = UInt64(numbers.pick([0x10, 0x20, 0x40, 0x50, 0x60, 0x70, 0x90, 0x98, 0xD0, 0xE8, 0xFF, 0xFF, 3])) * 0x1_0001
      }
    }
    if numbers.chance(10) { address &+= UInt64(numbers.below(8)) }
    move(9, address)
    move(10, value)
    words.append(0x3900_012A | size << 30 | (isLoad ? 1 << 22 : 0))
  }

  /// A call of PSCI or of RSI, with anything.
  private mutating func call() {
    let calls: [UInt64] = [
      UInt64(PSCICPUOn.fid), UInt64(PSCICPUSuspend.fid), UInt64(PSCIAffinityInfo.fid), UInt64(PSCIVersion.fid),
      UInt64(RSIIPAStateSet.fid), UInt64(RSIHostCall.fid), UInt64(RSIMeasurementExtend.fid), UInt64(RSIIPAStateGet.fid),
    ]
    move(0, numbers.pick(calls))
    for register in 1..<5 as Range<UInt32> { move(register, numbers.chance(50) ? UInt64(numbers.below(4)) : target()) }
    words.append(numbers.chance(80) ? 0xD400_0003 : 0xD400_0002)
  }

  // MARK: Tables and queues

  /// Three tables of stage 1: gigabytes, the first of RAM in pieces of 2 MiB, the first of those in pages. Some entries are anything.
  private mutating func stage1() -> [[UInt64]] {
    let normal: UInt64 = 1 << 10 | 3 << 8
    var first = (0..<512 as Range<UInt64>).map { $0 < 8 ? $0 << 30 | normal | (numbers.chance(80) ? 0 : 4) | 1 : 0 }
    first[Int(place.ram >> 30)] = place.ram + Self.tables + 0x1000 | 3
    var second = (0..<512 as Range<UInt64>).map { (place.ram + $0 << 21) | normal | 1 }
    second[0] = place.ram + Self.tables + 0x2000 | 3
    var third = (0..<512 as Range<UInt64>).map { (place.ram + $0 << 12) | normal | 3 }
    // Read-only, for EL0, not to be executed, without an access flag, guarded, nothing.
    let bits: [UInt64] = [1 << 7, 1 << 6, 1 << 54, 1 << 53, 1 << 10, 1 << 50, 1, 1 << 5, 1 << 11]
    for index in 4..<512 where numbers.chance(20) { third[index] ^= numbers.pick(bits) }
    for index in 3..<512 where numbers.chance(20) { second[index] ^= numbers.pick(bits) }
    for _ in 0..<4 { third[8 + numbers.below(500)] = numbers.next() }
    return [first, second, third]
  }

  /// Two queues of 8 descriptors, in which most is as a driver has it.
  private mutating func queueBytes() -> [UInt8] {
    var bytes: [UInt8] = []
    for _ in 0..<2 {
      var words = [UInt64](repeating: 0, count: 0xC00 / 8)
      for n in 0..<8 {
        words[2 * n] = numbers.chance(85) ? place.shared(Self.rings + 0x2000 + UInt64(numbers.below(0x4000))) : target()
        let count = numbers.chance(90) ? UInt64(numbers.below(2048)) : numbers.next() & 0xFFFF_FFFF
        words[2 * n + 1] = count | UInt64(numbers.below(4)) << 32 | UInt64(numbers.below(9)) << 48
      }
      // The ring of what is offered: flags, how many, which.
      words[0x400 / 8] = UInt64(numbers.below(9)) << 16 | UInt64(numbers.below(8)) << 32 | UInt64(numbers.below(8)) << 48
      words[0x408 / 8] = (0..<4).reduce(0) { $0 | UInt64(numbers.below(8)) << UInt64(16 * $1) }
      bytes += Self.little(words)
    }
    return bytes
  }
}
