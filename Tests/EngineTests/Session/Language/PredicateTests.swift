import Engine
import Testing

/// What can be asked of a machine, and what is said of what does not hold.
struct PredicateTests {
  private func read(_ text: String, _ names: [String: UInt64] = [:]) throws(ScriptError) -> Predicate {
    var known = ScriptNames()
    known.values = names
    return try PredicateParser.parse(text, line: 7, column: 1, names: known)
  }

  private func why(_ text: String, _ session: Session, _ names: [String: UInt64] = [:]) throws -> String? {
    var keeper = Session.TallyKeeper(first: 0)
    keeper.follow(session)
    return try read(text, names).why(session.predicateReader(keeper))
  }

  /// A Realm with a page, entered once, a call that is refused, and a read that faults.
  private func realm(keepsHistory: Bool = true) throws -> Script {
    let script = Script(keepsHistory: keepsHistory)
    try script.run(
      """
      realm pages=1 recs=2
      RSI_VERSION 0x10000
      RMI_REC_ENTER rec run
      RMI_GRANULE_UNDELEGATE rd
      ns.read64 rd
      RMI_RTT_READ_ENTRY rd 0x40000000 3
      """)
    return script
  }

  static let truths = [
    "realm(1)", "not realm(2)", "realms == 1", "realm(1).state == ACTIVE", "realm(1).state == active", "realm(1).rd == rd",
    "realm(rd).recs == 2", "rec(0).runnable", "rec(1)", "rec(1, 1)", "not rec(7)", "not rec(0).running", "not rec(0).psci",
    "gpt(rd) == REALM", "gpt(rd) == realm", "granule(rd).state == RD", "granule(rd).refcount == 2", "granule(rd).owner == rd",
    "granules(DATA) == 1", "granules(rd) >= 1", "rtt(1, 0).ripas == RAM", "rtt(1, 0).hipas == ASSIGNED", "rtt(1, 0).level == 3",
    "rtt(1, 0).pa != 0", "memory(0x80700000) == 0", "rim(1) != \"00\"", "rim(1) == rim(rd)", "rem(1, 0) has \"0000\"",
    "answered(RMI_GRANULE_UNDELEGATE) == RMI_ERROR_INPUT", "decided(RMI_GRANULE_UNDELEGATE) == gran_state",
    "answered(RMI_RTT_READ_ENTRY) == RMI_ERROR_RTT or answered(RMI_RTT_READ_ENTRY) == RMI_SUCCESS", "answered(RSI_VERSION)",
    "answered(RSI_VERSION) == RSI_SUCCESS", "output(RSI_VERSION, 1) == 0x10000", "calls(RMI_REC_ENTER) == 1",
    "refused(RMI_GRANULE_UNDELEGATE) == 1", "exits == 1", "exits(IRQ) >= 1", "exits(PSCI) == 0", "faults(NORMAL) == 1",
    "accesses(NORMAL) > 10", "steps > 10", "12 <= steps", "tokens == 0", "console == \"\"", "firmware has \"BL31\"",
    "not by_hand and not rmm_stopped", "pe(0).world == NORMAL", "not (realm(2) or realms == 0)", "(1 + 1) * 1 == realm(1).recs",
    "realm(1).hash == SHA_256", "realm(1).ipa_width >= 32", "realm(1).tables >= 2", "realm(1).pages == 1", "realm(1).shared == 0",
    "domains(RUNNING) == 0", "kernel == \"\"", "host == \"\"", "partitions == \"\"", "granule(0x80700000).zero == 1",
  ]

  @Test(arguments: truths)
  func whatIsTrueHoldsAndItsOppositeSaysWhyNot(_ text: String) throws {
    let script = try realm()
    let rd = try #require(script.session.read { $0.control.realms.first })
    #expect(try why(text, script.session, ["rd": rd]) == nil, "\(text)")
    let denied = try why("not (\(text))", script.session, ["rd": rd])
    #expect(denied?.isEmpty == false, "\(text)")
    // As it is written it is read again.
    let predicate = try read(text, ["rd": rd])
    #expect(try read(predicate.text) == predicate, "\(predicate.text)")
  }

  static let reasons = [
    ("realm(2).state == ACTIVE", "there is no Realm 2 yet"), ("realm(1).state == NEW", "Realm 1 is ACTIVE, not NEW yet"),
    ("realm(1).state != ACTIVE", "Realm 1 is ACTIVE, and should not be"), ("rec(3).runnable", "there is no REC 3 yet"),
    ("rec(1).runnable", "there is no REC 1 yet"), ("rec(0).running", "REC 0 is not running yet"),
    ("not rec(0).runnable", "REC 0 is runnable, and should not be"), ("realm(2)", "there is no Realm 2 yet"),
    ("answered(RMI_DATA_DESTROY) == RMI_SUCCESS", "RMI_DATA_DESTROY has not been called yet"),
    ("answered(RMI_GRANULE_UNDELEGATE) == RMI_SUCCESS", "RMI_GRANULE_UNDELEGATE answered RMI_ERROR_INPUT last, not RMI_SUCCESS"),
    ("realms >= 2", "the number of Realms is 1, not 2 or more"), ("steps < 3 and realms == 9", "the number of steps is"),
    ("console has \"Hello\"", "the console does not have \"Hello\" yet"),
    ("gpt(0x80001000) == REALM", "the GPT entry of 0x80001000 is NS, not REALM yet"),
    ("gpt(0) == NS", "0x0 is no address of DRAM yet"),
    ("realms == 2 or realms == 3", "the number of Realms is 1, not 2, and the number"),
  ]

  @Test(arguments: reasons)
  func whatDoesNotHoldSaysWhy(_ example: (text: String, why: String)) throws {
    let script = Script()
    try script.run("realm recs=1\nRMI_GRANULE_UNDELEGATE rd\nrec rd flags=0")
    let found = try #require(try why(example.text, script.session))
    #expect(found.hasPrefix(example.why), "\(found)")
  }

  static let mistakes: [(String, Int, String)] = [
    ("", 1, "found the end of the line"), ("realm(1).stat == ACTIVE", 9, "did you mean .state?"),
    ("realm(1).state", 14, "expected a comparison behind it, such as realm(1).state == SYSTEM_OFF"),
    ("realm(1).state == RUNNING", 19, "expected one of NEW ACTIVE SYSTEM_OFF"),
    ("relm(1).state == NEW", 1, "did you mean realm?"),
    ("realm(1).state < NEW", 16, "expected == !="), ("rec(1).runnable == 1", 17, "leave out the comparison"),
    ("answered(RMI_DATA_CRATE) == 0", 10, "did you mean RMI_DATA_CREATE?"),
    ("answered(RMI_DATA_CREATE) == OK_THEN", 30, "is no status"),
    ("decided(RMI_DATA_CREATE) == gran_stat", 29, "RMI_DATA_CREATE has no condition gran_stat"),
    ("console has hello", 13, "expected a text in quotes"), ("console has \"hello", 13, "the text is not closed"),
    ("(realms == 1", 13, "a parenthesis is not closed"), ("1 == 1", 1, "neither side looks"),
    ("realm() == 1", 1, "realm(N) has 0 arguments"), ("exits(FOO) == 1", 7, "expected one of SYNC"),
    ("realms == x", 11, "unknown name"),
    ("rim(1) == realms", 11, "is a number"), ("realms ==", 10, "found the end of the line"),
    (String(repeating: "not ", count: 40) + "realm(1)", 64, "more than 16"),
    (Array(repeating: "realms == 1", count: 65).joined(separator: " or "), 961, "at most 64 comparisons"),
    (String(repeating: "x", count: 2049), 1, "at most 2048"),
  ]

  @Test(arguments: mistakes)
  func aMistakeIsToldWithItsColumnAndWhatWouldBeRight(_ example: (text: String, column: Int, words: String)) {
    let error = #expect(throws: ScriptError.self) { try read(example.text) }
    #expect(error?.message.contains(example.words) == true, "\(example.text): \(error?.message ?? "")")
    #expect(error?.column == example.column, "\(example.text): \(error?.message ?? "")")
    #expect(error?.line == 7)
  }

  /// Whatever is typed ends in a predicate or an error.
  @Test func anyTextIsReadOrRefused() {
    var random = SeededNumbers(seed: 5)
    let pieces = [
      "realm", "(", ")", "1", ".state", "==", "and", "or", "not", "\"", "ACTIVE", " ", ",", "<", "<<", "has", "rec", "!", "rim",
      "-", "0x", "é",
    ]
    for _ in 0..<3000 {
      let text = (0..<random.below(14)).map { _ in pieces[random.below(pieces.count)] }.joined(
        separator: random.below(2) == 0 ? " " : "")
      if let predicate = try? read(text) { #expect(try! read(predicate.text) == predicate, "\(text)") }
    }
  }

  @Test func aScriptExpectsIt() throws {
    for keepsHistory in [true, false] {
      let script = try realm(keepsHistory: keepsHistory)
      try script.run(
        """
        expect that realm(1).state == ACTIVE and granule(rd).state == RD
        expect that calls(RMI_GRANULE_UNDELEGATE) == 1 and answered(RSI_VERSION) == RSI_SUCCESS and faults(NORMAL) == 1
        expect that realm(1) and realms == 2
        """)
      script.runner.finish(file: "test")
      #expect(script.runner.failures.map(\.message) == ["the number of Realms is 1, not 2"])
    }
  }

  @Test func stepsAreFoundAtWhichItBecomesTrue() throws {
    let script = try realm()
    let session = script.session
    let end = session.position
    let active = try read("realm(1).state == ACTIVE")
    let step = try #require(session.find(.that(active), isNext: false))
    #expect(session.steps[step - 1].text.contains("RMI_REALM_ACTIVATE"))
    #expect(session.position == end)
    session.seek(0)
    #expect(session.find(.that(active), isNext: true) == step)
    try script.run("next that realm(1).state == NEW")
    #expect(session.lastStep?.text.contains("RMI_REALM_CREATE") == true)
  }

  @Test func theRowsHaveEachFormOnce() {
    let forms = PredicateLook.all.map { "\($0.name).\($0.property)" }
    #expect(Set(forms).count == forms.count)
    for look in PredicateLook.all { #expect(!look.help.isEmpty && look.name == look.name.lowercased()) }
  }
}
