/// What each operation does that is no load or store. A branch says whether enough of the slice is left for what may follow.
extension FastContext {
  @inline(__always) func lower(_ value: UInt64) -> UInt64 { value & 0xFFFF_FFFF }
  @inline(__always) private func signed(_ value: UInt64) -> Int64 { Int64(bitPattern: value) }
  @inline(__always) func word(_ value: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: value) }
  @inline(__always) func signedWord(_ value: UInt64) -> Int32 { Int32(truncatingIfNeeded: value) }

  /// Goes on behind the instruction.
  @inline(__always) @discardableResult mutating func next() -> Bool {
    op += 1
    return true
  }

  /// The instruction's result.
  @inline(__always) private mutating func set(_ value: UInt64) {
    x[d] = value
    op += 1
  }

  @inline(__always) private mutating func set32(_ value: UInt64) { set(lower(value)) }

  // Data processing, immediate.

  @inline(__always) mutating func adr() { set(pc &+ imm) }
  @inline(__always) mutating func adrp() { set(page &+ imm) }
  @inline(__always) mutating func constant() { set(imm) }
  @inline(__always) mutating func movk64() { set(moved) }
  @inline(__always) mutating func movk32() { set32(moved) }
  @inline(__always) private var moved: UInt64 { x[d] & ~(0xFFFF &<< UInt64(op.pointee.a)) | imm &<< UInt64(op.pointee.a) }
  @inline(__always) mutating func addImm64() { set(x[n] &+ imm) }
  @inline(__always) mutating func addImm32() { set32(x[n] &+ imm) }
  @inline(__always) mutating func addsImm64() { set(flags.add(x[n], imm)) }
  @inline(__always) mutating func addsImm32() { set(flags.add(x[n] << 32, imm << 32) >> 32) }
  @inline(__always) mutating func subsImm64() { set(flags.sub(x[n], imm)) }
  @inline(__always) mutating func subsImm32() { set(flags.sub(x[n] << 32, imm << 32) >> 32) }
  @inline(__always) private mutating func compare(_ a: UInt64, _ b: UInt64) {
    _ = flags.sub(a, b)
    op += 1
  }
  @inline(__always) mutating func cmpImm64() { compare(x[n], imm) }
  @inline(__always) mutating func cmpImm32() { compare(x[n] << 32, imm << 32) }
  @inline(__always) mutating func andImm64() { set(x[n] & imm) }
  @inline(__always) mutating func orrImm64() { set(x[n] | imm) }
  @inline(__always) mutating func eorImm64() { set(x[n] ^ imm) }
  @inline(__always) mutating func logicImm32() {
    set32(op.pointee.x == 0 ? x[n] & imm : op.pointee.x == 1 ? x[n] | imm : x[n] ^ imm)
  }
  @inline(__always) mutating func andsImm() {
    let value = x[n] & imm
    if op.pointee.is64 {
      flags.logic(value)
      set(value)
    } else {
      flags.logic(value << 32)
      set32(value)
    }
  }
  @inline(__always) mutating func lsl64() { set(x[n] &<< imm) }
  @inline(__always) mutating func lsl32() { set32(x[n] &<< imm) }
  @inline(__always) mutating func lsr64() { set(x[n] &>> imm) }
  @inline(__always) mutating func lsr32() { set(lower(x[n]) &>> imm) }
  @inline(__always) mutating func asr64() { set(UInt64(bitPattern: signed(x[n]) &>> Int64(bitPattern: imm))) }
  @inline(__always) mutating func asr32() { set32(UInt64(bitPattern: Int64(signedWord(x[n])) &>> Int64(bitPattern: imm))) }
  @inline(__always) mutating func ubfx() { set(x[n] &>> UInt64(op.pointee.x) & imm) }
  @inline(__always) mutating func ubfiz() { set((x[n] & imm) &<< UInt64(op.pointee.x)) }
  @inline(__always) mutating func sbfx64() {
    set(UInt64(bitPattern: signed(x[n] &<< UInt64(op.pointee.x)) &>> Int64(op.pointee.a)))
  }
  @inline(__always) mutating func sbfx32() {
    set(UInt64(UInt32(bitPattern: Int32(bitPattern: word(x[n]) &<< UInt32(op.pointee.x)) &>> Int32(op.pointee.a))))
  }
  @inline(__always) mutating func extr64() { set(imm == 0 ? x[m] : x[m] &>> imm | x[n] &<< (64 &- imm)) }
  @inline(__always) mutating func extr32() { set32((x[n] << 32 | lower(x[m])) &>> imm) }

  // Data processing, register.

  @inline(__always) mutating func mov64() { set(x[m]) }
  @inline(__always) mutating func mov32() { set32(x[m]) }
  @inline(__always) mutating func and64() { set(x[n] & x[m]) }
  @inline(__always) mutating func and32() { set32(x[n] & x[m]) }
  @inline(__always) mutating func orr64() { set(x[n] | x[m]) }
  @inline(__always) mutating func orr32() { set32(x[n] | x[m]) }
  @inline(__always) mutating func eor64() { set(x[n] ^ x[m]) }
  @inline(__always) mutating func eor32() { set32(x[n] ^ x[m]) }
  @inline(__always) mutating func bic64() { set(x[n] & ~x[m]) }
  @inline(__always) mutating func bic32() { set32(x[n] & ~x[m]) }
  @inline(__always) private func shifted(_ is64: Bool) -> UInt64 { A64Core.shifted(x[m], op.pointee.x, imm, is64) }
  /// Bit 2 of `a` inverts; bits 1:0 choose.
  @inline(__always) private func logic(_ is64: Bool) -> UInt64 {
    let operand = op.pointee.a & 4 != 0 ? ~shifted(is64) : shifted(is64)
    return op.pointee.a & 3 == 0 ? x[n] & operand : op.pointee.a & 3 == 1 ? x[n] | operand : x[n] ^ operand
  }
  @inline(__always) private func ands(_ is64: Bool) -> UInt64 { x[n] & (op.pointee.a == 0 ? shifted(is64) : ~shifted(is64)) }
  @inline(__always) mutating func logic64() { set(logic(true)) }
  @inline(__always) mutating func logic32() { set32(logic(false)) }
  @inline(__always) mutating func ands64() {
    let value = ands(true)
    flags.logic(value)
    set(value)
  }
  @inline(__always) mutating func ands32() {
    let value = ands(false)
    flags.logic(value << 32)
    set32(value)
  }
  @inline(__always) mutating func add64() { set(x[n] &+ x[m]) }
  @inline(__always) mutating func add32() { set32(x[n] &+ x[m]) }
  @inline(__always) mutating func sub64() { set(x[n] &- x[m]) }
  @inline(__always) mutating func sub32() { set32(x[n] &- x[m]) }
  @inline(__always) mutating func addShifted64() { set(x[n] &+ shifted(true)) }
  @inline(__always) mutating func addShifted32() { set32(x[n] &+ shifted(false)) }
  @inline(__always) mutating func subShifted64() { set(x[n] &- shifted(true)) }
  @inline(__always) mutating func subShifted32() { set32(x[n] &- shifted(false)) }
  @inline(__always) mutating func addLsl64() { set(x[n] &+ x[m] &<< imm) }
  @inline(__always) mutating func addLsl32() { set32(x[n] &+ x[m] &<< imm) }
  @inline(__always) mutating func eorLsr64() { set(x[n] ^ x[m] &>> imm) }
  @inline(__always) mutating func eorLsr32() { set32(x[n] ^ lower(x[m]) &>> imm) }
  @inline(__always) mutating func eorRor32() {
    let amount = UInt32(truncatingIfNeeded: imm)
    set(UInt64(word(x[n]) ^ (word(x[m]) &>> amount | word(x[m]) &<< (0 &- amount))))
  }
  @inline(__always) mutating func adds64() { set(flags.add(x[n], x[m])) }
  @inline(__always) mutating func adds32() { set(flags.add(x[n] << 32, x[m] << 32) >> 32) }
  @inline(__always) mutating func subs64() { set(flags.sub(x[n], x[m])) }
  @inline(__always) mutating func subs32() { set(flags.sub(x[n] << 32, x[m] << 32) >> 32) }
  @inline(__always) mutating func cmp64() { compare(x[n], x[m]) }
  @inline(__always) mutating func cmp32() { compare(x[n] << 32, x[m] << 32) }
  /// By how much operands are shifted up, so that flags come from the top.
  @inline(__always) private var up: UInt64 { op.pointee.is64 ? 0 : 32 }
  @inline(__always) private var extended: UInt64 { A64Core.extended(x[m], op.pointee.x, imm) }
  @inline(__always) private mutating func setSized(_ value: UInt64) { set(op.pointee.is64 ? value : lower(value)) }
  @inline(__always) mutating func addsShifted() { set(flags.add(x[n] &<< up, shifted(op.pointee.is64) &<< up) &>> up) }
  @inline(__always) mutating func subsShifted() { set(flags.sub(x[n] &<< up, shifted(op.pointee.is64) &<< up) &>> up) }
  @inline(__always) mutating func addsExtended() { set(flags.add(x[n] &<< up, extended &<< up) &>> up) }
  @inline(__always) mutating func subsExtended() { set(flags.sub(x[n] &<< up, extended &<< up) &>> up) }
  @inline(__always) mutating func addExtended() { setSized(x[n] &+ extended) }
  @inline(__always) mutating func subExtended() { setSized(x[n] &- extended) }
  /// Whether the condition holds: `imm` is the set of NZCV with which it does.
  @inline(__always) private var holds: Bool { imm &>> flags.number & 1 == 1 }
  /// The second operand of a conditional comparison; the flags if it is not made.
  @inline(__always) private var compared: UInt64 { (op.pointee.x & 16 != 0 ? UInt64(op.pointee.m) : x[m]) &<< up }
  @inline(__always) private var otherwise: UInt64 { UInt64(op.pointee.x & 15) << 28 }
  @inline(__always) mutating func ccmp() {
    if holds { _ = flags.sub(x[n] &<< up, compared) } else { flags.nzcv = otherwise }
    op += 1
  }
  @inline(__always) mutating func ccmn() {
    if holds { _ = flags.add(x[n] &<< up, compared) } else { flags.nzcv = otherwise }
    op += 1
  }
  @inline(__always) mutating func csel64() { set(holds ? x[n] : x[m]) }
  @inline(__always) mutating func csel32() { set32(holds ? x[n] : x[m]) }
  @inline(__always) mutating func csinc() { setSized(holds ? x[n] : x[m] &+ 1) }
  @inline(__always) mutating func csinv() { setSized(holds ? x[n] : ~x[m]) }
  @inline(__always) mutating func csneg() { setSized(holds ? x[n] : 0 &- x[m]) }

  @inline(__always) mutating func madd64() { set(x[a] &+ x[n] &* x[m]) }
  @inline(__always) mutating func madd32() { set32(x[a] &+ x[n] &* x[m]) }
  @inline(__always) mutating func msub64() { set(x[a] &- x[n] &* x[m]) }
  @inline(__always) mutating func msub32() { set32(x[a] &- x[n] &* x[m]) }
  @inline(__always) mutating func smaddl() { set(x[a] &+ UInt64(bitPattern: Int64(signedWord(x[n])) &* Int64(signedWord(x[m])))) }
  @inline(__always) mutating func umaddl() { set(x[a] &+ lower(x[n]) &* lower(x[m])) }
  @inline(__always) mutating func smulh() { set(UInt64(bitPattern: signed(x[n]).multipliedFullWidth(by: signed(x[m])).high)) }
  @inline(__always) mutating func umulh() { set(x[n].multipliedFullWidth(by: x[m]).high) }
  @inline(__always) mutating func udiv64() { set(x[m] == 0 ? 0 : x[n] / x[m]) }
  @inline(__always) mutating func udiv32() { set(lower(x[m]) == 0 ? 0 : lower(x[n]) / lower(x[m])) }
  @inline(__always) mutating func sdiv64() {
    let divisor = signed(x[m])
    set(divisor == 0 ? 0 : UInt64(bitPattern: signed(x[n]).dividedReportingOverflow(by: divisor).partialValue))
  }
  @inline(__always) mutating func sdiv32() {
    let divisor = Int64(signedWord(x[m]))
    set32(divisor == 0 ? 0 : UInt64(bitPattern: Int64(signedWord(x[n])) / divisor))
  }
  @inline(__always) mutating func lslv64() { set(x[n] &<< x[m]) }
  @inline(__always) mutating func lslv32() { set(UInt64(word(x[n]) &<< word(x[m]))) }
  @inline(__always) mutating func lsrv64() { set(x[n] &>> x[m]) }
  @inline(__always) mutating func lsrv32() { set(UInt64(word(x[n]) &>> word(x[m]))) }
  @inline(__always) mutating func asrv64() { set(UInt64(bitPattern: signed(x[n]) &>> signed(x[m]))) }
  @inline(__always) mutating func asrv32() { set(UInt64(UInt32(bitPattern: signedWord(x[n]) &>> signedWord(x[m])))) }
  @inline(__always) mutating func clz64() { set(UInt64(truncatingIfNeeded: x[n].leadingZeroBitCount)) }
  @inline(__always) mutating func clz32() { set(UInt64(truncatingIfNeeded: word(x[n]).leadingZeroBitCount)) }
  @inline(__always) mutating func rev64() { set(x[n].byteSwapped) }
  @inline(__always) mutating func rev32() { set(UInt64(word(x[n]).byteSwapped)) }

  // Branches.

  /// Whether another stretch without a branch fits what is left.
  @inline(__always) private var goesOn: Bool { left >= Self.longestStretch }

  /// To within the page.
  @inline(__always) mutating func branch() -> Bool {
    let distance = Int(op.pointee.imm)
    op += distance
    end += distance &- 1
    return goesOn
  }

  @inline(__always) mutating func branch(if isTaken: Bool) -> Bool { isTaken ? branch() : next() }

  /// To anywhere; it is counted.
  @inline(__always) private mutating func jump(to target: UInt64) -> Bool {
    end -= 1
    move(to: target)
    return goesOn
  }

  @inline(__always) mutating func nextPage() -> Bool {
    go(to: page &+ 4096)
    return goesOn
  }

  @inline(__always) mutating func bl() -> Bool {
    x[30] = pc &+ 4
    return branch()
  }
  @inline(__always) mutating func farB() -> Bool { jump(to: pc &+ imm) }
  @inline(__always) mutating func farBl() -> Bool {
    let target = pc &+ imm
    x[30] = pc &+ 4
    return jump(to: target)
  }
  /// `imm` is the distance above the flags with which it is taken.
  @inline(__always) mutating func farCondition() -> Bool {
    holds ? jump(to: pc &+ UInt64(bitPattern: op.pointee.imm >> 16)) : next()
  }
  /// CBZ and CBNZ test all bits of the width, TBZ and TBNZ one.
  @inline(__always) mutating func farTest() -> Bool {
    let value = op.pointee.x & 2 != 0 ? x[n] &>> UInt64(op.pointee.a) & 1 : op.pointee.is64 ? x[n] : lower(x[n])
    return (value == 0) == (op.pointee.x & 1 == 0) ? jump(to: pc &+ imm) : next()
  }
  @inline(__always) mutating func br() -> Bool { jump(to: x[n]) }
  @inline(__always) mutating func blr() -> Bool {
    let target = x[n]
    x[30] = pc &+ 4
    return jump(to: target)
  }
}
