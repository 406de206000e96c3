/// Integer, branch and memory instructions that came after Armv8.0 as text.
extension Disassembler {
  func extended(_ row: InstructionRow) -> String? {
    let name = "\(row.operation)"
    switch row.form {
    case .atomic: return atomic
    case .compareSwap, .compareSwapPair: return compareSwap(isPair: row.form == .compareSwapPair)
    case .orderedUnscaled: return orderedUnscaled
    case .rotateIntoFlags: return line(name, r(n, true), imm(bits(20, 15)), imm(bits(3, 0)))
    case .evaluateIntoFlags: return line(row.operation == .setFlags8 ? "setf8" : "setf16", r(n, false))
    case .authenticate:
      let key = ["ia", "ib", "da", "db"][Int(bits(11, 10))]
      if bit(13) { return line("\(name)\(key.dropLast())z\(key.suffix(1))", r(d, true)) }
      return line(name + key, r(d, true), sp(n, true))
    case .strip: return line(bit(10) ? "xpacd" : "xpaci", r(d, true))
    case .genericAuthenticate: return line(name, r(d, true), r(n, true), sp(m, true))
    case .branchAuthenticated:
      let stem = (bit(21) ? "blra" : "bra") + (bit(10) ? "b" : "a")
      return bit(24) ? line(stem, r(n, true), sp(d, true)) : line(stem + "z", r(n, true))
    case .returnAuthenticated: return (row.operation == .eretAuthenticated ? "ereta" : "reta") + (bit(10) ? "b" : "a")
    default:
      let offset = (Int64(bits(20, 12)) | (bit(22) ? -512 : 0)) << 3
      let place = offset == 0 && !bit(11) ? "[\(sp(n, true))]" : "[\(sp(n, true)), \(imm(offset))]"
      return line(bit(23) ? "ldrab" : "ldraa", r(d, true), bit(11) ? place + "!" : place)
    }
  }

  private var sizeSuffix: String { ["b", "h", "", ""][Int(bits(31, 30))] }

  private var atomic: String {
    let is64 = bits(31, 30) == 3
    let place = "[\(sp(n, true))]"
    let isSwap = bit(15)
    let stem = isSwap ? "swp" : ["add", "clr", "eor", "set", "smax", "smin", "umax", "umin"][Int(bits(14, 12))]
    // What does not keep the old value, and need not order it, is a store.
    if !isSwap, d == 31, !bit(23) { return line("st\(stem)\(bit(22) ? "l" : "")\(sizeSuffix)", r(m, is64), place) }
    let ordering = (bit(23) ? "a" : "") + (bit(22) ? "l" : "")
    return line("\(isSwap ? "" : "ld")\(stem)\(ordering)\(sizeSuffix)", r(m, is64), r(d, is64), place)
  }

  private func compareSwap(isPair: Bool) -> String {
    let ordering = (bit(22) ? "a" : "") + (bit(15) ? "l" : "")
    let place = "[\(sp(n, true))]"
    guard isPair else {
      let is64 = bits(31, 30) == 3
      return line("cas\(ordering)\(sizeSuffix)", r(m, is64), r(d, is64), place)
    }
    return line("casp\(ordering)", r(m, bit(30)), r(m + 1, bit(30)), r(d, bit(30)), r(d + 1, bit(30)), place)
  }

  private var orderedUnscaled: String {
    let (size, opc) = (bits(31, 30), bits(23, 22))
    let offset = signed(20, 12)
    let place = offset == 0 ? "[\(sp(n, true))]" : "[\(sp(n, true)), \(imm(offset))]"
    if opc < 2 { return line((opc == 0 ? "stlur" : "ldapur") + sizeSuffix, r(d, size == 3), place) }
    return line("ldapurs" + ["b", "h", "w", ""][Int(size)], r(d, opc == 2), place)
  }
}
