extension RealmDescriptor {
  /// The RIM as eight numbers.
  var rimWords: [UInt64] { (0..<8).map { measurement(0).loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self).littleEndian } }
}

extension Machine {
  /// Begins or extends the RIM of a Realm.
  ///
  /// - Parameter protection: what does it; on a machine of the lab it can be off.
  /// - Returns: whether it was done.
  @inline(__always) mutating func measure(
    _ rd: UInt64, _ protection: Protection, _ extend: (UnsafeMutableRawBufferPointer) -> Void
  ) -> Bool {
    if control.lab != nil { return measureInLab(rd, protection, extend) }
    extend(mutableRealm(rd).measurement(0))
    return true
  }

  /// The same, with the RIM that would follow from all that was done.
  @inline(never) private mutating func measureInLab(
    _ rd: UInt64, _ protection: Protection, _ extend: (UnsafeMutableRawBufferPointer) -> Void
  ) -> Bool {
    let realm = mutableRealm(rd)
    var honest = control.lab?.honestRIMs[rd] ?? realm.rimWords
    let isOn = applies(protection)
    if isOn { extend(realm.measurement(0)) }
    for n in honest.indices { honest[n] = honest[n].littleEndian }
    honest.withUnsafeMutableBytes { extend($0) }
    for n in honest.indices { honest[n] = UInt64(littleEndian: honest[n]) }
    control.lab?.setHonestRIM(rd, honest == realm.rimWords ? nil : honest)
    return isOn
  }
}
