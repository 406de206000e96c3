/// How MSR, MRS and SYS name a register or an operation: Op0, Op1, CRn, CRm and Op2, packed as bits 20:5 of the instruction have them
/// (Arm ARM C5.1).
package struct SystemEncoding: Hashable, Sendable {
  package let bits: UInt16

  @inline(__always) init(bits: UInt16) { self.bits = bits }

  @inline(__always) package init(_ op0: UInt16, _ op1: UInt16, _ crn: UInt16, _ crm: UInt16, _ op2: UInt16) {
    bits = op0 << 14 | op1 << 11 | crn << 7 | crm << 3 | op2
  }

  /// As the syndrome of a trapped MSR or MRS has them (Arm ARM, ESR_EL2, EC 0x18): Op0 21:20, Op2 19:17, Op1 16:14, CRn 13:10, CRm 4:1.
  package init(esr: UInt64) {
    self.init(
      UInt16(esr.bits(21, 20)), UInt16(esr.bits(16, 14)), UInt16(esr.bits(13, 10)), UInt16(esr.bits(4, 1)),
      UInt16(esr.bits(19, 17)))
  }

  /// The syndrome of a trapped access with general register `rt`.
  func syndrome(rt: UInt8, isRead: Bool) -> UInt64 {
    let names = UInt64(op0) << 20 | UInt64(op2) << 17 | UInt64(op1) << 14 | UInt64(crn) << 10 | UInt64(crm) << 1
    return Syndrome.ecSysreg << 26 | Syndrome.il | names | UInt64(rt) << 5 | (isRead ? 1 : 0)
  }

  var op0: UInt16 { bits >> 14 }
  var op1: UInt16 { bits >> 11 & 7 }
  var crn: UInt16 { bits >> 7 & 15 }
  var crm: UInt16 { bits >> 3 & 15 }
  var op2: UInt16 { bits & 7 }

  /// S3_0_C0_*: identification, whether or not a register has been put there.
  var isIdentification: Bool { bits >> 7 == 3 << 7 }

  /// The name of a register that has no other.
  var text: String { "S\(op0)_\(op1)_C\(crn)_C\(crm)_\(op2)" }

  static let iccPMR = SystemEncoding(3, 0, 4, 6, 0)
  package static let iccSGI1R = SystemEncoding(3, 0, 12, 11, 5)
}
