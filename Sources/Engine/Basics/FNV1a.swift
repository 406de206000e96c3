/// FNV-1a of 64 bits (Fowler, Noll and Vo): a number that follows from bytes, and is the same in every process.
package enum FNV1a {
  @usableFromInline package static let basis: UInt64 = 0xCBF2_9CE4_8422_2325

  /// - Parameter hash: of the bytes before these.
  @inlinable package static func hash(_ bytes: some Sequence<UInt8>, after hash: UInt64 = basis) -> UInt64 {
    bytes.reduce(hash) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }
}
