import Basics

/// The descriptor is in the TX buffer.
enum FFAMemRelinquish: Command {
  static let name: StaticString = "FFA_MEM_RELINQUISH"
  static let section: StaticString = "DEN0077A 1.1 16.6"
  static let fid: UInt32 = 0x8400_0076
  static let summary: StaticString = "A borrower gives memory back."
  static let inputs: [Input] = []

  static func conditions<W: Watcher>(_ m: borrowing Machine, _ c: inout Call, _ w: inout W) throws(Refusal) {
    try w.tx(m, c)
    try w.check(
      "endpoint_count", "another number of endpoints than 1", .ffaInvalid, "endpoint_count \(m.relinquish(c).count)",
      m.relinquish(c).count != 1)
    try w.check(
      "endpoint_own", "the endpoint is not the caller", .ffaInvalid, "endpoint \(hex(m.relinquish(c).endpoint))",
      FFAEndpointIndex.of(m.relinquish(c).endpoint) != c.endpoint)
    try w.check(
      "handle", "no transaction has the handle", .ffaInvalid, "handle \(hex(m.relinquish(c).handle))",
      m.spm.share(m.relinquish(c).handle) == nil)
    try w.check(
      "borrower", "the endpoint is no receiver of the transaction", .ffaInvalid, "endpoint \(hex(m.relinquish(c).endpoint))",
      m.borrower(c) == nil)
    try w.check(
      "retrieved", "the endpoint has not retrieved the memory", .ffaInvalid, "endpoint \(hex(m.relinquish(c).endpoint))",
      m.borrower(c)?.granted == nil)
    try w.check(
      "clear_shared", "memory is to be zeroed that its owner shares", .ffaInvalid, "flags \(hex(m.relinquish(c).flags))",
      m.clears(c) && m.spm.share(m.relinquish(c).handle)?.kind == .share)
    try w.check(
      "clear_access", "memory is to be zeroed that the borrower only reads", .ffaDenied, "flags \(hex(m.relinquish(c).flags))",
      m.clears(c) && m.borrower(c)?.granted?.data == FFAPermissions.read)
    try w.check(
      "clear_gpf", "the SPMC's write to a page to be zeroed ends in a granule protection fault", .ffaAborted,
      "handle \(hex(m.relinquish(c).handle))",
      m.clears(c) && m.unreachable(m.spm.share(m.relinquish(c).handle)?.constituents ?? []) != nil)
  }

  static func success(_ c: Call) -> Success { .answers(FFA.success) }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    let request = m.relinquish(c)
    guard let place = m.spm.shares.firstIndex(where: { $0.handle == request.handle }),
      let index = m.spm.shares[place].receivers.firstIndex(where: { $0.id == request.endpoint })
    else { return }
    if m.clears(c) { m.zero(m.spm.shares[place].constituents) }
    m.control.secure?.shares[place].receivers[index].granted = nil
    c.succeed()
  }
}

extension Machine {
  func relinquish(_ c: Call) -> (handle: UInt64, flags: UInt64, count: UInt64, endpoint: UInt64) {
    let message = message(c.endpoint)
    let table = FFARelinquish.table
    return (
      message.value(table.handle, at: 0), message.value(table.flags, at: 0), message.value(table.count, at: 0),
      message.value(table.endpoint, at: 0)
    )
  }

  fileprivate func borrower(_ c: Call) -> MemoryShare.Receiver? {
    let request = relinquish(c)
    return spm.share(request.handle)?.receivers.first { $0.id == request.endpoint }
  }

  /// Whether the memory is to be zeroed now: the last borrower has asked for it.
  fileprivate func clears(_ c: Call) -> Bool {
    let request = relinquish(c)
    guard request.flags & FFARegion.clear != 0, let share = spm.share(request.handle) else { return false }
    return !share.receivers.contains { $0.id != request.endpoint && $0.granted != nil }
  }
}
