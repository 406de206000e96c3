import Attestation

/// Realm lifecycle (DEN0137 A2.1.5).
public enum RealmState: UInt8, Sendable {
  case new = 0
  case active = 1
  case systemOff = 2

  public var name: String {
    switch self {
    case .new: "NEW"
    case .active: "ACTIVE"
    case .systemOff: "SYSTEM_OFF"
    }
  }
}

/// A Realm descriptor, in the granule the Host gave for it (DEN0137 A2.1.4): ``RmmRealm``.
///
/// Its fields are little-endian, so that a digest and a debugger see the same bytes on every machine. What is read is within what a
/// Realm can have, whatever the bytes are: software of the Realm and of the Root world can write anything here.
///
/// Invariants:
/// - `recCount` is the number of RECs whose owner is this Realm; `recIndex` never falls and is at least `recCount`;
/// - the starting level tables are `rttCount` RTT granules from `rttBase`, not shared with another Realm;
/// - VMIDs of Realms that exist differ;
/// - the RIM changes only while the state is NEW.
package struct RealmDescriptor {
  let base: UnsafeMutableRawPointer

  @inline(__always) package var state: RealmState {
    get { RealmState(rawValue: UInt8(truncatingIfNeeded: base[RmmRealm.table.state])) ?? .new }
    nonmutating set { base[RmmRealm.table.state] = UInt64(newValue.rawValue) }
  }
  @inline(__always) package var hash: HashAlgorithm {
    get { base[RmmRealm.table.hashAlgo] == 0 ? .sha256 : .sha512 }
    nonmutating set { base[RmmRealm.table.hashAlgo] = UInt64(newValue.rawValue) }
  }
  @inline(__always) package var lpa2: Bool {
    get { base[flag: RmmRealm.table.featLPA2] }
    nonmutating set { base[flag: RmmRealm.table.featLPA2] = newValue }
  }
  @inline(__always) package var pmu: Bool {
    get { base[flag: RmmRealm.table.featPMU] }
    nonmutating set { base[flag: RmmRealm.table.featPMU] = newValue }
  }
  @inline(__always) package var ipaWidth: UInt64 {
    get { base.within(RmmRealm.table.ipaWidth) }
    nonmutating set { base[RmmRealm.table.ipaWidth] = newValue }
  }
  @inline(__always) package var startLevel: Int {
    get {
      let field = RmmRealm.table.rttLevelStart
      return Int(field.clamped(Int64(Int8(truncatingIfNeeded: base[field]))))
    }
    nonmutating set { base[RmmRealm.table.rttLevelStart] = UInt64(bitPattern: Int64(newValue)) }
  }
  @inline(__always) package var rttCount: Int {
    get { Int(base.within(RmmRealm.table.rttNumStart)) }
    nonmutating set { base[RmmRealm.table.rttNumStart] = UInt64(newValue) }
  }
  @inline(__always) package var rttBase: UInt64 {
    get { base[RmmRealm.table.rttBase] }
    nonmutating set { base[RmmRealm.table.rttBase] = newValue }
  }
  @inline(__always) package var recIndex: UInt64 {
    get { base[RmmRealm.table.recIndex] }
    nonmutating set { base[RmmRealm.table.recIndex] = newValue }
  }
  @inline(__always) package var recCount: UInt64 {
    get { base[RmmRealm.table.numRECs] }
    nonmutating set { base[RmmRealm.table.numRECs] = newValue }
  }
  @inline(__always) package var vmid: UInt64 {
    get { base[RmmRealm.table.vmid] }
    nonmutating set { base[RmmRealm.table.vmid] = newValue }
  }
  package var pmuCounters: UInt64 {
    get { base[RmmRealm.table.pmuNumCtrs] }
    nonmutating set { base[RmmRealm.table.pmuNumCtrs] = newValue }
  }
  package var flags: UInt64 {
    get { base[RmmRealm.table.flags] }
    nonmutating set { base[RmmRealm.table.flags] = newValue }
  }

  package var rpv: UnsafeMutableRawBufferPointer { base.bytes(RmmRealm.table.rpv) }

  /// Measurement 0 is the RIM, 1 to 4 the REMs; 64 bytes each, zero beyond the hash's length.
  package func measurement(_ index: Int) -> UnsafeMutableRawBufferPointer { base.bytes(RmmRealm.table.measurements, index) }

  /// The measurement a call names. Where nobody checks the index, one beyond the last begins again at the RIM.
  func measurementIndex(_ index: UInt64) -> Int { Int(index % UInt64(RmmRealm.table.measurements.count)) }

  // MARK: IPA space (DEN0137 A5.2.1)

  /// First IPA of the Unprotected half.
  @inline(__always) package var protectedTop: UInt64 { 1 << (ipaWidth - 1) }
  /// First IPA beyond the IPA space.
  @inline(__always) package var ipaTop: UInt64 { 1 << ipaWidth }
  /// AddrIsProtected.
  @inline(__always) package func isProtected(_ ipa: UInt64) -> Bool { ipa < protectedTop }
}

extension Machine {
  /// The descriptor at an RD granule, to read. Do not set through it: use ``mutableRealm(_:)``.
  @inline(__always) package func realm(_ rd: UInt64) -> RealmDescriptor {
    RealmDescriptor(base: UnsafeMutableRawPointer(mutating: ownPage(rd)))
  }

  /// The descriptor at an RD granule, to change.
  @inline(__always) package mutating func mutableRealm(_ rd: UInt64) -> RealmDescriptor {
    RealmDescriptor(base: ownWritablePage(rd))
  }

  mutating func setRealmState(_ rd: UInt64, _ state: RealmState) {
    let realm = mutableRealm(rd)
    let old = realm.state
    realm.state = state
    if isLab, state == .active { control.lab?.setSealedRIM(rd, realm.rimWords) }
    if tracing { emit(.realmState, rd, UInt64(old.rawValue), UInt64(state.rawValue), world: .realm) }
  }
}
