import Basics

enum FFARun: Command {
  static let name: StaticString = "FFA_RUN"
  static let section: StaticString = "DEN0077A 1.1 14.4"
  static let fid: UInt32 = 0x8400_006D
  static let summary: StaticString = "Gives a partition the PE: one that waits, has yielded, or was interrupted."

  static let target = Input("target", 1, .number, "id in bits 31:16, execution context in 15:0")
  static let inputs = [target]

  static func conditions<W: Watcher>(_ m: borrowing Machine, _ c: inout Call, _ w: inout W) throws(Refusal) {
    try w.check(
      "target_exists", "the target is no partition", .ffaInvalid, "id \(hex(c[target].bits(31, 16)))", partition(c) == nil)
    try w.check(
      "context_exists", "the partition has no such execution context", .ffaInvalid, "context \(c[target].bits(15, 0)) of 1",
      c[target].bits(15, 0) != 0)
    try w.check(
      "target_stopped", "a partition can resume one that was interrupted or has yielded, and no other", .ffaDenied,
      m.stateText(partition(c)), c.endpoint != FFAEndpointIndex.normal && !isStopped(m.endpoint(partition(c)).state))
    try w.check(
      "target_aborted", "the partition has come to an end", .ffaAborted, m.stateText(partition(c)),
      m.endpoint(partition(c)).state == .aborted)
    try w.check(
      "target_busy", "the partition runs", .ffaBusy, m.stateText(partition(c)), m.endpoint(partition(c)).state == .running)
    try w.check(
      "call_chain", "the cycles are another's to give, or the partition waits for another's answer", .ffaDenied,
      partition(c).map { m.chainText($0) } ?? "", m.cannotGiveCycles(c.endpoint, to: partition(c)))
  }

  private static func isStopped(_ state: FFAEndpoint.State) -> Bool { state == .preempted || state == .blocked }

  /// The target, if it is a partition.
  private static func partition(_ c: Call) -> Int? {
    FFAEndpointIndex.of(c[target].bits(31, 16)).flatMap { $0 == FFAEndpointIndex.normal ? nil : $0 }
  }

  static func success(_ c: Call) -> Success { .exits }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    guard let partition = partition(c) else { return }
    if m.spm.endpoints[partition].state == .waiting { m.begin(partition, .run, from: c.endpoint, id: 0) }
    // What has yielded finds that call done; what waited, who it is that runs.
    let hasYielded = m.spm.endpoints[partition].state == .blocked
    c.out[0] = hasYielded ? FFA.success : UInt64(fid)
    c.out[1] = hasYielded ? 0 : Machine.target(partition)
    m.run(partition, c.out, from: c.endpoint)
  }
}

extension Machine {
  /// A partition as the SPMC has it; the Normal world if there is none.
  func endpoint(_ partition: Int?) -> FFAEndpoint { spm.endpoints[partition ?? FFAEndpointIndex.normal] }

  /// Whether a caller of FFA_RUN is not the one who lets a partition go on.
  func cannotGiveCycles(_ caller: Int, to partition: Int?) -> Bool {
    let target = endpoint(partition)
    guard target.state != .waiting else { return false }
    // It waits for the answer of another, which was interrupted.
    if target.state == .blocked, target.awaitsAnswer { return true }
    if caller != FFAEndpointIndex.normal { return target.caller != caller }
    // What runs for another partition stays on its PE. The Host goes on with what was interrupted; what has yielded is its caller's.
    let isInChain = target.caller != FFAEndpointIndex.normal || target.callee != 0
    return isInChain && target.pe != control.currentPE
      || target.caller != FFAEndpointIndex.normal && target.state == .blocked
  }
}
