/// Words of 64 bits.
extension Memory {
  /// The 64-bit little-endian word at an 8-byte aligned address.
  @inline(__always) package func load64(_ address: UInt64) -> UInt64 {
    UInt64(littleEndian: page(address).load(fromByteOffset: Int(truncatingIfNeeded: address & 4088), as: UInt64.self))
  }

  @inline(__always) package mutating func store64(_ address: UInt64, _ value: UInt64) {
    writablePage(address).storeBytes(
      of: value.littleEndian, toByteOffset: Int(truncatingIfNeeded: address & 4088), as: UInt64.self)
  }

  /// The same word `count` times, from an 8-byte aligned address on.
  mutating func store64(_ address: UInt64, _ value: UInt64, count: UInt64) {
    var address = address
    let end = address + count * 8
    while address < end {
      let room = min(end - address, Granule.size - address & 4095)
      (writablePage(address) + Int(address & 4095))
        .initializeMemory(as: UInt64.self, repeating: value.littleEndian, count: Int(room / 8))
      address += room
    }
  }
}
