/// A vCPU's registers as somebody looks at them.
public struct GuestRegisters: Sendable, Equatable {
  /// Where they are: the REC, or a granule of the Host's.
  public let address: UInt64
  /// Whether it is a Realm's vCPU.
  package var isInRealm = true
  /// Which vCPU of its guest it is, by its MPIDR.
  package var vcpu: UInt64 = 0
  /// X0 to X30.
  public let x: [UInt64]
  public let sp: UInt64
  public let pc: UInt64
  /// As SPSR has it: flags in bits 31:28, DAIF in 9:6, level and stack pointer in 3:0.
  public let pstate: UInt64

  package init(address: UInt64, isInRealm: Bool = true, vcpu: UInt64 = 0, x: [UInt64], sp: UInt64, pc: UInt64, pstate: UInt64) {
    self.address = address
    self.isInRealm = isInRealm
    self.vcpu = vcpu
    self.x = x
    self.sp = sp
    self.pc = pc
    self.pstate = pstate
  }

  public var exceptionLevel: UInt64 { pstate >> 2 & 3 }
  /// `EL1h nZCv DaIF`: capitals are set.
  package var state: String {
    func letter(_ bit: UInt64, _ letter: Character) -> String {
      pstate >> bit & 1 == 1 ? String(letter) : letter.lowercased()
    }
    let level = exceptionLevel == 0 ? "EL0" : pstate & 1 == 1 ? "EL1h" : "EL1t"
    return "\(level) \(letter(31, "N"))\(letter(30, "Z"))\(letter(29, "C"))\(letter(28, "V")) "
      + "\(letter(9, "D"))\(letter(8, "A"))\(letter(7, "I"))\(letter(6, "F"))"
  }
}
