import Basics
import Crypto

/// Reference values as an unsigned CoRIM (draft-ietf-rats-corim) with the profiles veraison's verifier takes for CCA since 2025:
/// class ids as tagged bytes, text mkeys, measurements as digests.
public enum CoRIM {
  static let platformProfile = "tag:arm.com,2025:cca_platform#1.0.0"
  static let realmProfile = "tag:arm.com,2025:cca_realm#1.0.0"
  static let bytesTag: UInt64 = 560

  /// What is endorsed: the two go to a verifier as two CoRIMs.
  public enum Part: String, Sendable, CaseIterable {
    case platform, realm
    package var profile: String { self == .platform ? platformProfile : realmProfile }
  }

  /// What an export is named after when nobody names it: `workbench` and the beginning of a hash of what it holds. A store keeps
  /// one manifest and one CoMID for each id, so that another content must have another.
  public static func name(_ reference: ReferenceValues, _ part: Part) -> String {
    "workbench-\(hexBytes(SHA256.hash(data: encoded(reference, part, id: "")).prefix(4)))"
  }

  /// The CoRIM as CBOR.
  ///
  /// - Parameter id: names the manifest; without one, it is named after what it holds. Its CoMIDs are named after it and the part.
  public static func encoded(_ reference: ReferenceValues, _ part: Part, id given: String? = nil) -> [UInt8] {
    let name = given ?? name(reference, part)
    let id = given ?? "\(name)-\(part.rawValue)"
    var tags: [[UInt8]] = []
    switch part {
    case .platform:
      tags.append(comid("\(name)-platform-values") { platformTriples(reference, &$0) })
      if !reference.anchors.isEmpty { tags.append(comid("\(name)-platform-anchors") { anchorTriples(reference, &$0) }) }
    case .realm: tags.append(comid("\(name)-realm-values") { realmTriples(reference, &$0) })
    }
    var writer = CBORWriter()
    writer.tag(501)
    writer.map(4)
    writer.int(0)
    writer.text(id)
    writer.int(1)
    writer.array(tags.count)
    for tag in tags {
      writer.tag(506)
      writer.byteString(tag)
    }
    writer.int(3)
    writer.tag(32)
    writer.text(part.profile)
    writer.int(5)
    writer.array(1)
    writer.map(2)
    writer.int(0)
    writer.text("Workbench")
    writer.int(2)
    writer.array(1)
    writer.int(1)
    return writer.bytes
  }

  private static func comid(_ id: String, _ triples: (inout CBORWriter) -> Void) -> [UInt8] {
    var writer = CBORWriter()
    writer.map(2)
    writer.int(1)
    writer.map(1)
    writer.int(0)
    writer.text(id)
    writer.int(4)
    triples(&writer)
    return writer.bytes
  }

  private static func tagged(_ bytes: [UInt8], _ writer: inout CBORWriter) {
    writer.tag(bytesTag)
    writer.byteString(bytes)
  }

  /// environment-map with a class id.
  private static func environment(_ classID: [UInt8], _ instance: [UInt8]? = nil, _ writer: inout CBORWriter) {
    writer.map(instance == nil ? 1 : 2)
    writer.int(0)
    writer.map(1)
    writer.int(0)
    tagged(classID, &writer)
    if let instance {
      writer.int(1)
      writer.tag(550)
      writer.byteString(instance)
    }
  }

  private static func digests(_ digest: [UInt8], _ hash: NamedHash?, _ writer: inout CBORWriter) {
    writer.int(2)
    writer.array(1)
    writer.array(2)
    switch algorithm(digest, hash) {
    case .number(let number): writer.int(number)
    case .name(let name): writer.text(name)
    }
    writer.byteString(digest)
  }

  /// How a digest says what made it.
  package enum Algorithm: Sendable, Equatable {
    case number(Int64)
    case name(String)
  }

  /// - Parameter hash: what made it, if it is not the hash of the SHA-2 family with its length.
  package static func algorithm(_ digest: [UInt8], _ hash: NamedHash? = nil) -> Algorithm {
    guard let hash = hash ?? NamedHash(length: digest.count) else { return .number(1) }
    return hash.number.map { .number($0) } ?? .name(hash.rawValue)
  }

  private static func measurement(_ key: String, _ values: Int, _ writer: inout CBORWriter, _ body: (inout CBORWriter) -> Void) {
    writer.map(2)
    writer.int(0)
    writer.text(key)
    writer.int(1)
    writer.map(values)
    body(&writer)
  }

  private static func platformTriples(_ reference: ReferenceValues, _ writer: inout CBORWriter) {
    writer.map(1)
    writer.int(0)
    writer.array(1)
    writer.array(2)
    environment(reference.implementationID ?? [], nil, &writer)
    writer.array(reference.components.count + reference.configs.count)
    for component in reference.components {
      measurement("cca.software-component", component.type == nil ? 2 : 3, &writer) { writer in
        digests(component.measurement, component.hash, &writer)
        if let type = component.type {
          writer.int(11)
          writer.text(type)
        }
        writer.int(13)
        writer.array(1)
        tagged(component.signer, &writer)
      }
    }
    for config in reference.configs {
      measurement("cca.platform-config", 2, &writer) { writer in
        writer.int(4)
        tagged(config, &writer)
        writer.int(5)
        writer.byteString([UInt8](repeating: 0xFF, count: config.count))
      }
    }
  }

  private static func anchorTriples(_ reference: ReferenceValues, _ writer: inout CBORWriter) {
    writer.map(1)
    writer.int(3)
    writer.array(reference.anchors.count)
    for anchor in reference.anchors {
      writer.array(2)
      environment(reference.implementationID ?? [], anchor.instanceID, &writer)
      writer.array(1)
      writer.tag(554)
      writer.text(anchor.key.pem)
    }
  }

  private static func realmTriples(_ reference: ReferenceValues, _ writer: inout CBORWriter) {
    writer.map(1)
    writer.int(0)
    writer.array(reference.realms.count)
    for realm in reference.realms {
      writer.array(2)
      environment(realm.rim, nil, &writer)
      let rems = realm.rems.enumerated().compactMap { index, rem in rem.map { (index, $0) } }
      writer.array(1 + rems.count + (realm.rpv == nil ? 0 : 1))
      measurement("cca.rim", 1, &writer) { digests(realm.rim, nil, &$0) }
      for (index, rem) in rems { measurement("cca.rem\(index)", 1, &writer) { digests(rem, nil, &$0) } }
      if let rpv = realm.rpv {
        measurement("cca.rpv", 1, &writer) { writer in
          writer.int(4)
          tagged(rpv, &writer)
        }
      }
    }
  }
}
