import Engine
import Testing

/// The table of system registers: what may be read, what may be written, and what each is called.
struct SystemRegisterTests {
  /// MRS X10 or MSR of a register, by Op0, Op1, CRn, CRm, Op2.
  private static func access(_ register: [UInt32], isRead: Bool) -> UInt32 {
    let encoding = register[0] << 14 | register[1] << 11 | register[2] << 7 | register[3] << 3 | register[4]
    return 0xD500_0000 | (isRead ? 1 << 21 : 0) | encoding << 5 | 10
  }

  private static let onlyRead: [(name: String, register: [UInt32])] = [
    ("MIDR_EL1", [3, 0, 0, 0, 0]), ("CurrentEL", [3, 0, 4, 2, 2]), ("ISR_EL1", [3, 0, 12, 1, 0]),
    ("ICC_IAR1_EL1", [3, 0, 12, 12, 0]), ("ICC_RPR_EL1", [3, 0, 12, 11, 3]), ("CNTPCT_EL0", [3, 3, 14, 0, 1]),
    ("OSLSR_EL1", [2, 0, 1, 1, 4]), ("CLIDR_EL1", [3, 1, 0, 0, 1]), ("ID_AA64PFR0_EL1", [3, 0, 0, 4, 0]),
    // A place for identification that nothing has been given to reads as zero.
    ("S3_0_C0_C7_7", [3, 0, 0, 7, 7]),
  ]
  private static let onlyWritten: [(name: String, register: [UInt32])] = [
    ("OSLAR_EL1", [2, 0, 1, 0, 4]), ("ICC_EOIR1_EL1", [3, 0, 12, 12, 1]), ("ICC_DIR_EL1", [3, 0, 12, 11, 1]),
    ("ICC_SGI1R_EL1", [3, 0, 12, 11, 5]),
  ]
  private static let both: [(name: String, register: [UInt32])] = [
    ("DBGBVR1_EL1", [2, 0, 0, 1, 4]), ("SCTLR_EL1", [3, 0, 1, 0, 0]), ("ICC_PMR_EL1", [3, 0, 4, 6, 0]),
    ("ICC_AP1R3_EL1", [3, 0, 12, 9, 3]), ("TPIDR_EL0", [3, 3, 13, 0, 2]), ("CNTV_CVAL_EL0", [3, 3, 14, 3, 2]),
  ]
  private static let neither: [(name: String, register: [UInt32])] = [
    ("TPIDR_EL2", [3, 4, 13, 0, 2]), ("DBGBVR2_EL1", [2, 0, 0, 2, 4]), ("S3_0_C5_C1_7", [3, 0, 5, 1, 7]),
  ]

  /// Each access that a register does not have is UNDEFINED, and no other is: counted by a handler that goes on behind it.
  @Test(arguments: CodeEngine.allCases)
  func anAccessThatARegisterDoesNotHaveIsUndefined(_ engine: CodeEngine) throws {
    // X9 = 0x80002000; MSR VBAR_EL1, X9; X20 = X10 = 0; at the end X20 to 0x80800000.
    var code: [UInt32] = [0xD2B0_0009, 0x9140_0929, 0xD518_C009, 0xD280_0014, 0xD280_000A]
    let expected = Self.onlyRead.count + Self.onlyWritten.count + 2 * Self.neither.count
    for (_, register) in Self.onlyRead + Self.both + Self.neither { code.append(Self.access(register, isRead: true)) }
    // What was read of SCTLR_EL1 is written again.
    for (_, register) in Self.both {
      code += [Self.access(register, isRead: true), Self.access(register, isRead: false)]
    }
    code.append(0xD280_000A)
    for (_, register) in Self.onlyWritten { code.append(Self.access(register, isRead: true)) }
    for (_, register) in Self.onlyRead + Self.onlyWritten + Self.neither { code.append(Self.access(register, isRead: false)) }
    code += [0xD2B0_101C, 0xF900_0394]
    // The handler at VBAR_EL1 + 0x200: ADD X20, X20, #1; ELR_EL1 + 4; ERET.
    let handler: [UInt32] = [0x9100_0694, 0xD538_4035, 0x9100_12B5, 0xD518_4035, 0xD69F_03E0]
    let vector = 0x2200 / 4
    code.append(0x1400_0000 | UInt32(vector + handler.count - code.count))
    code += [UInt32](repeating: 0xD503_201F, count: vector - code.count) + handler
    let bytes = try InstructionTests.run(code, engine)
    #expect(Int(bytes[0]) == expected)
  }

  @Test func theDisassemblerCallsThemByName() {
    for (name, register) in Self.onlyRead + Self.onlyWritten + Self.both + Self.neither where !name.hasPrefix("DBGBVR2") {
      #expect(Disassembler.text(Self.access(register, isRead: true), at: 0) == "mrs\tx10, \(name)")
      #expect(Disassembler.text(Self.access(register, isRead: false), at: 0) == "msr\t\(name), x10")
    }
  }

  /// Recordings and saved states have the registers of `guest setsys` by number, and the REC has them in that order.
  @Test func numbersOfRealmRegistersAreTheirOrder() {
    for (number, register) in RealmRegister.allCases.enumerated() {
      #expect(register.number == number)
      #expect(RealmRegister(number: UInt64(number)) == register)
      #expect(RealmRegister.named(register.name.uppercased()) == register)
    }
    #expect(RealmRegister(number: UInt64(RealmRegister.allCases.count)) == nil)
    #expect(RealmRegister.allCases.count <= 64, "the room there is for them in a REC")
    #expect(RealmRegister.sctlrEL1.number == 8 && RealmRegister.ichAP1R.number == 58)
    #expect(RealmRegister.named("vbar_el1") == .vbarEL1 && RealmRegister.named("cntv_ctl_el0") == .cntvctlEL0)
  }
}
