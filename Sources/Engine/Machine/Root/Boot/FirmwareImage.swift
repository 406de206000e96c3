import Basics

/// An image that firmware loads, or that is there at reset (BL1).
package enum FirmwareImage: String, Sendable, CaseIterable {
  case bl1 = "BL1"
  case bl2 = "BL2"
  case bl31 = "BL31"
  case bl32 = "BL32"
  case rmm = "RMM"
  case bl33 = "BL33"
  case hwConfig = "HW_CONFIG"

  /// The component of the platform token it is, if it is one.
  package var component: Firmware? { Firmware.allCases.first { $0.image == self } }

  /// TF-A's number of it (tbbr_img_def_exp.h); BL1 has none.
  package var number: Int? {
    switch self {
    case .bl1: nil
    case .bl2: 1
    case .bl31: 3
    case .bl32: 4
    case .bl33: 5
    case .hwConfig: 23
    case .rmm: 35
    }
  }

  /// What it is called in an event log (drivers/measured_boot/metadata.h); BL1 measures others.
  package var event: String? {
    switch self {
    case .bl1: nil
    case .bl2: "BL_2"
    case .bl31: "SECURE_RT_EL3"
    case .bl32: "SECURE_RT_EL1_SPMD"
    case .bl33: "BL_33"
    case .hwConfig: "HW_CONFIG"
    case .rmm: "RMM"
    }
  }

  /// Bytes of each image of the model.
  static let size = 4096

  /// What stands for code behind the words: numbers that follow from the name.
  private static let code: [FirmwareImage: [UInt8]] = {
    var code: [FirmwareImage: [UInt8]] = [:]
    for image in allCases {
      var state = image.modelName.utf8.reduce(UInt64(0x9E37_79B9_7F4A_7C15)) { mix($0 ^ UInt64($1)) }
      code[image] = (0..<size).map { _ in
        state = mix(state)
        return UInt8(truncatingIfNeeded: state)
      }
    }
    return code
  }()

  /// What the image calls itself.
  private var modelName: String { component?.rawValue ?? rawValue }

  /// The model's image: a page that says what it is. An RMM of another personality is another image.
  func bytes(_ configuration: MachineConfiguration) -> [UInt8] {
    var text = "Workbench firmware image \(modelName) \(Firmware.version)\n"
    switch self {
    case .rmm: text += "rmm \(configuration.policy.name)\n"
    case .hwConfig:
      text += "memory \(hex(configuration.dramBase)) \(hex(configuration.dramSize))\ncpus \(configuration.peCount)\n"
    default: break
    }
    var bytes = Array(text.utf8)
    bytes += Self.code[self]?.prefix(Self.size - bytes.count) ?? []
    if let component, configuration.patched.contains(component) { bytes[Self.size - 1] ^= 1 }
    return bytes
  }
}
