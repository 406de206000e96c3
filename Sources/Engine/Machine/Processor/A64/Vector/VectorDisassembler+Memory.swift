/// Loads and stores as text.
extension VectorDisassembler {
  /// Registers one after the other, with what follows each of them.
  func list(_ first: UInt8, _ count: UInt8, _ suffix: String) -> String {
    let registers = (0..<count).map { "v\((first + $0) & 31)\(suffix)" }
    return "{ \(registers.joined(separator: ", ")) }"
  }

  func memory(_ row: VectorRow) -> String? {
    guard let t = fields.readTransfer(row) else { return nil }
    let base = fields.n == 31 ? "sp" : "x\(fields.n)"
    let verb = t.isLoad ? "ld" : "st"
    switch row.form {
    case .literal:
      return line("ldr", scalar(t.t, t.size), "0x\(String(address &+ UInt64(bitPattern: t.imm), radix: 16))")
    case .memoryUnsigned: return line("\(verb)r", scalar(t.t, t.size), place(t, base))
    case .memoryUnscaled: return line("\(verb)\(t.mode == .offset ? "ur" : "r")", scalar(t.t, t.size), place(t, base))
    case .memoryRegister:
      let index = general(fields.m, t.option & 1 == 1)
      let amount = bit(12) ? " #\(t.size)" : ""
      let names = ["uxtw", "lsl", "", "", "sxtw", "sxtx"]
      let extend = t.option == 3 && !bit(12) ? "" : ", \(names[Int(t.option) - 2])\(amount)"
      return line("\(verb)r", scalar(t.t, t.size), "[\(base), \(index)\(extend)]")
    case .pair:
      let isTemporal = bits(24, 23) != 0
      return line("\(verb)\(isTemporal ? "p" : "np")", scalar(t.t, t.size), scalar(t.t2, t.size), place(t, base))
    default: return structure(t, "\(verb)\("\(row.operation)".dropFirst(2))", base)
    }
  }

  private func place(_ t: VectorTransfer, _ base: String) -> String {
    switch t.mode {
    case .postIndex: "[\(base)], \(imm(t.imm))"
    case .preIndex: "[\(base), \(imm(t.imm))]!"
    default: t.imm == 0 ? "[\(base)]" : "[\(base), \(imm(t.imm))]"
    }
  }

  private func structure(_ t: VectorTransfer, _ name: String, _ base: String) -> String {
    let letter = Self.letters[Int(t.size)]
    let registers =
      t.kind == .lane
      ? "\(list(t.t, t.registers, ".\(letter)"))[\(t.lane)]" : list(t.t, t.registers, ".\(t.lanes)\(letter)")
    switch t.mode {
    case .postIndex: return line(name, registers, "[\(base)]", "#\(t.imm)")
    case .postRegister: return line(name, registers, "[\(base)]", general(fields.m, true))
    default: return line(name, registers, "[\(base)]")
    }
  }
}
