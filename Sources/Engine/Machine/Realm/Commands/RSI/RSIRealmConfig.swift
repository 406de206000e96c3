import Attestation
import Basics

package enum RSIRealmConfig: Command {
  static let name: StaticString = "RSI_REALM_CONFIG"
  static let section: StaticString = "DEN0137 B5.3.9"
  package static let fid: UInt32 = 0xC400_0196
  static let summary: StaticString = "Writes the Realm's configuration into its memory."

  static let addr = Input("addr", 1, .ipa, "IPA of the granule that receives RsiRealmConfig", of: "RsiRealmConfig")
  static let inputs = [addr]

  static func conditions<W: Watcher>(_ m: borrowing Machine, _ c: inout Call, _ w: inout W) throws(Refusal) {
    try w.check("addr_align", "not a multiple of 4096", .rsiInput, "addr = \(hex(c[addr]))", !c[addr].isGranuleAligned)
    try w.check(
      "addr_bound", "not a Protected IPA", .rsiInput, "addr = \(hex(c[addr]))",
      !m.realm(m.rec(c.rec).owner).isProtected(c[addr]))
  }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    let realm = m.realm(m.rec(c.rec).owner)
    switch m.realmMemory(realm, c[addr]) {
    case .empty:
      c.out[0] = RSIReturn.errorInput
    case .fault(let level):
      c.realmAction = .stage2Abort(ipa: c[addr], level: level)
    case .address(let pa):
      let page = m.memory.writablePage(pa)
      // The rest of the structure is zero, except in TF-RMM, which leaves it (D15).
      if !m.policy.has(.realmConfigWritesItsFieldsOnly) { page.initializeMemory(as: UInt8.self, repeating: 0, count: 4096) }
      page[RsiRealmConfig.table.ipaWidth] = realm.ipaWidth
      page[RsiRealmConfig.table.hashAlgo] = UInt64(realm.hash.rawValue)
      page.bytes(RsiRealmConfig.table.rpv).copyMemory(from: UnsafeRawBufferPointer(realm.rpv))
    }
  }
}
