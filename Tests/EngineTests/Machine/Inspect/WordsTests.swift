import Engine
import Testing

/// Numbers in words, and words that are numbers again.
struct WordsTests {
  @Test func statusesHaveTheirIndex() {
    #expect(Names.status(.rmi, 0) == "RMI_SUCCESS")
    #expect(Names.status(.rmi, 0x102) == "RMI_ERROR_REALM 1")
    #expect(Names.status(.rmi, 0x4) == "RMI_ERROR_RTT 0", "a level is said, even 0")
    #expect(Names.status(.rmi, 0xFF04) == "RMI_ERROR_RTT -1")
    #expect(Names.status(.rmi, 0x1_0004) == "0x10004")
    #expect(Names.status(.rsi, 4) == "RSI_ERROR_UNKNOWN")
    #expect(Names.status(.rmi, .max) == "SMCCC_NOT_SUPPORTED" && Names.status(.rsi, .max) == "SMCCC_NOT_SUPPORTED")
    #expect(Names.status(.psci, .max) == "PSCI_NOT_SUPPORTED")
  }

  @Test func shortStatusesGoWithoutTheInterface() {
    #expect(Names.status(.rmi, 0x204, isShort: true) == "ERROR_RTT 2")
    #expect(Names.status(.rsi, 3, isShort: true) == "INCOMPLETE")
    #expect(Names.status(.psci, 0, isShort: true) == "PSCI_SUCCESS")
  }

  /// An SMC32 alias has the name of its command, which stands for another number: a script and a recording say the number.
  @Test func aCallIsWrittenSoThatItIsTheSameWhenRead() throws {
    let script = Script()
    try script.run("smc 0x84000003 1\nsmc 0xc4000003 1\nsmc 0x80000000")
    let texts = script.session.steps.map(\.text)
    #expect(texts == ["smc 0x84000003 0x1", "smc PSCI_CPU_ON 0x1", "smc SMCCC_VERSION"])
    let again = Script()
    try again.run(texts.joined(separator: "\n"))
    for (one, other) in zip(script.session.steps, again.session.steps) { #expect(one.result.fid == other.result.fid) }
    try expectReplay(of: script.session)
  }

  /// The name of a function of PSCI says whose it is; of another call it is said.
  @Test func anExitForPSCISaysSoOnce() throws {
    let script = Script()
    try script.run(Script.activeRealm)
    try script.run("PSCI_SYSTEM_OFF\nRMI_REC_ENTER rec run")
    let exit = try #require(script.session.lastStep?.result.exit)
    #expect(Decoder.exitText(exit) == "PSCI_SYSTEM_OFF")
    #expect(script.session.lastStep?.result.rawLines.contains { $0.hasPrefix("exit PSCI gpr0=") } == true)
  }

  /// A Realm that keeps the PE has not failed its Host's call; a call of the Host meanwhile has.
  @Test func runningIsNoFailureAndBusyIs() throws {
    let script = Script()
    try script.run(Script.activeRealm)
    try script.run("guest hold\nsmc RMI_REC_ENTER rec run")
    let entered = try #require(script.session.lastStep)
    guard case .running(.realm) = entered.result.answer?.kind else {
      Issue.record("the Realm does not keep the PE: \(entered.result.rawLines)")
      return
    }
    #expect(!entered.hasFailed)
    #expect(entered.result.rawLines == ["-> running: the Realm keeps the PE (resume lets it go on)"])
    try script.run("smc RMI_VERSION 0x10000")
    let refused = try #require(script.session.lastStep)
    #expect(refused.hasFailed)
    guard case .busy(.realm) = refused.result.answer?.kind else {
      Issue.record("the PE is not busy: \(refused.result.rawLines)")
      return
    }
  }

  /// The trace has the call's own answer, not that of a guest inside it.
  @Test func theSummaryOfACallIsItsOwnAnswer() throws {
    let script = Script()
    try script.run("ns.read64 0x80000000")
    #expect(try Decoder.summary(#require(script.session.lastStep).result) == "0x0")
    try script.run("RMI_GRANULE_DELEGATE 0x80001001")
    #expect(try Decoder.summary(#require(script.session.lastStep).result) == "ERROR_INPUT")
    try script.run(Script.activeRealm)
    try script.run("RSI_VERSION 0x10000\nRMI_REC_ENTER rec run")
    let result = try #require(script.session.lastStep).result
    #expect(Decoder.summary(result).hasPrefix("exit IRQ"))
    #expect(Decoder.lines(result).first?.hasPrefix("guest RSI_VERSION") == true)
  }

  /// Where an instruction names an address, it is the one its text ends with.
  @Test func targetsAreThoseOfTheText() {
    var random = SplitMix(seed: 4)
    var found = 0
    let rows = InstructionTable.rows.map { ($0.value, $0.mask) } + VectorTable.rows.map { ($0.value, $0.mask) }
    for (value, mask) in rows {
      for _ in 0..<6 {
        let word = value | UInt32(truncatingIfNeeded: random.next()) & ~mask
        let last = Disassembler.text(word, at: 0x8000_1000).split(whereSeparator: { $0 == " " || $0 == "\t" }).last ?? ""
        let named = last.hasPrefix("0x") ? UInt64(last.dropFirst(2), radix: 16) : nil
        #expect(Disassembler.target(word, at: 0x8000_1000) == named, "\(hex(UInt64(word)))")
        found += named == nil ? 0 : 1
      }
    }
    #expect(found > 30)
  }
}
