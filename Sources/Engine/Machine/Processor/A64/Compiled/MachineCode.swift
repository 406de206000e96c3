import CMachine
import Libc

/// Memory for code of the host's processor, and the way into it and out of it.
///
/// The memory is seen twice, at one place to be written and at another to be executed, so that none is both. It is there on Linux on
/// x86-64; elsewhere, and where the host does not give it, there is none, and decoded pages are executed in place.
final class MachineCode {
  /// Where code begins and what it works on. Code has it at the top of its stack.
  struct Frame {
    /// The register file, behind its first ``CodeCompiler/bias`` slots.
    var registers: UInt
    /// The table of the page: where each of its instructions begins.
    var entries: UInt
    var page: UInt64
    var reads: UInt
    var writes: UInt
    var code: UInt
    /// What is left of the slice beyond another stretch.
    var left: Int
    /// The instruction's place in the page, or the address that was not found.
    var place: UInt64
    var reason: UInt64
  }

  /// Why code was left.
  enum Reason: UInt64 {
    /// At an instruction that has not been compiled.
    case notCompiled = 0
    /// At an instruction that the reference engine executes.
    case reference
    /// No other stretch fits what is left.
    case ended
    /// At an address elsewhere: no other stretch fits, or its page is not known.
    case elsewhere
  }

  /// Where registers are while code runs. All others are free.
  enum Fixed {
    static let registers = X64Assembler.Register.rbx
    static let entries = X64Assembler.Register.rbp
    static let page = X64Assembler.Register.r12
    static let reads = X64Assembler.Register.r13
    static let left = X64Assembler.Register.r14
    static let writes = X64Assembler.Register.r15
  }

  private static let size = 32 << 20
  /// More than one piece of code takes.
  static let mostOfPiece = 128 << 10

  private let writable: UnsafeMutableRawPointer
  private let executable: UnsafeMutableRawPointer
  private let frame: UnsafeMutablePointer<Frame>
  private let enter: @convention(c) (UnsafeMutableRawPointer) -> Void
  /// Where code ends, for each reason; `dispatch` goes to the address in RAX, `dispatchFar` to one in another page.
  private(set) var exits: [UInt] = []
  private(set) var dispatch: UInt = 0
  private(set) var dispatchFar: UInt = 0
  /// Where the first piece begins, and the next one.
  private let first: Int
  private var used: Int
  /// Whether the code that is there checks the alignment of each access, and how often that has changed.
  private var isStrict = false
  private var changes = 0
  /// A guest that changes it more often has it checked for good: those that are not aligned go to the reference engine then.
  private static let mostChanges = 16

  /// Nil where the host's processor or system has no such memory.
  init?() {
    #if os(Linux) && arch(x86_64)
      let file = machine_memory_file("workbench-code", Self.size)
      guard file >= 0 else { return nil }
      defer { close(file) }
      guard let writable = mmap(nil, Self.size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), writable != MAP_FAILED else {
        return nil
      }
      guard let executable = mmap(nil, Self.size, PROT_READ | PROT_EXEC, MAP_SHARED, file, 0), executable != MAP_FAILED else {
        munmap(writable, Self.size)
        return nil
      }
      (self.writable, self.executable) = (writable, executable)
      enter = unsafeBitCast(executable, to: (@convention(c) (UnsafeMutableRawPointer) -> Void).self)
      frame = .allocate(capacity: 1)
      var assembler = X64Assembler(writable.assumingMemoryBound(to: UInt8.self), executedAt: executable - writable)
      let begin = assembler.next
      Self.writeEntry(&assembler)
      var exits: [UInt] = []
      for reason in 0..<4 { exits.append(Self.writeExit(&assembler, reason)) }
      self.exits = exits
      dispatch = Self.writeDispatch(&assembler, exits[Int(Reason.elsewhere.rawValue)], onlyFar: false)
      dispatchFar = Self.writeDispatch(&assembler, exits[Int(Reason.elsewhere.rawValue)], onlyFar: true)
      first = (assembler.next - begin + 63) & ~63
      used = first
    #else
      return nil
    #endif
  }

  deinit {
    munmap(writable, Self.size)
    munmap(executable, Self.size)
    frame.deallocate()
  }

  /// What the table of a page has for an instruction that has not been compiled.
  var notCompiled: UInt { exits[Int(Reason.notCompiled.rawValue)] }

  private static let saved: [X64Assembler.Register] = [.rbx, .rbp, .r12, .r13, .r14, .r15]

  private static func field(_ path: PartialKeyPath<Frame>) -> Int { MemoryLayout<Frame>.offset(of: path) ?? 0 }

  private static func writeEntry(_ code: inout X64Assembler) {
    for register in saved { code.push(register) }
    // The frame's address, and above it the bank in which pages of code are found.
    code.push(.rdi)
    code.load(.rax, .init(.rdi, field(\.code)))
    code.push(.rax)
    code.load(Fixed.registers, .init(.rdi, field(\.registers)))
    code.load(Fixed.entries, .init(.rdi, field(\.entries)))
    code.load(Fixed.page, .init(.rdi, field(\.page)))
    code.load(Fixed.reads, .init(.rdi, field(\.reads)))
    code.load(Fixed.writes, .init(.rdi, field(\.writes)))
    code.load(Fixed.left, .init(.rdi, field(\.left)))
    code.load(.rax, .init(.rdi, field(\.place)))
    code.jump(through: .init(Fixed.entries, .rax, scale: 3))
  }

  /// RAX is the place, or the address.
  private static func writeExit(_ code: inout X64Assembler, _ reason: Int) -> UInt {
    let address = code.address
    code.pop(.rcx)
    code.pop(.rdi)
    code.store(.init(.rdi, field(\.place)), .rax)
    code.store(.init(.rdi, field(\.reason)), constant: Int32(reason))
    code.store(.init(.rdi, field(\.entries)), Fixed.entries)
    code.store(.init(.rdi, field(\.page)), Fixed.page)
    code.store(.init(.rdi, field(\.left)), Fixed.left)
    for register in saved.reversed() { code.pop(register) }
    code.ret()
    return address
  }

  /// Where the entry of an address lies in its bank, as ``TranslationCache/hit(_:_:_:)`` has it.
  static func writeOffset(to code: inout X64Assembler, _ offset: X64Assembler.Register, of address: X64Assembler.Register) {
    let stride = MemoryLayout<TranslationCache.Entry>.stride
    code.move(offset, address, wide: false)
    code.shift(.shr, offset, UInt8(12 - stride.trailingZeroBitCount), wide: false)
    code.apply(.and, offset, constant: Int32((TranslationCache.count - 1) * stride), wide: false)
  }

  /// Goes to the address in RAX.
  private static func writeDispatch(_ code: inout X64Assembler, _ elsewhere: UInt, onlyFar: Bool) -> UInt {
    let start = code.address
    if !onlyFar {
      // Within the page.
      code.move(.rcx, .rax)
      code.apply(.sub, .rcx, Fixed.page)
      code.move(.rdx, .rcx)
      code.apply(.and, .rdx, constant: ~0xFFC)
      let far = code.jump(if: .ne, short: true)
      code.shift(.shr, .rcx, 2, wide: false)
      code.move(.rax, .rcx, wide: false)
      code.jump(through: .init(Fixed.entries, .rax, scale: 3))
      code.land(far)
    }
    writeOffset(to: &code, .rcx, of: .rax)
    code.apply(.add, .rcx, .init(.rsp))
    code.move(.rdx, .rax)
    code.apply(.and, .rdx, constant: ~0xFFC)
    code.apply(.cmp, .rdx, .init(.rcx))
    code.jump(to: elsewhere, if: .ne)
    code.move(Fixed.page, .rdx)
    code.apply(.add, .rdx, .init(.rcx, 8))
    code.address(Fixed.entries, .init(.rdx, CodeCache.entriesOffset))
    code.shift(.shr, .rax, 2, wide: false)
    code.apply(.and, .rax, constant: 1023, wide: false)
    code.jump(through: .init(Fixed.entries, .rax, scale: 3))
    return start
  }

  /// Whether another piece fits, and the pieces that are there are compiled for such accesses. If not, all of them are to be forgotten.
  func fits(isStrict: Bool) -> Bool {
    (isStrict == self.isStrict || self.isStrict && changes > Self.mostChanges) && used + Self.mostOfPiece <= Self.size
  }

  /// All pieces are forgotten: no table has one any more.
  func clear(isStrict: Bool) {
    used = first
    if isStrict != self.isStrict { changes += 1 }
    self.isStrict = isStrict || changes > Self.mostChanges
  }

  /// Compiles from an instruction on.
  ///
  /// - Returns: how many instructions were compiled.
  func compile(_ base: UnsafeMutablePointer<FastInstruction>, _ place: Int) -> Int {
    let start = (writable + used).assumingMemoryBound(to: UInt8.self)
    var compiler = CodeCompiler(
      X64Assembler(start, executedAt: executable - writable), self, base, place, isStrict: isStrict)
    compiler.compile()
    used += (compiler.code.next - start + 15) & ~15
    precondition(used <= Self.size, "a piece of code is longer than \(Self.mostOfPiece) bytes")
    return compiler.place - place
  }

  /// Executes from where the context is until code is left.
  @inline(__always) func run(_ context: inout FastContext) -> Reason {
    frame.pointee = Frame(
      registers: UInt(bitPattern: context.x + CodeCompiler.bias), entries: UInt(bitPattern: CodeCache.entries(context.base)),
      page: context.page, reads: UInt(bitPattern: context.reads), writes: UInt(bitPattern: context.writes),
      code: UInt(bitPattern: context.code), left: context.left - FastContext.longestStretch,
      place: UInt64(context.op - context.base), reason: 0)
    enter(frame)
    let left = frame.pointee.left + FastContext.longestStretch
    context.page = frame.pointee.page
    guard let base = UnsafeMutableRawPointer(bitPattern: frame.pointee.entries - UInt(CodeCache.entriesOffset)) else {
      preconditionFailure("code has a page")
    }
    context.base = base.assumingMemoryBound(to: FastInstruction.self)
    let reason = Reason(rawValue: frame.pointee.reason) ?? .notCompiled
    if reason == .elsewhere {
      context.op = context.base
      context.end = context.op + left
      context.move(to: frame.pointee.place)
    } else {
      context.op = context.base + Int(frame.pointee.place)
      context.end = context.op + left
    }
    return reason
  }
}
