import ArgumentParser
import Engine
import SystemPackage

/// Buffered text to standard output or standard error.
///
/// Who closes the pipe it goes to has read enough: the rest is thrown away, and the program goes on to the exit code it would have
/// had. What cannot be written for another reason ends the program with 74, and it says why.
struct Output {
  private let descriptor: FileDescriptor
  private let outlivesPipe: Bool
  private var buffer: [UInt8] = []

  /// - Parameter outlivesPipe: false for what may print for ever: it ends when nobody reads.
  init(_ descriptor: FileDescriptor = .standardOutput, outlivesPipe: Bool = true) {
    self.descriptor = descriptor
    self.outlivesPipe = outlivesPipe
  }

  /// A line, of which nothing acts on the terminal: what is not seen is escaped.
  mutating func line(_ text: String) {
    if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) {
      buffer.append(contentsOf: text.utf8)
    } else {
      for (n, part) in text.split(separator: "\t", omittingEmptySubsequences: false).enumerated() {
        if n > 0 { buffer.append(0x09) }
        buffer.append(contentsOf: shown(part, limit: .max).utf8)
      }
    }
    buffer.append(0x0A)
    if buffer.count > 1 << 16 { flush() }
  }

  /// The lines of a text.
  mutating func lines(_ text: String) {
    for part in text.split(separator: "\n", omittingEmptySubsequences: false) { line(String(part)) }
  }

  /// Bytes as they are.
  mutating func append(_ bytes: [UInt8]) { buffer.append(contentsOf: bytes) }

  mutating func flush() {
    defer { buffer.removeAll(keepingCapacity: true) }
    ProgressLine.erase()
    guard let error = writeAll(buffer[...], to: descriptor).error else { return }
    // What standard error does not take, nobody can be told; the exit code still says how it went.
    guard descriptor != .standardError else { return }
    if error == .brokenPipe {
      if outlivesPipe { return }
      Workbench.exit(withError: Exit.nobodyReads)
    }
    complain("standard output: \(error)")
    Workbench.exit(withError: Exit.unwritable)
  }
}

/// Writes bytes to a descriptor.
///
/// - Returns: how many of them it took, and why not all.
func writeAll(_ bytes: ArraySlice<UInt8>, to descriptor: FileDescriptor) -> (count: Int, error: Errno?) {
  var rest = bytes
  while !rest.isEmpty {
    do {
      rest = rest.dropFirst(try rest.withUnsafeBytes { try descriptor.write($0) })
    } catch Errno.wouldBlock {
      descriptor.waitUntilWritable()
    } catch {
      return (bytes.count - rest.count, error as? Errno ?? .ioError)
    }
  }
  return (bytes.count, nil)
}

/// A line to standard error, as `workbench: …`.
func complain(_ message: String) {
  var error = Output(.standardError)
  error.line("workbench: \(message)")
  error.flush()
}
