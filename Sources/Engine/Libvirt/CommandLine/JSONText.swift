/// JSON as libvirt writes it: members in the order they are added, no blanks.
enum JSON {
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

/// An object of JSON that is put together. What is nil is left out.
struct JSONObject {
  private var members: [JSONValue.Member] = []

  init() {}
  init(_ members: (String, String)...) { for (name, value) in members { add(name, value) } }

  private mutating func put(_ name: String, _ value: JSONValue?) {
    if let value { members.append(.init(name: name, value: value)) }
  }

  mutating func add(_ name: String, _ value: String?) { put(name, value.map { .string($0) }) }
  mutating func add(_ name: String, _ value: Int?) { put(name, value.map { .number("\($0)") }) }
  mutating func add(_ name: String, _ value: UInt64?) { put(name, value.map { .number("\($0)") }) }
  mutating func add(_ name: String, _ value: Bool?) { put(name, value.map { .bool($0) }) }
  mutating func add(_ name: String, _ value: JSONObject?) { put(name, value.map { .object($0.members) }) }

  var text: String { JSONValue.object(members).compact }
}
