import Basics

/// An object of JSON that is put together. What is nil is left out.
struct JSONObject {
  private var members: [JSONValue.Member] = []

  init() {}
  init(_ members: (String, String)...) { for (name, value) in members { add(name, value) } }

  private mutating func put(_ name: String, _ value: JSONValue?) {
    if let value { members.append(JSONValue.Member(key: name, value: value)) }
  }

  mutating func add(_ name: String, _ value: String?) { put(name, value.map { .string($0) }) }
  mutating func add(_ name: String, _ value: Int?) { put(name, value.map { .integer(Int64($0)) }) }
  mutating func add(_ name: String, _ value: UInt64?) {
    put(name, value.map { number in Int64(exactly: number).map { .integer($0) } ?? .unsigned(number) })
  }
  mutating func add(_ name: String, _ value: Bool?) { put(name, value.map { .bool($0) }) }
  mutating func add(_ name: String, _ value: JSONObject?) { put(name, value.map { .object($0.members) }) }

  var text: String { JSONValue.object(members).compact }
}

extension JSONValue {
  var elements: [JSONValue] { if case .array(let elements) = self { elements } else { [] } }
  var isTrue: Bool { self == .bool(true) }

  /// Without blanks, as libvirt writes it.
  package var compact: String { text(.libvirt) }

  /// In lines, two blanks a level.
  package func pretty(_ depth: Int = 0) -> String {
    let (inner, outer) = (String(repeating: "  ", count: depth + 1), String(repeating: "  ", count: depth))
    switch self {
    case .array(let elements) where !elements.isEmpty:
      return "[\n" + elements.map { inner + $0.pretty(depth + 1) }.joined(separator: ",\n") + "\n\(outer)]"
    case .object(let members) where !members.isEmpty:
      let lines = members.map { "\(inner)\(Self.quoted($0.key, .libvirt)): \($0.value.pretty(depth + 1))" }
      return "{\n" + lines.joined(separator: ",\n") + "\n\(outer)}"
    default: return compact
    }
  }
}
