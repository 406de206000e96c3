import Attestation

/// What EL3 has for the RMM's attestation: keys and the platform token (RMM-EL3 interface 0.4, RMM_ATTEST_GET_REALM_KEY and _PLAT_TOKEN).
extension Machine {
  /// The keys EL3 has since boot; made when they are needed first.
  mutating func platformKeys() -> PlatformKeys {
    if let keys { return keys }
    let made =
      configuration.platform == .sample
      ? .sample : PlatformKeys(instance: configuration.instance, bootMeasurements: Firmware.digests(configuration))
    keys = made
    return made
  }

  /// The claims EL3 makes for this machine.
  private mutating func platformClaims() -> PlatformClaims {
    if configuration.platform == .sample { return SamplePlatform.claims }
    return PlatformClaims(
      implementationID: PlatformModel.implementationID, instanceID: PlatformModel.instanceID(platformKeys().platform),
      config: PlatformModel.config(configuration), lifecycle: configuration.lifecycle,
      components: bootMeasurements().map {
        .init(name: $0.component.rawValue, measurement: $0.digest, version: Firmware.version, signer: PlatformModel.signer)
      })
  }

  /// The platform token, fetched from EL3 once and kept in the RMM's memory: its length, then its bytes.
  mutating func platformToken() -> [UInt8] {
    let place = map.platformToken
    if memory.load64(place) == 0 {
      let claims = platformClaims()
      let token = platformKeys().mint(claims, configuration.token, &entropy)
      precondition(token.count <= 4088, "the platform token does not fit its granule")
      let page = memory.writablePage(place)
      (page + 8).copyMemory(from: token, byteCount: token.count)
      memory.store64(place, UInt64(token.count))
      if tracing {
        emit(.service, UInt64(ServiceFID.attestGetPlatformToken), place, 0, world: .root, detail: 3)
      }
    }
    // At most what its granule has room for, whatever stands there.
    let length = Int(min(memory.load64(place), 4088))
    return Array(UnsafeRawBufferPointer(start: memory.page(place) + 8, count: length))
  }

  /// The public key a verifier of this machine's tokens trusts.
  public mutating func platformPublicKey() -> PublicKey {
    guard let key = PublicKey(point: platformKeys().platform.publicKey) else { preconditionFailure("not a point") }
    return key
  }
}
