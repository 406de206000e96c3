/// A call of user space to KVM, of those that have an order.
package enum KVMCall: Equatable, Sendable, CaseIterable {
  case createVM
  case setMemoryRegion
  /// Of another capability, or of a command that the one for Realms has not.
  case enableCap
  case configure
  case createRealm
  case initRIPAS
  case populate
  case createVCPU
  case finalizeVCPU
  case activate
  case run

  /// The ioctl it is made by.
  package var ioctl: KVMIoctl {
    switch self {
    case .createVM: .createVM
    case .setMemoryRegion: .setUserMemoryRegion
    case .enableCap, .configure, .createRealm, .initRIPAS, .populate, .activate: .enableCap
    case .createVCPU: .createVCPU
    case .finalizeVCPU: .finalizeVCPU
    case .run: .run
    }
  }

  /// The ioctl, with the capability's sub-command or the feature.
  package var name: String {
    let part: String? =
      switch self {
      case .configure: "CONFIG_REALM"
      case .createRealm: "CREATE_REALM"
      case .initRIPAS: "INIT_RIPAS"
      case .populate: "POPULATE"
      case .activate: "ACTIVATE"
      case .finalizeVCPU: "REC"
      case .createVM, .setMemoryRegion, .enableCap, .createVCPU, .run: nil
      }
    return ioctl.name + (part.map { "(\($0))" } ?? "")
  }

  /// What it answers if the Realm is in none of the states it is for.
  var errnoOutOfOrder: KVMErrno {
    switch self {
    case .configure, .createVCPU: .ebusy
    case .createRealm: .eexist
    case .initRIPAS, .populate: .eperm
    case .finalizeVCPU: .enoent
    case .createVM, .setMemoryRegion, .enableCap, .activate, .run: .einval
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
