import Engine
import Testing

/// Measurements computed without a machine, and where two constructions part.
struct RealmDescriptionTests {
  private let page = (0..<4096).map { UInt8(truncatingIfNeeded: $0) }

  private func description(_ text: String, padsREM: Bool = true) throws -> RealmDescription {
    try RealmDescription(lines: text.split(separator: "\n").map(String.init), padsREM: padsREM) { name throws(ScriptError) in
      guard name == "page.bin" else { throw ScriptError(message: "no such file") }
      return page
    }
  }

  private let known = """
    # The construction whose values are published.
    let base = 0x80000000
    realm s2sz=33 num_bps=5 num_wps=5
    ripas base base+0x400000 level=2
    data base file=page.bin
    data base+0x1000 measure=off
    rec pc=base x0=0x1111 x1=0x2222 x2=0x3333 x3=0x4444 x4=0x5555 x5=0x6666 x6=0x7777 x7=0x8888
    """

  @Test func knownAnswersAfterEveryStep() throws {
    let steps = try description(known).steps
    #expect(
      steps.map { hexBytes($0.value.prefix(8)) } == [
        "9abbddd3cf689308", "0d689b3cc196521b", "70de832a8c0955e7", "e1915bd952561ca7", "93adaf1c1135602d", "fe08e789337b864f",
      ])
    let long = try description(known.replacing("realm ", with: "realm hash=sha-512 ")).steps
    #expect(long.first.map { hexBytes($0.value) }?.hasPrefix("2843246be6dafb27") == true)
    #expect(long.last.map { hexBytes($0.value) }?.hasPrefix("d00ddba11203c0eb") == true)
  }

  @Test func theFormOfARealmLineIsMadeOfItsFields() {
    #expect(
      RealmDescription.forms[0]
        == "realm [hash=sha-256] [s2sz=33] [num_bps=1] [num_wps=1] [flags=0] [sve_vl=0] [pmu_num_ctrs=0]")
  }

  @Test func theTwoRulesForREMs() throws {
    let text = "realm\nextend 1 0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"
    #expect(hexBytes(try description(text).value(1) ?? []).hasPrefix("c490fcb8406937e1"))
    #expect(hexBytes(try description(text, padsREM: false).value(1) ?? []).hasPrefix("0b8f4c5b6adc4c08"))
  }

  @Test func theFirstDifferenceIsNamed() throws {
    func difference(_ change: (String) -> String) throws -> String? {
      ConstructionDifference(try description(known).steps, try description(change(known)).steps).map {
        "\($0.index + 1) \($0.words)"
      }
    }
    #expect(try difference { $0 } == nil)
    #expect(
      try difference { $0.replacing("s2sz=33", with: "s2sz=34") } == "1 RMI_REALM_CREATE: s2sz 33 in the first, 34 in the second")
    #expect(
      try difference { $0.replacing("x7=0x8888", with: "x7=1") } == "6 RMI_REC_CREATE: x7 0x8888 in the first, 0x1 in the second")
    #expect(
      try difference { $0.replacing("measure=off", with: "") }?.hasPrefix(
        "5 RMI_DATA_CREATE: flags 0x0 in the first, 0x1 in the second; content not measured in the first") == true)
    // One level deeper, one entry becomes 512.
    #expect(
      try difference { $0.replacing("level=2", with: "level=3") }
        == "2 RMI_RTT_INIT_RIPAS: top 0x80200000 in the first, 0x80001000 in the second")
    #expect(
      try difference {
        $0.replacing(
          "data base file=page.bin\ndata base+0x1000 measure=off", with: "data base+0x1000 measure=off\ndata base file=page.bin")
      }?.hasPrefix("4 the same two steps in the other order") == true)
    #expect(try difference { $0 + "\nrec" } == "7 only the second has RMI_REC_CREATE flags=0x1 pc=0x0")
  }

  @Test(arguments: [
    ("", 1, "no realm line"), ("data 0", 1, "before the realm line"), ("realm\nrealm", 2, "already"),
    ("realm hash=md5", 1, "sha-256 or sha-512"), ("realm\nripas 0x1000 0", 2, "must not be empty"),
    ("realm\nripas 0 0x1000 level=2", 2, "0x200000"), ("realm\ndata 0 file=other", 2, "no such file"),
    ("realm\ndata 5", 2, "4096"),
    ("realm\nextend 5 00", 2, "1 to 4"), ("realm\nextend 1 zz", 2, "hexadecimal"), ("realm\nbogus", 2, "unknown fact"),
    ("realm\nripas 0 0x10000000000000 level=3", 2, "more than"), ("realm colour=red", 1, "realm has hash="),
  ])
  func whatIsWrongIsRefusedWithItsLine(_ text: String, _ line: Int, _ words: String) {
    let error = #expect(throws: ScriptError.self) { try description(text) }
    #expect(error?.line == line)
    #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
  }
}
