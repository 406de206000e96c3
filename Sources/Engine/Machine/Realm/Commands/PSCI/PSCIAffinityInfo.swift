import Basics

package enum PSCIAffinityInfo: PSCICommand {
  static let name: StaticString = "PSCI_AFFINITY_INFO"
  static let section: StaticString = "DEN0137 B6.3.1"
  package static let fid: UInt32 = 0xC400_0004
  /// The SMC32 alias, which the RMM knows by a divergence only (D39).
  package static let fid32: UInt32 = 0x8400_0004
  static var alias: UInt32? { fid32 }
  static let summary: StaticString = "Asks whether a vCPU is on."

  static let target = Input("target_affinity", 1, .mpidr, "MPIDR of the vCPU")
  static let lowest = Input("lowest_affinity_level", 2, .number, "must be 0")
  static let inputs = [target, lowest]

  static func conditions<W: Watcher>(_ m: borrowing Machine, _ c: inout Call, _ w: inout W) throws(Refusal) {
    try w.check(
      "target_bound", "lowest_affinity_level is not 0", .psciInvalidParameters,
      "lowest_affinity_level = \(c[lowest])", c[lowest] & (m.policy.has(.psciTakesWholeRegisters) ? ~0 : 0xFFFF_FFFF) != 0)
    try w.check(
      "target_match", "no REC of the Realm has this MPIDR", .psciInvalidParameters,
      "target_affinity = \(hex(c[target]))", !m.hasREC(m.rec(c.rec).owner, c[target]))
  }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    // A vCPU that can ask is on: TF-RMM does not bother the Host (D16).
    if m.policy.has(.psciOfTheCallerWithoutExit), m.names(c[target], m.rec(c.rec)) { return }
    m.mutableREC(c.rec).psciPending = true
    c.realmAction = .exit
  }

  static func describeArguments(_ m: borrowing Machine, _ c: Call, _ exit: inout ExitRecord) { exit.gprs[1] = c[target] }
}
