/// What each load and store does. It says whether the access had a translation, and has done nothing if not.
extension FastContext {
  // The access.

  @inline(__always) private func load8(_ address: UInt64) -> Bool {
    guard let bytes = TranslationCache.hit(reads, address, 1) else { return false }
    x[d] = UInt64(bytes.load(as: UInt8.self))
    return true
  }
  @inline(__always) private func load16(_ address: UInt64) -> Bool {
    guard let bytes = TranslationCache.hit(reads, address, 2) else { return false }
    x[d] = UInt64(UInt16(littleEndian: bytes.load(as: UInt16.self)))
    return true
  }
  @inline(__always) private func load32(_ address: UInt64) -> Bool {
    guard let bytes = TranslationCache.hit(reads, address, 4) else { return false }
    x[d] = UInt64(UInt32(littleEndian: bytes.load(as: UInt32.self)))
    return true
  }
  @inline(__always) private func load64(_ address: UInt64) -> Bool {
    guard let bytes = TranslationCache.hit(reads, address, 8) else { return false }
    x[d] = UInt64(littleEndian: bytes.load(as: UInt64.self))
    return true
  }
  @inline(__always) private func loadSigned8(_ address: UInt64) -> Bool {
    guard let bytes = TranslationCache.hit(reads, address, 1) else { return false }
    x[d] = UInt64(bitPattern: Int64(bytes.load(as: Int8.self)))
    return true
  }
  @inline(__always) private func loadSigned16(_ address: UInt64) -> Bool {
    guard let bytes = TranslationCache.hit(reads, address, 2) else { return false }
    x[d] = UInt64(bitPattern: Int64(Int16(littleEndian: bytes.load(as: Int16.self))))
    return true
  }
  @inline(__always) private func loadSigned32(_ address: UInt64) -> Bool {
    guard let bytes = TranslationCache.hit(reads, address, 4) else { return false }
    x[d] = UInt64(bitPattern: Int64(Int32(littleEndian: bytes.load(as: Int32.self))))
    return true
  }
  @inline(__always) private func store8(_ address: UInt64) -> Bool {
    guard let bytes = TranslationCache.hit(writes, address, 1) else { return false }
    bytes.assumingMemoryBound(to: UInt8.self).pointee = UInt8(truncatingIfNeeded: x[d])
    return true
  }
  @inline(__always) private func store16(_ address: UInt64) -> Bool {
    guard let bytes = TranslationCache.hit(writes, address, 2) else { return false }
    bytes.assumingMemoryBound(to: UInt16.self).pointee = UInt16(truncatingIfNeeded: x[d]).littleEndian
    return true
  }
  @inline(__always) private func store32(_ address: UInt64) -> Bool {
    guard let bytes = TranslationCache.hit(writes, address, 4) else { return false }
    bytes.assumingMemoryBound(to: UInt32.self).pointee = UInt32(truncatingIfNeeded: x[d]).littleEndian
    return true
  }
  @inline(__always) private func store64(_ address: UInt64) -> Bool {
    guard let bytes = TranslationCache.hit(writes, address, 8) else { return false }
    bytes.assumingMemoryBound(to: UInt64.self).pointee = x[d].littleEndian
    return true
  }

  // The forms of an address.

  @inline(__always) private var offset: UInt64 { x[n] &+ imm }
  /// An address by register: its extension, and then a shift.
  @inline(__always) private var register: UInt64 {
    let value = x[m]
    let extended =
      switch op.pointee.x {
      case 2: lower(value)
      case 6: UInt64(bitPattern: Int64(signedWord(value)))
      default: value
      }
    return x[n] &+ extended &<< UInt64(op.pointee.a)
  }
  /// Of an address that moves its base: mode 1 takes it before it moves (`Instruction.MemoryShape`).
  @inline(__always) private var indexed: UInt64 { op.pointee.x == 1 ? x[n] : offset }
  /// The base has moved, and the access is done.
  @inline(__always) private mutating func next(base moved: UInt64) -> Bool {
    x[n] = moved
    return next()
  }

  @inline(__always) mutating func ldrb() -> Bool { load8(offset) && next() }
  @inline(__always) mutating func ldrh() -> Bool { load16(offset) && next() }
  @inline(__always) mutating func ldrw() -> Bool { load32(offset) && next() }
  @inline(__always) mutating func ldrx() -> Bool { load64(offset) && next() }
  @inline(__always) mutating func ldrsb64() -> Bool { loadSigned8(offset) && next() }
  @inline(__always) mutating func ldrsh64() -> Bool { loadSigned16(offset) && next() }
  @inline(__always) mutating func ldrsw() -> Bool { loadSigned32(offset) && next() }
  @inline(__always) mutating func ldrsb32() -> Bool {
    guard loadSigned8(offset) else { return false }
    x[d] = lower(x[d])
    return next()
  }
  @inline(__always) mutating func ldrsh32() -> Bool {
    guard loadSigned16(offset) else { return false }
    x[d] = lower(x[d])
    return next()
  }
  @inline(__always) mutating func strb() -> Bool { store8(offset) && next() }
  @inline(__always) mutating func strh() -> Bool { store16(offset) && next() }
  @inline(__always) mutating func strw() -> Bool { store32(offset) && next() }
  @inline(__always) mutating func strx() -> Bool { store64(offset) && next() }
  @inline(__always) mutating func ldrbIndexed() -> Bool {
    let moved = offset
    return load8(indexed) && next(base: moved)
  }
  @inline(__always) mutating func ldrhIndexed() -> Bool {
    let moved = offset
    return load16(indexed) && next(base: moved)
  }
  @inline(__always) mutating func ldrwIndexed() -> Bool {
    let moved = offset
    return load32(indexed) && next(base: moved)
  }
  @inline(__always) mutating func ldrxIndexed() -> Bool {
    let moved = offset
    return load64(indexed) && next(base: moved)
  }
  @inline(__always) mutating func strbIndexed() -> Bool {
    let moved = offset
    return store8(indexed) && next(base: moved)
  }
  @inline(__always) mutating func strhIndexed() -> Bool {
    let moved = offset
    return store16(indexed) && next(base: moved)
  }
  @inline(__always) mutating func strwIndexed() -> Bool {
    let moved = offset
    return store32(indexed) && next(base: moved)
  }
  @inline(__always) mutating func strxIndexed() -> Bool {
    let moved = offset
    return store64(indexed) && next(base: moved)
  }
  @inline(__always) mutating func ldrbRegister() -> Bool { load8(register) && next() }
  @inline(__always) mutating func ldrhRegister() -> Bool { load16(register) && next() }
  @inline(__always) mutating func ldrwRegister() -> Bool { load32(register) && next() }
  @inline(__always) mutating func ldrxRegister() -> Bool { load64(register) && next() }
  @inline(__always) mutating func strbRegister() -> Bool { store8(register) && next() }
  @inline(__always) mutating func strhRegister() -> Bool { store16(register) && next() }
  @inline(__always) mutating func strwRegister() -> Bool { store32(register) && next() }
  @inline(__always) mutating func strxRegister() -> Bool { store64(register) && next() }
  @inline(__always) mutating func ldrswRegister() -> Bool { loadSigned32(register) && next() }

  // Pairs of registers: both within the page.

  @inline(__always) private func loadPair64(_ address: UInt64) -> Bool {
    guard address & 0xFFF <= 4080, let bytes = TranslationCache.hit(reads, address, 8) else { return false }
    let first = UInt64(littleEndian: bytes.load(as: UInt64.self))
    let second = UInt64(littleEndian: bytes.load(fromByteOffset: 8, as: UInt64.self))
    x[d] = first
    x[m] = second
    return true
  }
  @inline(__always) private func storePair64(_ address: UInt64) -> Bool {
    guard address & 0xFFF <= 4080, let bytes = TranslationCache.hit(writes, address, 8) else { return false }
    let pair = bytes.assumingMemoryBound(to: UInt64.self)
    pair[0] = x[d].littleEndian
    pair[1] = x[m].littleEndian
    return true
  }
  @inline(__always) private func loadPair32(_ address: UInt64) -> Bool {
    guard address & 0xFFF <= 4088, let bytes = TranslationCache.hit(reads, address, 4) else { return false }
    let first = UInt64(UInt32(littleEndian: bytes.load(as: UInt32.self)))
    let second = UInt64(UInt32(littleEndian: bytes.load(fromByteOffset: 4, as: UInt32.self)))
    x[d] = first
    x[m] = second
    return true
  }
  @inline(__always) private func storePair32(_ address: UInt64) -> Bool {
    guard address & 0xFFF <= 4088, let bytes = TranslationCache.hit(writes, address, 4) else { return false }
    let pair = bytes.assumingMemoryBound(to: UInt32.self)
    pair[0] = word(x[d]).littleEndian
    pair[1] = word(x[m]).littleEndian
    return true
  }
  @inline(__always) mutating func ldpx() -> Bool { loadPair64(offset) && next() }
  @inline(__always) mutating func stpx() -> Bool { storePair64(offset) && next() }
  @inline(__always) mutating func ldpxIndexed() -> Bool {
    let moved = offset
    return loadPair64(indexed) && next(base: moved)
  }
  @inline(__always) mutating func stpxIndexed() -> Bool {
    let moved = offset
    return storePair64(indexed) && next(base: moved)
  }
  @inline(__always) mutating func ldpw() -> Bool { loadPair32(offset) && next() }
  @inline(__always) mutating func stpw() -> Bool { storePair32(offset) && next() }
}
