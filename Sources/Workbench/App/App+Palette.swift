import Engine
import Views

/// Keys while the palette is open.
extension App {
  func takeInPalette(_ key: String) {
    let panel = PalettePanel(state.palette)
    switch key {
    case "esc", "^C": state.screen = .overview
    case "up", "^P": state.palette.selected = max(0, state.palette.selected - 1)
    case "down", "^N": state.palette.selected = min(state.palette.selected + 1, max(0, panel.shown.count - 1))
    case "enter":
      let rows = panel.shown
      guard !rows.isEmpty else { return }
      let row = rows[min(state.palette.selected, rows.count - 1)]
      state.screen = .overview
      if let action = AppAction.allCases.first(where: { $0.title == row.title }) { perform(action) }
    case "backspace":
      if !state.palette.filter.isEmpty { state.palette.filter.removeLast() }
      state.palette.selected = 0
    case "^Z": terminal.suspend()
    case "^L": terminal.repaint()
    default:
      if key.unicodeScalars.count == 1 {
        state.palette.filter += key
        state.palette.selected = 0
      }
    }
  }
}
