/// What a machine keeps of which a check was switched off: a machine of the lab.
///
/// What such a check would have kept from happening happens: data of the RMM may then be wrong, so that the RMM looks before it follows an
/// address (``ControlState/isWary``), and rules of the model may be broken by what is done, not by a mistake of the model's. Beside the
/// checks that are off it has what is needed to tell that: nothing here is there on hardware, but ``stale``.
package struct LabState: Sendable {
  /// Checks that are off now.
  package var off = SwitchSet()
  /// By RD, the RIM that follows from what was done, where the Realm has another.
  private(set) var honestRIMs: [UInt64: [UInt64]] = [:]
  /// By RD, the RIM that a Realm was activated with.
  private(set) var sealedRIMs: [UInt64: [UInt64]] = [:]
  /// Translations that a PE may still have.
  private(set) var stale: [StaleTranslation] = []

  /// One that no table has any more, and that was not invalidated.
  struct StaleTranslation: Sendable, Equatable {
    let vmid: UInt64
    let ipa: UInt64
    let level: Int
    let entry: UInt64
  }

  /// Most that are kept: the first are forgotten, as a TLB forgets.
  private static let mostStale = 64

  init(off: SwitchSet) { self.off = off }

  mutating func setHonestRIM(_ rd: UInt64, _ words: [UInt64]?) { honestRIMs[rd] = words }
  mutating func setSealedRIM(_ rd: UInt64, _ words: [UInt64]?) { sealedRIMs[rd] = words }

  mutating func keepStale(_ translation: StaleTranslation) {
    stale.removeAll { $0.vmid == translation.vmid && $0.ipa == translation.ipa }
    if stale.count >= Self.mostStale { stale.removeFirst() }
    stale.append(translation)
  }

  mutating func forgetRealm(_ rd: UInt64) {
    honestRIMs[rd] = nil
    sealedRIMs[rd] = nil
  }

  // MARK: As numbers

  /// Every field; lists begin with how many there are.
  var words: [UInt64] {
    var words = [UInt64(off.keys.count)] + off.keys
    for rims in [honestRIMs, sealedRIMs] {
      words.append(UInt64(rims.count))
      for (rd, rim) in rims.sorted(by: { $0.key < $1.key }) { words += [rd] + rim }
    }
    words.append(UInt64(stale.count))
    for old in stale { words += [old.vmid, old.ipa, UInt64(bitPattern: Int64(old.level)), old.entry] }
    return words
  }

  func add(to hash: inout StateHash) { hash.add(words) }

  init(_ reader: inout StateReader) throws(SavedState.Malformed) {
    var keys: [UInt64] = []
    for _ in 0..<(try reader.number(upTo: 1 << 12)) { keys.append(try reader.number()) }
    guard let off = SwitchSet(keys: keys) else {
      throw SavedState.Malformed(message: "a check is switched off that there is not")
    }
    self.off = off
    honestRIMs = try Self.rims(&reader)
    sealedRIMs = try Self.rims(&reader)
    for _ in 0..<(try reader.number(upTo: UInt64(Self.mostStale))) {
      let (vmid, ipa) = (try reader.number(), try reader.number())
      let level = Int64(bitPattern: try reader.number())
      guard (-1...3).contains(level) else { throw SavedState.Malformed(message: "a translation of level \(level)") }
      stale.append(StaleTranslation(vmid: vmid, ipa: ipa, level: Int(level), entry: try reader.number()))
    }
  }

  private static func rims(_ reader: inout StateReader) throws(SavedState.Malformed) -> [UInt64: [UInt64]] {
    var rims: [UInt64: [UInt64]] = [:]
    for _ in 0..<(try reader.number(upTo: 1 << 16)) {
      let rd = try reader.number()
      var words: [UInt64] = []
      for _ in 0..<8 { words.append(try reader.number()) }
      rims[rd] = words
    }
    return rims
  }
}

extension Machine {
  /// Whether a check of it is, or was, switched off, or it has a bug.
  package var isLab: Bool { control.lab != nil }

  /// Checks that are off now.
  package var switchedOff: SwitchSet { control.lab?.off ?? SwitchSet() }

  /// Whether a protection is off.
  @inline(__always) func isOff(_ protection: Protection) -> Bool {
    control.lab.map { $0.off.contains(protection) } ?? false
  }

  /// Makes it a machine of the lab, if it is none yet, and says which checks are off.
  mutating func switchOff(_ wanted: SwitchSet) {
    // What a bug has left out nobody switches on.
    let off = configuration.bugs.isEmpty ? wanted : wanted.union(configuration.leftOut)
    guard control.lab == nil else {
      control.lab?.off = off
      return
    }
    var lab = LabState(off: off)
    for rd in control.realms where realm(rd).state != .new { lab.setSealedRIM(rd, realm(rd).rimWords) }
    control.lab = lab
  }

  // MARK: What is noted

  /// Whether a protection is on; if it is off, that is noted.
  @inline(__always) mutating func applies(_ protection: Protection) -> Bool {
    guard control.lab != nil, isOff(protection) else { return true }
    overrule(protection)
    return false
  }

  /// Notes that a protection would have acted.
  mutating func overrule(_ protection: Protection) {
    note(Decision(overruled: protection), key: SwitchSet.key(protection.name.description))
  }

  /// Notes that a check would have decided if it were on.
  mutating func note(_ decision: Decision, key: UInt64) {
    observation.append(decision)
    if tracing { emit(.overruled, key, world: .realm) }
  }

  /// Notes that the action breaks a rule that a machine of the lab is held to.
  mutating func breaks(_ rule: LabRule, _ a: UInt64, _ b: UInt64 = 0) {
    observation.append(Decision(fid: 0, condition: rule.name, broken: BrokenRule(rule: rule, a: a, b: b)))
    if tracing { emit(.broken, a, b, world: .realm, detail: rule.rawValue) }
  }
}
