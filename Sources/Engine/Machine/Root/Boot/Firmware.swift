import Crypto

/// The firmware a CCA platform's trust rests on, in the order it boots. The Secure world's and the Host's software is not among
/// it: no Realm depends on them, and they are not in the platform token.
package enum Firmware: String, Sendable, CaseIterable {
  case bl1 = "AP_BL1"
  case bl2 = "AP_BL2"
  case bl31 = "AP_BL31"
  case rmm = "RMM"
  case hwConfig = "HW_CONFIG"

  static let version = "1.0"

  var image: FirmwareImage {
    switch self {
    case .bl1: .bl1
    case .bl2: .bl2
    case .bl31: .bl31
    case .rmm: .rmm
    case .hwConfig: .hwConfig
    }
  }

  /// What is measured of each component when a machine boots, in the order it boots.
  static func digests(_ configuration: MachineConfiguration) -> [[UInt8]] {
    allCases.map { Array(SHA256.hash(data: $0.image.bytes(configuration))) }
  }
}

extension Machine {
  /// Loads an image and measures what then lies in memory, as the stage before it does. EL3 keeps what is measured of the components of
  /// the platform token.
  mutating func loadAndMeasure(_ image: FirmwareImage) {
    guard configuration.platform == .model, let place = map.place(image, configuration) else { return }
    let bytes = image.bytes(configuration)
    memory.writablePage(place).copyMemory(from: bytes, byteCount: bytes.count)
    guard let component = image.component else { return }
    let digest = SHA256.hash(data: UnsafeRawBufferPointer(start: memory.page(place), count: FirmwareImage.size))
    let offset = (Firmware.allCases.firstIndex(of: component) ?? 0) * 32
    let entry = memory.writablePage(map.measurementLog) + offset
    digest.withUnsafeBytes { entry.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(entry), byteCount: 32) }
    emit(
      .bootMeasurement, UInt64(offset / 32), digest.withUnsafeBytes { UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)) },
      world: .root)
  }

  /// What was measured at boot, from EL3's memory.
  func bootMeasurements() -> [(component: Firmware, digest: [UInt8])] {
    let log = memory.page(map.measurementLog)
    return Firmware.allCases.enumerated().map { index, component in
      (component, Array(UnsafeRawBufferPointer(start: log + index * 32, count: 32)))
    }
  }
}
