/// Branch target identification (FEAT_BTI; Arm ARM D8.4.6): BR and BLR leave in PSTATE.BTYPE how they came, and what they come to on a
/// guarded page has to be a place for that.
extension Machine {
  /// The instruction at the pc, a word that was fetched, where BTYPE is not 0.
  mutating func stepLanded(_ word: UInt32, _ core: inout A64Core) throws(A64Stop) {
    let type = core.pstate >> 10 & 3
    // SCTLR_EL1.BT0 and BT1.
    let isStrict = core.rec[.sctlrEL1].bit(core.exceptionLevel == 0 ? 35 : 36)
    if core.workspace.isGuarded(core.pc), !A64Core.isLanding(word, type, isStrict: isStrict) {
      throw .toEL1(esr: 0x0D << 26 | Syndrome.il | type, far: nil)
    }
    let instruction = core.workspace.decode(word)
    do throws(A64Stop) {
      try execute(instruction, &core, core.pc &+ 4)
    } catch {
      // What will be executed again is so with the BTYPE it had; what EL2 answers is over.
      if case .toEL2(let exception) = error, !exception.isAbort { core.setFields(PSTATE.btype, 0) }
      throw error
    }
    switch instruction.operation {
    case .brTyped, .blrTyped, .eret, .eretAuthenticated: break
    case .branchAuthenticated where instruction.x < 2: break
    default: core.setFields(PSTATE.btype, 0)
    }
  }
}

extension A64Core {
  /// BTYPE of a BR or BLR that is executed here.
  mutating func setBType(of i: Instruction) {
    let isCall = i.operation == .blrTyped || (i.operation == .branchAuthenticated && i.x == 1)
    let isVeneer = i.n == 16 || i.n == 17 || !workspace.isGuarded(pc)
    setFields(PSTATE.btype, (isCall ? 0b10 : isVeneer ? 0b01 : 0b11) << 10)
  }

  /// Whether a word is a place to land at with a BTYPE: BTI by its operands, PACIASP and PACIBSP, and what stops a program anyway.
  static func isLanding(_ word: UInt32, _ type: UInt64, isStrict: Bool) -> Bool {
    // BRK and HLT.
    if word & 0xFFE0_001F == 0xD420_0000 || word & 0xFFE0_001F == 0xD440_0000 { return true }
    guard word & 0xFFFF_F01F == 0xD503_201F else { return false }
    switch word >> 5 & 0x7F {
    case 34: return type != 0b11
    case 36: return type != 0b10
    case 38: return true
    case 25, 27: return type != 0b11 || !isStrict
    default: return false
    }
  }
}

extension A64Workspace {
  /// Whether stage 1 has guarded the page of an address that was fetched from.
  @inline(__always) func isGuarded(_ va: UInt64) -> Bool { !guarded.isEmpty && guarded.contains(va & ~0xFFF) }

  /// A page is fetched from through a descriptor of stage 1; nil with the MMU off.
  func noteGuard(_ va: UInt64, _ descriptor: UInt64?) {
    if descriptor?.bit(50) == true {
      guarded.insert(va & ~0xFFF)
    } else if !guarded.isEmpty {
      guarded.remove(va & ~0xFFF)
    }
  }
}

extension RealmException {
  /// Whether an access or a fetch was stopped, so that the instruction will be executed again.
  var isAbort: Bool {
    guard case .sync(let esr, _, _) = self else { return false }
    return [Syndrome.ecDataAbort, Syndrome.ecInstructionAbort].contains(Syndrome.ec(esr))
  }
}
