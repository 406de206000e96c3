import Basics
import Machine

/// A kernel as a VMM puts it into memory: pieces, how far it reaches when it runs, and where it begins.
package struct KernelImage: Sendable {
  package let pieces: [(address: UInt64, bytes: [UInt8])]
  package let memoryEnd: UInt64
  package let entry: UInt64
  /// Whether it is an arm64 Image, for which a VMM has a place.
  package let isLinux: Bool

  /// Linux's own, of images that do not tell theirs.
  private static let usualOffset: UInt64 = 0x8_0000

  /// - Parameter ramBase: an Image goes to its text offset from there.
  package init(_ file: [UInt8], ramBase: UInt64) throws(GuestFiles.Unreadable) {
    guard !file.starts(with: [0x1F, 0x8B]) else {
      throw GuestFiles.Unreadable(message: "it is compressed by gzip, which is not undone here: unpack it first")
    }
    let isELF = file.starts(with: [0x7F, 0x45, 0x4C, 0x46])
    let isLinux = file.count >= 64 && file[56..<60].elementsEqual([0x41, 0x52, 0x4D, 0x64])
    do throws(BootImage.Malformed) {
      let image = try BootImage(file, base: ramBase + (isELF || isLinux ? 0 : Self.usualOffset))
      pieces = image.segments.map { ($0.address, $0.bytes) }
      memoryEnd = image.memoryEnd
      entry = image.entry
      self.isLinux = isLinux
    } catch {
      throw GuestFiles.Unreadable(message: error.message)
    }
  }
}
