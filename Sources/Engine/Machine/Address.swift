/// A granule is 4 KiB everywhere in this model (DEN0137 1.0-rel0: the only size RMM 1.0 knows).
public enum Granule {
  /// Bytes in a granule.
  public static let size: UInt64 = 4096
  /// log2 of ``size``.
  public static let shift: UInt64 = 12
}

extension UInt64 {
  /// AddrIsGranuleAligned of the RMM specification.
  @inline(__always) public var isGranuleAligned: Bool { self & (Granule.size - 1) == 0 }

  /// The address of the granule that holds this byte.
  @inline(__always) public var granuleBase: UInt64 { self & ~(Granule.size - 1) }

  /// Whether this is a multiple of `size`, a power of two.
  @inline(__always) package func isAligned(to size: UInt64) -> Bool { self & (size &- 1) == 0 }

  /// Bits `high` down to `low`, both inclusive, moved to bit 0.
  @inline(__always) package func bits(_ high: UInt64, _ low: UInt64) -> UInt64 {
    let width = high &- low &+ 1
    return (self >> low) & (width == 64 ? ~0 : (1 << width) &- 1)
  }

  @inline(__always) package func bit(_ n: UInt64) -> Bool { (self >> n) & 1 != 0 }
}

/// Lower-case hexadecimal with `0x` and no leading zeros: how numbers are written everywhere.
public func hex(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }

/// Two lower-case hexadecimal digits a byte, no prefix.
public func hexBytes(_ bytes: some Sequence<UInt8>) -> String {
  var text = ""
  for byte in bytes {
    if byte < 16 { text.append("0") }
    text.append(String(byte, radix: 16))
  }
  return text
}

extension String {
  /// Filled with spaces to a width.
  public func padding(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}

extension [UInt8] {
  /// Bytes written in hexadecimal, two digits each, without a prefix. Nil for anything else.
  public init?(hex: some StringProtocol) {
    let digits = hex.utf8
    self = []
    reserveCapacity(digits.count / 2)
    var high: UInt8?
    for digit in digits {
      let value: UInt8
      switch digit {
      case 0x30...0x39: value = digit - 0x30
      case 0x41...0x46: value = digit - 0x41 + 10
      case 0x61...0x66: value = digit - 0x61 + 10
      default: return nil
      }
      if let first = high {
        append(first << 4 | value)
        high = nil
      } else {
        high = value
      }
    }
    if high != nil { return nil }
  }
}
