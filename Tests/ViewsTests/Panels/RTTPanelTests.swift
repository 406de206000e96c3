import Engine
import Testing

@testable import Views

struct RTTPanelTests {
  /// A page of the Host's shared from where the machine has no memory: the granule check and what a read gets are one story.
  @Test func aMappingWhereNoMemoryIs() throws {
    let session = try ScreenTests.session()
    let runner = ScriptRunner(session)
    for line in [
      "smc RMI_GRANULE_DELEGATE 0x80104000", "smc RMI_RTT_CREATE 0x80100000 0x80104000 0x80000000 2", "expect RMI_SUCCESS",
      "smc RMI_RTT_MAP_UNPROTECTED 0x80100000 0x80000000 2 0x1000000000d8", "expect RMI_SUCCESS",
    ] { try runner.run(line: line, number: 1, file: "test") }
    #expect(runner.failures == [])
    var state = ViewState()
    state.rttIPA = 0x8000_0000
    let text = Printout.draw(.rtt, session, state, width: 120, height: 36).plainText
    #expect(text.contains("no memory answers there"))
    #expect(!text.contains("granule protection fault"))
    #expect(!text.contains("gets the data"))
  }

  /// Nowhere does a read get data that the check forbids, or fail the check and get them.
  @Test func theVerdictFollowsTheCheck() throws {
    let session = try ScreenTests.session()
    let rd = try #require(session.read { $0.control.realms.first })
    var seen = 0
    for ipa in stride(from: 0 as UInt64, to: 0x8000, by: 0x1000) {
      let report = try #require(session.read { $0.walkReport(rd, ipa) })
      if case .fault = report.check { Issue.record("\(hex(ipa)): \(report)") }
      guard case .data = report.verdict else { continue }
      guard case .passes = report.check else {
        Issue.record("\(hex(ipa)): \(report)")
        continue
      }
      seen += 1
    }
    #expect(seen > 0)
  }
}
