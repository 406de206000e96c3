import Engine
import Foundation
import Testing
import Views

/// Whole screens against text files in `Screens`. UPDATE_SCREENS=1 writes them anew; look at the difference before you commit it.
struct ScreenTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Screens")

  /// A Realm with tables, data, shared memory, a REC and a refused call: enough for every panel to have something to show.
  static func session() throws -> Session {
    let session = Session(MachineConfiguration())
    let runner = ScriptRunner(session)
    let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Screens/machine.session")
    let text = try String(contentsOf: path, encoding: .utf8)
    for (index, line) in text.components(separatedBy: "\n").enumerated() {
      try runner.run(line: line, number: index + 1, file: "machine.session")
    }
    #expect(runner.failures == [])
    return session
  }

  static func state(_ session: Session) -> ViewState {
    var state = ViewState()
    state.name = "machine.session"
    state.recording = .on
    state.seconds = 102
    state.cursor = 0x8020_0000
    state.why = session.explanation(ofStep: session.steps.count)
    state.rttIPA = 0x1000
    return state
  }

  func compare(_ text: String, _ name: String) throws {
    let url = Self.folder.appending(path: name + ".txt")
    if ProcessInfo.processInfo.environment["UPDATE_SCREENS"] != nil {
      try text.write(to: url, atomically: true, encoding: .utf8)
      return
    }
    let golden = try String(contentsOf: url, encoding: .utf8)
    #expect(text == golden, "\(name) differs; UPDATE_SCREENS=1 writes it anew")
  }

  static let sizes = [(80, 24), (120, 36), (200, 60)]

  @Test(arguments: ["overview", "rtt", "granule", "why", "palette"], sizes)
  func screens(_ name: String, _ size: (Int, Int)) throws {
    let session = try Self.session()
    var state = Self.state(session)
    state.screen = try #require(Panel.named(name))
    state.palette.rows = [
      .init(keys: ":", title: "Command line", help: "Type a call.", reason: nil),
      .init(keys: "^R", title: "Redo", help: "Does it again.", reason: "nothing was undone"),
    ]
    state.screen.prepare(session, &state)
    let canvas = Screens(session, state).draw(width: size.0, height: size.1)
    try compare(canvas.plainText, "\(name)-\(size.0)x\(size.1)")
  }

  /// A part of the overview with the keys in it: alone where there is little room.
  @Test(arguments: Panel.tiles, sizes)
  func eachPartOfTheOverview(_ panel: Panel, _ size: (Int, Int)) throws {
    let session = try Self.session()
    var state = Self.state(session)
    state.focus = panel
    let canvas = Screens(session, state).draw(width: size.0, height: size.1)
    try compare(canvas.plainText, "\(panel.name)-\(size.0)x\(size.1)")
  }

  /// A structure that is filled in, and a command whose argument is refused.
  @Test(arguments: ["fill RmiRealmParams 0x83f00000 s2sz=50", "RMI_RTT_CREATE ipa=0x1000"], sizes)
  func forms(_ line: String, _ size: (Int, Int)) throws {
    let session = try Self.session()
    let runner = ScriptRunner(session)
    try runner.run(line: "delegate 3", number: 1, file: "test")
    var effect = Effect(session, Self.state(session), width: size.0, height: size.1)
    #expect(FormPanel.open(line, &effect))
    let name = line.hasPrefix("fill") ? "structure" : "command"
    try compare(Screens(session, effect.state).draw(width: size.0, height: size.1).plainText, "form-\(name)-\(size.0)x\(size.1)")
  }

  /// Statements that stand for others, above what they made.
  @Test func theTraceShowsWhatAStatementStoodFor() throws {
    let session = try Self.session()
    let runner = ScriptRunner(session)
    try runner.run(line: "delegate 3 granules", number: 1, file: "test")
    var state = Self.state(session)
    state.focus = .trace
    try compare(Screens(session, state).draw(width: 80, height: 24).plainText, "trace-group-80x24")
    var effect = Effect(session, state, width: 80, height: 24)
    UserAction.right.perform(&effect)
    try compare(Screens(session, effect.state).draw(width: 80, height: 24).plainText, "trace-group-open-80x24")
  }

  /// Under the condition that decides: the fields of a structure that it looks at, and where they are.
  @Test func whyShowsTheFieldsTheDecidingConditionLooksAt() throws {
    let session = Session(MachineConfiguration())
    let runner = ScriptRunner(session)
    for line in ["ns.write64 0x83f00008 20", "smc RMI_REALM_CREATE 0x80100000 0x83f00000"] {
      try runner.run(line: line, number: 1, file: "test")
    }
    var state = ViewState()
    state.screen = .why
    state.why = session.explanation(ofStep: 2)
    let text = Screens(session, state).draw(width: 120, height: 36).plainText
    #expect(text.contains("✗ params_supp    s2sz = 20, supported 32 to"))
    #expect(text.contains("in RmiRealmParams at 0x83f00000: flags = 0x0 at 0x0, s2sz = 20 at 0x8, sve_vl = 0 at 0x10,"))
  }

  /// A recorded session with two tokens, whose signatures are those that were recorded.
  static func tokenSession() throws -> Session {
    let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Screens/token.session")
    let lines = try String(contentsOf: path, encoding: .utf8).components(separatedBy: "\n")
    let replayer = Replayer(Session(try Recording.configuration(of: lines)))
    for (index, line) in lines.enumerated() { try replayer.take(line, line: index + 1) }
    try replayer.finish()
    #expect(replayer.difference == nil)
    return replayer.session
  }

  /// Each tab of the token view with a line chosen that has something to tell.
  static let tokenTabs: [(TokenTab, Int)] = [(.claims, 6), (.checks, 40), (.chain, 3), (.provenance, 4), (.appraisal, 9)]

  @Test(arguments: tokenTabs, sizes)
  func tokens(_ tab: (TokenTab, Int), _ size: (Int, Int)) throws {
    let session = try Self.tokenSession()
    var state = ViewState()
    state.name = "token.session"
    state.recording = .replay
    state.screen = .token
    state.token.tab = tab.0
    state.token.row = tab.1
    state.token.number = 1
    if tab.0 == .appraisal {
      state.token.whatIf.cycle(.component(3))
    } else {
      state.token.challenge = [1, 0, 0, 0x11, 0x27]
    }
    let canvas = Screens(session, state).draw(width: size.0, height: size.1)
    try compare(canvas.plainText, "token-\(tab.0.rawValue)-\(size.0)x\(size.1)")
    if tab.0 == .claims, size == (120, 36) { try compare(canvas.styleText, "token-claims-120x36-styles") }
  }

  /// The tour guest, run for so many entries.
  static func guestSession(entries: Int, isRealm: Bool = true) throws -> Session {
    var configuration = MachineConfiguration()
    configuration.vcpu = .code
    let session = Session(configuration)
    var options = RealmVM.Options()
    options.isRealm = isRealm
    let vm = RealmVM(session, options)
    let image = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sessions/guests/tour.elf")
    try vm.build(try BootImage(Array(try Data(contentsOf: image)), base: RealmVM.ramBase))
    #expect(vm.run(entries: entries) == nil)
    return session
  }

  /// The tour guest, half way: in a Realm, and outside.
  @Test(arguments: sizes, [true, false])
  func guest(_ size: (Int, Int), _ isRealm: Bool) throws {
    let session = try Self.guestSession(entries: isRealm ? 400 : 120, isRealm: isRealm)
    var state = ViewState()
    state.name = "tour.elf"
    state.screen = .guest
    try compare(
      Screens(session, state).draw(width: size.0, height: size.1).plainText,
      "guest\(isRealm ? "" : "-normal")-\(size.0)x\(size.1)")
  }

  @Test func theTokenViewBeforeThereIsAToken() throws {
    let session = try Self.session()
    var state = Self.state(session)
    state.screen = .token
    try compare(Screens(session, state).draw(width: 80, height: 24).plainText, "token-none-80x24")
    // A Realm's measurements can be looked at all the same.
    state.token.tab = .provenance
    state.token.realm = session.read { $0.control.realms.first }
    try compare(Screens(session, state).draw(width: 80, height: 24).plainText, "token-provenance-of-a-realm-80x24")
  }

  @Test func supposingMovesTheVectors() throws {
    let session = try Self.tokenSession()
    var state = TokenViewState()
    state.tab = .appraisal
    func text() -> String {
      var canvas = Canvas(width: 200, height: 60)
      TokenPanel(session, state).draw(&canvas, canvas.bounds)
      return canvas.plainText
    }
    #expect(text().contains("CCA_SSD_PLATFORM: affirming"))
    state.whatIf.cycle(.lifecycle(.secured))
    #expect(text().contains("CCA_SSD_PLATFORM: contraindicated"))
    state.whatIf.cycle(.lifecycle(.secured))
    state.whatIf.cycle(.config)
    #expect(text().contains("CCA_SSD_PLATFORM: warning"))
    state.whatIf.cycle(.config)
    state.whatIf.cycle(.config)
    state.whatIf.cycle(.rem(0))
    #expect(text().contains("CCA_REALM: contraindicated"))
    state.whatIf.cycle(.rem(0))
    #expect(text().contains("CCA_REALM: affirming"))
    #expect(!state.whatIf.isEmpty)
    state.whatIf.cycle(.rem(0))
    #expect(state.whatIf.isEmpty)
  }

  /// Bytes of strangers never reach the terminal as anything but text.
  @Test func hostileTokensAreDrawn() throws {
    var random = Numbers(state: 20_261_122)
    let session = try Self.tokenSession()
    let good = try #require(session.tokens.first?.token.bytes)
    for _ in 0..<200 {
      var bytes = good
      for _ in 0..<4 { bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random) }
      var state = TokenViewState()
      state.file = .init(name: "x", bytes: bytes, key: nil)
      for tab in TokenTab.allCases {
        state.tab = tab
        for row in [0, 5, 30] {
          state.row = row
          var canvas = Canvas(width: 80, height: 24)
          TokenPanel(session, state).draw(&canvas, canvas.bounds)
          let isText = canvas.plainText.unicodeScalars.allSatisfy { $0.value >= 0x20 || $0 == "\n" }
          #expect(isText)
        }
      }
    }
  }

  @Test func theCommandLineShowsHelpAndTheConditionThatWouldRefuse() throws {
    let session = try Self.session()
    var state = Self.state(session)
    var line = CommandLineState(.command, text: "RMI_GRANULE_DELEGATE 0x80100000")
    line.help = "addr: PA of the granule"
    line.verdict = .refused("RMI_ERROR_INPUT by gran_state: granule 0x80100000 is RD, needed UNDELEGATED")
    state.command = line
    try compare(Screens(session, state).draw(width: 120, height: 36).plainText, "typing-120x36")
  }

  /// What was wrong with a line that was entered stands above it, whole if two rows hold it.
  @Test func theCommandLineShowsWhatWasWrong() throws {
    let session = try Self.session()
    var state = Self.state(session)
    var line = CommandLineState(.command, text: "gpt.set 5")
    line.help = "gpt.set PA nonsecure|secure|root: EL3 moves a granule"
    state.command = line
    let short = "\"gpt.set\" has 1 argument; expected: gpt.set PA PAS"
    for message in [short, "\(short), and this goes on so that one row cannot hold it"] {
      state.message = .init(message, isError: true)
      let rows = Screens(session, state).draw(width: 80, height: 24).plainText.split(separator: "\n")
      let shown = rows.suffix(3).map { $0.trimmingCharacters(in: .whitespaces) }
      #expect(shown.last == ": gpt.set 5")
      #expect(shown[1] == "✗ \(message)" || "\(shown[0]) \(shown[1])" == "✗ \(message)", "\(shown)")
      #expect((shown[0] == line.help) == (message == short))
    }
  }

  @Test func stylesAndASCII() throws {
    let session = try Self.session()
    var state = Self.state(session)
    try compare(Screens(session, state).draw(width: 120, height: 36).styleText, "overview-120x36-styles")
    // There keys are named in words: no sign looks like another key.
    state.bindings.spellsKeys = true
    let ascii = Screens(session, state).draw(width: 120, height: 36).ascii.plainText
    let allASCII = ascii.unicodeScalars.allSatisfy { $0.isASCII }
    #expect(allASCII)
    try compare(ascii, "overview-120x36-ascii")
  }

  private struct Numbers: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ state >> 29
    }
  }

  @Test func anRMMThatHasStoppedIsInTheHeader() throws {
    let session = try Self.session()
    func header() -> Substring {
      Screens(session, Self.state(session)).draw(width: 80, height: 24).plainText.prefix { $0 != "\n" }
    }
    #expect(!header().contains("RMM PANIC"))
    let rd = session.read { $0.control.realms[0] }
    let runner = ScriptRunner(session)
    try runner.run(line: "realm.write64 \(hex(rd + 8)) 0xffffffffffff0000", number: 1, file: "test")
    try runner.run(line: "RMI_RTT_READ_ENTRY \(hex(rd)) 0 3", number: 2, file: "test")
    #expect(header().contains("✗ RMM PANIC"))
  }

  @Test func aTinyTerminalIsToldSo() throws {
    let session = Session(MachineConfiguration())
    let text = Screens(session, ViewState()).draw(width: 30, height: 5).plainText
    #expect(text.hasPrefix("The terminal is 30x5.\nWorkbench needs 40x10"))
    for (width, height) in [(0, 0), (1, 1), (40, 10), (79, 23), (100, 20), (500, 200)] {
      let canvas = Screens(session, ViewState()).draw(width: width, height: height)
      #expect(canvas.width == width && canvas.height == height)
    }
  }
}
