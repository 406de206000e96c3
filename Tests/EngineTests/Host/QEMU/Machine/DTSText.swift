/// A flattened device tree as the device tree compiler prints it (dtc -O dts).
struct DTSText {
  private let bytes: [UInt8]
  private let strings: Int
  private var at: Int
  private var lines = ["/dts-v1/;", ""]

  static func of(_ blob: [UInt8]) -> String {
    var text = DTSText(bytes: blob, strings: word(blob, 12), at: word(blob, 8))
    text.node(0)
    return text.lines.joined(separator: "\n") + "\n"
  }

  private static func word(_ bytes: [UInt8], _ at: Int) -> Int { bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) } }

  private init(bytes: [UInt8], strings: Int, at: Int) {
    (self.bytes, self.strings, self.at) = (bytes, strings, at)
  }

  private mutating func next() -> Int {
    defer { at += 4 }
    return Self.word(bytes, at)
  }

  private func name(_ place: Int) -> String { String(decoding: bytes[place...].prefix { $0 != 0 }, as: UTF8.self) }

  private mutating func node(_ depth: Int) {
    guard next() == 1 else { return }
    let own = name(at)
    at += (own.utf8.count + 4) & ~3
    let tabs = String(repeating: "\t", count: depth)
    lines.append("\(tabs)\(own.isEmpty ? "/" : own) {")
    while true {
      switch Self.word(bytes, at) {
      case 3:
        at += 4
        let (length, place) = (next(), next())
        lines.append("\(tabs)\t\(name(strings + place))\(Self.value(Array(bytes[at..<at + length])));")
        at += (length + 3) & ~3
      case 1:
        lines.append("")
        node(depth + 1)
      default:
        at += 4
        lines.append("\(tabs)};")
        return
      }
    }
  }

  /// Text, if it can be; else cells; else bytes.
  private static func value(_ bytes: [UInt8]) -> String {
    guard let last = bytes.last else { return "" }
    let zeroes = bytes.count { $0 == 0 }
    if last == 0, zeroes <= bytes.count - zeroes,
      bytes.allSatisfy({ $0 == 0 || (0x20..<0x7F).contains($0) || (7...13).contains($0) })
    {
      return " = \"" + bytes.dropLast().map { $0 == 0 ? "\\0" : String(Unicode.Scalar($0)) }.joined() + "\""
    }
    func digits(_ number: Int) -> String { (number < 16 ? "0" : "") + String(number, radix: 16) }
    guard bytes.count.isMultiple(of: 4) else { return " = [" + bytes.map { digits(Int($0)) }.joined(separator: " ") + "]" }
    let cells = stride(from: 0, to: bytes.count, by: 4).map { "0x" + digits(word(bytes, $0)) }
    return " = <" + cells.joined(separator: " ") + ">"
  }
}
