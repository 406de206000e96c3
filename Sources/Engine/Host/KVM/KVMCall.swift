/// A call of user space to KVM, of those that have an order.
package enum KVMCall: Equatable, Sendable, CaseIterable {
  case setMemoryRegion
  case configure
  case createRealm
  case initRIPAS
  case populate
  case createVCPU
  case finalizeVCPU
  case activate
  case run

  /// The ioctl, with the capability's sub-command.
  var name: String {
    switch self {
    case .setMemoryRegion: "KVM_SET_USER_MEMORY_REGION"
    case .configure: "KVM_ENABLE_CAP(CONFIG_REALM)"
    case .createRealm: "KVM_ENABLE_CAP(CREATE_REALM)"
    case .initRIPAS: "KVM_ENABLE_CAP(INIT_RIPAS)"
    case .populate: "KVM_ENABLE_CAP(POPULATE)"
    case .createVCPU: "KVM_CREATE_VCPU"
    case .finalizeVCPU: "KVM_ARM_VCPU_FINALIZE(REC)"
    case .activate: "KVM_ENABLE_CAP(ACTIVATE)"
    case .run: "KVM_RUN"
    }
  }

  /// What it answers if the Realm is in none of the states it is for.
  var errnoOutOfOrder: KVMErrno {
    switch self {
    case .configure, .createVCPU: .ebusy
    case .createRealm: .eexist
    case .initRIPAS, .populate: .eperm
    case .finalizeVCPU: .enoent
    case .setMemoryRegion, .activate, .run: .einval
    }
  }
}

/// How far KVM is with a Realm.
package enum KVMRealmState: String, Sendable {
  case none = "NONE"
  case new = "NEW"
  case active = "ACTIVE"
  case dying = "DYING"
  case dead = "DEAD"
}

/// Error numbers of Linux that KVM answers with.
package enum KVMErrno: String, Sendable {
  case eperm = "EPERM"
  case enoent = "ENOENT"
  case enxio = "ENXIO"
  case enomem = "ENOMEM"
  case efault = "EFAULT"
  case ebusy = "EBUSY"
  case eexist = "EEXIST"
  case einval = "EINVAL"
}
