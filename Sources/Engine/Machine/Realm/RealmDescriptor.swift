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

/// A Realm descriptor, in the granule the Host gave for it (DEN0137 A2.1.4, RmmRealm).
///
/// Fields lie at fixed offsets, little-endian, so that a digest and a debugger see the same bytes on every machine. What is read is
/// within what a Realm can have, whatever the bytes are: software of the Realm and of the Root world can write anything here.
///
/// Invariants:
/// - `recCount` is the number of RECs whose owner is this Realm; `recIndex` never falls and is at least `recCount`;
/// - the starting level tables are `rttCount` RTT granules from `rttBase`, not shared with another Realm;
/// - VMIDs of Realms that exist differ;
/// - the RIM changes only while the state is NEW.
package struct RealmDescriptor {
  let base: UnsafeMutableRawPointer

  private func get(_ offset: Int) -> UInt64 {
    UInt64(littleEndian: base.load(fromByteOffset: offset, as: UInt64.self))
  }
  private func put(_ offset: Int, _ value: UInt64) {
    base.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt64.self)
  }

  @inline(__always) package var state: RealmState {
    get { RealmState(rawValue: base.load(fromByteOffset: 0x00, as: UInt8.self)) ?? .new }
    nonmutating set { base.storeBytes(of: newValue.rawValue, toByteOffset: 0x00, as: UInt8.self) }
  }
  @inline(__always) package var hash: HashAlgorithm {
    get { base.load(fromByteOffset: 0x01, as: UInt8.self) == 0 ? .sha256 : .sha512 }
    nonmutating set { base.storeBytes(of: newValue.rawValue, toByteOffset: 0x01, as: UInt8.self) }
  }
  /// feat_lpa2.
  @inline(__always) package var lpa2: Bool {
    get { base.load(fromByteOffset: 0x02, as: UInt8.self) != 0 }
    nonmutating set { base.storeBytes(of: newValue ? 1 : 0, toByteOffset: 0x02, as: UInt8.self) }
  }
  @inline(__always) package var pmu: Bool {
    get { base.load(fromByteOffset: 0x03, as: UInt8.self) != 0 }
    nonmutating set { base.storeBytes(of: newValue ? 1 : 0, toByteOffset: 0x03, as: UInt8.self) }
  }
  /// ipa_width in bits.
  @inline(__always) package var ipaWidth: UInt64 {
    get { min(max(UInt64(base.load(fromByteOffset: 0x04, as: UInt8.self)), 1), 52) }
    nonmutating set { base.storeBytes(of: UInt8(newValue), toByteOffset: 0x04, as: UInt8.self) }
  }
  /// rtt_level_start, -1 to 2.
  @inline(__always) package var startLevel: Int {
    get { min(max(Int(base.load(fromByteOffset: 0x05, as: Int8.self)), -1), 2) }
    nonmutating set { base.storeBytes(of: Int8(newValue), toByteOffset: 0x05, as: Int8.self) }
  }
  /// rtt_num_start.
  @inline(__always) package var rttCount: Int {
    get { min(Int(base.load(fromByteOffset: 0x06, as: UInt8.self)), 16) }
    nonmutating set { base.storeBytes(of: UInt8(newValue), toByteOffset: 0x06, as: UInt8.self) }
  }
  @inline(__always) package var rttBase: UInt64 {
    get { get(0x08) }
    nonmutating set { put(0x08, newValue) }
  }
  @inline(__always) package var recIndex: UInt64 {
    get { get(0x10) }
    nonmutating set { put(0x10, newValue) }
  }
  /// num_recs.
  @inline(__always) package var recCount: UInt64 {
    get { get(0x18) }
    nonmutating set { put(0x18, newValue) }
  }
  @inline(__always) package var vmid: UInt64 {
    get { get(0x20) }
    nonmutating set { put(0x20, newValue) }
  }
  package var pmuCounters: UInt64 {
    get { get(0x28) }
    nonmutating set { put(0x28, newValue) }
  }
  /// RmiRealmFlags as given.
  package var flags: UInt64 {
    get { get(0x30) }
    nonmutating set { put(0x30, newValue) }
  }

  static let rpvOffset = 0x40
  static let measurementOffset = 0x80

  /// Realm personalization value, 64 bytes.
  package var rpv: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: base + RealmDescriptor.rpvOffset, count: 64)
  }

  /// Measurement 0 is the RIM, 1 to 4 the REMs; 64 bytes each, zero beyond the hash's length.
  package func measurement(_ index: Int) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(
      start: base + RealmDescriptor.measurementOffset + index * 64, count: 64)
  }

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
    if tracing { emit(.realmState, rd, UInt64(old.rawValue), UInt64(state.rawValue), world: .realm) }
  }
}
