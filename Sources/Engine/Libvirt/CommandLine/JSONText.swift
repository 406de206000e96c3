/// JSON as libvirt writes it: members in the order they are added, no blanks.
enum JSON {
  case string(String), number(Int), numeral(String), bool(Bool), object(JSONObject)

  var text: String {
    switch self {
    case .string(let text): JSON.quoted(text)
    case .number(let number): String(number)
    case .numeral(let numeral): numeral
    case .bool(let value): value ? "true" : "false"
    case .object(let object): object.text
    }
  }

  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\u{8}": result += "\\b"
      case "\u{C}": result += "\\f"
      default:
        if scalar.value < 0x20 || scalar.value == 0x7F {
          result += "\\u" + digits(Int(scalar.value), 4)
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result + "\""
  }
}

/// An object of JSON. What is nil is left out.
struct JSONObject {
  private var members: [(String, JSON)] = []

  init() {}
  init(_ members: (String, String)...) { self.members = members.map { ($0.0, .string($0.1)) } }

  mutating func add(_ name: String, _ value: String?) { if let value { members.append((name, .string(value))) } }
  mutating func add(_ name: String, _ value: Int?) { if let value { members.append((name, .number(value))) } }
  mutating func add(_ name: String, _ value: UInt64?) { if let value { members.append((name, .numeral("\(value)"))) } }
  mutating func add(_ name: String, _ value: Bool?) { if let value { members.append((name, .bool(value))) } }
  mutating func add(_ name: String, _ value: JSONObject?) { if let value { members.append((name, .object(value))) } }

  var text: String { "{" + members.map { "\(JSON.quoted($0.0)):\($0.1.text)" }.joined(separator: ",") + "}" }
}
