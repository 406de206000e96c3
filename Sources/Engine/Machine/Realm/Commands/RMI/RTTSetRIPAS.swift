import Basics

package enum RTTSetRIPAS: Command {
  static let name: StaticString = "RMI_RTT_SET_RIPAS"
  static let section: StaticString = "DEN0137 B4.3.21"
  package static let fid: UInt32 = 0xC400_0169
  static let summary: StaticString = "Does part of the RIPAS change a REC has asked for, as far as one table reaches."

  static let rd = Input("rd", 1, .rdPA, "PA of the RD")
  static let recPtr = Input("rec_ptr", 2, .recPA, "PA of the REC that asked")
  static let base = Input("base", 3, .ipa, "where the REC's request stands")
  static let top = Input("top", 4, .ipaTop, "end of the range, exclusive")
  static let inputs = [rd, recPtr, base, top]
  static let outputs = [Output("out_top", 1, "end of the part that was done")]

  static let order = [
    Ordering(["rd_bound", "rd_state"], before: ["base_align"]),
    Ordering(["rd_bound", "rd_state"], before: ["no_progress"]),
    Ordering(["rec_bound", "rec_gran_state"], before: ["rec_state", "rec_owner"]),
    Ordering(["base_bound"], before: ["base_align"]),
    Ordering(["top_gran_align"], before: ["no_progress"]),
  ]

  @inline(__always) static func conditions<W: Watcher>(
    _ m: borrowing Machine, _ c: inout Call, _ w: inout W
  ) throws(Refusal) {
    try w.check(
      "size_valid", "the range is empty", .rmiInput, "base = \(hex(c[base])), top = \(hex(c[top]))", c[top] <= c[base])
    try w.granule("rd_align", "rd_bound", "rd_state", m, c[rd], is: .rd, "rd")
    try w.granule("rec_align", "rec_bound", "rec_gran_state", m, c[recPtr], is: .rec, "rec_ptr")
    try w.check(
      "rec_state", "the REC is RUNNING", .rmiREC, "REC is \(m.rec(c[recPtr]).running ? "RUNNING" : "READY")",
      m.rec(c[recPtr]).running)
    try w.check(
      "rec_owner", "the REC belongs to another Realm", .rmiREC,
      "owner of the REC is \(hex(m.rec(c[recPtr]).owner)), rd = \(hex(c[rd]))", m.rec(c[recPtr]).owner != c[rd])
    try w.check(
      "base_bound", "not where the REC's request stands", .rmiInput,
      "base = \(hex(c[base])), ripas_addr = \(hex(m.rec(c[recPtr]).ripasAddr))", c[base] != m.rec(c[recPtr]).ripasAddr)
    try w.check(
      "top_bound", "beyond the REC's request", .rmiInput,
      "top = \(hex(c[top])), ripas_top = \(hex(m.rec(c[recPtr]).ripasTop))", c[top] > m.rec(c[recPtr]).ripasTop)
    if !m.policy.has(.setRIPASTopUnaligned) {
      try w.check("top_gran_align", "not a multiple of 4096", .rmiInput, "top = \(hex(c[top]))", !c[top].isGranuleAligned)
    }
    try w.check(
      "base_align", "not aligned to what the entry reached covers, and its RIPAS is to change", .rmiRTT,
      level: c.walk.level,
      "base = \(hex(c[base])), level \(c.walk.level) covers \(hex(rttEntrySize(c.walk.level))), RIPAS \(c.walk.entry.ripas.name)",
      {
        c.walk = m.rttWalk(m.realm(c[rd]), c[base], to: 3)
        return !c[base].isAligned(to: rttEntrySize(c.walk.level)) && changes(m, c)
      }())
    try w.check(
      "no_progress", "nothing would be done, and the first entry's RIPAS is to change", .rmiRTT,
      level: c.walk.level,
      "base = \(hex(c[base])), first entry \(c.walk.entry.ripas.name), level \(c.walk.level), end \(hex(end(m, c)))",
      end(m, c) == c[base] && changes(m, c))
  }

  /// Whether the first entry's RIPAS is not yet what was asked for (always taken to be so by TF-RMM, D6).
  static func changes(_ m: borrowing Machine, _ c: Call) -> Bool {
    m.policy.has(.setRIPASChecksWhenAlreadyRight) || c.walk.entry.ripas != m.rec(c[recPtr]).ripasValue
  }

  /// RttSkipEntriesWithRipas, capped to `top`: the end of the run this call can do; never below `base`.
  static func end(_ m: borrowing Machine, _ c: Call) -> UInt64 {
    let size = rttEntrySize(c.walk.level)
    let rec = m.rec(c[recPtr])
    var address = c[base] & ~(size - 1)
    var index = c.walk.index
    let count = c.walk.level == -1 ? 16 : 512
    while index < count, c[top] > address, c[top] - address >= size {
      let entry = RTTEntry(raw: m.rttLoad(c.walk.table, index))
      if entry.isTable(c.walk.level) { break }
      if entry.ripas == .destroyed, !rec.ripasDestroyed { break }
      address &+= size
      index += 1
    }
    return max(address, c[base])
  }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    let end = end(m, c)
    let size = rttEntrySize(c.walk.level)
    let lpa2 = m.realm(c[rd]).lpa2
    let rec = m.mutableREC(c[recPtr])
    let value = rec.ripasValue
    if m.isLab, end > c[base],
      rec.owner != c[rd] || rec.ripasAddr > c[base] || rec.ripasTop < end || rec.ripasBase == rec.ripasTop
    {
      m.breaks(.ripasConsent, c[base], c[rd])
    }
    var address = c[base] & ~(size - 1)
    var index = c.walk.index
    while address < end, index < 512 {
      let entry = RTTEntry(raw: m.rttLoad(c.walk.table, index))
      m.setRIPAS(c.walk.table, index, entry, c.walk.level, value, lpa2: lpa2)
      address &+= size
      index += 1
    }
    rec.ripasAddr = min(end, c[top])
    c.out[1] = min(end, c[top])
  }
}
