/// Where the memories of the Root, Secure and Realm firmware lie, outside DRAM.
package enum BootMemory {
  package struct Region: Sendable {
    package var name: String
    package var owner: String
    package var pas: PAS
    package var range: Range<UInt64>
  }

  /// BL31's SRAM, the Secure world's DRAM with its owner, the RMM's carve-out with the buffer it shares with EL3, and the GPT.
  package static let regions: [Region] = [
    Region(name: "EL3 SRAM", owner: "BL31", pas: .root, range: 0x0400_0000..<0x0410_0000),
    Region(name: "Secure DRAM", owner: "SPMC", pas: .secure, range: 0x0600_0000..<0x0700_0000),
    Region(name: "RMM carve-out", owner: "RMM", pas: .realm, range: 0x0800_0000..<0x0900_0000),
    Region(name: "GPT", owner: "BL31", pas: .root, range: 0x4000_0000..<0x8000_0000),
  ]

  /// The 4 KiB buffer EL3 and the RMM share; the boot manifest is at its beginning.
  static let sharedBuffer: UInt64 = 0x0800_0000
  /// Where the RMM keeps the platform token.
  static let platformToken: UInt64 = 0x0800_1000
}

extension Machine {
  /// Whether memory of the model stands behind every byte of the range.
  package func isBacked(_ address: UInt64, _ length: UInt64) -> Bool {
    guard length > 0 else { return true }
    guard address <= ~(length - 1) else { return false }
    let last = address + (length - 1)
    if isDRAM(address) { return isDRAM(last) }
    return BootMemory.regions.contains { $0.range.contains(address) && $0.range.contains(last) }
  }
}

/// The stages of a boot, each with what it leaves behind.
public enum BootStage: Int, Sendable, CaseIterable {
  case bl1 = 1, bl2, gpt, bl31, spmc, rmm, normal

  public var name: String {
    switch self {
    case .bl1: "BL1"
    case .bl2: "BL2"
    case .gpt: "GPT"
    case .bl31: "BL31"
    case .spmc: "BL32"
    case .rmm: "RMM"
    case .normal: "BL33"
    }
  }

  public var summary: String {
    switch self {
    case .bl1: "boot ROM at EL3: measures and loads BL2"
    case .bl2: "measures and loads BL31, BL32, the RMM and BL33"
    case .gpt: "L0 and L1 tables, GPTBR_EL3, GPCCR_EL3: granule protection is on"
    case .bl31: "EL3 runtime: SMC routing, granule transitions, attestation services"
    case .spmc: "Secure partition manager at S-EL1, owner of Secure DRAM"
    case .rmm: "R-EL2: reads the boot manifest, answers RMM_BOOT_COMPLETE 0"
    case .normal: "NS-EL2: the Host's hypervisor; nothing is delegated"
    }
  }
}

/// RmmBootError: what the RMM answers to its boot.
enum RMMBootError: Int64 {
  case success = 0
  case versionNotValid = -2
  case cpusOutOfRange = -3
  case invalidSharedBuffer = -5
  case manifestVersion = -6
  case manifestData = -7
}

extension Machine {
  /// From reset to the Normal world running. Every stage leaves an event.
  mutating func boot() {
    loadAndMeasure(.bl1)
    stage(.bl1)
    loadAndMeasure(.bl2)
    stage(.bl2)
    for component in [Firmware.bl31, .rmm, .hwConfig] { loadAndMeasure(component) }
    buildGPT()
    stage(.gpt)
    stage(.bl31)
    movePE(to: .secure, 1)
    bootSPMC()
    stage(.spmc)
    movePE(to: .root, 3)
    writeManifest()
    movePE(to: .realm, 2)
    let result = bootRMM(version: 0x4, cpus: UInt64(configuration.peCount), buffer: BootMemory.sharedBuffer)
    precondition(result == .success, "the RMM refuses the manifest EL3 has written: \(result)")
    emit(.service, UInt64(ServiceFID.bootComplete), UInt64(bitPattern: result.rawValue), 0, world: .realm)
    stage(.rmm)
    movePE(to: .root, 3)
    for pe in control.pes.indices {
      control.currentPE = pe
      movePE(to: .normal, 2)
    }
    control.currentPE = 0
    stage(.normal)
  }

  private mutating func stage(_ stage: BootStage) {
    control.bootStages |= 1 << UInt64(stage.rawValue)
    emit(.boot, UInt64(stage.rawValue), world: control.pes[control.currentPE].world)
  }

  /// Writes the tables: one L1 table for the gigabyte of firmware memories, blocks for whole gigabytes of DRAM, and contiguous
  /// entries for a gigabyte that DRAM fills in part. What is not memory has GPI NO_ACCESS.
  private mutating func buildGPT() {
    typealias GPT = GranuleProtectionTable
    func allocate(_ machine: inout Machine) -> UInt64 {
      let table = machine.control.nextL1Table
      machine.control.nextL1Table += GPT.l1Size
      return table
    }
    let firmware = allocate(&self)
    memory.store64(GPT.l0Base, GPT.l0Table(firmware))
    memory.store64(GPT.l0Base + 8, GPT.l0Block(.root))
    for region in BootMemory.regions where region.range.upperBound <= 1 << GPT.regionShift {
      let gpi = GPI(rawValue: region.pas.rawValue) ?? .noAccess
      for index in (region.range.lowerBound >> 16)..<(region.range.upperBound >> 16) {
        memory.store64(firmware + index * 8, GPT.granules(gpi))
      }
    }
    let gigabyte: UInt64 = 1 << GPT.regionShift
    var base = dramBase & ~(gigabyte - 1)
    while base < configuration.dramTop {
      let l0 = GPT.l0Base + (base >> GPT.regionShift) * 8
      if base >= dramBase, configuration.dramTop - base >= gigabyte {
        memory.store64(l0, GPT.l0Block(.nonSecure))
      } else {
        let table = allocate(&self)
        memory.store64(l0, GPT.l0Table(table))
        fillPartialRegion(table, max(base, dramBase), min(base + gigabyte, configuration.dramTop))
      }
      base += gigabyte
    }
  }

  private mutating func fillPartialRegion(_ table: UInt64, _ from: UInt64, _ to: UInt64) {
    typealias GPT = GranuleProtectionTable
    var address = from
    while address < to {
      // The largest contiguous descriptor that fits here; a last piece below 64 KiB gets its granules one by one.
      let size = (1...3).last {
        let bytes = GPT.contiguousEntries[$0] << 16
        return address.isAligned(to: bytes) && to - address >= bytes
      }
      let index = address.bits(GPT.regionShift - 1, 16)
      if let size {
        let count = GPT.contiguousEntries[size]
        for i in 0..<count { memory.store64(table + (index + i) * 8, GPT.contiguous(.nonSecure, UInt64(size))) }
        address += count << 16
      } else {
        let granules = min((to - address) >> 12, 16)
        let entry = granules == 16 ? GPT.granules(.nonSecure) : GPT.granules(.nonSecure) & ((1 << (granules * 4)) - 1)
        memory.store64(table + index * 8, entry)
        address += granules << 12
      }
    }
  }

  /// EL3 writes boot manifest v0.3: one DRAM bank with its checksum, no console.
  private mutating func writeManifest() {
    let (manifest, bank) = (BootManifest.table, DRAMBank.table)
    let address = BootMemory.sharedBuffer
    let banks = address + UInt64(BootManifest.about.size)
    let page = memory.writablePage(address)
    page[manifest.version] = BootManifest.version
    page[manifest.numBanks] = 1
    page[manifest.banks] = banks
    // Count, pointer, every word of the array and the checksum add up to 0.
    page[manifest.checksum] = 0 &- (1 &+ banks &+ dramBase &+ dramSize)
    memory.store64(bank.base.address(in: banks), dramBase)
    memory.store64(bank.size.address(in: banks), dramSize)
  }

  /// The RMM's cold boot: version, CPUs, shared buffer, manifest, in this order.
  func bootRMM(version: UInt64, cpus: UInt64, buffer: UInt64) -> RMMBootError {
    guard version >> 16 == 0, version & 0xFFFF >= 3 else { return .versionNotValid }
    guard (1...16).contains(cpus) else { return .cpusOutOfRange }
    guard buffer.isGranuleAligned, buffer != 0, granuleProtectionCheckByWalk(buffer, .realm) == nil else {
      return .invalidSharedBuffer
    }
    let manifest = memory.page(buffer)
    let manifestVersion = manifest[BootManifest.table.version]
    guard manifestVersion >> 16 == 0, manifestVersion & 0xFFFF >= BootManifest.version else { return .manifestVersion }
    let count = manifest[BootManifest.table.numBanks]
    let banks = manifest[BootManifest.table.banks]
    var sum = count &+ banks &+ manifest[BootManifest.table.checksum]
    for bank in 0..<min(count, 64) {
      let place = banks + bank * UInt64(DRAMBank.about.size)
      let base = memory.load64(DRAMBank.table.base.address(in: place))
      let size = memory.load64(DRAMBank.table.size.address(in: place))
      sum = sum &+ base &+ size
      guard base.isGranuleAligned, size.isGranuleAligned, size > 0 else { return .manifestData }
    }
    return sum == 0 ? .success : .manifestData
  }
}
