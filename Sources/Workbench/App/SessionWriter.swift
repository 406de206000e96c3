import Engine

#if canImport(Glibc)
  import Glibc
#endif

/// Saves a session as a recording somewhere else, for sharing.
enum SessionWriter {
  struct Failure: Error {
    var message: String
  }

  /// Writes the steps in force. Never overwrites.
  static func write(_ session: Session, to path: String) throws(Failure) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw Failure(
        message: errno == EEXIST
          ? "\(shown(path)) exists already; choose another name"
          : "cannot create \(shown(path)): \(String(cString: strerror(errno)))")
    }
    var out = Output(descriptor)
    var text = Recording.header(session.origin)
    for step in session.steps[..<session.position] { text += Recording.lines(step, seconds: 0) }
    text += Recording.digestLine(session.digest())
    for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() { out.line(String(line)) }
    out.flush()
    close(descriptor)
  }
}
