/// A vCPU's registers as somebody looks at them.
public struct GuestRegisters: Sendable, Equatable {
  /// Where they are: the REC, or a granule of the Host's.
  public let rec: UInt64
  /// Whether it is a Realm's vCPU.
  public var isInRealm = true
  /// Which vCPU of its guest it is, by its MPIDR.
  public var vcpu: UInt64 = 0
  /// X0 to X30.
  public let x: [UInt64]
  public let sp: UInt64
  public let pc: UInt64
  /// As SPSR has it: flags in bits 31:28, DAIF in 9:6, level and stack pointer in 3:0.
  public let pstate: UInt64

  public var exceptionLevel: UInt64 { pstate >> 2 & 3 }
  /// `EL1h nZCv DaIF`: capitals are set.
  public var state: String {
    func letter(_ bit: UInt64, _ letter: Character) -> String {
      pstate >> bit & 1 == 1 ? String(letter) : letter.lowercased()
    }
    let level = exceptionLevel == 0 ? "EL0" : pstate & 1 == 1 ? "EL1h" : "EL1t"
    return "\(level) \(letter(31, "N"))\(letter(30, "Z"))\(letter(29, "C"))\(letter(28, "V")) "
      + "\(letter(9, "D"))\(letter(8, "A"))\(letter(7, "I"))\(letter(6, "F"))"
  }
}

extension Machine {
  /// A vCPU by where its registers are: a REC, or memory of the Host's if a PE is set up to run such vCPUs.
  private func vcpu(_ address: UInt64) -> (rec: REC, stage2: Stage2Regime)? {
    guard address.isGranuleAligned else { return nil }
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
      rec: address, isInRealm: granuleIs(address, .rec), vcpu: recIndex(target: rec.mpidr), x: (0..<31).map { rec.x($0) },
      sp: rec[rec.pstate & 0xF == 0b0101 ? .spEL1 : .spEL0], pc: rec.pc,
      pstate: rec.pstate)
  }

  /// The width of the IPA space a vCPU is in.
  func ipaWidth(of address: UInt64) -> UInt64? {
    switch vcpu(address)?.stage2 {
    case .realm(let realm): realm.ipaWidth
    case .normal(let tables): 64 - tables.vtcr & 0x3F
    case nil: nil
    }
  }

  /// How a vCPU's addresses are translated, as it stands.
  func regime(_ address: UInt64) -> TranslationRegime? {
    guard let (rec, stage2) = vcpu(address), rec.pstate >> 2 & 3 < 2 else { return nil }
    return TranslationRegime(rec: rec, stage2: stage2, exceptionLevel: rec.pstate >> 2 & 3)
  }

  /// Instructions around a vCPU's pc, as the vCPU would fetch them; nil where it could not.
  public func guestWords(_ address: UInt64, from va: UInt64, count: Int) -> [(address: UInt64, word: UInt32?)] {
    guard let regime = regime(address) else { return [] }
    return (0..<count).map { n in
      let at = va &+ UInt64(4 * n)
      return (at, translate(at, .fetch, regime).pa.map { UInt32(truncatingIfNeeded: readBytes($0, 4)) })
    }
  }

  /// Where a virtual address leads: the IPA stage 1 makes of it, and the PA.
  public func guestTranslation(_ address: UInt64, _ va: UInt64) -> (ipa: UInt64?, pa: UInt64?) {
    regime(address).map { translate(va, .fetch, $0) } ?? (nil, nil)
  }

  /// Both stages of a virtual address; nil from where it leads nowhere.
  func translate(_ va: UInt64, _ kind: Stage2Access, _ regime: TranslationRegime) -> (ipa: UInt64?, pa: UInt64?) {
    guard let ipa = try? translateStage1(va, kind, regime) else { return (nil, nil) }
    guard case .address(let pa) = translateStage2(regime.stage2, ipa, kind) else { return (ipa, nil) }
    return (ipa, pa)
  }

  /// Whether a vCPU's stage 1 is on, and its table for low addresses.
  public func guestStage1(_ address: UInt64) -> (isOn: Bool, ttbr0: UInt64, tcr: UInt64)? {
    guard let rec = vcpu(address)?.rec else { return nil }
    return (rec[.sctlrEL1] & 1 == 1, rec[.ttbr0EL1], rec[.tcrEL1])
  }
}
