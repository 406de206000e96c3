/// SMCs of a Realm: RSI and PSCI (DEN0137 B5, B6).
extension Machine {
  /// True: the Realm goes on. False: the REC exits with `exit`.
  mutating func handleRealmSMC(_ rec: REC, _ address: UInt64, _ exit: inout ExitRecord) -> Bool {
    var call = Call()
    call.rec = address
    for n in 0...10 { call.x[n] = rec.x(n) }
    let fid = realmFunction(rec.x(0))
    if explaining, let entry = Commands.withFID(fid) {
      var copy = call
      observation.append(explanation(entry, &copy))
    }
    let top = dispatchRealm(fid, &call, &exit)
    progress.realmDecision = call.decidedBy
    if tracing {
      let answers: Bool =
        switch call.realmAction {
        case .returnToRealm, .updateAndExit: true
        case .exit, .stage2Abort: false
        }
      emit(.call, rec.x(0), rec.x(1), call.out[0], world: .realm, detail: answers ? 0 : 1)
    }
    switch call.realmAction {
    case .returnToRealm:
      answer(rec, call, top)
      rec.pc &+= 4
      return true
    case .updateAndExit:
      answer(rec, call, top)
      rec.pc &+= 4
      return false
    case .exit:
      rec.pc &+= 4
      return false
    case .stage2Abort(let ipa, let level):
      exit = stage2AbortExit(ipa, level)
      return false
    }
  }

  /// The number that decides: X0 by the specification; W0 without the SVE hint, except for PSCI, by TF-RMM (D41).
  private func realmFunction(_ x0: UInt64) -> UInt64 {
    guard policy.has(.fidIsW0WithoutSVEHint) else { return x0 }
    let w0 = x0 & 0xFFFF_FFFF
    let withoutHint = w0 & ~0x1_0000
    return PSCI.range.contains(withoutHint & ~0x4000_0000) ? w0 : withoutHint
  }

  /// Writes a call's answer: X0 and the outputs; of the rest X1 to X3 become zero, and X4 and up too unless D22 holds.
  private mutating func answer(_ rec: REC, _ call: Call, _ top: Int) {
    let written = max(top, 3)
    for n in 0...written { rec.setX(n, call.out[n]) }
    // After a PSCI exit X7 and up are the vCPU's own (DEN0137 A4.3); else what is not an output is zero.
    var last = 16
    if case .updateAndExit = call.realmAction, PSCI.range.contains(call.x[0] & 0xBFFF_FFFF) { last = 6 }
    if !policy.has(.rsiKeepsX4AndUp), top >= 0 { for n in (written + 1)...last { rec.setX(n, 0) } }
  }

  /// Finds and runs the command. Returns the highest output register; -1 if there is no such command.
  private mutating func dispatchRealm(_ fid: UInt64, _ call: inout Call, _ exit: inout ExitRecord) -> Int {
    switch fid {
    case UInt64(RSIVersion.fid): execute(RSIVersion.self, &call)
    case UInt64(RSIFeatures.fid): execute(RSIFeatures.self, &call)
    case UInt64(RSIMeasurementRead.fid):
      execute(RSIMeasurementRead.self, &call)
      return call.decidedBy == nil ? 8 : 3
    case UInt64(RSIMeasurementExtend.fid): execute(RSIMeasurementExtend.self, &call)
    case UInt64(RSIAttestationTokenInit.fid): execute(RSIAttestationTokenInit.self, &call)
    case UInt64(RSIAttestationTokenContinue.fid): execute(RSIAttestationTokenContinue.self, &call)
    case UInt64(RSIRealmConfig.fid): execute(RSIRealmConfig.self, &call)
    case UInt64(RSIIPAStateSet.fid): execute(RSIIPAStateSet.self, &call)
    case UInt64(RSIIPAStateGet.fid): execute(RSIIPAStateGet.self, &call)
    case UInt64(RSIHostCall.fid): execute(RSIHostCall.self, &call)
    case UInt64(PSCIVersion.fid): execute(PSCIVersion.self, &call)
    case UInt64(PSCIFeatures.fid): execute(PSCIFeatures.self, &call)
    case UInt64(PSCICPUOff.fid): execute(PSCICPUOff.self, &call)
    case UInt64(PSCISystemOff.fid): execute(PSCISystemOff.self, &call)
    case UInt64(PSCISystemReset.fid): execute(PSCISystemReset.self, &call)
    case UInt64(PSCICPUSuspend.fid): execute(PSCICPUSuspend.self, &call)
    case UInt64(PSCICPUOn.fid): execute(PSCICPUOn.self, &call)
    case UInt64(PSCIAffinityInfo.fid): execute(PSCIAffinityInfo.self, &call)
    case UInt64(PSCICPUSuspend.fid32) where policy.has(.psciSMC32Aliases): execute(PSCICPUSuspend.self, &call)
    case UInt64(PSCICPUOn.fid32) where policy.has(.psciSMC32Aliases): execute(PSCICPUOn.self, &call)
    case UInt64(PSCIAffinityInfo.fid32) where policy.has(.psciSMC32Aliases): execute(PSCIAffinityInfo.self, &call)
    case 0x8000_0000 where policy.has(.realmSMCCCIsOneDotTwo): call.out[0] = 0x1_0002
    default:
      // A function nobody defines: SMCCC has the vCPU keep X4 and up.
      call.out[0] = smcccNotSupported
      return -1
    }
    switch call.realmAction {
    case .updateAndExit, .exit: describeExit(fid, call, &exit)
    case .returnToRealm, .stage2Abort: break
    }
    return 3
  }

  /// What the Host is told of a call that leaves the Realm.
  private func describeExit(_ fid: UInt64, _ call: Call, _ exit: inout ExitRecord) {
    let rec = rec(call.rec)
    switch fid {
    case UInt64(RSIIPAStateSet.fid):
      exit.reason = .ripasChange
      exit.ripasBase = rec.ripasBase
      exit.ripasTop = rec.ripasTop
      exit.ripasValue = rec.ripasValue.rawValue
    case UInt64(RSIHostCall.fid):
      exit.reason = .hostCall
      guard case .address(let pa) = realmMemory(realm(rec.owner), call.x[1]) else { return }
      let page = memory.page(pa) + Int(pa & 0xF00)
      let imm = UInt32(littleEndian: page.load(as: UInt32.self))
      exit.imm = policy.has(.hostCallImmediateOf32Bits) ? imm : imm & 0xFFFF
      for n in 0..<31 {
        exit.gprs[n] = UInt64(littleEndian: page.load(fromByteOffset: 8 + n * 8, as: UInt64.self))
      }
    case UInt64(RSIAttestationTokenContinue.fid):
      exit.reason = .irq
    default:
      exit.reason = .psci
      exit.gprs[0] = policy.has(.psciExitIsRaw) ? call.x[0] : fid
      let function = UInt32(truncatingIfNeeded: fid)
      switch function {
      case PSCICPUOn.fid, PSCICPUOn.fid32:
        exit.gprs[1] = call.x[1]
        if !policy.has(.psciExitIsRaw) {
          exit.gprs[2] = call.x[2]
          exit.gprs[3] = call.x[3] & 0xFFFF_FFFF
        }
      case PSCIAffinityInfo.fid, PSCIAffinityInfo.fid32:
        exit.gprs[1] = call.x[1]
      case PSCICPUSuspend.fid, PSCICPUSuspend.fid32:
        if !policy.has(.psciExitIsRaw) {
          exit.gprs[1] = call.x[1] & 0xFFFF_FFFF
          exit.gprs[2] = call.x[2]
          exit.gprs[3] = call.x[3]
        }
      default:
        break
      }
    }
  }
}

enum PSCI {
  /// Function numbers of PSCI, as SMC32: 0x8400_0000 to 0x8400_0014.
  static let range: ClosedRange<UInt64> = 0x8400_0000...0x8400_0014
}
