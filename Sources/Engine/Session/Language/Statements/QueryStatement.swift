import Basics
import Machine

/// A look at the machine.
package struct QueryStatement: Statement {
  let query: MachineQuery

  init(_ query: MachineQuery) { self.query = query }

  static let verbs = [
    look("gpt", "PA", help: "what the GPT says of a granule", details: gptWords) { .gpt($0) },
    look("state", "PA", help: "the RMM's state of a granule", details: stateWords) { .state($0) },
    look("refcount", "PA", help: "live entries of a table, RECs of a Realm, else 0") { .refcount($0) },
    look("rim", "RD", help: "RIM and the four REMs of a Realm, or none") { .rim($0) },
    look("peek64", "PA", help: "8 bytes of memory, past the granule protection check") { .peek64($0) },
  ]

  private static let gptWords = "`NS` `SECURE` `REALM` `ROOT` `ANY` `NO_ACCESS`, or `INVALID` outside DRAM"
  private static let stateWords = "`NS` for UNDELEGATED, `INVALID` for what is no granule of DRAM"

  /// What `state` and `gpt` can say.
  static let answers: Set<String> = [
    "NS", "DELEGATED", "RD", "REC", "REC_AUX", "DATA", "RTT", "INVALID", "REALM", "SECURE", "ROOT", "ANY", "NO_ACCESS",
  ]

  private static func look(
    _ name: String, _ form: String, help: String, details: String = "", _ query: @escaping @Sendable (UInt64) -> MachineQuery
  ) -> Verb {
    Verb(name, form, 1...1, help: help, details: details, examples: ["\(name) 0x80001000"]) { arguments throws(ScriptError) in
      QueryStatement(query(try arguments.number(0)))
    }
  }

  package var text: String {
    switch query {
    case .gpt(let address): "gpt \(hex(address))"
    case .state(let address): "state \(hex(address))"
    case .refcount(let address): "refcount \(hex(address))"
    case .rim(let rd): "rim \(hex(rd))"
    case .peek64(let address): "peek64 \(hex(address))"
    case .register(let name): "sysreg \(name)"
    }
  }

  package static func == (a: Self, b: Self) -> Bool { a.text == b.text }

  package func perform(in runner: ScriptRunner, at line: ScriptLine) -> StatementResult? { runner.session.answer(query) }
}
