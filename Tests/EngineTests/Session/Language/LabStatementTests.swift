import Engine
import Testing

/// Checks that are switched off, by statements: what becomes of the call, what is noted, and what is kept.
struct LabStatementTests {
  /// A condition that is off is noted, and the call does what it asks for.
  @Test func aConditionThatIsOffRefusesNothing() throws {
    let script = Script()
    try script.check(
      """
      RMI_GRANULE_DELEGATE 0x80001000
      expect RMI_SUCCESS
      RMI_REALM_ACTIVATE 0x80001000
      expect RMI_ERROR_INPUT by=rd_state
      without RMI_REALM_ACTIVATE.rd_state
      expect ok
      RMI_REALM_ACTIVATE 0x80001000
      expect RMI_SUCCESS
      with RMI_REALM_ACTIVATE.rd_state
      RMI_REALM_ACTIVATE 0x80001000
      expect RMI_ERROR_INPUT by=rd_state
      """)
    #expect(script.decisions.compactMap(\.overruledName) == ["RMI_REALM_ACTIVATE.rd_state"])
    #expect(script.session.read { $0.isLab })
    #expect(script.session.read { $0.switchedOff.isEmpty })
    // The RMM has written the state of a Realm to a granule that is none.
    #expect(script.session.read { $0.invariantViolations().map(\.rule) } == ["delegated_zero"])
  }

  @Test func theMachineSaysWhatIsOff() throws {
    let script = Script()
    try script.run("machine without=RMI_GRANULE_UNDELEGATE.gran_state+scrub.*")
    let text = script.session.configuration.propertyText
    #expect(text.contains(" without=RMI_GRANULE_UNDELEGATE.gran_state+scrub.*"))
    #expect(script.session.read { $0.switchedOff.count } == 7)
  }

  /// A protection that is off: what a Host left in a granule is there when the Realm world has it, and comes back.
  @Test func aGranuleThatIsNotWiped() throws {
    let script = Script()
    try script.check(
      """
      machine without=scrub.delegate+scrub.undelegate
      ns.write64 0x80001008 0x1234
      RMI_GRANULE_DELEGATE 0x80001000
      RMI_GRANULE_UNDELEGATE 0x80001000
      expect RMI_SUCCESS
      ns.read64 0x80001008
      expect 0x1234
      """)
    #expect(script.decisions.compactMap(\.overruledName) == ["scrub.delegate", "scrub.undelegate"])
  }

  @Test func whereTheCheckOfAWorldIsOffItsAccessesPass() throws {
    let script = Script()
    try script.check(
      """
      RMI_GRANULE_DELEGATE 0x80001000
      ns.read64 0x80001000
      expect gpf
      without gpc.normal
      ns.read64 0x80001000
      expect ok
      realm.read64 0x80001000
      expect ok
      """)
    #expect(script.decisions.compactMap(\.overruledName) == ["gpc.normal"])
    #expect(script.session.read { $0.invariantViolations().map(\.rule) } == ["normal_cannot_read"])
  }

  /// The RMM that leaves out where a buffer lies meets the granule protection check of its own access, and stops.
  @Test func aBufferThatIsNotTheHostsStopsTheRMM() throws {
    let script = Script()
    try script.check(
      """
      machine without=RMI_REALM_CREATE.params_pas
      RMI_GRANULE_DELEGATE 0x80001000
      RMI_GRANULE_DELEGATE 0x80002000
      RMI_REALM_CREATE 0x80001000 0x80002000
      expect SMC_UNK
      """)
    #expect(script.session.read { $0.control.panic?.address } == 0x8000_2000)
  }

  /// A recording has the statements and the property, and comes to the same states.
  @Test func aRecordingHasTheSwitches() throws {
    let script = Script()
    try script.run(
      """
      machine without=RMI_REALM_ACTIVATE.rd_state
      RMI_GRANULE_DELEGATE 0x80001000
      without gpc.* RMI_REC_DESTROY.rec_state
      RMI_REALM_ACTIVATE 0x80001000
      with RMI_REALM_ACTIVATE.*
      """)
    let replayed = Script()
    for step in script.session.steps { try replayed.run(step.text) }
    #expect(replayed.session.digest() == script.session.digest())
    #expect(replayed.session.read { $0.switchedOff } == script.session.read { $0.switchedOff })
    let digest = script.session.digest()
    script.session.seek(1)
    #expect(script.session.read { $0.switchedOff.text } == "RMI_REALM_ACTIVATE.rd_state")
    script.session.seek(script.session.steps.count)
    #expect(script.session.digest() == digest)
  }

  /// A machine whose checks are all on has the digest it always had, and a machine of the lab another.
  @Test func aMachineOfTheLabIsAnother() throws {
    let plain = Script()
    let lab = Script()
    try lab.run("without gpc.normal")
    try lab.run("with gpc.normal")
    #expect(plain.session.digest() != lab.session.digest())
  }

  @Test(arguments: [
    ("without", "expected: without CHECK .."), ("without none", "expected a check; workbench switches lists them"),
    ("with gpc.nrmal", "no check is called \"gpc.nrmal\"; did you mean gpc.normal?"),
    (
      "machine without=RMI_DATA_CREATE.dat_state",
      "no check is called \"RMI_DATA_CREATE.dat_state\"; did you mean RMI_DATA_CREATE.data_state?"
    ),
  ])
  func whatIsWrongIsSaid(_ line: String, _ message: String) {
    let error = #expect(throws: ScriptError.self) { try Script().run(line) }
    #expect(error?.message == message)
  }

  // MARK: Bugs

  /// What is done on a machine with a bug and on one without, what the last statement answers on each, and the rule that the bug breaks.
  private static let bugs: [(MachineBug, String, String, String, String?)] = [
    (
      .aliasedGranules,
      """
      let g = 0x80200000
      let p = 0x83000000
      delegate 2
      fill RmiRealmParams 0x83001000
      RMI_REALM_CREATE 0x80100000 0x83001000
      RMI_GRANULE_DELEGATE g
      RMI_GRANULE_DELEGATE g+0x1000
      RMI_GRANULE_DELEGATE g+0x2000
      fill RmiRecParams p
      ns.write64 p+0x800 2
      ns.write64 p+0x808 g
      ns.write64 p+0x810 g
      RMI_REC_CREATE 0x80100000 g+0x1000 p
      """, "RMI_ERROR_INPUT", "RMI_SUCCESS", "one_owner"
    ),
    (
      .unalignedTop,
      """
      realm
      RMI_DATA_DESTROY rd 0
      guest smc RSI_IPA_STATE_SET 0 0x2000 0 1
      RMI_REC_ENTER rec run
      RMI_RTT_SET_RIPAS rd rec 0 0x1800
      """, "RMI_ERROR_INPUT", "RMI_SUCCESS", nil
    ),
    (
      .lateRange,
      """
      realm
      RMI_RTT_UNMAP_UNPROTECTED rd 0x40000000 3
      """, "RMI_ERROR_INPUT", "RMI_ERROR_RTT", nil
    ),
    (
      .timerRegister,
      """
      realm
      guest setsys cntp_cval_el0 0x1111
      guest setsys cntv_cval_el0 0x2222
      guest irq
      RMI_REC_ENTER rec run
      ns.read64 run+0xc08
      """, "0x1111", "0x2222", "exit_record"
    ),
    (
      .uncleanSyndrome,
      """
      realm
      RMI_DATA_DESTROY rd 0x1000
      guest read64 0x1238
      RMI_REC_ENTER rec run
      ns.read64 run+0x908
      """, "ok", "0x1238", "exit_record"
    ),
    (
      .leftRegisters,
      """
      realm
      guest setreg 5 0x5ec7e7
      guest irq
      RMI_REC_ENTER rec run
      ns.read64 run+0xa28
      """, "ok", "0x5ec7e7", "exit_record"
    ),
    (
      .laterVMIDs,
      """
      realm
      realm
      RMI_DATA_DESTROY rd2 0x1000
      guest read64 0x1000
      RMI_REC_ENTER rec2 run2
      ns.read64 run2+0x800
      """, "ok", "", "tlb_clean"
    ),
  ]

  @Test(arguments: bugs)
  func aBugShows(_ bug: MachineBug, _ lines: String, _ right: String, _ wrong: String, _ rule: String?) throws {
    func last(_ machine: String) throws -> (answer: String, broken: Set<String>) {
      let script = Script()
      try script.run(machine + "\n" + lines)
      let result = try #require(script.session.steps.last?.result)
      return (result.answer?.text ?? "", Set(script.session.steps.flatMap { $0.result.broken.map(\.rule) }))
    }
    let auxiliary = bug == .aliasedGranules ? 2 : 0
    let (plain, buggy) = (
      try last("machine rec_aux_count=\(auxiliary)"), try last("machine rec_aux_count=\(auxiliary) bug=\(bug.rawValue)")
    )
    #expect(plain.answer.hasPrefix(right) && plain.broken.isEmpty, "\(plain)")
    #expect(buggy.answer.hasPrefix(wrong), "\(buggy)")
    #expect(rule.map { buggy.broken.contains($0) } ?? buggy.broken.isEmpty, "\(buggy)")
  }

  /// It is a property of the machine: recorded, part of the digest, and not mended by switching checks on.
  @Test func aBugStays() throws {
    let script = Script()
    try script.run("machine bug=aliased_granules+later_vmids\nwith *")
    #expect(script.session.configuration.propertyText.hasSuffix(" bug=aliased_granules+later_vmids"))
    #expect(script.session.read { $0.switchedOff.text } == "RMI_REC_CREATE.aux_alias")
    let plain = Script()
    #expect(plain.session.digest() != script.session.digest())
    let again = Script()
    try again.run("machine \(script.session.configuration.propertyText)\nwith *")
    #expect(again.session.digest() == script.session.digest())
    for (word, message) in [
      ("later_vmid", "no bug is called \"later_vmid\"; did you mean later_vmids?"),
      ("x", "no bug is called \"x\"; expected none, aliased_granules"),
    ] {
      let error = #expect(throws: ScriptError.self) { try Script().run("machine bug=\(word)") }
      #expect(error?.message.hasPrefix(message) == true, "\(error?.message ?? "")")
    }
  }

  /// What the Why screen says of a call whose deciding condition is off.
  @Test func anExplanationGoesOnBehindAConditionThatIsOff() throws {
    let script = Script()
    try script.run("machine without=RMI_GRANULE_DELEGATE.gran_align")
    let entry = try #require(Commands.named("RMI_GRANULE_DELEGATE"))
    var x = InlineArray<18, UInt64>(repeating: 0)
    x[0] = UInt64(entry.fid)
    x[1] = 0x8000_0008
    let explanation = script.session.read { $0.explain(entry, x) }
    #expect(explanation.rows.map(\.verdict) == [.overruled, .held, .held, .held])
    #expect(explanation.decidedBy == nil)
  }

  /// Of a REC that was taken from its Realm nothing is left that could say whose it was.
  /// A REC at address 0 stops the RMM as one does that is elsewhere, and the PE is the Host's again.
  @Test(arguments: ["0", "0x80002000"])
  func aRECThatIsNoneLeavesThePEToTheHost(_ rec: String) throws {
    let script = Script()
    try script.run(
      "machine without=RMI_REC_ENTER.*\nRMI_REC_ENTER \(rec) 0x80001000\nexpect that rmm_stopped\nexpect !broken running")
    try script.run("RMI_VERSION 0x10000")
    guard case .registers = script.session.lastStep?.result.answer?.kind else {
      Issue.record("the PE is not the Host's: \(script.session.lastStep?.result.answer?.text ?? "")")
      return
    }
    #expect(script.runner.failures.isEmpty)
    try expectReplay(of: script.session)
  }

  @Test func aRECThatIsGoneBelongsToNobody() throws {
    let script = Script()
    try script.run("machine rec_aux_count=0 without=RMI_GRANULE_UNDELEGATE.gran_state\nrealm recs=1\nRMI_GRANULE_UNDELEGATE rec")
    let broken = script.session.steps.last?.result.broken ?? []
    #expect(broken.contains { $0.rule == "one_owner" && $0.detail.contains("is UNDELEGATED, not REC") }, "\(broken)")
    #expect(!broken.contains { $0.detail.contains("owned by") }, "\(broken)")
  }

  /// What a step has broken is told once, and can be expected.
  @Test func aBrokenRuleIsNamedAtItsStep() throws {
    let script = Script()
    try script.check(
      """
      RMI_GRANULE_DELEGATE 0x80001000
      expect !broken
      without RMI_REALM_ACTIVATE.rd_state
      expect !broken
      RMI_REALM_ACTIVATE 0x80001000
      expect RMI_SUCCESS off=rd_state
      expect broken delegated_zero
      expect broken
      expect !broken rim_true
      RMI_VERSION 0x10000
      expect !broken
      """)
    #expect(script.session.steps.map { $0.result.broken.map(\.rule) } == [[], [], ["delegated_zero"], []])
    // Steps that are done again have broken what they had.
    script.session.seek(2)
    try script.check("RMI_REALM_ACTIVATE 0x80001000\nexpect broken delegated_zero")
  }

  @Test(arguments: [
    ("expect RMI_SUCCESS off=gran_state", "expected off=gran_state, passed by no check that is off"),
    ("expect broken", "expected broken, and no rule was broken"),
    ("expect broken rim_true", "expected broken rim_true, and no rule was broken"),
  ])
  func anExpectationThatDoesNotHoldSaysWhy(_ line: String, _ message: String) throws {
    let script = Script()
    try script.run("RMI_GRANULE_DELEGATE 0x80001000\n" + line)
    #expect(script.runner.failures.map(\.message).contains { $0.hasPrefix(message) }, "\(script.runner.failures)")
  }

  @Test func aRuleThatIsNoneIsAnsweredWithTheNearest() {
    let error = #expect(throws: ScriptError.self) { try Script().run("expect broken rim_treu") }
    #expect(error?.message == "there is no rule \"rim_treu\"; did you mean rim_true?")
  }

  /// A Realm that was made with a page the RIM is not extended by: its RIM lies.
  @Test func aRIMThatIsNotExtendedLies() throws {
    let script = Script()
    try script.run("without rim.data_create\nrealm")
    let broken = script.session.steps.flatMap { $0.result.broken }
    #expect(broken.contains { $0.rule == "rim_true" })
    #expect(script.session.brokenRules().map(\.rule) == ["rim_true"])
    #expect(script.decisions.compactMap(\.overruledName).allSatisfy { $0 == "rim.data_create" })
  }

  /// What is read of another world is told at the access.
  @Test func anAccessToMemoryOfAnotherIsTold() throws {
    let script = Script()
    try script.check(
      """
      RMI_GRANULE_DELEGATE 0x80001000
      without gpc.normal
      ns.read64 0x80001000
      expect ok off=gpc.normal
      expect broken isolation
      with gpc.normal
      ns.read64 0x80001000
      expect gpf
      expect !broken
      """)
  }

  @Test func aVerifierThatDoesNotCompareTheChallengeAcceptsAnOldToken() throws {
    #expect(try SwitchSet(named: "token.freshness").ignoredLinks == [.freshness])
    #expect(Protection(.binding).name.description == "token.binding")
  }
}
