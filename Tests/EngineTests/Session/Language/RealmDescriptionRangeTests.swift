import Engine
import Testing

/// What a description may say of a Realm: what its fields hold and its rules allow.
struct RealmDescriptionRangeTests {
  private func description(_ text: String) throws -> RealmDescription {
    try RealmDescription(lines: text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)) {
      name throws(ScriptError) in
      guard name != "none" else { return [] }
      return [UInt8](repeating: 1, count: 8192)
    }
  }

  @Test(arguments: [
    ("realm num_bps=256", 1, 15, "num_bps is 1 to 63"), ("realm num_wps=0", 1, 15, "num_wps is 1 to 63"),
    ("realm s2sz=300", 1, 12, "s2sz is 32 to 52"), ("realm sve_vl=4096", 1, 14, "sve_vl is 0 to 255"),
    ("realm sve_vl=16 flags=2", 1, 14, "sve_vl is 0 to 15"), ("realm pmu_num_ctrs=256", 1, 20, "0 to 255"),
    ("realm flags=4 pmu_num_ctrs=32", 1, 28, "0 to 31"), ("realm num_bps=-1", 1, 15, "not -1"),
    ("realm\ndata 0 fill=256", 2, 13, "fill is 0 to 255"), ("realm\ndata 0 file=x fill=1", 2, 20, "without file="),
    ("realm\nripas 0 0x1000 level=-2", 2, 22, "level is -1 to 3"), ("realm\nripas 0 0x1000 level=4", 2, 22, "level is -1 to 3"),
    ("realm\nripas 0 0x1000 level=-1", 2, 1, "0x1000000000000"), ("realm\nextend 1 00 01", 2, 13, "after the bytes"),
    ("realm\nextend", 2, 1, "extend REM [HEX]"), ("realm\ndata 0 file=none", 2, 13, "is empty"), ("", 1, 1, "the file is empty"),
    (" \n\n", 3, 1, "the file is empty"), ("# a comment", 1, 1, "there is no realm line"),
    ("realm\ndata 0 pages=0", 2, 1, "this program's limit"), ("realm\ndata 0 pages=0x40001", 2, 1, "this program's limit"),
    ("realm\nripas 0 0x40001000", 2, 1, "this program's limit"),
  ])
  func whatNoFieldHoldsIsRefused(_ text: String, _ line: Int, _ column: Int, _ words: String) {
    let error = #expect(throws: ScriptError.self) { try description(text) }
    #expect(error?.line == line)
    #expect(error?.column == column)
    #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
  }

  @Test func theEndsOfTheRangesAreThere() throws {
    for text in [
      "realm num_bps=63 num_wps=1 s2sz=52 sve_vl=255 pmu_num_ctrs=255", "realm flags=7 sve_vl=15 pmu_num_ctrs=31 s2sz=32",
      "realm\ndata 0 fill=255",
    ] { #expect(throws: Never.self) { try description(text) } }
  }

  /// With LPA2 a Realm's tables can begin at level -1, an entry of which covers 256 TiB.
  @Test func anEntryOfLevelMinusOne() throws {
    let steps = try description("realm flags=1 s2sz=52\nripas 0 0x2000000000000 level=-1").steps
    let entries = ["base=0x0 top=0x1000000000000", "base=0x1000000000000 top=0x2000000000000"]
    #expect(steps.map(\.text).dropFirst() == entries.map { "RMI_RTT_INIT_RIPAS \($0)" }[...])
  }

  /// An extension by nothing is one (DEN0137 B5.3.4): the hash of the old value, padded or not.
  @Test func anExtensionOfSizeZero() throws {
    let padded = try description("realm\nextend 1").value(1)
    #expect(padded == RealmMeasurements(.sha256).extended([]))
    #expect(padded != RealmMeasurements(.sha256, padsREM: false).extended([]))
    // SHA-256 of 128 and of 32 zero bytes.
    #expect(hexBytes(padded ?? []).hasPrefix("38723a2e5e8a17aa"))
  }

  /// Pages of one content are measured as pages, each at its place.
  @Test func pagesOfOneContent() throws {
    let one = try description("realm\ndata 0 pages=2 fill=1").steps
    #expect(one == (try description("realm\ndata 0 file=x").steps))
    #expect(one == (try description("realm\ndata 0 fill=1\ndata 0x1000 fill=1").steps))
  }
}

extension RealmMeasurements {
  /// REM 0 extended once.
  fileprivate func extended(_ bytes: [UInt8]) -> [UInt8] {
    var measurements = self
    return measurements.take(.extend(bytes), index: 1).value
  }
}
