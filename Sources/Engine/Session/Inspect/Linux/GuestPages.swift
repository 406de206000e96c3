import Machine

/// A guest's memory as somebody outside finds it: by IPA, and by the virtual addresses of its kernel, whose tables are walked here. What
/// stands in it is a stranger's: nothing is read twice as long as this lives, and a walk has four levels.
final class GuestPages {
  /// The bytes of a page at an IPA.
  private let page: (UInt64) -> [UInt8]?
  /// What it begins with, where many are looked at.
  let head: (UInt64) -> UInt64?
  private var kept: [UInt64: [UInt8]?] = [:]
  /// Pages that are kept.
  private static let mostKept = 8192
  static let size: UInt64 = 4096

  /// The kernel's table for high addresses, and bits of an address that it translates.
  private var root: UInt64
  private let width: UInt64

  /// - Parameters:
  ///   - ttbr1: TTBR1_EL1.
  ///   - tcr: TCR_EL1.
  init(
    ttbr1: UInt64, tcr: UInt64, _ page: @escaping (UInt64) -> [UInt8]?, head: @escaping (UInt64) -> UInt64? = { _ in nil }
  ) {
    self.head = head
    self.page = page
    // T1SZ; TG1 has to say 4 KiB, and EPD1 that the table counts.
    let size = tcr >> 16 & 0x3F
    width = tcr >> 30 & 3 == 2 && tcr >> 23 & 1 == 0 && (16...39).contains(size) ? 64 - size : 0
    root = ttbr1 & 0x0000_FFFF_FFFF_F000
  }

  /// Whether there is a table for high addresses.
  var hasTable: Bool { width > 0 && root > 0 }
  /// Where it is: a part of a Linux kernel's image.
  var table: UInt64 { root }

  /// Distance of the table that a kernel has while a process runs (CONFIG_UNMAP_KERNEL_AT_EL0) from its own.
  private static let otherTable: UInt64 = 0x2000

  /// Whether an address is mapped: by the table that is in use, or by the kernel's own, which then is used.
  func maps(_ va: UInt64) -> Bool {
    if ipa(of: va) != nil { return true }
    root += Self.otherTable
    if ipa(of: va) != nil { return true }
    root -= Self.otherTable
    return false
  }

  /// The page with an IPA.
  func page(at ipa: UInt64) -> [UInt8]? {
    let base = ipa & ~(Self.size - 1)
    if let known = kept[base] { return known }
    let found = page(base).flatMap { $0.count == Int(Self.size) ? $0 : nil }
    if kept.count < Self.mostKept { kept[base] = .some(found) }
    return found
  }

  /// The same, of many that are looked at once: it is not kept.
  func look(at ipa: UInt64) -> [UInt8]? { page(ipa & ~(Self.size - 1)) }

  /// Bytes from the beginning of an IPA's page on; a page that is not there is zeroes.
  func span(_ ipa: UInt64, _ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + Int(Self.size))
    let first = ipa & ~(Self.size - 1)
    while bytes.count < count {
      bytes += look(at: first &+ UInt64(bytes.count)) ?? [UInt8](repeating: 0, count: Int(Self.size))
    }
    return bytes
  }

  /// Bytes from an IPA on.
  func bytes(ipa: UInt64, _ count: Int) -> ArraySlice<UInt8> {
    let offset = Int(ipa & (Self.size - 1))
    return span(ipa, offset + count)[offset..<offset + count]
  }

  /// Where a kernel's virtual address leads (Arm ARM D8.2, 4 KiB granule, up to four levels).
  func ipa(of va: UInt64) -> UInt64? {
    guard hasTable, va >> width == UInt64.max >> width else { return nil }
    // Each level takes nine bits, the first what is left.
    var level = 4 - (width - 12 + 8) / 9
    var table = root
    while true {
      let shift = 39 - 9 * level
      let bits = level == 4 - (width - 12 + 8) / 9 ? width - shift : 9
      let index = va >> shift & (1 << bits - 1)
      guard let entry = word(ipa: table &+ 8 * index), entry & 1 == 1 else { return nil }
      let address = entry & 0x0000_FFFF_FFFF_F000
      if level == 3 { return entry & 2 == 2 ? address | va & 0xFFF : nil }
      if entry & 2 == 0 {
        let inside: UInt64 = 1 << shift - 1
        return level == 0 ? nil : address & ~inside | va & inside
      }
      table = address
      level += 1
    }
  }

  /// 8 bytes at an aligned IPA.
  private func word(ipa: UInt64) -> UInt64? {
    page(at: ipa).map { Self.number($0, Int(ipa & (Self.size - 1) & ~7), 8) }
  }

  /// Bytes at a kernel's virtual address; nil unless all are there.
  func bytes(_ va: UInt64, _ count: Int) -> [UInt8]? {
    var bytes: [UInt8] = []
    while bytes.count < count {
      let (at, overflow) = va.addingReportingOverflow(UInt64(bytes.count))
      guard !overflow, let ipa = ipa(of: at), let page = page(at: ipa) else { return nil }
      let offset = Int(ipa & (Self.size - 1))
      bytes += page[offset..<min(page.count, offset + count - bytes.count)]
    }
    return bytes
  }

  /// A number of up to 8 bytes at a kernel's virtual address.
  func number(_ va: UInt64, _ count: Int = 8) -> UInt64? { bytes(va, count).map { Self.number($0, 0, count) } }

  /// A number in bytes that are there.
  static func number(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> UInt64 {
    var value: UInt64 = 0
    for n in 0..<count { value |= UInt64(bytes[offset + n]) << UInt64(8 * n) }
    return value
  }
}
