import Basics
import Machine

/// Short programs for guests, made up: they touch memory, change its RIPAS, call the Host, turn vCPUs on and off, and execute what may
/// not exist; then they begin again.
struct RandomCode {
  private var numbers: SeededNumbers
  private var words: [UInt32] = []
  private let places: [UInt64]

  /// - Parameter ram: where the program is.
  static func program(_ seed: UInt64, ram: UInt64) -> [UInt8] {
    var code = RandomCode(numbers: SeededNumbers(seed: seed), places: [])
    code = RandomCode(
      numbers: code.numbers,
      places: [
        ram + 0x1000, ram + 0x2000, ram + 0x20_0000, ram + 0x3F_F000, ram | 1 << 40, ram + 0x1000 | 1 << 40, ram | 1 << 32,
        0x900_0000, 1 << 40 | 0x900_0000, 0, ~0xFFF,
      ])
    for _ in 0..<6 + code.numbers.below(18) { code.add() }
    // Again from the beginning.
    code.words.append(0x1400_0000 | UInt32(bitPattern: -Int32(code.words.count)) & 0x3FF_FFFF)
    return code.words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) } }
  }

  /// The same as an arm64 Image.
  static func kernel(_ seed: UInt64, ram: UInt64) -> [UInt8] {
    var header = [UInt8](repeating: 0, count: 64)
    header.replaceSubrange(0..<4, with: [0x10, 0, 0, 0x14])  // B past the header
    header[17] = 0x80  // image size 0x8000
    header.replaceSubrange(56..<60, with: Array("ARM".utf8) + [0x64])
    return header + program(seed, ram: ram)
  }

  private init(numbers: SeededNumbers, places: [UInt64]) { (self.numbers, self.places) = (numbers, places) }

  private mutating func place() -> UInt64 { numbers.pick(places) &+ UInt64(numbers.below(3) * 0x1000) }

  private mutating func move(_ register: UInt32, _ value: UInt64) {
    for n in 0..<4 as Range<UInt32> where n == 0 || value >> UInt64(16 * n) & 0xFFFF != 0 {
      words.append((n == 0 ? 0xD280_0000 : 0xF280_0000) | n << 21 | UInt32(value >> UInt64(16 * n) & 0xFFFF) << 5 | register)
    }
  }

  private mutating func smc(_ arguments: UInt64...) {
    for (n, value) in arguments.enumerated() { move(UInt32(n), value) }
    words.append(numbers.chance(95) ? 0xD400_0003 : 0xD400_0002)
  }

  private mutating func add() {
    switch numbers.below(20) {
    case 0..<7:
      move(9, place() &+ UInt64(numbers.below(512) * 8))
      words.append(numbers.chance(50) ? 0xF940_0120 : 0xF900_0120)  // LDR or STR X0, [X9]
    case 7..<10:
      let base = place() & ~0xFFF
      smc(
        UInt64(RSIIPAStateSet.fid), base, base &+ UInt64(1 + numbers.below(600)) << 12, UInt64(numbers.below(2)),
        UInt64(numbers.below(2)))
    case 10: smc(UInt64(RSIHostCall.fid), place() & ~0xFF)
    case 11: smc(UInt64(PSCICPUOn.fid), UInt64(numbers.below(3)), numbers.pick(places) & ~3)
    case 12: smc(UInt64(numbers.pick([PSCICPUOff.fid, PSCICPUSuspend.fid, PSCIVersion.fid])))
    case 13 where numbers.chance(20): smc(UInt64(numbers.pick([PSCISystemOff.fid, PSCISystemReset.fid])))
    case 14: smc(UInt64(PSCIAffinityInfo.fid), UInt64(numbers.below(3)), 0)
    case 15: words.append(numbers.pick([0xD503_207F, 0xD503_205F]))  // WFI, WFE
    case 16: smc(UInt64(RSIIPAStateGet.fid), place() & ~0xFFF, place() & ~0xFFF)
    case 17: smc(UInt64(RSIMeasurementExtend.fid), UInt64(1 + numbers.below(4)), UInt64(numbers.below(65)), numbers.next())
    default:
      let rows = InstructionTable.rows
      let row = rows[numbers.below(rows.count)]
      words.append(row.value | UInt32(truncatingIfNeeded: numbers.next()) & ~row.mask)
    }
  }
}
