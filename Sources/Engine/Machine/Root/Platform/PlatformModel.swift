import Crypto

/// Whose claims EL3 makes.
package enum PlatformKind: String, Sendable, CaseIterable {
  /// The machine's own: identity, configuration and firmware as modelled.
  case model
  /// The sample platform TF-A publishes, the same for every machine.
  case sample
}

/// The identity of the modelled platform.
enum PlatformModel {
  /// Which design it is: a text, filled up to 32 bytes.
  static let implementationID: [UInt8] = {
    let text = Array("Workbench RME machine model".utf8)
    return text + [UInt8](repeating: 0, count: 32 - text.count)
  }()

  /// Which unit it is: 01, then the SHA-256 of the platform's public key.
  static func instanceID(_ key: Signer) -> [UInt8] { [1] + SHA256.hash(data: key.publicKey) }

  /// Who signed the firmware.
  static let signer = Array(SHA256.hash(data: Array("Workbench firmware signing key".utf8)))

  /// How the platform is set up, as far as security depends on it: form 1, width of a PA, PEs.
  static func config(_ configuration: MachineConfiguration) -> [UInt8] {
    [1, UInt8(configuration.paWidth), UInt8(configuration.peCount), 0]
  }
}
