import Basics
import Crypto

/// Files that a script or a recording has with it, by the names its lines name them by: what it includes, and what it boots. Nothing of them
/// is executed but by a guest of the machine.
///
/// A file is a line `#file BYTES SHA256 NAME`, and lines `#data BASE64` behind it until it is whole. What is only half there, or is not what its
/// hash says, is an error.
package struct EmbeddedFiles: Sendable {
  static let prefix = "#file "
  package static let dataPrefix = "#data "
  /// Most files, and bytes of all of them.
  package static let most = 64
  package static let mostBytes = 256 << 20
  /// Bytes of a file in a line.
  package static let bytesInLine = 45_000

  private var files: [String: [UInt8]] = [:]
  /// The one whose lines are being read.
  private var open: Open?

  private struct Open {
    let name: String
    let count: Int
    let hash: [UInt8]
    let line: Int
    var bytes: [UInt8] = []
  }

  /// A file that is there; nil if there is none of that name.
  package func bytes(of name: String) throws(Problem) -> [UInt8]? {
    if let open, open.name == name { throw Problem(text: cutOff(open)) }
    return files[name]
  }

  /// What is wrong with the lines of a file.
  package struct Problem: Error {
    package let text: String
  }

  private func cutOff(_ open: Open) -> String {
    "the file \"\(shown(open.name))\" of line \(open.line) has \(open.bytes.count) of \(open.count) bytes"
  }

  /// Takes a line.
  ///
  /// - Returns: whether it is one of a file.
  mutating func take(_ text: String, line: Int) throws(Problem) -> Bool {
    if text.hasPrefix(Self.prefix) {
      try begin(text.dropFirst(Self.prefix.count), line)
    } else if text.hasPrefix(Self.dataPrefix), let name = open?.name {
      guard let more = [UInt8](base64: text.dropFirst(Self.dataPrefix.count)), !more.isEmpty else {
        throw Problem(text: "expected bytes of \"\(shown(name))\" in base64 behind #data")
      }
      open?.bytes += more
    } else {
      return false
    }
    try endIfWhole()
    return true
  }

  private mutating func begin(_ text: Substring, _ line: Int) throws(Problem) {
    if let open { throw Problem(text: cutOff(open)) }
    let words = text.split(separator: " ", maxSplits: 2)
    guard words.count == 3, let count = Int(words[0]), count >= 0, let hash = [UInt8](hex: words[1]), hash.count == 32 else {
      throw Problem(text: "expected #file BYTES SHA256 NAME, found \"#file \(shown(text))\"")
    }
    let all = files.values.reduce(0) { $0 + $1.count }
    guard files.count < Self.most, count <= Self.mostBytes - all else {
      throw Problem(text: "files have at most \(sizeText(UInt64(Self.mostBytes))) in all, and there are at most \(Self.most)")
    }
    let name = String(words[2])
    guard files[name] == nil else { throw Problem(text: "there is a file \"\(shown(name))\" already") }
    open = Open(name: name, count: count, hash: hash, line: line)
  }

  private mutating func endIfWhole() throws(Problem) {
    guard let whole = open, whole.bytes.count >= whole.count else { return }
    open = nil
    guard whole.bytes.count == whole.count, Self.hash(whole.bytes) == whole.hash else {
      throw Problem(text: "the file \"\(shown(whole.name))\" of line \(whole.line) is not what its length and its hash say")
    }
    files[whole.name] = whole.bytes
  }

  package static func hash(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }

  /// The first line of a file.
  package static func head(_ name: String, _ bytes: [UInt8]) -> String {
    "\(prefix)\(bytes.count) \(hexBytes(hash(bytes))) \(name)"
  }
}
