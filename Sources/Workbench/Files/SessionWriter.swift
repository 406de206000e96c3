import Engine

/// Saves a session as a recording somewhere else, for sharing: the steps in force.
final class SessionWriter {
  private let session: Session
  private let file: NewFile.Growing
  /// Steps the file has.
  private var written = 0
  private var trouble: NewFile.Failure?

  /// Creates the file, and never overwrites one. It is gone again if it is not finished.
  init(_ session: Session, to path: String) throws(NewFile.Failure) {
    self.session = session
    file = try NewFile.Growing(path)
    try file.append(Recording.header(session.origin))
  }

  /// Writes a whole session.
  static func write(_ session: Session, to path: String) throws(NewFile.Failure) {
    try SessionWriter(session, to: path).finish()
  }

  /// While the session grows: what is new so far, so that little is left to write at the end. What goes wrong is said there.
  func keepUp() {
    guard trouble == nil else { return }
    do throws(NewFile.Failure) { try bringUp() } catch { trouble = error }
  }

  private func bringUp() throws(NewFile.Failure) {
    // Steps that are there no more, or that others have replaced: the file begins again.
    if written > 0, min(session.takeReplaced() ?? .max, session.position) < written {
      try file.empty()
      try file.append(Recording.header(session.origin))
      written = 0
    }
    var text = ""
    for number in written..<session.position {
      text += Recording.lines(session, number + 1, seconds: nil)
      guard text.utf8.count >= 1 << 16 else { continue }
      try file.append(text)
      text = ""
    }
    try file.append(text)
    written = session.position
  }

  /// The last line: a digest of the state it has led to.
  func finish() throws(NewFile.Failure) {
    if let trouble { throw trouble }
    try bringUp()
    try file.append(
      Recording.nameLines(session, from: 0) + Recording.programLines(session, from: 0) + Recording.additionLines(session)
        + Recording.digestLine(session.digest()))
    try file.finish()
  }
}
