/// System instructions that a kernel executes all the time. Below EL1 they are the reference engine's, which knows what EL0 may.
extension CodeCompiler {
  mutating func compileSystem(_ i: FastInstruction) {
    switch i.rare {
    case .mrs:
      if i.a == 0 { needEL1() }
      let value = fresh()
      code.load(value, systemRegister(i))
      define(i.d, value)
    case .msr:
      if i.a == 0 { needEL1() }
      let value = use(i.d)
      code.store(systemRegister(i), value)
    case .mrsDAIF:
      needEL1()
      let value = fresh()
      code.load(value, pstate)
      code.apply(.and, value, constant: Self.masks, wide: false)
      define(i.d, value)
    case .msrDAIF:
      needEL1()
      needNothingPending()
      let masks = copy(i.d, wide: false)
      code.apply(.and, masks, constant: Self.masks, wide: false)
      changePSTATE(keeping: ~Self.masks, masks)
    case .daifSet:
      needEL1()
      let masks = fresh()
      code.constant(masks, UInt64(bitPattern: i.imm))
      changePSTATE(keeping: -1, masks)
    case .daifClear:
      needEL1()
      needNothingPending()
      changePSTATE(keeping: ~Int32(i.imm), nil)
    case .cacheNop: needEL1()
    case .dcZVA:
      needEL1()
      let address = copy(i.d)
      code.apply(.and, address, constant: ~63)
      var bytes = bytes(address, 3, 64, MachineCode.Fixed.writes)
      for _ in 0..<8 {
        code.store(bytes, constant: 0)
        bytes.distance += 8
      }
    default: leaveToReference()
    }
  }

  /// PSTATE.{D, A, I, F}.
  private static var masks: Int32 { 0x3C0 }
  private var pstate: Operand { slot(A64Registers.pstate) }

  /// At EL0 it is the reference engine's.
  private mutating func needEL1() {
    guard !isPrivileged else { return }
    isPrivileged = true
    code.test(pstate, bits: 4)
    leaveToReference(if: .e)
  }

  /// With something pending that may be let through now, it is the reference engine's, which ends the slice.
  private mutating func needNothingPending() {
    code.compare(slot(A64Registers.pending), constant: 0)
    leaveToReference(if: .ne)
  }

  private mutating func changePSTATE(keeping mask: Int32, _ bits: Register?) {
    let value = fresh()
    code.load(value, pstate)
    if mask != -1 { code.apply(.and, value, constant: mask) }
    if let bits { code.apply(.or, value, bits) }
    code.store(pstate, value)
  }

  /// Where the REC has it.
  private mutating func systemRegister(_ i: FastInstruction) -> Operand {
    let registers = fresh()
    code.load(registers, slot(A64Registers.system))
    return Operand(registers, Int(i.imm) * 8)
  }
}
