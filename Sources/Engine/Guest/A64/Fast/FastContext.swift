/// N, Z, C and V as the values they come from: setting them costs little, and most are never asked for. They lie behind the
/// register file.
struct LazyFlags {
  /// N is the sign of the first, Z whether the second is zero, C the third, V the sign of the fourth. Results of 32 bits lie in the
  /// upper half.
  let values: UnsafeMutablePointer<UInt64>

  @inline(__always) private func set(_ n: UInt64, _ z: UInt64, _ c: Bool, _ v: UInt64) {
    values[0] = n
    values[1] = z
    values[2] = c ? 1 : 0
    values[3] = v
  }

  /// In bits 31:28.
  @inline(__always) var nzcv: UInt64 {
    get { number << 28 }
    nonmutating set { set(newValue << 32, ~newValue & (1 << 30), newValue & (1 << 29) != 0, newValue << 35) }
  }

  /// In bits 3:0.
  @inline(__always) var number: UInt64 { (values[0] >> 60 & 8) | (eq ? 4 : 0) | values[2] << 1 | values[3] >> 63 }

  @inline(__always) func sub(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let result = a &- b
    set(result, result, a >= b, (a ^ b) & (a ^ result))
    return result
  }

  @inline(__always) func add(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let result = a &+ b
    set(result, result, result < a, ~(a ^ b) & (a ^ result))
    return result
  }

  @inline(__always) func logic(_ result: UInt64) { set(result, result, false, 0) }

  @inline(__always) var eq: Bool { values[1] == 0 }
  @inline(__always) var hs: Bool { values[2] != 0 }
  @inline(__always) var mi: Bool { values[0] >> 63 != 0 }
  @inline(__always) var vs: Bool { values[3] >> 63 != 0 }
  @inline(__always) var hi: Bool { hs && !eq }
  @inline(__always) var ge: Bool { Int64(bitPattern: values[0] ^ values[3]) >= 0 }
  @inline(__always) var gt: Bool { ge && !eq }
}

/// Where the fast engine is, and what it executes with.
struct FastContext {
  /// The instruction that comes next.
  var op: UnsafeMutablePointer<FastInstruction>
  /// The first one of its page, and that one's address.
  var base: UnsafeMutablePointer<FastInstruction>
  var page: UInt64
  /// Where the slice would end if no branch were taken: what is left is `end - op`.
  var end: UnsafeMutablePointer<FastInstruction>
  let x: UnsafeMutablePointer<UInt64>
  /// Translations of the exception level.
  var reads: UnsafeMutablePointer<TranslationCache.Entry>
  var writes: UnsafeMutablePointer<TranslationCache.Entry>
  var code: UnsafeMutablePointer<TranslationCache.Entry>
  /// A page of one place, for a target that is still to be found.
  let missing: UnsafeMutablePointer<FastInstruction>

  /// Instructions that may follow one another without a branch: a page of them, and one.
  static let longestStretch = 1026

  init(_ workspace: A64Workspace, _ level: UInt64, _ pc: UInt64, _ left: Int) {
    x = workspace.registers
    missing = workspace.code.missing
    (op, base, page, end) = (missing, missing, pc, missing + left)
    reads = workspace.reads.bank(level)
    writes = workspace.writes.bank(level)
    code = workspace.code.pages.bank(level)
    go(to: pc)
  }

  var pc: UInt64 { page &+ UInt64(truncatingIfNeeded: op - base) << 2 }
  var left: Int { end - op }
  /// The word that the instruction was decoded from.
  var word: UInt32 { UInt32(littleEndian: CodeCache.words(base)[op - base]) }

  /// Goes to an address; its page may be missing.
  mutating func go(to target: UInt64) { Self.go(to: target, code, missing, &op, &base, &page, &end) }

  /// The same, for a loop that has its place in variables.
  @inline(__always) static func go(
    to target: UInt64, _ code: UnsafeMutablePointer<TranslationCache.Entry>, _ missing: UnsafeMutablePointer<FastInstruction>,
    _ op: inout UnsafeMutablePointer<FastInstruction>, _ base: inout UnsafeMutablePointer<FastInstruction>, _ page: inout UInt64,
    _ end: inout UnsafeMutablePointer<FastInstruction>
  ) {
    let left = end - op
    if let found = TranslationCache.hit(code, target, 4) {
      page = target & ~0xFFF
      base = (found - Int(truncatingIfNeeded: target & 0xFFF)).assumingMemoryBound(to: FastInstruction.self)
      op = base + Int(truncatingIfNeeded: target >> 2 & 1023)
    } else {
      page = target
      base = missing
      op = base
    }
    end = op + left
  }
}
