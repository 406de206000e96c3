/// What is wrong with a script, and where.
public struct ScriptError: Error, Sendable, Equatable {
  /// From 1; 0 when the whole file is meant.
  public var line: Int
  /// In characters, from 1.
  public var column: Int
  /// What was found and what would be right.
  public var message: String

  public init(line: Int = 0, column: Int = 0, message: String) {
    self.line = line
    self.column = column
    self.message = message
  }

  /// `FILE:LINE:COLUMN: message`.
  public func description(in file: String) -> String {
    line == 0 ? "\(file): \(message)" : "\(file):\(line):\(column): \(message)"
  }
}

/// Text of a stranger's file made safe to show: control characters escaped, cut to a sensible length.
public func shown(_ text: some StringProtocol, limit: Int = 40) -> String {
  var result = ""
  for (count, scalar) in text.unicodeScalars.enumerated() {
    if count == limit { return result + "…" }
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069:
      result += "\\u{" + String(scalar.value, radix: 16) + "}"
    default:
      result.unicodeScalars.append(scalar)
    }
  }
  return result
}
