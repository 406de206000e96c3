import Basics
import Crypto

/// The firmware a CCA platform's trust rests on, in the order it boots. The Secure world's and the Host's software is not among
/// it: no Realm depends on them, and they are not in the platform token.
public enum Firmware: String, Sendable, CaseIterable {
  case bl1 = "AP_BL1"
  case bl2 = "AP_BL2"
  case bl31 = "AP_BL31"
  case rmm = "RMM"
  case hwConfig = "HW_CONFIG"

  static let version = "1.0"

  /// Where its image lies.
  var address: UInt64 {
    switch self {
    case .bl1: 0x0400_0000
    case .bl2: 0x0401_0000
    case .bl31: 0x0402_0000
    case .hwConfig: 0x0403_0000
    case .rmm: 0x0800_2000
    }
  }

  /// Where BL1 and BL2 leave what they measured, for EL3: 32 bytes each.
  static let measurementLog: UInt64 = 0x0404_0000

  /// The model's image: a page that says what it is. An RMM of another personality is another image.
  func image(_ configuration: MachineConfiguration) -> [UInt8] {
    var text = "Workbench firmware image \(rawValue) \(Self.version)\n"
    switch self {
    case .rmm: text += "rmm \(configuration.policy.name)\n"
    case .hwConfig:
      text += "memory \(hex(configuration.dramBase)) \(hex(configuration.dramSize))\ncpus \(configuration.peCount)\n"
    default: break
    }
    var bytes = [UInt8](repeating: 0, count: 4096)
    bytes.replaceSubrange(0..<text.utf8.count, with: text.utf8)
    // What stands for code: numbers that follow from the name.
    var state = rawValue.utf8.reduce(UInt64(0x9E37_79B9_7F4A_7C15)) { mix($0 ^ UInt64($1)) }
    for index in text.utf8.count..<4096 {
      state = mix(state)
      bytes[index] = UInt8(truncatingIfNeeded: state)
    }
    if configuration.patched.contains(self) { bytes[4095] ^= 1 }
    return bytes
  }
}

extension Firmware {
  /// What is measured of each component when a machine boots, in the order it boots.
  static func digests(_ configuration: MachineConfiguration) -> [[UInt8]] {
    allCases.map { Array(SHA256.hash(data: $0.image(configuration))) }
  }
}

extension Machine {
  /// Loads an image and measures what then lies in memory, as the stage before it does.
  mutating func loadAndMeasure(_ component: Firmware) {
    guard configuration.platform == .model else { return }
    let image = component.image(configuration)
    memory.writablePage(component.address).copyMemory(from: image, byteCount: image.count)
    let digest = SHA256.hash(data: UnsafeRawBufferPointer(start: memory.page(component.address), count: 4096))
    let offset = (Firmware.allCases.firstIndex(of: component) ?? 0) * 32
    let entry = memory.writablePage(Firmware.measurementLog) + offset
    digest.withUnsafeBytes { entry.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(entry), byteCount: 32) }
    emit(
      .bootMeasurement, UInt64(offset / 32), digest.withUnsafeBytes { UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)) },
      world: .root)
  }

  /// What was measured at boot, from EL3's memory.
  func bootMeasurements() -> [(component: Firmware, digest: [UInt8])] {
    let log = memory.page(Firmware.measurementLog)
    return Firmware.allCases.enumerated().map { index, component in
      (component, Array(UnsafeRawBufferPointer(start: log + index * 32, count: 32)))
    }
  }
}
