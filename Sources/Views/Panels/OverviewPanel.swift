import Engine

extension Panel {
  package static let overview: Panel = Panel(
    "overview", "Overview", key: ["o"], "Worlds, granule map, realms and trace on one screen.",
    hints: { state in
      let time = KeyHint(.stepEarlier, .stepLater, label: "time")
      let words = [KeyHint(.play), KeyHint(opening: .captions)]
      let screens = [KeyHint(opening: .rtt), KeyHint(opening: .token), KeyHint(opening: .guest)]
      // Whoever reads a session goes through it.
      if state.recording == .replay {
        return [KeyHint(.command), time] + words + state.focus.hints(state) + [KeyHint(.nextPanel)] + screens
          + [KeyHint(.undo), KeyHint(.redo)]
      }
      return KeyHint.common + [KeyHint(.nextPanel)] + state.focus.hints(state) + [time] + screens + words
    },
    prepared: { session, state in for part in Panel.tiles + [.rtt, .why] { part.prepare(session, &state) } },
    moved: { $1.state.focus.move($0, &$1) }, clicked: OverviewPanel.click
  ) { canvas, rect, session, state, _ in OverviewPanel(session, state).draw(&canvas, rect) }
}

/// The tiles of the overview for any size, with the timeline below them.
struct OverviewPanel {
  let session: Session
  let state: ViewState

  init(_ session: Session, _ state: ViewState) {
    self.session = session
    self.state = state
  }

  /// Where each tile is; in a small terminal, and in large print, only the focused one is anywhere.
  static func layout(_ body: Rect, focus: Panel, isLarge: Bool) -> [Panel: Rect] {
    guard body.width >= 100, body.height >= 20, !isLarge else {
      return [focus: Rect(body.x, body.y + 1, body.width, body.height - 1)]
    }
    let left = body.width >= 160 ? 52 : 42
    if let side = side(body) {
      // The worlds are the centre, above all that happens in them.
      let width = body.width - side.width
      let worlds = Rect(body.x, body.y, width, max(16, body.height * 3 / 10))
      let rest = body.height - worlds.height
      let (y, top) = (body.y + worlds.height, rest * 9 / 20)
      return [
        .worlds: worlds, .realms: Rect(body.x, y, left, rest), .granules: Rect(body.x + left, y, width - left, top),
        .trace: Rect(body.x + left, y + top, width - left, rest - top),
      ]
    }
    let middle = body.width - left
    let top = max(11, body.height * 9 / 20)
    return [
      .worlds: Rect(body.x, body.y, left, min(top, 11)),
      .granules: Rect(body.x + left, body.y, middle, top),
      .realms: Rect(body.x, body.y + min(top, 11), left, body.height - min(top, 11)),
      .trace: Rect(body.x + left, body.y + top, middle, body.height - top),
    ]
  }

  /// Where a large terminal has room for more.
  private static func side(_ body: Rect) -> Rect? {
    guard body.width >= 160, body.height >= 40 else { return nil }
    return Rect(body.x + body.width - 62, body.y, 62, body.height)
  }

  func draw(_ canvas: inout Canvas, _ body: Rect) {
    let layout = Self.layout(body, focus: state.focus, isLarge: state.isLarge)
    if layout.count == 1 { tabs(&canvas, body) }
    for panel in Panel.tiles {
      guard let rect = layout[panel] else { continue }
      panel.draw(&canvas, rect, session, state, focused: panel == state.focus)
    }
    guard layout.count > 1, let side = Self.side(body) else { return }
    // A large terminal shows more: why the last call answered as it did, and the walk.
    let half = side.height / 2
    let lower = Rect(side.x, side.y + half, side.width, side.height - half)
    WhyPanel(state).draw(&canvas, Rect(side.x, side.y, side.width, half), focused: false)
    if session.read({ !$0.control.realms.isEmpty }) {
      RTTPanel(session, state).draw(&canvas, lower, focused: false)
    } else {
      let inside = canvas.frame(lower, "RTT")
      canvas.text(inside.x + 1, inside.y, "No realm, no tables.", .dim)
    }
  }

  private func tabs(_ canvas: inout Canvas, _ body: Rect) {
    for (panel, x, title) in Self.tabs(body) {
      canvas.text(x, body.y, title, panel == state.focus ? .selected : .dim)
    }
  }

  private static func tabs(_ body: Rect) -> [(panel: Panel, x: Int, title: String)] {
    var x = body.x + 1
    return Panel.tiles.enumerated().map { n, panel in
      let title = " \(n + 1) \(panel.title) "
      defer { x += title.count + 1 }
      return (panel, x, title)
    }
  }

  static func moveFocus(by step: Int, _ state: inout ViewState) {
    state.screen = .overview
    let tiles = Panel.tiles
    let index = tiles.firstIndex(of: state.focus) ?? 0
    state.focus = tiles[(index + step + tiles.count) % tiles.count]
  }

  /// The tile at a place gets the focus.
  static func focus(_ x: Int, _ y: Int, _ body: Rect, _ state: inout ViewState) {
    let layout = layout(body, focus: state.focus, isLarge: state.isLarge)
    if let tile = layout.first(where: { $0.value.contains(x, y) }) { state.focus = tile.key }
  }

  @Sendable static func click(_ x: Int, _ y: Int, _ body: Rect, _ effect: inout Effect) {
    let layout = layout(body, focus: effect.state.focus, isLarge: effect.state.isLarge)
    if layout.count == 1, y == body.y {
      if let tab = tabs(body).first(where: { $0.x <= x && x < $0.x + $0.title.count }) { effect.state.focus = tab.panel }
    } else if let (panel, rect) = layout.first(where: { $0.value.contains(x, y) }) {
      // The first click gives it the keys, and only chooses.
      let hadFocus = effect.state.focus == panel
      focus(x, y, body, &effect.state)
      panel.click(x, y, in: rect, &effect, isChoiceOnly: !hadFocus)
    }
  }
}
