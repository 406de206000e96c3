import Engine

/// Puts the panels of a screen together for any size.
public struct Screens {
  let session: Session
  let state: ViewState

  public init(_ session: Session, _ state: ViewState) {
    self.session = session
    self.state = state
  }

  /// Smallest size with something to see.
  public static let leastWidth = 40
  public static let leastHeight = 10

  /// The whole screen.
  public func draw(width: Int, height: Int) -> Canvas {
    var canvas = Canvas(width: width, height: height)
    guard width >= Self.leastWidth, height >= Self.leastHeight else {
      canvas.text(0, 0, "The terminal is \(width)x\(height).")
      canvas.text(0, 1, "Workbench needs \(Self.leastWidth)x\(Self.leastHeight). q quits.")
      return canvas
    }
    header(&canvas)
    let commandRows = 1 + CommandLinePanel.extraRows(state, width: width)
    let body = Rect(0, 1, width, height - 1 - commandRows)
    switch state.screen {
    case .overview: overview(&canvas, body)
    case .rtt:
      RTTPanel(session, state).draw(&canvas, Rect(0, 1, width, body.height - 1))
      TimelinePanel(session).draw(&canvas, Rect(0, body.y + body.height - 1, width, 1))
    case .token:
      TokenPanel(session, state.token).draw(&canvas, Rect(0, 1, width, body.height - 1))
      TimelinePanel(session).draw(&canvas, Rect(0, body.y + body.height - 1, width, 1))
    case .guest:
      GuestPanel(session, state.guest).draw(&canvas, Rect(0, 1, width, body.height - 1))
      TimelinePanel(session).draw(&canvas, Rect(0, body.y + body.height - 1, width, 1))
    case .why: WhyPanel(state).draw(&canvas, body, focused: true)
    case .palette: PalettePanel(state.palette).draw(&canvas, body)
    }
    CommandLinePanel(state).draw(&canvas, Rect(0, height - commandRows, width, commandRows))
    return canvas
  }

  private func header(_ canvas: inout Canvas) {
    let width = canvas.width
    var x = canvas.text(1, 0, "Workbench", .title) + 2
    let name = state.name
    x = canvas.text(x, 0, name, .text, limit: max(8, width / 4)) + 2
    switch state.recording {
    case .on:
      let s = state.seconds
      func two(_ n: Int) -> String { n < 10 ? "0\(n)" : "\(n)" }
      x = canvas.text(x, 0, "● REC \(two(s / 3600)):\(two(s / 60 % 60)):\(two(s % 60))", .fault) + 2
    case .off: x = canvas.text(x, 0, "○ not recorded", .warning) + 2
    case .failing: x = canvas.text(x, 0, "✗ REC FAILS", .fault) + 2
    case .lost: x = canvas.text(x, 0, "✗ REC LOST", .fault) + 2
    case .replay: x = canvas.text(x, 0, "▶ replay", .accent) + 2
    }
    if let contradiction = state.contradiction { x = canvas.text(x, 0, contradiction.mark, .fault) + 2 }
    if session.read({ $0.control.panic != nil }) { x = canvas.text(x, 0, "✗ RMM PANIC", .fault) + 2 }
    x = canvas.text(x, 0, "step \(session.position)/\(session.steps.count)", .text) + 2
    let configuration = session.configuration
    let machine = "\(megabytes(configuration.dramSize)) · \(configuration.peCount) PE · \(configuration.policy.name)"
    let keys = width >= 110 ? "   ? help  : command" : ""
    let right = machine.unicodeScalars.count + keys.count + 1
    if x + right <= width {
      let start = width - right
      canvas.text(start, 0, machine, .dim)
      canvas.text(start + machine.unicodeScalars.count, 0, keys, .key)
    }
  }

  private func megabytes(_ bytes: UInt64) -> String {
    if bytes >= 1 << 40, bytes % (1 << 40) == 0 { return "\(bytes >> 40) TiB" }
    if bytes >= 1 << 30, bytes % (1 << 30) == 0 { return "\(bytes >> 30) GiB" }
    return "\(bytes >> 20) MiB"
  }

  /// Where each panel of the overview is; in a small terminal only the focused one is anywhere.
  public static func layout(_ body: Rect, focus: Panel) -> [Panel: Rect] {
    let height = body.height - 1
    guard body.width >= 100, height >= 20 else {
      return [focus: Rect(body.x, body.y + 1, body.width, height - 1)]
    }
    let left = body.width >= 160 ? 52 : 42
    let side = side(body)
    let middle = body.width - left - (side?.width ?? 0)
    let top = side != nil ? height * 11 / 20 : max(11, height * 9 / 20)
    return [
      .worlds: Rect(body.x, body.y, left, min(top, 11)),
      .granules: Rect(body.x + left, body.y, middle, top),
      .realms: Rect(body.x, body.y + min(top, 11), left, height - min(top, 11)),
      .trace: Rect(body.x + left, body.y + top, middle, height - top),
    ]
  }

  /// Where a large terminal has room for more; the last row is the timeline's.
  private static func side(_ body: Rect) -> Rect? {
    let height = body.height - 1
    guard body.width >= 160, height >= 40 else { return nil }
    return Rect(body.x + body.width - 62, body.y, 62, height)
  }

  private func overview(_ canvas: inout Canvas, _ body: Rect) {
    let layout = Self.layout(body, focus: state.focus)
    if layout.count == 1 { tabs(&canvas, body) }
    for panel in Panel.allCases {
      guard let rect = layout[panel] else { continue }
      let focused = panel == state.focus
      switch panel {
      case .worlds: WorldsPanel(session, travel: state.travel).draw(&canvas, rect, focused: focused)
      case .granules: GranulesPanel(session, state).draw(&canvas, rect, focused: focused)
      case .realms: RealmsPanel(session, state).draw(&canvas, rect, focused: focused)
      case .trace: TracePanel(session, state).draw(&canvas, rect, focused: focused)
      }
    }
    if let side = Self.side(body) {
      // A large terminal shows more: why the last call answered as it did, and the walk.
      let half = side.height / 2
      let lower = Rect(side.x, side.y + half, side.width, side.height - half)
      WhyPanel(state).draw(&canvas, Rect(side.x, side.y, side.width, half), focused: false)
      if session.read({ !$0.control.realms.isEmpty }) {
        RTTPanel(session, state).draw(&canvas, lower)
      } else {
        let inside = canvas.frame(lower, "RTT")
        canvas.text(inside.x + 1, inside.y, "No realm, no tables.", .dim)
      }
    }
    TimelinePanel(session).draw(&canvas, Rect(0, body.y + body.height - 1, body.width, 1))
  }

  private func tabs(_ canvas: inout Canvas, _ body: Rect) {
    var x = body.x + 1
    for (n, panel) in Panel.allCases.enumerated() {
      let title = " \(n + 1) \(panel.title) "
      x = canvas.text(x, body.y, title, panel == state.focus ? .selected : .dim) + 1
    }
  }
}

/// A panel printed by itself.
public enum Printout {
  public static let names = [
    "overview", "worlds", "granules", "realms", "trace", "timeline", "rtt", "token", "guest", "why", "palette",
  ]

  /// Draws a panel, or the whole screen, for a session. Nil for a name that is none.
  public static func draw(_ name: String, _ session: Session, _ state: ViewState, width: Int, height: Int) -> Canvas? {
    var canvas = Canvas(width: width, height: height)
    var state = state
    // A panel that stands alone says itself what the file says otherwise, as the whole screen does above its keys.
    let notices = name == "overview" ? 0 : CommandLinePanel.notices(state, width: width).prefix(max(0, height - 1)).count
    let rect = Rect(0, 0, width, height - notices)
    switch name {
    case "overview":
      state.screen = .overview
      return Screens(session, state).draw(width: width, height: height)
    case "worlds": WorldsPanel(session).draw(&canvas, rect, focused: false)
    case "granules": GranulesPanel(session, state).draw(&canvas, rect, focused: false)
    case "realms": RealmsPanel(session, state).draw(&canvas, rect, focused: false)
    case "trace": TracePanel(session, state).draw(&canvas, rect, focused: false)
    case "timeline": TimelinePanel(session).draw(&canvas, rect)
    case "rtt": RTTPanel(session, state).draw(&canvas, rect)
    case "token": TokenPanel(session, state.token).draw(&canvas, rect)
    case "guest": GuestPanel(session, state.guest).draw(&canvas, rect)
    case "why": WhyPanel(state).draw(&canvas, rect, focused: true)
    case "palette": PalettePanel(state.palette).draw(&canvas, rect)
    default: return nil
    }
    CommandLinePanel(state).drawNotices(&canvas, Rect(0, height - notices, width, notices))
    return canvas
  }
}
