import Basics

package enum PSCIComplete: Command {
  static let name: StaticString = "RMI_PSCI_COMPLETE"
  static let section: StaticString = "DEN0137 B4.3.10"
  package static let fid: UInt32 = 0xC400_0164
  static let summary: StaticString = "Answers a PSCI request that named another REC."

  static let callingRec = Input("calling_rec", 1, .recPA, "PA of the REC that made the request")
  static let targetRec = Input("target_rec", 2, .recPA, "PA of the REC its MPIDR names")
  static let status = Input("status", 3, .status, "the Host's decision: 0, or PSCI_DENIED for a CPU_ON")
  static let inputs = [callingRec, targetRec, status]
  /// The condition on ``status``.
  private static let notAllowed: StaticString = "status"

  @inline(__always) static func conditions<W: Watcher>(
    _ m: borrowing Machine, _ c: inout Call, _ w: inout W
  ) throws(Refusal) {
    try w.check(
      "calling_align", "not a multiple of 4096", .rmiInput, "calling_rec = \(hex(c[callingRec]))", !c[callingRec].isGranuleAligned
    )
    try w.check(
      "target_align", "not a multiple of 4096", .rmiInput, "target_rec = \(hex(c[targetRec]))", !c[targetRec].isGranuleAligned)
    try w.check("alias", "both are the same REC", .rmiInput, "both \(hex(c[callingRec]))", c[callingRec] == c[targetRec])
    try w.check(
      "calling_bound", "not the PA of a delegable granule", .rmiInput, "calling_rec = \(hex(c[callingRec])), \(m.dramText)",
      !m.isDelegable(c[callingRec]))
    try w.check(
      "calling_state", "the granule is not a REC", .rmiInput,
      "granule \(hex(c[callingRec])) is \(m.granuleState(c[callingRec]).name)", !m.granuleIs(c[callingRec], .rec))
    try w.check(
      "target_bound", "not the PA of a delegable granule", .rmiInput, "target_rec = \(hex(c[targetRec])), \(m.dramText)",
      !m.isDelegable(c[targetRec]))
    try w.check(
      "target_state", "the granule is not a REC", .rmiInput,
      "granule \(hex(c[targetRec])) is \(m.granuleState(c[targetRec]).name)", !m.granuleIs(c[targetRec], .rec))
    try w.check(
      "pending", "calling_rec has made no PSCI request", .rmiInput, "psci_pending is \(m.rec(c[callingRec]).psciPending)",
      !m.rec(c[callingRec]).psciPending)
    try w.check(
      "owner", "the RECs belong to different Realms", .rmiInput,
      "owners \(hex(m.rec(c[callingRec]).owner)) and \(hex(m.rec(c[targetRec]).owner))",
      m.rec(c[callingRec]).owner != m.rec(c[targetRec]).owner)
    try w.check(
      "target", "target_rec is not the one the request names", .rmiInput,
      "the request names \(hex(m.rec(c[callingRec]).x(1))), target_rec has MPIDR \(hex(m.rec(c[targetRec]).mpidr))",
      !m.names(m.rec(c[callingRec]).x(1), m.rec(c[targetRec])))
    try w.check(
      notAllowed, "not a status that is allowed here", .rmiInput,
      "status = \(Int64(bitPattern: c[status])), target is \(m.rec(c[targetRec]).runnable ? "runnable" : "not runnable")",
      c[status] != PSCIReturn.success && m.isKnownRequest(c[callingRec])
        && !(c[status] == PSCIReturn.denied && m.asksCPUOn(c[callingRec]) && !m.isOn(c[targetRec])))
  }

  static func effect(_ m: inout Machine, _ c: inout Call) { complete(&m, &c) }

  static func refused(_ m: inout Machine, _ c: inout Call) {
    // TF-RMM refuses DENIED for a REC that is on, but completes the request all the same (D7).
    guard m.policy.has(.psciDenialOfRunningRECCompletes), c.isRefused(by: notAllowed), c[status] == PSCIReturn.denied,
      m.asksCPUOn(c[callingRec])
    else { return }
    complete(&m, &c)
  }

  private static func complete(_ m: inout Machine, _ c: inout Call) {
    let calling = m.mutableREC(c[callingRec])
    var answer = PSCIReturn.notSupported
    if PSCICPUOn.isNamed(by: calling.x(0)) {
      if m.isOn(c[targetRec]) {
        answer = PSCIReturn.alreadyOn
        m.observation.append(Decision(fid: PSCICPUOn.fid, condition: "runnable"))
      } else if c[status] == PSCIReturn.denied {
        answer = PSCIReturn.denied
      } else {
        let target = m.mutableREC(c[targetRec])
        if !m.policy.has(.psciCompleteKeepsRegisters) { for n in 1..<31 { target.setX(n, 0) } }
        target.setX(0, m.policy.has(.psciTakesWholeRegisters) ? calling.x(3) : calling.x(3) & 0xFFFF_FFFF)
        target.pc = calling.x(2)
        target.pstate = RealmPSTATE.reset
        // The woken vCPU takes the caller's endianness (SCTLR_EL1.EE).
        target[.sctlrEL1] = RealmPSTATE.sctlrReset | calling[.sctlrEL1] & (1 << 25)
        target.runnable = true
        answer = PSCIReturn.success
      }
    } else if PSCIAffinityInfo.isNamed(by: calling.x(0)) {
      answer = m.isOn(c[targetRec]) ? PSCIReturn.success : PSCIReturn.off
    }
    calling.setX(0, answer)
    for n in 1...(m.policy.has(.rsiKeepsX4AndUp) ? 3 : 6) { calling.setX(n, 0) }
    calling.psciPending = false
  }
}

extension Machine {
  /// Whether a PSCI target names this REC.
  func names(_ target: UInt64, _ rec: REC) -> Bool {
    policy.has(.psciTargetByRECsEverCreated) ? recIndex(target: target) == rec.index : recMPIDR(target: target) == rec.mpidr
  }

  func asksCPUOn(_ rec: UInt64) -> Bool { PSCICPUOn.isNamed(by: self.rec(rec).x(0)) }

  /// Whether X0 of the calling REC is still one of the requests that wait: TF-RMM, which decodes W0 when the call is made, compares
  /// the whole register when it completes it, and then accepts any status (D41).
  func isKnownRequest(_ rec: UInt64) -> Bool { !policy.has(.fidIsW0WithoutSVEHint) || self.rec(rec).x(0) >> 32 == 0 }

  /// A REC is on while it is runnable, or still running.
  func isOn(_ rec: UInt64) -> Bool { self.rec(rec).runnable || self.rec(rec).running }
}
