import Basics
import Machine
import Synchronization

/// A set of prints: 64-bit numbers that are not 0, in open addressing. Several threads may ask while none puts in.
package final class StateSet: @unchecked Sendable {
  private var slots: UnsafeMutablePointer<UInt64>
  private var mask: Int
  package private(set) var count = 0

  package init(capacity: Int = 1 << 12) {
    var size = 16
    while size < capacity { size *= 2 }
    slots = .allocate(capacity: size)
    slots.initialize(repeating: 0, count: size)
    mask = size - 1
  }

  deinit { slots.deallocate() }

  package var bytes: Int { (mask + 1) * 8 }

  @inline(__always) private func place(_ print: UInt64) -> Int { Int(truncatingIfNeeded: print &* 0x9E37_79B9_7F4A_7C15 >> 20) }

  package func contains(_ print: UInt64) -> Bool {
    var n = place(print) & mask
    while slots[n] != 0 {
      if slots[n] == print { return true }
      n = (n + 1) & mask
    }
    return false
  }

  /// False if it is in it already.
  package func insert(_ print: UInt64) -> Bool {
    if count * 8 > mask * 5 { grow() }
    var n = place(print) & mask
    while slots[n] != 0 {
      if slots[n] == print { return false }
      n = (n + 1) & mask
    }
    slots[n] = print
    count += 1
    return true
  }

  package func removeAll() {
    guard count > 0 else { return }
    slots.update(repeating: 0, count: mask + 1)
    count = 0
  }

  private func grow() {
    let (old, size) = (slots, mask + 1)
    slots = .allocate(capacity: size * 2)
    slots.initialize(repeating: 0, count: size * 2)
    mask = size * 2 - 1
    for n in 0..<size where old[n] != 0 {
      var k = place(old[n]) & mask
      while slots[k] != 0 { k = (k + 1) & mask }
      slots[k] = old[n]
    }
    old.deallocate()
  }
}

/// Contents of granules, each kept once: states of one exploration differ in a page or two. Any thread puts in and reads.
final class PageStore: @unchecked Sendable {
  private final class Shard: @unchecked Sendable {
    struct Pages {
      /// Addresses, by what is there.
      var known: [UInt64: UInt] = [:]
      var blocks: [UInt] = []
      var left = 0
    }
    let pages = Mutex(Pages())
  }
  private static let pagesOfBlock = 32
  private let shards = (0..<64).map { _ in Shard() }
  private let blocks = Atomic(0)

  deinit {
    for shard in shards {
      shard.pages.withLock { for block in $0.blocks { UnsafeMutableRawPointer(bitPattern: block)?.deallocate() } }
    }
  }

  var bytes: Int { blocks.load(ordering: .relaxed) * Self.pagesOfBlock * 4096 }

  /// Where a page with these contents is, which nobody changes; 0 for zeroes.
  func keep(_ page: UnsafeRawPointer) -> UInt {
    let hash = Self.hash(page)
    guard hash != 0 else { return 0 }
    let address = UInt(bitPattern: page)
    return shards[Int(hash >> 58)].pages.withLock { pages in
      var key = hash
      while let known = pages.known[key] {
        if Self.isEqual(known, address) { return known }
        key &+= 1
      }
      if pages.left == 0 {
        pages.blocks.append(
          UInt(bitPattern: UnsafeMutableRawPointer.allocate(byteCount: Self.pagesOfBlock * 4096, alignment: 64)))
        pages.left = Self.pagesOfBlock
        blocks.wrappingAdd(1, ordering: .relaxed)
      }
      pages.left -= 1
      let new = pages.blocks[pages.blocks.count - 1] + UInt(pages.left * 4096)
      if let source = UnsafeRawPointer(bitPattern: address) {
        UnsafeMutableRawPointer(bitPattern: new)?.copyMemory(from: source, byteCount: 4096)
      }
      pages.known[key] = new
      return new
    }
  }

  private static func isEqual(_ a: UInt, _ b: UInt) -> Bool {
    guard let a = UnsafePointer<UInt64>(bitPattern: a), let b = UnsafePointer<UInt64>(bitPattern: b) else { return false }
    var n = 0
    while n < 512 {
      if (a[n] ^ b[n]) | (a[n &+ 1] ^ b[n &+ 1]) != 0 { return false }
      n &+= 2
    }
    return true
  }

  /// 0 for zeroes alone.
  private static func hash(_ page: UnsafeRawPointer) -> UInt64 {
    let words = page.assumingMemoryBound(to: UInt64.self)
    var sum: UInt64 = 0
    var any: UInt64 = 0
    var n = 0
    while n < 512 {
      let (a, b) = (words[n], words[n &+ 1])
      any |= a | b
      if a | b != 0 {
        let product = (a ^ 0x9E37_79B9_7F4A_7C15).multipliedFullWidth(by: b ^ UInt64(n) &* 0xD6E8_FEB8_6659_FD93 ^ 0xA24B_AED4)
        sum &+= product.high ^ product.low
      }
      n &+= 2
    }
    return any == 0 ? 0 : max(mix(sum), 1)
  }
}

/// States of machines beside their memory, each kept once.
final class ControlStore: @unchecked Sendable {
  private struct States {
    var known: [UInt64: Int] = [:]
    var all: [ControlState] = []
  }
  private let states = Mutex(States())

  /// The number of one as good as this.
  func keep(_ control: ControlState) -> Int {
    let print = control.placedPrint()
    return states.withLock { states in
      if let known = states.known[print] { return known }
      states.all.append(control)
      states.known[print] = states.all.count - 1
      return states.all.count - 1
    }
  }

  subscript(_ number: Int) -> ControlState { states.withLock { $0.all[number] } }
}
