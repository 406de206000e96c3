/// Pairs of instructions that stand so often behind one another in compiled code that the loop has a case for both at once.
///
/// The pair stands in the first one's place with the first one's operands; the second keeps its place and its operands, for a branch
/// that leads to it and for a pair that stops in its middle; it may begin a pair itself. Which pairs are worth it was counted in the
/// programs of Benchmarks/guests and in a boot of Linux.
extension FastOperation {
  /// Whether what stands behind may never be executed, or not by the fast engine: it is not decoded ahead.
  var endsStretch: Bool {
    switch self {
    case .b, .bl, .farB, .farBl, .br, .blr, .ret, .reference: true
    default: false
    }
  }

  /// The operation of the first of a pair; one that is no pair is its own.
  var first: FastOperation { Self.firsts[Int(rawValue)] }

  private static let firsts: [FastOperation] = {
    var firsts = allCases
    for first in allCases {
      for second in allCases {
        if let pair = pair(first, second) { firsts[Int(pair.rawValue)] = first }
      }
    }
    return firsts
  }()

  /// The pair that two operations make; nil if they make none.
  static func pair(_ first: FastOperation, _ second: FastOperation) -> FastOperation? {
    switch (first, second) {
    case (.addImm64, .cmpImm64): .addImm64CmpImm64
    case (.addImm64, .cmp64): .addImm64Cmp64
    case (.addImm64, .mov64): .addImm64Mov64
    case (.addImm64, .add64): .addImm64Add64
    case (.addImm64, .addImm64): .addImm64AddImm64
    case (.addImm64, .ands64): .addImm64Ands64
    case (.addImm64, .lslv64): .addImm64Lslv64
    case (.addImm64, .eor32): .addImm64Eor32
    case (.addImm64, .cbnz32): .addImm64Cbnz32
    case (.addImm64, .br): .addImm64Br
    case (.addImm64, .blr): .addImm64Blr
    case (.addImm64, .stpx): .addImm64Stpx
    case (.addImm64, .ldrw): .addImm64Ldrw
    case (.mov64, .addImm64): .mov64AddImm64
    case (.mov64, .beq): .mov64Beq
    case (.mov64, .bhi): .mov64Bhi
    case (.mov32, .mov32): .mov32Mov32
    case (.mov32, .addImm64): .mov32AddImm64
    case (.mov32, .extr32): .mov32Extr32
    case (.mov32, .blr): .mov32Blr
    case (.ldrbRegister, .addImm64): .ldrbRegisterAddImm64
    case (.ldrbRegister, .addLsl64): .ldrbRegisterAddLsl64
    case (.ldrbRegister, .cbnz32): .ldrbRegisterCbnz32
    case (.andImm64, .ldrwRegister): .andImm64LdrwRegister
    case (.andImm64, .lsr64): .andImm64Lsr64
    case (.eor32, .andImm64): .eor32AndImm64
    case (.eor32, .add32): .eor32Add32
    case (.eor32, .eorRor32): .eor32EorRor32
    case (.eorLsr32, .bne): .eorLsr32Bne
    case (.eorLsr32, .add32): .eorLsr32Add32
    case (.ldrwRegister, .eorLsr32): .ldrwRegisterEorLsr32
    case (.ldrwRegister, .eorRor32): .ldrwRegisterEorRor32
    case (.ldrwRegister, .add32): .ldrwRegisterAdd32
    case (.cmpImm64, .eor32): .cmpImm64Eor32
    case (.cmpImm64, .add64): .cmpImm64Add64
    case (.cmpImm64, .addImm64): .cmpImm64AddImm64
    case (.cmpImm64, .add32): .cmpImm64Add32
    case (.cmpImm64, .beq): .cmpImm64Beq
    case (.cmpImm64, .bne): .cmpImm64Bne
    case (.cmpImm64, .blo): .cmpImm64Blo
    case (.cmpImm64, .bhi): .cmpImm64Bhi
    case (.cmpImm32, .beq): .cmpImm32Beq
    case (.cmpImm32, .bne): .cmpImm32Bne
    case (.cmpImm32, .bhi): .cmpImm32Bhi
    case (.cmp64, .csinc): .cmp64Csinc
    case (.cmp64, .addLsl64): .cmp64AddLsl64
    case (.cmp64, .beq): .cmp64Beq
    case (.cmp64, .bne): .cmp64Bne
    case (.cmp64, .blo): .cmp64Blo
    case (.cmp64, .bge): .cmp64Bge
    case (.cmp32, .csinc): .cmp32Csinc
    case (.cmp32, .beq): .cmp32Beq
    case (.cmp32, .bne): .cmp32Bne
    case (.add64, .cmpImm64): .add64CmpImm64
    case (.add64, .addImm64): .add64AddImm64
    case (.add64, .subs64): .add64Subs64
    case (.add64, .addsImm32): .add64AddsImm32
    case (.add64, .strb): .add64Strb
    case (.sub64, .orr64): .sub64Orr64
    case (.sub64, .ldrxRegister): .sub64LdrxRegister
    case (.orr64, .mov64): .orr64Mov64
    case (.orr64, .strxIndexed): .orr64StrxIndexed
    case (.ands64, .beq): .ands64Beq
    case (.addsImm32, .bne): .addsImm32Bne
    case (.add32, .add32): .add32Add32
    case (.add32, .eorRor32): .add32EorRor32
    case (.add32, .eor32): .add32Eor32
    case (.add32, .addImm64): .add32AddImm64
    case (.add32, .cmpImm64): .add32CmpImm64
    case (.add32, .bne): .add32Bne
    case (.eorRor32, .and32): .eorRor32And32
    case (.eorRor32, .add32): .eorRor32Add32
    case (.eorRor32, .eorRor32): .eorRor32EorRor32
    case (.eorRor32, .ldrwRegister): .eorRor32LdrwRegister
    case (.and32, .add32): .and32Add32
    case (.and32, .and32): .and32And32
    case (.extr32, .mov32): .extr32Mov32
    case (.extr32, .extr32): .extr32Extr32
    case (.extr32, .add32): .extr32Add32
    case (.bic32, .ldrwRegister): .bic32LdrwRegister
    case (.addLsl64, .addImm64): .addLsl64AddImm64
    case (.addLsl64, .csel64): .addLsl64Csel64
    case (.addShifted64, .add64): .addShifted64Add64
    case (.addExtended, .addShifted64): .addExtendedAddShifted64
    case (.madd64, .madd64): .madd64Madd64
    case (.madd64, .addExtended): .madd64AddExtended
    case (.lsr64, .madd64): .lsr64Madd64
    case (.lsr64, .subs64): .lsr64Subs64
    case (.csel64, .lsr64): .csel64Lsr64
    case (.csinc, .ret): .csincRet
    case (.csinc, .add64): .csincAdd64
    case (.sbfx64, .sub64): .sbfx64Sub64
    case (.lslv64, .orr64): .lslv64Orr64
    case (.lsrv64, .addImm64): .lsrv64AddImm64
    case (.ldrw, .ldrw): .ldrwLdrw
    case (.ldrwIndexed, .mov32): .ldrwIndexedMov32
    case (.ldrxIndexed, .sub64): .ldrxIndexedSub64
    case (.ldrxRegister, .ldrxRegister): .ldrxRegisterLdrxRegister
    case (.ldrxRegister, .andImm64): .ldrxRegisterAndImm64
    case (.ldrxRegister, .lsrv64): .ldrxRegisterLsrv64
    case (.ldrb, .cmpImm32): .ldrbCmpImm32
    case (.strb, .add64): .strbAdd64
    case (.strxIndexed, .mov64): .strxIndexedMov64
    case (.ldpx, .addImm64): .ldpxAddImm64
    default: nil
    }
  }
}

extension A64Words {
  /// The pairs there are, by the names of their operations.
  package static var fastPairs: [[String]] {
    FastOperation.allCases.flatMap { first in
      FastOperation.allCases.filter { FastOperation.pair(first, $0) != nil }.map { ["\(first)", "\($0)"] }
    }
  }

  /// The pair that two words make behind one another, by the names of their operations; nil if they make none.
  package static func fastPair(_ first: UInt32, _ second: UInt32) -> [String]? {
    let one = FastInstruction(A64Decoder.decode(first, []), place: 0).operation
    let other = FastInstruction(A64Decoder.decode(second, []), place: 1).operation
    return FastOperation.pair(one, other).map { _ in ["\(one)", "\(other)"] }
  }
}
