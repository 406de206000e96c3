import Engine

/// The words of the step one looks at, below the header: what its author says of it, and what was expected of it.
struct CaptionRows {
  let session: Session
  let width: Int
  let height: Int
  let isLarge: Bool

  init(_ session: Session, width: Int, height: Int, isLarge: Bool) {
    self.isLarge = isLarge
    self.session = session
    self.width = width
    self.height = height
  }

  /// How many there are: none in a session without words, and always as many in one that has some.
  static func count(_ session: Session, height: Int, isLarge: Bool) -> Int {
    guard !session.captions.all.isEmpty, height >= 16 else { return 0 }
    return height >= 50 ? 4 : height >= 30 ? isLarge ? 4 : 2 : isLarge ? 3 : 1
  }

  /// What did not hold comes first.
  private var lines: [(text: String, role: Role)] {
    let position = session.position
    let own = session.captions.of(max(position, 1))
    var lines: [(String, Role)] = []
    if position > 0 { lines += own.filter { $0.kind == .failed }.map { ("✗ \($0.text)", .fault) } }
    lines += own.filter { $0.kind == .words }.map { ($0.text, .text) }
    if !own.contains(where: { $0.kind == .words }), let last = session.captions.lastWords(at: position) {
      lines.append(("since step \(last.step): \(last.text)", .dim))
    }
    lines += own.filter { $0.kind == .note }.map { ("✎ \($0.text)", .accent) }
    if position > 0 { lines += own.filter { $0.kind == .held }.map { ("✓ \($0.text)", .ok) } }
    return lines
  }

  func draw(_ canvas: inout Canvas) {
    let room = Self.count(session, height: height, isLarge: isLarge)
    guard room > 0 else { return }
    let rows = lines.flatMap { line in
      WhyPanel.wrap(line.text, to: width - 4, hanging: line.role == .text ? 0 : 2).map { ($0, line.role) }
    }
    for (n, row) in rows.prefix(room).enumerated() {
      // What has no room here is in the list of captions.
      let isCut = n == room - 1 && rows.count > room
      canvas.text(1, 1 + n, isCut ? row.0.trimmingEnd + " …" : row.0, row.1, limit: width - 2)
    }
  }
}
