import Basics

enum FFAMemReclaim: Command {
  static let name: StaticString = "FFA_MEM_RECLAIM"
  static let section: StaticString = "DEN0077A 1.1 16.7"
  static let fid: UInt32 = 0x8400_0077
  static let summary: StaticString = "The owner takes back memory that all borrowers have given back."

  static let low = Input("handle_low", 1, .number, "bits 31:0 of the transaction's handle")
  static let high = Input("handle_high", 2, .number, "bits 63:32")
  static let flags = Input("flags", 3, .flags, "bit 0: zero the memory")
  static let inputs = [low, high, flags]

  static func conditions<W: Watcher>(_ m: borrowing Machine, _ c: inout Call, _ w: inout W) throws(Refusal) {
    try w.check(
      "handle", "no transaction has the handle", .ffaInvalid, "handle \(hex(handle(c)))", m.spm.share(handle(c)) == nil)
    try w.check(
      "owner", "the caller is not the owner", .ffaInvalid,
      "sender \(hex(m.spm.share(handle(c))?.sender ?? 0)), caller \(hex(FFAEndpointIndex.id(c.endpoint)))",
      m.spm.share(handle(c))?.owner != c.endpoint)
    try w.check(
      "borrowed", "a borrower has not given it back", .ffaDenied, borrowers(m.spm.share(handle(c))),
      m.spm.share(handle(c))?.receivers.contains { $0.granted != nil } == true)
    try w.check(
      "clear_access", "memory is to be zeroed that its owner may only read", .ffaDenied, "flags \(hex(c[flags]))",
      c[flags].bit(0) && m.spm.share(handle(c))?.isReadOnly == true)
    try w.check(
      "clear_gpf", "the SPMC's write to a page to be zeroed ends in a granule protection fault", .ffaAborted,
      "handle \(hex(handle(c)))", c[flags].bit(0) && m.unreachable(m.spm.share(handle(c))?.constituents ?? []) != nil)
  }

  private static func handle(_ c: Call) -> UInt64 { c[low] | c[high] << 32 }

  private static func borrowers(_ share: MemoryShare?) -> String {
    let ids = share?.receivers.filter { $0.granted != nil }.map { hex($0.id) } ?? []
    return ids.isEmpty ? "no borrower has it" : "\(ids.joined(separator: ", ")) has it"
  }

  static func success(_ c: Call) -> Success { .answers(FFA.success) }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    guard let place = m.spm.shares.firstIndex(where: { $0.handle == handle(c) }) else { return }
    let share = m.spm.shares[place]
    if c[flags].bit(0) { m.zero(share.constituents) }
    // By hand somebody may have moved it already.
    if share.isProtected { m.unprotect(share.constituents) }
    m.control.secure?.shares.remove(at: place)
    c.succeed()
  }
}

extension Machine {
  /// The SPMC gives pages back to the Non-secure PAS: those that are in the Secure one.
  fileprivate mutating func unprotect(_ ranges: [PageRange]) {
    guard spm.isByHand || control.isScribbled else { return protect(ranges, .nonSecure) }
    for range in ranges {
      for page in 0..<range.pages {
        let address = range.base + page << Granule.shift
        if gpi(address) == .secure, canSetGPI(address) { protect([PageRange(base: address, pages: 1)], .nonSecure) }
      }
    }
  }
}
