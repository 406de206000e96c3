/// An image among other bytes: without its blocks of zeroes.
extension DiskImage {
  private static let block = 4096

  /// How many bytes the image has, then runs of blocks that are not zero: the first's number, how many, their bytes. Numbers have eight
  /// bytes, the least significant first.
  package var packed: [UInt8] {
    var packed: [UInt8] = []
    func append(_ value: Int) { for n in 0..<8 { packed.append(UInt8(truncatingIfNeeded: value >> (8 * n))) } }
    append(bytes.count)
    let blocks = (bytes.count + Self.block - 1) / Self.block
    func isEmpty(_ number: Int) -> Bool {
      bytes[number * Self.block..<min((number + 1) * Self.block, bytes.count)].allSatisfy { $0 == 0 }
    }
    var next = 0
    while next < blocks {
      guard !isEmpty(next) else {
        next += 1
        continue
      }
      let first = next
      while next < blocks, !isEmpty(next) { next += 1 }
      append(first)
      append(next - first)
      packed += bytes[first * Self.block..<min(next * Self.block, bytes.count)]
    }
    return packed
  }

  /// Reads what ``packed`` wrote; nil if that cannot have been. It has no name, and nobody writes to it.
  package init?(packed: ArraySlice<UInt8>) {
    var rest = packed
    func number() -> Int? {
      guard rest.count >= 8 else { return nil }
      defer { rest = rest.dropFirst(8) }
      let value = rest.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      return value <= UInt64(Self.most) ? Int(value) : nil
    }
    guard let size = number() else { return nil }
    var bytes = [UInt8](repeating: 0, count: size)
    var end = 0
    while !rest.isEmpty {
      guard let first = number(), let count = number(), first >= end, count > 0 else { return nil }
      end = first + count
      let place = first * Self.block..<min(end * Self.block, size)
      guard end <= (size + Self.block - 1) / Self.block, rest.count >= place.count else { return nil }
      bytes.replaceSubrange(place, with: rest.prefix(place.count))
      rest = rest.dropFirst(place.count)
    }
    self.init("", bytes, isWritable: false)
  }

  /// The same bytes under another name.
  package init(_ name: String, _ image: DiskImage, isWritable: Bool) {
    self.init(name, image.bytes, image.digest, isWritable: isWritable)
  }
}
