import Foundation
import Libc
import Testing

/// The built program in a terminal: what stories without one cannot tell. How it starts, signals, sizes, bytes, and what is left when it
/// is killed.
@Suite(.serialized)
struct TerminalTests {
  @Test func aCommandTypedChangesTheMapIsRecordedAndReplays() throws {
    let state = try TemporaryFolder()
    let terminal = try PseudoTerminal(["--no-animation"], environment: ["XDG_STATE_HOME": state.path])
    try terminal.until("Booted")
    terminal.type(":RMI_GRANULE_DELEGATE 0x80001000")
    try terminal.until("every condition passes")
    terminal.type("\r")
    try terminal.until("RMI_SUCCESS")
    try terminal.until("UNDELEGATED → DELEGATED")
    terminal.type(":RMI_GRANULE_DELEGATE 0x80001000\r")
    try terminal.until("by gran_state")
    terminal.type("u")
    try terminal.until("at step 1 of 2")
    terminal.type("q")
    #expect(try terminal.exitCode() == 0)
    #expect(terminal.modesAreRestored)
    #expect(terminal.text.contains("\u{1b}[?1049l"))
    let recording = try #require(state.recordings.first)
    #expect(terminal.text.contains("recorded in \(recording)"))
    let replay = try Headless.run(["replay", "--verify", recording])
    #expect(replay.code == 0, "\(replay.error)")
    #expect(replay.output.hasPrefix("2 steps, 2 answers"))
  }

  @Test func aSignalEndsWhatTakesLong() throws {
    let state = try TemporaryFolder()
    let terminal = try PseudoTerminal(["--no-animation"], environment: ["XDG_STATE_HOME": state.path])
    try terminal.until("Booted")
    terminal.type(":debug tour\r")
    try terminal.until("it stands before its first instruction")
    terminal.type(":step 1000000\r")
    usleep(300_000)
    kill(terminal.pid, SIGTERM)
    #expect(try terminal.exitCode(seconds: 3) == 128 + SIGTERM)
    #expect(terminal.modesAreRestored)
    let replay = try Headless.run(["replay", "--verify", try #require(state.recordings.first)])
    #expect(replay.code == 0, "\(replay.error)")
  }

  /// Every signal whose default is to end a program gives the terminal back, and the recording is finished.
  @Test(arguments: [
    SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGPIPE, SIGVTALRM, SIGPROF, SIGXCPU, SIGXFSZ, SIGIO, SIGPWR,
    16, 34, 64,
  ])
  func signalsEndItCleanly(_ signal: Int32) throws {
    let state = try TemporaryFolder()
    let terminal = try PseudoTerminal(environment: ["XDG_STATE_HOME": state.path])
    try terminal.until("Booted")
    terminal.type(":RMI_VERSION 0x10000\r")
    try terminal.until("lower=0x10000")
    kill(terminal.pid, signal)
    #expect(try terminal.exitCode() == 128 + signal)
    #expect(terminal.modesAreRestored)
    #expect(try Headless.run(["replay", "--verify", try #require(state.recordings.first)]).code == 0)
  }

  /// ^Z gives the shell its terminal back, and fg brings the screen on again.
  @Test func itIsSuspendedAndComesBack() throws {
    let terminal = try PseudoTerminal(shell: "exec bash --norc --noprofile --noediting -i")
    terminal.type("stty -echo; PS1='ready '; \(PseudoTerminal.program) --no-record\r")
    try terminal.until("Booted")
    var mark = terminal.mark
    terminal.type("\u{1a}")
    try terminal.until("Stopped", since: mark)
    let leaving = String(decoding: terminal.output[mark...], as: UTF8.self)
    for end in ["\u{1b}[?1049l", "\u{1b}[?2004l", "1000l"] { #expect(leaving.contains(end), "\(end.dropFirst())") }
    mark = terminal.mark
    terminal.type("fg\r")
    try terminal.until("\u{1b}[?1049h", since: mark)
    try terminal.until("Booted", since: mark)
    mark = terminal.mark
    terminal.type("q")
    try terminal.until("ready ", since: mark)
    terminal.type("exit\r")
    #expect(try terminal.exitCode() == 0)
  }

  /// A stack that has no room even for a signal's handler: the terminal is given back, and the end is that of the crash.
  @Test func anExhaustedStackGivesTheTerminalBack() throws {
    let folder = try TemporaryFolder()
    // What needs more of it: files that include one another, as deep as it goes.
    for n in 0..<15 { _ = try folder.write("\(n).session", "include \(n + 1).session\n") }
    _ = try folder.write("15.session", "RMI_VERSION 0x10000\n")
    let terminal = try PseudoTerminal(["--no-record"], shell: "cd \(folder.path)")
    try terminal.until("Booted")
    terminal.exhaustStack()
    terminal.type(":include 0.session\r")
    #expect(try terminal.exitCode() == 128 + SIGSEGV)
    #expect(terminal.modesAreRestored)
    #expect(terminal.text.contains("\u{1b}[?1049l"))
  }

  /// A crash gives the terminal back and stays a crash: of a Swift trap, of the memory, of an assertion.
  @Test(arguments: [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGSYS] as [Int32])
  func aCrashGivesTheTerminalBack(_ signal: Int32) throws {
    let terminal = try PseudoTerminal(["--no-record"])
    try terminal.until("Booted")
    kill(terminal.pid, signal)
    #expect(try terminal.exitCode() == 128 + signal)
    #expect(terminal.modesAreRestored)
    for end in ["\u{1b}[?1049l", "\u{1b}[?2004l", "\u{1b}[?1000l"] { #expect(terminal.text.contains(end)) }
  }

  /// What is pasted comes between brackets, what is copied goes out as OSC 52, and who does nothing writes nothing.
  @Test func pastingCopyingAndRestingAreBytes() throws {
    let terminal = try PseudoTerminal(["--no-record"])
    try terminal.until("Booted")
    terminal.type("\u{1b}[200~print 7\u{1b}[201~")
    try terminal.until("print 7")
    terminal.type("\r")
    try terminal.until("0x7")
    terminal.type("2y")
    try terminal.until("\u{1b}]52;c;\(Data("0x80000000".utf8).base64EncodedString())\u{7}")
    try terminal.until("copied 0x80000000")
    usleep(100_000)
    let mark = terminal.mark
    usleep(400_000)
    #expect(terminal.mark == mark)
    terminal.type("q")
    #expect(try terminal.exitCode() == 0)
  }

  @Test func aResizedTerminalIsRedrawnAndATinyOneSaysSo() throws {
    let terminal = try PseudoTerminal(["--no-record"])
    try terminal.until("Booted")
    var mark = terminal.mark
    terminal.resize(30, 8)
    try terminal.until("needs 40x10", since: mark)
    mark = terminal.mark
    terminal.resize(80, 24)
    try terminal.until("Granules", since: mark)
    terminal.type("q")
    #expect(try terminal.exitCode() == 0)
  }

  /// A type of terminal, a size, a locale and what is said of colours.
  struct Setting: CustomTestStringConvertible {
    var type: String
    var columns: UInt16
    var rows: UInt16
    var locale: String
    var colours: [String: String]

    var testDescription: String { "\(type) \(columns)x\(rows) \(locale) \(colours)" }

    static let types = [
      "vt100", "vt220", "linux", "ansi", "xterm", "xterm-color", "xterm-mono", "xterm-256color", "xterm-direct",
      "screen-256color", "tmux-256color", "rxvt-unicode-256color", "xterm-kitty", "alacritty", "foot", "wezterm", "xterm-ghostty",
    ]
    static let sizes: [(UInt16, UInt16)] = [(80, 24), (120, 36), (200, 60)]
    static let voices: [(locale: String, colours: [String: String])] = ["C.UTF-8", "C"].flatMap { locale in
      [[:], ["NO_COLOR": "1"], ["COLORTERM": "truecolor"]].map { (locale, $0) }
    }
    /// Every type in every size; each size and each kind of type meets every locale and every word about colours.
    static let all = types.enumerated().flatMap { number, type in
      sizes.enumerated().map { place, size in
        let voice = voices[(number + place) % voices.count]
        return Setting(type: type, columns: size.0, rows: size.1, locale: voice.locale, colours: voice.colours)
      }
    }
  }

  @Test(arguments: Setting.all)
  func everyKindOfTerminalStartsDrawsAndQuits(_ setting: Setting) throws {
    let environment = ["TERM": setting.type, "LC_ALL": setting.locale].merging(setting.colours) { $1 }
    let terminal = try PseudoTerminal(
      ["--no-record"], environment: environment, columns: setting.columns, rows: setting.rows)
    try terminal.until("Booted")
    terminal.type("?")
    try terminal.until("Palette")
    // A key that follows at once would be one with Alt.
    let shown = terminal.markOfWholeFrame
    terminal.type("\u{1b}")
    try terminal.untilMore(since: shown)
    terminal.type("q")
    #expect(try terminal.exitCode() == 0)
    #expect(terminal.modesAreRestored)
    if setting.locale == "C" {
      let isPlain = terminal.output.allSatisfy { $0 < 0x80 }
      #expect(isPlain)
    }
    if setting.colours["NO_COLOR"] != nil { #expect(terminal.text.colours.isEmpty) }
    if setting.colours["COLORTERM"] == nil, setting.type == "linux" { #expect(!terminal.text.colours.contains(38)) }
  }

  /// Terminals of xterm's family start also where nobody has described them.
  @Test func aTypeWithoutADescriptionIsTakenForAnXterm() throws {
    let terminal = try PseudoTerminal(["--no-record"], environment: ["TERM": "xterm-nobodyhasthisone"])
    try terminal.until("xterm-256color stands in for it")
    terminal.type("q")
    #expect(try terminal.exitCode() == 0)
  }

  /// The terminal is asked for its background, and what is typed meanwhile is not lost.
  @Test func aLightTerminalGetsTheLightTheme() throws {
    let terminal = try PseudoTerminal(["--no-record"], environment: ["TERM": "xterm-256color"])
    try terminal.until("\u{1b}]11;?")
    terminal.type("\u{1b}]11;rgb:ffff/ffff/f0f0\u{1b}\\\u{1b}[?62;22c:print 7\r")
    try terminal.until("0x7")
    // The one after it.
    terminal.type("T")
    try terminal.until("theme contrast")
    terminal.type("q")
    #expect(try terminal.exitCode() == 0)
  }

  @Test(arguments: [("dumb", "cannot move its cursor"), ("nosuchterm", "unknown here"), ("", "TERM is not set")])
  func aTerminalThatCannotDoItIsRefused(_ type: String, _ reason: String) throws {
    let terminal = try PseudoTerminal(environment: ["TERM": type])
    #expect(try terminal.exitCode() == 69)
    #expect(terminal.text.contains(reason))
  }

  @Test func withoutATerminalItSaysWhatToUseInstead() throws {
    let result = try Headless.run([])
    #expect(result.code == 69)
    #expect(result.error.contains("workbench run --help"))
  }

  /// Killed at any moment, the recording is whole up to its last line, and has every step the screen has confirmed.
  @Test func killedWhileRecordingNothingBeforeTheLastWholeLineIsLost() throws {
    for round in 0..<16 {
      let state = try TemporaryFolder()
      let terminal = try PseudoTerminal(["--no-animation"], environment: ["XDG_STATE_HOME": state.path])
      try terminal.until("Booted")
      let confirmed = 1 + round % 3
      for n in 0..<confirmed {
        terminal.type(":smc RMI_GRANULE_DELEGATE \(0x8000_1000 + n * 4096)\r")
        try terminal.until("addr=0x8000\(n + 1)000")
      }
      for n in 0..<20 { terminal.type(":smc RMI_GRANULE_DELEGATE \(0x8100_0000 + n * 4096)\r") }
      usleep(UInt32(round * 2_917 % 40_000))
      kill(terminal.pid, SIGKILL)
      _ = try terminal.exitCode()
      let recording = try #require(state.recordings.first)
      let replay = try Headless.run(["replay", "--verify", recording])
      #expect(replay.code == 0, "round \(round): \(replay.error)")
      let steps = Int(replay.output.prefix { $0.isNumber }) ?? 0
      #expect(steps >= confirmed, "round \(round): \(replay.output)")
    }
  }
}

extension String {
  /// The parameters of its SGR sequences that choose a colour (ECMA-48 8.3.117).
  fileprivate var colours: [Int] {
    matches(of: /\u{1b}\[([\d;]*)m/).flatMap { $0.output.1.split(separator: ";").compactMap { Int($0) } }
      .filter { (30...38).contains($0) || (40...48).contains($0) || (90...107).contains($0) }
  }
}
