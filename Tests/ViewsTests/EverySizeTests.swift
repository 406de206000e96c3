import Engine
import Testing

@testable import Views

/// Whatever the size, a panel draws itself, and no row is longer than the screen.
struct EverySizeTests {
  static let small = (1...40).flatMap { width in [1, 2, 3, 4, 6, 9, 12].map { (width, $0) } }
  static let large = [(64, 20), (80, 24), (100, 20), (110, 21), (120, 36), (159, 45), (160, 45), (200, 60)]

  /// Everything that can stand on a screen beside its panels.
  static func crowded(_ session: Session) -> ViewState {
    var state = ScreenTests.state(session)
    state.contradiction = Contradiction(
      Replayer.Difference(line: 123_456, expected: "RMI_SUCCESS x1=0x10000 x2=0x10000", got: "RMI_ERROR_INPUT"))
    state.trouble = "/home/somebody/.local/state/workbench/sessions/1.session cannot be written: No space left on device"
    state.recording = .failing
    state.message = .init("\"gpt.set\" has 1 argument; expected: gpt.set PA PAS", isError: true)
    state.command = CommandLineState(.command, text: "echo 漢字 e\u{301} \u{1F600} 0x80001000")
    state.palette.rows = [.init(keys: ":", title: "Command line", help: "Type a call.", reason: "not now")]
    return state
  }

  private func draw(_ panels: [Panel], _ session: Session, _ state: ViewState, _ sizes: [(Int, Int)]) {
    for (width, height) in sizes {
      for panel in panels { check(Printout.draw(panel, session, state, width: width, height: height), width, height) }
    }
  }

  private func check(_ canvas: Canvas, _ width: Int, _ height: Int) {
    let rows = canvas.plainText.dropLast().split(separator: "\n", omittingEmptySubsequences: false)
    if rows.count != height || rows.contains(where: { Canvas.columns(of: $0) > width }) {
      Issue.record("\(width)x\(height) is drawn as \(rows)")
    }
  }

  static let withoutTokens = Panel.all.filter { $0 != .token }

  @Test func ofAFreshMachine() {
    let session = Session(MachineConfiguration())
    draw(Panel.all, session, ViewState(), Self.small + Self.large)
  }

  /// Software of the Realm world has written to an RD, a REC and the tables, field by field.
  @Test func ofAMachineThatSomebodyHasScribbledOn() throws {
    let session = try ScreenTests.session()
    let state = ScreenTests.state(session)
    let rd = try #require(session.read { $0.control.realms.first })
    let rec = try #require(session.read { $0.control.recs.first })
    let table = session.read { $0.realm(rd).rttBase }
    let places = (0..<8).map { rd + $0 * 8 } + (0..<24).map { rec + $0 * 8 } + (0..<8).map { table + $0 * 8 }
    for (n, place) in places.enumerated() {
      for value in [UInt64.max, 0x7F7F_7F7F_7F7F_7F7F, table | 3, 0x000F_FFFF_FFFF_F003 &+ UInt64(n), 0] {
        session.perform(.action(.access(MemoryAccess(world: .realm, address: place, kind: .write64(value)))))
        draw(Self.withoutTokens, session, state, n % 8 == 0 ? [(80, 24), (9, 4)] : [(40, 12)])
      }
    }
    #expect(session.read { $0.control.isScribbled })
  }

  @Test func ofARealmWithEverythingElseOnTheScreen() throws {
    let session = try ScreenTests.session()
    let state = Self.crowded(session)
    draw(Self.withoutTokens, session, state, Self.small + Self.large)
    for (width, height) in Self.small + Self.large where width >= 40 && height >= 10 {
      for screen in Panel.screens {
        var state = state
        state.screen = screen
        check(Screens(session, state).draw(width: width, height: height), width, height)
      }
    }
  }

  @Test(arguments: [true, false])
  func ofAGuest(_ isRealm: Bool) throws {
    let session = try ScreenTests.guestSession(entries: isRealm ? 400 : 120, isRealm: isRealm)
    draw([.guest, .trace, .worlds], session, ViewState(), Self.small + Self.large)
  }

  @Test(arguments: ScreenTests.tokenTabs)
  func ofAToken(_ tab: TokenTab, _ row: Int) throws {
    let session = try ScreenTests.tokenSession()
    var state = ViewState()
    state.token.tab = tab
    for row in [0, row, .max] {
      state.token.row = row
      draw([.token], session, state, (1...40).map { ($0, 3 + $0 % 10) } + (1...12).map { (23, $0) } + Self.large)
    }
  }

  /// The conditions of a call with the longest names, and one with none.
  @Test func ofAnExplanation() throws {
    let session = try ScreenTests.session()
    var state = ViewState()
    for entry in Commands.all {
      state.why = session.explanation(of: entry, .init(repeating: 1))
      for scroll in [0, 3, 100] {
        state.whyScroll = scroll
        draw([.why], session, state, (1...12).map { ($0, $0) })
      }
    }
  }

  /// A map's cursor may be left from a machine whose memory was elsewhere.
  @Test func ofAMapWhoseCursorIsNowhere() {
    let session = Session(MachineConfiguration())
    var state = ViewState()
    state.zoom = 0
    for cursor in [0, session.configuration.dramTop, .max] as [UInt64] {
      state.cursor = cursor
      draw([.granules, .overview], session, state, [(1, 1), (40, 10), (120, 36)])
    }
  }
}
