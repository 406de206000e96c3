import Engine

/// Where a session stands, to notice that it is another since something was worked out for it.
struct SessionMark: Equatable {
  private let count: Int
  private let position: Int
  private let last: String
  private let edition: Int

  init(_ session: Session) {
    count = session.steps.count
    position = session.position
    last = session.lastStep?.text ?? ""
    edition = session.branchEdition
  }
}
