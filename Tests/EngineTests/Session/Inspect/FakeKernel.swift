import Machine

@testable import Session

/// A guest's memory with what a Linux kernel carries of itself, and nothing else of one.
final class FakeKernel {
  /// Where its image is, by virtual address and by IPA; the table for its addresses is in it.
  static let base: UInt64 = 0xFFFF_8000_8000_0000
  static let ipa: UInt64 = 0x8000_0000
  static let tcr: UInt64 = 2 << 30 | 16 << 16
  private static let table = 0x30_0000
  /// Places in it.
  static let (code, log, task, stack, dump) = (0x1_0000, 0x10_0000, 0x18_0000, 0x19_0000, 0x1A_0000)

  var image = [UInt8](repeating: 0, count: 4 << 20)

  /// - Parameters:
  ///   - isOld: as before 6.4, when offsets stood before the names, and what orders names between markers and tokens.
  ///   - hasTypes: whether it has BTF; else it says for a dump where members are.
  init(isOld: Bool = false, hasTypes: Bool = true) {
    putTables()
    putNames(isOld)
    if hasTypes { putTypes() }
    putLog()
    put(0x17_0000, UInt64(Self.base) + UInt64(Self.log))
    put(0x17_0008, UInt64(Self.base) + UInt64(Self.dump))
    if !hasTypes { putDump() }
    put(Self.task + 64, Array("swapper/0\0".utf8))
    put(Self.task + 128, 42, 4)
    put(Self.task + 132, 42, 4)
    // mov x29, sp: the third instruction of `schedule`.
    put(Self.code + 0x1008, 0x9100_03FD, 4)
  }

  func put(_ place: Int, _ value: UInt64, _ count: Int = 8) {
    for n in 0..<count { image[place + n] = UInt8(truncatingIfNeeded: value >> UInt64(8 * n)) }
  }

  func put(_ place: Int, _ bytes: [UInt8]) { image.replaceSubrange(place..<place + bytes.count, with: bytes) }

  static func address(_ place: Int) -> UInt64 { base + UInt64(place) }

  private func putTables() {
    let place = Self.ipa + UInt64(Self.table)
    put(Self.table + 8 * 256, place + 0x1000 | 3)
    put(Self.table + 0x1000 + 8 * 2, place + 0x2000 | 3)
    for n in 0..<2 { put(Self.table + 0x2000 + 8 * n, Self.ipa + UInt64(n) << 21 | 1) }
  }

  // MARK: Names

  /// By how much they are above the lowest.
  static let names: [(name: String, offset: Int)] =
    [("_stext", code), ("schedule", code + 0x1000), ("do_idle", code + 0x2000), ("secondary", code + 0x3000)]
    + (0..<600).map { ("filler_\($0)", code + 0x4000 + 16 * $0) } + [
      ("el0t_64_sync", code + 0x7000), ("prb", 0x17_0000), ("vmcoreinfo_data", 0x17_0008), ("_end", 0x40_0000),
    ]

  private func putNames(_ isOld: Bool) {
    let tokens = (0..<256).map { n in
      (0x20..<0x7F).contains(n) && n != 0x21 ? String(Unicode.Scalar(UInt8(n))) : "x\(n)x"
    }
    var names: [UInt8] = []
    var markers: [UInt64] = []
    for (n, (name, _)) in Self.names.enumerated() {
      if n % 256 == 0 { markers.append(UInt64(names.count)) }
      names += [UInt8(name.utf8.count + 1)] + Array("T\(name)".utf8)
    }
    var at = 0x2_8000
    func pad() { at = (at + 7) & ~7 }
    func putOffsets() {
      for (_, offset) in Self.names {
        put(at, UInt64(offset - (isOld ? Self.code : 0)), 4)
        at += 4
      }
      pad()
      put(at, Self.base + UInt64(isOld ? Self.code : 0))
      at += 8
    }
    if isOld { putOffsets() }
    put(at, UInt64(Self.names.count))
    at += 8
    put(at, names)
    at += names.count
    pad()
    for marker in markers {
      put(at, marker, 4)
      at += 4
    }
    if isOld {
      for n in 0..<3 * Self.names.count { image[at + n] = UInt8(truncatingIfNeeded: n &* 37) }
      at += 3 * Self.names.count
    }
    pad()
    var index: [UInt64] = []
    let start = at
    for token in tokens {
      index.append(UInt64(at - start))
      put(at, Array(token.utf8) + [0])
      at += token.utf8.count + 1
    }
    pad()
    for offset in index {
      put(at, offset, 2)
      at += 2
    }
    if !isOld { putOffsets() }
  }

  // MARK: Types

  private static let structures: [(name: String, size: Int, members: [(String, Int)])] = [
    ("task_struct", 512, [("comm", 64), ("pid", 128), ("tgid", 132)]), ("pt_regs", 336, [("stackframe", 296)]),
    ("printk_ringbuffer", 88, [("desc_ring", 0), ("text_data_ring", 48)]),
    ("prb_desc_ring", 48, [("count_bits", 0), ("descs", 8), ("infos", 16), ("head_id", 24), ("tail_id", 32)]),
    ("prb_desc", 24, [("state_var", 0), ("text_blk_lpos", 8)]), ("prb_data_blk_lpos", 16, [("begin", 0), ("next", 8)]),
    ("printk_info", 88, [("ts_nsec", 8), ("text_len", 16)]), ("prb_data_ring", 32, [("size_bits", 0), ("data", 8)]),
  ]

  private func putTypes() {
    var strings: [UInt8] = [0]
    var types: [UInt8] = []
    func number(_ value: Int) { for n in 0..<4 { types.append(UInt8(truncatingIfNeeded: value >> (8 * n))) } }
    func name(_ text: String) -> Int {
      defer { strings += Array(text.utf8) + [0] }
      return strings.count
    }
    // An int, and a pointer to it, come first.
    for value in [name("int"), 1 << 24, 4, 32, 0, 2 << 24, 1] { number(value) }
    for (structure, size, members) in Self.structures {
      number(name(structure))
      number(4 << 24 | members.count)
      number(size)
      for (member, offset) in members {
        number(name(member))
        number(1)
        number(8 * offset)
      }
    }
    let place = 0x5_0000
    put(place, [0x9F, 0xEB, 1, 0, 24, 0, 0, 0])
    for (n, value) in [0, types.count, types.count, strings.count].enumerated() { put(place + 8 + 4 * n, UInt64(value), 4) }
    put(place + 24, types + strings)
  }

  private func putDump() {
    var text = "OSRELEASE=6.16.12-fake\nPAGESIZE=4096\nSYMBOL(prb)=\(String(Self.base + 0x17_0000, radix: 16))\n"
    for (structure, size, members) in Self.structures where structure.hasPrefix("pr") {
      text += "SIZE(\(structure))=\(size)\n"
      for (member, offset) in members { text += "OFFSET(\(structure).\(member))=\(offset)\n" }
    }
    put(Self.dump, Array(text.utf8))
  }

  // MARK: The log

  static let messages = ["Booting Linux", "a line\nand another", "", "the last: \u{1B}[31mred"]

  /// Eight descriptors, 512 bytes of texts, of which the last goes around the end.
  private func putLog() {
    let (descs, infos, texts) = (Self.log + 0x1000, Self.log + 0x2000, Self.log + 0x3000)
    put(Self.log, 3, 4)
    for (n, value) in [Self.address(descs), Self.address(infos), 13, 10].enumerated() { put(Self.log + 8 + 8 * n, value) }
    put(Self.log + 48, 9, 4)
    put(Self.log + 56, Self.address(texts))
    var at = 440
    for (n, message) in Self.messages.enumerated() {
      let id = 10 + n
      let text = Array(message.utf8)
      let size = (8 + text.count + 7) & ~7
      put(descs + 24 * (id & 7), UInt64(id) | UInt64(n % 2 + 1) << 62)
      put(infos + 88 * (id & 7) + 8, UInt64(n) * 1_234_567_000)
      put(infos + 88 * (id & 7) + 16, UInt64(text.count), 2)
      var start = at
      if text.isEmpty {
        put(descs + 24 * (id & 7) + 8, 3)
        put(descs + 24 * (id & 7) + 16, 3)
        continue
      }
      if start & 511 + size > 512 { start = (at | 511) + 1 }
      put(texts + (start & 511), UInt64(id))
      put(texts + (start & 511) + 8, text)
      put(descs + 24 * (id & 7) + 8, UInt64(at))
      put(descs + 24 * (id & 7) + 16, UInt64(start + size))
      at = start + size
    }
  }

  // MARK: Looking

  func memory() -> GuestPages {
    GuestPages(ttbr1: Self.ipa + UInt64(Self.table), tcr: Self.tcr) { [image] ipa in
      guard ipa >= Self.ipa, ipa - Self.ipa < UInt64(image.count) else { return nil }
      let place = Int(ipa - Self.ipa)
      return Array(image[place..<place + 4096])
    }
  }

  /// What is found by a vCPU at EL1 that stands in it.
  func kernel(pc place: Int = code + 0x1010, frame: Int = stack, link: Int = code + 0x2010, isUser: Bool = false) -> LinuxKernel?
  {
    var x = [UInt64](repeating: 0, count: 31)
    x[29] = Self.address(frame)
    x[30] = Self.address(link)
    let general = GuestRegisters(
      address: 0, isInRealm: true, x: x, sp: 0, pc: Self.address(place), pstate: isUser ? 0 : 5)
    let registers = KernelRegisters(
      general, ttbr1: Self.ipa + UInt64(Self.table), tcr: Self.tcr, spEL0: Self.address(Self.task), tpidrEL1: 0)
    let memory = memory()
    return LinuxKernel(memory, registers, known: nil, reach: (4 << 20, 4 << 20)) { memory.number($0) }
  }
}
