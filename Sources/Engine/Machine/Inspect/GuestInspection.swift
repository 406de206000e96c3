extension Machine {
  /// A vCPU by where its registers are: a REC, or memory of the Host's if a PE is set up to run such vCPUs.
  private func vcpu(_ address: UInt64) -> (rec: REC, stage2: Stage2Regime)? {
    guard address.isGranuleAligned else { return nil }
    if configuration.secure == .tee, address == Self.partitionVCPU { return (hostVCPU(address), .secure(Self.codePartition)) }
    if granuleIs(address, .rec) { return (rec(address), .realm(realm(rec(address).owner))) }
    guard isDRAM(address), granuleProtectionCheck(address, .nonSecure) == nil else { return nil }
    let pes = [control.pes[control.currentPE]] + control.pes
    guard let pe = pes.first(where: { $0.hcrEL2 & HCR.needed == HCR.needed && $0.stage2.problem == nil }) else { return nil }
    return (hostVCPU(address), .normal(pe.stage2))
  }

  /// The registers of a vCPU; nil if there is none.
  public func guestRegisters(_ address: UInt64) -> GuestRegisters? {
    guard let rec = vcpu(address)?.rec else { return nil }
    return GuestRegisters(
      address: address, isInRealm: granuleIs(address, .rec), vcpu: recIndex(target: rec.mpidr), x: (0..<31).map { rec.x($0) },
      sp: rec[rec.pstate & 0xF == 0b0101 ? .spEL1 : .spEL0], pc: rec.pc,
      pstate: rec.pstate)
  }

  /// The width of the IPA space a vCPU is in.
  package func ipaWidth(of address: UInt64) -> UInt64? {
    switch vcpu(address)?.stage2 {
    case .realm(let realm): realm.ipaWidth
    case .normal(let tables): 64 - tables.vtcr & 0x3F
    case .secure: configuration.paWidth
    case nil: nil
    }
  }

  /// How a vCPU's addresses are translated, as it stands.
  func regime(_ address: UInt64) -> TranslationRegime? {
    guard let (rec, stage2) = vcpu(address), rec.pstate >> 2 & 3 < 2 else { return nil }
    return TranslationRegime(rec: rec, stage2: stage2, exceptionLevel: rec.pstate >> 2 & 3)
  }

  /// Instructions from a virtual address on, as a vCPU would fetch them; nil where it could not.
  package func guestWords(_ address: UInt64, from va: UInt64, count: Int) -> [(address: UInt64, word: UInt32?)] {
    guard let regime = regime(address) else { return [] }
    return (0..<count).map { n in
      let at = va &+ UInt64(4 * n)
      return (at, translate(at, .fetch, regime).pa.map { UInt32(truncatingIfNeeded: readBytes($0, 4)) })
    }
  }

  /// Where an instruction fetch of a virtual address leads: the IPA stage 1 makes of it, and the PA.
  package func guestTranslation(_ address: UInt64, _ va: UInt64) -> (ipa: UInt64?, pa: UInt64?) {
    regime(address).map { translate(va, .fetch, $0) } ?? (nil, nil)
  }

  /// Both stages of a virtual address; nil from where it leads nowhere.
  func translate(_ va: UInt64, _ kind: Stage2Access, _ regime: TranslationRegime) -> (ipa: UInt64?, pa: UInt64?) {
    guard let ipa = try? translateStage1(va, kind, regime) else { return (nil, nil) }
    guard case .address(let pa) = translateStage2(regime.stage2, ipa, kind) else { return (ipa, nil) }
    return (ipa, pa)
  }

  /// What the last exception a vCPU took to EL1 left, and where its handlers are.
  package func guestException(_ address: UInt64) -> GuestException? {
    guard let rec = vcpu(address)?.rec else { return nil }
    return GuestException(vbar: rec[.vbarEL1], elr: rec[.elrEL1], esr: rec[.esrEL1], far: rec[.farEL1])
  }

  /// Whether a vCPU's stage 1 is on, its table for low addresses, and TCR_EL1.
  package func guestStage1(_ address: UInt64) -> (isOn: Bool, ttbr0: UInt64, tcr: UInt64)? {
    guard let rec = vcpu(address)?.rec else { return nil }
    return (rec[.sctlrEL1] & 1 == 1, rec[.ttbr0EL1], rec[.tcrEL1])
  }
}

/// VBAR_EL1, ELR_EL1, ESR_EL1 and FAR_EL1 of a vCPU.
package struct GuestException: Equatable, Sendable {
  package let vbar: UInt64
  package let elr: UInt64
  package let esr: UInt64
  package let far: UInt64

  /// Whether an address is in its table of 16 handlers (Arm ARM D1.3.1).
  package func isVector(_ address: UInt64) -> Bool { address >= vbar && address - vbar < 0x800 }
}
