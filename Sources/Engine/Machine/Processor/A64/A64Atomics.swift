/// Atomics of FEAT_LSE (Arm ARM C6.2, LDADD, SWP, CAS, CASP) and what FEAT_FlagM does with the flags. One PE runs at a time, so a load
/// and a store that nothing comes between are atomic.
extension Machine {
  /// LDADD and its like, and SWP. A fault is one of reading if reading would have faulted, else one of writing.
  mutating func atomic(_ i: Instruction, _ core: inout A64Core) throws(A64Stop) {
    let size = Instruction.MemoryShape(raw: i.x).sizeLog2
    let address = core.x[Int(i.n)]
    try checkAtomic(address, 1 << UInt64(size), core)
    let operand = core.x[Int(i.m)]
    let old = try load(address, size, &core, details: 0)
    let unused = UInt64(64 - 8 << size)
    // Numbers of the width compare as they do at the top of a word.
    let (a, b) = (old &<< unused, operand &<< unused)
    let new: UInt64 =
      switch i.a {
      case 0: old &+ operand
      case 1: old & ~operand
      case 2: old ^ operand
      case 3: old | operand
      case 4: Int64(bitPattern: a) > Int64(bitPattern: b) ? old : operand
      case 5: Int64(bitPattern: a) < Int64(bitPattern: b) ? old : operand
      case 6: a > b ? old : operand
      case 7: a < b ? old : operand
      default: operand
      }
    try store(address, size, new, &core, details: Syndrome.wnr)
    core.x[Int(i.d)] = old
  }

  /// CAS. What is not changed is written again, so that a page that is read-only faults either way.
  mutating func compareSwap(_ i: Instruction, _ core: inout A64Core) throws(A64Stop) {
    let size = Instruction.MemoryShape(raw: i.x).sizeLog2
    let address = core.x[Int(i.n)]
    try checkAtomic(address, 1 << UInt64(size), core)
    let (expected, new) = (core.x[Int(i.m)], core.x[Int(i.d)])
    let old = try load(address, size, &core, details: 0)
    let isEqual = (old ^ expected) &<< UInt64(64 - 8 << size) == 0
    try store(address, size, isEqual ? new : old, &core, details: Syndrome.wnr)
    core.x[Int(i.a)] = old
  }

  /// CASP: registers with even numbers, and those after them.
  mutating func compareSwapPair(_ i: Instruction, _ core: inout A64Core) throws(A64Stop) {
    let size = Instruction.MemoryShape(raw: i.x).sizeLog2
    let bytes: UInt64 = 1 << UInt64(size)
    let address = core.x[Int(i.n)]
    try checkAtomic(address, 2 * bytes, core)
    let mask: UInt64 = size == 3 ? ~0 : 0xFFFF_FFFF
    let (s, t) = (Int(i.m), Int(i.d))
    let expected = (core.x[s] & mask, core.x[s + 1] & mask)
    let new = (core.x[t], core.x[t + 1])
    let low = try load(address, size, &core, details: 0)
    let high = try load(address &+ bytes, size, &core, details: 0)
    let isEqual = low == expected.0 && high == expected.1
    try store(address, size, isEqual ? new.0 : low, &core, details: Syndrome.wnr)
    try store(address &+ bytes, size, isEqual ? new.1 : high, &core, details: Syndrome.wnr)
    core.x[s] = low
    core.x[s + 1 == 31 ? Int(A64Registers.trash) : s + 1] = high
  }

  /// An atomic access is aligned to what it accesses (without FEAT_LSE2).
  private func checkAtomic(_ address: UInt64, _ bytes: UInt64, _ core: A64Core) throws(A64Stop) {
    guard address & (bytes - 1) == 0 else { throw alignmentFault(address, true, core) }
  }
}

extension A64Core {
  /// The flags after RMIF, SETF8 or SETF16.
  func flags(of i: Instruction) -> UInt64 {
    let value = x[Int(i.n)]
    if i.operation == .rmif {
      let rotated = Self.shifted(value, 3, UInt64(i.imm), true)
      let mask = UInt64(i.a) << 28
      return nzcv & ~mask | rotated << 28 & mask
    }
    let top: UInt64 = i.operation == .setFlags8 ? 7 : 15
    let low = value & ((2 << top) - 1)
    return (value >> top) << 31 & 0x8000_0000 | (low == 0 ? 1 << 30 : 0) | nzcv & 1 << 29
      | (value >> (top + 1) ^ value >> top) << 28 & 0x1000_0000
  }

  /// CFINV (`operation` 0), XAFLAG (1) and AXFLAG (2).
  mutating func convertFlags(_ operation: Int64) {
    let (z, c, v) = (nzcv >> 30 & 1, nzcv >> 29 & 1, nzcv >> 28 & 1)
    switch operation {
    case 0: nzcv ^= 1 << 29
    case 1: nzcv = (~c & ~z & 1) << 31 | (z & c) << 30 | (c | z) << 29 | (~c & z & 1) << 28
    default: nzcv = (z | v) << 30 | (c & ~v & 1) << 29
    }
  }
}
