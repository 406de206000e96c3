import Basics

/// An argument of QEMU's that is a list: `kind,key=value,key=value`, where a comma within a value is two; or the same as a JSON object.
package struct OptionText: Equatable, Sendable {
  package struct Pair: Equatable, Sendable {
    package let key: String
    package let value: JSONValue
  }

  package private(set) var pairs: [Pair] = []

  package struct Malformed: Error, Equatable {
    package let message: String
  }

  /// How a word without a value is meant.
  package enum Bare: Sendable {
    /// Only the first may have none, which is the value of this key: what newer options do (keyval).
    case first(String)
    /// So may others, and are switched on: what older ones do (QemuOpts).
    case anywhere(String?)
  }

  /// - Parameter bare: which word may have no value.
  package init(_ text: String, _ bare: Bare) throws(Malformed) {
    if text.utf8.first == UInt8(ascii: "{") {
      self = try Self(json: text)
      return
    }
    for (index, item) in Self.items(text).enumerated() {
      let sides = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard sides.count == 2 else {
        pairs.append(try Self.pair(item, isFirst: index == 0, bare))
        continue
      }
      pairs.append(Pair(key: sides[0], value: .string(sides[1])))
    }
  }

  private static func pair(_ item: String, isFirst: Bool, _ bare: Bare) throws(Malformed) -> Pair {
    switch (bare, isFirst) {
    case (.first(let key), true), (.anywhere(.some(let key)), true): return Pair(key: key, value: .string(item))
    case (.first, false): throw Malformed(message: "Expected '=' after parameter '\(shown(item))'")
    case (.anywhere, _): return Pair(key: item, value: .string("on"))
    }
  }

  private init(json text: String) throws(Malformed) {
    do throws(JSONParser.Malformed) {
      guard case .object(let members) = try JSONParser.value(of: text) else { return }
      pairs = members.map { Pair(key: $0.key, value: $0.value) }
    } catch {
      throw Malformed(message: error.message)
    }
  }

  /// What stands between single commas, with double ones made one.
  private static func items(_ text: String) -> [String] {
    guard !text.isEmpty else { return [] }
    var items = [""]
    var rest = text[...]
    while let character = rest.popFirst() {
      if character != "," {
        items[items.count - 1].append(character)
      } else if rest.first == "," {
        rest.removeFirst()
        items[items.count - 1].append(",")
      } else {
        items.append("")
      }
    }
    if items.last?.isEmpty == true { items.removeLast() }
    return items
  }

  /// The last value of a key, as text.
  package subscript(_ key: String) -> String? { pairs.last { $0.key == key }.map(\.value.optionText) }
}

extension JSONValue {
  /// As the other form has it: on and off for a switch.
  package var optionText: String {
    switch self {
    case .bool(let value): value ? "on" : "off"
    case .string(let text): text
    default: description
    }
  }
}
