import Basics

/// A64 instructions as text, in the spelling of LLVM's disassembler, aliases and all.
package struct Disassembler {
  let word: UInt32
  private let address: UInt64

  /// - Parameter address: of the instruction, for what is relative to it.
  package static func text(_ word: UInt32, at address: UInt64) -> String {
    // Permanently undefined.
    if word >> 16 == 0 { return "udf\t#\(hex(UInt64(word)))" }
    let text = Disassembler(word: word, address: address).text
    return text ?? "<unknown>"
  }

  /// The address an instruction names by its distance, its last operand in the text: where it branches to, what it loads, or what it
  /// makes the address of.
  package static func target(_ word: UInt32, at address: UInt64) -> UInt64? {
    guard let row = InstructionTable.row(word, .all), A64Decoder.decode(word, .all).operation != .undefined else { return nil }
    guard row.form == .none else { return Disassembler(word: word, address: address).target(row) }
    guard VectorTable.row(word, .all)?.form == .literal, VectorDecoder.isAllocated(word, .all) else { return nil }
    return Disassembler(word: word, address: address).place(23, 5)
  }

  // MARK: Fields and their spelling

  func bits(_ high: UInt32, _ low: UInt32) -> UInt32 { word >> low & ((1 << (high - low + 1)) - 1) }
  func bit(_ n: UInt32) -> Bool { word >> n & 1 == 1 }
  func signed(_ high: UInt32, _ low: UInt32) -> Int64 {
    let width = high - low + 1
    return Int64(Int32(bitPattern: bits(high, low) << (32 - width)) >> Int32(32 - width))
  }
  private var is64: Bool { bit(31) }
  var d: UInt32 { bits(4, 0) }
  var n: UInt32 { bits(9, 5) }
  var m: UInt32 { bits(20, 16) }
  var a: UInt32 { bits(14, 10) }

  func r(_ number: UInt32, _ is64: Bool) -> String {
    number == 31 ? (is64 ? "xzr" : "wzr") : "\(is64 ? "x" : "w")\(number)"
  }
  func r(_ number: UInt32) -> String { r(number, is64) }
  func sp(_ number: UInt32, _ is64: Bool) -> String { number == 31 ? (is64 ? "sp" : "wsp") : r(number, is64) }
  func sp(_ number: UInt32) -> String { sp(number, is64) }
  func imm(_ value: Int64) -> String {
    value < 0 ? "#-0x\(String(value.magnitude, radix: 16))" : "#0x\(String(value, radix: 16))"
  }
  func imm(_ value: UInt32) -> String { imm(Int64(value)) }
  /// Zero without a prefix, as some operands have it.
  func bare(_ value: UInt32) -> String { value == 0 ? "#0" : imm(value) }
  /// The address that is so many words away as a signed field says.
  private func place(_ high: UInt32, _ low: UInt32) -> UInt64 { address &+ UInt64(bitPattern: signed(high, low) << 2) }

  private func target(_ row: InstructionRow) -> UInt64? {
    switch row.form {
    case .pcRelative:
      let offset = UInt64(bitPattern: signed(23, 5) << 2 | Int64(bits(30, 29)))
      return row.operation == .adr ? address &+ offset : (address & ~0xFFF) &+ offset << 12
    case .branch: return place(25, 0)
    case .conditional, .compareBranch, .literal: return place(23, 5)
    case .testBranch: return place(18, 5)
    default: return nil
    }
  }

  func line(_ mnemonic: String, _ operands: String...) -> String {
    operands.isEmpty ? mnemonic : "\(mnemonic)\t\(operands.joined(separator: ", "))"
  }
  private static let conditions = [
    "eq", "ne", "hs", "lo", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "al", "nv",
  ]
  private func condition(_ number: UInt32) -> String { Self.conditions[Int(number)] }
  private static let shifts = ["lsl", "lsr", "asr", "ror"]
  private static let extends = ["uxtb", "uxth", "uxtw", "uxtx", "sxtb", "sxth", "sxtw", "sxtx"]

  // MARK: By form

  private var text: String? {
    guard let row = InstructionTable.row(word, .all), A64Decoder.decode(word, .all).operation != .undefined else { return nil }
    let name = "\(row.operation)"
    let target = target(row).map { "0x\(String($0, radix: 16))" } ?? ""
    switch row.form {
    case .none: return VectorDisassembler.text(word, at: address)
    case .pcRelative: return line(name, r(d, true), target)
    case .addSubImmediate: return addSubImmediate(row.operation)
    case .logicalImmediate: return logicalImmediate(row.operation)
    case .moveWide: return moveWide(row.operation)
    case .bitfield: return bitfield(row.operation)
    case .extract:
      return n == m ? line("ror", r(d), r(n), imm(bits(15, 10))) : line("extr", r(d), r(n), r(m), imm(bits(15, 10)))
    case .branch: return line(name, target)
    case .conditional: return line("b.\(condition(bits(3, 0)))", target)
    case .compareBranch: return line(name, r(d), target)
    case .testBranch:
      return line(name, r(d, is64), imm(bits(31, 31) << 5 | bits(23, 19)), target)
    case .branchRegister: return row.operation == .ret && n == 30 ? "ret" : line(name, r(n, true))
    case .returnFromException: return "eret"
    case .exceptionCall: return line(name, bare(bits(20, 5)))
    case .hint: return hint
    case .barrier: return barrier(row.operation)
    case .systemImmediate: return systemImmediate
    case .system: return system(row.operation)
    case .logicalShifted: return logicalShifted(row.operation)
    case .addSubShifted: return addSubShifted(row.operation)
    case .addSubExtended: return addSubExtended(row.operation)
    case .threeRegister:
      if n == 31, row.operation == .sbc { return line("ngc", r(d), r(m)) }
      if n == 31, row.operation == .sbcs { return line("ngcs", r(d), r(m)) }
      return line(name, r(d), r(n), r(m))
    case .conditionalCompare: return line(name, r(n), r(m), imm(bits(3, 0)), condition(bits(15, 12)))
    case .conditionalCompareImmediate:
      return line(String(name.dropLast("Immediate".count)), r(n), imm(m), imm(bits(3, 0)), condition(bits(15, 12)))
    case .conditionalSelect: return conditionalSelect(row.operation)
    case .twoSource:
      let short = [A64Operation.lslv: "lsl", .lsrv: "lsr", .asrv: "asr", .rorv: "ror"][row.operation] ?? name
      return line(short, r(d), r(n), r(m))
    case .crc: return line("\(name)\(["b", "h", "w", "x"][Int(bits(11, 10))])", r(d, false), r(n, false), r(m, bits(11, 10) == 3))
    case .oneSource:
      let short = row.operation == .rev64 || (row.operation == .rev32 && !is64) ? "rev" : name
      return line(short, r(d), r(n))
    case .fourRegister:
      if a == 31 { return line(row.operation == .madd ? "mul" : "mneg", r(d), r(n), r(m)) }
      return line(name, r(d), r(n), r(m), r(a))
    case .longMultiply:
      if a == 31 {
        let short = [A64Operation.smaddl: "smull", .smsubl: "smnegl", .umaddl: "umull", .umsubl: "umnegl"][row.operation] ?? name
        return line(short, r(d, true), r(n, false), r(m, false))
      }
      return line(name, r(d, true), r(n, false), r(m, false), r(a, true))
    case .highMultiply: return line(name, r(d, true), r(n, true), r(m, true))
    case .atomic, .compareSwap, .compareSwapPair, .orderedUnscaled, .rotateIntoFlags, .evaluateIntoFlags, .authenticate, .strip,
      .genericAuthenticate, .branchAuthenticated, .returnAuthenticated, .loadAuthenticated:
      return extended(row)
    default: return memory(row)
    }
  }

  private func addSubImmediate(_ operation: A64Operation) -> String {
    let value = imm(bits(21, 10)) + (bit(22) ? ", lsl #12" : "")
    let isAdd = operation == .addImmediate || operation == .addsImmediate
    let setsFlags = operation == .addsImmediate || operation == .subsImmediate
    if setsFlags, d == 31 { return line(isAdd ? "cmn" : "cmp", sp(n), value) }
    if operation == .addImmediate, !bit(22), bits(21, 10) == 0, d == 31 || n == 31 { return line("mov", sp(d), sp(n)) }
    return line((isAdd ? "add" : "sub") + (setsFlags ? "s" : ""), setsFlags ? r(d) : sp(d), sp(n), value)
  }

  private func logicalImmediate(_ operation: A64Operation) -> String? {
    guard let mask = A64Decoder.bitMask(n: bits(22, 22), imms: bits(15, 10), immr: bits(21, 16), is64: is64) else { return nil }
    let value = "#0x\(String(mask, radix: 16))"
    if operation == .andsImmediate {
      return d == 31 ? line("tst", r(n), value) : line("ands", r(d), r(n), value)
    }
    if operation == .orrImmediate, n == 31, !isMovedWide(mask) {
      let number = is64 ? Int64(bitPattern: mask) : Int64(Int32(truncatingIfNeeded: mask))
      return line("mov", sp(d), imm(number))
    }
    let name = operation == .andImmediate ? "and" : operation == .orrImmediate ? "orr" : "eor"
    return line(name, sp(d), r(n), value)
  }

  /// Whether MOVZ or MOVN could make a number, so that ORR is not called MOV.
  private func isMovedWide(_ value: UInt64) -> Bool {
    let full: UInt64 = is64 ? ~0 : 0xFFFF_FFFF
    return stride(from: UInt64(0), to: is64 ? 64 : 32, by: 16).contains { shift in
      value & ~(0xFFFF << shift) & full == 0 || ~value & full & ~(0xFFFF << shift) == 0
    }
  }

  private func moveWide(_ operation: A64Operation) -> String {
    let shift = UInt64(bits(22, 21) * 16)
    let number = UInt64(bits(20, 5))
    let suffix = shift == 0 ? "" : ", lsl #\(shift)"
    switch operation {
    case .movk: return line("movk", r(d), imm(bits(20, 5)) + suffix)
    case .movz:
      guard number != 0 || shift == 0 else { return line("movz", r(d), imm(bits(20, 5)) + suffix) }
      let value = number << shift
      return line("mov", r(d), imm(is64 ? Int64(bitPattern: value) : Int64(Int32(truncatingIfNeeded: value))))
    default:
      guard number != 0 || shift == 0, is64 || number != 0xFFFF else { return line("movn", r(d), imm(bits(20, 5)) + suffix) }
      let value = ~(number << shift)
      return line("mov", r(d), imm(is64 ? Int64(bitPattern: value) : Int64(Int32(truncatingIfNeeded: value))))
    }
  }

  private func bitfield(_ operation: A64Operation) -> String {
    let width: UInt32 = is64 ? 64 : 32
    let (r0, s) = (bits(21, 16), bits(15, 10))
    switch operation {
    case .sbfm:
      if s == width - 1 { return line("asr", r(d), r(n), "#\(r0)") }
      if r0 == 0, s == 7 { return line("sxtb", r(d), r(n, false)) }
      if r0 == 0, s == 15 { return line("sxth", r(d), r(n, false)) }
      if r0 == 0, s == 31 { return line("sxtw", r(d), r(n, false)) }
      return s < r0
        ? line("sbfiz", r(d), r(n), "#\(width - r0)", "#\(s + 1)") : line("sbfx", r(d), r(n), "#\(r0)", "#\(s - r0 + 1)")
    case .ubfm:
      if s != width - 1, s + 1 == r0 { return line("lsl", r(d), r(n), "#\(width - 1 - s)") }
      if s == width - 1 { return line("lsr", r(d), r(n), "#\(r0)") }
      if !is64, r0 == 0, s == 7 { return line("uxtb", r(d), r(n)) }
      if !is64, r0 == 0, s == 15 { return line("uxth", r(d), r(n)) }
      return s < r0
        ? line("ubfiz", r(d), r(n), "#\(width - r0)", "#\(s + 1)") : line("ubfx", r(d), r(n), "#\(r0)", "#\(s - r0 + 1)")
    default:
      return s < r0
        ? line("bfi", r(d), r(n), "#\(width - r0)", "#\(s + 1)") : line("bfxil", r(d), r(n), "#\(r0)", "#\(s - r0 + 1)")
    }
  }

  private var hint: String {
    let number = bits(11, 5)
    let names: [UInt32: String] = [
      0: "nop", 1: "yield", 2: "wfe", 3: "wfi", 4: "sev", 5: "sevl", 6: "dgh", 7: "xpaclri", 8: "pacia1716", 10: "pacib1716",
      12: "autia1716", 14: "autib1716", 16: "esb", 17: "psb\tcsync", 18: "tsb\tcsync", 19: "gcsb\tdsync", 20: "csdb",
      22: "clrbhb", 24: "paciaz",
      25: "paciasp", 26: "pacibz", 27: "pacibsp", 28: "autiaz", 29: "autiasp", 30: "autibz", 31: "autibsp", 32: "bti",
      34: "bti\tc", 36: "bti\tj", 38: "bti\tjc", 39: "pacm", 40: "chkfeat\tx16",
    ]
    return names[number] ?? line("hint", bare(number))
  }

  private func barrier(_ operation: A64Operation) -> String {
    let option = bits(11, 8)
    let names: [UInt32: String] = [
      1: "oshld", 2: "oshst", 3: "osh", 5: "nshld", 6: "nshst", 7: "nsh", 9: "ishld", 10: "ishst", 11: "ish", 13: "ld", 14: "st",
      15: "sy",
    ]
    if operation == .clrex { return option == 15 ? "clrex" : line("clrex", imm(option)) }
    switch bits(7, 5) {
    case 0b111: return "sb"
    case 0b110: return option == 15 ? "isb" : line("isb", "#\(option)")
    case 0b100:
      if option == 0 { return "ssbb" }
      if option == 4 { return "pssbb" }
      if option == 12 { return "dfb" }
      return line("dsb", names[option] ?? "#\(option)")
    default: return line("dmb", names[option] ?? "#\(option)")
    }
  }

  private var systemImmediate: String? {
    switch bits(18, 16) << 3 | bits(7, 5) {
    case 0b011_110: line("msr", "DAIFSet", bare(bits(11, 8)))
    case 0b011_111: line("msr", "DAIFClr", bare(bits(11, 8)))
    case 0b000_101 where bits(11, 8) < 2: line("msr", "SPSel", bare(bits(11, 8)))
    case 0b000_100 where bits(11, 8) < 2: line("msr", "PAN", bare(bits(11, 8)))
    case 0b000_011 where bits(11, 8) < 2: line("msr", "UAO", bare(bits(11, 8)))
    case 0b011_010 where bits(11, 8) < 2: line("msr", "DIT", bare(bits(11, 8)))
    case 0b011_001 where bits(11, 8) < 2: line("msr", "SSBS", bare(bits(11, 8)))
    case 0b000_000...0b000_010 where bits(11, 8) == 0: ["cfinv", "xaflag", "axflag"][Int(bits(7, 5))]
    default: nil
    }
  }

  private func system(_ operation: A64Operation) -> String {
    let encoding = SystemEncoding(bits: UInt16(bits(20, 5)))
    let numbers = "\(bare(bits(18, 16))), c\(encoding.crn), c\(encoding.crm), \(bare(bits(7, 5)))"
    switch operation {
    case .sys:
      if let row = SystemOperation.at(encoding), row.hasRegister || d == 31 {
        return row.hasRegister ? "\(row.text), \(r(d, true))" : row.text.description
      }
      return d == 31 ? line("sys", numbers) : line("sys", numbers, r(d, true))
    case .sysl: return line("sysl", r(d, true), numbers)
    default:
      let register = SystemRegister.at(encoding)?.name.description ?? encoding.text
      return operation == .mrs ? line("mrs", r(d, true), register) : line("msr", register, r(d, true))
    }
  }

  private var shiftSuffix: String {
    bits(15, 10) == 0 && bits(23, 22) == 0 ? "" : ", \(Self.shifts[Int(bits(23, 22))]) #\(bits(15, 10))"
  }

  private func logicalShifted(_ operation: A64Operation) -> String {
    if operation == .orr, n == 31, bits(15, 10) == 0, bits(23, 22) == 0 { return line("mov", r(d), r(m)) }
    if operation == .orn, n == 31 { return line("mvn", r(d), r(m) + shiftSuffix) }
    if operation == .ands, d == 31 { return line("tst", r(n), r(m) + shiftSuffix) }
    return line("\(operation)", r(d), r(n), r(m) + shiftSuffix)
  }

  private func addSubShifted(_ operation: A64Operation) -> String {
    if d == 31, operation == .adds || operation == .subs {
      return line(operation == .adds ? "cmn" : "cmp", r(n), r(m) + shiftSuffix)
    }
    if n == 31, operation == .sub || operation == .subs {
      return line(operation == .sub ? "neg" : "negs", r(d), r(m) + shiftSuffix)
    }
    return line("\(operation)", r(d), r(n), r(m) + shiftSuffix)
  }

  private func addSubExtended(_ operation: A64Operation) -> String {
    let option = bits(15, 13)
    let amount = bits(12, 10)
    let isAdd = operation == .addExtended || operation == .addsExtended
    let setsFlags = operation == .addsExtended || operation == .subsExtended
    let isShift = option == (is64 ? 3 : 2) && (n == 31 || (!setsFlags && d == 31))
    let index = r(m, is64 && option & 3 == 3)
    let extend =
      isShift ? (amount == 0 ? "" : ", lsl #\(amount)") : ", \(Self.extends[Int(option)])" + (amount == 0 ? "" : " #\(amount)")
    if setsFlags, d == 31 { return line(isAdd ? "cmn" : "cmp", sp(n), index + extend) }
    return line((isAdd ? "add" : "sub") + (setsFlags ? "s" : ""), setsFlags ? r(d) : sp(d), sp(n), index + extend)
  }

  private func conditionalSelect(_ operation: A64Operation) -> String {
    let c = bits(15, 12)
    let inverse = condition(c ^ 1)
    if c < 14 {
      switch operation {
      case .csinc where n == 31 && m == 31: return line("cset", r(d), inverse)
      case .csinc where n == m: return line("cinc", r(d), r(n), inverse)
      case .csinv where n == 31 && m == 31: return line("csetm", r(d), inverse)
      case .csinv where n == m: return line("cinv", r(d), r(n), inverse)
      case .csneg where n == m: return line("cneg", r(d), r(n), inverse)
      default: break
      }
    }
    return line("\(operation)", r(d), r(n), r(m), condition(c))
  }

  // MARK: Loads and stores

  private func memory(_ row: InstructionRow) -> String? {
    let size = bits(31, 30)
    let base = sp(n, true)
    switch row.form {
    case .literal:
      let target = "0x\(String(place(23, 5), radix: 16))"
      if size == 3 { return line("prfm", d == 24 ? imm(d) : prefetch, target) }
      return line(size == 2 ? "ldrsw" : "ldr", r(d, size != 0), target)
    case .pair: return pair(base)
    case .exclusive, .exclusivePair, .ordered: return exclusive(row, base)
    default: break
    }
    let isUnscaled = row.form == .memoryUnscaled && bits(11, 10) == 0
    let isUnprivileged = row.form == .memoryUnscaled && bits(11, 10) == 2
    let opc = bits(23, 22)
    let stem = isUnscaled ? "ur" : isUnprivileged ? "tr" : "r"
    let suffix = opc >= 2 ? ["sb", "sh", "sw", ""][Int(size)] : ["b", "h", "", ""][Int(size)]
    let isPrefetch = size == 3 && opc == 2
    let name = isPrefetch ? (isUnscaled ? "prfum" : "prfm") : (opc == 0 ? "st" : "ld") + stem + suffix
    let register = isPrefetch ? prefetch : r(d, opc >= 2 ? opc == 2 : size == 3)
    switch row.form {
    case .memoryUnsigned:
      let offset = Int64(bits(21, 10)) << Int64(size)
      return line(name, register, offset == 0 ? "[\(base)]" : "[\(base), \(imm(offset))]")
    case .memoryUnscaled:
      let offset = signed(20, 12)
      switch bits(11, 10) {
      case 1: return line(name, register, "[\(base)], \(imm(offset))")
      case 3: return line(name, register, "[\(base), \(imm(offset))]!")
      default: return line(name, register, offset == 0 ? "[\(base)]" : "[\(base), \(imm(offset))]")
      }
    default:
      let option = bits(15, 13)
      let index = r(m, option & 1 == 1)
      let amount = bit(12) ? " #\(size)" : ""
      let extend = option == 3 ? (bit(12) ? ", lsl\(amount)" : "") : ", \(Self.extends[Int(option)])\(amount)"
      return line(name, register, "[\(base), \(index)\(extend)]")
    }
  }

  private var prefetch: String {
    let (kind, level, isStream) = (d >> 3, d >> 1 & 3, d & 1 == 1)
    guard kind < 3, level < 3 else {
      if kind < 3 { return "\(["pld", "pli", "pst"][Int(kind)])slc\(isStream ? "strm" : "keep")" }
      return d == 24 ? "ir" : bare(d)
    }
    return "\(["pld", "pli", "pst"][Int(kind)])l\(level + 1)\(isStream ? "strm" : "keep")"
  }

  private func pair(_ base: String) -> String {
    let opc = bits(31, 30)
    let mode = bits(24, 23)
    let isLoad = bit(22)
    let offset = signed(21, 15) << (opc == 2 ? 3 : 2)
    let name = opc == 1 ? "ldpsw" : (isLoad ? "ld" : "st") + (mode == 0 ? "np" : "p")
    let registers = "\(r(d, opc != 0)), \(r(a, opc != 0))"
    switch mode {
    case 1: return line(name, registers, "[\(base)], \(imm(offset))")
    case 3: return line(name, registers, "[\(base), \(imm(offset))]!")
    default: return line(name, registers, offset == 0 ? "[\(base)]" : "[\(base), \(imm(offset))]")
    }
  }

  private func exclusive(_ row: InstructionRow, _ base: String) -> String {
    let size = bits(31, 30)
    let isLoad = bit(22)
    let suffix = ["b", "h", "", ""][Int(size)]
    let register = r(d, size == 3)
    if row.form == .ordered, row.feature == .lrcpc { return line("ldapr" + suffix, register, "[\(base)]") }
    if row.form == .ordered { return line((isLoad ? "ldar" : "stlr") + suffix, register, "[\(base)]") }
    let ordering = isLoad ? (bit(15) ? "a" : "") : (bit(15) ? "l" : "")
    let stem = isLoad ? "ld\(ordering)x" : "st\(ordering)x"
    if row.form == .exclusivePair {
      let both = "\(register), \(r(a, size == 3))"
      return isLoad ? line("\(stem)p", both, "[\(base)]") : line("\(stem)p", r(m, false), both, "[\(base)]")
    }
    return isLoad
      ? line("\(stem)r\(suffix)", register, "[\(base)]") : line("\(stem)r\(suffix)", r(m, false), register, "[\(base)]")
  }
}
