import Engine
import Testing

@testable import Session

/// Statements that stand for others: what they stand for, what comes of it, and where they stop.
struct HelperTests {
  /// What was done for a script, line by line, with how deep it lies; and what was said at the end.
  private func told(_ text: String, in script: Script = Script()) throws -> (lines: [String], last: String) {
    var lines: [String] = []
    var last = ""
    script.runner.onReport = { report in
      if !report.isExpansion { lines.append(String(repeating: " ", count: report.depth) + report.text) }
      last = report.result.text ?? ""
    }
    try script.run(text)
    return (lines, last)
  }

  private func fails(_ line: String, in script: Script = Script()) -> ScriptError? {
    let error = #expect(throws: ScriptError.self) { try script.run(line) }
    return error
  }

  // MARK: fill

  @Test func aStructureIsWrittenByTheNamesOfItsFields() throws {
    let script = Script()
    try script.run("delegate 2")
    let (lines, last) = try told("fill RmiRealmParams 0x83000000 s2sz=32 hash_algo=sha-512 rpv=00ff", in: script)
    #expect(
      lines == [
        " ns.fill 0x83000000 0x1000 0", " ns.write64 0x83000008 0x20", " ns.write64 0x83000018 0x1",
        " ns.write64 0x83000020 0x1", " ns.write64 0x83000030 0x1", " ns.write 0x83000400 00ff", " ns.write64 0x83000800 0x1",
        " ns.write64 0x83000808 0x80101000", " ns.write64 0x83000810 0x1", " ns.write64 0x83000818 0x1",
      ])
    #expect(
      last
        == "RmiRealmParams at 0x83000000: s2sz=32 num_bps=1 num_wps=1 hash_algo=sha-512 rpv=00ff vmid=1 "
        + "rtt_base=0x80101000 rtt_level_start=1 rtt_num_start=1"
    )
    try expectReplay(of: script.session)
  }

  /// Whatever is not named is right, for every width, and in both personalities.
  @Test(
    arguments: ["machine", "machine tf-rmm"],
    [
      "", "s2sz=32", "s2sz=40", "s2sz=48", "hash_algo=1", "flags=pmu", "rtt_level_start=2", "s2sz=34 rtt_level_start=2",
      "vmid=77",
    ])
  func whatIsNotNamedIsRight(_ machine: String, _ fields: String) throws {
    let script = Script()
    // So many that some are aligned for 16 starting level tables that lie side by side.
    try script.run("\(machine)\ndelegate 64\nfill RmiRealmParams 0x83000000 \(fields)")
    try script.run("RMI_REALM_CREATE rd=0x80100000 params_ptr=0x83000000\nexpect RMI_SUCCESS")
    try script.run("fill RmiRecParams 0x83001000\nRMI_REC_CREATE 0x80100000 \(hex(lowestDelegated(script))) 0x83001000")
    try script.run("expect RMI_SUCCESS")
    #expect(script.runner.failures == [])
  }

  private func lowestDelegated(_ script: Script) -> UInt64 { script.session.read { $0.delegatedGranules(1).first ?? 0 } }

  @Test func theSecondRealmGetsAVMIDOfItsOwn() throws {
    let script = Script()
    try script.run("realm\ndelegate 2")
    let (_, last) = try told("fill RmiRealmParams 0x83000000", in: script)
    #expect(last.contains(" vmid=2 "))
  }

  @Test func aRealmsOwnStructureIsWrittenByTheRealm() throws {
    let (lines, _) = try told("fill RsiHostCall 0x1000 imm=7 gprs[30]=5")
    #expect(lines == [" guest write64 0x1000 0x7", " guest write64 0x10f8 0x5"])
  }

  @Test(arguments: [
    ("fill RmiRealm 0x83000000", 6, "no structure \"RmiRealm\""),
    ("fill RmmRealm 0x83000000", 6, "RmmRealm is not written by software; expected one of RmiRealmParams, RmiRecParams"),
    ("fill RmiRealmParams 0x83000001", 21, "expected a multiple of 0x1000"),
    ("fill RmiRealmParams 0x83000000 s2sz=53", 32, "s2sz is 32 to 52 (the bits of an IPA), not 53"),
    ("fill RmiRealmParams 0x83000000 s2sz=31", 32, "s2sz is 32 to 52"),
    ("fill RmiRealmParams 0x83000000 s2size=32", 32, "RmiRealmParams has no field \"s2size\"; did you mean s2sz?"),
    ("fill RmiRealmParams 0x83000000 hash_algo=2", 32, "hash_algo is 0 sha-256, 1 sha-512, not 2"),
    ("fill RmiRealmParams 0x83000000 hash_algo=md5", 42, "hash_algo is a number or one of: 0 sha-256, 1 sha-512"),
    ("fill RmiRealmParams 0x83000000 flags=sve|fast", 38, "names with | between them of: lpa2, sve, pmu"),
    ("fill RmiRealmParams 0x83000000 rtt_level_start=3", 32, "rtt_level_start is -1 to 2 (-1 with LPA2 alone), not 3"),
    ("fill RmiRealmParams 0x83000000 vmid=65536", 32, "vmid has 2 bytes, so it is 0 to 65535, not 65536"),
    ("fill RmiRealmParams 0x83000000 flags=pmu pmu_num_ctrs=32", 42, "pmu_num_ctrs is 0 to 31"),
    ("fill RmiRealmParams 0x83000000 s2sz=32 s2sz=33", 40, "s2sz is given twice"),
    ("fill RmiRealmParams 0x83000000 rpv=0x1", 36, "rpv is 1 to 64 bytes in hexadecimal"),
    ("fill RmiRecParams 0x83000000 aux=1", 30, "aux is 16 values: aux[0] to aux[15]"),
    ("fill RmiRecParams 0x83000000 aux[16]=1", 30, "aux is 16 values"),
    ("fill RmiRecParams 0x83000000 pc[0]=1", 30, "there is one pc, without an index"),
    ("fill RmiRecRun 0x83000000 exit_reason=1", 27, "RmiRecRun has no field \"exit_reason\""),
    ("fill RmiRealmParams", 1, "expected: fill STRUCTURE PA"),
    ("fill RmiRealmParams 0x83000000", 1, "nothing would be right for rtt_base: no granule is DELEGATED"),
    ("fill RmiRecParams 0x83000000", 1, "need 17 DELEGATED ones; 0 are"),
  ])
  func whatAFieldCannotBeIsSaidWithWhatItCan(_ line: String, _ column: Int, _ message: String) {
    let script = Script()
    let error = fails(line, in: script)
    #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    #expect(error?.column == column, "\(line)")
    #expect(script.session.steps.count == 0)
  }

  // MARK: delegate, aux, tables

  @Test func fittingGranulesAreDelegated() throws {
    let script = Script()
    try script.run("ns.write64 0x80101000 1")
    let (lines, last) = try told("delegate 3 granules", in: script)
    #expect(
      lines == [
        " RMI_GRANULE_DELEGATE addr=0x80100000", " RMI_GRANULE_DELEGATE addr=0x80102000", " RMI_GRANULE_DELEGATE addr=0x80103000",
      ])
    #expect(last == "DELEGATED: 0x80100000, 0x80102000 to 0x80103000")
    try script.run("expect ok x0=0x80100000 x2=0x80103000\ndelegate 1 from 0x80200000\nexpect ok x0=0x80200000")
    #expect(script.runner.failures == [])
  }

  @Test(arguments: [
    ("delegate 0", "expected how many granules, 1 to 16384"), ("delegate 0x80001000", "RMI_GRANULE_DELEGATE addr=PA delegates"),
    ("delegate 2 from 0x80000001", "no granule"), ("delegate 2 apples", "expected: delegate N"),
    ("delegate 16384 from 0x80100000", "there are 16128 from"), ("aux 0x80100000", "0x80100000 is no RD; there is none"),
    ("tables 0x80100000 0..1", "is no RD"), ("tables 0x80100000 2..1", "BASE below TOP"), ("rec 0x80100000", "is no RD"),
    ("tables 0x80100000 0..1 level=4", "a level of tables"), ("teardown 0x80100000", "is no RD"),
    ("realm pages=513", "from 1 to 512"), ("realm enter=17", "from 1 to 16"),
    ("realm s2sz=60", "s2sz is 32 to 52"), ("realm name=x", "no field \"name\""),
  ])
  func whatIsImpossibleFromTheBeginningIsAnErrorOfTheLine(_ line: String, _ message: String) {
    let script = Script()
    let error = fails(line, in: script)
    #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    #expect(script.session.steps.count == 0)
  }

  @Test func tablesThatAreMissingAreMade() throws {
    let script = Script()
    try script.run("realm")
    let (lines, last) = try told("tables rd 0x100000..0x500000", in: script)
    #expect(last == "2 tables: 2 of level 3")
    let made = lines.filter { $0.contains("RTT_CREATE") }.map { $0.split(separator: " ").suffix(2).joined(separator: " ") }
    #expect(made == ["ipa=0x200000 level=3", "ipa=0x400000 level=3"])
    let (again, nothing) = try told("tables rd 0x100000..0x500000", in: script)
    #expect(again == [] && nothing == "every table was there")
    try expectReplay(of: script.session)
  }

  // MARK: A Realm

  /// From the boot to a REC that exits, by hand.
  private static let byHand = """
    delegate 2
    fill RmiRealmParams 0x83000000 s2sz=32
    RMI_REALM_CREATE 0x80100000 0x83000000
    tables 0x80100000 0..0x2000
    RMI_RTT_INIT_RIPAS 0x80100000 0 0x2000
    rec 0x80100000
    RMI_REALM_ACTIVATE 0x80100000
    RMI_REC_ENTER rec run
    """

  @Test func aRealmIsBuiltByHandInTwelveStatements() throws {
    #expect(Self.byHand.split(separator: "\n").count <= 12)
    let script = Script()
    try script.run(Self.byHand)
    try script.run("expect RMI_SUCCESS")
    #expect(script.runner.failures == [])
    #expect(script.session.lastStep?.result.exit?.reason == .irq)
    try expectReplay(of: script.session)
  }

  @Test(arguments: ["machine", "machine tf-rmm", "machine rec_aux_count=0", "machine vcpu=code", "machine dram=4M"])
  func aRealmIsBuiltInOne(_ machine: String) throws {
    let script = Script()
    try script.run("\(machine)\nrealm\nexpect ok\nRMI_REC_ENTER rec run\nexpect RMI_SUCCESS")
    #expect(script.runner.failures == [])
    #expect(script.session.lastStep?.result.exit != nil)
    try expectReplay(of: script.session)
  }

  @Test func aRealmMayHaveWhatItWants() throws {
    let script = Script()
    let (_, last) = try told("realm pages=4 recs=2 s2sz=34 rtt_level_start=2 hash_algo=sha-512", in: script)
    #expect(last.hasPrefix("ACTIVE: rd=") && last.hasSuffix("; RMI_REC_ENTER rec run runs it"))
    let summary = try #require(script.session.read { $0.realmSummaries() }.first)
    #expect(summary.state == .active && summary.startLevel == 2 && summary.recs.map(\.runnable) == [true, false])
    #expect(summary.assigned == 4 && summary.hash == .sha512)
  }

  /// What the first REC was left by is said.
  @Test func aRealmIsBuiltAndEnteredInOne() throws {
    let script = Script()
    let (_, last) = try told("realm pages=1 recs=2 enter=2", in: script)
    #expect(last.hasPrefix("ACTIVE: rd=") && last.hasSuffix("; RMI_REC_ENTER rec run: exit IRQ"), "\(last)")
    let count = script.session.steps.count
    for step in [count - 2, count - 1] { #expect(script.session.steps[step].result.exit?.reason == .irq) }
    try expectReplay(of: script.session)
  }

  /// A page that is kept for entering a REC is nobody else's, though nothing has been written there yet.
  @Test func aPageForEnteringIsNoOtherRECs() throws {
    let script = Script()
    try script.run("realm pages=1 recs=2\nrealm pages=1")
    let names = script.runner.names.values
    let runs = try ["run", "run2", "run3"].map { try #require(names[$0]) }
    #expect(Set(runs).count == 3)
    for run in runs {
      let isUntouched = script.session.read { machine in
        let page = machine.memory.page(run)
        return (0..<512).allSatisfy { page.load(fromByteOffset: $0 * 8, as: UInt64.self) == 0 }
      }
      #expect(isUntouched, "\(hex(run))")
    }
    // Where the REC is gone, so is what it was entered with.
    try script.run("teardown rd\nteardown rd2\nrealm pages=1")
    #expect(script.runner.names.values["run"] == runs[0])
    try expectReplay(of: script.session)
  }

  @Test func eachRealmHasItsNames() throws {
    let script = Script()
    try script.run("let run = 5\nrealm\nrealm")
    let names = script.runner.names.values
    #expect(names["run"] == 5)
    #expect(script.session.read { machine in ["rd", "rd2"].allSatisfy { machine.granuleIs(names[$0] ?? 0, .rd) } })
    #expect(script.session.read { machine in ["rec2", "rec3"].allSatisfy { machine.granuleIs(names[$0] ?? 0, .rec) } })
    // What is gone leaves its name to the next.
    try script.run("teardown rd\nrealm")
    #expect(script.session.read { $0.granuleIs(script.runner.names.values["rd"] ?? 0, .rd) })
    #expect(script.runner.names.values["rd3"] == nil)
  }

  // MARK: Where it stops

  @Test func itStopsAtTheFirstRefusedCallAndSaysWhy() throws {
    let script = Script()
    // 50 bits are what a field can be, and what this machine has not.
    let (lines, last) = try told("realm s2sz=50", in: script)
    #expect(lines.last?.hasPrefix(" RMI_REALM_CREATE rd=0x80100000") == true)
    #expect(last.hasPrefix("stopped: RMI_REALM_CREATE rd=0x80100000"))
    #expect(last.hasSuffix("answered RMI_ERROR_INPUT, decided by params_supp: s2sz = 50, supported 32 to 48"), "\(last)")
    try script.run("expect RMI_ERROR_INPUT")
    #expect(script.runner.failures == [])
  }

  @Test func aRealmThatCannotBeDestroyedStopsTheTeardown() throws {
    let script = Script()
    try script.run("realm\nguest hold\nRMI_REC_ENTER rec run\npe 1")
    let (lines, last) = try told("teardown rd", in: script)
    #expect(lines.count == 1 && last.contains("decided by rec_state: REC is RUNNING"), "\(last)")
  }

  // MARK: teardown

  @Test func everythingIsTakenBack() throws {
    let script = Script()
    try script.run("realm pages=3 recs=2\nteardown rd\nexpect ok")
    #expect(script.runner.failures == [])
    #expect(script.session.read { $0.control.realms.isEmpty && $0.control.recs.isEmpty })
    #expect(script.session.read { $0.piecesInUse(of: 4096) } == [])
    try expectReplay(of: script.session)
  }

  @Test func blocksAndSharedPagesAreTakenBack() throws {
    let script = Script()
    try script.run("realm\ntables rd 0x200000..0x400000\ndelegate 512 from 0x80200000")
    for page in 0..<512 as Range<UInt64> {
      try script.run("RMI_DATA_CREATE_UNKNOWN rd \(hex(0x8020_0000 + page << 12)) \(hex(0x20_0000 + page << 12))")
    }
    try script.run("RMI_RTT_FOLD rd 0x200000 3\nexpect RMI_SUCCESS")
    // The upper half of its 33 bits is shared.
    try script.run("tables rd 0x100000000..0x100001000\nRMI_RTT_MAP_UNPROTECTED rd 0x100000000 3 0x83f000d8\nexpect RMI_SUCCESS")
    try script.run("teardown rd\nexpect ok")
    #expect(script.runner.failures == [])
    #expect(script.session.read { $0.piecesInUse(of: 4096) } == [])
  }

  // MARK: Steps that belong together

  @Test func whatOneStatementMadeBelongsTogether() throws {
    let script = Script()
    try script.run("RMI_VERSION 0x10000\nrealm\nRMI_VERSION 0x10000")
    let session = script.session
    let whole = try #require(session.groups(beginningAt: 1).first)
    #expect(whole.text == "realm pages=2 recs=1" && whole.range == 1..<session.steps.count - 1 && whole.depth == 0)
    #expect(session.groups(beginningAt: 1).map(\.text) == ["realm pages=2 recs=1", "delegate 2"])
    let rec = try #require(session.steps.firstIndex { $0.text.contains("RMI_REC_CREATE") })
    #expect(session.groups(around: rec).map(\.text) == ["realm pages=2 recs=1", "rec 0x80100000"])
    #expect(session.groups(around: 0).isEmpty && session.groups(around: session.steps.count - 1).isEmpty)
  }

  @Test func aRecordingHasThem() throws {
    let script = Script()
    try script.run("RMI_VERSION 0x10000\nrealm\nRMI_VERSION 0x10000\ndelegate 2")
    let session = script.session
    var text = Recording.header(session.origin)
    for index in session.steps.indices { text += Recording.lines(session, index + 1, seconds: 0) }
    text += Recording.digestLine(session.digest())
    func replayed(_ lines: [String]) throws -> Session {
      let replayer = Replayer(Session(try Recording.configuration(of: lines)))
      for (index, line) in lines.enumerated() { try replayer.take(line, line: index + 1) }
      try replayer.finish()
      #expect(replayer.difference == nil)
      return replayer.session
    }
    let lines = text.split(separator: "\n").map(String.init)
    let again = try replayed(lines)
    for step in session.steps.indices { #expect(again.groups(around: step) == session.groups(around: step)) }
    // Whoever does not know of them reads comments.
    #expect(try replayed(lines.filter { !$0.hasPrefix("#statement") }).digest() == session.digest())
  }

  @Test(arguments: ["#statement 0 x", "#statement x y", "#statement 99999999999 x", "#statement 3"])
  func aRecordingThatSaysNonsenseIsRefused(_ line: String) throws {
    let replayer = Replayer(Session(MachineConfiguration()))
    try replayer.take("#workbench 3", line: 1)
    let error = #expect(throws: ScriptError.self) { try replayer.take(line, line: 2) }
    #expect(error?.message.hasPrefix("expected #statement STEPS TEXT") == true)
  }

  @Test func whatIsUndoneAndReplacedLeavesItsGroup() throws {
    let script = Script()
    try script.run("delegate 4")
    script.session.seek(2)
    try script.run("RMI_VERSION 0x10000")
    #expect(script.session.groups(around: 1).first?.range == 0..<2)
    #expect(script.session.groups(around: 2).isEmpty)
    script.session.seek(0)
    try script.run("delegate 1")
    #expect(script.session.groups(beginningAt: 0).map(\.range) == [0..<1])
  }

  @Test func inARecordingTheyHaveNoPlace() throws {
    let runner = ScriptRunner(Session(MachineConfiguration()), place: .recording)
    let refused = #expect(throws: ScriptError.self) { try runner.run(line: "delegate 2", number: 1, file: "test") }
    #expect(refused?.message.hasPrefix("a recording has the statements it stood for; \"delegate 2\" is for scripts") == true)
  }
}
