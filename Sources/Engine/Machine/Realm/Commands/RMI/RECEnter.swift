import Basics

/// The effect is the run loop: see `RunLoop.swift`.
package enum RECEnter: Command {
  static let name: StaticString = "RMI_REC_ENTER"
  static let section: StaticString = "DEN0137 B4.3.14"
  package static let fid: UInt32 = 0xC400_015C
  static let summary: StaticString = "Runs a REC until something happens that the Host must see."

  static let rec = Input("rec", 1, .recPA, "PA of the REC")
  static let runPtr = Input("run_ptr", 2, .nsPA, "PA of RmiRecRun in Non-secure memory", of: "RmiRecRun")
  static let inputs = [rec, runPtr]

  static let order = [
    Ordering(
      ["rec_align", "rec_bound", "rec_gran_state", "run_pas", "run_bound", "run_align"],
      before: [
        "rec_state", "rec_runnable", "rec_mmio", "realm_new", "system_off", "rec_gicv3", "rec_psci",
      ])
  ]

  @inline(__always) static func conditions<W: Watcher>(
    _ m: borrowing Machine, _ c: inout Call, _ w: inout W
  ) throws(Refusal) {
    if m.policy.has(.runPASAfterState) {
      // TF-RMM looks at its own state of the granule here and meets the GPT when it reads, after rec_state.
      try w.granule("run_align", "run_bound", "run_pas", m, c[runPtr], is: .undelegated, "run_ptr")
    } else {
      try w.nsGranule("run_align", "run_bound", "run_pas", m, c[runPtr], "run_ptr")
    }
    try w.granule("rec_align", "rec_bound", "rec_gran_state", m, c[rec], is: .rec, "rec")
    try w.check(
      "rec_state", "the REC is RUNNING already", .rmiREC, "REC is \(m.rec(c[rec]).running ? "RUNNING" : "READY")",
      m.rec(c[rec]).running)
    if m.policy.has(.runPASAfterState) {
      try w.check(
        "run_pas", "the granule is not reachable through the Non-secure PAS", .rmiInput,
        "GPT entry of \(hex(c[runPtr])) is \(m.gpi(c[runPtr]).name), needed NS or ANY",
        !m.gpi(c[runPtr]).admits(.nonSecure))
    }
    try w.check(
      "realm_new", "the Realm is NEW", .rmiRealm, "Realm is \(m.realm(m.rec(c[rec]).owner).state.name)",
      m.realm(m.rec(c[rec]).owner).state == .new)
    try w.check(
      "system_off", "the Realm is SYSTEM_OFF", .rmiRealm, level: 1,
      "Realm is \(m.realm(m.rec(c[rec]).owner).state.name)", m.realm(m.rec(c[rec]).owner).state == .systemOff)
    try w.check(
      "rec_runnable", "the REC is not runnable", .rmiREC,
      "REC is \(m.rec(c[rec]).runnable ? "RUNNABLE" : "NOT_RUNNABLE")", !m.rec(c[rec]).runnable)
    try w.check(
      "rec_psci", "a PSCI request of the REC waits for RMI_PSCI_COMPLETE", .rmiREC,
      "psci_pending is \(m.rec(c[rec]).psciPending)", m.rec(c[rec]).psciPending)
    try w.check(
      "rec_gicv3", "gicv3_hcr or a list register of the entry is not valid", .rmiREC,
      m.gicProblem(c[runPtr]) ?? "gicv3_hcr and list registers are valid", m.gicProblem(c[runPtr]) != nil)
    if m.policy.has(.injectSEAWithoutAbortIsREC) {
      try w.check(
        "inject_sea", "inject_sea without a Data Abort at an Unprotected IPA", .rmiREC,
        "flags = \(hex(m.enterFlags(c[runPtr]).raw))",
        m.enterFlags(c[runPtr]).injectSEA && !m.lastExitWasUnprotectedAbort(m.rec(c[rec])))
    }
    try w.check(
      "rec_mmio", "emul_mmio without an emulatable Data Abort", .rmiREC,
      "flags = \(hex(m.enterFlags(c[runPtr]).raw)), last exit \(m.lastExitWasEmulatable(m.rec(c[rec])) ? "emulatable" : "not emulatable")",
      m.enterFlags(c[runPtr]).emulMMIO
        && !(m.policy.has(.emulatedMMIOBesideInjectSEA) && m.enterFlags(c[runPtr]).injectSEA)
        && !m.lastExitWasEmulatable(m.rec(c[rec])))
  }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    c.out[0] = m.enterREC(c[rec], run: c[runPtr])
  }
}
