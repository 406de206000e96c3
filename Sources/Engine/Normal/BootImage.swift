/// A guest's program as it is loaded: pieces at addresses, and where it begins.
public struct BootImage: Sendable {
  public struct Segment: Sendable {
    public let address: UInt64
    public let bytes: [UInt8]
  }
  public let segments: [Segment]
  public let entry: UInt64
  /// What kind of file it was.
  public let kind: String
  /// Names of its places, if it is an ELF that has them.
  public let symbols: SymbolTable

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
      // Documentation/arch/arm64/booting: text_offset at 8, magic "ARM\x64" at 56.
      let offset = Self.number(file, 8, 8)
      guard offset < 1 << 30 else { throw Malformed(message: "text_offset \(hex(offset)) of the Image is absurd") }
      segments = [Segment(address: base + offset, bytes: file)]
      entry = base + offset
      kind = "arm64 Image"
      symbols = .none
    } else {
      segments = [Segment(address: base, bytes: file)]
      entry = base
      kind = "raw image"
      symbols = .none
    }
  }

  private init(segments: [Segment], entry: UInt64, kind: String, symbols: SymbolTable) {
    self.symbols = symbols
    self.segments = segments
    self.entry = entry
    self.kind = kind
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
      for (index, byte) in segment.bytes.enumerated() {
        let address = segment.address + UInt64(index)
        pages[address.granuleBase, default: [UInt8](repeating: 0, count: 4096)][Int(address & 4095)] = byte
      }
    }
    return pages.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }
}
