/// Amounts of memory as command lines have them: a number and a letter.
package enum ByteCount {
  /// Bytes; nil for what is none.
  ///
  /// - Parameters:
  ///   - unit: what a number without a letter counts.
  ///   - letters: those that are known, from bytes up; each is 1024 of the one before.
  ///   - takesFractions: whether `1.5G` is one, and `0x10`.
  package static func value(_ text: String, unit: UInt64, letters: String = "bkmgtpe", takesFractions: Bool = true) -> UInt64? {
    guard let last = text.last else { return nil }
    var (number, unit) = (text[...], unit)
    let isHexadecimal = takesFractions && text.hasPrefix("0x")
    // In hexadecimal, b and e are digits.
    if let place = letters.firstIndex(of: Character(last.lowercased())), !(isHexadecimal && last.isHexDigit) {
      number = text.dropLast()
      unit = 1 << UInt64(10 * letters.distance(from: letters.startIndex, to: place))
    }
    if isHexadecimal { return UInt64(number.dropFirst(2), radix: 16).flatMap { times($0, unit) } }
    guard takesFractions, let point = number.firstIndex(of: ".") else { return whole(number).flatMap { times($0, unit) } }
    return fraction(number[..<point], number[number.index(after: point)...], unit)
  }

  private static func whole(_ digits: Substring) -> UInt64? {
    digits.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? UInt64(digits) : nil
  }

  private static func times(_ number: UInt64, _ unit: UInt64) -> UInt64? {
    let (product, overflows) = number.multipliedReportingOverflow(by: unit)
    return overflows ? nil : product
  }

  /// A fraction of bytes is none.
  private static func fraction(_ before: Substring, _ behind: Substring, _ unit: UInt64) -> UInt64? {
    guard unit > 1, behind.count <= 9, let part = whole("0" + behind),
      let first = whole("0" + before).flatMap({ times($0, unit) })
    else { return nil }
    var scale: UInt64 = 1
    for _ in behind { scale *= 10 }
    let (high, low) = part.multipliedFullWidth(by: unit)
    return first.addingReportingOverflow(scale.dividingFullWidth((high, low)).quotient).partialValue
  }
}
