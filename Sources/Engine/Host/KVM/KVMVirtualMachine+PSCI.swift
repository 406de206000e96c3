import Machine

/// PSCI, as KVM answers it. Of a Realm's calls the RMM leaves to it those about another vCPU, which it is told by RMI_PSCI_COMPLETE, and
/// those after which a vCPU or the system is off or suspended; of an ordinary VM each call comes here.
extension KVMVirtualMachine {
  /// A REC exit for PSCI.
  func psci(_ exit: RunExit, _ vcpu: Int) throws(KVMError) -> KVMExit {
    let target = exit.gpr(1)
    func named(_ call: String) throws(KVMError) -> Int {
      guard let index = state.vcpus.indices.first(where: { UInt64($0) == recIndex(target: target) }) else {
        throw .noTarget(call, target)
      }
      return index
    }
    switch UInt32(truncatingIfNeeded: exit.gpr(0)) {
    case PSCISystemOff.fid: return .systemEvent(.shutdown)
    case PSCISystemReset.fid: return .systemEvent(.reset)
    case PSCICPUOff.fid:
      state.vcpus[vcpu].isOn = false
      return .off
    case PSCICPUOn.fid, PSCICPUOn.fid32:
      let index = try named("PSCI_CPU_ON")
      try call("RMI_PSCI_COMPLETE", state.vcpus[vcpu].address, state.vcpus[index].address, 0)
      state.vcpus[index].isOn = true
    case PSCIAffinityInfo.fid, PSCIAffinityInfo.fid32:
      let index = try named("PSCI_AFFINITY_INFO")
      try call("RMI_PSCI_COMPLETE", state.vcpus[vcpu].address, state.vcpus[index].address, 0)
    default:
      // PSCI_CPU_SUSPEND: an interrupt lets it go on.
      state.vcpus[vcpu].isWaiting = true
      return .suspended
    }
    return .served
  }

  // MARK: Of an ordinary VM

  /// An SMC or HVC: PSCI and SMCCC, as KVM answers them; whatever else there is, RSI too, is not supported.
  func answerCall(_ exit: RunExit, _ vcpu: Int) -> KVMExit {
    let function = UInt32(truncatingIfNeeded: exit.gpr(0))
    var result: Int64 = 0
    var left = KVMExit.served
    switch function {
    case UInt32(SMCCC.version): result = 0x1_0001  // 1.1
    case PSCIVersion.fid: result = 0x1_0001  // 1.1
    case PSCIFeatures.fid: result = Self.isPSCI(UInt32(truncatingIfNeeded: exit.gpr(1))) ? 0 : notSupported
    case 0x8400_0006: result = 2  // MIGRATE_INFO_TYPE: nothing there to migrate
    case PSCISystemOff.fid: return .systemEvent(.shutdown)
    case PSCISystemReset.fid: return .systemEvent(.reset)
    case PSCICPUOff.fid:
      state.vcpus[vcpu].isOn = false
      return .off
    case PSCICPUOn.fid, PSCICPUOn.fid32: result = turnOn(exit)
    case PSCIAffinityInfo.fid, PSCIAffinityInfo.fid32:
      result = target(exit.gpr(1)).map { state.vcpus[$0].isOn ? 0 : 1 } ?? invalidParameters
    case PSCICPUSuspend.fid, PSCICPUSuspend.fid32:
      // An interrupt lets it go on, and it has lost nothing.
      state.vcpus[vcpu].isWaiting = true
      left = .suspended
    default: result = notSupported
    }
    // X0, and zero in X1 to X3.
    let bytes = (0..<8).map { UInt8(truncatingIfNeeded: result >> (8 * $0)) } + [UInt8](repeating: 0, count: 24)
    door.write(RmmRec.table.gprs.address(in: state.vcpus[vcpu].address), bytes)
    return left
  }

  private var notSupported: Int64 { -1 }
  private var invalidParameters: Int64 { -2 }
  private var alreadyOn: Int64 { -4 }

  private static func isPSCI(_ function: UInt32) -> Bool {
    [
      UInt32(SMCCC.version), PSCIVersion.fid, PSCIFeatures.fid, 0x8400_0006, PSCISystemOff.fid, PSCISystemReset.fid,
      PSCICPUOff.fid,
      PSCICPUOn.fid, PSCICPUOn.fid32, PSCIAffinityInfo.fid, PSCIAffinityInfo.fid32, PSCICPUSuspend.fid, PSCICPUSuspend.fid32,
    ].contains(function)
  }

  /// The vCPU a PSCI target names.
  private func target(_ target: UInt64) -> Int? { state.vcpus.indices.first { UInt64($0) == target } }

  private func turnOn(_ exit: RunExit) -> Int64 {
    guard let target = target(exit.gpr(1)) else { return invalidParameters }
    guard !state.vcpus[target].isOn else { return alreadyOn }
    reset(target, pc: exit.gpr(2), context: exit.gpr(3))
    state.vcpus[target].isOn = true
    state.vcpus[target].isWaiting = false
    state.vcpus[target].deadline = nil
    return 0
  }
}
