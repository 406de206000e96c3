import Machine

/// Where two constructions of a measurement part.
package struct ConstructionDifference: Sendable, Equatable {
  /// Index of the first step that differs, from 0.
  package let index: Int
  /// What is different, in words.
  package let words: String

  /// The first step that differs; nil if all are the same.
  package init?(_ a: [MeasurementStep], _ b: [MeasurementStep]) {
    for index in 0..<max(a.count, b.count) {
      let left = index < a.count ? a[index] : nil
      let right = index < b.count ? b[index] : nil
      guard let left else {
        self.init(index: index, words: "only the second has \(right?.text ?? "")")
        return
      }
      guard let right else {
        self.init(index: index, words: "only the first has \(left.text)")
        return
      }
      if left.input == right.input, left.value == right.value { continue }
      self.init(index: index, words: Self.compare(left, right, a, b, index))
      return
    }
    return nil
  }

  private init(index: Int, words: String) {
    self.index = index
    self.words = words
  }

  private static func compare(
    _ left: MeasurementStep, _ right: MeasurementStep, _ a: [MeasurementStep], _ b: [MeasurementStep], _ index: Int
  ) -> String {
    if left.input == right.input { return "the same step on different rules: the REM is padded in one and not in the other" }
    if a.dropFirst(index + 1).first?.input == right.input, b.dropFirst(index + 1).first?.input == left.input {
      return "the same two steps in the other order: \(left.text), \(right.text)"
    }
    guard left.input.command == right.input.command else {
      return "\(left.text) in the first, \(right.text) in the second"
    }
    let fields = Dictionary(right.input.fields.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    let mine = Dictionary(left.input.fields.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    let names = left.input.fields.map(\.name) + right.input.fields.map(\.name).filter { mine[$0] == nil }
    let differing = names.filter { mine[$0] != fields[$0] }.map { name in
      "\(name) \(shorten(mine[name] ?? "0")) in the first, \(shorten(fields[name] ?? "0")) in the second"
    }
    return "\(left.input.command): \(differing.joined(separator: "; "))"
  }

  private static func shorten(_ text: String) -> String { text.count > 24 ? "\(text.prefix(24))…" : text }
}
