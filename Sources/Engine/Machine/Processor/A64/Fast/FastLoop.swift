/// The loop of the fast engine: a case for each operation. All are in one switch, long as it is: to go on to a second one would be one
/// more jump for each instruction that is there.
extension FastContext {
  /// Executes until an instruction is not this engine's, has not been decoded, has no translation yet, or until too little is left
  /// for another stretch. It calls nothing, and has no place in memory to be at, so that where it is stays in registers.
  @inline(never) static func executed(_ start: FastContext) -> FastContext {
    var c = start
    loop: while true {
      switch c.op.pointee.operation {
      case .decode, .fetch, .reference, .rare: break loop
      case .pageEnd: guard c.nextPage() else { break loop }
      case .nop: c.next()
      case .adr: c.adr()
      case .adrp: c.adrp()
      case .constant: c.constant()
      case .movk64: c.movk64()
      case .movk32: c.movk32()
      case .addImm64: c.addImm64()
      case .addImm32: c.addImm32()
      case .addsImm64: c.addsImm64()
      case .addsImm32: c.addsImm32()
      case .subsImm64: c.subsImm64()
      case .subsImm32: c.subsImm32()
      case .cmpImm64: c.cmpImm64()
      case .cmpImm32: c.cmpImm32()
      case .andImm64: c.andImm64()
      case .orrImm64: c.orrImm64()
      case .eorImm64: c.eorImm64()
      case .logicImm32: c.logicImm32()
      case .andsImm: c.andsImm()
      case .lsl64: c.lsl64()
      case .lsl32: c.lsl32()
      case .lsr64: c.lsr64()
      case .lsr32: c.lsr32()
      case .asr64: c.asr64()
      case .asr32: c.asr32()
      case .ubfx: c.ubfx()
      case .sbfx64: c.sbfx64()
      case .sbfx32: c.sbfx32()
      case .ubfiz: c.ubfiz()
      case .extr64: c.extr64()
      case .extr32: c.extr32()
      case .b: guard c.branch() else { break loop }
      case .bl: guard c.bl() else { break loop }
      case .beq: guard c.branch(if: c.flags.eq) else { break loop }
      case .bne: guard c.branch(if: !c.flags.eq) else { break loop }
      case .bhs: guard c.branch(if: c.flags.hs) else { break loop }
      case .blo: guard c.branch(if: !c.flags.hs) else { break loop }
      case .bmi: guard c.branch(if: c.flags.mi) else { break loop }
      case .bpl: guard c.branch(if: !c.flags.mi) else { break loop }
      case .bvs: guard c.branch(if: c.flags.vs) else { break loop }
      case .bvc: guard c.branch(if: !c.flags.vs) else { break loop }
      case .bhi: guard c.branch(if: c.flags.hi) else { break loop }
      case .bls: guard c.branch(if: !c.flags.hi) else { break loop }
      case .bge: guard c.branch(if: c.flags.ge) else { break loop }
      case .blt: guard c.branch(if: !c.flags.ge) else { break loop }
      case .bgt: guard c.branch(if: c.flags.gt) else { break loop }
      case .ble: guard c.branch(if: !c.flags.gt) else { break loop }
      case .cbz64: guard c.branch(if: c.x[c.n] == 0) else { break loop }
      case .cbz32: guard c.branch(if: c.lower(c.x[c.n]) == 0) else { break loop }
      case .cbnz64: guard c.branch(if: c.x[c.n] != 0) else { break loop }
      case .cbnz32: guard c.branch(if: c.lower(c.x[c.n]) != 0) else { break loop }
      case .tbz: guard c.branch(if: c.x[c.n] &>> UInt64(c.a) & 1 == 0) else { break loop }
      case .tbnz: guard c.branch(if: c.x[c.n] &>> UInt64(c.a) & 1 == 1) else { break loop }
      case .br, .ret: guard c.br() else { break loop }
      case .blr: guard c.blr() else { break loop }
      case .farB: guard c.farB() else { break loop }
      case .farBl: guard c.farBl() else { break loop }
      case .farCondition: guard c.farCondition() else { break loop }
      case .farTest: guard c.farTest() else { break loop }
      case .mov64: c.mov64()
      case .mov32: c.mov32()
      case .and64: c.and64()
      case .and32: c.and32()
      case .orr64: c.orr64()
      case .orr32: c.orr32()
      case .eor64: c.eor64()
      case .eor32: c.eor32()
      case .bic64: c.bic64()
      case .bic32: c.bic32()
      case .logic64: c.logic64()
      case .logic32: c.logic32()
      case .ands64: c.ands64()
      case .ands32: c.ands32()
      case .add64: c.add64()
      case .add32: c.add32()
      case .sub64: c.sub64()
      case .sub32: c.sub32()
      case .addShifted64: c.addShifted64()
      case .subShifted64: c.subShifted64()
      case .addShifted32: c.addShifted32()
      case .subShifted32: c.subShifted32()
      case .addLsl64: c.addLsl64()
      case .addLsl32: c.addLsl32()
      case .eorRor32: c.eorRor32()
      case .eorLsr64: c.eorLsr64()
      case .eorLsr32: c.eorLsr32()
      case .adds64: c.adds64()
      case .adds32: c.adds32()
      case .subs64: c.subs64()
      case .subs32: c.subs32()
      case .cmp64: c.cmp64()
      case .cmp32: c.cmp32()
      case .addsShifted: c.addsShifted()
      case .subsShifted: c.subsShifted()
      case .addExtended: c.addExtended()
      case .subExtended: c.subExtended()
      case .addsExtended: c.addsExtended()
      case .subsExtended: c.subsExtended()
      case .ccmp: c.ccmp()
      case .ccmn: c.ccmn()
      case .csel64: c.csel64()
      case .csel32: c.csel32()
      case .csinc: c.csinc()
      case .csinv: c.csinv()
      case .csneg: c.csneg()
      case .madd64: c.madd64()
      case .madd32: c.madd32()
      case .msub64: c.msub64()
      case .msub32: c.msub32()
      case .smaddl: c.smaddl()
      case .umaddl: c.umaddl()
      case .smulh: c.smulh()
      case .umulh: c.umulh()
      case .udiv64: c.udiv64()
      case .udiv32: c.udiv32()
      case .sdiv64: c.sdiv64()
      case .sdiv32: c.sdiv32()
      case .lslv64: c.lslv64()
      case .lslv32: c.lslv32()
      case .lsrv64: c.lsrv64()
      case .lsrv32: c.lsrv32()
      case .asrv64: c.asrv64()
      case .asrv32: c.asrv32()
      case .clz64: c.clz64()
      case .clz32: c.clz32()
      case .rev64: c.rev64()
      case .rev32: c.rev32()
      case .ldrb: guard c.ldrb() else { break loop }
      case .ldrh: guard c.ldrh() else { break loop }
      case .ldrw: guard c.ldrw() else { break loop }
      case .ldrx: guard c.ldrx() else { break loop }
      case .ldrsb64: guard c.ldrsb64() else { break loop }
      case .ldrsh64: guard c.ldrsh64() else { break loop }
      case .ldrsw: guard c.ldrsw() else { break loop }
      case .ldrsb32: guard c.ldrsb32() else { break loop }
      case .ldrsh32: guard c.ldrsh32() else { break loop }
      case .strb: guard c.strb() else { break loop }
      case .strh: guard c.strh() else { break loop }
      case .strw: guard c.strw() else { break loop }
      case .strx: guard c.strx() else { break loop }
      case .ldrbIndexed: guard c.ldrbIndexed() else { break loop }
      case .ldrhIndexed: guard c.ldrhIndexed() else { break loop }
      case .ldrwIndexed: guard c.ldrwIndexed() else { break loop }
      case .ldrxIndexed: guard c.ldrxIndexed() else { break loop }
      case .strbIndexed: guard c.strbIndexed() else { break loop }
      case .strhIndexed: guard c.strhIndexed() else { break loop }
      case .strwIndexed: guard c.strwIndexed() else { break loop }
      case .strxIndexed: guard c.strxIndexed() else { break loop }
      case .ldrbRegister: guard c.ldrbRegister() else { break loop }
      case .ldrhRegister: guard c.ldrhRegister() else { break loop }
      case .ldrwRegister: guard c.ldrwRegister() else { break loop }
      case .ldrxRegister: guard c.ldrxRegister() else { break loop }
      case .ldrswRegister: guard c.ldrswRegister() else { break loop }
      case .strbRegister: guard c.strbRegister() else { break loop }
      case .strhRegister: guard c.strhRegister() else { break loop }
      case .strwRegister: guard c.strwRegister() else { break loop }
      case .strxRegister: guard c.strxRegister() else { break loop }
      case .ldpx: guard c.ldpx() else { break loop }
      case .stpx: guard c.stpx() else { break loop }
      case .ldpxIndexed: guard c.ldpxIndexed() else { break loop }
      case .stpxIndexed: guard c.stpxIndexed() else { break loop }
      case .ldpw: guard c.ldpw() else { break loop }
      case .stpw: guard c.stpw() else { break loop }

      // Pairs.
      case .addImm64CmpImm64:
        c.addImm64()
        c.cmpImm64()
      case .addImm64Cmp64:
        c.addImm64()
        c.cmp64()
      case .addImm64Mov64:
        c.addImm64()
        c.mov64()
      case .addImm64Add64:
        c.addImm64()
        c.add64()
      case .addImm64AddImm64:
        c.addImm64()
        c.addImm64()
      case .addImm64Ands64:
        c.addImm64()
        c.ands64()
      case .addImm64Lslv64:
        c.addImm64()
        c.lslv64()
      case .addImm64Eor32:
        c.addImm64()
        c.eor32()
      case .addImm64Cbnz32:
        c.addImm64()
        guard c.branch(if: c.lower(c.x[c.n]) != 0) else { break loop }
      case .addImm64Br:
        c.addImm64()
        guard c.br() else { break loop }
      case .addImm64Blr:
        c.addImm64()
        guard c.blr() else { break loop }
      case .addImm64Stpx:
        c.addImm64()
        guard c.stpx() else { break loop }
      case .addImm64Ldrw:
        c.addImm64()
        guard c.ldrw() else { break loop }
      case .mov64AddImm64:
        c.mov64()
        c.addImm64()
      case .mov64Beq:
        c.mov64()
        guard c.branch(if: c.flags.eq) else { break loop }
      case .mov64Bhi:
        c.mov64()
        guard c.branch(if: c.flags.hi) else { break loop }
      case .mov32Mov32:
        c.mov32()
        c.mov32()
      case .mov32AddImm64:
        c.mov32()
        c.addImm64()
      case .mov32Extr32:
        c.mov32()
        c.extr32()
      case .mov32Blr:
        c.mov32()
        guard c.blr() else { break loop }
      case .ldrbRegisterAddImm64:
        guard c.ldrbRegister() else { break loop }
        c.addImm64()
      case .ldrbRegisterAddLsl64:
        guard c.ldrbRegister() else { break loop }
        c.addLsl64()
      case .ldrbRegisterCbnz32:
        guard c.ldrbRegister() else { break loop }
        guard c.branch(if: c.lower(c.x[c.n]) != 0) else { break loop }
      case .andImm64LdrwRegister:
        c.andImm64()
        guard c.ldrwRegister() else { break loop }
      case .andImm64Lsr64:
        c.andImm64()
        c.lsr64()
      case .eor32AndImm64:
        c.eor32()
        c.andImm64()
      case .eor32Add32:
        c.eor32()
        c.add32()
      case .eor32EorRor32:
        c.eor32()
        c.eorRor32()
      case .eorLsr32Bne:
        c.eorLsr32()
        guard c.branch(if: !c.flags.eq) else { break loop }
      case .eorLsr32Add32:
        c.eorLsr32()
        c.add32()
      case .ldrwRegisterEorLsr32:
        guard c.ldrwRegister() else { break loop }
        c.eorLsr32()
      case .ldrwRegisterEorRor32:
        guard c.ldrwRegister() else { break loop }
        c.eorRor32()
      case .ldrwRegisterAdd32:
        guard c.ldrwRegister() else { break loop }
        c.add32()
      case .cmpImm64Eor32:
        c.cmpImm64()
        c.eor32()
      case .cmpImm64Add64:
        c.cmpImm64()
        c.add64()
      case .cmpImm64AddImm64:
        c.cmpImm64()
        c.addImm64()
      case .cmpImm64Add32:
        c.cmpImm64()
        c.add32()
      case .cmpImm64Beq:
        c.cmpImm64()
        guard c.branch(if: c.flags.eq) else { break loop }
      case .cmpImm64Bne:
        c.cmpImm64()
        guard c.branch(if: !c.flags.eq) else { break loop }
      case .cmpImm64Blo:
        c.cmpImm64()
        guard c.branch(if: !c.flags.hs) else { break loop }
      case .cmpImm64Bhi:
        c.cmpImm64()
        guard c.branch(if: c.flags.hi) else { break loop }
      case .cmpImm32Beq:
        c.cmpImm32()
        guard c.branch(if: c.flags.eq) else { break loop }
      case .cmpImm32Bne:
        c.cmpImm32()
        guard c.branch(if: !c.flags.eq) else { break loop }
      case .cmpImm32Bhi:
        c.cmpImm32()
        guard c.branch(if: c.flags.hi) else { break loop }
      case .cmp64Csinc:
        c.cmp64()
        c.csinc()
      case .cmp64AddLsl64:
        c.cmp64()
        c.addLsl64()
      case .cmp64Beq:
        c.cmp64()
        guard c.branch(if: c.flags.eq) else { break loop }
      case .cmp64Bne:
        c.cmp64()
        guard c.branch(if: !c.flags.eq) else { break loop }
      case .cmp64Blo:
        c.cmp64()
        guard c.branch(if: !c.flags.hs) else { break loop }
      case .cmp64Bge:
        c.cmp64()
        guard c.branch(if: c.flags.ge) else { break loop }
      case .cmp32Csinc:
        c.cmp32()
        c.csinc()
      case .cmp32Beq:
        c.cmp32()
        guard c.branch(if: c.flags.eq) else { break loop }
      case .cmp32Bne:
        c.cmp32()
        guard c.branch(if: !c.flags.eq) else { break loop }
      case .add64CmpImm64:
        c.add64()
        c.cmpImm64()
      case .add64AddImm64:
        c.add64()
        c.addImm64()
      case .add64Subs64:
        c.add64()
        c.subs64()
      case .add64AddsImm32:
        c.add64()
        c.addsImm32()
      case .add64Strb:
        c.add64()
        guard c.strb() else { break loop }
      case .sub64Orr64:
        c.sub64()
        c.orr64()
      case .sub64LdrxRegister:
        c.sub64()
        guard c.ldrxRegister() else { break loop }
      case .orr64Mov64:
        c.orr64()
        c.mov64()
      case .orr64StrxIndexed:
        c.orr64()
        guard c.strxIndexed() else { break loop }
      case .ands64Beq:
        c.ands64()
        guard c.branch(if: c.flags.eq) else { break loop }
      case .addsImm32Bne:
        c.addsImm32()
        guard c.branch(if: !c.flags.eq) else { break loop }
      case .add32Add32:
        c.add32()
        c.add32()
      case .add32EorRor32:
        c.add32()
        c.eorRor32()
      case .add32Eor32:
        c.add32()
        c.eor32()
      case .add32AddImm64:
        c.add32()
        c.addImm64()
      case .add32CmpImm64:
        c.add32()
        c.cmpImm64()
      case .add32Bne:
        c.add32()
        guard c.branch(if: !c.flags.eq) else { break loop }
      case .eorRor32And32:
        c.eorRor32()
        c.and32()
      case .eorRor32Add32:
        c.eorRor32()
        c.add32()
      case .eorRor32EorRor32:
        c.eorRor32()
        c.eorRor32()
      case .eorRor32LdrwRegister:
        c.eorRor32()
        guard c.ldrwRegister() else { break loop }
      case .and32Add32:
        c.and32()
        c.add32()
      case .and32And32:
        c.and32()
        c.and32()
      case .extr32Mov32:
        c.extr32()
        c.mov32()
      case .extr32Extr32:
        c.extr32()
        c.extr32()
      case .extr32Add32:
        c.extr32()
        c.add32()
      case .bic32LdrwRegister:
        c.bic32()
        guard c.ldrwRegister() else { break loop }
      case .addLsl64AddImm64:
        c.addLsl64()
        c.addImm64()
      case .addLsl64Csel64:
        c.addLsl64()
        c.csel64()
      case .addShifted64Add64:
        c.addShifted64()
        c.add64()
      case .addExtendedAddShifted64:
        c.addExtended()
        c.addShifted64()
      case .madd64Madd64:
        c.madd64()
        c.madd64()
      case .madd64AddExtended:
        c.madd64()
        c.addExtended()
      case .lsr64Madd64:
        c.lsr64()
        c.madd64()
      case .lsr64Subs64:
        c.lsr64()
        c.subs64()
      case .csel64Lsr64:
        c.csel64()
        c.lsr64()
      case .csincRet:
        c.csinc()
        guard c.br() else { break loop }
      case .csincAdd64:
        c.csinc()
        c.add64()
      case .sbfx64Sub64:
        c.sbfx64()
        c.sub64()
      case .lslv64Orr64:
        c.lslv64()
        c.orr64()
      case .lsrv64AddImm64:
        c.lsrv64()
        c.addImm64()
      case .ldrwLdrw:
        guard c.ldrw() else { break loop }
        guard c.ldrw() else { break loop }
      case .ldrwIndexedMov32:
        guard c.ldrwIndexed() else { break loop }
        c.mov32()
      case .ldrxIndexedSub64:
        guard c.ldrxIndexed() else { break loop }
        c.sub64()
      case .ldrxRegisterLdrxRegister:
        guard c.ldrxRegister() else { break loop }
        guard c.ldrxRegister() else { break loop }
      case .ldrxRegisterAndImm64:
        guard c.ldrxRegister() else { break loop }
        c.andImm64()
      case .ldrxRegisterLsrv64:
        guard c.ldrxRegister() else { break loop }
        c.lsrv64()
      case .ldrbCmpImm32:
        guard c.ldrb() else { break loop }
        c.cmpImm32()
      case .strbAdd64:
        guard c.strb() else { break loop }
        c.add64()
      case .strxIndexedMov64:
        guard c.strxIndexed() else { break loop }
        c.mov64()
      case .ldpxAddImm64:
        guard c.ldpx() else { break loop }
        c.addImm64()
      }
    }
    return c
  }
}
