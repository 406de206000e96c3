import Engine

/// Which whole screen is shown.
public enum Screen: String, Sendable, CaseIterable {
  case overview, rtt, token, guest, why, palette
}

/// A panel of the overview, in tab order.
public enum Panel: String, Sendable, CaseIterable {
  case worlds, granules, realms, trace

  public var title: String {
    switch self {
    case .worlds: "Worlds"
    case .granules: "Granules"
    case .realms: "Realms"
    case .trace: "Trace"
    }
  }
}

/// Everything the views need beside the session: where the eye is. With a session, a size and a theme it defines the screen.
public struct ViewState: Sendable {
  public var screen = Screen.overview
  public var focus = Panel.trace
  /// Granule under the map's cursor.
  public var cursor: UInt64?
  /// log2 of the granules a map cell stands for; nil fits all of memory.
  public var zoom: Int?
  /// First address shown when zoomed in; kept so that the cursor is visible.
  public var mapBase: UInt64?
  /// Step the trace is at, from 1; nil follows the last.
  public var traceStep: Int?
  /// Shows what happened inside every step.
  public var traceDetails = true
  public var filter = ""
  public var realmRow = 0
  /// What the RTT explorer looks at.
  public var rttRealm = 0
  public var rttIPA: UInt64 = 0
  /// What the token view looks at.
  public var token = TokenViewState()
  /// The guest that was booted here.
  public var guest = GuestViewState()
  /// Step or call the Why screen explains.
  public var why: Explanation?
  public var whyScroll = 0
  /// What is typed on the command line; nil when it is closed.
  public var command: CommandLineState?
  public var palette = PaletteState()
  /// Which hop of the last step's way through the worlds is being shown; nil when it is over.
  public var travel: Int?
  /// A line for the person: what just happened, or what was wrong.
  public var message: Message?
  /// Header: name of the session, recording state, elapsed seconds.
  public var name = "untitled"
  public var recording = RecordingState.off
  public var seconds = 0
  /// What the session's file says otherwise: in the header for good, in words until the person has seen them.
  public var contradiction: Contradiction?
  public var isContradictionKnown = false
  /// What is wrong with the recording, as long as it is.
  public var trouble: String?

  public enum RecordingState: Sendable, Equatable {
    case on, off, replay
    /// It cannot be written now; it is not where it was.
    case failing, lost
  }
  public struct Message: Sendable, Equatable {
    public var text: String
    public var isError: Bool
    public init(_ text: String, isError: Bool = false) {
      self.text = text
      self.isError = isError
    }
  }

  public init() {}
}

/// What the guest view knows beside the session.
public struct GuestViewState: Sendable {
  /// Names of places in its program.
  public var symbols: SymbolTable
  /// Where it is to stop.
  public var points: [DebugPoint] = []
  /// How fast it ran.
  public var speed: String?
  /// The REC of the vCPU it stands at, where it was moved last.
  public var rec: UInt64?
  /// Its console, as far as it was shown.
  public var console = ConsoleView()

  public init(symbols: SymbolTable = .none) { self.symbols = symbols }
}

/// The command line while it is open.
public struct CommandLineState: Sendable, Equatable {
  public enum Purpose: Sendable, Equatable {
    case command, filter, rttIPA, challenge
  }
  public var purpose = Purpose.command
  public var text = ""
  /// In scalars.
  public var cursor = 0
  /// What Tab offers, and which of them is chosen.
  public var candidates: [String] = []
  public var chosen: Int?
  /// Help for what is being typed, and whether the call would be refused.
  public var help = ""
  public var refusal = ""

  public init(_ purpose: Purpose = .command, text: String = "") {
    self.purpose = purpose
    self.text = text
    cursor = text.unicodeScalars.count
  }

  public var prompt: String {
    switch purpose {
    case .command: ": "
    case .filter: "/ "
    case .rttIPA: "IPA: "
    case .challenge: "challenge: "
    }
  }
}

/// The palette: every action, filtered by what is typed.
public struct PaletteState: Sendable, Equatable {
  public struct Row: Sendable, Equatable {
    public var keys: String
    public var title: String
    public var sentence: String
    /// Why it is not possible now.
    public var disabled: String?
    public init(keys: String, title: String, sentence: String, disabled: String?) {
      self.keys = keys
      self.title = title
      self.sentence = sentence
      self.disabled = disabled
    }
  }
  public var rows: [Row] = []
  public var selected = 0
  public var filter = ""
  public init() {}
}

extension ViewState {
  /// The state in which a finished session is looked at.
  public static func reading(_ session: Session, name: String) -> ViewState {
    var state = ViewState()
    state.name = name
    state.recording = .replay
    state.focusOnLastChange(session)
    state.why = session.lastCallStep.flatMap { session.explanation(ofStep: $0) }
    return state
  }

  /// Puts the map's cursor on a granule the last step changed, if it changed one.
  public mutating func focusOnLastChange(_ session: Session) {
    let changed = GranulesPanel(session, self).changedGranules().filter { address in
      session.read { $0.configuration.dramBase <= address && address < $0.configuration.dramTop }
    }
    if let first = changed.min() { cursor = first } else if cursor == nil { cursor = session.configuration.dramBase }
  }
}
