import Basics

/// Names of a Linux kernel's places, from the tables it carries for itself (CONFIG_KALLSYMS; kernel/kallsyms.c reads them and
/// scripts/kallsyms.c writes them): names in the order of addresses, each a row of tokens of which there are 256.
///
/// Nobody says where the tables are. The table of tokens has each digit as itself, and the index behind it says where every token begins,
/// so that what fits is the table. The others stand before it, or behind it, and each has to agree with the others.
struct KernelNames: Sendable {
  /// As many names as there can be, and bytes of one.
  private static let most = (names: 1 << 20, length: 512)
  /// Bytes before the table of tokens in which the names are looked for.
  private static let reach = 16 << 20
  /// Names that a marker stands for.
  private static let stride = 256
  /// Places that are looked at in all: many times what a kernel's tables take, and no more, as a guest may have written any number of things
  /// that look like them.
  private static let mostLooks = 1 << 26

  private let tokens: [[UInt8]]
  private let names: [UInt8]
  private let markers: [Int]
  /// By which each address is above the lowest.
  private let offsets: [UInt32]
  /// Where the lowest address stands, as an offset in what was searched; the kernel puts it there when it knows where it is.
  let basePlace: Int
  /// Where the tokens are, and what to know them by again.
  let tokenPlace: Int
  let mark: [UInt8]

  var count: Int { offsets.count }

  /// - Parameter bytes: of the kernel's image as it lies in memory.
  init?(in bytes: [UInt8]) {
    var start = 0
    var looks = Self.mostLooks
    while looks > 0, let digits = Self.digits(in: bytes, from: start) {
      start = digits + 1
      if let found = KernelNames(bytes, digits: digits, &looks) {
        self = found
        return
      }
    }
    return nil
  }

  /// Where the tokens `0` to `9` stand.
  private static func digits(in bytes: [UInt8], from start: Int) -> Int? {
    bytes.withUnsafeBufferPointer { bytes in
      guard bytes.count >= 20 else { return nil }
      var at = start
      while at < bytes.count - 20 {
        guard bytes[at] == 0x30, bytes[at + 1] == 0 else {
          at += 1
          continue
        }
        if (0..<10).allSatisfy({ bytes[at + 2 * $0] == 0x30 + UInt8($0) && bytes[at + 2 * $0 + 1] == 0 }) { return at }
        at += 1
      }
      return nil
    }
  }

  private init?(_ bytes: [UInt8], digits: Int, _ looks: inout Int) {
    looks -= 2 * 256
    // 48 tokens stand before that of `0`.
    var first = digits
    for _ in 0..<48 {
      guard first > 0, bytes[first - 1] == 0 else { return nil }
      var at = first - 1
      while at > 0, bytes[at - 1] != 0, first - at < 64 { at -= 1 }
      first = at
    }
    var tokens: [[UInt8]] = []
    var begins: [UInt64] = []
    var at = first
    for _ in 0..<256 {
      guard let end = bytes[at...].prefix(64).firstIndex(of: 0) else { return nil }
      begins.append(UInt64(at - first))
      tokens.append(Array(bytes[at..<end]))
      at = end + 1
    }
    let index = (at + 7) & ~7
    guard index + 512 <= bytes.count, (0..<256).allSatisfy({ GuestPages.number(bytes, index + 2 * $0, 2) == begins[$0] }) else {
      return nil
    }
    guard let (names, count, markers) = Self.names(bytes, before: first & ~7, &looks) else { return nil }
    // Of a kernel from 6.4 on offsets stand behind the tokens, before that in front of the names; the lowest address behind them.
    looks -= 2 * count
    let size = (4 * count + 7) & ~7
    guard let place = [index + 512, names - 16 - size].first(where: { Self.areOffsets(bytes, $0, count) }) else { return nil }
    self.tokens = tokens
    self.names = Array(bytes[names..<markers.place])
    self.markers = markers.values
    offsets = (0..<count).map { UInt32(GuestPages.number(bytes, place + 4 * $0, 4)) }
    basePlace = place + size
    tokenPlace = first
    mark = Array(bytes[first..<first + 256])
  }

  /// Addresses do not fall, and are not all one; the lowest follows them.
  private static func areOffsets(_ bytes: [UInt8], _ place: Int, _ count: Int) -> Bool {
    guard place >= 0, place + 4 * count + 16 <= bytes.count else { return false }
    var last: UInt64 = 0
    for n in 0..<count {
      let next = GuestPages.number(bytes, place + 4 * n, 4)
      guard next >= last else { return false }
      last = next
    }
    return last > 0
  }

  /// Where the names stand, how many there are, and their markers: offsets of every 256th.
  private static func names(
    _ bytes: [UInt8], before end: Int, _ looks: inout Int
  ) -> (names: Int, count: Int, markers: (place: Int, values: [Int]))? {
    var place = end - 8
    while place > max(0, end - reach), looks > 0 {
      defer { place -= 8 }
      looks -= 1
      guard bytes[place] == 0, GuestPages.number(bytes, place, 4) == 0 else { continue }
      var values = [0]
      while values.count <= most.names / stride, place + 4 * values.count + 4 <= end {
        let next = Int(GuestPages.number(bytes, place + 4 * values.count, 4))
        guard (2 * stride...stride * 130).contains(next - values[values.count - 1]) else { break }
        values.append(next)
      }
      looks -= values.count
      guard values.count > 1, let (names, count) = Self.names(bytes, place, values, &looks) else { continue }
      return (names, count, (place, Array(values.prefix((count + stride - 1) / stride))))
    }
    return nil
  }

  /// Names that end where their markers begin. Their number stands before the first.
  private static func names(_ bytes: [UInt8], _ end: Int, _ markers: [Int], _ looks: inout Int) -> (Int, Int)? {
    // The last marker may belong to something else behind them.
    var start = (end - markers[1]) & ~7
    let least = max(8, end - markers[markers.count - 1] - stride * 130)
    while start >= least, looks > 0 {
      defer { start -= 8 }
      looks -= 1
      let number = GuestPages.number(bytes, start - 8, 8)
      guard number > UInt64(stride), number <= UInt64(most.names), case let count = Int(number),
        case let needed = (count + stride - 1) / stride, needed <= markers.count, start + markers[needed - 1] < end
      else { continue }
      var at: Int? = start + markers[needed - 1]
      looks -= stride
      for _ in 0..<count - stride * (needed - 1) { at = at.flatMap { behind(bytes, $0, end) } }
      if let at, at <= end, end - at < 8 { return (start, count) }
    }
    return nil
  }

  /// The place behind a name. Its length is a byte, or two from 128 on.
  private static func behind(_ bytes: [UInt8], _ at: Int, _ end: Int) -> Int? {
    guard at < end else { return nil }
    guard bytes[at] & 0x80 != 0 else { return at + 1 + Int(bytes[at]) }
    guard at + 1 < end else { return nil }
    return at + 2 + (Int(bytes[at] & 0x7F) | Int(bytes[at + 1]) << 7)
  }

  // MARK: Asking

  /// A name, of which the first letter, that of its kind, is left out.
  func name(_ number: Int) -> String? {
    guard (0..<count).contains(number) else { return nil }
    var at: Int? = markers[number / Self.stride]
    for _ in 0..<number % Self.stride { at = at.flatMap { Self.behind(names, $0, names.count) } }
    return at.flatMap { Self.spelled(self, $0) }.map { String(decoding: $0, as: UTF8.self) }
  }

  private static func spelled(_ all: KernelNames, _ at: Int) -> [UInt8]? {
    guard let end = behind(all.names, at, all.names.count), end <= all.names.count else { return nil }
    var text: [UInt8] = []
    for token in all.names[(at + (all.names[at] & 0x80 != 0 ? 2 : 1))..<end] {
      text += all.tokens[Int(token)]
      guard text.count <= most.length else { return nil }
    }
    let name = text.dropFirst()
    return name.allSatisfy { (0x21..<0x7F).contains($0) } ? Array(name) : nil
  }

  /// By how much names are above the lowest address; those that are not there are left out.
  func offsets(of wanted: Set<String>) -> [String: UInt64] {
    let keys = Set(wanted.map { Array($0.utf8) })
    var found: [String: UInt64] = [:]
    var at: Int? = 0
    for number in 0..<count {
      guard let place = at else { break }
      if let name = Self.spelled(self, place), keys.contains(name) {
        found[String(decoding: name, as: UTF8.self)] = UInt64(offsets[number])
      }
      at = Self.behind(names, place, names.count)
    }
    return found
  }

  /// The name a place belongs to, and where that begins; nil outside of what is named.
  ///
  /// - Parameter offset: above the lowest address.
  func place(_ offset: UInt64) -> (name: String, start: UInt64)? {
    guard let last = offsets.last, offset <= UInt64(last) else { return nil }
    let next = offsets.partitionPoint { UInt64($0) > offset }
    guard next > 0 else { return nil }
    // Of several at one place the first that is the name of something: those of the linker come before.
    var first = next - 1
    while first > 0, offsets[first - 1] == offsets[next - 1] { first -= 1 }
    let names = (first..<min(next, first + 8)).compactMap { name($0) }
    guard let name = names.first(where: { !$0.hasPrefix("$") && !$0.hasPrefix("__pi_") && !$0.hasPrefix("_") }) ?? names.first
    else { return nil }
    return (name, UInt64(offsets[next - 1]))
  }
}
