import Engine
import Views

/// Everything a key can do. The palette, the key bar and the key reference are made from this table.
enum AppAction: CaseIterable {
  case command, undo, redo, goto, filter, travel, why, tables, token, guest, boot, debug, run, step, stepBack, stepOver,
    runToExit, runBack, breakpoint, overview, palette, nextPanel, previousPanel
  case worlds, granules, realms, trace, up, down, left, right, earlier, later, first, last
  case zoomIn, zoomOut, zoomAll, details, rttIPA, nextRealm, suppose, challenge, theme, mouse, redraw, suspend, back, quit

  /// Keys as they are shown and matched.
  var keys: [String] {
    switch self {
    case .command: [":"]
    case .undo: ["u"]
    case .redo: ["^R"]
    case .goto: ["g"]
    case .filter: ["/"]
    case .travel: ["enter"]
    case .why: ["w"]
    case .tables: ["t"]
    case .token: ["a"]
    case .guest: ["v"]
    case .boot: ["b"]
    case .debug: ["D"]
    case .run: ["r"]
    case .step: ["s"]
    case .stepBack: ["S"]
    case .stepOver: ["f"]
    case .runToExit: ["e"]
    case .runBack: ["R"]
    case .breakpoint: ["B"]
    case .overview: ["o"]
    case .palette: ["?", "^P", "F1"]
    case .nextPanel: ["tab"]
    case .previousPanel: ["S-tab"]
    case .worlds: ["1"]
    case .granules: ["2"]
    case .realms: ["3"]
    case .trace: ["4"]
    case .up: ["up", "k"]
    case .down: ["down", "j"]
    case .left: ["left", "h"]
    case .right: ["right", "l"]
    case .earlier: ["<", "pgup"]
    case .later: [">", "pgdn"]
    case .first: ["home"]
    case .last: ["end"]
    case .zoomIn: ["+"]
    case .zoomOut: ["-"]
    case .zoomAll: ["0"]
    case .details: ["d"]
    case .rttIPA: ["i"]
    case .nextRealm: ["n"]
    case .suppose: ["x"]
    case .challenge: ["c"]
    case .theme: ["T"]
    case .mouse: ["M"]
    case .redraw: ["^L"]
    case .suspend: ["^Z"]
    case .back: ["esc"]
    case .quit: ["q", "^C"]
    }
  }

  var title: String {
    switch self {
    case .command: "Command line"
    case .undo: "Undo"
    case .redo: "Redo"
    case .goto: "Go to step"
    case .filter: "Filter the trace"
    case .travel: "Travel"
    case .why: "Why"
    case .tables: "RTT explorer"
    case .token: "Attestation token"
    case .guest: "Guest"
    case .boot: "Boot a guest"
    case .debug: "Debug a guest"
    case .run: "Run the guest"
    case .step: "Step"
    case .stepBack: "Step back"
    case .stepOver: "Step over"
    case .runToExit: "Run to the exit"
    case .runBack: "Run back"
    case .breakpoint: "Breakpoint"
    case .overview: "Overview"
    case .palette: "Palette and help"
    case .nextPanel: "Next panel"
    case .previousPanel: "Previous panel"
    case .worlds: "Worlds"
    case .granules: "Granules"
    case .realms: "Realms"
    case .trace: "Trace"
    case .up: "Up"
    case .down: "Down"
    case .left: "Left"
    case .right: "Right"
    case .earlier: "Ten steps back"
    case .later: "Ten steps on"
    case .first: "First step"
    case .last: "Last step"
    case .zoomIn: "Zoom in"
    case .zoomOut: "Zoom out"
    case .zoomAll: "All of memory"
    case .details: "Events in the trace"
    case .rttIPA: "Walk an IPA"
    case .nextRealm: "Next realm or token"
    case .suppose: "What if"
    case .challenge: "Challenge"
    case .theme: "Next theme"
    case .mouse: "Mouse on or off"
    case .redraw: "Redraw"
    case .suspend: "Suspend"
    case .back: "Back"
    case .quit: "Quit"
    }
  }

  var sentence: String {
    switch self {
    case .command: "Type an RMI, RSI or PSCI call or any statement of the script language."
    case .undo: "Takes the last step back by restoring the state before it."
    case .redo: "Does the next undone step again."
    case .goto: "Opens the command line with goto; any step can be reached."
    case .filter: "Shows only trace lines with these words; !word hides."
    case .travel: "Goes to the state after the chosen step, or shows the chosen line's granule."
    case .why: "Shows each failure condition of the chosen call with its operands."
    case .tables: "Walks stage 2 tables level by level, with the granule check at the end."
    case .token: "Claims with their bytes, checks, chain of keys, provenance, appraisal."
    case .guest: "Console, registers and instructions of the vCPU that ran last."
    case .boot: "Opens the command line with boot IMAGE: builds a Realm from an image and runs its code."
    case .debug: "Opens the command line with debug IMAGE: as boot, but it stands before its first instruction."
    case .run: "The booted guest goes on until something stops it."
    case .step: "Executes one instruction of the booted guest."
    case .stepBack: "Takes the guest's last instruction back."
    case .stepOver: "Executes one instruction of the guest; a call with all it does."
    case .runToExit: "The booted guest runs until it leaves the Realm."
    case .runBack: "Back to the place before that would have stopped the guest, or to its beginning."
    case .breakpoint: "Opens the command line with break: an address, a name, smc, exit, or a granule."
    case .overview: "Worlds, granule map, realms and trace on one screen."
    case .palette: "Every action with its key; type to filter, Enter to do it."
    case .nextPanel, .previousPanel: "Moves the focus between the panels."
    case .worlds: "The four worlds and where each PE is."
    case .granules: "The ownership map of memory."
    case .realms: "Realms, their RECs, tables and measurements."
    case .trace: "Every crossing between worlds, decoded."
    case .up, .down: "Moves the cursor of the focused panel."
    case .left, .right: "Moves on the map; changes the token's tab; elsewhere one step back or on."
    case .earlier, .later: "Travels in time."
    case .first, .last: "Travels to the beginning or the end of the session."
    case .zoomIn, .zoomOut: "Halves or doubles what a map cell stands for, down to one granule."
    case .zoomAll: "Shows all of memory on the map."
    case .details: "Shows or hides what happened inside each step."
    case .rttIPA: "Asks for the IPA to walk."
    case .nextRealm: "Looks at the tables of another realm, or at another token."
    case .suppose: "Supposes another reference value or policy, in the token's appraisal."
    case .challenge: "Asks for the challenge that was sent, to compare with the token's."
    case .theme: "Changes the colours."
    case .mouse: "Lets the terminal select text, or the workbench take clicks."
    case .redraw: "Paints the whole screen again."
    case .suspend: "Stops the workbench and gives the shell back; fg brings it on."
    case .back: "Closes what is open; never quits."
    case .quit: "Ends the workbench; the recording stays."
    }
  }

  /// Why it is not possible now, or nil.
  func disabled(_ session: Session, _ state: ViewState) -> String? {
    switch self {
    case .undo, .earlier, .first: session.position == 0 ? "nothing has been done yet" : nil
    case .redo, .later, .last: session.position == session.steps.count ? "nothing was undone" : nil
    case .why: session.lastCallStep == nil ? "no RMI, RSI or PSCI call has been made" : nil
    case .rttIPA, .nextRealm: session.read { $0.control.realms.isEmpty } ? "there is no realm" : nil
    case .challenge: session.tokens.isEmpty && state.token.file == nil ? "there is no token" : nil
    case .suppose:
      state.screen != .token || state.token.tab != .appraisal
        ? "it is for the appraisal of a token (a, then the tab Appraisal)"
        : TokenPanel(session, state.token).chosenFact == nil ? "the chosen line is no reference value" : nil
    case .zoomOut, .zoomAll: state.zoom == nil ? "the map shows all of memory already" : nil
    default: nil
    }
  }
}

enum Keymap {
  /// The palette's rows for a state.
  static func rows(_ session: Session, _ state: ViewState) -> [PaletteState.Row] {
    AppAction.allCases.map { action in
      PaletteState.Row(
        keys: action.keys.joined(separator: " "), title: action.title, sentence: action.sentence,
        disabled: action.disabled(session, state))
    }
  }

  private static let byKey: [String: AppAction] = {
    var table: [String: AppAction] = [:]
    for action in AppAction.allCases { for key in action.keys { table[key] = action } }
    return table
  }()

  static func action(_ key: String) -> AppAction? { byKey[key] }
}
