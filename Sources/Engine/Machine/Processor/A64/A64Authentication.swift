/// Pointer authentication (FEAT_PAuth; Arm ARM D8.8 and the pseudocode AddPAC, Auth and Strip) with the architected algorithm, QARMA5.
extension Machine {
  /// What PAC…, AUT… and XPAC… make of a pointer; `a` of the instruction is the key (IA, IB, DA, DB), `m` the register of the modifier.
  func authenticate(_ i: Instruction, _ pointer: UInt64, _ core: A64Core) -> UInt64 {
    let isData = i.a & 2 != 0
    if i.operation == .xpac { return PointerLayout(core, isData: isData, isHigh: pointer.bit(55)).stripped(pointer) }
    // SCTLR_EL1.EnIA, EnIB, EnDA, EnDB: without them the pointer stays.
    guard core.rec[.sctlrEL1].bit([31, 30, 27, 13][Int(i.a)]) else { return pointer }
    let modifier = core.x[Int(i.m)]
    let key = (core.rec.key(2 * Int(i.a)), core.rec.key(2 * Int(i.a) + 1))
    if i.operation == .pac {
      // Which half of the address space: bit 55 where a tag may stand above it.
      let isHigh = PointerLayout.hasTags(core.rec[.tcrEL1], isData: isData) ? pointer.bit(55) : pointer.bit(63)
      let layout = PointerLayout(core, isData: isData, isHigh: isHigh)
      return layout.signed(pointer) { core.workspace.signatures.signature($0, modifier, key.0, key.1) }
    }
    let layout = PointerLayout(core, isData: isData, isHigh: pointer.bit(55))
    let original = layout.stripped(pointer)
    let signature = core.workspace.signatures.signature(original, modifier, key.0, key.1)
    return layout.checked(pointer, original, signature, errorCode: i.a & 1 == 0 ? 0b01 : 0b10)
  }

  /// PACGA: 32 bits of a signature with the generic key.
  func genericSignature(_ value: UInt64, _ modifier: UInt64, _ core: A64Core) -> UInt64 {
    core.workspace.signatures.signature(value, modifier, core.rec.key(8), core.rec.key(9)) & 0xFFFF_FFFF_0000_0000
  }

  /// LDRAA and LDRAB: a load through a pointer that is checked first; written back as it was checked.
  mutating func loadAuthenticated(_ i: Instruction, _ core: inout A64Core) throws(A64Stop) {
    var check = i
    check.m = A64Registers.zero
    let address = authenticate(check, core.x[Int(i.n)], core) &+ UInt64(bitPattern: i.imm)
    let value = try load(address, 3, &core, details: i.x == 1 ? 0 : authenticatedDetails(i))
    if i.x == 1 { core.x[Int(i.n)] = address }
    core.x[Int(i.d)] = value
  }

  /// The syndrome of a load of 64 bits.
  private func authenticatedDetails(_ i: Instruction) -> UInt64 {
    var plain = i
    plain.x = 3 | 8
    return details(plain, isWrite: false)
  }
}

/// Where in a pointer its authentication code stands: from `bottom` to bit 54, and above bit 55 where no tag is.
private struct PointerLayout {
  let bottom: UInt64
  let hasTag: Bool
  let isHigh: Bool

  init(_ core: borrowing A64Core, isData: Bool, isHigh: Bool) {
    let tcr = core.rec[.tcrEL1]
    bottom = 64 - max(16, min(39, isHigh ? tcr >> 16 & 0x3F : tcr & 0x3F))
    hasTag = Self.hasTag(tcr, isData: isData, isHigh: isHigh)
    self.isHigh = isHigh
  }

  /// TCR_EL1.TBI of a half; of an instruction's address with TBID clear.
  private static func hasTag(_ tcr: UInt64, isData: Bool, isHigh: Bool) -> Bool {
    tcr.bit(isHigh ? 38 : 37) && (isData || !tcr.bit(isHigh ? 52 : 51))
  }
  static func hasTags(_ tcr: UInt64, isData: Bool) -> Bool {
    hasTag(tcr, isData: isData, isHigh: false) || hasTag(tcr, isData: isData, isHigh: true)
  }

  /// Ones where address bits are all the same.
  private var extensionBits: UInt64 { (hasTag ? (1 << 56) - 1 : ~0) & ~((1 << bottom) - 1) }
  /// Ones where the code stands.
  private var field: UInt64 { extensionBits & ~(1 << 55) }

  func stripped(_ pointer: UInt64) -> UInt64 { isHigh ? pointer | extensionBits : pointer & ~extensionBits }

  func signed(_ pointer: UInt64, _ signature: (UInt64) -> UInt64) -> UInt64 {
    let extended = stripped(pointer)
    var code = signature(extended)
    // A pointer that was none gets a code that fails.
    let rest = pointer & extensionBits
    if rest != 0, rest != extensionBits { code ^= hasTag ? 1 << 54 : 1 << 62 }
    return extended & ~field | code & field
  }

  func checked(_ pointer: UInt64, _ original: UInt64, _ signature: UInt64, errorCode: UInt64) -> UInt64 {
    guard (pointer ^ signature) & field != 0 else { return original }
    let place: UInt64 = hasTag ? 53 : 61
    return original & ~(3 << place) | errorCode << place
  }
}

/// Signatures that were made, by a hash of what they are of: code signs the same return address again and again.
final class SignatureCache {
  private struct Entry {
    var value: UInt64 = 0
    var modifier: UInt64 = 0
    var low: UInt64 = 0
    var high: UInt64 = 0
    var signature: UInt64 = 0
    var isValid = false
  }

  private let entries: UnsafeMutablePointer<Entry>
  private static let count = 512

  init() {
    entries = .allocate(capacity: Self.count)
    entries.initialize(repeating: Entry(), count: Self.count)
  }

  deinit { entries.deallocate() }

  func signature(_ value: UInt64, _ modifier: UInt64, _ low: UInt64, _ high: UInt64) -> UInt64 {
    let mixed = (value ^ modifier &* 3 ^ low) &* 0x9E37_79B9_7F4A_7C15
    let entry = entries + Int(mixed >> 55)
    let known = entry.pointee
    if known.isValid, known.value == value, known.modifier == modifier, known.low == low, known.high == high {
      return known.signature
    }
    let signature = QARMA.signature(value, modifier, low, high)
    entry.pointee = Entry(value: value, modifier: modifier, low: low, high: high, signature: signature, isValid: true)
    return signature
  }
}

/// The block cipher QARMA-64 with five rounds, as FEAT_PACQARMA5 uses it (Arm ARM, ComputePACQARMA). Cell n is bits 4n+3 to 4n.
enum QARMA {
  private static let roundConstants: [UInt64] = [
    0, 0x1319_8A2E_0370_7344, 0xA409_3822_299F_31D0, 0x082E_FA98_EC4E_6C89, 0x4528_21E6_38D0_1377,
  ]
  private static let alpha: UInt64 = 0xC0AC_29B7_C97C_50DD
  /// Which cell comes to each place.
  private static let shuffle = [13, 6, 11, 0, 7, 12, 1, 10, 8, 3, 14, 5, 2, 9, 4, 15]
  private static let unshuffle = inverse(shuffle)
  private static let tweakShuffle = [4, 5, 6, 7, 11, 2, 3, 8, 12, 13, 14, 15, 0, 1, 10, 9]
  /// Places of the tweak whose cells go through a shift register.
  private static let shifted: [Int] = [2, 4, 7, 11, 12, 14, 15]
  private static let substitutes = [0xB, 0x6, 0x8, 0xF, 0xC, 0x0, 0x9, 0xE, 0x3, 0x7, 0x4, 0x5, 0xD, 0x2, 0x1, 0xA]
  private static let originals = inverse(substitutes)

  private static func inverse(_ list: [Int]) -> [Int] { list.indices.map { list.firstIndex(of: $0) ?? 0 } }

  private static func cell(_ value: UInt64, _ n: Int) -> UInt64 { value >> UInt64(4 * n) & 15 }

  private static func permuted(_ value: UInt64, _ places: [Int]) -> UInt64 {
    var result: UInt64 = 0
    for n in 0..<16 { result |= cell(value, places[n]) << UInt64(4 * n) }
    return result
  }

  private static func substituted(_ value: UInt64, _ table: [Int]) -> UInt64 {
    var result: UInt64 = 0
    for n in 0..<16 { result |= UInt64(table[Int(cell(value, n))]) << UInt64(4 * n) }
    return result
  }

  /// Each cell is the sum of the others of its column, rotated by 1, 2 and 1.
  private static func mixed(_ value: UInt64) -> UInt64 {
    func rotated(_ value: UInt64, _ rows: UInt64) -> UInt64 { value >> (16 * rows) | value << (64 - 16 * rows) }
    let once = rotated(value, 1) ^ rotated(value, 3)
    let twice = rotated(value, 2)
    return (once << 1 & 0xEEEE_EEEE_EEEE_EEEE | once >> 3 & 0x1111_1111_1111_1111)
      ^ (twice << 2 & 0xCCCC_CCCC_CCCC_CCCC | twice >> 2 & 0x3333_3333_3333_3333)
  }

  private static func nextTweak(_ tweak: UInt64) -> UInt64 {
    var result = permuted(tweak, tweakShuffle)
    for n in shifted {
      let old = cell(result, n)
      let new = old >> 1 | (old ^ old >> 1) << 3 & 8
      result = result & ~(15 << UInt64(4 * n)) | new << UInt64(4 * n)
    }
    return result
  }

  /// The cipher of `value` with a tweak and the key whose halves are `low` and `high`.
  static func signature(_ value: UInt64, _ tweak: UInt64, _ low: UInt64, _ high: UInt64) -> UInt64 {
    let modified = high << 63 | (high >> 2) << 1 | (high >> 63 ^ high >> 1) & 1
    var tweaks = InlineArray<6, UInt64>(repeating: tweak)
    for n in 0..<5 { tweaks[n + 1] = nextTweak(tweaks[n]) }
    var state = value ^ high
    for n in 0..<5 {
      state ^= low ^ tweaks[n] ^ roundConstants[n]
      if n > 0 { state = mixed(permuted(state, shuffle)) }
      state = substituted(state, substitutes)
    }
    // The middle, which is its own inverse but for the key.
    state ^= modified ^ tweaks[5]
    state = substituted(mixed(permuted(state, shuffle)), substitutes)
    state = mixed(permuted(state, shuffle)) ^ low
    state = mixed(substituted(permuted(state, unshuffle), originals))
    state = permuted(state, unshuffle) ^ high ^ tweaks[5]
    for n in 0..<5 {
      state = substituted(state, originals)
      if n < 4 { state = permuted(mixed(state), unshuffle) }
      state ^= roundConstants[4 - n] ^ low ^ tweaks[4 - n] ^ alpha
    }
    return state ^ modified
  }
}
