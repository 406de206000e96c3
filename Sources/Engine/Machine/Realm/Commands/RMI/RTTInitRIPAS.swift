import Basics

package enum RTTInitRIPAS: Command {
  static let name: StaticString = "RMI_RTT_INIT_RIPAS"
  static let section: StaticString = "DEN0137 B4.3.18"
  package static let fid: UInt32 = 0xC400_0168
  static let summary: StaticString =
    "Sets the RIPAS of a range of a NEW Realm to RAM, as far as one table reaches; the RIM is extended once an entry."

  static let rd = Input("rd", 1, .rdPA, "PA of the RD")
  static let base = Input("base", 2, .ipa, "first IPA of the range")
  static let top = Input("top", 3, .ipaTop, "end of the range, exclusive")
  static let inputs = [rd, base, top]
  static let outputs = [Output("out_top", 1, "end of the part that was done")]

  static let order = [
    Ordering(["rd_bound", "rd_state"], before: ["realm_state"]),
    Ordering(["rd_bound", "rd_state"], before: ["base_align", "rtte_state"]),
    Ordering(["rd_bound", "rd_state"], before: ["no_progress"]),
    Ordering(["top_gran_align"], before: ["no_progress"]),
  ]

  @inline(__always) static func conditions<W: Watcher>(
    _ m: borrowing Machine, _ c: inout Call, _ w: inout W
  ) throws(Refusal) {
    try w.check(
      "size_valid", "the range is empty", .rmiInput, "base = \(hex(c[base])), top = \(hex(c[top]))", c[top] <= c[base])
    try w.granule("rd_align", "rd_bound", "rd_state", m, c[rd], is: .rd, "rd")
    try w.check("top_gran_align", "not a multiple of 4096", .rmiInput, "top = \(hex(c[top]))", !c[top].isGranuleAligned)
    try w.check(
      "top_bound", "the range does not end in the Protected half", .rmiInput,
      "top = \(hex(c[top])), Protected IPAs end at \(hex(m.realm(c[rd]).protectedTop))",
      !m.realm(c[rd]).isProtected(c[top] &- Granule.size))
    if m.policy.has(.initRIPASStopsAtAssigned) {
      try w.check("base_gran_align", "not a multiple of 4096", .rmiInput, "base = \(hex(c[base]))", !c[base].isGranuleAligned)
    }
    try w.check(
      "realm_state", "the Realm is not NEW", .rmiRealm, "Realm is \(m.realm(c[rd]).state.name)",
      m.realm(c[rd]).state != .new)
    try w.check(
      "base_align", "not aligned to what the entry reached covers", .rmiRTT, level: c.walk.level,
      "base = \(hex(c[base])), the walk ended at level \(c.walk.level), which covers \(hex(rttEntrySize(c.walk.level)))",
      {
        c.walk = m.rttWalk(m.realm(c[rd]), c[base], to: 3)
        return !c[base].isAligned(to: rttEntrySize(c.walk.level))
      }())
    try w.check(
      "rtte_state", "the entry is not UNASSIGNED", .rmiRTT, level: c.walk.level,
      "entry of \(hex(c[base])) is \(c.walk.entry.hipas(c.walk.level).name)",
      c.walk.entry.hipas(c.walk.level) != .unassigned)
    try w.check(
      "no_progress", "the range ends inside the first entry", .rmiRTT, level: c.walk.level,
      "base = \(hex(c[base])), top = \(hex(c[top])), an entry covers \(hex(rttEntrySize(c.walk.level)))",
      end(m, c) == c[base])
  }

  /// RttSkipEntriesUnlessRipas: the end of the run this call can do.
  static func end(_ m: borrowing Machine, _ c: Call) -> UInt64 {
    let size = rttEntrySize(c.walk.level)
    var address = c[base]
    var index = c.walk.index
    let count = c.walk.level == -1 ? 16 : 512
    while index < count, c[top] > address, c[top] - address >= size {
      let entry = RTTEntry(raw: m.rttLoad(c.walk.table, index))
      if entry.isTable(c.walk.level) { break }
      if m.policy.has(.initRIPASStopsAtAssigned), entry.hipas(c.walk.level) != .unassigned || entry.ripas == .destroyed { break }
      address &+= size
      index += 1
    }
    return address
  }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    let end = end(m, c)
    let size = rttEntrySize(c.walk.level)
    let realm = m.mutableRealm(c[rd])
    var address = c[base]
    var index = c.walk.index
    while address < end, index < 512 {
      let entry = RTTEntry(raw: m.rttLoad(c.walk.table, index))
      m.setRIPAS(c.walk.table, index, entry, c.walk.level, .ram, lpa2: realm.lpa2)
      if m.measure(c[rd], .rimInitRIPAS, { Measurement.ripas(realm.hash, $0, base: address, top: address &+ size) }) {
        m.noteMeasurement(c[rd], 0, .ripas(base: address, top: address &+ size))
      }
      address &+= size
      index += 1
    }
    c.out[1] = end
  }
}

extension Machine {
  /// Gives an UNASSIGNED or ASSIGNED entry another RIPAS; HIPAS and address stay.
  mutating func setRIPAS(_ table: UInt64, _ index: Int, _ entry: RTTEntry, _ level: Int, _ ripas: RIPAS, lpa2: Bool) {
    guard entry.ripas != ripas else { return }
    switch entry.hipas(level) {
    case .unassigned: rttStore(table, index, .unassigned(ripas))
    case .assigned: rttStore(table, index, .assigned(entry.address(lpa2: lpa2), ripas, level, lpa2: lpa2))
    case .unassignedNS, .assignedNS, .table: break
    }
  }
}
