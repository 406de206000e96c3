import Engine

extension Panel {
  package static let branches: Panel = Panel(
    "branches", "Branches", key: ["U"], "What was undone and done otherwise, with bookmarks and readers' notes.",
    label: "branches",
    opened: { effect in
      effect.state.branchRow = BranchesPanel(effect.session, effect.state).rowOfBranch
      effect.state.screen = .branches
    },
    actions: [.pruneBranch, .renameBranch],
    hints: { _ in
      [
        KeyHint(.up, .down, label: "line"), KeyHint(.travel), KeyHint(.nextBranch), KeyHint(.compareBranch),
        KeyHint(.renameBranch),
        KeyHint(.pruneBranch),
      ]
    },
    listed: { BranchesPanel($0, $1).lines($2) },
    chosen: { effect in
      guard let place = BranchesPanel(effect.session, effect.state).chosen?.goal(effect.session) else { return }
      effect.ask(.go(branch: place.branch, step: place.step))
    }
  ) { canvas, rect, session, state, _ in BranchesPanel(session, state).draw(&canvas, rect) }
}

extension ViewState {
  private struct BranchesList: PanelState {
    var row = 0
  }

  /// The chosen line of the branches.
  var branchRow: Int {
    get { self[BranchesList.self].row }
    set { self[BranchesList.self].row = newValue }
  }
}

/// The tree of a session's branches: what each has of its own, and what is marked and noted on it.
struct BranchesPanel {
  enum Item {
    case branch(Branch)
    case bookmark(Bookmark)
    case note(String, BranchPlace)

    /// What it is compared by: a branch by its end.
    func place(_ session: Session) -> BranchPlace {
      switch self {
      case .branch(let branch): BranchPlace(branch: branch.id, step: session.end(of: branch.id))
      case .bookmark(let bookmark): bookmark.place
      case .note(_, let place): place
      }
    }

    /// Where Enter goes.
    func goal(_ session: Session) -> BranchPlace {
      if case .branch(let branch) = self {
        return BranchPlace(
          branch: branch.id,
          step: branch.id == session.branch.id ? session.position : min(branch.left, session.end(of: branch.id)))
      }
      return place(session)
    }
  }

  private struct Row {
    let item: Item
    let indent: String
    let step: String
    let text: String
    let role: Role
  }

  private let session: Session
  private let state: ViewState
  private let rows: [Row]

  init(_ session: Session, _ state: ViewState) {
    self.session = session
    self.state = state
    var rows: [Row] = []
    let all = session.branches
    let notes = session.additionLog.compactMap { addition -> (text: String, place: BranchPlace)? in
      if case .note(let text, let place) = addition, session.exists(place) { (text, place) } else { nil }
    }
    func add(_ branch: Branch, _ before: String, isLast: Bool) {
      let isHere = branch.id == session.branch.id
      let end = session.end(of: branch.id)
      let own = end - branch.fork
      let origin = branch.parent == nil ? "" : " after step \(branch.fork)"
      let connector = branch.parent == nil ? "" : isLast ? "└─" : "├─"
      rows.append(
        Row(
          item: .branch(branch), indent: before + connector, step: "",
          text: "\(branch.name)  \(own) step\(own == 1 ? "" : "s") of its own\(origin), to step \(end)",
          role: isHere ? .accent : .text))
      let inner = before + (branch.parent == nil ? "" : isLast ? "  " : "│ ")
      for bookmark in session.bookmarks.filter({ $0.place.branch == branch.id }).sorted(by: { $0.place.step < $1.place.step }) {
        let note = bookmark.note.isEmpty ? "" : "  \(bookmark.note)"
        rows.append(
          Row(
            item: .bookmark(bookmark), indent: inner + "  ", step: "\(bookmark.place.step)", text: "' \(bookmark.name)\(note)",
            role: .ok))
      }
      for note in notes where note.place.branch == branch.id {
        rows.append(
          Row(
            item: .note(note.text, note.place), indent: inner + "  ", step: "\(note.place.step)", text: "✎ \(note.text)",
            role: .dim))
      }
      let children = all.filter { $0.parent == branch.id }
      for (n, child) in children.enumerated() { add(child, inner, isLast: n == children.count - 1) }
    }
    if let first = all.first { add(first, "", isLast: true) }
    self.rows = rows
  }

  private var row: Int { min(state.branchRow, rows.count - 1) }

  var chosen: Item? { rows.isEmpty ? nil : rows[row].item }

  /// The line of the branch one is on.
  var rowOfBranch: Int {
    rows.firstIndex { if case .branch(let branch) = $0.item { branch.id == session.branch.id } else { false } } ?? 0
  }

  func lines(_ rect: Rect) -> PanelLines {
    PanelLines(
      count: rows.count, chosen: row, area: Self.parts(rect).list.inside, text: { "\(rows[$0].step) \(rows[$0].text)" },
      choose: { $1.branchRow = $0 })
  }

  /// Columns from which the steps of what is chosen stand beside the tree.
  private static let wide = 110

  private static func parts(_ rect: Rect) -> (list: Rect, steps: Rect?) {
    guard rect.width >= wide else { return (rect, nil) }
    let left = rect.width / 2
    return (
      Rect(rect.x, rect.y, left, rect.height), Rect(rect.x + left, rect.y, rect.width - left, rect.height)
    )
  }

  /// The chosen branch's own steps, or those around a bookmark or a note.
  private func drawSteps(_ canvas: inout Canvas, _ rect: Rect) {
    guard let item = chosen, let branch = session.branches.first(where: { $0.id == item.place(session).branch }) else { return }
    let end = session.end(of: branch.id)
    let own = end - branch.fork
    let inside = canvas.frame(
      rect, "Steps of \(branch.name)", note: own == 0 ? "" : "\(branch.fork + 1) to \(end)")
    guard !inside.isEmpty else { return }
    guard own > 0 else {
      canvas.text(inside.x + 1, inside.y, "It has no steps of its own.", .dim, limit: inside.width - 2)
      return
    }
    var first = branch.fork
    var marked: Int?
    if case .branch = item {
    } else {
      marked = item.place(session).step
      first = max(first, min(item.place(session).step - inside.height / 2, end - inside.height))
    }
    for line in 0..<inside.height {
      guard first + line < end, let step = session.step(of: branch.id, at: first + line) else { return }
      let (number, y) = (first + line + 1, inside.y + line)
      canvas.text(inside.x, y, number == marked ? "▶" : " ", .accent)
      canvas.text(inside.x + 1, y, String(number).leftPadded(6), .dim)
      let right = inside.x + inside.width - 1
      let answer = Decoder.summary(step.result)
      let columns = min(Canvas.columns(of: answer), inside.width / 2)
      canvas.text(
        inside.x + 9, y, session.labels.text(step.call), step.hasFailed ? .fault : .text,
        limit: right - columns - 2 - inside.x - 9)
      canvas.text(right - columns, y, answer, step.hasFailed ? .fault : .ok, limit: columns)
    }
  }

  func draw(_ canvas: inout Canvas, _ rect: Rect) {
    let parts = Self.parts(rect)
    drawTree(&canvas, parts.list)
    if let steps = parts.steps { drawSteps(&canvas, steps) }
  }

  private func drawTree(_ canvas: inout Canvas, _ rect: Rect) {
    let count = session.branches.count
    let inside = canvas.frame(
      rect, "Branches", note: "\(count) branch\(count == 1 ? "" : "es") · \(session.allSteps) steps", focused: true)
    guard !inside.isEmpty else { return }
    let hint = count == 1 && rows.count == 1 ? 2 : 0
    let height = max(1, inside.height - hint)
    let first = PanelLines.first(row, rows.count, height)
    canvas.markEnds(inside, first: first, count: rows.count)
    for (n, row) in rows.dropFirst(first).prefix(height).enumerated() {
      let y = inside.y + n
      var isHere = false
      if case .branch(let branch) = row.item { isHere = branch.id == session.branch.id }
      canvas.text(inside.x, y, isHere ? "▶" : " ", .accent)
      var x = canvas.text(inside.x + 2, y, row.indent, .border, limit: inside.width - 2)
      if !row.step.isEmpty { x = canvas.text(x, y, row.step.leftPadded(5) + " ", .dim, limit: inside.x + inside.width - x) }
      canvas.text(x, y, row.text, first + n == self.row ? .selected : row.role, limit: inside.x + inside.width - x)
    }
    if hint > 0, inside.height > 3 {
      let keys = state.bindings
      let words = "Go back (\(keys[.stepEarlier])) and do something else: what was undone stays here as a branch."
      for (n, line) in WhyPanel.wrap(words, to: inside.width - 3, hanging: 0).prefix(inside.height - 2).enumerated() {
        canvas.text(inside.x + 2, inside.y + 2 + n, line, .dim, limit: inside.width - 3)
      }
    }
  }
}
