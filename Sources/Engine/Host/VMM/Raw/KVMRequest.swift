import Basics
import Machine

/// A call of user space to KVM, one by one as somebody types them: a VM is made, given memory and vCPUs, becomes a Realm, and runs.
package enum KVMRequest: Equatable, Sendable {
  /// KVM_CREATE_VM.
  case createVM(KVMVirtualMachine.Kind, ipaBits: UInt64)
  /// KVM_SET_USER_MEMORY_REGION; absent if user space has no pages behind it.
  case setMemoryRegion(base: UInt64, size: UInt64, isAbsent: Bool)
  /// No call: user space writes into memory that it gives the guest.
  case write(UInt64, [UInt8])
  /// KVM_CREATE_VCPU and KVM_ARM_VCPU_INIT, with the registers it starts with.
  case createVCPU(pc: UInt64, x0: UInt64, KVMVirtualMachine.VCPUFeatures)
  // KVM_ENABLE_CAP(KVM_CAP_ARM_RME), by sub-command.
  case configureHash(UInt32)
  case configurePersonalization([UInt8])
  /// Another item than those two.
  case configureItem(UInt32)
  case createRealm
  case initRIPAS(base: UInt64, size: UInt64)
  case populate(base: UInt64, size: UInt64, flags: UInt32)
  case activate
  /// A sub-command with a structure that is not in user space's memory.
  case unreadable(KVMRealmCapability.Command)
  /// A sub-command by its number, of a capability by its number.
  case enableCap(command: UInt64, capability: UInt32)
  /// KVM_ARM_VCPU_FINALIZE.
  case finalize(Int, feature: UInt32)
  /// KVM_RUN: one entry.
  case run(Int)
  /// The last reference to the VM's file descriptor is closed.
  case close

  /// As ``init(_:)`` reads it.
  package var text: String {
    switch self {
    case .createVM(let kind, let bits): "CREATE_VM \(kind == .realm ? "realm" : "ordinary") ipa=\(bits)"
    case .setMemoryRegion(let base, let size, let isAbsent):
      "SET_USER_MEMORY_REGION \(hex(base)) \(hex(size))\(isAbsent ? " absent" : "")"
    case .write(let ipa, let bytes): "WRITE \(hex(ipa)) \(hexBytes(bytes))"
    case .createVCPU(let pc, let x0, let features):
      "CREATE_VCPU pc=\(hex(pc)) x0=\(hex(x0))\(features.contains(.psci02) ? "" : " no-psci")\(features.contains(.pmuV3) ? " pmu" : "")"
    case .configureHash(let number): "CONFIG_REALM hash=\(number)"
    case .configurePersonalization(let bytes): "CONFIG_REALM rpv=\(hexBytes(bytes))"
    case .configureItem(let number): "CONFIG_REALM item=\(number)"
    case .createRealm: "CREATE_REALM"
    case .initRIPAS(let base, let size): "INIT_RIPAS \(hex(base)) \(hex(size))"
    case .populate(let base, let size, let flags): "POPULATE \(hex(base)) \(hex(size)) flags=\(flags)"
    case .activate: "ACTIVATE"
    case .unreadable(let command): "\(command.word) unreadable"
    case .enableCap(let command, let capability): "ENABLE_CAP \(command) cap=\(capability)"
    case .finalize(let vcpu, let feature): "VCPU_FINALIZE \(vcpu) feature=\(feature)"
    case .run(let vcpu): "RUN \(vcpu)"
    case .close: "CLOSE"
    }
  }
}

extension KVMRealmCapability.Command {
  /// How KVM's header calls it.
  package var word: String {
    switch self {
    case .configure: "CONFIG_REALM"
    case .create: "CREATE_REALM"
    case .initRIPAS: "INIT_RIPAS"
    case .populate: "POPULATE"
    case .activate: "ACTIVATE"
    }
  }
}
