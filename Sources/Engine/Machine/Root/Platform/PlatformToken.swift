import Attestation
import Crypto

/// What a platform says of itself in its token (DEN0137 A7.2.3.2).
struct PlatformClaims: Sendable {
  struct Component: Sendable {
    var name: String
    var measurement: [UInt8]
    var version: String?
    var signer: [UInt8]
  }

  var implementationID: [UInt8]
  var instanceID: [UInt8]
  var config: [UInt8]
  var lifecycle: UInt64
  var components: [Component]
  static let verificationService = "https://veraison.example/.well-known/veraison/verification"

  /// The payload, in the order of TF-A's sample.
  func encoded(challenge: some Collection<UInt8>, profile: String) -> [UInt8] {
    var writer = CBORWriter(capacity: 1536)
    writer.map(9)
    writer.int(PlatformClaim.profile.rawValue)
    writer.text(profile)
    writer.int(PlatformClaim.challenge.rawValue)
    writer.byteString(challenge)
    writer.int(PlatformClaim.implementationID.rawValue)
    writer.byteString(implementationID)
    writer.int(PlatformClaim.instanceID.rawValue)
    writer.byteString(instanceID)
    writer.int(PlatformClaim.config.rawValue)
    writer.byteString(config)
    writer.int(PlatformClaim.lifecycle.rawValue)
    writer.int(Int64(lifecycle))
    writer.int(PlatformClaim.hashAlgorithm.rawValue)
    writer.text("sha-256")
    writer.int(PlatformClaim.verificationService.rawValue)
    writer.text(Self.verificationService)
    writer.int(PlatformClaim.softwareComponents.rawValue)
    writer.array(components.count)
    for component in components {
      writer.map(component.version == nil ? 4 : 5)
      writer.int(SoftwareComponentField.type.rawValue)
      writer.text(component.name)
      writer.int(SoftwareComponentField.signer.rawValue)
      writer.byteString(component.signer)
      writer.int(SoftwareComponentField.measurement.rawValue)
      writer.byteString(component.measurement)
      if let version = component.version {
        writer.int(SoftwareComponentField.version.rawValue)
        writer.text(version)
      }
      writer.int(SoftwareComponentField.hashAlgorithm.rawValue)
      writer.text("sha-256")
    }
    return writer.bytes
  }
}

/// The keys of one platform since its last boot: the platform's own, and the one EL3 gives the RMM for its Realms.
struct PlatformKeys: Sendable {
  /// Signs the platform token (CPAK).
  let platform: Signer
  /// Signs Realm tokens (RAK); the platform token carries its hash.
  let realm: Signer

  static let sample = PlatformKeys(platform: SamplePlatform.platformKey, realm: SamplePlatform.realmKey)

  private init(platform: Signer, realm: Signer) {
    self.platform = platform
    self.realm = realm
  }

  /// The keys of the model's unit `instance`. The platform's key is the unit's for good; the Realm attestation key is derived
  /// at boot, and firmware that measures differently gets another one. Both follow from public numbers and protect nothing.
  init(instance: UInt64, bootMeasurements: [[UInt8]]) {
    platform = Signer(deriving: "Workbench platform key", [instance.bigEndianBytes])
    realm = Signer(deriving: "Workbench Realm attestation key", [instance.bigEndianBytes] + bootMeasurements)
  }

  /// The platform token for a form of tokens: its challenge is the hash of the Realm key as the Realm token will carry it.
  func mint(_ claims: PlatformClaims, _ form: TokenProfile, _ door: inout EntropyDoor) -> [UInt8] {
    let payload = claims.encoded(
      challenge: Array(SHA256.hash(data: realm.claim(form))),
      profile: form == .legacy ? ClaimProfile.platformLegacy : ClaimProfile.platform1)
    return COSE.sign1(payload, signature: platform.sign(COSE.sigStructure(payload), &door))
  }
}

extension UInt64 {
  fileprivate var bigEndianBytes: [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: self >> (56 - 8 * UInt64($0))) } }
}
