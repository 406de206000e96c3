/// What an A64 instruction does. Families that differ only in operand width share a case; ``Instruction/is64`` tells them apart.
enum A64Operation: UInt16, CaseIterable, Sendable {
  case adr, adrp
  case addImmediate, addsImmediate, subImmediate, subsImmediate
  case andImmediate, orrImmediate, eorImmediate, andsImmediate
  case movn, movz, movk
  case sbfm, bfm, ubfm, extr
  case b, bl, bCond, cbz, cbnz, tbz, tbnz, br, blr, ret, eret
  case svc, hvc, smc, brk, hlt, hint, barrier, clrex, msrImmediate, sys, sysl, msr, mrs
  case and, bic, orr, orn, eor, eon, ands, bics
  case add, adds, sub, subs, addExtended, addsExtended, subExtended, subsExtended
  case adc, adcs, sbc, sbcs
  case ccmn, ccmp, ccmnImmediate, ccmpImmediate
  case csel, csinc, csinv, csneg
  case udiv, sdiv, lslv, lsrv, asrv, rorv, crc32, crc32c
  case rbit, rev16, rev32, rev64, clz, cls
  case madd, msub, smaddl, smsubl, umaddl, umsubl, smulh, umulh
  case load, store, loadLiteral, loadRegister, storeRegister, loadPair, storePair
  case loadExclusive, storeExclusive, loadExclusivePair, storeExclusivePair, loadAcquire, storeRelease
  case prefetch
  // After Armv8.0: atomics, ordered accesses at an offset, flags, pointer authentication, branches that leave their mark in BTYPE.
  case atomic, compareSwap, compareSwapPair, loadOrdered, storeOrdered
  case rmif, setFlags8, setFlags16
  case pac, aut, xpac, pacga, branchAuthenticated, eretAuthenticated, loadAuthenticated, brTyped, blrTyped
  /// Floating point and SIMD: see ``VectorUnit``.
  case floatingPoint
  case undefined
}

/// A decoded instruction, 16 bytes. Register numbers are slots of ``A64Registers``: 31 is resolved to the zero register, to where
/// its results vanish, or to the stack pointer.
struct Instruction {
  var operation: A64Operation
  var d: UInt8 = 0
  var n: UInt8 = 0
  /// For MRS, MSR and SYS a ``SystemShortcut``.
  var m: UInt8 = 0
  /// A fourth register, a condition, a bit number, or an addressing mode.
  var a: UInt8 = 0
  var is64 = false
  /// Kind of shift or extension; for memory, see ``MemoryShape``.
  var x: UInt8 = 0
  var imm: Int64 = 0

  /// A load or store: log2 of its size in bits 1:0, sign extension in bit 2, a 64-bit destination in bit 3, write-back in bits 5:4.
  struct MemoryShape {
    let raw: UInt8
    var sizeLog2: Int { Int(raw & 3) }
    var isSigned: Bool { raw & 4 != 0 }
    var is64: Bool { raw & 8 != 0 }
    /// 0 offset, 1 post-index, 2 unprivileged, 3 pre-index.
    var mode: UInt8 { raw >> 4 & 3 }
  }
}

/// Slots of the register file.
enum A64Registers {
  static let zero: UInt8 = 31
  /// Results for the zero register go here.
  static let trash: UInt8 = 32
  static let sp: UInt8 = 33
  // Behind the registers, where all engines find it: the flags of those that execute decoded pages (`LazyFlags`), the monitor of
  // exclusives or ``noMonitor``, PSTATE without the flags, where the REC's system registers are in the host, and 1 if an interrupt or SError
  // is pending.
  static let flags: UInt8 = 34
  static let monitor: UInt8 = 36
  static let pstate: UInt8 = 37
  static let system: UInt8 = 38
  static let pending: UInt8 = 39
  static let slots = 40
  /// No address that a monitor can have.
  static let noMonitor = ~UInt64(0)
}
