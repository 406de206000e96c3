/// What belongs to the interpreter and not to the machine's state: register file, translation caches, decoded words. All of it can
/// be thrown away between two entries.
final class A64Workspace {
  /// Slots of ``A64Registers``.
  let registers: UnsafeMutablePointer<UInt64>
  /// Decoded instructions by a hash of their word: decoding depends on the word alone, so nothing ever makes them stale. They begin as
  /// the word 0, which is undefined: what it decodes to in its own place, and found by no other word.
  let decoded: UnsafeMutablePointer<DecodedWord>
  let reads: TranslationCache
  let writes: TranslationCache
  let fetches: TranslationCache
  /// Decoded FP and AdvSIMD words.
  let vectors: VectorCache
  let vectorRegisters: UnsafeMutablePointer<UInt64>
  let code: CodeCache
  let stage2 = Stage2Cache()
  let blocks = BlockMarks()
  /// Whether what nobody has written yet is read somewhere: it will be in another place once it is written.
  var readsZeroPage = false
  /// What the processor has beyond Armv8.0.
  let features: A64Features
  /// Pages of code that stage 1 has guarded (GP): BTI looks at how they are entered.
  var guarded: Set<UInt64> = []
  let signatures = SignatureCache()

  struct DecodedWord {
    var word: UInt32
    var instruction: Instruction
  }

  static let decodedCount = 1 << 13

  init(_ model: ProcessorModel) {
    features = model.features
    vectors = VectorCache(features)
    registers = .allocate(capacity: A64Registers.slots)
    registers.initialize(repeating: 0, count: A64Registers.slots)
    vectorRegisters = .allocate(capacity: VectorUnit.wordCount)
    vectorRegisters.initialize(repeating: 0, count: VectorUnit.wordCount)
    decoded = .allocate(capacity: Self.decodedCount)
    decoded.initialize(
      repeating: DecodedWord(word: 0, instruction: A64Decoder.undefined(0)), count: Self.decodedCount)
    reads = TranslationCache()
    writes = TranslationCache()
    fetches = TranslationCache()
    code = CodeCache()
  }

  deinit {
    stage2.deallocate()
    blocks.deallocate()
    registers.deallocate()
    vectorRegisters.deallocate()
    decoded.deallocate()
  }

  func flush() {
    reads.flush()
    writes.flush()
    fetches.flush()
    code.flush()
    blocks.clear()
    readsZeroPage = false
    if !guarded.isEmpty { guarded = [] }
  }

  /// Forgets the translations of the page of an address, whose top byte does not count.
  func forget(_ va: UInt64) {
    guard !blocks.has(va) else { return flush() }
    reads.table.forget(va)
    writes.table.forget(va)
    fetches.table.forget(va)
    code.pages.table.forget(va)
    code.isStale = true
  }

  /// What another run found out, of translations and of the bytes of code, holds no longer.
  func beginRun() {
    flush()
    stage2.flush()
    code.beginRun()
  }

  @inline(__always) func decode(_ word: UInt32) -> Instruction {
    let index = Int(((word ^ word >> 13) &* 0x9E37_79B1) >> 19)
    if decoded[index].word == word { return decoded[index].instruction }
    let instruction = A64Decoder.decode(word, features)
    decoded[index] = DecodedWord(word: word, instruction: instruction)
    return instruction
  }
}

/// Why an instruction did not complete.
enum A64Stop: Error {
  /// An exception the guest takes itself, at EL1: its syndrome, and FAR_EL1 if it has one.
  case toEL1(esr: UInt64, far: UInt64?)
  /// An exception to EL2 of its world.
  case toEL2(RealmException)
  /// To EL3: a granule protection fault where SCR_EL3.GPF says so.
  case toEL3(GranuleProtectionFault, write: Bool)
  /// A debugger stopped it here.
  case held
}

/// What a translation depends on: whose registers, whose tables of stage 2, and the exception level.
struct TranslationRegime {
  let rec: REC
  let stage2: Stage2Regime
  let exceptionLevel: UInt64
  /// Whose permissions count, as a bank of ``TranslationCache``: another level's for LDTR and AT, and PAN.
  let bank: UInt64

  init(rec: REC, stage2: Stage2Regime, exceptionLevel: UInt64, bank: UInt64? = nil) {
    (self.rec, self.stage2, self.exceptionLevel, self.bank) = (rec, stage2, exceptionLevel, bank ?? exceptionLevel)
  }
}

/// The vCPU while it runs: registers that are not in the workspace, and where it is.
struct A64Core {
  let rec: REC
  let stage2: Stage2Regime
  let workspace: A64Workspace
  let x: UnsafeMutablePointer<UInt64>
  /// V0 to V31, FPCR and FPSR: see ``VectorUnit``. They are this vCPU's once they were asked for.
  let v: UnsafeMutablePointer<UInt64>
  var hasVectors = false
  var pc: UInt64
  /// N, Z, C, V in bits 31:28.
  var nzcv: UInt64
  /// PSTATE without the flags, as SPSR has it.
  private(set) var pstate: UInt64 {
    get { x[Int(A64Registers.pstate)] }
    nonmutating set { x[Int(A64Registers.pstate)] = newValue }
  }
  let features: A64Features
  /// The workspace's translations.
  let reads: TranslationTable
  let writes: TranslationTable
  let fetches: TranslationTable
  let stage2Cache: Stage2Cache
  /// Whose permissions loads and stores have: see ``TranslationCache``.
  private(set) var bank: UInt64 = 0
  /// Whether every access must be aligned: SCTLR_EL1.A, or the MMU is off and all data is Device memory.
  var isStrict: Bool
  /// Set by a load-exclusive, cleared by whatever ends it.
  var monitor: UInt64? {
    get { x[Int(A64Registers.monitor)] == A64Registers.noMonitor ? nil : x[Int(A64Registers.monitor)] }
    nonmutating set { x[Int(A64Registers.monitor)] = newValue ?? A64Registers.noMonitor }
  }
  /// Whether an interrupt or SError waits for PSTATE to let it through: within a slice nothing else becomes pending.
  var isPending: Bool {
    get { x[Int(A64Registers.pending)] != 0 }
    nonmutating set { x[Int(A64Registers.pending)] = newValue ? 1 : 0 }
  }
  /// Whether a debugger wants to know of every access.
  var isWatched = false
  /// Instructions of this slice, those of them that are left, and the time it began.
  var slice = 0
  var left = 0
  var began: UInt64 = 0

  /// The time: ticks since the machine's start.
  var now: UInt64 { began &+ UInt64(slice - left) }

  /// What comes next is to be looked at anew after this instruction: an interrupt may be pending, or a timer was set.
  mutating func endSlice() {
    slice -= left
    left = 0
  }

  var exceptionLevel: UInt64 { pstate >> 2 & 3 }
  var regime: TranslationRegime { TranslationRegime(rec: rec, stage2: stage2, exceptionLevel: exceptionLevel) }

  /// A PSTATE that a guest can have. Software of the Realm or Root world may have written EL2 or EL3 into a REC; no guest is above EL1,
  /// and is taken to be there.
  private static func below2(_ pstate: UInt64) -> UInt64 { pstate >> 2 & 3 > 1 ? pstate & ~0xF | 0b0101 : pstate }

  init(_ rec: REC, _ stage2: Stage2Regime, _ workspace: A64Workspace) {
    self.rec = rec
    self.stage2 = stage2
    self.workspace = workspace
    x = workspace.registers
    v = workspace.vectorRegisters
    pc = rec.pc
    nzcv = rec.pstate & 0xF000_0000
    isStrict = rec[.sctlrEL1] & 0b11 != 1
    features = workspace.features
    reads = workspace.reads.table
    writes = workspace.writes.table
    fetches = workspace.fetches.table
    stage2Cache = workspace.stage2
    pstate = Self.below2(rec.pstate & ~0xF000_0000)
    monitor = nil
    x[Int(A64Registers.system)] = UInt64(UInt(bitPattern: rec.systemRegisters))
    for n in 0..<31 { x[n] = rec.x(n) }
    x[31] = 0
    x[Int(A64Registers.sp)] = rec[stackRegister]
    chooseBank()
  }

  private mutating func chooseBank() {
    bank = exceptionLevel == 0 ? 0 : pstate & PSTATE.pan != 0 && features.contains(.pan) ? 2 : 1
  }

  /// Sets fields of PSTATE that neither move SP nor are flags.
  mutating func setFields(_ mask: UInt64, _ value: UInt64) {
    pstate = pstate & ~mask | value & mask
    chooseBank()
  }

  /// Which register SP stands for: SP_EL0 at EL0 and with SPSel 0.
  private var stackRegister: RealmRegister { pstate & 0xF == 0b0101 ? .spEL1 : .spEL0 }

  /// Puts everything back into the REC.
  func save() {
    for n in 0..<31 { rec.setX(n, x[n]) }
    rec[stackRegister] = x[Int(A64Registers.sp)]
    rec.pc = pc
    rec.pstate = pstate | nzcv
  }

  /// Changes exception level or SPSel; SP follows.
  mutating func setPSTATE(_ value: UInt64) {
    rec[stackRegister] = x[Int(A64Registers.sp)]
    pstate = value & ~0xF000_0000
    nzcv = value & 0xF000_0000
    x[Int(A64Registers.sp)] = rec[stackRegister]
    chooseBank()
  }

  /// Takes an exception to EL1 (Arm ARM, AArch64.TakeException).
  ///
  /// - Parameter kind: 0 synchronous, 0x80 IRQ, 0x100 FIQ, 0x180 SError.
  mutating func takeException(esr: UInt64?, far: UInt64?, kind: UInt64, returnTo address: UInt64) {
    let mode = pstate & 0xF
    let offset: UInt64 = mode == 0b0101 ? 0x200 : mode == 0b0100 ? 0 : 0x400
    rec[.elrEL1] = address
    rec[.spsrEL1] = pstate | nzcv
    if let esr { rec[.esrEL1] = esr }
    if let far { rec[.farEL1] = far }
    let flags = nzcv
    setPSTATE(PSTATE.afterException(pstate, sctlr: rec[.sctlrEL1], features))
    nzcv = flags
    pc = rec[.vbarEL1] &+ offset &+ kind
    monitor = nil
  }

  @inline(__always) func holds(_ condition: UInt8) -> Bool { Self.holds(condition, nzcv) }

  /// ConditionHolds, for flags in bits 31:28.
  @inline(__always) static func holds(_ condition: UInt8, _ nzcv: UInt64) -> Bool {
    let n = nzcv & 0x8000_0000 != 0
    let z = nzcv & 0x4000_0000 != 0
    let c = nzcv & 0x2000_0000 != 0
    let v = nzcv & 0x1000_0000 != 0
    let result: Bool
    switch condition >> 1 {
    case 0: result = z
    case 1: result = c
    case 2: result = n
    case 3: result = v
    case 4: result = c && !z
    case 5: result = n == v
    case 6: result = n == v && !z
    default: return true
    }
    return condition & 1 == 1 ? !result : result
  }

  /// AddWithCarry of 64 or 32 bits; sets the flags if asked.
  @inline(__always) mutating func add(_ a: UInt64, _ b: UInt64, _ carry: UInt64, _ is64: Bool, flags: Bool) -> UInt64 {
    if is64 {
      let (first, c1) = a.addingReportingOverflow(b)
      let (result, c2) = first.addingReportingOverflow(carry)
      if flags {
        let overflow = ~(a ^ b) & (a ^ result) & (1 << 63) != 0
        nzcv =
          (result >> 63) << 31 | (result == 0 ? 1 << 30 : 0) | (c1 || c2 ? 1 << 29 : 0) | (overflow ? 1 << 28 : 0)
      }
      return result
    }
    let (a, b) = (a & 0xFFFF_FFFF, b & 0xFFFF_FFFF)
    let sum = a &+ b &+ carry
    let result = sum & 0xFFFF_FFFF
    if flags {
      let overflow = ~(a ^ b) & (a ^ result) & 0x8000_0000 != 0
      nzcv = (result & 0x8000_0000) | (result == 0 ? 1 << 30 : 0) | (sum >> 32) << 29 | (overflow ? 1 << 28 : 0)
    }
    return result
  }

  @inline(__always) mutating func logicFlags(_ result: UInt64, _ is64: Bool) {
    nzcv = (is64 ? (result >> 63) << 31 : result & 0x8000_0000) | (result == 0 ? 1 << 30 : 0)
  }

  /// ShiftReg: LSL, LSR, ASR, ROR by less than the width.
  @inline(__always) static func shifted(_ value: UInt64, _ kind: UInt8, _ amount: UInt64, _ is64: Bool) -> UInt64 {
    if is64 {
      switch kind {
      case 0: return value &<< amount
      case 1: return value &>> amount
      case 2: return UInt64(bitPattern: Int64(bitPattern: value) &>> Int64(bitPattern: amount))
      default: return value &>> amount | value &<< (0 &- amount)
      }
    }
    let value32 = UInt32(truncatingIfNeeded: value)
    let amount32 = UInt32(truncatingIfNeeded: amount)
    switch kind {
    case 0: return UInt64(value32 &<< amount32)
    case 1: return UInt64(value32 &>> amount32)
    case 2: return UInt64(UInt32(bitPattern: Int32(bitPattern: value32) &>> Int32(bitPattern: amount32)))
    default: return UInt64(value32 &>> amount32 | value32 &<< (0 &- amount32))
    }
  }

  /// ExtendReg: UXTB to SXTX, then a shift to the left.
  @inline(__always) static func extended(_ value: UInt64, _ option: UInt8, _ shift: UInt64) -> UInt64 {
    let result: UInt64 =
      switch option {
      case 0: value & 0xFF
      case 1: value & 0xFFFF
      case 2: value & 0xFFFF_FFFF
      case 4: UInt64(bitPattern: Int64(Int8(truncatingIfNeeded: value)))
      case 5: UInt64(bitPattern: Int64(Int16(truncatingIfNeeded: value)))
      case 6: UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: value)))
      default: value
      }
    return result &<< shift
  }
}
