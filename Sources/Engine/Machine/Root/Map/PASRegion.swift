/// A part of the physical address space, with what the GPT says of it from boot on (TF-A's `pas_region_t`).
package struct PASRegion: Sendable, Equatable {
  /// By what entries it is described.
  package enum Mapping: Sendable {
    /// Blocks of level 0, of a gigabyte each. What lies in one cannot move by granules, but by EL3's making a table of it.
    case block
    /// Entries of level 1, with contiguous descriptors of up to 512 MiB where they fit (TF-A's RME_GPT_MAX_BLOCK).
    case contiguous
    /// Entries of level 1 of 16 granules each.
    case granules
  }

  package var name: String
  package var base: UInt64
  package var size: UInt64
  package var gpi: GPI
  package var mapping: Mapping

  init(_ name: String, _ base: UInt64, size: UInt64, _ gpi: GPI, _ mapping: Mapping) {
    (self.name, self.base, self.size, self.gpi, self.mapping) = (name, base, size, gpi, mapping)
  }

  /// The first byte behind it. One that wraps around is found before anybody asks.
  package var end: UInt64 { base &+ size }

  /// Whether it shares a byte with another.
  func overlaps(_ other: PASRegion) -> Bool { end > other.base && other.end > base }

  /// The entries of level 0 it lies in.
  var gigabytes: ClosedRange<UInt64> {
    base >> GranuleProtectionTable.regionShift...(end &- 1) >> GranuleProtectionTable.regionShift
  }
}

extension PAS {
  /// What the GPT says of a granule that this address space alone may access.
  var gpi: GPI {
    switch self {
    case .secure: .secure
    case .nonSecure: .nonSecure
    case .root: .root
    case .realm: .realm
    }
  }
}
