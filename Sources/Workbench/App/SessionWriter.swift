import Engine

/// Saves a session as a recording somewhere else, for sharing.
enum SessionWriter {
  /// Writes the steps in force. Never overwrites.
  static func write(_ session: Session, to path: String) throws(NewFile.Failure) {
    var text = Recording.header(session.origin)
    for step in session.steps[..<session.position] { text += Recording.lines(step, seconds: 0) }
    text += Recording.digestLine(session.digest())
    try NewFile.write(Array(text.utf8), to: path)
  }
}
