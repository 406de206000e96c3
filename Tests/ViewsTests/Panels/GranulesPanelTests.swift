import Engine
import Testing
import Views

/// The granule map: what is folded, whose a granule is, and where the cursor goes.
struct GranulesPanelTests {
  private func text(_ session: Session, _ state: ViewState = ViewState(), width: Int = 80, height: Int = 24) -> String {
    var canvas = Canvas(width: width, height: height)
    GranulesPanel(session, state).draw(&canvas, canvas.bounds, focused: false)
    return canvas.plainText
  }

  /// A machine of 16 GiB in which two granules far from each other are delegated.
  private func large() -> Session {
    var configuration = MachineConfiguration()
    configuration.dramSize = 16 << 30
    let session = Session(configuration)
    let runner = ScriptRunner(session)
    for address in ["0x80001000", "0x200000000"] {
      #expect(throws: Never.self) { try runner.run(line: "RMI_GRANULE_DELEGATE \(address)", number: 1, file: "test") }
    }
    return session
  }

  @Test func whatIsTheHostsIsFolded() {
    let map = text(large())
    #expect(map.contains("1 cell = 1 granule"))
    #expect(map.contains("of the Host's"))
    // One in each of the two rows; the legend has one, and the words of the story.
    let rows = map.split(separator: "\n").filter { $0.contains("0x80000000") || $0.contains("0x2000") }
    #expect(rows.count { $0.contains("d") } >= 2, "\(map)")
  }

  @Test func aFreshMachineIsShownWhole() {
    let map = text(Session(MachineConfiguration()))
    #expect(!map.contains("⋯"))
    #expect(map.contains("1 cell = "))
  }

  @Test func theCursorCrossesAFoldInOneStep() throws {
    let session = large()
    let rows = GranulesPanel(session, ViewState()).geometry(Rect(0, 0, 80, 24)).rows
    let memory = session.configuration.dramBase..<session.configuration.dramTop
    let fold = try #require(rows.rows.firstIndex { $0.isFolded })
    let above = rows.rows[fold - 1].base
    let inside = rows.moved(above, columns: 0, rows: 1, within: memory)
    #expect(inside == rows.rows[fold].base)
    #expect(rows.moved(inside, columns: 0, rows: 1, within: memory) == rows.rows[fold + 1].base)
    #expect(rows.moved(memory.lowerBound, columns: -1, rows: 0, within: memory) == memory.lowerBound)
    #expect(rows.moved(memory.upperBound - 4096, columns: 1, rows: 0, within: memory) == memory.upperBound - 4096)
  }

  /// Every cell that is drawn leads to its address and back.
  @Test func cellsAndAddressesAgree() throws {
    let session = try ScreenTests.session()
    let map = GranulesPanel(session, ViewState()).geometry(Rect(0, 0, 120, 36))
    for y in map.rect.y..<map.rect.y + map.rect.height {
      for x in [map.rect.x, map.rect.x + map.rect.width - 1] {
        let address = try #require(map.address(at: x, y))
        let row = try #require(map.rows.row(of: min(address, session.configuration.dramTop - 1)))
        #expect(row == map.first + y - map.rect.y)
      }
    }
    #expect(map.address(at: map.rect.x, map.rect.y + map.rect.height) == nil)
  }

  @Test func twoRealmsHaveTwoColours() throws {
    let session = Session(MachineConfiguration())
    let runner = ScriptRunner(session)
    for (realm, base) in [0x8010_0000, 0x8020_0000].enumerated() {
      let root = base + 0x1000
      for line in [
        "RMI_GRANULE_DELEGATE \(base)", "RMI_GRANULE_DELEGATE \(root)", "ns.fill 0x83000000 0x1000 0",
        "ns.write64 0x83000008 32", "ns.write64 0x83000018 1", "ns.write64 0x83000020 1", "ns.write64 0x83000800 \(realm + 1)",
        "ns.write64 0x83000808 \(root)",
        "ns.write64 0x83000810 1", "ns.write64 0x83000818 1", "RMI_REALM_CREATE \(base) 0x83000000", "expect RMI_SUCCESS",
      ] { try runner.run(line: line, number: 1, file: "test") }
    }
    #expect(runner.failures == [])
    let cells = session.read { $0.map(rows: [0x8010_0000, 0x8020_0000], granules: 1, width: 4) }
    #expect(cells.map { $0.map(\.owner) } == [[0, 0, nil, nil], [1, 1, nil, nil]])
    let map = text(session)
    #expect(map.contains("■ realm 1") && map.contains("■ realm 2"))
  }

  @Test func theStorySaysWhoMayAccess() {
    let session = large()
    var state = ViewState()
    state.cursor = 0x8000_1000
    #expect(text(session, state).contains("REALM in the GPT: Realm and Root may access it"))
    #expect(text(session, state).contains("step 1  GPT 0x80001000 NS → REALM"))
  }
}
