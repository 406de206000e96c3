import Engine
import Testing

/// What a Realm's IPA space holds, range by range.
struct MappedRangeTests {
  private static let rd: UInt64 = 0x8010_0000

  private func ranges(_ script: Script) -> [String] {
    script.session.read { machine in
      machine.mappedRanges(Self.rd).map { "\(hex($0.ipa)) \(hex($0.size)) \($0.hipas.name) \($0.ripas.name)" }
    }
  }

  @Test func theyAreInOrderAcrossTables() throws {
    let script = Script()
    try script.run(Script.activeRealm)
    #expect(ranges(script) == ["0x0 0x1000 ASSIGNED RAM", "0x1000 0xf000 UNASSIGNED RAM"])
    // A page of the Host's in the upper half, behind tables of its own.
    try script.run(
      """
      delegate 3 from 0x80300000
      RMI_RTT_CREATE rd 0x80300000 0x8000000000 1
      RMI_RTT_CREATE rd 0x80301000 0x8000000000 2
      RMI_RTT_CREATE rd 0x80302000 0x8000000000 3
      RMI_RTT_MAP_UNPROTECTED rd 0x8000000000 3 0x800000d8
      expect RMI_SUCCESS
      """)
    #expect(script.runner.failures == [])
    #expect(ranges(script).last?.hasPrefix("0x8000000000 0x1000 ASSIGNED_NS") == true, "\(ranges(script))")
    #expect(script.session.read { $0.mappedRanges(Self.rd, limit: 1).map(\.ipa) } == [0])
  }

  /// A table that somebody has made lead to itself, in every entry: the walk has an end.
  @Test func aTableThatLeadsToItselfEnds() throws {
    let script = Script()
    try script.run(Script.activeRealm)
    let table: UInt64 = 0x8011_0000
    for index in 0..<512 as Range<UInt64> { try script.run("realm.write64 \(hex(table + index * 8)) \(hex(table | 3))") }
    #expect(ranges(script).count <= 4096)
  }

  @Test func whatIsNoRDHasNone() {
    #expect(Script().session.read { $0.mappedRanges(Self.rd) } == [])
  }
}
