import Synchronization

/// For each byte the page that holds nothing else. All granules of all machines that hold nothing else read it, until somebody writes to
/// them; nobody writes to the page itself. The first is what absent pages read as.
struct UniformPages: ~Copyable, @unchecked Sendable {
  static let all = UniformPages()
  /// Bytes from the first page to the end of the last.
  static let size = 256 * 4096

  /// Where the first one is. The host commits no memory for one that nobody has asked for.
  private let base = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 4096)
  /// What the digest of each is made of: see ``Memory/fold(_:)``.
  private let folded = UnsafeMutablePointer<UInt64>.allocate(capacity: 256)
  /// Which of them have their contents.
  private let made = Mutex([Bool](repeating: false, count: 256))

  private init() { _ = page(of: 0) }

  func page(of byte: UInt8) -> UnsafeMutableRawPointer {
    let number = Int(byte)
    let page = base + number * 4096
    made.withLock { made in
      guard !made[number] else { return }
      page.initializeMemory(as: UInt8.self, repeating: byte, count: 4096)
      (folded + number).initialize(to: Memory.fold(page).state)
      made[number] = true
    }
    return page
  }

  /// ``Memory/fold(_:)`` of one of these pages.
  func folded(_ page: UnsafeMutableRawPointer) -> UInt64 { folded[(page - base) >> 12] }
}
