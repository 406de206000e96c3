/// A Linux kernel's log, read out of its memory (kernel/printk/printk_ringbuffer.h): descriptors with a state each, what is known of each
/// message, and their texts in a ring of bytes.
struct PrintkRing {
  /// Messages that are told, the last ones; bytes of one.
  static let most = 2000
  private static let longest = 1024

  /// States of a descriptor, in the two bits on top of its state: what has one of them has a message.
  private static let committed: UInt64 = 1
  private static let finalized: UInt64 = 2

  /// Oldest first, as `dmesg` shows them.
  let lines: [String]

  /// - Parameters:
  ///   - ring: where `struct printk_ringbuffer` is.
  ///   - limit: how many of the last messages.
  init?(_ memory: GuestPages, _ types: KernelTypes, at ring: UInt64, limit: Int) {
    func offset(_ name: String) -> UInt64? { types.offsets[name].map { UInt64($0) } }
    guard let descriptors = offset("printk_ringbuffer.desc_ring"), let texts = offset("printk_ringbuffer.text_data_ring"),
      let countBits = offset("prb_desc_ring.count_bits"), let descs = offset("prb_desc_ring.descs"),
      let infos = offset("prb_desc_ring.infos"), let headID = offset("prb_desc_ring.head_id"),
      let tailID = offset("prb_desc_ring.tail_id"), let state = offset("prb_desc.state_var"),
      let block = offset("prb_desc.text_blk_lpos"), let begin = offset("prb_data_blk_lpos.begin"),
      let next = offset("prb_data_blk_lpos.next"), let sizeBits = offset("prb_data_ring.size_bits"),
      let data = offset("prb_data_ring.data"), let time = offset("printk_info.ts_nsec"),
      let length = offset("printk_info.text_len"),
      let descSize = types.sizes["prb_desc"], let infoSize = types.sizes["printk_info"]
    else { return nil }
    func word(_ address: UInt64) -> UInt64? { memory.number(address) }
    guard let bits = memory.number(ring &+ descriptors &+ countBits, 4), (1...20).contains(bits),
      let descTable = word(ring &+ descriptors &+ descs), let infoTable = word(ring &+ descriptors &+ infos),
      let head = word(ring &+ descriptors &+ headID), let tail = word(ring &+ descriptors &+ tailID),
      let textBits = memory.number(ring &+ texts &+ sizeBits, 4), (8...25).contains(textBits),
      let textTable = word(ring &+ texts &+ data)
    else { return nil }
    let count: UInt64 = 1 << bits
    let textSize: UInt64 = 1 << textBits
    let ids: UInt64 = .max >> 2
    let there = min(head &- tail & ids, count - 1) + 1
    var lines: [String] = []
    for back in (0..<min(there, UInt64(max(0, limit)))).reversed() {
      let id = head &- back & ids
      let desc = descTable &+ (id & (count - 1)) &* UInt64(descSize)
      let info = infoTable &+ (id & (count - 1)) &* UInt64(infoSize)
      guard let value = word(desc &+ state), value & ids == id, [Self.committed, Self.finalized].contains(value >> 62),
        let from = word(desc &+ block &+ begin), let to = word(desc &+ block &+ next),
        let nanoseconds = word(info &+ time), let told = memory.number(info &+ length, 2)
      else { continue }
      // Bit 0 says that there is no text. A block that goes around begins at the beginning; its identifier stands before its text.
      var text: [UInt8] = []
      if from & 1 == 0 {
        let goesAround = from >> textBits != to >> textBits && to & (textSize - 1) != 0
        let start = goesAround ? 0 : from & (textSize - 1)
        let room = (goesAround ? to & (textSize - 1) : to &- from) &- 8
        guard room <= textSize, start + 8 + room <= textSize else { continue }
        text = memory.bytes(textTable &+ start &+ 8, Int(min(told, room, UInt64(Self.longest)))) ?? []
      }
      let stamp = Self.stamp(nanoseconds)
      for line in text.split(separator: 10, omittingEmptySubsequences: false) {
        lines.append(stamp + String(String.UnicodeScalarView(line.map { (0x20..<0x7F).contains($0) ? Unicode.Scalar($0) : "?" })))
      }
    }
    self.lines = lines
  }

  /// `[    1.234567] `.
  private static func stamp(_ nanoseconds: UInt64) -> String {
    func padded(_ text: String, _ width: Int, _ character: Character) -> String {
      String(repeating: character, count: max(0, width - text.count)) + text
    }
    let micro = String(nanoseconds / 1000 % 1_000_000)
    return "[" + padded(String(nanoseconds / 1_000_000_000), 5, " ") + "." + padded(micro, 6, "0") + "] "
  }
}
