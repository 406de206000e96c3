import Machine

/// What KVM finds when the Host's kernel starts: whether there is an RMM for it (openEuler's arch/arm64/kvm/rme.c, `kvm_init_rme`).
package struct KVMStart: Equatable, Sendable {
  package enum Realms: Equatable, Sendable {
    /// RmiFeatureRegister0.
    case available(features: UInt64)
    /// RMI_VERSION answered SMC_UNK.
    case noRMM
    /// The RMM has other versions.
    case otherVersion(lowest: UInt64, highest: UInt64)
    /// There is a version in common, and no feature register.
    case noFeatures
  }

  /// The RMI version KVM is written for.
  private static let version: UInt64 = 1 << 16

  package let realms: Realms
  /// What the kernel prints of it: nothing, where nobody answers.
  package let lines: [String]

  package init(_ door: any HostDoor) {
    let answer = door.atStart([UInt64(RMIVersion.fid), Self.version])
    func version(_ value: UInt64) -> String { "\(value.bits(30, 16)).\(value.bits(15, 0))" }
    if answer[0] == SMCCC.notSupported {
      (realms, lines) = (.noRMM, [])
    } else if answer[0] != 0 {
      realms = .otherVersion(lowest: answer[1], highest: answer[2])
      lines = [
        "kvm [1]: Unsupported RMI ABI (v\(version(answer[1])) - v\(version(answer[2]))) we want v\(version(Self.version))"
      ]
    } else {
      let features = door.atStart([UInt64(RMIFeatures.fid), 0])
      realms = features[0] == 0 ? .available(features: features[1]) : .noFeatures
      lines = ["kvm [1]: RMI ABI version \(version(Self.version))"]
    }
  }

  /// Whether KVM_CREATE_VM makes a Realm.
  package var hasRealms: Bool { if case .available = realms { true } else { false } }

  /// Why it makes none, in our words.
  package var reason: String {
    switch realms {
    case .available: "there is an RMM"
    case .noRMM: "when KVM started nobody answered RMI_VERSION (SMC_UNK): there is no RMM"
    case .otherVersion: "when KVM started the RMM had no RMI version it knows"
    case .noFeatures: "when KVM started the RMM told no features"
    }
  }
}

extension KVMVirtualMachine {
  /// KVM_CREATE_VM with the type of a Realm: for a KVM that has found an RMM alone.
  func demandRealms() throws(KVMError) {
    guard isRealm else { return }
    let start = KVMStart(door)
    guard start.hasRealms else { throw .noRealms(start.reason) }
  }
}
