import Engine

/// A panel: what it is called, where it is shown, which key opens it, and what keys do on it. Each is declared in its own file, and listed
/// in ``all``.
public final class Panel: Sendable, Hashable {
  package enum Place: Sendable {
    /// A whole screen, with the timeline below it or without.
    case screen(timeline: Bool)
    /// A part of the overview.
    case tile
    /// Only printed by itself.
    case printed
  }

  /// What `workbench show` calls it.
  public let name: String
  public let title: String
  let place: Place
  /// Opens it.
  package let opening: UserAction?
  /// What else can be done, and where.
  let actions: [UserAction]
  /// The key bar.
  let hints: @Sendable (ViewState) -> [KeyHint]
  /// What it takes from the session before it is drawn.
  private let prepared: @Sendable (Session, inout ViewState) -> Void
  private let drawn: @Sendable (inout Canvas, Rect, Session, ViewState, Bool) -> Void
  private let moved: (@Sendable (Motion, inout Effect) -> Void)?
  private let listed: (@Sendable (Session, ViewState, Rect) -> PanelLines)?
  private let emptied: @Sendable (Session, ViewState) -> String?
  /// What its notable lines are, in words.
  let notable: String?
  private let changed: (@Sendable (Session, ViewState) -> Changing?)?
  private let copied: (@Sendable (Session, ViewState) -> String?)?
  private let chosen: (@Sendable (inout Effect) -> Void)?
  private let clicked: (@Sendable (Int, Int, Rect, inout Effect) -> Void)?
  private let typed: (@Sendable (Unicode.Scalar, inout Effect) -> Void)?

  /// - Parameters:
  ///   - key: opens it.
  ///   - help: what it shows, in a sentence.
  ///   - label: what the key bar calls it.
  ///   - unless: why it cannot be opened now.
  ///   - opened: what happens when it is opened by its key, if that is more than to show it.
  ///   - hints: the key bar; where nothing is said, what works on every screen.
  ///   - listed: its lines, if it is a list or a text: keys go through them.
  ///   - empty: why there are no lines on it now, so that no key goes through them; nil where there are.
  ///   - notable: what those of its lines are, in words, to which the keys of a search go where nothing is sought.
  ///   - moved: takes the keys that move what is chosen; without it they go through the lines.
  ///   - changing: what is chosen on it, if it is something that steps change.
  ///   - chosen: takes Enter.
  ///   - copied: what is copied from it, if that is not the chosen line.
  ///   - clicked: takes a click, and the place of the panel.
  ///   - typed: takes text; then keys work that are declared for this panel, and no others.
  init(
    _ name: String, _ title: String, _ place: Place = .screen(timeline: true), key: [Key], _ help: String, label: String? = nil,
    unless: @escaping @Sendable (Session, ViewState) -> String? = { _, _ in nil },
    opened: (@Sendable (inout Effect) -> Void)? = nil, actions: [UserAction] = [],
    hints: @escaping @Sendable (ViewState) -> [KeyHint] = { _ in KeyHint.common },
    prepared: @escaping @Sendable (Session, inout ViewState) -> Void = { _, _ in },
    listed: (@Sendable (Session, ViewState, Rect) -> PanelLines)? = nil,
    empty: @escaping @Sendable (Session, ViewState) -> String? = { _, _ in nil }, notable: String? = nil,
    moved: (@Sendable (Motion, inout Effect) -> Void)? = nil,
    changing: (@Sendable (Session, ViewState) -> Changing?)? = nil, chosen: (@Sendable (inout Effect) -> Void)? = nil,
    copied: (@Sendable (Session, ViewState) -> String?)? = nil,
    clicked: (@Sendable (Int, Int, Rect, inout Effect) -> Void)? = nil,
    typed: (@Sendable (Unicode.Scalar, inout Effect) -> Void)? = nil,
    drawn: @escaping @Sendable (inout Canvas, Rect, Session, ViewState, Bool) -> Void
  ) {
    self.name = name
    self.title = title
    self.place = place
    self.actions = actions
    self.hints = hints
    self.prepared = prepared
    self.drawn = drawn
    self.listed = listed
    emptied = empty
    self.notable = notable
    self.moved = moved
    self.chosen = chosen
    self.copied = copied
    changed = changing
    self.clicked = clicked
    self.typed = typed
    if case .printed = place {
      opening = nil
      return
    }
    opening = UserAction("show-\(name)", key, title, help, label: label, unless: unless) { effect in
      if let opened { opened(&effect) } else { effect.state.show(Panel.named(name) ?? .overview) }
    }
  }

  public static func named(_ name: String) -> Panel? { all.first { $0.name == name } }

  /// Whole screens.
  package static let screens = all.filter { if case .screen = $0.place { true } else { false } }
  /// Parts of the overview, in tab order.
  package static let tiles = all.filter { if case .tile = $0.place { true } else { false } }

  var isTile: Bool { if case .tile = place { true } else { false } }
  var hasTimeline: Bool { if case .screen(true) = place { true } else { false } }
  /// Whether what is typed on it is text.
  package var takesText: Bool { typed != nil }

  package func prepare(_ session: Session, _ state: inout ViewState) { prepared(session, &state) }

  func draw(_ canvas: inout Canvas, _ rect: Rect, _ session: Session, _ state: ViewState, focused: Bool = true) {
    drawn(&canvas, rect, session, state, focused)
    Finder.mark(state[finding: self], &canvas, rect)
  }

  /// Whether it is a list or a text.
  var isListed: Bool { listed != nil }

  /// Why there are no lines on it now.
  func whyEmpty(_ session: Session, _ state: ViewState) -> String? { emptied(session, state) }

  /// Why Enter has nothing to choose on it now. Without a token it leads to where the next one is finished.
  func whyNoChoice(_ session: Session, _ state: ViewState) -> String? {
    chosen == nil || self == .token ? nil : emptied(session, state)
  }

  /// Its lines, where it is on the screen now.
  func lines(_ effect: Effect) -> PanelLines? { listed?(effect.session, effect.state, effect.place(of: self)) }

  func move(_ motion: Motion, _ effect: inout Effect) {
    if let moved { moved(motion, &effect) } else { scroll(motion, &effect) }
  }

  /// Goes through its lines.
  func scroll(_ motion: Motion, _ effect: inout Effect) {
    if !motion.isSideways, let lines = lines(effect) { return lines.move(motion, &effect.state) }
    let keys = effect.state.bindings
    effect.say("nothing to move that way here; \(keys[.stepEarlier]) and \(keys[.stepLater]) go through time", isError: true)
  }

  /// On a screen that has nothing to choose, Enter is for what has the focus on the overview.
  func choose(_ effect: inout Effect) {
    if let chosen { chosen(&effect) } else if !isTile { effect.state.focus.choose(&effect) }
  }

  /// A click on a line chooses it; on the one that is chosen it does what Enter does.
  func click(_ x: Int, _ y: Int, in rect: Rect, _ effect: inout Effect, isChoiceOnly: Bool = false) {
    if let clicked { return clicked(x, y, rect, &effect) }
    guard let lines = listed?(effect.session, effect.state, rect), !lines.isText, lines.area.contains(x, y) else { return }
    let line = lines.first + y - lines.area.y
    if !isChoiceOnly || line != lines.chosen { take(line, lines, &effect) }
  }

  func take(_ line: Int, _ lines: PanelLines, _ effect: inout Effect) {
    guard line < lines.count else { return }
    if line == lines.chosen { choose(&effect) } else { lines.choose(line, &effect.state) }
  }

  /// What is chosen on it that steps change.
  func changing(_ session: Session, _ state: ViewState) -> Changing? { changed?(session, state) }

  /// What is copied from it instead of a line.
  func copied(_ effect: Effect) -> String? { copied?(effect.session, effect.state) }

  /// What lies at a place gets the focus.
  package func focus(_ x: Int, _ y: Int, in rect: Rect, _ effect: inout Effect) {
    if self == .overview { OverviewPanel.focus(x, y, rect, &effect.state) }
  }

  package func type(_ scalar: Unicode.Scalar, _ effect: inout Effect) { typed?(scalar, &effect) }

  public static func == (a: Panel, b: Panel) -> Bool { a.name == b.name }
  public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

extension ViewState {
  /// Shows a panel: a whole screen, or the overview with the focus on one of its parts.
  mutating func show(_ panel: Panel) {
    if panel.isTile {
      screen = .overview
      focus = panel
    } else {
      screen = panel
    }
  }
}
