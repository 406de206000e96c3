import Basics

package enum RSIIPAStateGet: Command {
  static let name: StaticString = "RSI_IPA_STATE_GET"
  static let section: StaticString = "DEN0137 B5.3.5"
  package static let fid: UInt32 = 0xC400_0198
  static let summary: StaticString = "Asks for the RIPAS at the beginning of a range, and how far it reaches."

  static let base = Input("base", 1, .ipa, "first IPA of the range")
  static let top = Input("top", 2, .ipaTop, "end of the range, exclusive")
  static let inputs = [base, top]
  static let outputs = [
    Output("out_top", 1, "end of the run with this RIPAS"), Output("ripas", 2, "0 EMPTY, 1 RAM, 2 DESTROYED"),
  ]

  static func conditions<W: Watcher>(_ m: borrowing Machine, _ c: inout Call, _ w: inout W) throws(Refusal) {
    try w.check("base_align", "not a multiple of 4096", .rsiInput, "base = \(hex(c[base]))", !c[base].isGranuleAligned)
    try w.check("end_align", "not a multiple of 4096", .rsiInput, "top = \(hex(c[top]))", !c[top].isGranuleAligned)
    try w.check("size_valid", "the range is empty", .rsiInput, "base = \(hex(c[base])), top = \(hex(c[top]))", c[top] <= c[base])
    try w.check(
      "rgn_bound", "not all of the range is Protected", .rsiInput, "base = \(hex(c[base])), top = \(hex(c[top]))",
      !m.realm(m.rec(c.rec).owner).isProtected(c[top] &- 1))
  }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    let realm = m.realm(m.rec(c.rec).owner)
    let walk = m.rttWalk(realm, c[base], to: 3)
    let ripas = walk.entry.ripas
    let size = rttEntrySize(walk.level)
    var address = c[base] & ~(size - 1)
    for index in walk.index..<512 {
      let entry = RTTEntry(raw: m.rttLoad(walk.table, index))
      if entry.isTable(walk.level) || entry.ripas != ripas { break }
      address &+= size
      if address >= c[top] { break }
    }
    c.out[1] = min(address, c[top])
    c.out[2] = UInt64(ripas.rawValue)
  }
}
