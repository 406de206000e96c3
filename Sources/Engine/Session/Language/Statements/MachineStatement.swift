import Basics
import Machine

/// A fresh machine of the same kind.
struct CaseStatement: Statement {
  let name: String

  static let verbs = [
    Verb("case", "NAME", help: "a fresh machine of the same kind", examples: ["case a Realm is built"]) {
      arguments throws(ScriptError) in
      guard arguments.count > 0 else { throw arguments.error(arguments.verb, "case needs a name") }
      return CaseStatement(name: arguments.text)
    }
  ]

  var text: String { "case \(name)" }
  var isExpectable: Bool { false }

  func perform(in runner: ScriptRunner, at line: ScriptLine) throws(ScriptError) -> StatementResult? {
    try runner.reset(runner.session.configuration, name: name, at: line)
    return StatementResult()
  }
}

/// A fresh machine with these properties.
struct MachineStatement: Statement {
  let properties: [MachineProperty]

  static let verbs = [
    Verb(
      "machine", "[PRESET] [PROPERTY=VALUE ..]", help: "a fresh machine, such as machine dram=64M pe=2 rmm=spec-1.0",
      details: "see [Machines](Sessions.md#machines)",
      examples: ["machine", "machine tf-rmm pe=1", "machine dram=1G token=legacy"]
    ) { arguments throws(ScriptError) in
      MachineStatement(
        properties: arguments.words.map { word in
          guard let (key, value) = arguments.pair(word) else {
            return MachineProperty(key: "preset", value: word.text, column: word.column)
          }
          return MachineProperty(key: key.lowercased(), value: value.text, column: word.column)
        })
    }
  ]

  var text: String { (["machine"] + properties.map { "\($0.key)=\($0.value)" }).joined(separator: " ") }
  var isExpectable: Bool { false }

  func perform(in runner: ScriptRunner, at line: ScriptLine) throws(ScriptError) -> StatementResult? {
    let session = runner.session
    let configuration = try runner.source.configuration(session.origin, properties, at: line)
    guard !runner.isHeader(line) else {
      try runner.beginRecording(on: configuration, at: line)
      return StatementResult()
    }
    try runner.reset(configuration, name: nil, at: line)
    return StatementResult()
  }
}

/// A property of a `machine` statement, and where it stands.
package struct MachineProperty: Sendable, Equatable {
  package var key: String
  package var value: String
  package var column: Int

  package init(key: String, value: String, column: Int) {
    self.key = key
    self.value = value
    self.column = column
  }

  package static func == (a: Self, b: Self) -> Bool { a.key == b.key && a.value == b.value }
}
