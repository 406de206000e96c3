import Engine
import FoundationEssentials

/// A CoMID as cocli takes it, in JSON.
struct CoMIDTemplate: Encodable {
  struct Typed: Encodable {
    var type: String
    var value: String
  }
  struct Class: Encodable { var id: Typed }
  struct Environment: Encodable {
    var `class`: Class
    var instance: Typed?
  }
  struct Digest: Encodable {
    var bytes: [UInt8]
    var hash: NamedHash?

    func encode(to encoder: any Encoder) throws {
      var container = encoder.unkeyedContainer()
      switch CoRIM.algorithm(bytes, hash) {
      case .number(let number): try container.encode(number)
      case .name(let name): try container.encode(name)
      }
      let text = Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
      try container.encode(text)
    }
  }
  struct Value: Encodable {
    enum CodingKeys: String, CodingKey {
      case digests, name, cryptokeys
      case raw = "raw-value"
      case mask = "raw-value-mask"
    }
    var digests: [Digest]?
    var name: String?
    var cryptokeys: [Typed]?
    var raw: Typed?
    var mask: String?
  }
  struct Measurement: Encodable {
    var key: Typed
    var value: Value
  }
  struct ReferenceTriple: Encodable {
    var environment: Environment
    var measurements: [Measurement]
  }
  struct KeyTriple: Encodable {
    enum CodingKeys: String, CodingKey {
      case environment
      case keys = "verification-keys"
    }
    var environment: Environment
    var keys: [Typed]
  }
  struct Triples: Encodable {
    enum CodingKeys: String, CodingKey {
      case values = "reference-values"
      case keys = "attester-verification-keys"
    }
    var values: [ReferenceTriple]?
    var keys: [KeyTriple]?
  }
  struct Identity: Encodable {
    var id: String
    var version = 0
  }
  enum CodingKeys: String, CodingKey {
    case identity = "tag-identity"
    case triples
  }
  var identity: Identity
  var triples: Triples

  private static func bytes(_ bytes: [UInt8], _ type: String = "bytes") -> Typed {
    Typed(type: type, value: Data(bytes).base64EncodedString())
  }
  private static func measurement(_ key: String, _ value: Value) -> Measurement {
    Measurement(key: Typed(type: "string", value: key), value: value)
  }

  /// - Parameter id: as of ``CoRIM/encoded(_:_:id:)``.
  init(platform values: ReferenceValues, id: String?) {
    identity = Identity(id: "\(id ?? CoRIM.name(values, .platform))-platform-values")
    var measurements = values.components.map { component in
      Self.measurement(
        "cca.software-component",
        Value(
          digests: [Digest(bytes: component.measurement, hash: component.hash)], name: component.type,
          cryptokeys: [Self.bytes(component.signer)]))
    }
    measurements += values.configs.map { config in
      Self.measurement(
        "cca.platform-config",
        Value(
          raw: Self.bytes(config), mask: Data([UInt8](repeating: 0xFF, count: config.count)).base64EncodedString()))
    }
    triples = Triples(values: [
      ReferenceTriple(
        environment: Environment(class: Class(id: Self.bytes(values.implementationID ?? []))), measurements: measurements)
    ])
  }

  init(anchors values: ReferenceValues, id: String?) {
    identity = Identity(id: "\(id ?? CoRIM.name(values, .platform))-platform-anchors")
    triples = Triples(
      keys: values.anchors.map { anchor in
        KeyTriple(
          environment: Environment(
            class: Class(id: Self.bytes(values.implementationID ?? [])), instance: Self.bytes(anchor.instanceID, "ueid")),
          keys: [Typed(type: "pkix-base64-key", value: anchor.key.pem)])
      })
  }

  init(realm values: ReferenceValues, id: String?) {
    identity = Identity(id: "\(id ?? CoRIM.name(values, .realm))-realm-values")
    triples = Triples(
      values: values.realms.map { realm in
        var measurements = [Self.measurement("cca.rim", Value(digests: [Digest(bytes: realm.rim)]))]
        for (index, rem) in realm.rems.enumerated() {
          if let rem { measurements.append(Self.measurement("cca.rem\(index)", Value(digests: [Digest(bytes: rem)]))) }
        }
        if let rpv = realm.rpv { measurements.append(Self.measurement("cca.rpv", Value(raw: Self.bytes(rpv)))) }
        return ReferenceTriple(
          environment: Environment(class: Class(id: Self.bytes(realm.rim))), measurements: measurements)
      })
  }
}
