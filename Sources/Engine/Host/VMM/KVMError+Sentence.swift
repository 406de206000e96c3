import Basics
import Machine

/// What a person is told of an error of KVM's.
extension KVMError {
  var sentence: String {
    switch self {
    case .outOfOrder(let call, let state): answered(call, "the Realm is \(state.rawValue)")
    case .noRealms(let why): answered(.createVM, why)
    case .noRealm(let call): answered(call, "the VM was not created as a Realm")
    case .unknownHash(let number): answered(.configure, "\(number) is no hash algorithm; SHA-256 is 0, SHA-512 is 1")
    case .hashNotSupported(let number): answered(.configure, "the RMM has no hash algorithm \(number)")
    case .unknownCapability(let number):
      "KVM_ENABLE_CAP answered EINVAL: there is no capability \(number) to enable; Realms have \(KVMRealmCapability.number)"
    case .unknownCommand(let number): "KVM_ENABLE_CAP answered EINVAL: the capability for Realms has no command \(number)"
    case .unknownItem(let number):
      answered(.configure, "\(number) is nothing to configure; 0 is the personalization value, 1 the hash")
    case .unknownFeature(let number):
      answered(.finalizeVCPU, "feature \(number) is not to be finalized; \(KVMRealmCapability.recFeature) is REC")
    case .unreadable(let call): answered(call, "the structure is not in memory of user space's")
    case .unfit(let vcpu, .noPSCI): answered(.finalizeVCPU, "vCPU \(vcpu) has no PSCI 0.2")
    case .unfit(let vcpu, .otherPMU): answered(.finalizeVCPU, "vCPU \(vcpu) has a PMU and the Realm none, or the other way round")
    case .personalizationLength(let count):
      answered(
        .configure,
        "the personalization value has \(count) bytes; it has \(KVMVirtualMachine.personalizationLength)")
    case .range(let call, let base, let size):
      answered(call, "\(hex(size)) bytes at \(hex(base)) are no pages within one region of memory")
    case .unknownFlags(let flags): answered(.populate, "\(hex(flags)) has flags that are unknown; 0x1 is to measure")
    case .overlap(let base, let size): answered(.setMemoryRegion, "\(hex(size)) bytes at \(hex(base)) overlap another region")
    case .noMemory(let call, let ipa): answered(call, "the guest has no memory at \(hex(ipa))")
    case .noPage(let call, let ipa): answered(call, "user space has no page behind \(hex(ipa))")
    case .ipaSize(let bits): answered(.createVM, "an IPA space of \(bits) bits cannot be")
    case .alreadyFinalized(let vcpu): answered(.finalizeVCPU, "vCPU \(vcpu) has a REC already")
    case .notFinalized(let vcpu): answered(.run, "vCPU \(vcpu) has no REC yet")
    case .noVCPU(let call, let vcpu): answered(call, "there is no vCPU \(vcpu)")
    case .outOfMemory: "the Host is out of memory; give the machine more dram"
    case .refused(let call, let subject, let status): "\(call) \(subject.words) answered \(Names.status(.rmi, status))"
    case .noProgress(let call, let ipa): "\(call) at \(hex(ipa)) made no progress"
    case .notEntered(let vcpu): "vCPU \(vcpu) cannot be entered: the last step says why"
    case .noRAM(let ipa): "the guest wants \(hex(ipa)), which is no RAM of its own"
    case .granuleProtectionFault(let ipa, let pa):
      "granule protection fault at IPA \(hex(ipa))\(pa.map { ", PA \(hex($0))" } ?? ""): what it leads to is not Non-secure"
    case .noTarget(let call, let target): "\(call) of \(hex(target)), which is no vCPU"
    }
  }

  private func answered(_ call: KVMCall, _ why: String) -> String { "\(call.name) answered \(errno.rawValue): \(why)" }
}

extension KVMError.Subject {
  fileprivate var words: String {
    switch self {
    case .arguments(let arguments): arguments.map(hex).joined(separator: " ")
    case .ipa(let ipa): "at \(hex(ipa))"
    case .vcpu(let vcpu): "of vCPU \(vcpu)"
    }
  }
}
