import Testing

@testable import Machine

/// The device and its SMMU.
struct DMATests {
  private static let page: UInt64 = 0x8010_0000

  private func machine(_ smmu: SMMUCheck, _ map: MemoryMapKind = .model) -> Machine {
    var configuration = MachineConfiguration()
    configuration.take(map)
    configuration.smmu = smmu
    return Machine(configuration)
  }

  private func dma(_ machine: inout Machine, _ address: UInt64, _ kind: MemoryAccess.Kind = .read64) -> AccessOutcome? {
    guard case .access(let outcome) = machine.perform(.access(MemoryAccess(device: address, kind: kind))) else { return nil }
    return outcome
  }

  private func passes(_ outcome: AccessOutcome?) -> Bool {
    if case .fault = outcome { return false }
    return outcome != nil
  }

  /// With the check on the device is refused what the Normal world is, region by region.
  @Test func theCheckIsThatOfThePEs() {
    var one = machine(.on)
    var x = InlineArray<18, UInt64>(repeating: 0)
    (x[0], x[1]) = (UInt64(GranuleDelegate.fid), Self.page)
    _ = one.perform(smc: &x, from: .normal)
    let places = [Self.page, Self.page + 0x1000] + one.map.memories.map(\.range.lowerBound)
    for place in places {
      let host = one.perform(.access(MemoryAccess(world: .normal, address: place, kind: .read64)))
      guard case .access(let outcome) = host else { continue }
      #expect(passes(dma(&one, place)) == passes(outcome), "\(place)")
    }
    #expect(!one.control.isScribbled)
  }

  /// Without it the device reads and writes what is behind the address.
  @Test(arguments: [SMMUCheck.off, .absent])
  func withoutTheCheckNothingStopsIt(_ smmu: SMMUCheck) {
    var one = machine(smmu)
    var x = InlineArray<18, UInt64>(repeating: 0)
    (x[0], x[1]) = (UInt64(GranuleDelegate.fid), Self.page)
    _ = one.perform(smc: &x, from: .normal)
    #expect(dma(&one, Self.page + 0x1000, .write64(5)) == .ok)
    // What the Host may touch is nobody else's: nothing is known to be broken.
    #expect(!one.control.isScribbled && one.invariantViolations() == [])
    #expect(dma(&one, Self.page, .write64(7)) == .ok)
    #expect(dma(&one, Self.page) == .value(7))
    #expect(one.control.isScribbled)
    #expect(one.events.contains { $0.layer == "DMA" && $0.text.contains("SMMU") })
    // What has no memory behind it does not answer.
    #expect(!passes(dma(&one, 0x2000_0000)))
  }

  /// Memory that looks after itself answers its own address space, whatever stands before the device.
  @Test func filteredMemoryRefuses() {
    var one = machine(.absent, .fvp)
    #expect(!passes(dma(&one, 0x0401_0000)))
    #expect(passes(dma(&one, 0xFDC0_0000)))
  }

  /// It is no PE: it goes on while a PE has stopped, and its faults do not go to EL3.
  @Test func thePEsAreNotConcerned() {
    var configuration = MachineConfiguration()
    configuration.gpf = .el3
    var one = Machine(configuration)
    #expect(!passes(dma(&one, 0x0400_0000)))
    #expect(!one.control.pes[0].hasStopped)
    _ = one.perform(.access(MemoryAccess(world: .normal, address: 0x0400_0000, kind: .read64)))
    #expect(one.control.pes[0].hasStopped)
    #expect(passes(dma(&one, Self.page)))
  }
}
