import Engine
import Libc
import SystemPackage

/// Reads a text file line by line without ever holding more than one line and one block. One that gzip has packed is unpacked.
struct LineReader: ~Copyable {
  private let descriptor: FileDescriptor
  private let path: String
  private var block = [UInt8](repeating: 0, count: 1 << 16)
  private var position = 0
  private var filled = 0
  private var atEnd = false
  private var unpacker: Unpacker?
  /// Bytes of the file that have been read.
  private(set) var consumed = 0
  /// The first line, if it was looked at before it was asked for.
  private var first: Line?
  /// Number of the line that ``next()`` gave last.
  private(set) var number = 0
  /// Whether the last line ended with a newline.
  private(set) var lastWasWhole = true

  /// - Parameters:
  ///   - path: a file, or `-` for standard input.
  ///   - isPlain: FIFOs and devices are refused; for what a script names.
  init(_ path: String, isPlain: Bool = false, followsLink: Bool = true) throws(UnreadableFile) {
    let descriptor = try Self.open(path, isPlain, followsLink)
    self.init(descriptor: descriptor, path: path)
  }

  private init(descriptor: FileDescriptor, path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  private static func open(_ path: String, _ isPlain: Bool, _ followsLink: Bool) throws(UnreadableFile) -> FileDescriptor {
    if path == "-" { return .standardInput }
    if isPlain { return try PlainFile.open(path, followsLink: followsLink) }
    let descriptor: FileDescriptor
    do {
      descriptor = try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
    } catch {
      throw UnreadableFile(path: path, reason: "\(error)")
    }
    guard PlainFile.kind(descriptor) == "a directory" else { return descriptor }
    try? descriptor.close()
    throw UnreadableFile(path: path, reason: "is a directory; expected a script")
  }

  deinit { if descriptor != .standardInput { try? descriptor.close() } }

  /// Whether a file begins with a text; false for what cannot be read, or could not be read again.
  static func begins(_ path: String, with text: String) -> Bool {
    guard path != "-", var reader = try? LineReader(path, isPlain: true) else { return false }
    return reader.begins(with: text)
  }

  /// Whether the first line begins with a text. It is read, and comes with ``next()`` all the same.
  mutating func begins(with text: String) -> Bool {
    if first == nil { first = read() }
    guard case .text(let line)? = first else { return false }
    return line.hasPrefix(text)
  }

  enum Line {
    case text(String)
    /// Not a line of text: position and reason.
    case bad(ScriptError)
    case failed(UnreadableFile)
  }

  /// The next line without its newline, or nil at the end.
  mutating func next() -> Line? {
    guard let line = first else { return read() }
    first = nil
    return line
  }

  private mutating func read() -> Line? {
    var line: [UInt8] = []
    switch nextBytes(&line) {
    case .text: return decode(line)
    case .end: return nil
    case .bad(let error): return .bad(error)
    case .failed(let failure): return .failed(failure)
    }
  }

  /// What is rare lies apart: it is asked for millions of times.
  enum Bytes {
    case text
    case end
    indirect case bad(ScriptError)
    indirect case failed(UnreadableFile)
  }

  /// The next line as bytes, without its newline: for whoever reads millions, always into the same place. Not after ``begins(with:)``.
  mutating func nextBytes(_ line: inout [UInt8]) -> Bytes {
    line.removeAll(keepingCapacity: true)
    while true {
      if position == filled {
        if atEnd { break }
        do {
          try fill()
        } catch {
          atEnd = true
          return .failed(UnreadableFile(path: path, reason: (error as? Unpacker.Failure)?.reason ?? "\(error)"))
        }
        position = 0
        if filled == 0 {
          atEnd = true
          break
        }
      }
      let newline = self.newline()
      block.withUnsafeBufferPointer { line.append(contentsOf: $0[position..<(newline ?? filled)]) }
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
        return .text
      }
    }
    guard !line.isEmpty else { return .end }
    number += 1
    lastWasWhole = false
    return .text
  }

  /// Takes the next block of the file, or as much as it is unpacked to.
  private mutating func fill() throws {
    if unpacker == nil {
      filled = try block.withUnsafeMutableBytes { [descriptor] in try descriptor.read(into: $0) }
      let isFirst = consumed == 0
      consumed += filled
      guard isFirst, block[..<filled].starts(with: Unpacker.magic) else { return }
      unpacker = try Unpacker(block[..<filled])
    }
    var more = 0
    filled =
      try unpacker?.read(into: &block) { [descriptor] in
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = try bytes.withUnsafeMutableBytes { try descriptor.read(into: $0) }
        more += count
        return Array(bytes[..<count])
      } ?? 0
    consumed += more
  }

  private func newline() -> Int? {
    block.withUnsafeBytes { bytes in
      guard position < filled, let start = bytes.baseAddress else { return nil }
      return memchr(start + position, 0x0A, filled - position).map { UnsafeRawPointer($0) - start }
    }
  }

  /// A line as text.
  func decode(_ bytes: [UInt8]) -> Line {
    var bytes = bytes
    if bytes.last == 0x0D { bytes.removeLast() }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      return .bad(
        ScriptError(
          line: number, column: characters(before: bytes) + 1,
          message: "found a byte that is not UTF-8 text; a script is plain text"))
    }
    return .text(text)
  }

  /// How many characters there are before the first byte that is not UTF-8: what columns count.
  private func characters(before bytes: [UInt8]) -> Int {
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    var count = 0
    while case .scalarValue = decoder.decode(&iterator) { count += 1 }
    return count
  }
}
