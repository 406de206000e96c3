import Engine
import Testing

/// The queue of guest actions is in pieces, and has an end.
struct GuestQueueTests {
  @Test func actionsComeInTheirOrderAndACheckpointKeepsThem() throws {
    let script = Script()
    try script.run(Script.activeRealm)
    for n in 0..<300 {
      script.session.perform(.action(.guest(GuestAction(.setreg, [4, UInt64(n)]))))
      script.session.perform(.action(.guest(GuestAction(.getreg, [4]))))
    }
    let full = script.session.position
    try script.run("RMI_REC_ENTER rec run")
    let values = script.takeRaw().filter { $0.hasPrefix("guest->") }
    #expect(values == (0..<300).map { "guest-> \(hex(UInt64($0)))" })
    #expect(script.session.read { $0.control.guestQueue.count } == 0)
    script.session.seek(full)
    #expect(script.session.read { $0.control.guestQueue.count } == 600)
    try script.run("guest clear")
    #expect(script.session.read { $0.control.guestQueue.count } == 0)
    script.session.seek(full - 100)
    #expect(script.session.read { $0.control.guestQueue.count } == 500)
  }

  @Test func aFullQueueSaysSo() throws {
    var machine = Machine(MachineConfiguration())
    let wfi = Action.guest(GuestAction(.wfi))
    for _ in 0..<GuestQueue.limit { _ = machine.perform(wfi) }
    guard case .refused(let why) = machine.perform(wfi) else {
      Issue.record("it was not refused")
      return
    }
    #expect(why == "the queue is full: 65536 actions wait; guest clear empties it")
    _ = machine.perform(.guestClear)
    guard case .queued = machine.perform(wfi) else {
      Issue.record("it is not empty")
      return
    }
  }
}
