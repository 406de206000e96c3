/// What a guest has printed: the last of it, the oldest bytes go.
struct ConsoleOutput {
  private(set) var bytes: [UInt8] = []
  /// How many were printed before those.
  private var forgotten = 0
  /// How many of all have been taken.
  private var taken = 0

  /// Most bytes that are kept.
  private static let most = 1 << 20

  /// How many have been printed.
  var count: Int { forgotten + bytes.count }

  mutating func append(_ byte: UInt8) {
    bytes.append(byte)
    guard bytes.count > Self.most else { return }
    bytes.removeFirst(Self.most / 2)
    forgotten += Self.most / 2
  }

  /// Those behind the first so many, as far as they are kept.
  func bytes(from start: Int) -> ArraySlice<UInt8> { bytes[max(0, min(start - forgotten, bytes.count))...] }

  /// Those that nobody has taken yet, as far as they are kept.
  mutating func take() -> [UInt8] {
    defer { taken = count }
    return Array(bytes(from: taken))
  }
}
