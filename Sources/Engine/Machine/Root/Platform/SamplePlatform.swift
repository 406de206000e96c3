import Basics
import Crypto

/// The platform TF-A publishes for its FVP, QEMU and RMM host ports: claims and keys that are the same everywhere, public, and no
/// secret. A token of it verifies wherever the test key of TrustedFirmware-M is trusted, which should be nowhere but on a desk.
package enum SamplePlatform {
  /// Name and measurement of each software component, in boot order.
  static let components: [(name: String, measurement: String)] = [
    ("RSE_BL1_2", "9a271f2a916b0b6ee6cecb2426f0b3206ef074578be55d9bc94f6f3fe3ab86aa"),
    ("RSE_BL2", "53c234e5e8472b6ac51c1ae1cab3fe06fad053beb8ebfd8977b010655bfdd3c3"),
    ("RSE_S", "1121cfccd5913f0a63fec40a6ffd44ea64f9dc135c66634ba001d10bcf4302a2"),
    ("AP_BL1", "1571b5ec78bd68512bf7830bb6a2a44b2047c7df57bce79eb8a1c0e5bea0a501"),
    ("AP_BL2", "10159baf262b43a92d95db59dae1f72c645127301661e0a3ce4e38b295a97c58"),
    ("SCP_BL1", "10122e856b3fcd49f063636317476149cb730a1aa1cfaad818552b72f56d6f68"),
    ("SCP_BL2", "aa67a169b0bba217aa0aa88a65346920c84c42447c36ba5f7ea65f422c1fe5d8"),
    ("AP_BL31", "2e6d31a5983a91251bfae5aefa1c0a19d8ba3cf601d0e8a706b4cfa9661a6b8a"),
    ("RMM", "a1fb50e6c86fae1679ef3351296fd6713411a08cf8dd1790a4fd05fae8688164"),
    ("HW_CONFIG", "1a252402972f6057fa53cc172b52b9ffca698e18311facd0f3b06ecaaef79e17"),
    ("FW_CONFIG", "9a92adbc0cee38ef658c71ce1b1bf8c65668f166bfb213644c895ccb1ad07a25"),
    ("TB_FW_CONFIG", "238903180cc104ec2c5d8b3f20c5bc61b389ec0a967df8cc208cdc7cd454174f"),
    ("SOC_FW_CONFIG", "e6c21e8d260fe71882debdb339d2402a2ca7648529bc2303f48649bce0380017"),
  ]

  static let rseSigner = "5378796307535df3ec8d8b15a2e2dc5641419c3d3060cfe32238c0fa973f7aa3"
  static let scpSigner = "f14b4987904bcb5814e4459a057ed4d20f58a633152288a761214dcd28780b56"

  static let claims = PlatformClaims(
    implementationID: constant("7f454c4602010100000000000000000003003e00010000005058000000000000"),
    instanceID: constant("0107060504030201000f0e0d0c0b0a090817161514131211101f1e1d1c1b1a1918"),
    config: constant("cfcfcfcf"), lifecycle: 0x3003,
    components: components.map { name, measurement in
      PlatformClaims.Component(
        name: name, measurement: constant(measurement), version: nil,
        signer: constant(name == "SCP_BL2" ? scpSigner : rseSigner))
    })

  /// What its token says was measured of an image; nil: nothing.
  static func measurement(of image: FirmwareImage) -> [UInt8]? {
    components.first { $0.name == image.component?.rawValue }.map { constant($0.measurement) }
  }

  private static func constant(_ hex: String) -> [UInt8] {
    guard let bytes = [UInt8](hex: hex) else { preconditionFailure("not hexadecimal: \(hex)") }
    return bytes
  }

  /// Its attestation key: the test key of TrustedFirmware-M (`tfm_initial_attestation_key`).
  package static let platformKey = Signer(scalar: [
    0x8a, 0xc0, 0x90, 0xc9, 0x95, 0x86, 0x9f, 0x61, 0xac, 0x13, 0x58, 0xf0, 0x2b, 0x02, 0x1a, 0x26,
    0xab, 0x6e, 0xb3, 0x86, 0x20, 0x3a, 0xc7, 0x35, 0xd7, 0xce, 0x98, 0x55, 0x53, 0x8b, 0x91, 0xf7,
    0x4c, 0x44, 0xb0, 0xd5, 0x80, 0x24, 0x3e, 0xfb, 0x79, 0x9a, 0x29, 0x3d, 0xcb, 0xaa, 0x08, 0x99,
  ])

  /// The Realm attestation key its EL3 firmware hands out.
  package static let realmKey = Signer(scalar: [
    0x20, 0x11, 0xc7, 0xf0, 0x3c, 0xee, 0x43, 0x25, 0x17, 0x6e, 0x52, 0x4f, 0x03, 0x3c, 0x0c, 0xe1,
    0xe2, 0x1a, 0x76, 0xe6, 0xc1, 0xa4, 0xf0, 0xb8, 0x39, 0xaa, 0x1d, 0xf6, 0x1e, 0x0e, 0x8a, 0x5c,
    0x8a, 0x05, 0x74, 0x0f, 0x9b, 0x69, 0xef, 0xa7, 0xeb, 0x1a, 0x41, 0x85, 0xbd, 0x11, 0x7f, 0x68,
  ])
}
