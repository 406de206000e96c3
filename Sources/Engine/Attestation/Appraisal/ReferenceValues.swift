/// What somebody trusted says a good platform and a good Realm look like: trust anchors and reference values. Kept in a file a
/// person can read, write and compare, one fact a line.
public struct ReferenceValues: Sendable, Equatable {
  /// The key of one platform, found by its instance id.
  package struct Anchor: Sendable, Equatable {
    package var instanceID: [UInt8]
    package var key: PublicKey

    package init(instanceID: [UInt8], key: PublicKey) {
      self.instanceID = instanceID
      self.key = key
    }
  }
  /// A measured piece of firmware. What is nil is not compared.
  package struct Component: Sendable, Equatable {
    package var type: String?
    package var measurement: [UInt8]
    package var signer: [UInt8]
    package var version: String?
    /// What the measurement was made with, if it was not the hash of the SHA-2 family with its length.
    package var hash: NamedHash?

    package init(type: String? = nil, measurement: [UInt8], signer: [UInt8], version: String? = nil, hash: NamedHash? = nil) {
      self.type = type
      self.measurement = measurement
      self.signer = signer
      self.version = version
      self.hash = hash
    }
  }
  /// A Realm, found by its RIM. What is nil is not compared.
  package struct Realm: Sendable, Equatable {
    package var rim: [UInt8]
    package var rpv: [UInt8]?
    /// REM 0 to 3.
    package var rems: [[UInt8]?] = [nil, nil, nil, nil]

    package init(rim: [UInt8], rpv: [UInt8]? = nil, rems: [[UInt8]?] = [nil, nil, nil, nil]) {
      self.rim = rim
      self.rpv = rpv
      self.rems = rems
    }
  }

  package var implementationID: [UInt8]?
  package var anchors: [Anchor] = []
  package var components: [Component] = []
  package var configs: [[UInt8]] = []
  /// States a platform may be in; nil means secured alone.
  package var lifecycles: [Lifecycle]?
  package var realms: [Realm] = []

  public init() {}

  /// The values of a good token: what it says becomes what is expected.
  ///
  /// - Parameter key: the key its platform token was verified with.
  public init(_ document: TokenDocument, key: PublicKey?) {
    if let claims = document.platform?.claims {
      implementationID = claims.entry(PlatformClaim.implementationID.rawValue)?.bytes.map { Array($0) }
      if let key, let instance = claims.entry(PlatformClaim.instanceID.rawValue)?.bytes {
        anchors = [Anchor(instanceID: Array(instance), key: key)]
      }
      let common = claims.entry(PlatformClaim.hashAlgorithm.rawValue)?.text
      for item in claims.entry(PlatformClaim.softwareComponents.rawValue)?.children ?? [] {
        guard let measurement = item.entry(SoftwareComponentField.measurement.rawValue)?.bytes,
          let signer = item.entry(SoftwareComponentField.signer.rawValue)?.bytes
        else { continue }
        let hash = (item.entry(SoftwareComponentField.hashAlgorithm.rawValue)?.text ?? common).flatMap { NamedHash(name: $0) }
        components.append(
          Component(
            type: item.entry(SoftwareComponentField.type.rawValue)?.text, measurement: Array(measurement),
            signer: Array(signer), version: item.entry(SoftwareComponentField.version.rawValue)?.text,
            hash: hash == NamedHash(length: measurement.count) ? nil : hash))
      }
      configs = claims.entry(PlatformClaim.config.rawValue)?.bytes.map { [Array($0)] } ?? []
      lifecycles = claims.entry(PlatformClaim.lifecycle.rawValue)?.int.flatMap { Lifecycle(claim: $0) }.map { [$0] }
    }
    if let claims = document.realm?.claims, let rim = claims.entry(RealmClaim.initialMeasurement.rawValue)?.bytes {
      var realm = Realm(rim: Array(rim))
      realm.rpv = claims.entry(RealmClaim.personalizationValue.rawValue)?.bytes.map { Array($0) }
      for (index, rem) in (claims.entry(RealmClaim.extensibleMeasurements.rawValue)?.children ?? []).prefix(4).enumerated() {
        realm.rems[index] = rem.bytes.map { Array($0) }
      }
      realms = [realm]
    }
  }
}
