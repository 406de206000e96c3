import Basics

package enum RSIIPAStateSet: Command {
  static let name: StaticString = "RSI_IPA_STATE_SET"
  static let section: StaticString = "DEN0137 B5.3.6"
  package static let fid: UInt32 = 0xC400_0197
  static let summary: StaticString = "Asks the Host to let a range become RAM or EMPTY."

  static let base = Input("base", 1, .ipa, "first IPA of the range")
  static let top = Input("top", 2, .ipaTop, "end of the range, exclusive")
  static let ripas = Input("ripas", 3, .ripas, "0 EMPTY, 1 RAM")
  static let flags = Input("flags", 4, .flags, "bit 0: DESTROYED may change too")
  static let inputs = [base, top, ripas, flags]
  static let outputs = [
    Output("new_base", 1, "first IPA that was not changed"), Output("response", 2, "0 accepted, 1 rejected"),
  ]

  static func conditions<W: Watcher>(_ m: borrowing Machine, _ c: inout Call, _ w: inout W) throws(Refusal) {
    try w.check("ripas_valid", "neither EMPTY nor RAM", .rsiInput, "ripas = \(value(m, c))", value(m, c) > 1)
    try w.check("base_align", "not a multiple of 4096", .rsiInput, "base = \(hex(c[base]))", !c[base].isGranuleAligned)
    try w.check("top_align", "not a multiple of 4096", .rsiInput, "top = \(hex(c[top]))", !c[top].isGranuleAligned)
    try w.check("size_valid", "the range is empty", .rsiInput, "base = \(hex(c[base])), top = \(hex(c[top]))", c[top] <= c[base])
    try w.check(
      "rgn_bound", "not all of the range is Protected", .rsiInput, "base = \(hex(c[base])), top = \(hex(c[top]))",
      !m.realm(m.rec(c.rec).owner).isProtected(c[top] &- 1))
  }

  private static func value(_ m: borrowing Machine, _ c: Call) -> UInt64 {
    c[ripas] & (m.policy.has(.ipaStateSetTakesLowBits) ? 0xFFFF_FFFF : 0xFF)
  }

  static func success(_ c: Call) -> Success { .exits }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    let rec = m.mutableREC(c.rec)
    rec.ripasBase = c[base]
    rec.ripasAddr = c[base]
    rec.ripasTop = c[top]
    rec.ripasValue = value(m, c) == 0 ? .empty : .ram
    rec.ripasDestroyed = m.policy.has(.ipaStateSetTakesLowBits) ? c[flags] & 0xFFFF_FFFF == 1 : c[flags].bit(0)
    c.out[1] = c[top]
    c.realmAction = .updateAndExit
  }

  static func describeExit(_ m: borrowing Machine, _ c: Call, _ fid: UInt64, _ exit: inout ExitRecord) {
    let rec = m.rec(c.rec)
    exit.reason = .ripasChange
    exit.ripasBase = rec.ripasBase
    exit.ripasTop = rec.ripasTop
    exit.ripasValue = rec.ripasValue.rawValue
  }
}
