import Basics
import Machine

/// One line of what a hypervisor knows: a subject, words, and fields with a number, several, or bytes. What is zero, empty or not
/// there is left out. Read from a file it is a stranger's.
package struct HostNoteLine {
  /// What is wrong with a line.
  package struct Malformed: Error {
    package let message: String
    /// Which line of the note, from 0.
    package var index = 0
  }

  package static let prefix = "#host "
  /// Most words of a line that is written.
  static let longest = 64

  let subject: String
  private(set) var words: [String] = []
  private var fields: [String: String] = [:]

  // MARK: Writing

  init(_ subject: String) { self.subject = subject }

  mutating func add(_ word: String, if isSo: Bool = true) { if isSo { words.append(word) } }
  mutating func add(_ key: String, _ value: UInt64) { if value != 0 { words.append("\(key)=\(hex(value))") } }
  mutating func add(_ key: String, _ value: UInt64?) { if let value { words.append("\(key)=\(hex(value))") } }
  mutating func add(_ key: String, _ values: [UInt64]) {
    if values.contains(where: { $0 != 0 }) { words.append("\(key)=\(values.map(hex).joined(separator: ","))") }
  }
  mutating func add(_ key: String, bytes: [UInt8]) {
    if bytes.contains(where: { $0 != 0 }) { words.append("\(key)=\(hexBytes(bytes))") }
  }
  /// Bytes that may be zeroes and count as they are.
  mutating func add(_ key: String, all bytes: [UInt8]) { words.append("\(key)=\(hexBytes(bytes))") }
  mutating func add(_ key: String, text: String) {
    if !text.isEmpty { words.append("\(key)=\(Self.escaped(text))") }
  }

  var text: String { Self.prefix + ([subject] + words).joined(separator: " ") }

  /// Words for as many lines as they need.
  static func lines(_ subject: String, _ words: [String]) -> [String] {
    stride(from: 0, to: words.count, by: longest).map { first in
      prefix + ([subject] + words[first..<min(first + longest, words.count)]).joined(separator: " ")
    }
  }

  // MARK: Reading

  init(reading line: String) throws(Malformed) {
    let parts = line.dropFirst(Self.prefix.count).split(separator: " ").map(String.init)
    guard line.hasPrefix(Self.prefix), let first = parts.first else { throw Malformed(message: "expected #host SUBJECT …") }
    subject = first
    for part in parts.dropFirst() {
      guard let sign = part.firstIndex(of: "=") else {
        words.append(part)
        continue
      }
      let key = String(part[..<sign])
      guard fields.updateValue(String(part[part.index(after: sign)...]), forKey: key) == nil else {
        throw Malformed(message: "\"\(shown(key))=\" stands twice in it")
      }
    }
  }

  /// Whether a word stands in it.
  mutating func takes(_ word: String) -> Bool {
    guard let index = words.firstIndex(of: word) else { return false }
    words.remove(at: index)
    return true
  }

  mutating func optional(_ key: String, _ range: ClosedRange<UInt64> = 0...UInt64.max) throws(Malformed) -> UInt64? {
    guard let text = fields.removeValue(forKey: key) else { return nil }
    return try Self.number(text, key, range)
  }

  /// 0 if it is left out, which must be in the range, too.
  mutating func number(_ key: String, _ range: ClosedRange<UInt64> = 0...UInt64.max) throws(Malformed) -> UInt64 {
    try Self.checked(try optional(key) ?? 0, range, key)
  }

  mutating func granule(_ key: String, in dram: Range<UInt64>) throws(Malformed) -> UInt64 {
    let address = try number(key)
    guard Self.isGranule(address, in: dram) else { throw Malformed(message: "\(key)=\(hex(address)) is no granule of DRAM") }
    return address
  }

  /// So many numbers, or zeroes.
  mutating func list(_ key: String, count: Int, _ range: ClosedRange<UInt64> = 0...UInt64.max) throws(Malformed) -> [UInt64] {
    guard fields[key] != nil else { return [UInt64](repeating: 0, count: count) }
    let values = try list(key, most: count, range)
    guard values.count == count else { throw Malformed(message: "\(key)= has \(values.count) numbers; expected \(count)") }
    return values
  }

  /// Up to so many numbers.
  mutating func list(_ key: String, most: Int, _ range: ClosedRange<UInt64> = 0...UInt64.max) throws(Malformed) -> [UInt64] {
    guard let text = fields.removeValue(forKey: key) else { return [] }
    let parts = text.split(separator: ",", maxSplits: most, omittingEmptySubsequences: false)
    guard parts.count <= most else { throw Malformed(message: "\(key)= has more than \(most) numbers") }
    var values: [UInt64] = []
    for part in parts { values.append(try Self.number(part, key, range)) }
    return values
  }

  /// So many bytes, or zeroes.
  mutating func bytes(_ key: String, count: Int) throws(Malformed) -> [UInt8] {
    guard let text = fields.removeValue(forKey: key) else { return [UInt8](repeating: 0, count: count) }
    guard text.utf8.count == 2 * count, let bytes = [UInt8](hex: text) else {
      throw Malformed(message: "\(key)= is not \(count) bytes in hexadecimal")
    }
    return bytes
  }

  /// Up to so many bytes.
  mutating func anyBytes(_ key: String, most: Int) throws(Malformed) -> [UInt8] {
    guard let text = fields.removeValue(forKey: key) else { return [] }
    guard text.utf8.count <= 2 * most, let bytes = [UInt8](hex: text) else {
      throw Malformed(message: "\(key)= is not up to \(most) bytes in hexadecimal")
    }
    return bytes
  }

  mutating func text(_ key: String, most: Int) throws(Malformed) -> String {
    guard let text = fields.removeValue(forKey: key) else { return "" }
    guard text.utf8.count <= 3 * most, let plain = String(percentWord: text) else {
      throw Malformed(message: "\(key)= is no text of up to \(most) bytes")
    }
    return plain
  }

  /// To be called when all is taken that there can be.
  func finish() throws(Malformed) {
    guard let rest = words.first ?? fields.keys.sorted().first else { return }
    throw Malformed(message: "\"\(shown(rest))\" is nothing that #host \(subject) has")
  }

  static func number(
    _ text: some StringProtocol, _ key: String, _ range: ClosedRange<UInt64> = 0...UInt64.max
  ) throws(Malformed) -> UInt64 {
    guard text.hasPrefix("0x"), text.utf8.count <= 18, let value = UInt64(text.dropFirst(2), radix: 16) else {
      throw Malformed(message: "\(key): expected a number such as 0x1f, found \"\(shown(String(text)))\"")
    }
    return try checked(value, range, key)
  }

  private static func checked(_ value: UInt64, _ range: ClosedRange<UInt64>, _ key: String) throws(Malformed) -> UInt64 {
    guard range.contains(value) else {
      throw Malformed(message: "\(key)=\(hex(value)); expected \(hex(range.lowerBound)) to \(hex(range.upperBound))")
    }
    return value
  }

  static func isGranule(_ address: UInt64, in dram: Range<UInt64>) -> Bool {
    address.isGranuleAligned && dram.contains(address)
  }

  // MARK: Names of files

  /// Letters, digits and `._-/` stay as they are.
  private static func escaped(_ text: String) -> String {
    text.percentWord { byte in
      switch Unicode.Scalar(byte) {
      case "a"..."z", "A"..."Z", "0"..."9", ".", "_", "-", "/": true
      default: false
      }
    }
  }
}
