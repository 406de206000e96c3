import Basics
import Machine

/// Who has called what, by the frame records of A64's procedure call standard: X29 leads to the caller's X29 and to where it goes on.
struct KernelBackTrace {
  /// Frames that are told.
  static let most = 64
  /// Instructions of a function that are looked through for where it makes its record.
  private static let mostWords = 64
  /// `add x29, sp, #N`; `ret`; `autiasp`.
  private static let makesRecord: (mask: UInt64, value: UInt64) = (0xFFC0_03FF, 0x9100_03FD)
  private static let leaves: Set<UInt64> = [0xD65F_03C0, 0xD503_23BF]
  /// Kinds of records that lead nowhere, of kernels from 6.13 on (FRAME_META_TYPE_…): the last, and one with the registers of an exception.
  private static let (last, exception): (UInt64, UInt64) = (1, 2)
  /// In `struct user_pt_regs`: X29, and the pc.
  private static let registers: (frame: UInt64, pc: UInt64) = (8 * 29, 256)

  struct Frame: Equatable {
    var pc: UInt64
    /// Whether the pc is where a call comes back to.
    var isReturn: Bool
    /// Whether an exception was taken there.
    var isTaken = false
  }

  private(set) var frames: [Frame] = []

  /// - Parameters:
  ///   - word: 8 bytes at a virtual address, as the vCPU's level reads them.
  ///   - start: where the function begins that an address is in.
  ///   - stackFrame: where the record is in `struct pt_regs`, if that is known.
  ///   - width: bits of a kernel's address; those above are a signature.
  init(
    _ registers: GuestRegisters, width: UInt64, stackFrame: UInt64?, start: (UInt64) -> UInt64?, word: (UInt64) -> UInt64?
  ) {
    func plain(_ address: UInt64) -> UInt64 {
      address >> 55 & 1 == 1 ? address | ~0 << min(width, 63) : address & (1 << min(width, 55) - 1)
    }
    frames.append(Frame(pc: registers.pc, isReturn: false))
    if Self.hasNoRecord(registers.pc, start(registers.pc), word) {
      frames.append(Frame(pc: plain(registers.x[30]), isReturn: true))
    }
    var record = registers.x[29]
    var seen: Set<UInt64> = []
    while frames.count < Self.most, record % 8 == 0, record > 0, seen.insert(record).inserted, let next = word(record),
      let back = word(record &+ 8)
    {
      if next == 0, back == 0 {
        guard word(record &+ 16) == Self.exception, let stackFrame else { break }
        let saved = record &- stackFrame
        guard let pc = word(saved &+ Self.registers.pc), let frame = word(saved &+ Self.registers.frame) else { break }
        frames.append(Frame(pc: pc, isReturn: false, isTaken: true))
        record = frame
        continue
      }
      guard back != 0 else { break }
      frames.append(Frame(pc: plain(back), isReturn: true))
      record = next
    }
  }

  /// Whether a function has not made its record yet, makes none, or is about to return: its caller is then in X30.
  private static func hasNoRecord(_ pc: UInt64, _ start: UInt64?, _ word: (UInt64) -> UInt64?) -> Bool {
    func instruction(_ address: UInt64) -> UInt64? { word(address & ~7).map { $0 >> (address & 4 == 0 ? 0 : 32) & 0xFFFF_FFFF } }
    guard let start, start <= pc, pc - start <= UInt64(4 * mostWords), start % 4 == 0, pc % 4 == 0 else { return false }
    if let here = instruction(pc), leaves.contains(here) { return true }
    return !stride(from: start, to: pc, by: 4).contains {
      instruction($0).map { $0 & makesRecord.mask == makesRecord.value } ?? false
    }
  }
}
