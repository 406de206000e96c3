import Engine

/// Everything the views need beside the session: where the eye is. With a session, a size and a theme it defines the screen.
public struct ViewState: Sendable {
  /// The whole screen that is shown, and the part of the overview that has the focus.
  public var screen: Panel = .overview {
    didSet { if screen != oldValue { noteWay(from: oldValue) } }
  }
  /// The screens one came through, from the overview: Back goes to the last of them.
  private(set) var trail: [Panel] = []
  package var focus: Panel = .trace
  /// Which keys do what.
  package var bindings: KeyBindings = .standard
  /// For a beamer, whose letters are large and few: one panel at a time, strong colours, more room for words.
  package var isLarge = false
  /// Granule under the map's cursor.
  package var cursor: UInt64?
  /// log2 of the granules a map cell stands for; nil fits all of memory.
  package var zoom: Int?
  /// First address shown when zoomed in; kept so that the cursor is visible.
  package var mapBase: UInt64?
  /// Step the trace is at, from 1; nil follows the last.
  package var traceStep: Int?
  /// Shows what happened inside every step.
  package var traceDetails = true
  /// What the token view looks at.
  package var token = TokenViewState()
  /// The guest that was booted here.
  package var guest = GuestViewState()
  /// What is typed on the command line; nil when it is closed.
  package var command: CommandLineState?
  /// Which hop of the last step's way through the worlds is being shown; nil when it is over.
  package var travel: Int?
  /// A session that plays by itself.
  package var playback = Playback()
  /// A line for the person: what just happened, or what was wrong.
  package var message: Message?
  /// Header: name of the session, recording state, elapsed seconds.
  package var name = "untitled"
  package var recording = RecordingState.off
  package var seconds = 0
  /// What the session's file says otherwise: in the header for good, in words until the person has seen them.
  package var contradiction: Contradiction?
  package var isContradictionKnown = false
  /// What is offered to somebody who is here for the first time, until a key is pressed.
  package var offer: String?
  /// What is wrong with the recording, as long as it is.
  package var trouble: String?
  /// What panels keep for themselves.
  private var kept: [ObjectIdentifier: any PanelState] = [:]

  package enum RecordingState: Sendable, Equatable {
    case on, off, replay
    /// It cannot be written now; it is not where it was.
    case failing, lost
  }
  package struct Message: Sendable, Equatable {
    package var text: String
    package var isError: Bool
    package init(_ text: String, isError: Bool = false) {
      self.text = text
      self.isError = isError
    }
  }

  public init() {}

  /// Who opens a screen comes back to where that was; who opens one of those before goes back there.
  private mutating func noteWay(from old: Panel) {
    if screen == .overview {
      trail = []
    } else if let place = trail.firstIndex(of: screen) {
      trail.removeSubrange(place...)
    } else if !old.takesText {
      trail.append(old)
    }
  }

  /// Closes the screen that is shown.
  mutating func goBack() { screen = trail.last ?? .overview }

  /// What a panel keeps.
  subscript<State: PanelState>(type: State.Type) -> State {
    get { kept[ObjectIdentifier(type)] as? State ?? State() }
    set { kept[ObjectIdentifier(type)] = newValue }
  }
}

/// What a panel keeps from key to key: where its eye is. It is declared beside the panel.
protocol PanelState: Sendable {
  init()
}

/// What the guest view knows beside the session.
package struct GuestViewState: Sendable {
  /// Names of places in its program.
  package var symbols: SymbolTable
  /// Where it is to stop.
  package var points: [DebugPoint] = []
  /// How fast it ran.
  package var speed: String?
  /// The vCPU it stands at since it last ran: its REC, or its granule of the Host's.
  package var vcpu: UInt64?
  /// Its console, as far as it was shown.
  package var console = ConsoleView()
  /// What lies beside its registers, where there is no room for all.
  package var pane = GuestPane.code
  /// Where in its memory one looks; nil: where X0 points.
  package var memory: UInt64?
  /// How many of its lines are below those that are shown; none if one looks at its end.
  package var consoleBack = 0
  /// Columns of the console that one has moved to the right, where its lines are cut.
  package var consoleColumn = 0
  /// Whether it has the whole panel.
  package var showsConsoleAlone = false
  /// Whether the keys go to the guest.
  package var hasKeys = false

  package init(symbols: SymbolTable = .none) { self.symbols = symbols }
}

extension ViewState {
  /// The state in which a finished session is looked at.
  public static func reading(_ session: Session, name: String) -> ViewState {
    var state = ViewState()
    state.name = name
    state.recording = .replay
    state.guest = GuestViewState(symbols: session.programs.log.last?.symbols ?? .none)
    state.focusOnLastChange(session)
    state.why = session.lastExplainedStep.flatMap { session.explanation(ofStep: $0) }
    return state
  }

  /// Puts the map's cursor on a granule that a statement changed, if its last step changed none.
  package mutating func focusOnChange(_ session: Session, since position: Int) {
    let memory = session.configuration.dramBase..<session.configuration.dramTop
    let steps = max(position, session.position - 1000)..<session.position
    func changed(_ index: Int) -> UInt64? {
      session.steps[index].events.compactMap { $0.kind == .granule && memory.contains($0.a) ? $0.a : nil }.min()
    }
    guard let last = steps.last, changed(last) == nil else { return }
    if let granule = steps.compactMap(changed).min() { cursor = granule }
  }

  /// Puts the map's cursor on a granule the last step changed, if it changed one.
  package mutating func focusOnLastChange(_ session: Session) {
    let changed = GranulesPanel(session, self).changedGranules().filter { address in
      session.read { $0.configuration.dramBase <= address && address < $0.configuration.dramTop }
    }
    if let first = changed.min() { cursor = first } else if cursor == nil { cursor = session.configuration.dramBase }
  }
}
