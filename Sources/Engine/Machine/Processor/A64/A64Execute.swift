/// The engine that takes one instruction after the other, by a switch over what was decoded: the reference for the other engine, and
/// what executes what that one leaves to it.
extension Machine {
  /// The instruction at the pc.
  @inline(never) mutating func stepCode(_ core: inout A64Core) throws(A64Stop) {
    if core.pstate & PSTATE.btype == 0 || !core.features.contains(.bti) { return try stepUnguarded(&core) }
    core.left -= 1
    try stepLanded(try fetch(&core), &core)
  }

  /// The same where no BTI looks at how it is come to.
  @inline(__always) mutating func stepUnguarded(_ core: inout A64Core) throws(A64Stop) {
    core.left -= 1
    let word = try fetch(&core)
    try execute(core.workspace.decode(word), &core, core.pc &+ 4)
  }

  @inline(__always) private mutating func fetch(_ core: inout A64Core) throws(A64Stop) -> UInt32 {
    let page = try fetchPage(&core)
    return UInt32(littleEndian: page.load(fromByteOffset: Int(core.pc & 4095), as: UInt32.self))
  }

  /// The bytes of the page the pc is in.
  @inline(__always) mutating func fetchPage(_ core: inout A64Core) throws(A64Stop) -> UnsafeMutableRawPointer {
    let pc = core.pc
    guard pc & 3 == 0 else { throw .toEL1(esr: 0x22 << 26 | Syndrome.il, far: pc) }
    if let found = core.fetches.find(pc, core.exceptionLevel) { return found }
    return try fill(core.fetches, pc, .fetch, &core, details: 0, bank: core.exceptionLevel)
  }

  @inline(__always) mutating func execute(
    _ i: Instruction, _ core: inout A64Core, _ next: UInt64
  ) throws(A64Stop) {
    let x = core.x
    let d = Int(i.d)
    let n = Int(i.n)
    let m = Int(i.m)
    var pc = next
    @inline(__always) func set(_ value: UInt64) { x[d] = i.is64 ? value : value & 0xFFFF_FFFF }
    switch i.operation {
    case .adr: x[d] = core.pc &+ UInt64(bitPattern: i.imm)
    case .adrp: x[d] = (core.pc & ~0xFFF) &+ UInt64(bitPattern: i.imm)
    case .addImmediate: set(x[n] &+ UInt64(i.imm))
    case .addsImmediate: x[d] = core.add(x[n], UInt64(i.imm), 0, i.is64, flags: true)
    case .subImmediate: set(x[n] &- UInt64(i.imm))
    case .subsImmediate: x[d] = core.add(x[n], ~UInt64(i.imm), 1, i.is64, flags: true)
    case .andImmediate: set(x[n] & UInt64(bitPattern: i.imm))
    case .orrImmediate: set(x[n] | UInt64(bitPattern: i.imm))
    case .eorImmediate: set(x[n] ^ UInt64(bitPattern: i.imm))
    case .andsImmediate:
      let result = i.is64 ? x[n] & UInt64(bitPattern: i.imm) : x[n] & UInt64(bitPattern: i.imm) & 0xFFFF_FFFF
      core.logicFlags(result, i.is64)
      x[d] = result
    case .movn: set(~(UInt64(i.imm) << UInt64(i.a)))
    case .movz: x[d] = UInt64(i.imm) << UInt64(i.a)
    case .movk:
      // The old value is the destination's own, also where that is the zero register.
      let old = i.d == A64Registers.trash ? 0 : x[d]
      set(old & ~(0xFFFF << UInt64(i.a)) | UInt64(i.imm) << UInt64(i.a))
    case .sbfm, .ubfm, .bfm: set(bitfield(i, x[n], i.d == A64Registers.trash ? 0 : x[d]))
    case .extr:
      let lsb = UInt64(i.imm)
      if i.is64 {
        x[d] = lsb == 0 ? x[m] : x[m] >> lsb | x[n] << (64 - lsb)
      } else {
        x[d] = ((x[n] & 0xFFFF_FFFF) << 32 | x[m] & 0xFFFF_FFFF) >> lsb & 0xFFFF_FFFF
      }
    case .b: pc = core.pc &+ UInt64(bitPattern: i.imm)
    case .bl:
      x[30] = next
      pc = core.pc &+ UInt64(bitPattern: i.imm)
    case .bCond: if core.holds(i.a) { pc = core.pc &+ UInt64(bitPattern: i.imm) }
    case .cbz: if (i.is64 ? x[n] : x[n] & 0xFFFF_FFFF) == 0 { pc = core.pc &+ UInt64(bitPattern: i.imm) }
    case .cbnz: if (i.is64 ? x[n] : x[n] & 0xFFFF_FFFF) != 0 { pc = core.pc &+ UInt64(bitPattern: i.imm) }
    case .tbz: if x[n] >> UInt64(i.a) & 1 == 0 { pc = core.pc &+ UInt64(bitPattern: i.imm) }
    case .tbnz: if x[n] >> UInt64(i.a) & 1 == 1 { pc = core.pc &+ UInt64(bitPattern: i.imm) }
    case .br, .ret: pc = x[n]
    case .blr:
      pc = x[n]
      x[30] = next
    case .and: set(x[n] & A64Core.shifted(x[m], i.x, UInt64(i.imm), i.is64))
    case .bic: set(x[n] & ~A64Core.shifted(x[m], i.x, UInt64(i.imm), i.is64))
    case .orr: set(x[n] | A64Core.shifted(x[m], i.x, UInt64(i.imm), i.is64))
    case .orn: set(x[n] | ~A64Core.shifted(x[m], i.x, UInt64(i.imm), i.is64))
    case .eor: set(x[n] ^ A64Core.shifted(x[m], i.x, UInt64(i.imm), i.is64))
    case .eon: set(x[n] ^ ~A64Core.shifted(x[m], i.x, UInt64(i.imm), i.is64))
    case .ands, .bics:
      let operand = A64Core.shifted(x[m], i.x, UInt64(i.imm), i.is64)
      var result = x[n] & (i.operation == .ands ? operand : ~operand)
      if !i.is64 { result &= 0xFFFF_FFFF }
      core.logicFlags(result, i.is64)
      x[d] = result
    case .add: set(x[n] &+ A64Core.shifted(x[m], i.x, UInt64(i.imm), i.is64))
    case .sub: set(x[n] &- A64Core.shifted(x[m], i.x, UInt64(i.imm), i.is64))
    case .adds: x[d] = core.add(x[n], A64Core.shifted(x[m], i.x, UInt64(i.imm), i.is64), 0, i.is64, flags: true)
    case .subs: x[d] = core.add(x[n], ~A64Core.shifted(x[m], i.x, UInt64(i.imm), i.is64), 1, i.is64, flags: true)
    case .addExtended: set(x[n] &+ A64Core.extended(x[m], i.x, UInt64(i.imm)))
    case .subExtended: set(x[n] &- A64Core.extended(x[m], i.x, UInt64(i.imm)))
    case .addsExtended: x[d] = core.add(x[n], A64Core.extended(x[m], i.x, UInt64(i.imm)), 0, i.is64, flags: true)
    case .subsExtended: x[d] = core.add(x[n], ~A64Core.extended(x[m], i.x, UInt64(i.imm)), 1, i.is64, flags: true)
    case .adc, .adcs: x[d] = core.add(x[n], x[m], core.nzcv >> 29 & 1, i.is64, flags: i.operation == .adcs)
    case .sbc, .sbcs: x[d] = core.add(x[n], ~x[m], core.nzcv >> 29 & 1, i.is64, flags: i.operation == .sbcs)
    case .ccmn, .ccmnImmediate, .ccmp, .ccmpImmediate:
      let operand = i.operation == .ccmn || i.operation == .ccmp ? x[m] : UInt64(i.m)
      if !core.holds(i.a) {
        core.nzcv = UInt64(i.imm) << 28
      } else if i.operation == .ccmn || i.operation == .ccmnImmediate {
        _ = core.add(x[n], operand, 0, i.is64, flags: true)
      } else {
        _ = core.add(x[n], ~operand, 1, i.is64, flags: true)
      }
    case .csel: set(core.holds(i.a) ? x[n] : x[m])
    case .csinc: set(core.holds(i.a) ? x[n] : x[m] &+ 1)
    case .csinv: set(core.holds(i.a) ? x[n] : ~x[m])
    case .csneg: set(core.holds(i.a) ? x[n] : 0 &- x[m])
    case .madd:
      set(x[Int(i.a)] &+ x[n] &* x[m])
    case .msub: set(x[Int(i.a)] &- x[n] &* x[m])
    case .udiv, .sdiv, .lslv, .lsrv, .asrv, .rorv, .crc32, .crc32c, .rbit, .rev16, .rev32, .rev64, .clz, .cls, .smaddl, .smsubl,
      .umaddl, .umsubl, .smulh, .umulh:
      set(arithmetic(i, x[n], x[m], x[Int(i.a)], core))
    case .load, .store: try transfer(i, &core)
    case .loadRegister, .storeRegister:
      let index = A64Core.extended(x[m], UInt8(i.imm), UInt64(i.a))
      try transfer(i, x[n] &+ index, &core, bank: core.bank)
    case .loadLiteral:
      let shape = Instruction.MemoryShape(raw: i.x)
      let value = try load(core.pc &+ UInt64(bitPattern: i.imm), shape.sizeLog2, &core, details: details(i, isWrite: false))
      x[d] = shape.isSigned ? A64Core.extended(value, 6, 0) : value
    case .loadPair, .storePair: try pair(i, &core)
    case .loadExclusive, .storeExclusive, .loadExclusivePair, .storeExclusivePair, .loadAcquire, .storeRelease, .loadOrdered,
      .storeOrdered:
      try ordered(i, &core)
    case .atomic: try atomic(i, &core)
    case .compareSwap: try compareSwap(i, &core)
    case .compareSwapPair: try compareSwapPair(i, &core)
    case .rmif, .setFlags8, .setFlags16: core.nzcv = core.flags(of: i)
    case .pac, .aut, .xpac: x[d] = authenticate(i, i.d == A64Registers.trash ? 0 : x[d], core)
    case .pacga: x[d] = genericSignature(x[n], x[m], core)
    case .loadAuthenticated: try loadAuthenticated(i, &core)
    case .brTyped, .blrTyped:
      pc = x[n]
      core.setBType(of: i)
      if i.operation == .blrTyped { x[30] = next }
    case .branchAuthenticated:
      pc = authenticate(i, x[n], core)
      if i.x < 2 { core.setBType(of: i) }
      if i.x == 1 { x[30] = next }
    case .prefetch, .barrier: break
    case .clrex: core.monitor = nil
    case .svc:
      core.takeException(esr: 0x15 << 26 | Syndrome.il | UInt64(i.imm), far: nil, kind: 0, returnTo: next)
      return
    case .mrs where core.hasShortcut(i): x[d] = core.shortcut(i)
    case .msr where core.hasShortcut(i): core.setShortcut(i)
    case .sys where core.zeroes(i): try zeroBlock(x[d], &core)
    case .hint, .hvc, .smc, .brk, .hlt, .eret, .eretAuthenticated, .msrImmediate, .sys, .sysl, .msr, .mrs:
      try system(i, &core, next)
      return
    case .floatingPoint:
      try vector(UInt32(truncatingIfNeeded: i.imm), &core, next)
      return
    case .undefined: throw .toEL1(esr: Syndrome.il, far: nil)
    }
    core.pc = pc
  }

  /// SBFM, UBFM and BFM.
  private func bitfield(_ i: Instruction, _ source: UInt64, _ old: UInt64) -> UInt64 {
    let width: UInt64 = i.is64 ? 64 : 32
    let full: UInt64 = i.is64 ? ~0 : 0xFFFF_FFFF
    let source = source & full
    let r = UInt64(i.m)
    let s = UInt64(i.a)
    // The field's bits, where they go, and how many there are.
    let (field, position, count): (UInt64, UInt64, UInt64) =
      s >= r ? (source >> r, 0, s - r + 1) : (source, width - r, s + 1)
    let mask: UInt64 = count >= 64 ? ~0 : (1 << count) - 1
    let placed = (field & mask) << position
    switch i.operation {
    case .ubfm: return placed & full
    case .bfm: return (old & ~(mask << position) | placed) & full
    default:
      let top = position + count
      let isNegative = field >> (count - 1) & 1 == 1
      let ones: UInt64 = top >= 64 ? 0 : ~0 << top
      return (isNegative ? placed | ones : placed) & full
    }
  }

  private func arithmetic(_ i: Instruction, _ a: UInt64, _ b: UInt64, _ c: UInt64, _ core: A64Core) -> UInt64 {
    let a32 = UInt32(truncatingIfNeeded: a)
    let b32 = UInt32(truncatingIfNeeded: b)
    let signedA = Int64(Int32(bitPattern: a32))
    let signedB = Int64(Int32(bitPattern: b32))
    switch i.operation {
    case .udiv: return i.is64 ? (b == 0 ? 0 : a / b) : (b32 == 0 ? 0 : UInt64(a32 / b32))
    case .sdiv:
      if i.is64 {
        let (n, m) = (Int64(bitPattern: a), Int64(bitPattern: b))
        return m == 0 ? 0 : UInt64(bitPattern: n.dividedReportingOverflow(by: m).partialValue)
      }
      return signedB == 0 ? 0 : UInt64(UInt32(truncatingIfNeeded: signedA / signedB))
    case .lslv: return A64Core.shifted(a, 0, b & (i.is64 ? 63 : 31), i.is64)
    case .lsrv: return A64Core.shifted(a, 1, b & (i.is64 ? 63 : 31), i.is64)
    case .asrv: return A64Core.shifted(a, 2, b & (i.is64 ? 63 : 31), i.is64)
    case .rorv: return A64Core.shifted(a, 3, b & (i.is64 ? 63 : 31), i.is64)
    case .crc32, .crc32c:
      var crc = a32
      let polynomial: UInt32 = i.operation == .crc32 ? 0xEDB8_8320 : 0x82F6_3B78
      for byte in 0..<(1 << Int(i.x)) {
        crc ^= UInt32(truncatingIfNeeded: b >> UInt64(8 * byte)) & 0xFF
        for _ in 0..<8 { crc = crc >> 1 ^ (crc & 1 == 1 ? polynomial : 0) }
      }
      return UInt64(crc)
    case .rbit: return i.is64 ? a.bitReversed : UInt64(a32.bitReversed)
    case .rev16:
      let swapped = (a & 0x00FF_00FF_00FF_00FF) << 8 | a >> 8 & 0x00FF_00FF_00FF_00FF
      return swapped
    case .rev32:
      return i.is64
        ? UInt64(UInt32(truncatingIfNeeded: a >> 32).byteSwapped) << 32 | UInt64(a32.byteSwapped) : UInt64(a32.byteSwapped)
    case .rev64: return a.byteSwapped
    case .clz: return UInt64(i.is64 ? a.leadingZeroBitCount : a32.leadingZeroBitCount)
    case .cls:
      if i.is64 { return UInt64((a ^ UInt64(bitPattern: Int64(bitPattern: a) >> 63)).leadingZeroBitCount - 1) }
      return UInt64((a32 ^ UInt32(bitPattern: Int32(bitPattern: a32) >> 31)).leadingZeroBitCount - 1)
    case .smaddl: return c &+ UInt64(bitPattern: signedA &* signedB)
    case .smsubl: return c &- UInt64(bitPattern: signedA &* signedB)
    case .umaddl: return c &+ UInt64(a32) &* UInt64(b32)
    case .umsubl: return c &- UInt64(a32) &* UInt64(b32)
    case .smulh: return UInt64(bitPattern: Int64(bitPattern: a).multipliedFullWidth(by: Int64(bitPattern: b)).high)
    default: return a.multipliedFullWidth(by: b).high
    }
  }
}

extension FixedWidthInteger {
  fileprivate var bitReversed: Self {
    var result: Self = 0
    var value = self
    for _ in 0..<Self.bitWidth {
      result = result << 1 | value & 1
      value >>= 1
    }
    return result
  }
}
