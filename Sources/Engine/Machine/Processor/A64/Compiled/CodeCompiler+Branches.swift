/// Branches: a piece ends with one that is always taken.
extension CodeCompiler {
  /// - Returns: whether it is one.
  mutating func compileBranch(_ operation: FastOperation, _ i: FastInstruction) -> Bool {
    if let number = Self.condition(of: operation) {
      guard let condition = condition(number) else { return false }
      branchNear(i, if: condition)
      return true
    }
    switch operation {
    case .b:
      branch(to: place + Int(i.imm))
      isOpen = false
    case .bl:
      setLink()
      branch(to: place + Int(i.imm))
      isOpen = false
    case .cbz64, .cbz32, .cbnz64, .cbnz32:
      let value = use(i.n)
      code.test(value, value, wide: operation == .cbz64 || operation == .cbnz64)
      branchNear(i, if: operation == .cbz64 || operation == .cbz32 ? .e : .ne)
    case .tbz, .tbnz:
      code.test(use(i.n), bit: i.a)
      branchNear(i, if: operation == .tbz ? .ae : .b)
    case .br, .ret, .blr:
      claim(.rax)
      code.move(.rax, use(i.n))
      if operation == .blr { setLink() }
      branchToAddress(onlyFar: false)
      isOpen = false
    case .farB, .farBl:
      if operation == .farBl { setLink() }
      branchFar(Int(i.imm))
      isOpen = false
    case .farCondition:
      guard let condition = condition(i.a) else {
        branchFar(Int(i.imm >> 16))
        isOpen = false
        return true
      }
      branchFar(Int(i.imm >> 16), if: condition)
    case .farTest:
      let value = use(i.n)
      if i.x & 2 != 0 {
        code.test(value, bit: i.a)
        branchFar(Int(i.imm), if: i.x & 1 == 0 ? .ae : .b)
      } else {
        code.test(value, value, wide: i.is64)
        branchFar(Int(i.imm), if: i.x & 1 == 0 ? .e : .ne)
      }
    default: return false
    }
    return true
  }

  private mutating func setLink() {
    let address = fresh()
    code.address(address, Operand(MachineCode.Fixed.page, (place + 1) * 4))
    define(30, address)
  }

  /// What is done only if a condition holds, and ends the piece then; the flags are as they were where it does not.
  private mutating func taken(if condition: Condition, _ branch: (inout CodeCompiler) -> Void) {
    let flags = code.flags
    let over = code.jump(if: condition.opposite, short: true)
    branch(&self)
    code.land(over)
    code.flags = flags
  }

  private mutating func branchNear(_ i: FastInstruction, if condition: Condition) {
    taken(if: condition) { $0.branch(to: $0.place + Int(i.imm)) }
  }

  private mutating func branchFar(_ distance: Int) {
    code.address(.rax, Operand(MachineCode.Fixed.page, place * 4 + distance))
    branchToAddress(onlyFar: true)
  }

  private mutating func branchFar(_ distance: Int, if condition: Condition) {
    taken(if: condition) { $0.branchFar(distance) }
  }
}
