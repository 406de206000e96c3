/// N, Z, C and V as what they come from: setting them costs little, and most are never asked for.
struct LazyFlags {
  /// First the result: N is its sign, Z whether it is zero. Results of 32 bits lie in the upper half. Then V in bit 0 and C in bit 1; bit
  /// 3 says N of a result that is zero, as only a write of NZCV can have it.
  let values: UnsafeMutablePointer<UInt64>

  @inline(__always) private func set(_ result: UInt64, _ carry: Bool, _ overflow: Bool) {
    values[0] = result
    values[1] = (carry ? 2 : 0) | (overflow ? 1 : 0)
  }

  /// In bits 31:28.
  @inline(__always) var nzcv: UInt64 {
    get { number << 28 }
    nonmutating set {
      let (n, z) = (newValue >> 31 & 1, newValue >> 30 & 1)
      values[0] = z == 1 ? 0 : n << 63 | 1
      values[1] = newValue >> 28 & 3 | (n & z) << 3
    }
  }

  /// In bits 3:0.
  @inline(__always) var number: UInt64 { values[1] | (values[0] >> 60 & 8) | (eq ? 4 : 0) }

  @inline(__always) func sub(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let (result, borrow) = a.subtractingReportingOverflow(b)
    set(result, !borrow, Int64(bitPattern: a).subtractingReportingOverflow(Int64(bitPattern: b)).overflow)
    return result
  }

  @inline(__always) func add(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let (result, carry) = a.addingReportingOverflow(b)
    set(result, carry, Int64(bitPattern: a).addingReportingOverflow(Int64(bitPattern: b)).overflow)
    return result
  }

  @inline(__always) func logic(_ result: UInt64) { set(result, false, false) }

  @inline(__always) var eq: Bool { values[0] == 0 }
  @inline(__always) var hs: Bool { values[1] & 2 != 0 }
  @inline(__always) var mi: Bool { (values[0] >> 63 | values[1] >> 3) != 0 }
  @inline(__always) var vs: Bool { values[1] & 1 != 0 }
  @inline(__always) var hi: Bool { hs && !eq }
  @inline(__always) var ge: Bool { (values[0] >> 63 ^ values[1] >> 3 ^ values[1]) & 1 == 0 }
  @inline(__always) var gt: Bool { ge && !eq }
}

/// Where the fast engine is, and what it executes with.
struct FastContext {
  /// The instruction that comes next.
  var op: UnsafeMutablePointer<FastInstruction>
  /// The first one of its page, and that one's address.
  var base: UnsafeMutablePointer<FastInstruction>
  var page: UInt64
  /// Where the slice would end if no branch were taken.
  var end: UnsafeMutablePointer<FastInstruction>
  let x: UnsafeMutablePointer<UInt64>
  let flags: LazyFlags
  /// Translations of the exception level.
  let reads: UnsafeMutablePointer<TranslationCache.Entry>
  let writes: UnsafeMutablePointer<TranslationCache.Entry>
  let code: UnsafeMutablePointer<TranslationCache.Entry>
  /// A page of one place, for a target that is still to be found.
  let missing: UnsafeMutablePointer<FastInstruction>

  /// More instructions than can follow one another without a look at what is left: a page of them.
  static let longestStretch = 1026

  /// - Parameters:
  ///   - level: the exception level.
  ///   - bank: whose permissions loads and stores have.
  init(_ workspace: A64Workspace, _ level: UInt64, _ bank: UInt64, _ pc: UInt64, _ left: Int) {
    x = workspace.registers
    flags = LazyFlags(values: x + Int(A64Registers.flags))
    missing = workspace.code.missing
    (op, base, page, end) = (missing, missing, pc, missing + left)
    reads = workspace.reads.bank(bank)
    writes = workspace.writes.bank(bank)
    code = workspace.code.pages.bank(level)
    go(to: pc)
  }

  @inline(__always) var pc: UInt64 { page &+ UInt64(truncatingIfNeeded: op - base) << 2 }
  /// Instructions that are left of the slice.
  @inline(__always) var left: Int { end - op }

  // Of the next instruction.
  @inline(__always) var d: Int { Int(op.pointee.d) }
  @inline(__always) var n: Int { Int(op.pointee.n) }
  @inline(__always) var m: Int { Int(op.pointee.m) }
  @inline(__always) var a: Int { Int(op.pointee.a) }
  @inline(__always) var imm: UInt64 { UInt64(bitPattern: op.pointee.imm) }

  /// The word that the instruction was decoded from.
  var word: UInt32 { word(op - base) }
  private func word(_ place: Int) -> UInt32 { UInt32(littleEndian: CodeCache.words(base)[place]) }

  /// Goes to an address; if its page is missing, to `missing`.
  @inline(__always) mutating func go(to target: UInt64) {
    let left = self.left
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

  /// Goes to an address that may be in the page: then it needs no translation.
  @inline(__always) mutating func move(to target: UInt64) {
    let distance = target &- page
    guard distance & ~0xFFC == 0 else { return go(to: target) }
    let left = self.left
    op = base + Int(truncatingIfNeeded: distance >> 2)
    end = op + left
  }

  /// Decodes the instruction and those behind it, and pairs them: down to one that has been decoded, or that ends the stretch.
  func decode(_ workspace: A64Workspace) {
    var place = op - base
    var instruction = instruction(workspace, place)
    while true {
      guard place < 1023, !instruction.operation.endsStretch else {
        base[place] = instruction
        return
      }
      let next = self.instruction(workspace, place + 1)
      if let pair = FastOperation.pair(instruction.operation, next.operation) { instruction.operation = pair }
      base[place] = instruction
      place += 1
      guard base[place].operation == .decode else { return }
      instruction = next
    }
  }

  private func instruction(_ workspace: A64Workspace, _ place: Int) -> FastInstruction {
    var instruction = FastInstruction(workspace.decode(word(place)), place: place)
    if workspace.code.stops.contains(place) { instruction.operation = .reference }
    return instruction
  }
}
