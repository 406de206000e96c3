#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Buffered text to a file descriptor; who closes the pipe it goes to ends the program quietly.
struct Output {
  private let descriptor: Int32
  private let outlivesPipe: Bool
  private var buffer: [UInt8] = []

  /// - Parameter outlivesPipe: the program has more to do than to print: it goes on when nobody reads.
  init(_ descriptor: Int32 = 1, outlivesPipe: Bool = false) {
    self.descriptor = descriptor
    self.outlivesPipe = outlivesPipe
    signal(SIGPIPE, SIG_IGN)
  }

  mutating func line(_ text: String) {
    buffer.append(contentsOf: text.utf8)
    buffer.append(0x0A)
    if buffer.count > 1 << 16 { flush() }
  }

  mutating func append(_ bytes: [UInt8]) { buffer.append(contentsOf: bytes) }

  mutating func flush() {
    var offset = 0
    while offset < buffer.count {
      let written = buffer[offset...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if written < 0 {
        if errno == EINTR || errno == EAGAIN { continue }
        if errno == EPIPE, outlivesPipe { break }
        exit(errno == EPIPE ? 0 : 74)
      }
      offset += written
    }
    buffer.removeAll(keepingCapacity: true)
  }
}

/// A line to standard error, as `workbench: …`.
func complain(_ message: String) {
  var error = Output(2)
  error.line("workbench: \(message)")
  error.flush()
}
