/// From a word to an ``Instruction``. What the table does not have, and what its fields make unallocated, is UNDEFINED.
enum A64Decoder {
  static func decode(_ word: UInt32, _ features: A64Features) -> Instruction {
    guard let row = InstructionTable.row(word, features) else { return undefined(word) }
    return Fields(word: word, features: features).read(row) ?? undefined(word)
  }

  static func undefined(_ word: UInt32) -> Instruction {
    var instruction = Instruction(operation: .undefined)
    instruction.imm = Int64(word)
    return instruction
  }

  /// DecodeBitMasks of the Arm ARM for logical immediates; nil for a reserved one.
  static func bitMask(n: UInt32, imms: UInt32, immr: UInt32, is64: Bool) -> UInt64? {
    let combined = n << 6 | (~imms & 0x3F)
    guard combined != 0 else { return nil }
    let length = 31 - combined.leadingZeroBitCount
    guard length >= 1, is64 || n == 0 else { return nil }
    let size: UInt64 = 1 << UInt64(length)
    let levels = UInt32(size - 1)
    let s = UInt64(imms & levels)
    let r = UInt64(immr & levels)
    guard s != UInt64(levels) else { return nil }
    let ones: UInt64 = s == 63 ? ~0 : (1 << (s + 1)) - 1
    let mask: UInt64 = size == 64 ? ~0 : (1 << size) - 1
    var element = r == 0 ? ones : (ones >> r | ones << (size - r)) & mask
    var width = size
    while width < 64 {
      element |= element << width
      width *= 2
    }
    return is64 ? element : element & 0xFFFF_FFFF
  }

  private struct Fields {
    let word: UInt32
    let features: A64Features

    func bits(_ high: UInt32, _ low: UInt32) -> UInt32 { word >> low & ((1 << (high - low + 1)) - 1) }
    func signed(_ high: UInt32, _ low: UInt32) -> Int64 {
      let width = high - low + 1
      return Int64(Int32(bitPattern: bits(high, low) << (32 - width)) >> Int32(32 - width))
    }
    var is64: Bool { word >> 31 == 1 }
    var rd: UInt8 { UInt8(bits(4, 0)) }
    var rn: UInt8 { UInt8(bits(9, 5)) }
    var rm: UInt8 { UInt8(bits(20, 16)) }
    var ra: UInt8 { UInt8(bits(14, 10)) }
    /// Register 31 as a destination: the zero register.
    func to(_ register: UInt8) -> UInt8 { register == 31 ? A64Registers.trash : register }
    /// Register 31 as the stack pointer.
    func stack(_ register: UInt8) -> UInt8 { register == 31 ? A64Registers.sp : register }

    func read(_ row: InstructionRow) -> Instruction? {
      var i = Instruction(operation: row.operation)
      i.d = to(rd)
      i.n = rn
      i.m = rm
      i.is64 = is64
      switch row.form {
      case .none:
        guard VectorDecoder.isAllocated(word, features) else { return nil }
        i.imm = Int64(word)
      case .pcRelative:
        i.imm = signed(23, 5) << 2 | Int64(bits(30, 29))
        if row.operation == .adrp { i.imm <<= 12 }
      case .addSubImmediate:
        i.n = stack(rn)
        if row.operation == .addImmediate || row.operation == .subImmediate { i.d = stack(rd) }
        i.imm = Int64(bits(21, 10)) << (bits(22, 22) == 1 ? 12 : 0)
      case .logicalImmediate:
        guard let mask = A64Decoder.bitMask(n: bits(22, 22), imms: bits(15, 10), immr: bits(21, 16), is64: is64) else {
          return nil
        }
        if row.operation != .andsImmediate { i.d = stack(rd) }
        i.imm = Int64(bitPattern: mask)
      case .moveWide:
        let shift = bits(22, 21) * 16
        guard is64 || shift < 32 else { return nil }
        i.a = UInt8(shift)
        i.imm = Int64(bits(20, 5))
      case .bitfield:
        guard bits(22, 22) == (is64 ? 1 : 0), is64 || (bits(21, 16) < 32 && bits(15, 10) < 32) else { return nil }
        i.m = UInt8(bits(21, 16))
        i.a = UInt8(bits(15, 10))
      case .extract:
        guard bits(22, 22) == (is64 ? 1 : 0), is64 || bits(15, 10) < 32 else { return nil }
        i.imm = Int64(bits(15, 10))
      case .branch: i.imm = signed(25, 0) << 2
      case .conditional:
        i.a = UInt8(bits(3, 0))
        i.imm = signed(23, 5) << 2
      case .compareBranch:
        i.n = rd
        i.imm = signed(23, 5) << 2
      case .testBranch:
        i.n = rd
        i.a = UInt8(bits(31, 31) << 5 | bits(23, 19))
        i.imm = signed(18, 5) << 2
      case .branchRegister:
        if features.contains(.bti) { i.operation = row.operation == .br ? .brTyped : row.operation == .blr ? .blrTyped : .ret }
      case .returnFromException: break
      case .exceptionCall: i.imm = Int64(bits(20, 5))
      case .hint:
        i.imm = Int64(bits(11, 5))
        if features.contains(.pauth) { readAuthenticatingHint(&i) }
      case .barrier: i.imm = Int64(bits(11, 5))
      case .systemImmediate:
        i.a = UInt8(bits(11, 8))
        i.imm = Int64(bits(18, 16) << 3 | bits(7, 5))
      case .system:
        i.d = row.operation == .mrs || row.operation == .sysl ? to(rd) : rd
        // Rt itself, for the syndrome of a trap.
        i.a = rd
        i.imm = Int64(bits(20, 5))
        i.m = SystemShortcut.of(i, features)
      case .logicalShifted, .addSubShifted:
        let amount = bits(15, 10)
        guard is64 || amount < 32, row.form == .logicalShifted || bits(23, 22) != 3 else { return nil }
        i.x = UInt8(bits(23, 22))
        i.imm = Int64(amount)
      case .addSubExtended:
        guard bits(12, 10) <= 4 else { return nil }
        i.n = stack(rn)
        if row.operation == .addExtended || row.operation == .subExtended { i.d = stack(rd) }
        i.x = UInt8(bits(15, 13))
        i.imm = Int64(bits(12, 10))
      case .threeRegister, .twoSource, .oneSource: break
      case .conditionalCompare, .conditionalCompareImmediate:
        i.a = UInt8(bits(15, 12))
        i.imm = Int64(bits(3, 0))
      case .conditionalSelect: i.a = UInt8(bits(15, 12))
      case .crc:
        guard is64 == (bits(11, 10) == 3) else { return nil }
        i.x = UInt8(bits(11, 10))
      case .fourRegister, .longMultiply: i.a = ra
      case .highMultiply: break
      case .rotateIntoFlags:
        i.a = UInt8(bits(3, 0))
        i.imm = Int64(bits(20, 15))
      case .evaluateIntoFlags: break
      case .authenticate, .strip, .genericAuthenticate, .branchAuthenticated, .returnAuthenticated, .loadAuthenticated:
        return authenticated(row, i)
      default: return memory(row, i)
      }
      return i
    }

    /// What signs or checks a pointer: `d` has the pointer, `m` the modifier, `a` the key (IA, IB, DA, DB).
    private func authenticated(_ row: InstructionRow, _ start: Instruction) -> Instruction? {
      var i = start
      switch row.form {
      case .authenticate:
        // Without a modifier (PACIZA …) Rn is 31.
        guard bits(13, 13) == 0 || rn == 31 else { return nil }
        i.m = bits(13, 13) == 1 ? A64Registers.zero : stack(rn)
        i.a = UInt8(bits(11, 10))
      case .strip: i.a = bits(10, 10) == 1 ? 2 : 0
      case .genericAuthenticate: i.m = stack(rm)
      case .branchAuthenticated:
        // Bit 24: with a modifier; else the place of its register is 31. `x` is 0 BR, 1 BLR, 2 RET.
        guard bits(24, 24) == 1 || rd == 31 else { return nil }
        i.m = bits(24, 24) == 1 ? stack(rd) : A64Registers.zero
        i.a = UInt8(bits(10, 10))
        i.x = UInt8(bits(21, 21))
      case .returnAuthenticated:
        i.n = 30
        i.m = A64Registers.sp
        i.a = UInt8(bits(10, 10))
        i.x = 2
      default:
        // LDRAA and LDRAB: key DA or DB and no modifier; `x` says that the base is written back.
        i.n = stack(rn)
        i.a = UInt8(2 + bits(23, 23))
        i.x = UInt8(bits(11, 11))
        i.imm = (Int64(bits(20, 12)) | (bits(22, 22) == 1 ? -512 : 0)) << 3
      }
      return i
    }

    /// The hints that are PACIASP and its like, and NOP without FEAT_PAuth.
    private func readAuthenticatingHint(_ i: inout Instruction) {
      let number = i.imm
      switch number {
      case 7: i.operation = .xpac
      case 8, 10, 24...27: i.operation = .pac
      case 12, 14, 28...31: i.operation = .aut
      default: return
      }
      i.d = number < 24 && number != 7 ? 17 : 30
      i.m = number < 24 ? 16 : number & 1 == 1 ? A64Registers.sp : A64Registers.zero
      i.a = UInt8(number >> 1 & 1)
      if number == 7 { i.a = 0 }
    }

    private func memory(_ row: InstructionRow, _ start: Instruction) -> Instruction? {
      var i = start
      i.n = stack(rn)
      let size = UInt8(bits(31, 30))
      switch row.form {
      case .memoryUnsigned, .memoryUnscaled, .memoryRegister:
        let opc = bits(23, 22)
        var mode: UInt8 = 0
        switch row.form {
        case .memoryUnsigned: i.imm = Int64(bits(21, 10)) << Int64(size)
        case .memoryUnscaled:
          i.imm = signed(20, 12)
          mode = UInt8(bits(11, 10))
        default:
          // option<1> must be 1; bit 3 of what is kept says whether the index is scaled.
          guard bits(14, 14) == 1 else { return nil }
          i.imm = Int64(bits(15, 13))
          i.a = bits(12, 12) == 1 ? size : 0
        }
        return transfer(&i, size, opc, mode, row.form == .memoryRegister)
      case .literal:
        let opc = bits(31, 30)
        i.imm = signed(23, 5) << 2
        if opc == 3 {
          i.operation = .prefetch
          return i
        }
        i.x = opc == 0 ? 2 : opc == 1 ? 3 | 8 : 2 | 4 | 8
        i.d = to(rd)
        return i
      case .pair:
        let opc = bits(31, 30)
        let isLoad = bits(22, 22) == 1
        let mode = bits(24, 23)
        guard opc != 3, opc != 1 || (isLoad && mode != 0) else { return nil }
        let scale: UInt8 = opc == 2 ? 3 : 2
        i.x = scale | (opc == 1 ? 4 | 8 : opc == 2 ? 8 : 0) | (mode == 1 ? 1 << 4 : mode == 3 ? 3 << 4 : 0)
        i.operation = isLoad ? .loadPair : .storePair
        i.d = isLoad ? to(rd) : rd
        i.m = isLoad ? to(ra) : ra
        i.imm = signed(21, 15) << Int64(scale)
        return i
      case .exclusive, .exclusivePair, .ordered:
        let isLoad = bits(22, 22) == 1 || row.operation == .loadAcquire
        i.x = size | (size == 3 ? 8 : 0)
        i.d = isLoad ? to(rd) : rd
        // Rs gets the status, Rt2 is the second register.
        i.m = to(rm)
        i.a = isLoad ? to(ra) : ra
        return i
      case .atomic:
        // `a` is the operation: those of the encoding, and SWP. Rs is the operand.
        i.x = size | (size == 3 ? 8 : 0)
        i.d = to(rd)
        i.a = UInt8(bits(15, 12))
        return i
      case .compareSwap:
        i.x = size | (size == 3 ? 8 : 0)
        i.d = rd
        i.a = to(rm)
        return i
      case .compareSwapPair:
        i.x = UInt8(2 + bits(30, 30))
        i.d = rd
        return i
      case .orderedUnscaled:
        i.imm = signed(20, 12)
        guard let shape = transfer(&i, size, bits(23, 22), 0, false), shape.operation != .prefetch else { return nil }
        i.operation = shape.operation == .load ? .loadOrdered : .storeOrdered
        return i
      default: return nil
      }
    }

    /// Loads, stores and prefetches of one register, by size and opc.
    private func transfer(_ i: inout Instruction, _ size: UInt8, _ opc: UInt32, _ mode: UInt8, _ isRegister: Bool) -> Instruction?
    {
      switch (size, opc) {
      case (_, 0): i.x = size | (size == 3 ? 8 : 0)
      case (_, 1): i.x = size | (size == 3 ? 8 : 0)
      case (3, 2):
        guard mode == 0 else { return nil }
        i.operation = .prefetch
        return i
      case (0...2, 2): i.x = size | 4 | 8
      case (0...1, 3): i.x = size | 4
      default: return nil
      }
      i.x |= mode << 4
      if opc == 0 {
        i.operation = isRegister ? .storeRegister : .store
        i.d = rd
      } else {
        i.operation = isRegister ? .loadRegister : .load
        i.d = to(rd)
      }
      return i
    }
  }
}
