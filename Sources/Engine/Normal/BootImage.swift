/// A guest's program as it is loaded: pieces at addresses, and where it begins.
public struct BootImage: Sendable {
  public struct Segment: Sendable {
    public let address: UInt64
    public let bytes: [UInt8]
  }
  public internal(set) var segments: [Segment]
  public let entry: UInt64
  /// What kind of file it was.
  public let kind: String
  /// Names of its places, if it is an ELF that has them.
  public let symbols: SymbolTable
  /// Where the memory it takes ends, with what is not in the file.
  let memoryEnd: UInt64
  /// X0 of the first vCPU: where its device tree is, or 0.
  var x0: UInt64 = 0

  static let linux = "arm64 Image"

  public struct Malformed: Error {
    public let message: String
  }

  /// - Parameters:
  ///   - file: ELF of AArch64, an arm64 Linux Image, or code as it is.
  ///   - base: where RAM begins: a raw image is loaded there, an Image at its text offset from there.
  public init(_ file: [UInt8], base: UInt64) throws(Malformed) {
    guard !file.isEmpty else { throw Malformed(message: "the image is empty") }
    if file.starts(with: [0x7F, 0x45, 0x4C, 0x46]) {
      self = try Self.elf(file)
    } else if file.count >= 64, file[56..<60].elementsEqual([0x41, 0x52, 0x4D, 0x64]) {
      // Documentation/arch/arm64/booting: text_offset at 8, image_size at 16, magic "ARM\x64" at 56.
      let offset = Self.number(file, 8, 8)
      guard offset < 1 << 30 else { throw Malformed(message: "text_offset \(hex(offset)) of the Image is absurd") }
      let size = Self.number(file, 16, 8)
      guard size < 1 << 31 else { throw Malformed(message: "image_size \(hex(size)) of the Image is absurd") }
      self.init(segments: [Segment(address: base + offset, bytes: file)], entry: base + offset, kind: Self.linux, size: size)
    } else {
      // No code begins so.
      guard file.count < 64 || !file.prefix(64).allSatisfy({ (0x20..<0x7F).contains($0) || (9...13).contains($0) }) else {
        throw Malformed(message: "this is text; expected an ELF for AArch64, an arm64 Linux Image, or code")
      }
      self.init(segments: [Segment(address: base, bytes: file)], entry: base, kind: "raw image")
    }
  }

  /// - Parameter size: of the memory it takes from its entry on, where that is more than its segments.
  private init(segments: [Segment], entry: UInt64, kind: String, size: UInt64 = 0, symbols: SymbolTable = .none) {
    self.symbols = symbols
    self.segments = segments
    self.entry = entry
    self.kind = kind
    memoryEnd = segments.reduce(entry &+ size) { max($0, $1.address &+ UInt64($1.bytes.count)) }
  }

  private static func number(_ file: [UInt8], _ offset: Int, _ count: Int) -> UInt64 {
    (0..<count).reduce(0) { $0 | UInt64(file[offset + $1]) << UInt64(8 * $1) }
  }

  /// The PT_LOAD segments of an ELF64 for AArch64; what a segment has in memory beyond its file is zero.
  private static func elf(_ file: [UInt8]) throws(Malformed) -> BootImage {
    guard file.count >= 64, file[4] == 2, file[5] == 1 else { throw Malformed(message: "not a little-endian ELF64") }
    guard number(file, 18, 2) == 183 else { throw Malformed(message: "not an ELF for AArch64 (e_machine 183)") }
    let table = number(file, 32, 8)
    let size = number(file, 54, 2)
    let count = number(file, 56, 2)
    guard size >= 56, count <= 64, table <= UInt64(file.count), UInt64(file.count) - table >= size * count else {
      throw Malformed(message: "its program headers lie outside the file")
    }
    var segments: [Segment] = []
    for index in 0..<count {
      let header = Int(table + index * size)
      guard number(file, header, 4) == 1 else { continue }
      let (offset, address) = (number(file, header + 8, 8), number(file, header + 24, 8))
      let (length, inMemory) = (number(file, header + 32, 8), number(file, header + 40, 8))
      guard offset <= UInt64(file.count), length <= UInt64(file.count) - offset, inMemory >= length, inMemory <= 1 << 30 else {
        throw Malformed(message: "segment \(index) lies outside the file")
      }
      if inMemory == 0 { continue }
      let bytes = Array(file[Int(offset)..<Int(offset + length)]) + [UInt8](repeating: 0, count: Int(inMemory - length))
      segments.append(Segment(address: address, bytes: bytes))
    }
    guard !segments.isEmpty else { throw Malformed(message: "it has nothing to load") }
    return BootImage(segments: segments, entry: number(file, 24, 8), kind: "ELF", symbols: SymbolTable(elf: file))
  }

  /// The pages to load, by address: each with the bytes of all segments in it.
  var pages: [(address: UInt64, bytes: [UInt8])] {
    var pages: [UInt64: [UInt8]] = [:]
    for segment in segments {
      var done = 0
      while done < segment.bytes.count {
        let address = segment.address + UInt64(done)
        let offset = Int(address - address.granuleBase)
        let count = min(segment.bytes.count - done, Int(Granule.size) - offset)
        pages[address.granuleBase, default: [UInt8](repeating: 0, count: Int(Granule.size))]
          .replaceSubrange(offset..<offset + count, with: segment.bytes[done..<done + count])
        done += count
      }
    }
    return pages.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }
}
