import Engine

extension Panel {
  package static let compare: Panel = Panel(
    "compare", "Compare", key: ["V"], "Two branches, or two steps, side by side: what was done, answered, and what came of it.",
    hints: { _ in
      [KeyHint(.up, .down, label: "line"), KeyHint(.travel), KeyHint(.find), KeyHint(.compareBranch)]
    },
    listed: { ComparePanel($0, $1).lines($2) },
    empty: { _, state in state.comparison == nil ? "nothing is compared" : nil },
    chosen: { effect in
      let panel = ComparePanel(effect.session, effect.state)
      guard let place = panel.goal else { return }
      effect.ask(.go(branch: place.branch, step: place.step))
    }
  ) { canvas, rect, session, state, _ in ComparePanel(session, state).draw(&canvas, rect) }
}

/// Two places of a session, and what is not the same.
package struct ComparedPlaces: Sendable {
  package let a: BranchPlace
  package let b: BranchPlace
  package let names: (a: String, b: String)
  package let comparison: SessionComparison

  package init(_ session: Session, _ a: BranchPlace, _ b: BranchPlace) {
    self.a = a
    self.b = b
    names = (session.name(of: a), session.name(of: b))
    comparison = session.comparison(of: a, with: b)
  }
}

extension ViewState {
  private struct Compared: PanelState {
    var places: ComparedPlaces?
    var row = 0
  }

  var comparison: ComparedPlaces? { self[Compared.self].places }

  /// Shows two places side by side.
  package mutating func show(_ places: ComparedPlaces) {
    self[Compared.self].places = places
    self[Compared.self].row = 0
    screen = .compare
  }

  fileprivate var comparedRow: Int {
    get { self[Compared.self].row }
    set { self[Compared.self].row = newValue }
  }
}

/// Two places side by side: the steps aligned, the granules that differ as a map, and everything that differs in words.
struct ComparePanel {
  private struct Row {
    var a = ""
    var b = ""
    var roles: (Role, Role) = (.text, .text)
    /// Both halves are one text.
    var isWhole = false
    /// The steps it is about.
    var steps: (a: Int?, b: Int?) = (nil, nil)
  }

  private let session: Session
  private let state: ViewState
  private let rows: [Row]

  init(_ session: Session, _ state: ViewState) {
    self.session = session
    self.state = state
    guard let compared = state.comparison else {
      rows = []
      return
    }
    let comparison = compared.comparison
    var rows: [Row] = []
    let labels = session.labels
    func title(_ text: String) { rows.append(Row(a: text, roles: (.title, .title), isWhole: true)) }
    title("\(comparison.common) step\(comparison.common == 1 ? "" : "s") in common, then")
    for row in comparison.rows {
      let text = labels.text(row.text)
      rows.append(
        Row(
          a: row.a.map { "\($0)  \(text)  \(row.answerA)" } ?? "", b: row.b.map { "\($0)  \(text)  \(row.answerB)" } ?? "",
          roles: row.isSame ? (.dim, .dim) : (.text, .text), steps: (row.a, row.b)))
    }
    if comparison.rows.isEmpty { rows.append(Row(a: "nothing else was done in either", roles: (.dim, .dim), isWhole: true)) }
    for kind in StateReading.Kind.allCases {
      let items = comparison.state.items.filter { $0.key.kind == kind }
      guard !items.isEmpty else { continue }
      title(kind.title)
      for item in items {
        let name = labels.text(item.key.name)
        rows.append(Row(a: "\(name)  \(labels.text(item.a))", b: "\(name)  \(labels.text(item.b))", roles: (.accent, .ok)))
      }
    }
    if comparison.state.isEqual { title("the states are the same") }
    self.rows = rows
  }

  private var row: Int { max(0, min(state.comparedRow, rows.count - 1)) }

  /// Where Enter goes: to the step of the chosen line.
  var goal: BranchPlace? {
    guard let compared = state.comparison, rows.indices.contains(row) else { return nil }
    let steps = rows[row].steps
    if let a = steps.a { return BranchPlace(branch: compared.a.branch, step: a) }
    return steps.b.map { BranchPlace(branch: compared.b.branch, step: $0) }
  }

  /// Granules that differ, as far as they are shown as a map.
  private var cells: [(address: UInt64, a: Unicode.Scalar, b: Unicode.Scalar)] {
    (state.comparison?.comparison.state.items ?? []).compactMap { item in
      item.cells.map { (item.key.address, GranulesPanel.letter($0.a), GranulesPanel.letter($0.b)) }
    }
  }

  func lines(_ rect: Rect) -> PanelLines {
    PanelLines(
      count: rows.count, chosen: row, area: area(rect), text: { "\(rows[$0].a) \(rows[$0].b)" }, choose: { $1.comparedRow = $0 })
  }

  /// Lines of the map: a piece of memory each, with its granules in A and in B.
  private func mapLines(_ width: Int) -> [(
    base: UInt64, cells: ArraySlice<(address: UInt64, a: Unicode.Scalar, b: Unicode.Scalar)>
  )] {
    let all = cells
    let room = max(8, (width - 14) / 2)
    var lines: [(UInt64, ArraySlice<(address: UInt64, a: Unicode.Scalar, b: Unicode.Scalar)>)] = []
    var first = 0
    while first < all.count, lines.count < 4 {
      var last = first
      while last < all.count, (all[last].address - all[first].address) >> 12 < UInt64(room) { last += 1 }
      lines.append((all[first].address, all[first..<last]))
      first = last
    }
    return lines
  }

  private func area(_ rect: Rect) -> Rect {
    let inside = rect.inside
    let above = 1 + mapLines(inside.width).count
    return Rect(inside.x, inside.y + above, inside.width, max(1, inside.height - above))
  }

  func draw(_ canvas: inout Canvas, _ rect: Rect) {
    guard let compared = state.comparison else {
      let inside = canvas.frame(rect, "Compare", note: "", focused: true)
      let key = state.bindings[.compareBranch]
      let words = "Nothing is compared. \(key) asks for two branches or steps, such as compare main b1."
      for (n, line) in WhyPanel.wrap(words, to: max(inside.width - 2, 20), hanging: 0).enumerated() where n < inside.height {
        canvas.text(inside.x + 1, inside.y + n, line, .dim, limit: inside.width - 2)
      }
      return
    }
    let count = compared.comparison.state.items.count + compared.comparison.rows.filter { !$0.isSame }.count
    let inside = canvas.frame(rect, "Compare", note: count == 0 ? "no difference" : "\(count) differ", focused: true)
    guard inside.width > 20, inside.height > 2 else { return }
    let half = inside.width / 2
    canvas.text(inside.x, inside.y, "A  \(compared.names.a)", .accent, limit: half - 1)
    canvas.text(inside.x + half, inside.y, "B  \(compared.names.b)", .ok, limit: inside.width - half)
    for (n, line) in mapLines(inside.width).enumerated() where n + 1 < inside.height {
      let y = inside.y + 1 + n
      canvas.text(inside.x, y, hex(line.base), .dim, limit: 12)
      for cell in line.cells {
        let x = Int((cell.address - line.base) >> 12)
        if 13 + x < half { canvas[inside.x + 13 + x, y] = Cell(cell.a, .accent) }
        if half + 1 + x < inside.width { canvas[inside.x + half + x, y] = Cell(cell.b, .ok) }
      }
    }
    let area = area(rect)
    let first = PanelLines.first(row, rows.count, area.height)
    canvas.markEnds(area, first: first, count: rows.count)
    for (n, row) in rows.dropFirst(first).prefix(area.height).enumerated() {
      let y = area.y + n
      let isChosen = first + n == self.row
      if row.isWhole {
        canvas.text(area.x, y, row.a, isChosen ? .selected : row.roles.0, limit: area.width)
        continue
      }
      canvas.text(area.x, y, row.a, isChosen ? .selected : row.roles.0, limit: half - 1)
      canvas.text(area.x + half - 1, y, "│", .border)
      canvas.text(area.x + half, y, row.b, isChosen ? .selected : row.roles.1, limit: area.width - half)
    }
  }
}
