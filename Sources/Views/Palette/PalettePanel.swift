import Engine

extension Panel {
  package static let palette: Panel = Panel(
    "palette", "Palette and help", .screen(timeline: false), key: ["?", "^P", "F1"],
    "Everything there is: actions, commands, statements, guests, sessions, settings. Type to find, Enter does it.", label: "help",
    opened: { PalettePanel.open(&$0) },
    actions: UserAction.palette,
    hints: { _ in
      [
        KeyHint(typing: "find"), KeyHint(.paletteUp, .paletteDown, label: "choose"), KeyHint(.paletteDo, label: "do"),
        KeyHint(.paletteClose, label: "close"),
      ]
    },
    prepared: { session, state in state.palette.rows = PalettePanel.rows(session, state) },
    listed: { PalettePanel($1).lines($2) }, chosen: { UserAction.paletteDo.perform(&$0) },
    typed: { scalar, effect in
      effect.state.palette.filter.unicodeScalars.append(scalar)
      effect.state.palette.selected = 0
    }
  ) { canvas, rect, _, state, _ in PalettePanel(state).draw(&canvas, rect) }
}

extension UserAction {
  static let palette: [UserAction] =
    [
      paletteUp, paletteDown, moving("palette-page-up", ["pgup"], "Page up", .pageUp),
      moving("palette-page-down", ["pgdn"], "Page down", .pageDown), moving("palette-first", ["home"], "First line", .first),
      moving("palette-last", ["end"], "Last line", .last), paletteDo, paletteDelete, paletteClear, paletteClose,
    ]

  static let paletteUp: UserAction = moving("palette-up", [.up, "^P"], "Up", .up)
  static let paletteDown: UserAction = moving("palette-down", [.down, "^N"], "Down", .down)

  static let paletteDo: UserAction = inPalette("palette-do", [.enter], "Do", "Does what is chosen, or types it.") { effect in
    guard let row = PalettePanel(effect.state).chosen else { return }
    effect.state.screen = effect.state.palette.origin
    if let action = effect.state.bindings.actions.first(where: { $0.id == row.action }) { return action.perform(&effect) }
    guard let line = row.line else { return }
    if let reason = row.reason { return effect.say("\(row.title): \(reason)", isError: true) }
    effect.ask(row.isWhole ? .execute(line) : .open(.command, text: line))
  }
  static let paletteDelete: UserAction = inPalette(
    "palette-delete", [.backspace], "Delete", "Deletes the last character of what is sought."
  ) {
    effect in
    if !effect.state.palette.filter.isEmpty { effect.state.palette.filter.removeLast() }
    effect.state.palette.selected = 0
  }
  static let paletteClear: UserAction = inPalette("palette-clear", ["^U", "^W"], "Clear", "Seeks nothing any more.") {
    $0.state.palette.filter = ""
    $0.state.palette.selected = 0
  }
  static let paletteClose: UserAction = inPalette("palette-close", [.escape, "^C"], "Close", "Back to where one was.") {
    $0.state.screen = $0.state.palette.origin
  }

  private static func moving(_ id: String, _ keys: [Key], _ title: String, _ motion: Motion) -> UserAction {
    inPalette(id, keys, title, "Chooses among what is offered.") { Panel.palette.scroll(motion, &$0) }
  }

  private static func inPalette(
    _ id: String, _ keys: [Key], _ title: String, _ help: String, _ effect: @escaping @Sendable (inout Effect) -> Void
  ) -> UserAction { UserAction(id, keys, in: [.panel("palette")], title, help, effect) }
}

extension ViewState {
  package var palette: PaletteState {
    get { self[PaletteState.self] }
    set { self[PaletteState.self] = newValue }
  }
}

/// The palette: everything there is to do, found by what is typed.
package struct PaletteState: PanelState, Equatable {
  package struct Row: Sendable, Equatable {
    /// The action's id; empty if it is a line.
    package var action: String
    /// Its keys, or what kind of thing it is.
    package var keys: String
    package var title: String
    package var help: String
    /// Why it is not possible now.
    package var reason: String?
    /// What is typed, if it is no action, and whether that is all of it.
    var line: String?
    var isWhole = false

    package init(action: String = "", keys: String, title: String, help: String, reason: String?) {
      self.action = action
      self.keys = keys
      self.title = title
      self.help = help
      self.reason = reason
    }

    init(_ offer: Offer) {
      self.init(keys: offer.kind.rawValue, title: offer.title, help: offer.help, reason: offer.reason)
      line = offer.line
      isWhole = offer.isWhole
    }
  }
  package var rows: [Row] = []
  /// What the program offers beside actions.
  package var offers: [Offer] = []
  package var selected = 0
  package var filter = ""
  /// The screen it was opened on.
  var origin = Panel.overview
  package init() {}
}

/// Everything with its key or its kind, and its sentence; if it is not possible now, the reason.
package struct PalettePanel {
  let state: PaletteState
  let keys: KeyBindings

  package init(_ state: ViewState) {
    self.state = state.palette
    keys = state.bindings
  }

  /// Opens it with nothing, or some words, sought.
  static func open(_ effect: inout Effect, seeking words: String = "") {
    var palette = PaletteState()
    palette.origin = effect.state.screen.takesText ? .overview : effect.state.screen
    palette.offers = effect.state.palette.offers
    palette.filter = words
    effect.state.palette = palette
    effect.state.screen = .palette
    effect.state.palette.rows = rows(effect.session, effect.state)
    effect.ask(.offer)
  }

  static func rows(_ session: Session, _ state: ViewState) -> [PaletteState.Row] {
    state.bindings.actions.filter(\.isOnScreens).map { action in
      let keys = state.bindings.keys(of: action).map(\.name).joined(separator: " ")
      return PaletteState.Row(
        action: action.id, keys: keys.isEmpty ? "macro" : keys, title: action.title, help: action.help,
        reason: action.whyImpossible(session, state.inPlace))
    } + state.palette.offers.map { PaletteState.Row($0) }
  }

  /// The row that is chosen.
  var chosen: PaletteState.Row? {
    let rows = shown
    return rows.isEmpty ? nil : rows[min(state.selected, rows.count - 1)]
  }

  /// What fits, the best first.
  package var shown: [PaletteState.Row] {
    let words = state.filter.lowercased().split(separator: " ").map(String.init)
    guard !words.isEmpty else { return state.rows }
    let scored = state.rows.enumerated().compactMap { n, row in
      Fuzzy.score(words, keys: row.keys, title: row.title, help: row.help).map { (n, $0, row) }
    }
    return scored.sorted { ($1.1, $0.0) < ($0.1, $1.0) }.map(\.2)
  }

  func lines(_ rect: Rect) -> PanelLines {
    let rows = shown
    let inside = rect.inside
    return PanelLines(
      count: rows.count, chosen: state.selected, area: Rect(inside.x, inside.y + 1, inside.width, inside.height - 1),
      text: { rows[$0].title }, choose: { $1.palette.selected = $0 })
  }

  package func draw(_ canvas: inout Canvas, _ rect: Rect) {
    let rows = shown
    let inside = canvas.frame(
      rect, "Palette", note: "type to find · \(keys.glyphs([.paletteDo])) do · \(keys.glyphs([.paletteClose])) close",
      focused: true)
    guard inside.height > 2 else { return }
    let x = canvas.text(inside.x + 1, inside.y, "> \(state.filter)▏", .accent, limit: inside.width - 2)
    let count = "\(rows.count)"
    if x + count.count + 2 < inside.x + inside.width { canvas.right(inside.x + inside.width - 1, inside.y, count, .dim) }
    let room = inside.height - 1
    let selected = min(state.selected, max(0, rows.count - 1))
    let first = PanelLines.first(selected, rows.count, room)
    canvas.markEnds(Rect(inside.x, inside.y + 1, inside.width, room), first: first, count: rows.count)
    if rows.isEmpty { canvas.text(inside.x + 1, inside.y + 1, "nothing matches", .dim) }
    // Titles stand in a column of their own, as wide as the longest of those that are seen, up to what leaves room for the sentences.
    let most = max(Self.leastTitle, inside.width * 2 / 5)
    let titles = rows.dropFirst(first).prefix(room).map(\.title.utf8.count).filter { $0 <= most }.max() ?? 0
    for (n, row) in rows.dropFirst(first).prefix(room).enumerated() {
      draw(row, titles, isSelected: first + n == selected, &canvas, Rect(inside.x, inside.y + 1 + n, inside.width, 1))
    }
  }

  private static let leastTitle = 22

  private func draw(_ row: PaletteState.Row, _ titles: Int, isSelected: Bool, _ canvas: inout Canvas, _ rect: Rect) {
    let (left, y) = (rect.x, rect.y)
    canvas.text(left + 1, y, isSelected ? "▶" : " ", .accent)
    canvas.text(left + 3, y, row.keys.padding(12), row.reason == nil && row.line == nil ? .key : .dim)
    let x =
      canvas.text(
        left + 16, y, row.title.padding(max(Self.leastTitle, titles)), isSelected ? .selected : row.reason == nil ? .text : .dim)
      + 1
    let words = row.reason.map { "not now: \($0)" } ?? row.help
    canvas.text(x, y, words, row.reason == nil ? .dim : .warning, limit: left + rect.width - x - 1)
  }
}

extension ViewState {
  /// As it is where the palette was opened: what is possible is possible there.
  fileprivate var inPlace: ViewState {
    var state = self
    if screen == .palette { state.screen = palette.origin }
    return state
  }
}
