/// Loads and stores of vector registers: their fields, and what they do.
extension VectorFields {
  func readTransfer(_ row: VectorRow) -> VectorTransfer? {
    var t = VectorTransfer()
    t.t = d
    t.n = n == 31 ? A64Registers.sp : n
    t.m = m
    t.isLoad = bit(22)
    switch row.form {
    case .memoryUnsigned, .memoryUnscaled, .memoryRegister:
      guard !bit(23) || bits(31, 30) == 0 else { return nil }
      t.size = bit(23) ? 4 : UInt8(bits(31, 30))
      if row.form == .memoryUnsigned {
        t.imm = Int64(bits(21, 10)) << Int64(t.size)
      } else if row.form == .memoryUnscaled {
        t.imm = signed(20, 12)
        t.mode = bits(11, 10) == 0 ? .offset : bits(11, 10) == 1 ? .postIndex : .preIndex
      } else {
        guard bit(14) else { return nil }
        t.mode = .register
        t.option = UInt8(bits(15, 13))
        t.shift = bit(12) ? t.size : 0
      }
    case .literal:
      guard bits(31, 30) < 3 else { return nil }
      t.isLoad = true
      t.size = UInt8(2 + bits(31, 30))
      t.mode = .literal
      t.imm = signed(23, 5) << 2
    case .pair:
      guard bits(31, 30) < 3 else { return nil }
      t.kind = .pair
      t.size = UInt8(2 + bits(31, 30))
      t.t2 = UInt8(bits(14, 10))
      t.imm = signed(21, 15) << Int64(t.size)
      t.mode = bits(24, 23) == 1 ? .postIndex : bits(24, 23) == 3 ? .preIndex : .offset
    case .multiple, .multiplePost:
      t.size = UInt8(bits(11, 10))
      t.lanes = lanes(t.size)
      t.registers = UInt8([0: 4, 2: 4, 4: 3, 6: 3, 7: 1][bits(15, 12)] ?? 2)
      t.kind = row.operation == .ld1 ? .consecutive : .interleaved
      guard t.kind == .consecutive || t.size < 3 || isFull else { return nil }
      setPostIndex(&t, row.form == .multiplePost, Int64(t.registers) * (isFull ? 16 : 8))
    case .single, .singlePost:
      t.registers = UInt8(1 + bits(21, 21) + 2 * bits(13, 13))
      switch bits(15, 14) {
      case 0: t.lane = UInt8(bits(30, 30) << 3 | bits(12, 10))
      case 1:
        t.size = 1
        t.lane = UInt8(bits(30, 30) << 2 | bits(12, 11))
      case 2:
        t.size = bit(10) ? 3 : 2
        t.lane = bit(10) ? UInt8(bits(30, 30)) : UInt8(bits(30, 30) << 1 | bits(12, 12))
      default: t.size = UInt8(bits(11, 10))
      }
      t.kind = bits(15, 14) == 3 ? .replicate : .lane
      if t.kind == .replicate { t.lanes = lanes(t.size) }
      setPostIndex(&t, row.form == .singlePost, Int64(t.registers) << Int64(t.size))
    default: return nil
    }
    return t
  }

  /// Rm 31 stands for the number of bytes transferred.
  private func setPostIndex(_ t: inout VectorTransfer, _ isPost: Bool, _ bytes: Int64) {
    guard isPost else { return }
    t.mode = m == 31 ? .postIndex : .postRegister
    t.imm = bytes
  }
}

extension Machine {
  /// Executes a load or store of vector registers; `next` is where the pc goes. Registers change after the last access.
  mutating func transfer(_ t: VectorTransfer, _ core: inout A64Core, _ next: UInt64) throws(A64Stop) {
    let base = core.x[Int(t.n)]
    let moved = base &+ UInt64(bitPattern: t.imm)
    let address: UInt64
    var after: UInt64?
    switch t.mode {
    case .offset: address = moved
    case .postIndex: (address, after) = (base, moved)
    case .preIndex: (address, after) = (moved, moved)
    case .literal: address = core.pc &+ UInt64(bitPattern: t.imm)
    case .register: address = base &+ A64Core.extended(core.x[Int(t.m)], t.option, UInt64(t.shift))
    case .postRegister: (address, after) = (base, base &+ core.x[Int(t.m)])
    }
    switch t.kind {
    case .plain:
      if t.isLoad {
        let (low, high) = try loadVector(address, t.size, &core)
        core.setVector(t.t, low, high)
      } else {
        try storeVector(address, t.size, t.t, &core)
      }
    case .pair:
      let second = address &+ 1 << UInt64(t.size)
      if t.isLoad {
        let (low, high) = try loadVector(address, t.size, &core)
        let (low2, high2) = try loadVector(second, t.size, &core)
        core.setVector(t.t, low, high)
        core.setVector(t.t2, low2, high2)
      } else {
        try storeVector(address, t.size, t.t, &core)
        try storeVector(second, t.size, t.t2, &core)
      }
    default:
      if t.isLoad {
        try loadStructure(t, address, &core)
      } else {
        try storeStructure(t, address, &core)
      }
    }
    if let after { core.x[Int(t.n)] = after }
    core.pc = next
  }

  @inline(__always) private mutating func loadVector(
    _ address: UInt64, _ size: UInt8, _ core: inout A64Core
  ) throws(A64Stop) -> (UInt64, UInt64) {
    guard size == 4 else { return (try load(address, Int(size), &core, details: 0), 0) }
    if core.isStrict, address & 15 != 0 { throw alignmentFault(address, false, core) }
    let low = try load(address, 3, &core, details: 0)
    return (low, try load(address &+ 8, 3, &core, details: 0))
  }

  @inline(__always) private mutating func storeVector(
    _ address: UInt64, _ size: UInt8, _ register: UInt8, _ core: inout A64Core
  ) throws(A64Stop) {
    let low = core.v[Int(register) * 2]
    guard size == 4 else { return try store(address, Int(size), low, &core, details: Syndrome.wnr) }
    if core.isStrict, address & 15 != 0 { throw alignmentFault(address, true, core) }
    try store(address, 3, low, &core, details: Syndrome.wnr)
    try store(address &+ 8, 3, core.v[Int(register) * 2 + 1], &core, details: Syndrome.wnr)
  }

  private mutating func loadStructure(_ t: VectorTransfer, _ start: UInt64, _ core: inout A64Core) throws(A64Stop) {
    let registers = Int(t.registers)
    let lanes = Int(t.lanes)
    let size = Int(t.size)
    // What was loaded, two words for each register.
    var words = InlineArray<8, UInt64>(repeating: 0)
    var address = start
    if t.kind == .consecutive, !core.isStrict {
      for word in 0..<(registers * lanes << size) / 8 {
        words[lanes << size == 8 ? word * 2 : word] = try load(address, 3, &core, details: 0)
        address &+= 8
      }
    } else {
      let outer = t.kind == .consecutive ? registers : t.kind == .interleaved ? lanes : 1
      let inner = t.kind == .consecutive ? lanes : registers
      for o in 0..<outer {
        for n in 0..<inner {
          let value = try load(address, size, &core, details: 0)
          let (register, lane) = t.kind == .consecutive ? (o, n) : (n, o)
          let bit = lane << (size + 3)
          words[register * 2 + bit >> 6] |= value << UInt64(bit & 63)
          address &+= 1 << UInt64(size)
        }
      }
    }
    for n in 0..<registers {
      let register = (t.t + UInt8(n)) & 31
      switch t.kind {
      case .lane: VectorUnit.setElement(core.v, register, Int(t.lane), size, words[n * 2])
      case .replicate:
        let value = words[n * 2] &* VectorUnit.ones(size)
        core.setVector(register, value, lanes << size == 16 ? value : 0)
      default: core.setVector(register, words[n * 2], words[n * 2 + 1])
      }
    }
  }

  private mutating func storeStructure(_ t: VectorTransfer, _ start: UInt64, _ core: inout A64Core) throws(A64Stop) {
    let registers = Int(t.registers)
    let lanes = Int(t.lanes)
    let size = Int(t.size)
    var address = start
    if t.kind == .consecutive, !core.isStrict {
      let words = (lanes << size) / 8
      for word in 0..<registers * words {
        let register = (t.t + UInt8(word / words)) & 31
        try store(address, 3, core.v[Int(register) * 2 + word % words], &core, details: Syndrome.wnr)
        address &+= 8
      }
      return
    }
    let outer = t.kind == .consecutive ? registers : t.kind == .interleaved ? lanes : 1
    let inner = t.kind == .consecutive ? lanes : registers
    for o in 0..<outer {
      for n in 0..<inner {
        let (register, lane) = t.kind == .consecutive ? (o, n) : (n, t.kind == .lane ? Int(t.lane) : o)
        let value = VectorUnit.element(core.v, (t.t + UInt8(register)) & 31, lane, size)
        try store(address, size, value, &core, details: Syndrome.wnr)
        address &+= 1 << UInt64(size)
      }
    }
  }
}

extension A64Core {
  @inline(__always) func setVector(_ register: UInt8, _ low: UInt64, _ high: UInt64) {
    v[Int(register) * 2] = low
    v[Int(register) * 2 + 1] = high
  }
}
