/// What MRS, MSR or SYS comes to where nothing has to be asked but the exception level: found once, when the word is decoded, and kept in
/// ``Instruction/m``. 0 where there is no such short way.
enum SystemShortcut {
  /// DC ZVA.
  static let zero: UInt8 = 1
  /// MRS of DAIF.
  static let interruptMasks: UInt8 = 2
  /// MRS of CNTVCT_EL0.
  static let virtualCount: UInt8 = 3
  /// A word of the REC: with the number of its ``RealmRegister``, which is below 64.
  static let word: UInt8 = 0x40
  static let number: UInt8 = 0x3F
  /// EL0 has that word as well.
  static let forEL0: UInt8 = 0x80

  static func of(_ i: Instruction, _ features: A64Features) -> UInt8 {
    let encoding = SystemEncoding(of: i)
    if i.operation == .sys {
      guard case .zero = SystemOperation.at(encoding)?.effect else { return 0 }
      return zero
    }
    let isRead = i.operation == .mrs
    guard isRead || i.operation == .msr, let register = SystemRegister.at(encoding), features.isSuperset(of: register.feature)
    else { return 0 }
    switch register.contents {
    case .saved(let saved) where register.access == .readWrite || register.access == (isRead ? .readOnly : .writeOnly):
      return word | UInt8(saved.number) | (isOpen(register, isRead: isRead) ? forEL0 : 0)
    case .interruptMasks where isRead: return interruptMasks
    case .count(.virtual) where isRead: return virtualCount
    default: return 0
    }
  }

  /// Whether EL0 has a register without being asked for more.
  private static func isOpen(_ register: SystemRegister, isRead: Bool) -> Bool {
    guard register.encoding.op1 == 3 else { return false }
    switch register.el0 {
    case .open: return true
    case .readOnly: return isRead
    case .needs: return false
    }
  }
}

extension A64Core {
  /// Whether MRS or MSR has a short way from here.
  @inline(__always) func hasShortcut(_ i: Instruction) -> Bool {
    i.m & SystemShortcut.forEL0 != 0 || (i.m != 0 && exceptionLevel != 0)
  }

  /// What MRS reads by its short way.
  @inline(__always) func shortcut(_ i: Instruction) -> UInt64 {
    switch i.m {
    case SystemShortcut.interruptMasks: pstate & 0x3C0
    case SystemShortcut.virtualCount: now &- rec[.cntvoffEL2]
    default: rec.word(Int(i.m & SystemShortcut.number))
    }
  }

  /// MSR by its short way.
  @inline(__always) func setShortcut(_ i: Instruction) { rec.setWord(Int(i.m & SystemShortcut.number), x[Int(i.d)]) }

  /// Whether DC ZVA has a short way from here: at EL0 by SCTLR_EL1.DZE.
  @inline(__always) func zeroes(_ i: Instruction) -> Bool {
    i.m == SystemShortcut.zero && (exceptionLevel != 0 || rec[.sctlrEL1].bit(14))
  }
}
