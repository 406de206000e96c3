/// Sizes with a unit, as libvirt scales them (virScaleInteger).
enum MemorySize {
  /// Bytes of a unit; nil if there is none of that name. A name is its letter and nothing, `iB`, or `B` for powers of 1000.
  static func bytes(of unit: String) -> UInt64? {
    let letters = "kmgtpe"
    let lower = unit.lowercased()
    if lower == "b" || lower == "byte" || lower == "bytes" { return 1 }
    guard let first = lower.first, let place = letters.firstIndex(of: first) else { return nil }
    let power = letters.distance(from: letters.startIndex, to: place) + 1
    let rest = lower.dropFirst()
    guard rest.isEmpty || rest == "ib" || rest == "b" else { return nil }
    return (0..<power).reduce(1) { value, _ in value * (rest == "b" ? 1000 : 1024) }
  }

  /// KiB of an element such as `<memory unit='MiB'>`, rounded up (virDomainParseMemory).
  static func kibibytes(_ cursor: XMLCursor) throws(LibvirtError) -> UInt64 {
    let text = cursor.text
    let unit = cursor["unit"].flatMap { $0.isEmpty ? nil : $0 } ?? "KiB"
    // strtoull passes over blanks before a number, not behind it.
    guard let number = UInt64(text.drop { $0.isWhitespace }) else {
      throw LibvirtError(.xml, "Invalid value '\(text)' for element or attribute './\(cursor.name)[1]'", cursor.place)
    }
    guard let scale = bytes(of: unit) else {
      throw LibvirtError(.argument, "unknown suffix '\(unit)'", cursor.attribute("unit")?.valuePlace ?? cursor.place)
    }
    // What it may be at most is a signed number of bytes.
    let (product, isOver) = number.multipliedReportingOverflow(by: scale)
    guard !isOver, product <= UInt64(Int64.max) else {
      throw LibvirtError(.overflow, "value too large: \(number)\(unit)", cursor.place)
    }
    return (product + 1023) / 1024
  }
}

extension StringProtocol {
  /// Without blanks at both ends.
  var trimmingBlanks: String {
    var rest = Substring(self)
    while let first = rest.first, first.isWhitespace { rest.removeFirst() }
    while let last = rest.last, last.isWhitespace { rest.removeLast() }
    return String(rest)
  }
}
