/// Numbers as virtio has them, the lowest byte first.
struct LittleEndianBytes {
  private(set) var bytes: [UInt8] = []

  mutating func put(_ value: UInt64, _ count: Int) {
    for n in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * n))) }
  }
  mutating func put(_ more: some Sequence<UInt8>) { bytes += more }
  /// Zeroes up to a multiple of so many bytes.
  mutating func pad(to unit: Int) { while bytes.count % unit != 0 { bytes.append(0) } }
}

struct LittleEndianReader {
  private(set) var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
    guard count >= 0, count <= rest.count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }
  mutating func number(_ count: Int) -> UInt64? { take(count)?.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
}
