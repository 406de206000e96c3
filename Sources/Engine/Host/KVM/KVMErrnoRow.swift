/// A row of the table of KVM's error numbers: a call, what is wrong with it, and what KVM answers. It is openEuler's kernel's
/// (arch/arm64/kvm/rme.c).
package enum KVMErrnoRow: String, CaseIterable, Sendable {
  case noRealm = "any no_realm"
  case unreadable = "any unreadable"
  case configureCreated = "CONFIG_REALM created"
  case unknownHash = "CONFIG_REALM hash_unknown"
  case hashNotSupported = "CONFIG_REALM hash_unsupported"
  case createCreated = "CREATE_REALM created"
  case createRefused = "CREATE_REALM refused"
  case ripasOrder = "INIT_RIPAS not_new"
  case ripasWraps = "INIT_RIPAS wraps"
  case ripasRefused = "INIT_RIPAS refused"
  case populateOrder = "POPULATE not_new"
  case populateAlignment = "POPULATE unaligned"
  case populateFlags = "POPULATE flags"
  case populateWraps = "POPULATE wraps"
  case populateCrosses = "POPULATE crosses"
  case populateNoSlot = "POPULATE no_memslot"
  case populateNoPage = "POPULATE no_page"
  case populateRefused = "POPULATE refused"
  case finalizeOrder = "FINALIZE not_new"
  case finalized = "FINALIZE finalized"
  case noPSCI = "FINALIZE no_psci"
  case otherPMU = "FINALIZE pmu"
  case finalizeRefused = "FINALIZE refused"
  case activateOrder = "ACTIVATE not_new"
  case activateRefused = "ACTIVATE refused"
  case runOrder = "KVM_RUN not_active"

  /// Which layer says it.
  package enum Layer: String, Sendable {
    case kvm = "KVM"
    /// KVM passes on that the RMM did not do it.
    case rmm = "RMM"
  }

  package var layer: Layer {
    switch self {
    case .createRefused, .ripasRefused, .populateRefused, .finalizeRefused, .activateRefused: .rmm
    default: .kvm
    }
  }

  package var errno: KVMErrno {
    switch self {
    case .configureCreated, .finalized: .ebusy
    case .createCreated: .eexist
    case .ripasOrder, .populateOrder: .eperm
    case .finalizeOrder: .enoent
    case .unreadable, .populateNoSlot, .populateNoPage: .efault
    case .createRefused, .ripasRefused, .populateRefused, .finalizeRefused, .activateRefused: .enxio
    default: .einval
    }
  }

  package var condition: String {
    switch self {
    case .noRealm: "the VM was not created as a Realm"
    case .unreadable: "the structure is not in memory of user space's"
    case .configureCreated, .createCreated: "the Realm has been created"
    case .unknownHash: "there is no such hash algorithm"
    case .hashNotSupported: "the RMM has not that hash algorithm"
    case .ripasOrder, .populateOrder, .finalizeOrder, .activateOrder: "the Realm is not NEW"
    case .ripasWraps, .populateWraps: "the range wraps around"
    case .populateAlignment: "base or size are no pages"
    case .populateFlags: "a flag is unknown"
    case .populateCrosses: "the range crosses the end of a memslot"
    case .populateNoSlot: "there is no memslot"
    case .populateNoPage: "user space has no page there"
    case .finalized: "the vCPU has its REC"
    case .noPSCI: "the vCPU has no PSCI 0.2"
    case .otherPMU: "vCPU and Realm differ in the PMU"
    case .createRefused, .ripasRefused, .populateRefused, .finalizeRefused, .activateRefused: "the RMM refuses"
    case .runOrder: "the Realm is not ACTIVE"
    }
  }

  /// The row an error comes from; nil for one that the table has not.
  package init?(_ call: KVMCall, _ error: KVMError) {
    switch (call, error) {
    case (.configure, .noRealm), (.createRealm, .noRealm), (.initRIPAS, .noRealm), (.populate, .noRealm), (.activate, .noRealm),
      (.enableCap, .noRealm):
      self = .noRealm
    case (_, .unreadable): self = .unreadable
    case (.configure, .outOfOrder): self = .configureCreated
    case (.configure, .unknownHash): self = .unknownHash
    case (.configure, .hashNotSupported): self = .hashNotSupported
    case (.createRealm, .outOfOrder): self = .createCreated
    case (.createRealm, .refused): self = .createRefused
    case (.initRIPAS, .outOfOrder): self = .ripasOrder
    case (.initRIPAS, .range(_, let base, let size)) where base.addingReportingOverflow(size).overflow: self = .ripasWraps
    case (.initRIPAS, .refused), (.initRIPAS, .noProgress): self = .ripasRefused
    case (.populate, .outOfOrder): self = .populateOrder
    case (.populate, .range(_, let base, let size)): self = Self.populateRange(base, size)
    case (.populate, .unknownFlags): self = .populateFlags
    case (.populate, .noMemory): self = .populateNoSlot
    case (.populate, .noPage): self = .populateNoPage
    case (.populate, .refused): self = .populateRefused
    case (.finalizeVCPU, .outOfOrder): self = .finalizeOrder
    case (.finalizeVCPU, .alreadyFinalized): self = .finalized
    case (.finalizeVCPU, .unfit(_, .noPSCI)): self = .noPSCI
    case (.finalizeVCPU, .unfit(_, .otherPMU)): self = .otherPMU
    case (.finalizeVCPU, .refused): self = .finalizeRefused
    case (.activate, .outOfOrder): self = .activateOrder
    case (.activate, .refused): self = .activateRefused
    case (.run, .outOfOrder): self = .runOrder
    default: return nil
    }
  }

  private static func populateRange(_ base: UInt64, _ size: UInt64) -> KVMErrnoRow {
    if base % 4096 != 0 || size % 4096 != 0 || size == 0 { return .populateAlignment }
    return base.addingReportingOverflow(size).overflow ? .populateWraps : .populateCrosses
  }
}
