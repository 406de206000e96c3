/// The EL1 timers of a vCPU (Arm ARM D12). Time is ``ControlState/guestInstructions``: an instruction is a tick.
extension Machine {
  /// Ticks in a second of the guest's, as CNTFRQ_EL0 says.
  package static let counterFrequency: UInt64 = 1_000_000_000

  /// A timer's ISTATUS as it is now: the condition is met, whether or not it is masked.
  private func condition(_ ctl: UInt64, _ cval: UInt64, _ offset: UInt64, _ now: UInt64) -> Bool {
    ctl & 1 == 1 && Int64(bitPattern: (now &- offset) &- cval) >= 0
  }

  /// CNTx_CTL_EL0 as it reads now.
  func timerControl(_ rec: REC, isVirtual: Bool, now: UInt64) -> UInt64 {
    let (ctl, cval, offset) =
      isVirtual
      ? (rec[.cntvctlEL0], rec[.cntvcvalEL0], rec[.cntvoffEL2]) : (rec[.cntpctlEL0], rec[.cntpcvalEL0], rec[.cntpoffEL2])
    return ctl & 0b11 | (condition(ctl, cval, offset, now) ? 0b100 : 0)
  }

  /// Brings ISTATUS of both timers up to date.
  func updateTimers(_ rec: REC, now: UInt64) {
    rec[.cntvctlEL0] = timerControl(rec, isVirtual: true, now: now)
    rec[.cntpctlEL0] = timerControl(rec, isVirtual: false, now: now)
  }

  /// Whether a timer interrupts the Host: asserted, and the Host does not know of it (CNTHCTL_EL2.CNTxMASK).
  func timerInterrupts(_ rec: REC, now: UInt64) -> Bool {
    let known = rec.timerLevels
    return (!known.virtual && timerAsserted(timerControl(rec, isVirtual: true, now: now)))
      || (!known.physical && timerAsserted(timerControl(rec, isVirtual: false, now: now)))
  }

  /// Ticks until a timer is next asserted; nil if none is running, or what runs is asserted.
  func ticksToTimer(_ rec: REC, now: UInt64) -> UInt64? {
    var least: UInt64?
    for (ctl, cval, offset) in [
      (rec[.cntvctlEL0], rec[.cntvcvalEL0], rec[.cntvoffEL2]), (rec[.cntpctlEL0], rec[.cntpcvalEL0], rec[.cntpoffEL2]),
    ] where ctl & 0b11 == 1 && !condition(ctl, cval, offset, now) {
      let ticks = cval &- (now &- offset)
      least = min(least ?? ticks, ticks)
    }
    return least
  }
}
