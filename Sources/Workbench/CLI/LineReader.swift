import Engine

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file that cannot be read, and why.
struct UnreadableFile: Error {
  var path: String
  var reason: String
  var message: String { "\(path): \(reason)" }
}

/// Reads a text file line by line without ever holding more than one line and one block.
struct LineReader: ~Copyable {
  private let descriptor: Int32
  private let path: String
  private var block = [UInt8](repeating: 0, count: 1 << 16)
  private var position = 0
  private var filled = 0
  private var atEnd = false
  /// Number of the line that ``next()`` gave last.
  private(set) var number = 0
  /// Whether the last line ended with a newline.
  private(set) var lastWasWhole = true

  /// - Parameter path: a file, or `-` for standard input.
  init(_ path: String) throws(UnreadableFile) {
    self.path = path
    guard path != "-" else {
      descriptor = 0
      return
    }
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw UnreadableFile(path: path, reason: String(cString: strerror(errno))) }
    var info = stat()
    if fstat(descriptor, &info) == 0, info.st_mode & S_IFMT == S_IFDIR {
      close(descriptor)
      throw UnreadableFile(path: path, reason: "is a directory; expected a script")
    }
  }

  deinit { if descriptor > 0 { close(descriptor) } }

  /// Whether a file begins with a text; false for standard input and for what cannot be read.
  static func begins(_ path: String, with text: String) -> Bool {
    guard path != "-", var reader = try? LineReader(path), case .text(let first)? = reader.next() else { return false }
    return first.hasPrefix(text)
  }

  enum Line {
    case text(String)
    /// Not a line of text: position and reason.
    case bad(ScriptError)
    case failed(UnreadableFile)
  }

  /// The next line without its newline, or nil at the end.
  mutating func next() -> Line? {
    var line: [UInt8] = []
    while true {
      if position == filled {
        if atEnd { break }
        let count = block.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        if count < 0 {
          if errno == EINTR { continue }
          atEnd = true
          return .failed(UnreadableFile(path: path, reason: String(cString: strerror(errno))))
        }
        position = 0
        filled = count
        if count == 0 {
          atEnd = true
          break
        }
      }
      let rest = block[position..<filled]
      let newline = rest.firstIndex(of: 0x0A)
      line.append(contentsOf: rest[..<(newline ?? filled)])
      position = newline.map { $0 + 1 } ?? filled
      if line.count > ScriptRunner.lineLimit {
        number += 1
        return .bad(
          ScriptError(
            line: number, column: ScriptRunner.lineLimit,
            message: "the line is longer than \(ScriptRunner.lineLimit) bytes; is this a script?"))
      }
      if newline != nil {
        number += 1
        lastWasWhole = true
        return decode(line)
      }
    }
    guard !line.isEmpty else { return nil }
    number += 1
    lastWasWhole = false
    return decode(line)
  }

  private func decode(_ bytes: [UInt8]) -> Line {
    var bytes = bytes
    if bytes.last == 0x0D { bytes.removeLast() }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      let good = bytes.indices.first { String(validating: bytes[...$0], as: UTF8.self) == nil && bytes[$0] >= 0x80 } ?? 0
      return .bad(
        ScriptError(line: number, column: good + 1, message: "found a byte that is not UTF-8 text; a script is plain text"))
    }
    return .text(text)
  }
}
