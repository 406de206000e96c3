import Engine
import Testing

/// What a session keeps of a step is little, and all of it.
struct SessionStepTests {
  @Test func aStepIsWhatWasDoneAndWhatItAnswered() throws {
    let script = Script()
    var reports: [ScriptRunner.Report] = []
    script.runner.onReport = { reports.append($0) }
    try script.run(Script.activeRealm)
    try script.run(
      """
      guest setreg 3 7
      guest smc RSI_VERSION 0x10000
      RMI_REC_ENTER rec run
      ns.read64 rd
      ns.write 0x80300000 0102
      gpt.set 0x80301000 secure
      idle 9
      smc 0xc4000000 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17
      smc 0xc4000000 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 17
      case next
      """)
    #expect(reports.count == script.session.steps.count)
    for (step, report) in zip(script.session.steps, reports) {
      #expect(step.result.rawLines == report.result.rawLines)
      #expect(Recording.answerLines(step.result) == Recording.answerLines(report.result))
      #expect(step.result.answer?.x == report.result.answer?.x)
      #expect(step.result.decidedBy == report.result.decidedBy)
      guard let action = report.statement.action else { continue }
      #expect(step.text == action.scriptText)
    }
  }

  /// A step that has many events leaves no room for as many in those after it.
  @Test func eventsTakeNoMoreRoomThanTheyNeed() throws {
    let script = Script()
    try script.run(Script.activeRealm)
    try script.run((0..<200).map { _ in "guest smc RSI_VERSION 0x10000" }.joined(separator: "\n"))
    try script.run("RMI_REC_ENTER rec run\nRMI_VERSION 0x10000")
    let steps = script.session.steps
    #expect(steps[steps.count - 2].events.count > 200)
    #expect(steps[steps.count - 1].events.capacity < 32)
  }

  @Test func stepsAreUndoneAndDoneInGreatNumbers() throws {
    let session = Session(MachineConfiguration())
    for n in 0..<3000 { session.perform(.action(.selectPE(n % 2))) }
    session.seek(1024)
    #expect(session.perform(.action(.selectPE(7))).answer?.text.contains("there is no PE 7") == true)
    #expect(session.steps.count == 1025)
    #expect(session.steps.map(\.hasFailed).filter { $0 }.count == 1)
    #expect(session.steps.last?.text == "pe 7")
    #expect(session.steps[1023].text == "pe 1")
    session.seek(0)
    session.perform(.action(.selectPE(1)))
    #expect(session.steps.map(\.text) == ["pe 1"])
  }

  /// Many pages that change again and again are not kept for every 128 steps.
  @Test func checkpointsKeepSoManyPages() throws {
    let session = Session(MachineConfiguration())
    func fill(_ byte: UInt8) {
      session.perform(.action(.access(MemoryAccess(world: .normal, address: 0x8000_0000, kind: .fill(48 << 20, byte)))))
    }
    for byte in 1...6 as ClosedRange<UInt8> {
      fill(byte)
      for _ in 0..<130 { session.perform(.action(.selectPE(0))) }
    }
    let digest = session.digest()
    let pages = session.read { $0.memory.savedPages }
    #expect(pages <= 4 * (48 << 20) / 4096, "\(pages)")
    session.seek(200)
    session.seek(session.steps.count)
    #expect(session.digest() == digest)
  }
}
