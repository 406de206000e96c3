import Basics

/// 64 bits that depend on each value that is added, and on their order.
struct StateHash {
  private(set) var value: UInt64 = 0x5374_6174_6500_0003

  @inline(__always) mutating func add(_ word: UInt64) { value = mix(value ^ word) &+ 0x632B_E59B_D9B4_E019 }

  /// A value that may be missing differs from each that is there.
  mutating func add(_ word: UInt64?) {
    add(word == nil ? 0 : 1 as UInt64)
    add(word ?? 0 as UInt64)
  }

  mutating func add(_ words: [UInt64]) {
    add(UInt64(words.count))
    for word in words { add(word) }
  }
}
