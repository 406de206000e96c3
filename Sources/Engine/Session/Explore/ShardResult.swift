import Basics

/// What a shard came to, or several, in lines of JSON: results are put together in any order, and one that comes twice counts once.
package enum ShardResult: Sendable, Equatable {
  case search(SearchResult)
  case necessity(Necessity)
  case fuzz(FuzzResult)

  package struct Malformed: Error, Equatable {
    package let message: String
  }

  /// Most bytes of a file.
  package static let sizeLimit = 1 << 30

  package init(_ text: String) throws(Malformed) {
    var values: [JSONValue] = []
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() where !line.isEmpty {
      do throws(JSONParser.Malformed) { values.append(try JSONParser.value(of: line)) } catch {
        throw Malformed(message: "line \(index + 1): \(error.message)")
      }
    }
    guard let head = values.first else { throw Malformed(message: "it is empty") }
    switch head["kind"]?.text {
    case "search": self = .search(try SearchResult(head: head, values.dropFirst()))
    case "necessity": self = .necessity(try Necessity(head: head, values.dropFirst()))
    case "fuzz": self = .fuzz(try FuzzResult(head: head, values.dropFirst()))
    default: throw Malformed(message: "the first line is of kind search, necessity or fuzz")
    }
  }

  /// Takes in what another says.
  package mutating func add(_ other: ShardResult) throws(Malformed) {
    switch (self, other) {
    case (.search(var one), .search(let other)):
      try one.add(other)
      self = .search(one)
    case (.necessity(var one), .necessity(let other)):
      try one.add(other)
      self = .necessity(one)
    case (.fuzz(var one), .fuzz(let other)):
      try one.add(other)
      self = .fuzz(one)
    default: throw Malformed(message: "results of different kinds")
    }
  }

  /// Shards of which there is no result.
  package var missing: [Int] {
    switch self {
    case .search(let result): result.missing
    case .necessity(let result): result.missing
    case .fuzz(let result): result.missing
    }
  }

  package var lines: [String] {
    switch self {
    case .search(let result): result.lines
    case .necessity(let result): result.lines
    case .fuzz(let result): result.lines
    }
  }

  package var jsonLines: [String] {
    switch self {
    case .search(let result): result.jsonLines
    case .necessity(let result): result.jsonLines
    case .fuzz(let result): result.jsonLines
    }
  }

  /// Whether a rule did not hold that has to.
  package var isBroken: Bool {
    switch self {
    case .search(let result): result.broken != nil
    case .necessity: false
    case .fuzz(let result): result.runs.contains { !$0.problem.isEmpty }
    }
  }
}

extension JSONValue {
  /// A number of things.
  var count: Int? { if case .integer(let value) = self, value >= 0 { Int(value) } else { nil } }

  var unsigned: UInt64? {
    switch self {
    case .integer(let value) where value >= 0: UInt64(value)
    case .unsigned(let value): value
    default: nil
    }
  }
}
