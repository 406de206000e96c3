import Attestation
import Basics
import Crypto
import Machine

/// The log in which QEMU tells a Realm, and a verifier, how the Realm was made: TCG's format (TCG PC Client Platform Firmware Profile,
/// TCG_PCR_EVENT2), with events of a Realm's own.
package struct EventLog: Sendable {
  private enum Kind {
    static let noAction: UInt32 = 3
    static let tag: UInt32 = 6
    static let postCode2: UInt32 = 0x13
    static let firmwareBlob2: UInt32 = 0x8000_000A
  }
  private enum Tag {
    static let realmCreate: UInt32 = 1
    static let initRIPAS: UInt32 = 2
    static let recCreate: UInt32 = 3
  }
  /// TCG's numbers of hash algorithms.
  private static let algorithms: [UInt8: UInt16] = [HashAlgorithm.sha256.rawValue: 0x0B, HashAlgorithm.sha512.rawValue: 0x0D]

  package private(set) var bytes: [UInt8] = []
  private let hash: HashAlgorithm

  /// The log of a plan, in the order in which the Realm is made.
  package init(_ plan: RealmPlan, version: String) {
    hash = plan.hash
    begin()
    addVersion(plan, version)
    add(tag: Tag.realmCreate, Self.parameters(plan.parameters))
    for range in plan.ram { add(tag: Tag.initRIPAS, Self.words([range.lowerBound, range.upperBound - range.lowerBound])) }
    for piece in plan.pieces {
      var content: [UInt8] = []
      piece.forEachPage { content += $1 }
      let kind = piece.name == "firmware" ? Kind.firmwareBlob2 : Kind.postCode2
      add(image: piece.name.uppercased(), kind, piece.address.granuleBase, UInt64(content.count), content)
    }
    add(tag: Tag.recCreate, Self.words([1, plan.entry.pc, plan.entry.x0] + [UInt64](repeating: 0, count: 7)))
    for range in plan.unmeasured { add(image: "LOG", Kind.postCode2, range.lowerBound, range.upperBound - range.lowerBound, nil) }
  }

  private static func words(_ words: [UInt64]) -> [UInt8] { words.flatMap { little($0, 8) } }

  private static func little(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
  }

  /// A text in a field of so many bytes.
  private static func field(_ text: String, _ count: Int) -> [UInt8] {
    let bytes = Array(text.utf8.prefix(count - 1))
    return bytes + [UInt8](repeating: 0, count: count - bytes.count)
  }

  private mutating func add(_ value: UInt32) { bytes += Self.little(UInt64(value), 4) }

  /// Which form it has and which hash: an event of the older form, SHA-1's place empty.
  private mutating func begin() {
    let algorithm = Self.algorithms[hash.rawValue] ?? 0
    // Platform class, version 2.0 in revision 106, UINT64, one algorithm, no more.
    let event =
      Self.field("Spec ID Event03", 16) + [0, 0, 0, 0, 0, 2, 106, 2] + Self.little(1, 4) + Self.little(UInt64(algorithm), 2)
      + Self.little(UInt64(hash.length), 2) + [0]
    add(0)
    add(Kind.noAction)
    bytes += [UInt8](repeating: 0, count: 20)
    add(UInt32(event.count))
    bytes += event
  }

  /// - Parameter data: what its digest is of; nil: it has none.
  private mutating func add(_ kind: UInt32, _ event: [UInt8], _ data: [UInt8]? = nil) {
    add(0)
    add(kind)
    add(data == nil ? 0 : 1)
    if let data {
      bytes += Self.little(UInt64(Self.algorithms[hash.rawValue] ?? 0), 2)
      bytes += hash == .sha256 ? Array(SHA256.hash(data: data)) : Array(SHA512.hash(data: data))
    }
    add(UInt32(event.count))
    bytes += event
  }

  private mutating func add(tag: UInt32, _ data: [UInt8]) {
    add(Kind.tag, Self.little(UInt64(tag), 4) + Self.little(UInt64(data.count), 4) + data)
  }

  private mutating func addVersion(_ plan: RealmPlan, _ version: String) {
    let memory = plan.ram.reduce(0) { $0 + $1.upperBound - $1.lowerBound }
    add(
      Kind.noAction,
      Self.field("VM VERSION", 16) + Self.field("QEMU", 32) + Self.field(version, 40) + Self.little(memory, 8)
        + Self.little(UInt64(plan.vcpus), 8) + Self.little(0, 8))
  }

  private static func parameters(_ parameters: MeasurementStep.RealmParameters) -> [UInt8] {
    let fields = RmiRealmParams.table
    let numbers = [fields.s2sz, fields.sveVL, fields.numBPs, fields.numWPs, fields.pmuNumCtrs, fields.hashAlgo]
    return little(parameters[fields.flags], 8) + numbers.map { UInt8(truncatingIfNeeded: parameters[$0]) } + [0, 0]
  }

  private mutating func add(image name: String, _ kind: UInt32, _ base: UInt64, _ size: UInt64, _ content: [UInt8]?) {
    add(kind, [UInt8(name.utf8.count)] + Array(name.utf8) + Self.words([base, size]), content)
  }
}
