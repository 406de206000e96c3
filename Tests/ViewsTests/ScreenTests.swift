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

  private func compare(_ text: String, _ name: String) throws {
    let url = Self.folder.appending(path: name + ".txt")
    if ProcessInfo.processInfo.environment["UPDATE_SCREENS"] != nil {
      try text.write(to: url, atomically: true, encoding: .utf8)
      return
    }
    let golden = try String(contentsOf: url, encoding: .utf8)
    #expect(text == golden, "\(name) differs; UPDATE_SCREENS=1 writes it anew")
  }

  static let sizes = [(80, 24), (120, 36), (200, 60)]

  @Test(arguments: ["overview", "rtt", "why", "palette"], sizes)
  func screens(_ name: String, _ size: (Int, Int)) throws {
    let session = try Self.session()
    var state = Self.state(session)
    state.screen = Screen(rawValue: name) ?? .overview
    state.palette.rows = [
      .init(keys: ":", title: "Command line", sentence: "Type a call.", disabled: nil),
      .init(keys: "^R", title: "Redo", sentence: "Does it again.", disabled: "nothing was undone"),
    ]
    let canvas = Screens(session, state).draw(width: size.0, height: size.1)
    try compare(canvas.plainText, "\(name)-\(size.0)x\(size.1)")
  }

  @Test(arguments: Panel.allCases)
  func eachPanelAloneInASmallTerminal(_ panel: Panel) throws {
    let session = try Self.session()
    var state = Self.state(session)
    state.focus = panel
    try compare(Screens(session, state).draw(width: 80, height: 24).plainText, "\(panel.rawValue)-80x24")
  }

  @Test func theCommandLineShowsHelpAndTheConditionThatWouldRefuse() throws {
    let session = try Self.session()
    var state = Self.state(session)
    var line = CommandLineState(.command, text: "RMI_GRANULE_DELEGATE 0x80100000")
    line.help = "addr: PA of the granule"
    line.refusal = "✗ RMI_ERROR_INPUT by gran_state: granule 0x80100000 is RD, needed UNDELEGATED"
    state.command = line
    try compare(Screens(session, state).draw(width: 120, height: 36).plainText, "typing-120x36")
  }

  @Test func stylesAndASCII() throws {
    let session = try Self.session()
    let canvas = Screens(session, Self.state(session)).draw(width: 120, height: 36)
    try compare(canvas.styleText, "overview-120x36-styles")
    let ascii = canvas.ascii.plainText
    let allASCII = ascii.unicodeScalars.allSatisfy { $0.isASCII }
    #expect(allASCII)
    try compare(ascii, "overview-120x36-ascii")
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
