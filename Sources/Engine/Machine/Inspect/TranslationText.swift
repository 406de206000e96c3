import Basics

extension Machine {
  /// A virtual address of a vCPU, stage by stage, in words.
  package func translation(_ address: UInt64, _ va: UInt64) -> String {
    guard let regime = regime(address) else { return "no vCPU" }
    let ipa: UInt64
    do throws(A64Stop) {
      ipa = try translateStage1(va, .read, regime)
    } catch {
      switch error {
      case .toEL1(let esr, _): return "VA \(hex(va)): stage 1 fault, ESR_EL1 \(hex(esr))"
      default: return "VA \(hex(va)): a table of stage 1 is not there in stage 2"
      }
    }
    let stage1 = regime.rec[.sctlrEL1] & 1 == 1 ? "stage 1 gives" : "the MMU is off:"
    switch translateStage2(regime.stage2, ipa, .read) {
    case .address(let pa): return "VA \(hex(va)): \(stage1) IPA \(hex(ipa)), stage 2 PA \(hex(pa | va & 0xFFF))"
    case .nothing: return "VA \(hex(va)): \(stage1) IPA \(hex(ipa)), stage 2 a PA where no memory is"
    case .addressSize: return "VA \(hex(va)): \(stage1) IPA \(hex(ipa)), which is beyond the IPA space"
    case .translation(let level): return "VA \(hex(va)): \(stage1) IPA \(hex(ipa)); stage 2 has no translation at level \(level)"
    case .permission(let level): return "VA \(hex(va)): \(stage1) IPA \(hex(ipa)); stage 2 does not permit it at level \(level)"
    case .accessFlag(let level): return "VA \(hex(va)): \(stage1) IPA \(hex(ipa)); access flag fault of stage 2 at level \(level)"
    case .outputAddressSize(let level):
      return "VA \(hex(va)): \(stage1) IPA \(hex(ipa)); address size fault of stage 2 at level \(level)"
    case .granuleProtectionOnWalk(let level):
      return "VA \(hex(va)): \(stage1) IPA \(hex(ipa)); granule protection fault on the walk of stage 2 at level \(level)"
    case .granuleProtection: return "VA \(hex(va)): \(stage1) IPA \(hex(ipa)); granule protection fault"
    }
  }
}
