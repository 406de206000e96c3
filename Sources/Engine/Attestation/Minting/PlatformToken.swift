import Crypto

/// The platform token EL3 hands to the RMM: claims of the sample platform TF-A publishes for its FVP, minted here.
enum PlatformToken {
  static let profile = "tag:arm.com,2023:cca_platform#1.0.0"

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

  /// The claims, with the hash of the Realm attestation key as challenge (DEN0137 A7.2.3.2).
  static func claims(challenge: some Collection<UInt8>) -> [UInt8] {
    var writer = CBORWriter(capacity: 1536)
    writer.map(9)
    writer.int(265)
    writer.text(profile)
    writer.int(10)
    writer.byteString(challenge)
    writer.int(2396)
    writer.byteString(bytes("7f454c4602010100000000000000000003003e00010000005058000000000000"))
    writer.int(256)
    writer.byteString(bytes("0107060504030201000f0e0d0c0b0a090817161514131211101f1e1d1c1b1a1918"))
    writer.int(2401)
    writer.byteString(bytes("cfcfcfcf"))
    writer.int(2395)
    writer.int(0x3003)
    writer.int(2402)
    writer.text("sha-256")
    writer.int(2400)
    writer.text("https://veraison.example/.well-known/veraison/verification")
    writer.int(2399)
    writer.array(components.count)
    for component in components {
      writer.map(4)
      writer.int(1)
      writer.text(component.name)
      writer.int(5)
      writer.byteString(bytes(component.name == "SCP_BL2" ? scpSigner : rseSigner))
      writer.int(2)
      writer.byteString(bytes(component.measurement))
      writer.int(6)
      writer.text("sha-256")
    }
    return writer.bytes
  }

  /// Claims and signature, bound to a Realm attestation key.
  static func mint(boundTo key: Signer, _ door: inout EntropyDoor) -> [UInt8] {
    let payload = claims(challenge: Array(SHA256.hash(data: key.coseKey)))
    return COSE.sign1(payload, signature: Signer.platform.sign(COSE.sigStructure(payload), &door))
  }

  private static func bytes(_ hex: String) -> [UInt8] {
    var result: [UInt8] = []
    var high: UInt8?
    for character in hex {
      let digit = UInt8(character.hexDigitValue ?? 0)
      if let h = high {
        result.append(h << 4 | digit)
        high = nil
      } else {
        high = digit
      }
    }
    return result
  }
}
