import Engine
import FoundationEssentials

/// Reads the files public keys are kept in.
extension TokenFile {
  /// A public key in PEM or as a JWK.
  static func key(_ path: String) throws(Failure) -> PublicKey {
    let text = String(decoding: try bytes(path, limit: 1 << 16), as: UTF8.self)
    let trimmed = text.drop { $0.isWhitespace }
    if trimmed.hasPrefix("{") { return try jwk(text, path) }
    guard let key = PublicKey(pem: text) else {
      let found = text.contains("PRIVATE KEY-----") ? "a private key; expected" : "neither"
      let other = text.contains("PRIVATE KEY-----") ? "or" : "nor"
      throw Failure(
        message: "\(path): \(found) a public key of P-256, P-384 or P-521 in PEM, \(other) a JWK", code: 65)
    }
    return key
  }

  /// RFC 7517 and RFC 7518 section 6.2.
  private struct JWK: Decodable {
    var kty: String
    var crv: String
    var x: String
    var y: String
    var use: String?
    var alg: String?
    var operations: [String]?
    var d: String?

    enum CodingKeys: String, CodingKey {
      case kty, crv, x, y, use, alg, d
      case operations = "key_ops"
    }
  }

  private static func jwk(_ text: String, _ path: String) throws(Failure) -> PublicKey {
    guard let jwk = try? JSONDecoder().decode(JWK.self, from: Data(text.utf8)) else {
      throw Failure(message: "\(path): not a JWK with kty, crv, x and y", code: 65)
    }
    guard jwk.kty == "EC", let curve = EllipticCurve.allCases.first(where: { $0.name == jwk.crv }) else {
      throw Failure(
        message: "\(path): kty \(shown(jwk.kty)), crv \(shown(jwk.crv)); expected EC and P-256, P-384 or P-521", code: 65)
    }
    try checkUse(jwk, COSEAlgorithm(curve), path)
    guard let x = base64(jwk.x), let y = base64(jwk.y), x.count == curve.coordinateLength, y.count == x.count,
      let key = PublicKey(point: [4] + x + y)
    else {
      throw Failure(message: "\(path): x and y are no point of \(curve.name)", code: 65)
    }
    return key
  }

  /// What a key says of its own use binds whoever uses it (RFC 7517 sections 4.2 to 4.4). "use" is only warned of: published sample
  /// keys of verifiers carry "enc".
  private static func checkUse(_ jwk: JWK, _ algorithm: COSEAlgorithm, _ path: String) throws(Failure) {
    if let alg = jwk.alg, alg != algorithm.name {
      throw Failure(
        message: "\(path): alg is \(shown(alg)); a key of \(algorithm.curve.name) verifies \(algorithm.name)", code: 65)
    }
    if let operations = jwk.operations, !operations.contains("verify") {
      throw Failure(message: "\(path): key_ops is \(shown("\(operations)")); it must have verify", code: 65)
    }
    if let use = jwk.use, use != "sig" {
      complain("warning: \(path): use is \(shown(use)), not sig; it is taken to verify anyway")
    }
    if jwk.d != nil { complain("warning: \(path): the private key d is in it; a verifier needs the public half alone") }
  }
}
