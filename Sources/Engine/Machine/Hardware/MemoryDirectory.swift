import Libc

/// Where memory's granules are: regions of 1 GiB, in them chunks of 2 MiB. What nobody wrote has no region and no chunk.
///
/// With `MemoryChunk.swift`, `PageArena.swift` and `UniformPages.swift` it has all storage of the machine's state that is unsafe.
struct MemoryDirectory: ~Copyable {
  typealias Region = UnsafeMutablePointer<MemoryChunk>

  static let chunkShift: UInt64 = 21
  static let regionShift: UInt64 = 30

  /// One pointer a region; reserved, not committed: address space only, 2 MiB of it for 48 bits.
  private let regions: UnsafeMutablePointer<Region?>
  private let regionCount: Int
  /// Where what is written beyond ``limit`` goes.
  private let nowhere: UnsafeMutableRawPointer
  /// What an absent page reads as.
  let zeroPage = Nothing.shared.page
  /// What stands for each chunk that is absent: all its pages are `zeroPage`. Never written.
  let emptyChunk = Nothing.shared.chunk
  /// Chunks that exist, in order of creation.
  private(set) var live: [Int] = []
  private var madeRegions = 0
  /// First address beyond the physical address space.
  let limit: UInt64

  /// What memory that nobody wrote consists of, in every machine.
  private struct Nothing: @unchecked Sendable {
    static let shared = Nothing()
    let page: UnsafeMutableRawPointer
    let chunk: MemoryChunk

    private init() {
      page = UniformPages.all.page(of: 0)
      chunk = MemoryChunk(pages: page)
    }
  }

  /// - Parameter width: the physical address width in bits, 32 to 52.
  init(width: UInt64) {
    limit = 1 << width
    regionCount = Int(limit >> Self.regionShift)
    let bytes = regionCount * MemoryLayout<Region?>.stride
    guard
      let space = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
      space != MAP_FAILED
    else { fatalError("no address space for a \(width)-bit physical address space") }
    regions = space.bindMemory(to: Region?.self, capacity: regionCount)
    nowhere = .allocate(byteCount: 4096, alignment: 16)
  }

  deinit {
    for index in live { chunk(index).deallocate() }
    for index in Set(live.map { $0 >> 9 }) { regions[index]?.deallocate() }
    nowhere.deallocate()
    munmap(regions, regionCount * MemoryLayout<Region?>.stride)
  }

  /// Bytes that regions and chunks take, without pages.
  var size: Int { live.count * MemoryChunk.size + madeRegions * Self.regionSize }
  static let regionSize = 512 * MemoryLayout<MemoryChunk>.stride

  /// The number of a granule in its chunk.
  @inline(__always) static func granule(_ address: UInt64) -> Int { Int(truncatingIfNeeded: (address >> 12) & 511) }

  /// The number of an address's chunk.
  @inline(__always) static func index(_ address: UInt64) -> Int { Int(truncatingIfNeeded: address >> chunkShift) }

  /// The chunk of an index, or the empty one.
  @inline(__always) func chunk(_ index: Int) -> MemoryChunk { regions[index >> 9]?[index & 511] ?? emptyChunk }

  /// The chunk of an address, or the empty one; nil without a region.
  @inline(__always) func find(_ address: UInt64) -> MemoryChunk? {
    guard address < limit, let region = regions[Int(truncatingIfNeeded: address >> Self.regionShift)] else { return nil }
    return region[Int(truncatingIfNeeded: (address >> Self.chunkShift) & 511)]
  }

  /// The chunk of an index, made if it is absent.
  mutating func liveChunk(_ index: Int) -> MemoryChunk {
    let region: Region
    if let known = regions[index >> 9] {
      region = known
    } else {
      region = .allocate(capacity: 512)
      region.initialize(repeating: emptyChunk, count: 512)
      madeRegions += 1
      regions[index >> 9] = region
    }
    if region[index & 511].base == emptyChunk.base {
      region[index & 511] = MemoryChunk(pages: zeroPage)
      live.append(index)
    }
    return region[index & 511]
  }

  /// A page that is nobody's: what a vCPU that is led beyond the physical address space reads, and where its writes vanish.
  var noPage: UnsafeMutableRawPointer {
    nowhere.initializeMemory(as: UInt8.self, repeating: 0, count: 4096)
    return nowhere
  }
}
