import Crypto
import Engine
import Foundation
import Testing

/// The token a Realm gets, taken apart by a decoder of the tests' own.
struct TokenTests {
  private func token(hash: Int) throws -> [UInt8] {
    var configuration = MachineConfiguration()
    configuration.platform = .sample
    let script = Script(configuration)
    try script.run(
      Script.activeRealm.replacingOccurrences(
        of: "ns.write64 0x83f00008 40", with: "ns.write64 0x83f00008 40\nns.write64 0x83f00030 \(hash)"))
    try script.run(
      """
      guest smc RSI_ATTESTATION_TOKEN_INIT 0x1111 0x2222 0x3333 0x4444 0x5555 0x6666 0x7777 0x8888
      guest smc RSI_ATTESTATION_TOKEN_CONTINUE 0 0 1000
      guest expect RSI_INCOMPLETE x1=1000
      guest smc RSI_ATTESTATION_TOKEN_CONTINUE 0 1000 3096
      guest expect RSI_SUCCESS
      smc RMI_REC_ENTER rec run
      expect RMI_SUCCESS
      """)
    #expect(script.runner.failures == [])
    let length = hash == 0 ? 2124 : 2284
    var bytes: [UInt8] = []
    for word in 0..<(length + 7) / 8 {
      _ = script.takeRaw()
      try script.run("peek64 \(hex(0x8020_0000 + UInt64(word) * 8))")
      let value = UInt64(script.takeRaw()[0].dropFirst(5), radix: 16) ?? 0
      for i in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * i))) }
    }
    return Array(bytes.prefix(length))
  }

  @Test(arguments: [0, 1])
  func bothSignaturesVerifyAndThePlatformIsBoundToTheRealmKey(_ hash: Int) throws {
    let bytes = try token(hash: hash)
    var decoder = Decoder(bytes: bytes)
    guard case .tag(399, .map(let parts)) = try decoder.item() else {
      Issue.record("not a CCA token")
      return
    }
    #expect(decoder.isAtEnd)
    let platform = try Sign1(parts[44234])
    let realm = try Sign1(parts[44241])
    let rak = try #require(realm.claims[44237]?.bytes)
    #expect(rak.count == 107)
    let key = try P384.Signing.PublicKey(x963Representation: [4] + rak[8..<56] + rak[59..<107])
    #expect(try realm.verifies(key))
    let iak = try P384.Signing.PublicKey(x963Representation: SamplePlatform.platformKey.publicKey)
    #expect(try platform.verifies(iak))
    #expect(platform.claims[10]?.bytes == Array(SHA256.hash(data: rak)))
    #expect(realm.claims[10]?.bytes?.prefix(2) == [0x11, 0x11])
    #expect(realm.claims[44238]?.bytes?.count == (hash == 0 ? 32 : 64))
    #expect(realm.claims[44236]?.text == (hash == 0 ? "sha-256" : "sha-512"))
  }

  struct Sign1 {
    var payload: [UInt8]
    var signature: [UInt8]
    var claims: [Int64: Item]

    init(_ item: Item?) throws {
      var decoder = Decoder(bytes: try #require(item?.bytes))
      guard case .tag(18, .array(let parts)) = try decoder.item(), parts.count == 4, parts[0].bytes == [0xA1, 0x01, 0x38, 0x22]
      else {
        throw Malformed()
      }
      payload = try #require(parts[2].bytes)
      signature = try #require(parts[3].bytes)
      var inner = Decoder(bytes: payload)
      guard case .map(let claims) = try inner.item() else { throw Malformed() }
      self.claims = claims
    }

    func verifies(_ key: P384.Signing.PublicKey) throws -> Bool {
      key.isValidSignature(try .init(rawRepresentation: signature), for: COSE.sigStructure(payload))
    }
  }

  struct Malformed: Error {}

  indirect enum Item {
    case int(Int64), bytes([UInt8]), text(String), array([Item]), map([Int64: Item]), tag(UInt64, Item)
    var bytes: [UInt8]? { if case .bytes(let value) = self { value } else { nil } }
    var text: String? { if case .text(let value) = self { value } else { nil } }
  }

  struct Decoder {
    let bytes: [UInt8]
    var position = 0
    var isAtEnd: Bool { position == bytes.count }

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func item() throws -> Item {
      guard position < bytes.count else { throw Malformed() }
      let first = bytes[position]
      position += 1
      var value = UInt64(first & 31)
      if value >= 24 {
        let count = 1 << Int(value - 24)
        guard count <= 8, position + count <= bytes.count else { throw Malformed() }
        value = bytes[position..<position + count].reduce(0) { $0 << 8 | UInt64($1) }
        position += count
      }
      switch first >> 5 {
      case 0: return .int(Int64(value))
      case 1: return .int(-1 - Int64(value))
      case 2, 3:
        guard position + Int(value) <= bytes.count else { throw Malformed() }
        let content = Array(bytes[position..<position + Int(value)])
        position += Int(value)
        return first >> 5 == 2 ? .bytes(content) : .text(String(decoding: content, as: UTF8.self))
      case 4: return .array(try (0..<value).map { _ in try item() })
      case 5:
        var map: [Int64: Item] = [:]
        for _ in 0..<value {
          guard case .int(let key) = try item() else { throw Malformed() }
          map[key] = try item()
        }
        return .map(map)
      default: return .tag(value, try item())
      }
    }
  }
}
