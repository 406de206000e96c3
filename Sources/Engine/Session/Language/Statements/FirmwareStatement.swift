import Basics
import Machine

/// A look at the Root world: how it booted, what it has printed, what lies where, and whose an SMC is.
struct FirmwareStatement: Statement {
  enum Question: Equatable {
    case boot, console, map, routes
    /// Whether EL3 has printed a line with these words.
    case says(String)
  }

  let question: Question

  static let verbs = [
    Verb(
      "el3 boot", "", 0...0, help: "what each boot stage loads, measures, maps and hands over", examples: ["el3 boot"],
      places: .scripts
    ) { _ in FirmwareStatement(question: .boot) },
    Verb("el3 console", "", 0...0, help: "what firmware has printed", examples: ["el3 console"], places: .scripts) { _ in
      FirmwareStatement(question: .console)
    },
    Verb(
      "el3 map", "", 0...0, help: "memories, and the regions the GPT was built of", examples: ["el3 map"], places: .scripts
    ) { _ in FirmwareStatement(question: .map) },
    Verb("el3 routes", "", 0...0, help: "who answers which SMC of which world", examples: ["el3 routes"], places: .scripts) { _ in
      FirmwareStatement(question: .routes)
    },
    Verb(
      "el3 says", "WORDS", help: "whether firmware has printed a line with these words", details: "`yes` or `no`",
      examples: ["el3 says RMM init end."], places: .scripts
    ) { arguments throws(ScriptError) in
      guard arguments.count > 0 else { throw arguments.expected() }
      return FirmwareStatement(question: .says(arguments.text))
    },
  ]

  var text: String {
    switch question {
    case .boot: "el3 boot"
    case .console: "el3 console"
    case .map: "el3 map"
    case .routes: "el3 routes"
    case .says(let words): "el3 says \(words)"
    }
  }

  func perform(in runner: ScriptRunner, at line: ScriptLine) -> StatementResult? {
    let session = runner.session
    return switch question {
    case .boot: .looking(at: session.read { $0.bootRecord }.lines)
    case .console: .looking(at: session.rootConsole)
    case .map: .looking(at: session.read { $0.mapLines })
    case .routes: .looking(at: session.read { SMCRoute.lines($0.configuration) })
    case .says(let words): .finding(words, in: session.rootConsole)
    }
  }
}
