/// A system register of the interpreter: a row of ``table``, which is all that decoding, MRS, MSR and the disassembler know of it.
struct SystemRegister: Sendable {
  let name: StaticString
  let encoding: SystemEncoding
  let access: Access
  let contents: Contents
  let el0: EL0
  /// What a processor needs beyond Armv8.0 to have it.
  let feature: A64Features

  init(
    _ name: StaticString, _ encoding: SystemEncoding, _ access: Access, _ contents: Contents, el0: EL0 = .open,
    feature: A64Features = []
  ) {
    self.feature = feature
    self.name = name
    self.encoding = encoding
    self.access = access
    self.contents = contents
    self.el0 = el0
  }

  /// What MRS and MSR may do; the other is UNDEFINED.
  enum Access: Sendable {
    case readOnly, writeOnly, readWrite
  }

  /// What EL0 has of a register that it can name at all, one with Op1 3.
  enum EL0: Sendable {
    case open, readOnly
    /// Trapped to EL1 unless one of some bits of a register is set.
    case needs(RealmRegister, UInt64)
  }

  enum Timer: Sendable {
    case virtual, physical
  }

  /// What is in it.
  enum Contents: Sendable {
    /// A register of the vCPU's, as it is.
    case saved(RealmRegister)
    /// The same, and stage 1 has translated with it.
    case translation(RealmRegister)
    case constant(UInt64)
    /// Reads as zero, and what is written vanishes.
    case ignored
    /// Identification, which HCR_EL2.TID3 traps; with bits that are there with a PMU only.
    case identification(UInt64, withPMU: UInt64 = 0)
    case affinity
    /// MIDR_EL1.
    case model
    /// Half of a key of FEAT_PAuth, by its place among them.
    case key(Int)
    /// A field of PSTATE, where SPSR_EL1 has it.
    case field(UInt64)
    case zeroingBlock
    // PSTATE, and what FP has beside its registers.
    case flags, interruptMasks, stackSelect, exceptionLevel, floatControl, floatStatus
    case random
    case count(Timer), timerValue(Timer), timerControl(Timer), timerCompare(Timer)
    case interruptStatus
    case cpuInterface(CPUInterfaceRegister)
    /// Makes an SGI, which is the Host's to deliver: HCR_EL2.{IMO, FMO} trap it.
    case generatesSGI
    /// Nothing that EL1 or EL0 can have.
    case undefined
  }

  /// Rows by encoding, from 1; 0 where there is none. Bit 15 is set in every encoding of a register.
  private static let numbers: [UInt8] = {
    var numbers = [UInt8](repeating: 0, count: 1 << 15)
    for (n, row) in table.enumerated() { numbers[Int(row.encoding.bits & 0x7FFF)] = UInt8(n + 1) }
    return numbers
  }()

  /// The register with an encoding whose Op0 is 2 or 3.
  @inline(__always) static func at(_ encoding: SystemEncoding) -> SystemRegister? {
    let number = numbers[Int(encoding.bits & 0x7FFF)]
    return number == 0 ? nil : table[Int(number) - 1]
  }
}
