import Basics
import Host

/// What a guest is booted from, and with what: words of `boot` and `debug`.
package struct GuestBoot: Sendable, Equatable {
  /// A raw image of a disk.
  package struct Disk: Sendable, Equatable {
    package var file: String
    /// Whether the guest may write; what it writes is kept in memory, never in the file.
    package var isWritable = false
  }

  package var image = "tour"
  package var vcpus = 2
  package var isRealm = true
  /// Bytes of RAM; nil: the usual.
  package var memory: UInt64?
  package var arguments: String?
  package var initrd: String?
  package var disks: [Disk] = []
  package var hasNetwork = false
  package var hasRNG = false
  package var hasConsole = false
  package var hasSockets = false
  /// Whether virtio devices offer VIRTIO_F_ACCESS_PLATFORM.
  package var hasAccessPlatform = true

  package init() {}

  /// As the words of a statement.
  package var text: String {
    var words: [String] = []
    if !isRealm { words.append("--normal") }
    if let memory { words += ["--mem", sizeText(memory)] }
    if let arguments { words += ["--append", Self.quoted(arguments)] }
    if let initrd { words += ["--initrd", Self.quoted(initrd)] }
    for disk in disks { words += ["--disk", Self.quoted(disk.file + (disk.isWritable ? ",rw" : ""))] }
    if hasNetwork { words.append("--net") }
    if hasRNG { words.append("--rng") }
    if hasConsole { words.append("--console") }
    if hasSockets { words.append("--vsock") }
    if !hasAccessPlatform { words.append("--no-access-platform") }
    return (words + [Self.quoted(image), "\(vcpus)"]).joined(separator: " ")
  }

  /// A word as it has to be written: with spaces and what else has a meaning, in quotes.
  private static func quoted(_ word: String) -> String {
    guard word.isEmpty || word.contains(where: { " \t;#'\"\\".contains($0) }) else { return word }
    return "\"" + word.map { "\"\\".contains($0) ? "\\\($0)" : "\($0)" }.joined() + "\""
  }
}

/// Text that is typed into a guest's console, or waited for there, as it stands in a script.
package enum ConsoleText {
  private static let escapes: [(letter: Character, byte: UInt8)] = [
    ("n", 10), ("r", 13), ("t", 9), ("e", 27), ("\\", 92), ("\"", 34),
  ]

  package struct Malformed: Error {
    package let message: String
    /// Characters before what is wrong.
    package let offset: Int
  }

  /// The bytes of a text in quotes, and what follows it.
  package static func bytes(quoted text: Substring) throws(Malformed) -> (bytes: [UInt8], rest: Substring) {
    var bytes: [UInt8] = []
    var rest = text.dropFirst()
    while let character = rest.popFirst() {
      if character == "\"" { return (bytes, rest) }
      guard character == "\\" else {
        bytes += Array(String(character).utf8)
        continue
      }
      let offset = text.count - rest.count - 1
      guard let letter = rest.popFirst() else { break }
      if let known = escapes.first(where: { $0.letter == letter }) {
        bytes.append(known.byte)
      } else if letter == "x", let byte = [UInt8](hex: rest.prefix(2)), byte.count == 1 {
        bytes += byte
        rest = rest.dropFirst(2)
      } else {
        throw Malformed(message: "expected \\n, \\r, \\t, \\e, \\\\, \\\" or \\xHH, found \"\\\(letter)\"", offset: offset)
      }
    }
    throw Malformed(message: "expected a \" at the end of the text; # begins a comment, and is \\x23 in it", offset: text.count)
  }

  package static func quoted(_ bytes: [UInt8]) -> String {
    var text = "\""
    for byte in bytes {
      if let known = escapes.first(where: { $0.byte == byte }) {
        text += "\\\(known.letter)"
      } else if (0x20..<0x7F).contains(byte), byte != 0x23 {
        text.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        text += "\\x" + hexBytes([byte])
      }
    }
    return text + "\""
  }
}
