/// Why KVM does not do what it is asked for, or gives a guest up: the condition, with what it is about. The sentence is made where it is
/// shown (KVMError+Sentence.swift).
package enum KVMError: Error, Equatable, Sendable {
  /// What an RMI call that failed was about.
  package enum Subject: Equatable, Sendable {
    case arguments([UInt64])
    case ipa(UInt64)
    case vcpu(Int)
  }

  package enum Unfitness: Equatable, Sendable {
    case noPSCI
    /// It has a PMU and the Realm none, or the other way round.
    case otherPMU
  }

  // What is asked for cannot be.
  case outOfOrder(KVMCall, KVMRealmState)
  /// KVM has found no RMM: why, in words.
  case noRealms(String)
  /// The VM was not created as a Realm.
  case noRealm(KVMCall)
  case unknownHash(UInt32)
  /// The RMM has it not.
  case hashNotSupported(UInt32)
  case unknownCapability(UInt32)
  /// A sub-command of KVM_ENABLE_CAP, an item of CONFIG_REALM, a feature of a vCPU.
  case unknownCommand(UInt64)
  case unknownItem(UInt32)
  case unknownFeature(UInt32)
  /// User space's structure is not where it says.
  case unreadable(KVMCall)
  /// A vCPU's features are not what its Realm needs.
  case unfit(Int, Unfitness)
  /// A personalization value of another length than 64 bytes.
  case personalizationLength(Int)
  /// Bounds that are no pages, a wrap around, or one beyond the IPA space or the end of a region.
  case range(KVMCall, base: UInt64, size: UInt64)
  case unknownFlags(UInt64)
  /// A region in the place of another.
  case overlap(base: UInt64, size: UInt64)
  /// No memory of the guest's is there.
  case noMemory(KVMCall, UInt64)
  /// The guest has memory there, and user space no page behind it.
  case noPage(KVMCall, UInt64)
  /// An IPA space that has too few bits, or more than there can be.
  case ipaSize(UInt64)
  case alreadyFinalized(Int)
  case notFinalized(Int)
  case noVCPU(KVMCall, Int)

  // Somebody else does not do it.
  case outOfMemory
  case refused(String, Subject, status: UInt64)
  case noProgress(String, UInt64)
  /// A vCPU of an ordinary VM: its registers or its run page are not the Host's.
  case notEntered(Int)

  // What a vCPU has come to.
  case noRAM(UInt64)
  /// Of an ordinary VM; with the PA of the page, if there is one.
  case granuleProtectionFault(UInt64, pa: UInt64?)
  /// PSCI_CPU_ON or PSCI_AFFINITY_INFO of a Realm for a vCPU that is not there.
  case noTarget(String, UInt64)

  package var errno: KVMErrno {
    switch self {
    case .outOfOrder(let call, _): call.errnoOutOfOrder
    case .noRealm, .unknownHash, .hashNotSupported, .unknownCapability, .unknownCommand, .unknownItem, .unknownFeature, .unfit,
      .personalizationLength,
      .range, .unknownFlags, .noTarget, .noVCPU, .ipaSize:
      .einval
    case .overlap: .eexist
    case .unreadable, .noMemory, .noPage, .noRAM, .granuleProtectionFault: .efault
    case .alreadyFinalized: .ebusy
    case .notFinalized, .noRealms: .eperm
    case .outOfMemory: .enomem
    case .refused, .noProgress, .notEntered: .enxio
    }
  }
}
