import Basics
import Machine

/// A guest's program as it is loaded: pieces at addresses, and where it begins.
public struct BootImage: Sendable {
  package struct Segment: Sendable {
    package let address: UInt64
    /// What is in the file.
    package let bytes: [UInt8]
    /// Bytes it has in memory; those beyond the file's are zero.
    package let size: UInt64

    init(address: UInt64, bytes: [UInt8], size: UInt64? = nil) {
      self.address = address
      self.bytes = bytes
      self.size = size ?? UInt64(bytes.count)
    }

    /// Where it ends; the last byte of the address space, if it ends there.
    var end: UInt64 { address > .max - size ? .max : address + size }
  }
  package internal(set) var segments: [Segment]
  public let entry: UInt64
  /// What kind of file it was.
  public let kind: String
  /// Names of its places, if it is an ELF that has them.
  package let symbols: SymbolTable
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
    memoryEnd = segments.reduce(entry > .max - size ? .max : entry + size) { max($0, $1.end) }
  }

  private static func number(_ file: [UInt8], _ offset: Int, _ count: Int) -> UInt64 {
    (0..<count).reduce(0) { $0 | UInt64(file[offset + $1]) << UInt64(8 * $1) }
  }

  /// The PT_LOAD segments of an ELF64 for AArch64, 64 of them at most.
  private static func elf(_ file: [UInt8]) throws(Malformed) -> BootImage {
    guard file.count >= 64, file[4] == 2, file[5] == 1 else { throw Malformed(message: "not a little-endian ELF64") }
    guard number(file, 18, 2) == 183 else { throw Malformed(message: "not an ELF for AArch64 (e_machine 183)") }
    let table = number(file, 32, 8)
    let size = number(file, 54, 2)
    let count = number(file, 56, 2)
    guard count <= 64 else { throw Malformed(message: "it has \(count) program headers; at most 64 are read") }
    guard size >= 56, table <= UInt64(file.count), UInt64(file.count) - table >= size * count else {
      throw Malformed(message: "its program headers lie outside the file")
    }
    var segments: [Segment] = []
    for index in 0..<count {
      let header = Int(table + index * size)
      guard number(file, header, 4) == 1 else { continue }
      let (offset, address) = (number(file, header + 8, 8), number(file, header + 24, 8))
      let (length, inMemory) = (number(file, header + 32, 8), number(file, header + 40, 8))
      guard offset <= UInt64(file.count), length <= UInt64(file.count) - offset, inMemory >= length else {
        throw Malformed(message: "segment \(index) lies outside the file")
      }
      if inMemory == 0 { continue }
      guard inMemory <= RealmVM.mostMemory else {
        throw Malformed(
          message: "segment \(index) takes \(hex(inMemory)) bytes of memory; a guest has \(hex(RealmVM.mostMemory)) at most")
      }
      guard inMemory - 1 <= .max - address else {
        throw Malformed(message: "segment \(index), \(hex(inMemory)) bytes at \(hex(address)), ends beyond the address space")
      }
      segments.append(Segment(address: address, bytes: Array(file[Int(offset)..<Int(offset + length)]), size: inMemory))
    }
    // Each has its own copy: segments that are all of the file again and again would take 64 times as much.
    let copied = segments.reduce(0) { $0 + $1.bytes.count }
    guard copied <= file.count else {
      throw Malformed(message: "its segments have \(copied) bytes of the file, which has \(file.count): they overlap")
    }
    guard !segments.isEmpty else { throw Malformed(message: "it has nothing to load") }
    return BootImage(segments: segments, entry: number(file, 24, 8), kind: "ELF", symbols: SymbolTable(elf: file))
  }

  /// Calls `body` with each page to load, by address, with the bytes of all segments in it; where segments overlap, the last counts.
  ///
  /// One page is in memory at a time. No segment may end beyond the address space's last page but one.
  func forEachPage<E: Error>(_ body: ((address: UInt64, bytes: [UInt8])) throws(E) -> Void) throws(E) {
    var next: UInt64 = 0
    while let page = segments.filter({ $0.end > next }).map({ max($0.address.granuleBase, next) }).min() {
      var bytes = [UInt8](repeating: 0, count: Int(Granule.size))
      for segment in segments { segment.put(in: &bytes, at: page) }
      try body((page, bytes))
      next = page + Granule.size
    }
  }
}

extension BootImage.Segment {
  /// Puts what it has of a page there.
  fileprivate func put(in page: inout [UInt8], at base: UInt64) {
    let (from, to) = (max(address, base), min(end, base + Granule.size))
    guard from < to else { return }
    let known = min(address + UInt64(bytes.count), to)
    if from < known {
      page.replaceSubrange(Int(from - base)..<Int(known - base), with: bytes[Int(from - address)..<Int(known - address)])
    }
    for n in Int(max(from, known) - base)..<Int(to - base) { page[n] = 0 }
  }
}
