/// Writes instructions of x86-64 one behind the other (Intel SDM volume 2; AMD64 APM volume 3).
struct X64Assembler {
  enum Register: UInt8 {
    case rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
  }

  /// Operations on two operands, as the number both of their forms are made of.
  enum Operation: UInt8 {
    case add, or, adc, sbb, and, sub, xor, cmp
  }

  enum Shift: UInt8 {
    case rol = 0
    case ror, shl = 4
    case shr, sar = 7
  }

  /// Operations on one operand, F7 and a number.
  enum Unary: UInt8 {
    case not = 2
    case neg, mul, imul, div, idiv
  }

  /// Conditions as Jcc, SETcc and CMOVcc have them; the lowest bit turns one into its opposite.
  enum Condition: UInt8 {
    case o, no, b, ae, e, ne, be, a, s, ns, p, np, l, ge, le, g

    var opposite: Condition { Condition(rawValue: rawValue ^ 1) ?? self }
  }

  /// An operand in memory: a register, one more times a power of two, and a distance.
  struct Operand {
    var base: Register
    var index: Register?
    var scale: UInt8 = 0
    var distance: Int32 = 0

    init(_ base: Register, _ distance: Int = 0) {
      self.base = base
      self.distance = Int32(distance)
    }

    /// - Parameter scale: the power of two.
    init(_ base: Register, _ index: Register, scale: UInt8 = 0, _ distance: Int = 0) {
      (self.base, self.index, self.scale) = (base, index, scale)
      self.distance = Int32(distance)
    }
  }

  /// What the host's flags say of the guest's.
  enum Flags {
    case unknown
    /// Of an addition or a logical operation: C is CF.
    case added
    /// Of a subtraction: C is the opposite of CF.
    case subtracted
  }

  /// Where the next byte goes, and where that byte is executed.
  private(set) var next: UnsafeMutablePointer<UInt8>
  /// What is executed lies so far behind what is written.
  let distance: Int
  /// Every instruction written here that changes the flags makes them unknown.
  var flags = Flags.unknown

  init(_ next: UnsafeMutablePointer<UInt8>, executedAt distance: Int) { (self.next, self.distance) = (next, distance) }

  /// The address at which the next byte is executed.
  var address: UInt { UInt(bitPattern: next) &+ UInt(bitPattern: distance) }

  // Bytes.

  @inline(__always) private mutating func put(_ byte: UInt8) {
    next.pointee = byte
    next += 1
  }

  @inline(__always) private mutating func put32(_ value: Int32) {
    UnsafeMutableRawPointer(next).storeBytes(of: value, as: Int32.self)
    next += 4
  }

  @inline(__always) private mutating func rex(_ isWide: Bool, _ r: UInt8, _ x: UInt8, _ b: UInt8, always: Bool = false) {
    let extensions: UInt8 = (r >> 3) << 2 | (x >> 3) << 1 | b >> 3
    let byte = (isWide ? 0x48 : 0x40) | extensions
    if always || byte != 0x40 { put(byte) }
  }

  @inline(__always) private mutating func operand(_ r: UInt8, _ rm: Register) { put(0xC0 | (r & 7) << 3 | rm.rawValue & 7) }

  @inline(__always) private mutating func operand(_ r: UInt8, _ memory: Operand) {
    let base = memory.base.rawValue & 7
    let short = Int32(Int8(truncatingIfNeeded: memory.distance)) == memory.distance
    // RBP and R13 have no form without a distance.
    let mode: UInt8 = memory.distance == 0 && base != 5 ? 0 : short ? 0x40 : 0x80
    if let index = memory.index {
      put(mode | (r & 7) << 3 | 4)
      put(memory.scale << 6 | (index.rawValue & 7) << 3 | base)
    } else if base == 4 {
      put(mode | (r & 7) << 3 | 4)
      put(0x24)
    } else {
      put(mode | (r & 7) << 3 | base)
    }
    if mode == 0x40 { put(UInt8(truncatingIfNeeded: memory.distance)) } else if mode == 0x80 { put32(memory.distance) }
  }

  /// An instruction on two registers whose opcode is behind 0F.
  @inline(__always) private mutating func put0F(
    _ opcode: UInt8, _ r: UInt8, _ rm: Register, wide: Bool, always: Bool = false
  ) {
    rex(wide, r, 0, rm.rawValue, always: always)
    put(0x0F)
    put(opcode)
    operand(r, rm)
  }

  @inline(__always) private mutating func prefix(_ isWide: Bool, _ r: UInt8, _ memory: Operand, always: Bool = false) {
    rex(isWide, r, memory.index?.rawValue ?? 0, memory.base.rawValue, always: always)
  }

  // Moves: they leave the flags.

  mutating func move(_ to: Register, _ from: Register, wide: Bool = true) {
    rex(wide, from.rawValue, 0, to.rawValue)
    put(0x89)
    operand(from.rawValue, to)
  }

  mutating func load(_ to: Register, _ memory: Operand, wide: Bool = true) {
    prefix(wide, to.rawValue, memory)
    put(0x8B)
    operand(to.rawValue, memory)
  }

  /// Stores 1, 2, 4 or 8 bytes.
  mutating func store(_ memory: Operand, _ from: Register, sizeLog2: Int = 3) {
    if sizeLog2 == 1 { put(0x66) }
    prefix(sizeLog2 == 3, from.rawValue, memory, always: sizeLog2 == 0)
    put(sizeLog2 == 0 ? 0x88 : 0x89)
    operand(from.rawValue, memory)
  }

  /// Stores a number with its sign as 4 or 8 bytes.
  mutating func store(_ memory: Operand, constant: Int32, wide: Bool = true) {
    prefix(wide, 0, memory)
    put(0xC7)
    operand(0, memory)
    put32(constant)
  }

  mutating func constant(_ to: Register, _ value: UInt64) {
    if value >> 32 == 0 {
      rex(false, 0, 0, to.rawValue)
      put(0xB8 | to.rawValue & 7)
      put32(Int32(truncatingIfNeeded: value))
    } else if Int64(Int32(truncatingIfNeeded: value)) == Int64(bitPattern: value) {
      rex(true, 0, 0, to.rawValue)
      put(0xC7)
      operand(0, to)
      put32(Int32(truncatingIfNeeded: value))
    } else {
      rex(true, 0, 0, to.rawValue)
      put(0xB8 | to.rawValue & 7)
      put32(Int32(truncatingIfNeeded: value))
      put32(Int32(truncatingIfNeeded: value >> 32))
    }
  }

  mutating func address(_ to: Register, _ memory: Operand, wide: Bool = true) {
    prefix(wide, to.rawValue, memory)
    put(0x8D)
    operand(to.rawValue, memory)
  }

  /// The opcode behind 0F of a move that extends 1 or 2 bytes; with a sign it can fill 64 bits.
  private static func extending(_ sizeLog2: Int, _ isSigned: Bool) -> UInt8 { (isSigned ? 0xBE : 0xB6) + UInt8(sizeLog2) }

  /// Extends 1, 2 or 4 bytes to 8, or with `wide` false to 4 and zeroes above.
  mutating func extend(_ to: Register, _ from: Register, sizeLog2: Int, signed: Bool, wide: Bool = true) {
    if sizeLog2 == 2 {
      guard signed, wide else { return move(to, from, wide: false) }
      rex(true, to.rawValue, 0, from.rawValue)
      put(0x63)
      operand(to.rawValue, from)
    } else {
      put0F(Self.extending(sizeLog2, signed), to.rawValue, from, wide: signed && wide, always: true)
    }
  }

  /// Loads 1, 2, 4 or 8 bytes, extended likewise.
  mutating func load(_ to: Register, _ memory: Operand, sizeLog2: Int, signed: Bool, wide: Bool = true) {
    if sizeLog2 == 3 { return load(to, memory) }
    if sizeLog2 == 2 {
      guard signed, wide else { return load(to, memory, wide: false) }
      prefix(true, to.rawValue, memory)
      put(0x63)
    } else {
      prefix(signed && wide, to.rawValue, memory)
      put(0x0F)
      put(Self.extending(sizeLog2, signed))
    }
    operand(to.rawValue, memory)
  }

  /// A byte that is 1 or 0.
  mutating func set(_ to: Register, if condition: Condition) {
    put0F(0x90 | condition.rawValue, 0, to, wide: false, always: true)
  }

  mutating func move(_ to: Register, _ from: Register, if condition: Condition, wide: Bool) {
    put0F(0x40 | condition.rawValue, to.rawValue, from, wide: wide)
  }

  mutating func swapBytes(_ register: Register, wide: Bool) {
    rex(wide, 0, 0, register.rawValue)
    put(0x0F)
    put(0xC8 | register.rawValue & 7)
  }

  mutating func push(_ register: Register) {
    rex(false, 0, 0, register.rawValue)
    put(0x50 | register.rawValue & 7)
  }

  mutating func pop(_ register: Register) {
    rex(false, 0, 0, register.rawValue)
    put(0x58 | register.rawValue & 7)
  }

  // Arithmetic: it changes the flags.

  mutating func apply(_ operation: Operation, _ to: Register, _ from: Register, wide: Bool = true) {
    flags = .unknown
    rex(wide, from.rawValue, 0, to.rawValue)
    put(operation.rawValue << 3 | 1)
    operand(from.rawValue, to)
  }

  mutating func apply(_ operation: Operation, _ to: Register, _ memory: Operand, wide: Bool = true) {
    flags = .unknown
    prefix(wide, to.rawValue, memory)
    put(operation.rawValue << 3 | 3)
    operand(to.rawValue, memory)
  }

  mutating func apply(_ operation: Operation, _ to: Register, constant: Int32, wide: Bool = true) {
    flags = .unknown
    rex(wide, 0, 0, to.rawValue)
    let short = Int32(Int8(truncatingIfNeeded: constant)) == constant
    put(short ? 0x83 : 0x81)
    operand(operation.rawValue, to)
    if short { put(UInt8(truncatingIfNeeded: constant)) } else { put32(constant) }
  }

  /// Compares 8 bytes with a small number.
  mutating func compare(_ memory: Operand, constant: Int8) {
    flags = .unknown
    prefix(true, 0, memory)
    put(0x83)
    operand(Operation.cmp.rawValue, memory)
    put(UInt8(bitPattern: constant))
  }

  mutating func test(_ a: Register, _ b: Register, wide: Bool = true) {
    flags = .unknown
    rex(wide, b.rawValue, 0, a.rawValue)
    put(0x85)
    operand(b.rawValue, a)
  }

  /// Tests bits of a byte.
  mutating func test(_ memory: Operand, bits: UInt8) {
    flags = .unknown
    prefix(false, 0, memory)
    put(0xF6)
    operand(0, memory)
    put(bits)
  }

  /// CF is a bit.
  mutating func test(_ register: Register, bit: UInt8) {
    flags = .unknown
    put0F(0xBA, 4, register, wide: true)
    put(bit)
  }

  mutating func shift(_ kind: Shift, _ register: Register, _ count: UInt8, wide: Bool = true) {
    flags = .unknown
    rex(wide, 0, 0, register.rawValue)
    put(0xC1)
    operand(kind.rawValue, register)
    put(count)
  }

  /// By CL.
  mutating func shift(_ kind: Shift, _ register: Register, wide: Bool) {
    flags = .unknown
    rex(wide, 0, 0, register.rawValue)
    put(0xD3)
    operand(kind.rawValue, register)
  }

  /// SHRD: to the right, and what comes in comes from another register.
  mutating func shiftRight(_ register: Register, from other: Register, _ count: UInt8, wide: Bool) {
    flags = .unknown
    put0F(0xAC, other.rawValue, register, wide: wide)
    put(count)
  }

  /// NOT leaves the flags.
  mutating func unary(_ operation: Unary, _ register: Register, wide: Bool) {
    if operation != .not { flags = .unknown }
    rex(wide, 0, 0, register.rawValue)
    put(0xF7)
    operand(operation.rawValue, register)
  }

  mutating func multiply(_ to: Register, _ from: Register, wide: Bool) {
    flags = .unknown
    put0F(0xAF, to.rawValue, from, wide: wide)
  }

  /// The number of the highest bit that is set; ZF if there is none.
  mutating func scanReverse(_ to: Register, _ from: Register, wide: Bool) {
    flags = .unknown
    put0F(0xBD, to.rawValue, from, wide: wide)
  }

  /// Fills RDX with the sign of RAX, or EDX with that of EAX.
  mutating func extendSign(wide: Bool) {
    rex(wide, 0, 0, 0)
    put(0x99)
  }

  // Jumps.

  mutating func jump(to target: UInt) {
    put(0xE9)
    put32(Int32(truncatingIfNeeded: Int(bitPattern: target &- (address &+ 4))))
  }

  mutating func jump(to target: UInt, if condition: Condition) {
    put(0x0F)
    put(0x80 | condition.rawValue)
    put32(Int32(truncatingIfNeeded: Int(bitPattern: target &- (address &+ 4))))
  }

  mutating func jump(through memory: Operand) {
    prefix(false, 4, memory)
    put(0xFF)
    operand(4, memory)
  }

  mutating func ret() { put(0xC3) }

  /// A jump to a place of this code that comes later.
  struct Hole {
    fileprivate let at: UnsafeMutablePointer<UInt8>
    fileprivate let isShort: Bool
  }

  /// - Parameter short: less than 128 bytes lie between.
  mutating func jump(if condition: Condition, short: Bool) -> Hole {
    if short {
      put(0x70 | condition.rawValue)
      put(0)
      return Hole(at: next, isShort: true)
    }
    put(0x0F)
    put(0x80 | condition.rawValue)
    put32(0)
    return Hole(at: next, isShort: false)
  }

  mutating func jumpShort() -> Hole {
    put(0xEB)
    put(0)
    return Hole(at: next, isShort: true)
  }

  /// The jump leads to here.
  mutating func land(_ hole: Hole) {
    let span = next - hole.at
    if hole.isShort {
      precondition(span < 128, "a short jump is too long")
      hole.at[-1] = UInt8(span)
    } else {
      UnsafeMutableRawPointer(hole.at - 4).storeBytes(of: Int32(span), as: Int32.self)
    }
  }
}
