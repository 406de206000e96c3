/// RmmBootError: what the RMM answers to its boot (TF-A, RMM-EL3 communication specification).
package enum RMMBootError: Int64, Sendable {
  case success = 0
  case unknown = -1
  case versionNotValid = -2
  case cpusOutOfRange = -3
  case cpuNumberOutOfRange = -4
  case invalidSharedBuffer = -5
  case manifestVersion = -6
  case manifestData = -7

  package var name: String {
    switch self {
    case .success: "E_RMM_BOOT_SUCCESS"
    case .unknown: "E_RMM_BOOT_UNKNOWN"
    case .versionNotValid: "E_RMM_BOOT_VERSION_MISMATCH"
    case .cpusOutOfRange: "E_RMM_BOOT_CPUS_OUT_OF_RANGE"
    case .cpuNumberOutOfRange: "E_RMM_BOOT_CPU_ID_OUT_OF_RANGE"
    case .invalidSharedBuffer: "E_RMM_BOOT_INVALID_SHARED_BUFFER"
    case .manifestVersion: "E_RMM_BOOT_MANIFEST_VERSION_NOT_SUPPORTED"
    case .manifestData: "E_RMM_BOOT_MANIFEST_DATA_ERROR"
    }
  }
}

/// What EL3 enters the RMM with at its cold boot: X0 to X3.
package struct RMMBootArguments: Sendable, Equatable {
  package var cpu: UInt64
  /// The interface EL3 offers: major version in bits 30:16, minor in 15:0.
  package var version: UInt64
  package var cpuCount: UInt64
  package var sharedBuffer: UInt64

  init(_ configuration: MachineConfiguration, _ map: MemoryMap) {
    cpu = configuration.firmware == .cpuNumber ? RMMBoot.mostCPUs : 0
    version = configuration.firmware == .interfaceVersion ? 2 << 16 : 4
    cpuCount = configuration.firmware == .cpuCount ? RMMBoot.mostCPUs + 1 : UInt64(configuration.peCount)
    sharedBuffer = map.sharedBuffer + (configuration.firmware == .sharedBuffer ? Granule.size / 2 : 0)
  }
}

/// What an RMM of this model asks of EL3 at its boot.
enum RMMBoot {
  static let mostCPUs: UInt64 = 16
}

extension Machine {
  /// EL3 writes boot manifest v0.3: one DRAM bank with its checksum, no console.
  mutating func writeManifest() {
    let failure = configuration.firmware
    let (manifest, bank) = (BootManifest.table, DRAMBank.table)
    let address = map.sharedBuffer
    let banks = address + UInt64(BootManifest.about.size)
    let size = failure == .manifestData ? 0 : dramSize
    let page = memory.writablePage(address)
    page[manifest.version] = failure == .manifestVersion ? 1 << 16 : BootManifest.version
    page[manifest.numBanks] = 1
    page[manifest.banks] = banks
    // Count, pointer, every word of the array and the checksum add up to 0.
    page[manifest.checksum] = 0 &- (1 &+ banks &+ dramBase &+ size) &+ (failure == .manifestChecksum ? 1 : 0)
    memory.store64(bank.base.address(in: banks), dramBase)
    memory.store64(bank.size.address(in: banks), size)
  }

  /// The RMM's cold boot: version, CPUs, shared buffer, manifest, in this order.
  func bootRMM(_ arguments: RMMBootArguments) -> RMMBootError {
    guard configuration.firmware != .unknownError else { return .unknown }
    guard arguments.version >> 16 == 0, arguments.version & 0xFFFF >= 3 else { return .versionNotValid }
    guard (1...RMMBoot.mostCPUs).contains(arguments.cpuCount) else { return .cpusOutOfRange }
    guard arguments.cpu < RMMBoot.mostCPUs else { return .cpuNumberOutOfRange }
    let buffer = arguments.sharedBuffer
    guard buffer.isGranuleAligned, buffer != 0, granuleProtectionCheckByWalk(buffer, .realm) == nil else {
      return .invalidSharedBuffer
    }
    return readManifest(buffer)
  }

  private func readManifest(_ buffer: UInt64) -> RMMBootError {
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
