/// COSE_Sign1 (RFC 9052) with ES384, as CCA tokens use it.
package enum COSE {
  /// The protected header {1: -35}, ES384.
  static let protectedES384: [UInt8] = [0xA1, 0x01, 0x38, 0x22]

  /// What is hashed and signed: ["Signature1", protected, h'', payload].
  package static func sigStructure(_ payload: some Collection<UInt8>) -> [UInt8] {
    var writer = CBORWriter(capacity: payload.count + 32)
    writer.array(4)
    writer.text("Signature1")
    writer.byteString(protectedES384)
    writer.byteString([])
    writer.byteString(payload)
    return writer.bytes
  }

  /// COSE_Sign1_Tagged with an empty unprotected header.
  static func sign1(_ payload: some Collection<UInt8>, signature: some Collection<UInt8>) -> [UInt8] {
    var writer = CBORWriter(capacity: payload.count + 128)
    writer.tag(18)
    writer.array(4)
    writer.byteString(protectedES384)
    writer.map(0)
    writer.byteString(payload)
    writer.byteString(signature)
    return writer.bytes
  }

  /// COSE_Key of a P-384 public key given as x and y, 48 bytes each: {1: 2, -1: 2, -2: x, -3: y}.
  static func key(x: some Collection<UInt8>, y: some Collection<UInt8>) -> [UInt8] {
    var writer = CBORWriter(capacity: 107)
    writer.map(4)
    writer.int(1)
    writer.int(2)
    writer.int(-1)
    writer.int(2)
    writer.int(-2)
    writer.byteString(x)
    writer.int(-3)
    writer.byteString(y)
    return writer.bytes
  }
}
