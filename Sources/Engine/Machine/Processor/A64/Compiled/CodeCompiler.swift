/// Makes code of the host's processor from decoded instructions: one piece, from an instruction to the next branch that is always taken.
///
/// Guests' registers stay in the register file. What a free register of the host has of them is noted while a piece is made, and every
/// result is stored at once: so a piece can be left before any of its instructions, with nothing to put back.
struct CodeCompiler {
  typealias Register = X64Assembler.Register
  typealias Condition = X64Assembler.Condition
  typealias Operand = X64Assembler.Operand

  /// Slots of the register file before the one that RBX points to: so many are in reach of a byte.
  static let bias = 16
  private static let free: [Register] = [.rax, .rcx, .rdx, .rsi, .rdi, .r8, .r9, .r10, .r11]
  private static let nothing: UInt8 = 255
  /// Instructions of a piece at most.
  private static let longest = 200

  var code: X64Assembler
  let machine: MachineCode
  let base: UnsafeMutablePointer<FastInstruction>
  let start: Int
  /// The instruction that is being compiled.
  var place: Int
  let isStrict: Bool
  /// Whether it is known by now that this is EL1.
  var isPrivileged = false
  /// Whether what follows can be reached from here.
  var isOpen = true

  /// The slot whose value a register of the host has.
  private var holds: (UInt64, UInt64) = (.max, .max)
  /// Registers that this instruction uses.
  private var pinned: UInt16 = 0
  private var turn = 0
  /// Jumps to where an instruction is left to the reference engine.
  private var misses: [(hole: X64Assembler.Hole, place: Int)] = []

  init(
    _ code: X64Assembler, _ machine: MachineCode, _ base: UnsafeMutablePointer<FastInstruction>, _ place: Int, isStrict: Bool
  ) {
    (self.code, self.machine, self.base, self.isStrict) = (code, machine, base, isStrict)
    (start, self.place) = (place, place)
  }

  var entries: UnsafeMutablePointer<UInt> { CodeCache.entries(base) }

  mutating func compile() {
    entries[start] = code.address
    while isOpen {
      if place == 1024 {
        takeOff(count: place - start)
        code.address(.rax, Operand(MachineCode.Fixed.page, 4096))
        code.jump(to: exit(.elsewhere), if: .l)
        code.jump(to: machine.dispatchFar)
        break
      }
      if place != start, entries[place] != machine.notCompiled || place - start == Self.longest {
        link(to: place, count: place - start)
        break
      }
      let instruction = base[place]
      let operation = instruction.operation.first
      if operation == .decode || operation == .fetch {
        link(to: place, count: place - start)
        break
      }
      pinned = 0
      compile(operation, instruction)
      place += 1
    }
    for miss in misses {
      code.land(miss.hole)
      leave(at: miss.place, .reference)
    }
    CodeCache.noteCompiled(base)
  }

  // Ways out.

  func exit(_ reason: MachineCode.Reason) -> UInt { machine.exits[Int(reason.rawValue)] }

  /// Instructions that were executed are taken off what is left; the host's flags say whether another stretch fits.
  mutating func takeOff(count: Int) { code.apply(.sub, MachineCode.Fixed.left, constant: Int32(count)) }

  private mutating func leave(at place: Int, _ reason: MachineCode.Reason) {
    code.constant(.rax, UInt64(place))
    if place > start { takeOff(count: place - start) }
    code.jump(to: exit(reason))
  }

  /// Goes on at a place of the page.
  private mutating func link(to place: Int, count: Int) {
    code.constant(.rax, UInt64(place))
    takeOff(count: count)
    jump(to: place)
  }

  private mutating func jump(to place: Int) {
    let entry = entries[place]
    if entry == machine.notCompiled {
      code.jump(through: Operand(MachineCode.Fixed.entries, place * 8))
    } else {
      code.jump(to: entry)
    }
  }

  /// This instruction is the reference engine's.
  mutating func leaveToReference() {
    leave(at: place, .reference)
    isOpen = false
  }

  /// This instruction is the reference engine's if the condition holds.
  mutating func leaveToReference(if condition: Condition) {
    misses.append((code.jump(if: condition, short: false), place))
  }

  /// A branch within the page is taken; the branch counts.
  mutating func branch(to target: Int) {
    code.constant(.rax, UInt64(target))
    takeOff(count: place + 1 - start)
    code.jump(to: exit(.ended), if: .l)
    jump(to: target)
  }

  /// A branch to the address in RAX is taken.
  mutating func branchToAddress(onlyFar: Bool) {
    takeOff(count: place + 1 - start)
    code.jump(to: exit(.elsewhere), if: .l)
    code.jump(to: onlyFar ? machine.dispatchFar : machine.dispatch)
  }

  // Registers.

  private func held(_ register: Register) -> UInt8 {
    let n = register.rawValue
    return UInt8(truncatingIfNeeded: (n < 8 ? holds.0 >> UInt64(8 * n) : holds.1 >> UInt64(8 * n - 64)))
  }

  private mutating func setHeld(_ register: Register, _ slot: UInt8) {
    let n = register.rawValue
    if n < 8 {
      holds.0 = holds.0 & ~(0xFF << UInt64(8 * n)) | UInt64(slot) << UInt64(8 * n)
    } else {
      holds.1 = holds.1 & ~(0xFF << UInt64(8 * n - 64)) | UInt64(slot) << UInt64(8 * n - 64)
    }
  }

  func slot(_ n: UInt8) -> Operand { Operand(MachineCode.Fixed.registers, (Int(n) - Self.bias) * 8) }
  /// The result of what set the flags, and behind it carry and overflow: see ``LazyFlags``.
  var flagsResult: Operand { slot(A64Registers.flags) }
  var flagsCarry: Operand { slot(A64Registers.flags + 1) }

  private mutating func pin(_ register: Register) { pinned |= 1 << UInt16(register.rawValue) }

  /// A register for this instruction, with anything in it.
  mutating func fresh() -> Register {
    var found: Register?
    for _ in 0..<Self.free.count {
      let candidate = Self.free[turn]
      turn = turn + 1 == Self.free.count ? 0 : turn + 1
      guard pinned & 1 << UInt16(candidate.rawValue) == 0 else { continue }
      found = candidate
      break
    }
    guard let found else { preconditionFailure("an instruction takes more registers than there are") }
    setHeld(found, Self.nothing)
    pin(found)
    return found
  }

  /// A register that this instruction does not use any more.
  mutating func release(_ register: Register) { pinned &= ~(1 << UInt16(register.rawValue)) }

  /// A certain register, before any other is asked for.
  mutating func claim(_ register: Register) {
    setHeld(register, Self.nothing)
    pin(register)
  }

  /// The register that has a slot's value, if one does; this instruction uses it.
  private mutating func holder(of slot: UInt8) -> Register? {
    guard let register = Self.free.first(where: { held($0) == slot }) else { return nil }
    pin(register)
    return register
  }

  /// A register with a slot's value, which is not to be changed.
  mutating func use(_ slot: UInt8) -> Register {
    if let register = holder(of: slot) { return register }
    let register = fresh()
    code.load(register, self.slot(slot))
    setHeld(register, slot)
    return register
  }

  /// A register with a copy of a slot's value, to be changed.
  mutating func copy(_ slot: UInt8, wide: Bool = true) -> Register {
    let holder = holder(of: slot)
    let result = fresh()
    if let holder { code.move(result, holder, wide: wide) } else { code.load(result, self.slot(slot), wide: wide) }
    return result
  }

  /// A register is a slot's new value.
  mutating func define(_ slot: UInt8, _ register: Register) {
    guard slot != A64Registers.trash else { return }
    code.store(self.slot(slot), register)
    for other in Self.free where held(other) == slot { setHeld(other, Self.nothing) }
    setHeld(register, slot)
  }
}
