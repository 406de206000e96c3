/// What of a vCPU says where its kernel's memory is, and what it is doing.
package struct KernelRegisters: Equatable, Sendable {
  package let general: GuestRegisters
  package let ttbr1: UInt64
  package let tcr: UInt64
  package let spEL0: UInt64
  package let tpidrEL1: UInt64

  /// Whether it is at EL1.
  package var isInKernel: Bool { general.pstate >> 2 & 3 == 1 }

  package init(_ general: GuestRegisters, ttbr1: UInt64, tcr: UInt64, spEL0: UInt64, tpidrEL1: UInt64) {
    (self.general, self.ttbr1, self.tcr, self.spEL0, self.tpidrEL1) = (general, ttbr1, tcr, spEL0, tpidrEL1)
  }
}

extension Machine {
  /// Nil if there is no such vCPU, or its stage 1 is off.
  package func guestKernelRegisters(_ address: UInt64) -> KernelRegisters? {
    guard let general = guestRegisters(address), let rec = regime(address)?.rec, rec[.sctlrEL1] & 1 == 1 else { return nil }
    return KernelRegisters(
      general, ttbr1: rec[.ttbr1EL1], tcr: rec[.tcrEL1], spEL0: rec[.spEL0], tpidrEL1: rec[.tpidrEL1])
  }

  /// The 8 bytes that a page of a guest's memory begins with.
  package func guestPageHead(_ address: UInt64, ipa: UInt64) -> UInt64? {
    guard let regime = regime(address), case .address(let pa) = translateStage2(regime.stage2, ipa.granuleBase, .read),
      isDRAM(pa)
    else { return nil }
    return memory.load64(pa)
  }

  /// The page of a guest's memory at an IPA; nil where stage 2 leads to none.
  package func guestPage(_ address: UInt64, ipa: UInt64) -> [UInt8]? {
    guard let regime = regime(address), case .address(let pa) = translateStage2(regime.stage2, ipa.granuleBase, .read),
      isDRAM(pa)
    else { return nil }
    return bytes(pa, Int(Granule.size))
  }
}
