import Engine
import Testing

/// Which field of which structure lies at an address.
struct FieldPlaceTests {
  private func step(_ session: Session, _ text: String) throws -> Int {
    try #require(session.steps.firstIndex { $0.text == text }, "\(text)") + 1
  }

  @Test func theHostsStructuresAreKnownByTheCallThatIsGivenThem() throws {
    let script = Script()
    try script.run(Script.activeRealm)
    try script.run(
      "ns.write64 run 4\nns.write64 run+0x308 1\nguest wfi\nsmc RMI_REC_ENTER rec run\nns.read64 run+0x900\nns.read64 run+0x610")
    let session = script.session
    func text(_ line: String) throws -> String? { session.fieldPlace(ofStep: try step(session, line))?.text }
    #expect(try text("ns.write64 0x83f00808 0x80101000") == "rtt_base of RmiRealmParams, at 0x808")
    #expect(try text("ns.write64 0x83f00008 0x28") == "s2sz of RmiRealmParams, at 0x8")
    #expect(try text("ns.write64 0x83f01800 0x10") == "num_aux of RmiRecParams, at 0x800")
    #expect(try text("ns.write64 0x83f01820 0x80123000") == "aux[3] of RmiRecParams, at 0x820")
    #expect(try text("ns.write64 0x83f02000 0x4") == "flags of RmiRecEnter, at 0x0")
    #expect(try text("ns.write64 0x83f02308 0x1") == "gicv3_lrs[0] of RmiRecEnter, at 0x308")
    #expect(try text("ns.read64 0x83f02900") == "esr of RmiRecExit, at 0x100")
    // Bytes that no field has, and an SMC.
    #expect(try text("ns.read64 0x83f02610") == nil)
    #expect(try text("smc RMI_REC_ENTER 0x80102000 0x83f02000") == nil)
    // The page of data is no structure.
    #expect(session.fieldPlace(at: 0x83F1_0000, nearStep: session.position) == nil)
  }

  /// A page is no RD before RMI_REALM_CREATE, whatever becomes of it.
  @Test func whatTheHostCanAccessIsNoStructureOfTheRMMs() throws {
    let script = Script()
    try script.run("ns.write64 0x80100000 7")
    try script.run(Script.activeRealm)
    try script.run("realm.write64 rd+8 0x80101000")
    let session = script.session
    #expect(session.fieldPlace(ofStep: try step(session, "ns.write64 0x80100000 0x7")) == nil)
    #expect(
      session.fieldPlace(ofStep: try step(session, "realm.write64 0x80100008 0x80101000"))?.text == "rtt_base of RmmRealm, at 0x8"
    )
  }

  @Test func aRealmsStructuresAreKnownByItsOwnCall() throws {
    let script = Script()
    try script.run(Script.activeRealm)
    try script.run("guest write64 0x108 5\nguest smc RSI_HOST_CALL 0x100\nsmc RMI_REC_ENTER rec run")
    let write = try step(script.session, "guest write64 0x108 0x5")
    #expect(script.session.fieldPlace(ofStep: write)?.text == "gprs[0] of RsiHostCall, at 0x8")
    // The same number is no address of the Host's.
    #expect(script.session.fieldPlace(at: 0x108, nearStep: write) == nil)
  }

  @Test func whatTheRMMAndEL3KeepIsKnownByItsGranule() throws {
    let script = Script()
    try script.run(Script.activeRealm)
    func text(_ address: UInt64) -> String? { script.session.read { $0.fieldPlace(at: address)?.text } }
    #expect(text(0x8010_0008) == "rtt_base of RmmRealm, at 0x8")
    // The last byte of REM 3.
    #expect(text(0x8010_01BF) == "measurements[4] of RmmRealm, at 0x180")
    #expect(text(0x8010_01C0) == nil)
    #expect(text(0x8010_2020) == "pc of RmmRec, at 0x20")
    #expect(text(0x8010_2440) == "sctlr_el12 of RmmRec, at 0x440")
    #expect(text(0x8010_2640) == "token of RmmRec, at 0x640")
    #expect(text(0x8011_0FF8) == "entries[511] of RTT, at 0xff8")
    #expect(text(0x8020_0000) == nil)
    #expect(text(0x0800_0020) == "plat_dram.checksum of boot manifest, at 0x20")
    #expect(text(0x0800_0048) == "size of DRAM bank, at 0x8")
    #expect(text(0x4000_0010) == "entries[2] of GPT level 0, at 0x10")
    #expect(text(0x4020_0008) == "entries[1] of GPT level 1, at 0x8")
    #expect(text(0x4020_0008 + (1 << 40)) == nil)
  }

  @Test func anExplanationSaysWhereTheFieldsAreThatDecided() throws {
    let script = Script()
    try script.run(Script.activeRealm)
    let session = script.session
    let create = try StatementParser(line: 0, names: ScriptNames()).registers(
      of: try #require(Commands.named("RMI_REALM_CREATE")), ["0x80300000", "0x83f03000"])
    try script.run("ns.write64 0x83f03008 20\nns.write64 0x83f03018 2")
    let entry = try #require(Commands.named("RMI_REALM_CREATE"))
    let explanation = session.explanation(of: entry, create)
    #expect(explanation.decidedBy == "params_supp")
    let s2sz = try #require(explanation.fields.first { $0.place.field == "s2sz" })
    #expect(s2sz.value == 20 && s2sz.place.text == "s2sz of RmiRealmParams, at 0x8")
    #expect(explanation.lines.contains { $0.contains("in RmiRealmParams at 0x83f03000: flags = 0x0 at 0x0, s2sz = 20 at 0x8,") })
    // Where the condition looks at no structure, none is told of.
    let delegate = try #require(Commands.named("RMI_GRANULE_DELEGATE"))
    let refused = session.explanation(
      of: delegate, try StatementParser(line: 0, names: ScriptNames()).registers(of: delegate, ["1"]))
    #expect(refused.decidedBy == "gran_align" && refused.fields == [])
  }

  /// An RD that is none is not read as one.
  @Test func aStructureThatIsNotThereIsNotRead() throws {
    let session = Session(MachineConfiguration())
    let entry = try #require(Commands.named("RMI_REC_ENTER"))
    let x = try StatementParser(line: 0, names: ScriptNames()).registers(of: entry, ["0x80001000", "0x80002000"])
    let explanation = session.explanation(of: entry, x)
    #expect(explanation.decidedBy == "rec_gran_state" && explanation.fields == [])
  }
}
