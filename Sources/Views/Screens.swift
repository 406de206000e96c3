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
  package static let leastWidth = 40
  package static let leastHeight = 10

  /// The whole screen.
  public func draw(width: Int, height: Int) -> Canvas {
    var canvas = Canvas(width: width, height: height)
    guard width >= Self.leastWidth, height >= Self.leastHeight else {
      let sentences = [
        "The terminal is \(width)x\(height).",
        "Workbench needs \(Self.leastWidth)x\(Self.leastHeight). \(state.bindings[.quit]) quits.",
      ]
      // Where there is no room for sentences, the size that is needed is what matters.
      let lines = sentences.flatMap { WhyPanel.wrap($0, to: max(1, width), hanging: 0) }
      let isRoom = lines.count <= height && width >= 10
      for (n, line) in (isRoom ? lines : ["\(Self.leastWidth)x\(Self.leastHeight)"]).enumerated() { canvas.text(0, n, line) }
      return canvas
    }
    header(&canvas)
    CaptionRows(session, width: width, height: height, isLarge: state.isLarge).draw(&canvas)
    let commandRows = 1 + CommandLinePanel.extraRows(state, width: width)
    let panel = state.screen
    let (pane, rest) = Self.places(of: panel, session, state, width: width, height: height)
    panel.draw(&canvas, rest, session, state)
    if let pane { LessonPane(state).draw(&canvas, pane) }
    if panel.hasTimeline { TimelinePanel(session).draw(&canvas, Rect(0, height - commandRows - 1, width, 1)) }
    let bottom = CommandLinePanel(session, state)
    bottom.drawMessage(&canvas, height - commandRows - 1)
    bottom.draw(&canvas, Rect(0, height - commandRows, width, commandRows))
    return canvas
  }

  /// Where a whole screen's panel is: between the header with the captions and the timeline, or the command line, beside the lesson.
  package static func place(of panel: Panel, _ session: Session, _ state: ViewState, width: Int, height: Int) -> Rect {
    places(of: panel, session, state, width: width, height: height).rest
  }

  private static func places(
    of panel: Panel, _ session: Session, _ state: ViewState, width: Int, height: Int
  ) -> (pane: Rect?, rest: Rect) {
    let below = 1 + CommandLinePanel.extraRows(state, width: width) + (panel.hasTimeline ? 1 : 0)
    let above = 1 + CaptionRows.count(session, height: height, isLarge: state.isLarge)
    let body = Rect(0, above, width, height - above - below)
    return LessonPane.split(body, panel, state, width: width, height: height)
  }

  package static func place(of effect: Effect) -> Rect {
    place(of: effect.state.screen, effect.session, effect.state, width: effect.width, height: effect.height)
  }

  /// A click anywhere: on the keys, the timeline, or the panel.
  package static func click(_ x: Int, _ y: Int, _ effect: inout Effect) {
    let (width, height) = (effect.width, effect.height)
    let bar = Rect(0, height - 1, width, 1)
    if let action = CommandLinePanel(effect.session, effect.state).action(at: x, y, in: bar) { return action.perform(&effect) }
    let (pane, place) = places(of: effect.state.screen, effect.session, effect.state, width: width, height: height)
    if let pane, pane.contains(x, y) { return effect.state.screen = .lesson }
    if effect.state.screen.hasTimeline, y == place.y + place.height {
      let count = effect.session.steps.count
      if count > 0 { effect.ask(.travel(to: TimelinePanel.step(at: x, width: width, count: count))) }
    } else if effect.state.screen == .overview || place.contains(x, y) {
      effect.state.screen.click(x, y, in: place, &effect)
    }
  }

  /// The wheel moves what lies under it: by a line of a list, by three of a text.
  package static func wheel(_ x: Int, _ y: Int, up: Bool, _ effect: inout Effect) {
    effect.state.screen.focus(x, y, in: place(of: effect), &effect)
    let panel = effect.state.focused
    guard let lines = panel.lines(effect) else { return }
    for _ in 0..<(lines.isText ? 3 : 1) { panel.move(up ? .up : .down, &effect) }
  }

  private func header(_ canvas: inout Canvas) {
    let width = canvas.width
    let marks = marks
    var x = canvas.text(1, 0, "Workbench", .title) + 2
    // The name is cut before the marks are.
    let room = width - x - 2 - marks.reduce(0) { $0 + Canvas.columns(of: $1.text) + 2 }
    x = canvas.text(x, 0, state.name, .text, limit: max(8, room)) + 2
    for mark in marks { x = canvas.text(x, 0, mark.text, mark.role, limit: width - x) + 2 }
    let configuration = session.configuration
    let machine = "\(binarySize(configuration.dramSize)) · \(configuration.peCount) PE · \(configuration.policy.name)"
    let keys = width >= 110 ? "   \(state.bindings[.palette]) help  \(state.bindings[.command]) command" : ""
    // Where there is no room for the machine, too, there may be for the keys.
    for words in [machine, ""] where x + words.unicodeScalars.count + keys.count < width {
      let start = width - words.unicodeScalars.count - keys.count - 1
      canvas.text(start, 0, words, .dim)
      canvas.text(start + words.unicodeScalars.count, 0, keys, .key)
      break
    }
  }

  /// What the header says of the session, but for its name.
  private var marks: [(text: String, role: Role)] {
    var marks: [(text: String, role: Role)] = []
    switch state.recording {
    case .on:
      let s = state.seconds
      func two(_ n: Int) -> String { n < 10 ? "0\(n)" : "\(n)" }
      marks.append(("● REC \(two(s / 3600)):\(two(s / 60 % 60)):\(two(s % 60))", .fault))
    case .off: marks.append(("○ not recorded", .warning))
    case .failing: marks.append(("✗ REC FAILS", .fault))
    case .lost: marks.append(("✗ REC LOST", .fault))
    case .replay: marks.append(("▶ replay", .accent))
    }
    if state.prediction.isOn {
      marks.append(("? predict \(state.prediction.right)/\(state.prediction.made)", .accent))
    }
    if let contradiction = state.contradiction { marks.append((contradiction.mark, .fault)) }
    if let lab = session.labMark { marks.append((lab, .warning)) }
    let broken = session.brokenRules().count
    if broken > 0 { marks.append(("✗ \(broken) broken", .fault)) }
    if session.read({ $0.control.panic != nil }) { marks.append(("✗ RMM PANIC", .fault)) }
    marks.append(("step \(session.position)/\(session.steps.count)", .text))
    // Where one is, if Back does not lead to the overview.
    if state.trail.count > 1 {
      marks.append(((state.trail.dropFirst() + [state.screen]).map(\.title).joined(separator: " › "), .accent))
    }
    return marks
  }
}

/// A panel printed by itself.
public enum Printout {
  /// Draws a panel, or the whole screen, for a session.
  public static func draw(_ panel: Panel, _ session: Session, _ state: ViewState, width: Int, height: Int) -> Canvas {
    var state = state
    panel.prepare(session, &state)
    if panel == .overview {
      state.screen = .overview
      return Screens(session, state).draw(width: width, height: height)
    }
    var canvas = Canvas(width: width, height: height)
    // A panel that stands alone says itself what the file says otherwise, as the whole screen does above its keys.
    let notices = CommandLinePanel.notices(state, width: width).prefix(max(0, height - 1)).count
    panel.draw(&canvas, Rect(0, 0, width, height - notices), session, state, focused: !panel.isTile)
    CommandLinePanel(session, state).drawNotices(&canvas, Rect(0, height - notices, width, notices))
    return canvas
  }
}
