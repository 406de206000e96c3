/// The ioctls of KVM's that a VMM for Realms makes, with their numbers on arm64.
package enum KVMIoctl: UInt32, CaseIterable, Sendable {
  case createVM = 0xAE01
  case checkExtension = 0xAE03
  case createVCPU = 0xAE41
  case setUserMemoryRegion = 0x4020_AE46
  case irqLine = 0x4008_AE61
  case run = 0xAE80
  case enableCap = 0x4068_AEA3
  case setOneReg = 0x4010_AEAC
  case initVCPU = 0x4020_AEAE
  case preferredTarget = 0x8020_AEAF
  case finalizeVCPU = 0x4004_AEC2
  case createDevice = 0xC00C_AEE0
  case setDeviceAttribute = 0x4018_AEE1

  package var name: String {
    switch self {
    case .createVM: "KVM_CREATE_VM"
    case .checkExtension: "KVM_CHECK_EXTENSION"
    case .createVCPU: "KVM_CREATE_VCPU"
    case .setUserMemoryRegion: "KVM_SET_USER_MEMORY_REGION"
    case .irqLine: "KVM_IRQ_LINE"
    case .run: "KVM_RUN"
    case .enableCap: "KVM_ENABLE_CAP"
    case .setOneReg: "KVM_SET_ONE_REG"
    case .initVCPU: "KVM_ARM_VCPU_INIT"
    case .preferredTarget: "KVM_ARM_PREFERRED_TARGET"
    case .finalizeVCPU: "KVM_ARM_VCPU_FINALIZE"
    case .createDevice: "KVM_CREATE_DEVICE"
    case .setDeviceAttribute: "KVM_SET_DEVICE_ATTR"
    }
  }
}

/// Numbers of the capability for Realms, as openEuler's kernel has them; every tree has its own.
package enum KVMRealmCapability {
  package static let number: UInt32 = 300
  /// Of KVM_CREATE_VM: beside the width of the IPA space.
  package static let vmType: UInt64 = 1 << 8
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
