import Engine
import Testing
import Views

/// The picture of the worlds: what is drawn is there, and nothing else.
struct WorldsPanelTests {
  private func text(_ session: Session, _ width: Int, _ height: Int) -> String {
    var canvas = Canvas(width: width, height: height)
    WorldsPanel(session).draw(&canvas, canvas.bounds, focused: false)
    return canvas.plainText
  }

  @Test(arguments: [(42, 11), (80, 22), (120, 30)])
  func aFreshMachineHasAHostAnRMMAndAMonitor(_ size: (Int, Int)) {
    let picture = text(Session(MachineConfiguration()), size.0, size.1)
    for word in ["Normal", "Realm", "Secure", "Root", "Host", "RMM", "EL3"] {
      #expect(picture.contains(word), "\(word)\n\(picture)")
    }
    for word in ["TEE OS", "SPMC", "TA", "kernel", "realm 1", "VM,"] {
      #expect(!picture.contains(word), "\(word)\n\(picture)")
    }
  }

  /// A guest that was booted has a VMM in user space, over KVM; a script's Host has none.
  @Test func aGuestHasAVMM() throws {
    let picture = text(try ScreenTests.guestSession(entries: 4), 100, 24)
    #expect(picture.split(separator: "\n").contains { $0.contains("EL0 VMM") }, "\(picture)")
    #expect(picture.contains("EL2 KVM"))
    #expect(!text(try ScreenTests.session(), 100, 24).contains("VMM"))
  }

  @Test func aRealmIsAtEL1WithItsRECs() throws {
    let picture = text(try ScreenTests.session(), 100, 24)
    #expect(picture.contains("realm 1 ACTIVE · 1 REC"))
    #expect(picture.contains("no software"))
  }

  /// The way of an SMC: the numbers of its hops stand in the boxes they lead to, and in the line that tells it.
  @Test func theWayOfAnSMCIsNumbered() throws {
    let session = Session(MachineConfiguration())
    try ScriptRunner(session).run(line: "RMI_VERSION 0x10000", number: 1, file: "test")
    let picture = text(session, 100, 24)
    #expect(picture.contains("last SMC: ① NS-EL2 → ② EL3 → ③ R-EL2 → ④ EL3 → ⑤ NS-EL2"), "\(picture)")
    #expect(picture.split(separator: "\n").contains { $0.contains("①⑤ ▶pe0") && $0.contains("③") }, "\(picture)")
  }

  /// The way of a boot is called so, and is that of the PE that boots.
  @Test func theWayOfABootIsNoSMC() throws {
    let session = Session(MachineConfiguration())
    try ScriptRunner(session).run(line: "machine", number: 1, file: "test")
    let picture = text(session, 100, 24)
    #expect(picture.contains("the boot: ① EL3 → ② S-EL1 → ③ EL3 → ④ R-EL2 → ⑤ EL3 → ⑥ NS-EL2"), "\(picture)")
    #expect(!picture.contains("last SMC") && !picture.contains("⑦"), "\(picture)")
  }

  @Test func anRMMThatHasStoppedIsSaidToHave() throws {
    let session = try ScreenTests.session()
    let rd = session.read { $0.control.realms[0] }
    let runner = ScriptRunner(session)
    try runner.run(line: "realm.write64 \(hex(rd + 8)) 0xffffffffffff0000", number: 1, file: "test")
    try runner.run(line: "RMI_RTT_READ_ENTRY \(hex(rd)) 0 3", number: 2, file: "test")
    #expect(text(session, 100, 24).contains("RMM has stopped"))
  }
}
