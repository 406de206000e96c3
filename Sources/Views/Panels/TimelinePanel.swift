import Engine

extension Panel {
  package static let timeline: Panel = Panel("timeline", "Timeline", .printed, key: [], "") { canvas, rect, session, state, _ in
    TimelinePanel(session).draw(&canvas, rect)
  }
}

/// The whole session in one line: how much happened at each step, which steps failed, and where we are.
package struct TimelinePanel {
  let session: Session

  package init(_ session: Session) { self.session = session }

  private static let bars: [Unicode.Scalar] = ["▁", "▂", "▃", "▅", "█"]

  /// The step at a column; the ends of the row are the ends of the session.
  static func step(at x: Int, width: Int, count: Int) -> Int { min(count, x * (count + 1) / width) }

  /// The branch one is on, of how many; nothing where there is one.
  private var tree: String {
    let all = session.branches
    guard all.count > 1, let here = all.firstIndex(where: { $0.id == session.branch.id }) else { return "" }
    let name = all[here].name
    let parent = all[here].parent.flatMap { parent in all.first { $0.id == parent }?.name }
    let from = parent.map { "\($0.prefix(8))─┬─" } ?? ""
    return "\(from)\(name.prefix(12)) \(here + 1)/\(all.count) "
  }

  package func draw(_ canvas: inout Canvas, _ rect: Rect) {
    guard rect.width > 24, rect.height > 0 else { return }
    let label = "◀ step \(session.position) \(rect.width >= 60 ? tree : "")"
    let x = canvas.text(rect.x, rect.y, label, .accent)
    let width = rect.x + rect.width - 2 - x
    let total = session.steps.count
    guard width > 0 else { return }
    if total == 0 {
      for n in 0..<width { canvas[x + n, rect.y] = Cell("▁", .border) }
    }
    let marks = session.bookmarks.filter { session.isOnLine($0.place) }
    let forks = session.branches.count > 1 ? session.forks : []
    for column in 0..<(total == 0 ? 0 : width) {
      let from = column * total / width
      let to = max(from + 1, (column + 1) * total / width)
      // With fewer steps than columns a step is as wide as its share.
      let glance = session.steps.glance(from..<min(to, total))
      let (failed, height) = (glance.hasFailed, glance.amount)
      if let mark = marks.first(where: { $0.place.step > from && $0.place.step <= max(from + 1, min(to, total)) }) {
        let mark = mark.name.unicodeScalars.first ?? "'"
        canvas[x + column, rect.y] = Cell(mark, .accent, reverse: session.position > from && session.position <= to)
        continue
      }
      if session.captions.hasFailed(in: from + 1...max(from + 1, min(to, total))) {
        canvas[x + column, rect.y] = Cell("✗", .fault, reverse: session.position > from && session.position <= to)
        continue
      }
      let here = session.position > from && session.position <= to
      if forks.contains(where: { $0 > from && $0 <= to }) || from == 0 && forks.first == 0 {
        canvas[x + column, rect.y] = Cell("┬", failed ? .fault : .accent, reverse: here)
        continue
      }
      let past = from < session.position
      canvas[x + column, rect.y] = Cell(
        failed && height < 2 ? Self.bars[2] : Self.bars[height], here ? .accent : failed ? .fault : past ? .ok : .dim,
        reverse: here)
    }
    canvas.text(rect.x + rect.width - 1, rect.y, "▶", .accent)
  }
}
