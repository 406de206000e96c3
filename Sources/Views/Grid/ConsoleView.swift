import Engine

/// A session's console in a grid: only what is new is parsed, and going back begins at the last of the grids that were kept.
package struct ConsoleView: Sendable {
  /// Bytes between grids that are kept.
  static let interval = 1 << 18

  /// Lines that one can scroll back.
  static let scrollback = 5000

  package private(set) var grid = ConsoleGrid(scrollback: scrollback)
  private var parsed = 0
  private var kept: [(count: Int, grid: ConsoleGrid)] = []
  private var session: ObjectIdentifier?
  private var edition = 0

  package init() {}

  /// Brings the grid to where the session stands.
  ///
  /// - Returns: how many bytes that took.
  @discardableResult
  package mutating func follow(_ session: Session) -> Int {
    if self.session != ObjectIdentifier(session) || edition != session.consoleEdition {
      self = ConsoleView()
      self.session = ObjectIdentifier(session)
      edition = session.consoleEdition
    }
    let count = session.consoleCount
    if count < parsed {
      kept.removeLast(kept.count - (kept.firstIndex { $0.count > count } ?? kept.count))
      (parsed, grid) = kept.last ?? (0, ConsoleGrid(scrollback: Self.scrollback))
    }
    let start = parsed
    while parsed < count {
      let end = min(count, (parsed / Self.interval + 1) * Self.interval)
      grid.feed(session.console(parsed..<end))
      parsed = end
      if parsed % Self.interval == 0 { kept.append((parsed, grid)) }
    }
    return count - start
  }
}
