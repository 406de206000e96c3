package enum RECDestroy: Command {
  static let name: StaticString = "RMI_REC_DESTROY"
  static let section: StaticString = "DEN0137 B4.3.13"
  package static let fid: UInt32 = 0xC400_015B
  static let summary: StaticString = "Destroys a REC that is not running."

  static let recPtr = Input("rec_ptr", 1, .recPA, "PA of the REC")
  static let inputs = [recPtr]
  static let order = [Ordering(["rec_bound", "rec_gran_state"], before: ["rec_state"])]

  @inline(__always) static func conditions<W: Watcher>(
    _ m: borrowing Machine, _ c: inout Call, _ w: inout W
  ) throws(Refusal) {
    try w.granule("rec_align", "rec_bound", "rec_gran_state", m, c[recPtr], is: .rec, "rec_ptr")
    try w.check(
      "rec_state", "the REC is RUNNING", .rmiREC, "REC is \(m.rec(c[recPtr]).running ? "RUNNING" : "READY")",
      m.rec(c[recPtr]).running)
  }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    let rec = m.rec(c[recPtr])
    let owner = rec.owner
    // Before the first is wiped: where a check was off it can be the REC itself.
    let count = rec.auxCount
    var auxiliaries = InlineArray<16, UInt64>(repeating: 0)
    for n in 0..<count { auxiliaries[n] = rec.aux(n) }
    for n in 0..<count { m.release(auxiliaries[n], .recAux) }
    m.release(c[recPtr], .rec)
    // rec_index stays: an MPIDR is never used again.
    let realm = m.mutableRealm(owner)
    realm.recCount &-= 1
    m.control.recs.removeAll { $0 == c[recPtr] }
    m.control.vectors[c[recPtr]] = nil
    m.control.guestQueue.forget(c[recPtr])
  }
}
