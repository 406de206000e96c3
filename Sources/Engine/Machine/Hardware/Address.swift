/// A granule is 4 KiB everywhere in this model (DEN0137 1.0-rel0: the only size RMM 1.0 knows).
@usableFromInline package enum Granule {
  /// Bytes in a granule.
  @usableFromInline package static let size: UInt64 = 4096
  /// log2 of ``size``.
  package static let shift: UInt64 = 12
}

extension UInt64 {
  /// AddrIsGranuleAligned of the RMM specification.
  @inlinable @inline(__always) package var isGranuleAligned: Bool { self & (Granule.size - 1) == 0 }

  /// The address of the granule that holds this byte.
  @inlinable @inline(__always) package var granuleBase: UInt64 { self & ~(Granule.size - 1) }

  /// Whether this is a multiple of `size`, a power of two.
  @inline(__always) package func isAligned(to size: UInt64) -> Bool { self & (size &- 1) == 0 }

  /// Bits `high` down to `low`, both inclusive, moved to bit 0.
  @inline(__always) package func bits(_ high: UInt64, _ low: UInt64) -> UInt64 {
    let width = high &- low &+ 1
    return (self >> low) & (width == 64 ? ~0 : (1 << width) &- 1)
  }

  @inline(__always) package func bit(_ n: UInt64) -> Bool { (self >> n) & 1 != 0 }
}
