import Basics
import Machine

/// A look at the Secure world: who is there, whose memory is whose, and what it has printed.
struct SecureLookStatement: Statement {
  enum Question: Equatable {
    case partitions, memory, console
    /// Whether a partition has printed a line with these words.
    case says(String)
  }

  let question: Question

  static let verbs = [
    Verb(
      "ffa partitions", "", 0...0, help: "partitions, their state and their buffers", examples: ["ffa partitions"],
      places: .scripts
    ) { _ in SecureLookStatement(question: .partitions) },
    Verb(
      "ffa memory", "", 0...0, help: "memory that was shared, lent or donated, and what the GPT says of it",
      examples: ["ffa memory"],
      places: .scripts
    ) { _ in SecureLookStatement(question: .memory) },
    Verb("tee console", "", 0...0, help: "what partitions have printed", examples: ["tee console"], places: .scripts) { _ in
      SecureLookStatement(question: .console)
    },
    Verb(
      "tee says", "WORDS", help: "whether a partition has printed a line with these words", details: "`yes` or `no`",
      examples: ["tee says Hello World!"], places: .scripts
    ) { arguments throws(ScriptError) in
      guard arguments.count > 0 else { throw arguments.expected() }
      return SecureLookStatement(question: .says(arguments.text))
    },
  ]

  var text: String {
    switch question {
    case .partitions: "ffa partitions"
    case .memory: "ffa memory"
    case .console: "tee console"
    case .says(let words): "tee says \(words)"
    }
  }

  func perform(in runner: ScriptRunner, at line: ScriptLine) -> StatementResult? {
    let session = runner.session
    return switch question {
    case .partitions: .looking(at: session.read { $0.partitionLines })
    case .memory: .looking(at: session.read { $0.sharedMemoryLines })
    case .console: .looking(at: session.partitionConsole)
    case .says(let words): .finding(words, in: session.partitionConsole)
    }
  }
}
