import Attestation

/// The Realm token, and the CCA token that joins it to the platform's (DEN0137 A7.2.3).
enum RealmToken {
  /// The claims in the order TF-RMM writes them.
  static func claims(
    _ realm: RealmDescriptor, challenge: UnsafeRawBufferPointer, key: Signer, _ form: TokenProfile
  ) -> [UInt8] {
    let length = realm.hash.length
    func measurement(_ index: Int) -> Slice<UnsafeMutableRawBufferPointer> { realm.measurement(index)[0..<length] }
    var writer = CBORWriter(capacity: 768)
    writer.map(form == .legacy ? 7 : 8)
    writer.int(RealmClaim.challenge.rawValue)
    writer.byteString(challenge)
    writer.int(RealmClaim.personalizationValue.rawValue)
    writer.byteString(realm.rpv)
    writer.int(RealmClaim.publicKey.rawValue)
    writer.byteString(key.claim(form))
    writer.int(RealmClaim.hashAlgorithm.rawValue)
    writer.text(realm.hash.name)
    writer.int(RealmClaim.publicKeyHashAlgorithm.rawValue)
    writer.text("sha-256")
    if form != .legacy {
      writer.int(RealmClaim.profile.rawValue)
      writer.text(ClaimProfile.realm1)
    }
    writer.int(RealmClaim.initialMeasurement.rawValue)
    writer.byteString(measurement(0))
    writer.int(RealmClaim.extensibleMeasurements.rawValue)
    writer.array(4)
    for n in 1...4 { writer.byteString(measurement(n)) }
    return writer.bytes
  }
}

/// The CCA token that joins the two.
public enum CCAToken {
  /// Tag 399 { 44234: platform token, 44241: Realm token }; or tag 907, each entry [263, token].
  package static func joined(
    platform: some Collection<UInt8>, realm: some Collection<UInt8>, _ form: TokenProfile = .rmm1
  ) -> [UInt8] {
    var writer = CBORWriter(capacity: platform.count + realm.count + 32)
    writer.tag(form == .collection ? 907 : 399)
    writer.map(2)
    writer.int(TokenDocument.platformKey)
    entry(platform, form, &writer)
    writer.int(TokenDocument.realmKey)
    entry(realm, form, &writer)
    return writer.bytes
  }

  private static func entry(_ token: some Collection<UInt8>, _ form: TokenProfile, _ writer: inout CBORWriter) {
    if form == .collection {
      writer.array(2)
      writer.int(TokenPart.contentFormat)
    }
    writer.byteString(token)
  }
}

/// A token the RMM finished.
public struct MintedToken: Sendable, Equatable {
  public let rec: UInt64
  public let rd: UInt64
  public let bytes: [UInt8]
}

/// RSI_ATTESTATION_TOKEN_INIT and _CONTINUE. The claims, then the finished token, lie in the REC's granule.
extension Machine {
  static let tokenRoom = RmmRec.table.token.width
  /// Realm tokens that are signed in one entry of a REC: each takes as long as thousands of instructions.
  static let mostSignatures = 32

  /// Encodes the claims as they are now: measurements are sampled here.
  mutating func beginToken(_ address: UInt64, challenge: InlineArray<11, UInt64>) {
    let rec = mutableREC(address)
    for n in 0..<8 {
      rec.challenge.storeBytes(of: challenge[n + 1].littleEndian, toByteOffset: n * 8, as: UInt64.self)
    }
    let claims = RealmToken.claims(
      realm(rec.owner), challenge: UnsafeRawBufferPointer(rec.challenge), key: platformKeys().realm,
      configuration.token)
    storeToken(rec, claims)
    rec.tokenCopied = 0
    rec.attestState = .signing0
  }

  private func storeToken(_ rec: REC, _ bytes: [UInt8]) {
    rec.token.copyMemory(from: bytes, byteCount: bytes.count)
    rec.tokenLength = UInt64(bytes.count)
  }

  mutating func continueToken(_ c: inout Call) {
    let rec = mutableREC(c.rec)
    while rec.attestState != .ready {
      switch rec.attestState {
      case .signing0: rec.attestState = .signing1
      case .signing1: rec.attestState = .signing2
      default:
        guard finishToken(c.rec) else {
          rec.attestState = .idle
          c.out[0] = policy.has(.tokenWithoutRoomIsInput) ? RSIReturn.errorInput : Status.rsiUnknown.value
          return
        }
        rec.attestState = .ready
        progress.signatures += 1
        // The Host's timer: a guest that does nothing but sign gives its PE back.
        if progress.signatures >= Machine.mostSignatures { control.pes[control.currentPE].guestLeft = 0 }
      }
      // An interrupt for the Host is let through between the steps of the signature.
      if control.pes[control.currentPE].isrEL1 != 0 {
        c.out[0] = RSIReturn.incomplete
        c.realmAction = .updateAndExit
        return
      }
    }
    switch realmMemory(realm(rec.owner), c.x[1]) {
    case .empty:
      c.out[0] = RSIReturn.errorInput
    case .fault(let level):
      c.realmAction = .stage2Abort(ipa: c.x[1], level: level)
    case .address(let pa):
      handOut(rec, pa, &c)
    }
  }

  private mutating func handOut(_ rec: REC, _ pa: UInt64, _ c: inout Call) {
    let left = rec.tokenLength - rec.tokenCopied
    // The conditions have kept offset and size within the granule; where they are off, what does not fit is not handed out.
    let offset = c.x[2] & (Granule.size - 1)
    let length = min(c.x[3], left, Granule.size - offset)
    if length > 0 {
      let target = memory.writablePage(pa) + Int(offset)
      target.copyMemory(from: rec.token + Int(rec.tokenCopied), byteCount: Int(length))
      rec.tokenCopied += length
    }
    c.out[1] = length
    if length < left {
      c.out[0] = RSIReturn.incomplete
    } else {
      c.out[0] = RSIReturn.success
      rec.attestState = .idle
    }
  }

  /// Signs the claims and joins them to the platform token. False if the result has no room.
  private mutating func finishToken(_ address: UInt64) -> Bool {
    let rec = mutableREC(address)
    let claims = Array(
      UnsafeRawBufferPointer(start: rec.token, count: Int(rec.tokenLength)))
    let signature = platformKeys().realm.sign(COSE.sigStructure(claims), &entropy)
    let token = CCAToken.joined(
      platform: platformToken(), realm: COSE.sign1(claims, signature: signature), configuration.token)
    guard token.count <= Machine.tokenRoom else { return false }
    storeToken(rec, token)
    observation.append(MintedToken(rec: address, rd: rec.owner, bytes: token))
    return true
  }
}
