/// The ioctls of KVM's by which a VMM makes a Realm and runs it, with their numbers on arm64.
package enum KVMIoctl: UInt32, CaseIterable, Sendable {
  case createVM = 0xAE01
  case createVCPU = 0xAE41
  case setUserMemoryRegion = 0x4020_AE46
  case run = 0xAE80
  case enableCap = 0x4068_AEA3
  case finalizeVCPU = 0x4004_AEC2

  package var name: String {
    switch self {
    case .createVM: "KVM_CREATE_VM"
    case .createVCPU: "KVM_CREATE_VCPU"
    case .setUserMemoryRegion: "KVM_SET_USER_MEMORY_REGION"
    case .run: "KVM_RUN"
    case .enableCap: "KVM_ENABLE_CAP"
    case .finalizeVCPU: "KVM_ARM_VCPU_FINALIZE"
    }
  }
}

/// Numbers of the capability for Realms, as openEuler's kernel has them; every tree has its own.
package enum KVMRealmCapability {
  package static let number: UInt32 = 300
  /// A feature of KVM_ARM_VCPU_FINALIZE.
  package static let recFeature: UInt32 = 9

  /// Sub-commands of KVM_ENABLE_CAP.
  package enum Command: UInt64, CaseIterable, Sendable {
    case configure = 0
    case create = 1
    case initRIPAS = 2
    case populate = 3
    case activate = 4
  }

  /// What CONFIG_REALM is of.
  package enum Item: UInt32, Sendable {
    case personalization = 0
    case hash = 1
    case vendor = 2
  }
}
