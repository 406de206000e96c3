/// A number of bytes as a script has it, exact: `64M`, `4G`, `4096`.
package func sizeText(_ bytes: UInt64) -> String {
  for (shift, suffix) in [(30, "G"), (20, "M"), (10, "K")] as [(UInt64, String)]
  where bytes >= 1 << shift && bytes & ((1 << shift) - 1) == 0 { return "\(bytes >> shift)\(suffix)" }
  return "\(bytes)"
}

/// A number of bytes with its unit, to a tenth and not rounded up: `992 KiB`, `45.8 MiB`, `12 GiB`.
package func binarySize(_ bytes: UInt64) -> String {
  for (shift, unit) in [(40, "TiB"), (30, "GiB"), (20, "MiB")] as [(UInt64, String)] where bytes >> shift > 0 {
    let tenths = ((bytes >> (shift - 10)) * 10) >> 10
    return tenths % 10 == 0 ? "\(tenths / 10) \(unit)" : "\(tenths / 10).\(tenths % 10) \(unit)"
  }
  return "\(bytes >> 10) KiB"
}

/// A number with commas between thousands: `1,200,000`.
package func grouped(_ number: Int) -> String {
  let digits = Array(String(number))
  return digits.indices.reduce(into: "") { text, n in
    if n > 0, (digits.count - n) % 3 == 0 { text.append(",") }
    text.append(digits[n])
  }
}
