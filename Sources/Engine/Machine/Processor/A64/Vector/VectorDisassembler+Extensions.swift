/// FP and AdvSIMD instructions that came after Armv8.0 as text.
extension VectorDisassembler {
  func extended(_ row: VectorRow, _ name: String) -> String {
    let size = fields.size
    switch row.form {
    case .cipher: return cipher(row.operation, name)
    case .threeWide: return line(name, vector(d, 3, 2), vector(n, 3, 2), vector(m, 3, 2))
    case .fourWide: return line(name, vector(d, 0, 16), vector(n, 0, 16), vector(m, 0, 16), vector(UInt8(bits(14, 10)), 0, 16))
    case .rotated: return line(name, vector(d, 3, 2), vector(n, 3, 2), vector(m, 3, 2), imm(UInt64(bits(15, 10))))
    case .dot: return line(name, vector(d, 2), vector(n, 0), vector(m, 0))
    case .dotElement:
      let (register, number) = fields.element(2)
      return line(name, vector(d, 2), vector(n, 0), "v\(register).4b[\(number)]")
    case .complexAdd: return line(name, vector(d, size), vector(n, size), vector(m, size), bit(12) ? "#270" : "#90")
    case .complex: return line(name, vector(d, size), vector(n, size), vector(m, size), "#\(bits(12, 11) * 90)")
    case .complexElement:
      let number = UInt8(size == 1 ? bits(11, 11) << 1 | bits(21, 21) : bits(11, 11))
      return line(name, vector(d, size), vector(n, size), element(m, size, number), "#\(bits(14, 13) * 90)")
    default: return line(name, general(d, false), scalar(n, 3))
    }
  }

  private func cipher(_ operation: VectorOperation, _ name: String) -> String {
    switch operation {
    case .aese, .aesd, .aesmc, .aesimc: line(name, vector(d, 0, 16), vector(n, 0, 16))
    case .sha1c, .sha1p, .sha1m: line(name, scalar(d, 4), scalar(n, 2), vector(m, 2, 4))
    case .sha1h: line(name, scalar(d, 2), scalar(n, 2))
    case .sha1su1, .sha256su0: line(name, vector(d, 2, 4), vector(n, 2, 4))
    case .sha256h, .sha256h2: line(name, scalar(d, 4), scalar(n, 4), vector(m, 2, 4))
    case .sha512h, .sha512h2: line(name, scalar(d, 4), scalar(n, 4), vector(m, 3, 2))
    case .sha512su0: line(name, vector(d, 3, 2), vector(n, 3, 2))
    case .sha512su1: line(name, vector(d, 3, 2), vector(n, 3, 2), vector(m, 3, 2))
    default: line(name, vector(d, 2, 4), vector(n, 2, 4), vector(m, 2, 4))
    }
  }
}
