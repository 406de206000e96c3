import Attestation
import Basics

extension MachineConfiguration {
  /// The configuration as properties that a script's `machine` statement reads, without those that have their default.
  public var propertyText: String {
    var plain = MachineConfiguration()
    plain.take(map)
    // A map comes first: it says where DRAM is.
    var parts = map == .model ? [] : ["map=\(map.rawValue)"]
    parts += ["dram=\(sizeText(dramSize))", "pe=\(peCount)", "rmm=\(policy.name)"]
    if dramBase != plain.dramBase { parts.append("dram_base=\(hex(dramBase))") }
    if paWidth != plain.paWidth { parts.append("pa_width=\(paWidth)") }
    if recAuxCount != plain.recAuxCount { parts.append("rec_aux_count=\(recAuxCount)") }
    if featureRegister0 != plain.featureRegister0 { parts.append("feature_register_0=\(hex(featureRegister0))") }
    if !attestation { parts.append("attestation=off") }
    if vcpu != plain.vcpu { parts.append("vcpu=\(vcpu.rawValue)") }
    if platform != plain.platform { parts.append("platform=\(platform.rawValue)") }
    if instance != plain.instance { parts.append("instance=\(instance)") }
    if lifecycle != plain.lifecycle { parts.append("lifecycle=\(hex(lifecycle))") }
    if !patched.isEmpty {
      parts.append("patch=\(Firmware.allCases.filter { patched.contains($0) }.map(\.rawValue).joined(separator: "+"))")
    }
    if token != plain.token { parts.append("token=\(token.rawValue)") }
    if let firmware { parts.append("firmware=\(firmware.rawValue)") }
    if gpf != plain.gpf { parts.append("gpf=\(gpf.rawValue)") }
    if granuleFaultsExitToHost { parts.append("host=tf-rmm") }
    if secure != plain.secure { parts.append("secure=\(secure.rawValue)") }
    if !protectsMemory { parts.append("protect=off") }
    if smmu != plain.smmu { parts.append("smmu=\(smmu.rawValue)") }
    return parts.joined(separator: " ")
  }
}
