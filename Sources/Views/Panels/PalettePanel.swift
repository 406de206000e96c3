import Engine

extension Panel {
  public static let palette: Panel = Panel(
    "palette", "Palette and help", .screen(timeline: false), key: ["?", "^P", "F1"],
    "Every action with its key; type to filter, Enter to do it.", label: "help",
    opened: { effect in
      effect.state.palette = PaletteState()
      effect.state.screen = .palette
    },
    actions: [.paletteUp, .paletteDown, .paletteDo, .paletteDelete, .paletteClose],
    hints: { _ in
      [
        KeyHint(typing: "filter"), KeyHint(.paletteUp, .paletteDown, label: "choose"), KeyHint(.paletteDo, label: "do"),
        KeyHint(.paletteClose, label: "close"),
      ]
    },
    prepared: { session, state in state.palette.rows = PalettePanel.rows(session, state) }, moved: { _, _ in },
    typed: { scalar, effect in
      effect.state.palette.filter.unicodeScalars.append(scalar)
      effect.state.palette.selected = 0
    }
  ) { canvas, rect, _, state, _ in PalettePanel(state).draw(&canvas, rect) }
}

extension UserAction {
  static let paletteUp: UserAction = inPalette("palette-up", [.up, "^P"], "Up", "The action above.") { effect in
    effect.state.palette.selected = max(0, effect.state.palette.selected - 1)
  }
  static let paletteDown: UserAction = inPalette("palette-down", [.down, "^N"], "Down", "The action below.") { effect in
    let count = PalettePanel(effect.state).shown.count
    effect.state.palette.selected = min(effect.state.palette.selected + 1, max(0, count - 1))
  }
  static let paletteDo: UserAction = inPalette("palette-do", [.enter], "Do", "Does the chosen action.") { effect in
    guard let action = PalettePanel(effect.state).chosen else { return }
    effect.state.screen = .overview
    action.perform(&effect)
  }
  static let paletteDelete: UserAction = inPalette(
    "palette-delete", [.backspace], "Delete", "Deletes the last character of the filter."
  ) {
    effect in
    if !effect.state.palette.filter.isEmpty { effect.state.palette.filter.removeLast() }
    effect.state.palette.selected = 0
  }
  static let paletteClose: UserAction = inPalette("palette-close", [.escape, "^C"], "Close", "Back to the overview.") {
    $0.state.screen = .overview
  }

  private static func inPalette(
    _ id: String, _ keys: [Key], _ title: String, _ help: String, _ effect: @escaping @Sendable (inout Effect) -> Void
  ) -> UserAction { UserAction(id, keys, in: [.panel("palette")], title, help, effect) }
}

extension ViewState {
  public var palette: PaletteState {
    get { self[PaletteState.self] }
    set { self[PaletteState.self] = newValue }
  }
}

/// The palette: every action, filtered by what is typed.
public struct PaletteState: PanelState, Equatable {
  public struct Row: Sendable, Equatable {
    /// The action's id.
    public var action: String
    public var keys: String
    public var title: String
    public var help: String
    /// Why it is not possible now.
    public var reason: String?

    public init(action: String = "", keys: String, title: String, help: String, reason: String?) {
      self.action = action
      self.keys = keys
      self.title = title
      self.help = help
      self.reason = reason
    }
  }
  public var rows: [Row] = []
  public var selected = 0
  public var filter = ""
  public init() {}
}

/// Every action with its key and its sentence; if it is not possible now, the reason.
public struct PalettePanel {
  let state: PaletteState
  let keys: KeyBindings

  public init(_ state: ViewState) {
    self.state = state.palette
    keys = state.bindings
  }

  static func rows(_ session: Session, _ state: ViewState) -> [PaletteState.Row] {
    UserAction.all.filter(\.isOnScreens).map { action in
      PaletteState.Row(
        action: action.id, keys: state.bindings.keys(of: action).map(\.name).joined(separator: " "), title: action.title,
        help: action.help, reason: action.whyImpossible(session, state))
    }
  }

  var chosen: UserAction? {
    let rows = shown
    guard !rows.isEmpty else { return nil }
    let row = rows[min(state.selected, rows.count - 1)]
    return UserAction.all.first { $0.id == row.action }
  }

  public var shown: [PaletteState.Row] {
    let words = state.filter.lowercased().split(separator: " ")
    return state.rows.filter { row in
      let text = "\(row.keys) \(row.title) \(row.help)".lowercased()
      return words.allSatisfy { text.contains($0) }
    }
  }

  public func draw(_ canvas: inout Canvas, _ rect: Rect) {
    let rows = shown
    let inside = canvas.frame(
      rect, "Palette", note: "type to filter · \(keys.glyphs([.paletteDo])) do · \(keys.glyphs([.paletteClose])) close",
      focused: true)
    guard inside.height > 2 else { return }
    canvas.text(inside.x + 1, inside.y, "> \(state.filter)▏", .accent, limit: inside.width - 2)
    let room = inside.height - 1
    let selected = min(state.selected, max(0, rows.count - 1))
    let first = max(0, min(selected - room / 2, rows.count - room))
    if rows.isEmpty { canvas.text(inside.x + 1, inside.y + 1, "nothing matches", .dim) }
    for (n, row) in rows.dropFirst(first).prefix(room).enumerated() {
      let y = inside.y + 1 + n
      let isSelected = first + n == selected
      canvas.text(inside.x + 1, y, isSelected ? "▶" : " ", .accent)
      canvas.text(inside.x + 3, y, row.keys.padding(12), row.reason == nil ? .key : .dim)
      let x =
        canvas.text(inside.x + 16, y, row.title.padding(22), isSelected ? .selected : row.reason == nil ? .text : .dim) + 1
      let words = row.reason.map { "not now: \($0)" } ?? row.help
      canvas.text(x, y, words, row.reason == nil ? .dim : .warning, limit: inside.x + inside.width - x - 1)
    }
  }
}
