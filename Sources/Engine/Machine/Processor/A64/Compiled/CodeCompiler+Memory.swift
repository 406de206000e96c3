/// Loads and stores: an access whose page has a translation is made at once; every other is the reference engine's.
extension CodeCompiler {
  /// Finds the bytes of an access to `total` bytes in pieces of 1 << sizeLog2.
  ///
  /// An access that is not aligned is made at once, too, if it is within a page, unless alignment is asked for.
  mutating func bytes(_ address: Register, _ sizeLog2: Int, _ total: Int, _ bank: Register, aligned: Bool = false) -> Operand {
    let size = 1 << sizeLog2
    let isStrict = isStrict || aligned
    let (entry, page) = (fresh(), fresh())
    MachineCode.writeOffset(to: &code, entry, of: address)
    // The page of its last byte, or with alignment that of its last piece and what is not aligned.
    let last = isStrict ? total - size : total - 1
    if last == 0 { code.move(page, address) } else { code.address(page, Operand(address, last)) }
    code.apply(.and, page, constant: isStrict ? ~0xFFF | Int32(size - 1) : ~0xFFF)
    code.apply(.cmp, page, Operand(bank, entry))
    leaveToReference(if: .ne)
    code.load(page, Operand(bank, entry, 8))
    return Operand(address, page)
  }

  private mutating func offset(_ i: FastInstruction) -> Register {
    let base = use(i.n)
    guard i.imm != 0 else { return base }
    let address = fresh()
    code.address(address, Operand(base, Int(i.imm)))
    return address
  }

  /// An address by register: its extension, and then a shift.
  private mutating func register(_ i: FastInstruction, shift: UInt8) -> Register {
    let base = use(i.n)
    let index: Register
    if i.x == 2 || i.x == 6 {
      index = copy(i.m, wide: i.x == 6)
      if i.x == 6 { code.extend(index, index, sizeLog2: 2, signed: true) }
    } else {
      index = use(i.m)
    }
    let address = fresh()
    code.address(address, Operand(base, index, scale: shift))
    return address
  }

  private mutating func load(_ i: FastInstruction, _ address: Register, _ sizeLog2: Int, signed: Bool = false, wide: Bool = true)
  {
    let bytes = bytes(address, sizeLog2, 1 << sizeLog2, MachineCode.Fixed.reads)
    let value = fresh()
    code.load(value, bytes, sizeLog2: sizeLog2, signed: signed, wide: wide)
    define(i.d, value)
  }

  private mutating func store(_ i: FastInstruction, _ address: Register, _ sizeLog2: Int) {
    let value = use(i.d)
    code.store(bytes(address, sizeLog2, 1 << sizeLog2, MachineCode.Fixed.writes), value, sizeLog2: sizeLog2)
  }

  /// Loads with a sign: the log2 of the size, and bit 2 for W.
  private mutating func loadSigned(_ i: FastInstruction, _ address: Register, _ kind: UInt8) {
    load(i, address, Int(kind & 3), signed: true, wide: kind & 4 == 0)
  }

  private mutating func literal(_ i: FastInstruction) -> Register {
    let address = fresh()
    code.address(address, Operand(MachineCode.Fixed.page, place * 4 + Int(i.imm)))
    return address
  }

  /// Ordered accesses and exclusives: one PE runs at a time, so the order is given; what is left is the monitor.
  private mutating func ordered(_ i: FastInstruction, isLoad: Bool, isExclusive: Bool) {
    let sizeLog2 = Int(i.a)
    let address = use(i.n)
    let bank = isLoad ? MachineCode.Fixed.reads : MachineCode.Fixed.writes
    if isLoad {
      let bytes = bytes(address, sizeLog2, 1 << sizeLog2, bank, aligned: true)
      let value = fresh()
      code.load(value, bytes, sizeLog2: sizeLog2, signed: false)
      if isExclusive { code.store(slot(A64Registers.monitor), monitored(address)) }
      define(i.d, value)
      return
    }
    let value = use(i.d)
    let bytes = bytes(address, sizeLog2, 1 << sizeLog2, bank, aligned: true)
    guard isExclusive else { return code.store(bytes, value, sizeLog2: sizeLog2) }
    let block = monitored(address)
    let status = fresh()
    code.constant(status, 1)
    code.apply(.cmp, block, slot(A64Registers.monitor))
    let fails = code.jump(if: .ne, short: true)
    code.store(bytes, value, sizeLog2: sizeLog2)
    code.constant(status, 0)
    code.land(fails)
    code.store(slot(A64Registers.monitor), constant: -1)
    define(i.m, status)
  }

  /// What the monitor holds of an address.
  private mutating func monitored(_ address: Register) -> Register {
    let block = fresh()
    code.move(block, address)
    code.apply(.and, block, constant: ~63)
    return block
  }

  /// An access whose base moves: mode 1 takes it before it moves (`Instruction.MemoryShape`).
  private mutating func indexed(_ i: FastInstruction, _ access: (inout CodeCompiler, Register) -> Void) {
    let base = use(i.n)
    let moved = fresh()
    code.address(moved, Operand(base, Int(i.imm)))
    access(&self, i.x == 1 ? base : moved)
    define(i.n, moved)
  }

  private mutating func loadPair(_ i: FastInstruction, _ address: Register, _ sizeLog2: Int, signed: Bool = false) {
    var bytes = bytes(address, sizeLog2, 2 << sizeLog2, MachineCode.Fixed.reads)
    let (first, second) = (fresh(), fresh())
    code.load(first, bytes, sizeLog2: sizeLog2, signed: signed)
    bytes.distance += 1 << Int32(sizeLog2)
    code.load(second, bytes, sizeLog2: sizeLog2, signed: signed)
    define(i.d, first)
    define(i.m, second)
  }

  private mutating func storePair(_ i: FastInstruction, _ address: Register, _ sizeLog2: Int) {
    let (first, second) = (use(i.d), use(i.m))
    var bytes = bytes(address, sizeLog2, 2 << sizeLog2, MachineCode.Fixed.writes)
    code.store(bytes, first, sizeLog2: sizeLog2)
    bytes.distance += 1 << Int32(sizeLog2)
    code.store(bytes, second, sizeLog2: sizeLog2)
  }

  /// - Returns: whether it is a load or a store.
  mutating func compileAccess(_ operation: FastOperation, _ i: FastInstruction) -> Bool {
    switch operation {
    case .ldrb: load(i, offset(i), 0)
    case .ldrh: load(i, offset(i), 1)
    case .ldrw: load(i, offset(i), 2)
    case .ldrx: load(i, offset(i), 3)
    case .ldrsb64: load(i, offset(i), 0, signed: true)
    case .ldrsh64: load(i, offset(i), 1, signed: true)
    case .ldrsw: load(i, offset(i), 2, signed: true)
    case .ldrsb32: load(i, offset(i), 0, signed: true, wide: false)
    case .ldrsh32: load(i, offset(i), 1, signed: true, wide: false)
    case .strb: store(i, offset(i), 0)
    case .strh: store(i, offset(i), 1)
    case .strw: store(i, offset(i), 2)
    case .strx: store(i, offset(i), 3)
    case .ldrbIndexed: indexed(i) { $0.load(i, $1, 0) }
    case .ldrhIndexed: indexed(i) { $0.load(i, $1, 1) }
    case .ldrwIndexed: indexed(i) { $0.load(i, $1, 2) }
    case .ldrxIndexed: indexed(i) { $0.load(i, $1, 3) }
    case .strbIndexed: indexed(i) { $0.store(i, $1, 0) }
    case .strhIndexed: indexed(i) { $0.store(i, $1, 1) }
    case .strwIndexed: indexed(i) { $0.store(i, $1, 2) }
    case .strxIndexed: indexed(i) { $0.store(i, $1, 3) }
    case .ldrbRegister: load(i, register(i, shift: i.a), 0)
    case .ldrhRegister: load(i, register(i, shift: i.a), 1)
    case .ldrwRegister: load(i, register(i, shift: i.a), 2)
    case .ldrxRegister: load(i, register(i, shift: i.a), 3)
    case .ldrswRegister: load(i, register(i, shift: i.a), 2, signed: true)
    case .strbRegister: store(i, register(i, shift: i.a), 0)
    case .strhRegister: store(i, register(i, shift: i.a), 1)
    case .strwRegister: store(i, register(i, shift: i.a), 2)
    case .strxRegister: store(i, register(i, shift: i.a), 3)
    case .ldpx: loadPair(i, offset(i), 3)
    case .stpx: storePair(i, offset(i), 3)
    case .ldpxIndexed: indexed(i) { $0.loadPair(i, $1, 3) }
    case .stpxIndexed: indexed(i) { $0.storePair(i, $1, 3) }
    case .ldpw: loadPair(i, offset(i), 2)
    case .stpw: storePair(i, offset(i), 2)
    default: return false
    }
    return true
  }

  /// - Returns: whether it is a load or a store.
  mutating func compileRareAccess(_ i: FastInstruction) -> Bool {
    switch i.rare {
    case .ldpsw: loadPair(i, offset(i), 2, signed: true)
    case .ldrLiteral: load(i, literal(i), Int(i.a))
    case .ldrsLiteral: load(i, literal(i), 2, signed: true)
    case .ldrsIndexed: indexed(i) { $0.loadSigned(i, $1, i.a) }
    case .ldrsRegister: loadSigned(i, register(i, shift: i.a >> 4), i.a)
    case .loadOrdered: ordered(i, isLoad: true, isExclusive: false)
    case .storeOrdered: ordered(i, isLoad: false, isExclusive: false)
    case .loadExclusive: ordered(i, isLoad: true, isExclusive: true)
    case .storeExclusive: ordered(i, isLoad: false, isExclusive: true)
    default: return false
    }
    return true
  }
}
