import Engine

extension Panel {
  package static let captions: Panel = Panel(
    "captions", "Captions", key: ["C"], "What the session's author says of each step, and what was expected of it.",
    label: "captions",
    opened: { effect in
      effect.state.captionRow = CaptionsPanel(effect.session, effect.state, width: effect.width).rowOfStep
      effect.state.screen = .captions
    },
    hints: { _ in
      [
        KeyHint(.up, .down, label: "line"), KeyHint(.travel), KeyHint(.find), KeyHint(.stepEarlier, .stepLater, label: "time"),
      ]
    },
    listed: { CaptionsPanel($0, $1, width: $2.width).lines($2) },
    empty: { session, _ in session.captions.all.isEmpty ? "nobody has said anything" : nil }, notable: "expectation that failed",
    chosen: { effect in
      if let step = CaptionsPanel(effect.session, effect.state, width: effect.width).chosenStep { effect.ask(.travel(to: step)) }
    }
  ) { canvas, rect, session, state, _ in CaptionsPanel(session, state, width: rect.width).draw(&canvas, rect) }
}

extension ViewState {
  private struct CaptionsList: PanelState {
    var row = 0
  }

  /// The chosen line of the captions.
  var captionRow: Int {
    get { self[CaptionsList.self].row }
    set { self[CaptionsList.self].row = newValue }
  }
}

/// Every caption of a session, each with its step; Enter goes there.
struct CaptionsPanel {
  private struct Row {
    /// The step; nil in the further lines of a caption.
    var step: Int?
    var belongsTo: Int
    var text: String
    var role: Role
  }

  private let session: Session
  private let state: ViewState
  private let rows: [Row]

  /// Columns before the words.
  private static let margin = 8

  init(_ session: Session, _ state: ViewState, width: Int) {
    self.session = session
    self.state = state
    var rows: [Row] = []
    for caption in session.captions.all {
      let (mark, role): (String, Role) =
        switch caption.kind {
        case .words: ("", .text)
        case .held: ("✓ ", .ok)
        case .failed: ("✗ ", .fault)
        case .note: ("✎ ", .accent)
        }
      let lines = WhyPanel.wrap(mark + caption.text, to: max(20, width - 4 - Self.margin), hanging: mark.count)
      for (n, line) in lines.enumerated() {
        rows.append(Row(step: n == 0 ? caption.step : nil, belongsTo: caption.step, text: line, role: role))
      }
    }
    self.rows = rows
  }

  /// The first line of the step one is at, or of the one before.
  var rowOfStep: Int {
    let step = rows.last { $0.belongsTo <= max(1, session.position) }?.belongsTo
    return rows.firstIndex { $0.belongsTo == step } ?? 0
  }

  var chosenStep: Int? { rows.isEmpty ? nil : rows[min(state.captionRow, rows.count - 1)].belongsTo }

  func lines(_ rect: Rect) -> PanelLines {
    PanelLines(
      count: rows.count, chosen: state.captionRow, area: rect.inside, text: { "\(rows[$0].belongsTo) \(rows[$0].text)" },
      isNotable: { rows[$0].role == .fault && rows[$0].step != nil }, choose: { $1.captionRow = $0 })
  }

  func draw(_ canvas: inout Canvas, _ rect: Rect) {
    let failed = session.captions.all.count { $0.kind == .failed }
    let note = failed == 0 ? "\(session.captions.all.count) captions" : "\(failed) expectation\(failed == 1 ? "" : "s") failed"
    let inside = canvas.frame(rect, "Captions", note: note, focused: true)
    guard !inside.isEmpty else { return }
    if rows.isEmpty {
      canvas.text(
        inside.x + 1, inside.y, "Nobody has said anything: comments, echo and expect of a script are shown here.", .dim,
        limit: inside.width - 2)
      return
    }
    let chosen = min(state.captionRow, rows.count - 1)
    let first = PanelLines.first(chosen, rows.count, inside.height)
    canvas.markEnds(inside, first: first, count: rows.count)
    for (n, row) in rows.dropFirst(first).prefix(inside.height).enumerated() {
      let y = inside.y + n
      let isHere = row.belongsTo == session.position
      if let step = row.step {
        canvas.text(
          inside.x, y, "\(isHere ? "▶" : " ")\(String(step).leftPadded(5))", isHere ? .accent : .dim, limit: inside.width)
      }
      canvas.text(
        inside.x + Self.margin, y, row.text, first + n == chosen ? .selected : row.role,
        limit: inside.width - Self.margin)
    }
  }
}
