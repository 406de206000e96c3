import Basics

/// `runnable` is decided when the Host completes the request: see `PSCIComplete.swift`.
package enum PSCICPUOn: PSCICommand {
  static let name: StaticString = "PSCI_CPU_ON"
  static let section: StaticString = "DEN0137 B6.3.3"
  package static let fid: UInt32 = 0xC400_0003
  /// The SMC32 alias, which the RMM knows by a divergence only (D39).
  package static let fid32: UInt32 = 0x8400_0003
  static var alias: UInt32? { fid32 }
  static let summary: StaticString = "Asks the Host to turn another vCPU on."

  static let target = Input("target_cpu", 1, .mpidr, "MPIDR of the vCPU")
  static let entry = Input("entry_point_address", 2, .ipa, "IPA at which it starts")
  static let context = Input("context_id", 3, .number, "what it finds in X0")
  static let inputs = [target, entry, context]

  static func conditions<W: Watcher>(_ m: borrowing Machine, _ c: inout Call, _ w: inout W) throws(Refusal) {
    try w.check(
      "entry", "not a Protected IPA", .psciInvalidAddress, "entry_point_address = \(hex(c[entry]))",
      !m.realm(m.rec(c.rec).owner).isProtected(c[entry]))
    try w.check(
      "mpidr", "no REC of the Realm has this MPIDR", .psciInvalidParameters, "target_cpu = \(hex(c[target]))",
      !m.hasREC(m.rec(c.rec).owner, c[target]))
    try w.check(
      "runnable", "the vCPU is on already", .psciAlreadyOn,
      "target_cpu = \(hex(c[target])), calling MPIDR = \(hex(m.rec(c.rec).mpidr))",
      // With another vCPU the Host decides; TF-RMM answers at once for the calling one (D16).
      m.policy.has(.psciOfTheCallerWithoutExit) && m.names(c[target], m.rec(c.rec)))
  }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    m.mutableREC(c.rec).psciPending = true
    c.realmAction = .exit
  }

  static func describeArguments(_ m: borrowing Machine, _ c: Call, _ exit: inout ExitRecord) {
    exit.gprs[1] = c[target]
    if m.policy.has(.psciExitIsRaw) { return }
    exit.gprs[2] = c[entry]
    exit.gprs[3] = c[context] & 0xFFFF_FFFF
  }
}

extension Machine {
  /// Whether a PSCI target names a REC of the Realm. TF-RMM counts destroyed ones too (D29).
  func hasREC(_ rd: UInt64, _ target: UInt64) -> Bool {
    if policy.has(.psciTargetByRECsEverCreated) { return recIndex(target: target) < realm(rd).recIndex }
    return control.recs.contains { rec($0).owner == rd && names(target, rec($0)) }
  }
}
