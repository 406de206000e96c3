import Basics

/// A bug of a kind that a real RMM had. A machine has it from its boot to its end, and is one of the lab: no statement mends it.
package enum MachineBug: String, CaseIterable, Sendable {
  case aliasedGranules = "aliased_granules"
  case laterVMIDs = "later_vmids"
  case unalignedTop = "unaligned_top"
  case lateRange = "late_range"
  case uncleanSyndrome = "unclean_syndrome"
  case timerRegister = "timer_register"
  case leftRegisters = "left_registers"

  /// What this RMM does.
  package var summary: String {
    switch self {
    case .aliasedGranules: "RMI_REC_CREATE takes one granule twice, as two auxiliary granules of a REC"
    case .laterVMIDs: "what is taken from a Realm is forgotten by the PEs for the first VMID only"
    case .unalignedTop: "RMI_RTT_SET_RIPAS takes an end of the range that is not aligned"
    case .lateRange: "calls for Unprotected IPAs walk the table before they look whether the IPA is one"
    case .uncleanSyndrome: "an exit record has the whole syndrome, where the Host is to see a part of it"
    case .timerRegister: "the exit record has the virtual timer's compare value as the physical timer's"
    case .leftRegisters: "an exit record has all registers of the vCPU"
    }
  }

  /// Whose bug it is like.
  package var source: String {
    switch self {
    case .aliasedGranules: "TF-RMM 2b1d3b4d (2026-07-21)"
    case .laterVMIDs: "TF-RMM 2052addb (2026-07-17)"
    case .unalignedTop: "TF-RMM 62ece7d0 (2024-12-12)"
    case .lateRange: "TF-RMM 62c986d8 (2026-06-11)"
    case .uncleanSyndrome: "TF-RMM a6159b40 (2026-04-13)"
    case .timerRegister: "TF-RMM c10dd67d (2026-04-14)"
    case .leftRegisters: "islet issue 119"
    }
  }

  /// The check whose absence it is; nil if there is none, and the RMM does something it should not.
  package var missing: String? {
    switch self {
    case .aliasedGranules: "RMI_REC_CREATE.aux_alias"
    case .unalignedTop: "RMI_RTT_SET_RIPAS.top_gran_align"
    case .leftRegisters: Protection.exitGPRs.name.description
    case .uncleanSyndrome: Protection.exitESR.name.description
    case .laterVMIDs, .lateRange, .timerRegister: nil
    }
  }

  /// As a `machine` statement has them: names joined by `+`, or `none`.
  static func text(_ bugs: Set<MachineBug>) -> String {
    bugs.isEmpty ? "none" : allCases.filter(bugs.contains).map(\.rawValue).joined(separator: "+")
  }

  /// Reads ``text(_:)``.
  static func named(_ word: String) throws(MachineSetting.Unfit) -> Set<MachineBug> {
    guard word != "none" else { return [] }
    var bugs: Set<MachineBug> = []
    for name in word.split(separator: "+", omittingEmptySubsequences: false) {
      guard let bug = MachineBug(rawValue: String(name)) else {
        let all = allCases.map(\.rawValue)
        let near = closest(to: String(name), among: all).map { "; did you mean \($0)?" }
        throw MachineSetting.Unfit(
          message: "no bug is called \"\(shown(String(name), limit: 60))\""
            + (near ?? "; expected none, \(all.joined(separator: ", "))"))
      }
      bugs.insert(bug)
    }
    return bugs
  }
}

extension MachineConfiguration {
  /// Checks that its bugs leave out.
  package var leftOut: SwitchSet {
    bugs.compactMap(\.missing).reduce(SwitchSet()) { set, name in set.union((try? SwitchSet(named: name)) ?? SwitchSet()) }
  }
}

extension Machine {
  /// Whether it has a bug: one that has is a machine of the lab.
  @inline(__always) func has(_ bug: MachineBug) -> Bool { control.lab != nil && configuration.bugs.contains(bug) }

  /// Whether PEs go on translating for a Realm, by a bug, what was taken from it.
  func missesInvalidation(of rd: UInt64) -> Bool {
    guard has(.laterVMIDs) else { return false }
    return control.realms.contains { realm($0).vmid < realm(rd).vmid }
  }
}
