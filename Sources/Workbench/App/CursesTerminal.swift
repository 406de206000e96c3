// Imported for its link directives: CTerm calls ncurses, the module map of CNcurses names the libraries.
import CNcurses
import CTerm
import Engine
import FoundationEssentials
import Libc
import Views

/// How many colours to use.
enum ColourMode: String, CaseIterable {
  case auto, never, basic = "16", palette = "256", `true` = "true"
}

/// A real terminal: opened once, drawn to by changed runs, read as keys. The only user of CTerm.
@MainActor
final class CursesTerminal: Terminal {
  enum OpenFailure: Error {
    case notATerminal, unknownType, tooSimple

    var message: String {
      let name = getenv("TERM").map { String(cString: $0) } ?? ""
      switch self {
      case .notATerminal:
        return
          "standard input and output must be a terminal; for use without one see: workbench run --help, workbench show --help"
      case .unknownType:
        return name.isEmpty
          ? "TERM is not set; set it to your terminal's type, such as xterm-256color"
          : "the terminal type \"\(shown(name))\" (TERM) is unknown here; set TERM to a known one, such as xterm-256color"
      case .tooSimple:
        return "the terminal type \"\(shown(name))\" cannot move its cursor; use workbench run and workbench show instead"
      }
    }
  }

  private(set) var width = 80
  private(set) var height = 24
  private(set) var mouse: Bool
  private var painted: Canvas?
  private var theme: Theme
  private var utf8 = false
  var isASCII: Bool { !utf8 }
  private var depth = 0

  init(mouse: Bool, colours: ColourMode, ascii: Bool, theme: Theme) throws(OpenFailure) {
    self.mouse = mouse
    switch ct_open(mouse ? 1 : 0, 1) {
    case CT_NOT_A_TTY: throw .notATerminal
    case CT_TERM_UNKNOWN: throw .unknownType
    case CT_TERM_DUMB: throw .tooSimple
    default: break
    }
    self.theme = theme
    draw(colours, ascii: ascii)
    takeSize()
  }

  func draw(_ colours: ColourMode, ascii: Bool) {
    utf8 = ct_utf8() != 0 && !ascii
    // Colours the terminal has, and the person wants; NO_COLOR means none.
    let noColour = getenv("NO_COLOR").map { $0.pointee != 0 } ?? false
    let have = Int(ct_colors())
    switch colours {
    case .never: depth = 0
    case .basic: depth = min(have, 16)
    case .palette: depth = min(have, 256)
    case .true: depth = 1 << 24
    case .auto: depth = noColour ? 0 : ct_truecolor() != 0 && have >= 8 && utf8 ? 1 << 24 : have
    }
    painted = nil
  }

  /// The theme that suits the terminal's background, if it says which that is.
  static func suitable(_ wanted: Theme?) -> Theme {
    if let wanted { return wanted }
    return ct_background(200) == 1 ? .light : .standard
  }

  /// What is to be said of the terminal's type, if it is one that is not known here.
  var typeNote: String? {
    guard ct_stand_in() != 0, let type = getenv("TERM").map({ String(cString: $0) }) else { return nil }
    return "TERM \(shown(type)) is not described here; xterm-256color stands in for it"
  }

  /// Whether the screen has colours; without them the monochrome theme is used.
  var hasColours: Bool { depth >= 8 }

  func close() { ct_close() }

  func setCrashNote(_ text: String) { ct_set_crash_note(text) }

  private func takeSize() {
    var columns: Int32 = 0
    var rows: Int32 = 0
    ct_size(&columns, &rows)
    width = Int(columns)
    height = Int(rows)
  }

  func resized() {
    ct_resized()
    takeSize()
    repaint()
  }

  func repaint() {
    ct_redraw()
    painted = nil
  }

  func suspend() {
    ct_suspend()
    takeSize()
    painted = nil
  }

  func toggleMouse() {
    mouse.toggle()
    ct_close()
    _ = ct_open(mouse ? 1 : 0, 1)
    painted = nil
  }

  /// OSC 52, which terminals, tmux and ssh pass on.
  func copy(_ text: String) {
    let bytes = Array("\u{1b}]52;c;\(Data(text.utf8).base64EncodedString())\u{7}".utf8)
    _ = ct_write_all(bytes, Int64(bytes.count))
  }

  func use(_ theme: Theme) {
    self.theme = theme
    painted = nil
  }

  // MARK: Drawing

  func present(_ canvas: Canvas) {
    let canvas = utf8 ? canvas : canvas.ascii
    if depth > 256 { presentDirectly(canvas) } else { presentThroughCurses(canvas) }
    painted = canvas
  }

  private func presentThroughCurses(_ canvas: Canvas) {
    canvas.changes(from: painted) { run in
      guard let first = run.cells.first else { return }
      let style = style(first)
      let (colour, attributes) = (Int32(paletteColour(style)), attributes(style))
      func put(_ x: Int, _ scalars: [UInt32]) {
        ct_put(Int32(run.y), Int32(x), scalars, Int32(scalars.count), colour, -1, attributes)
      }
      if canvas.isPlain {
        put(run.x, run.cells.map(\.scalar.value))
      } else {
        canvas.pieces(run) { x, scalars, _ in put(x, scalars.map(\.value)) }
      }
    }
    ct_cursor(-1, -1)
    ct_flush()
  }

  /// True colour: one write a frame, past ncurses, inside a synchronised update.
  private func presentDirectly(_ canvas: Canvas) {
    if painted == nil { ct_flush() }
    let bytes = FrameWriter.bytes(canvas, from: painted, theme: theme)
    if !bytes.isEmpty { _ = ct_write_all(bytes, Int64(bytes.count)) }
  }

  private func style(_ cell: Cell) -> Style {
    var style = (hasColours ? theme : Theme.mono).style(cell.role)
    if cell.reverse { style.reverse.toggle() }
    return style
  }

  private func paletteColour(_ style: Style) -> Int {
    guard depth >= 8 else { return -1 }
    guard depth >= 256, let colour = style.foreground else { return style.basic ?? -1 }
    return colour.palette256
  }

  private func attributes(_ style: Style) -> Int32 {
    var result: Int32 = 0
    if style.bold { result |= CT_BOLD }
    if style.dim, depth < 256 || style.foreground == nil { result |= CT_DIM }
    if style.underline { result |= CT_UNDERLINE }
    if style.reverse { result |= CT_REVERSE }
    return result
  }

  // MARK: Input

  func wait(_ milliseconds: Int) -> TerminalWake {
    let what = ct_wait(Int32(milliseconds), -1)
    if what & CT_SIGNAL != 0 {
      let number = ct_next_signal()
      if number != 0 { return .signal(number) }
    }
    // A terminal that is gone is readable for ever, and nothing is read.
    if what & CT_HANGUP != 0 { return .hangup }
    if what & CT_INPUT != 0 { return .input }
    return .timeout
  }

  func next() -> TerminalInput? {
    var event = ct_event()
    while ct_next_event(&event) != 0 {
      switch event.kind {
      case CT_CHAR:
        return character(event.code)
      case CT_KEY:
        if let key = CursesTerminal.key(event.code) { return .key(key) }
      case CT_ALT:
        if let scalar = Unicode.Scalar(UInt32(event.code)) { return .key(Key("M-\(scalar)")) }
      case CT_MOUSE:
        switch event.buttons {
        case CT_BUTTON_LEFT: return .click(x: Int(event.x), y: Int(event.y))
        case CT_WHEEL_UP: return .wheel(x: Int(event.x), y: Int(event.y), up: true)
        case CT_WHEEL_DOWN: return .wheel(x: Int(event.x), y: Int(event.y), up: false)
        default: break
        }
      case CT_PASTE_CHAR:
        if let scalar = Unicode.Scalar(UInt32(event.code)) { return .paste(scalar) }
      case CT_PASTE_END: return .pasteEnd
      default: break
      }
    }
    return nil
  }

  private func character(_ code: Int32) -> TerminalInput? {
    switch code {
    case 9: return .key("tab")
    case 10, 13: return .key("enter")
    case 27: return .key("esc")
    case 8, 127: return .key("backspace")
    case 0..<32:
      return Unicode.Scalar(UInt32(code) + 64).map { .key(Key("^\($0)")) }
    default:
      return Unicode.Scalar(UInt32(code)).map { .key(Key($0)) }
    }
  }

  private static func key(_ code: Int32) -> Key? {
    switch code {
    case CT_KEY_UP: "up"
    case CT_KEY_DOWN: "down"
    case CT_KEY_LEFT: "left"
    case CT_KEY_RIGHT: "right"
    case CT_KEY_HOME: "home"
    case CT_KEY_END: "end"
    case CT_KEY_PAGE_UP: "pgup"
    case CT_KEY_PAGE_DOWN: "pgdn"
    case CT_KEY_DELETE: "delete"
    case CT_KEY_BACKSPACE: "backspace"
    case CT_KEY_BACKTAB: "S-tab"
    case CT_KEY_F1...CT_KEY_F12: Key("F\(code - CT_KEY_F1 + 1)")
    default: nil
    }
  }
}
