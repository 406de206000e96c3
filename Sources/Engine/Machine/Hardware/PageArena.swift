import Libc

/// The host's memory for granules' contents: blocks that grow to 2 MiB, which the kernel may back with huge pages, cut into pages.
///
/// A page that was never used is zero as the kernel gave it; only one that is used again has to be zeroed.
struct PageArena: ~Copyable {
  private var blocks: [UnsafeMutableRawBufferPointer] = []
  private var freed: [UnsafeMutableRawPointer] = []
  /// What is left of the newest block.
  private var next = UnsafeMutableRawPointer(bitPattern: 4096)
  private var left = 0
  private static let smallest = 16 << 10
  /// From this size on a block has all its pages from the beginning.
  private static let populated = 128 << 10
  private static let largest = 2 << 20

  deinit { for block in blocks { munmap(block.baseAddress, block.count) } }

  mutating func free(_ page: UnsafeMutableRawPointer) { freed.append(page) }

  /// A page that holds anything.
  mutating func take() -> UnsafeMutableRawPointer { freed.popLast() ?? unused() }

  /// A page of zeroes.
  mutating func takeZeroed() -> UnsafeMutableRawPointer {
    guard let page = freed.popLast() else { return unused() }
    page.initializeMemory(as: UInt8.self, repeating: 0, count: 4096)
    return page
  }

  private mutating func unused() -> UnsafeMutableRawPointer {
    if left == 0 { grow() }
    guard let page = next else { fatalError("no page") }
    left -= 1
    next = page + 4096
    return page
  }

  private mutating func grow() {
    let size = min(blocks.last.map { $0.count * 2 } ?? Self.smallest, Self.largest)
    // Twice as much address space as is wanted, so that a large block can begin where a huge page does.
    let span = size == Self.largest ? 2 * size : size
    var flags = MAP_PRIVATE | MAP_ANONYMOUS
    #if canImport(Glibc) || canImport(Musl)
      // All its pages at once cost less than a fault for each; a machine that has filled the blocks before will use half of them.
      if size >= Self.populated, size < Self.largest { flags |= MAP_POPULATE }
    #endif
    guard let space = mmap(nil, span, PROT_READ | PROT_WRITE, flags, -1, 0), space != MAP_FAILED
    else { fatalError("the host is out of memory: no block of \(size) bytes for the machine's memory") }
    var block = space
    if size == Self.largest {
      let before = (size - Int(bitPattern: space) % size) % size
      block = space + before
      if before > 0 { munmap(space, before) }
      if before < size { munmap(block + size, size - before) }
      #if canImport(Glibc) || canImport(Musl)
        madvise(block, size, MADV_HUGEPAGE)
      #endif
    }
    blocks.append(UnsafeMutableRawBufferPointer(start: block, count: size))
    next = block
    left = size / 4096
  }
}
