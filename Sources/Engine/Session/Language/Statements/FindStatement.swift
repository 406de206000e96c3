import Basics
import Machine

/// Goes to the next step, or the last before, at which something was so.
package struct FindStatement: Statement {
  package let query: TimeQuery
  package let isNext: Bool

  static let verbs = [
    verb("next", true, "goes to the next step that is one that is sought"),
    verb("previous", false, "goes to the last step before this one that is one that is sought"),
  ]

  private static let form =
    "failed|exit|granule|realm|rec|entry|measurement|address|byte|LOOK [PA]|that PREDICATE"

  private static func verb(_ name: String, _ isNext: Bool, _ help: String) -> Verb {
    Verb(
      name, form, nil, help: help,
      details: """
        a call that was refused or an access that faulted; an exit of a REC, for a REASON such as `PSCI`; a change of a granule, a Realm, a \
        REC, an RTT entry, a measurement; a step that had to do with an address; a step after which a byte of memory is another, told with \
        who wrote it, down to the instruction of a guest; or a step after which LOOK (`gpt`, `state`, `refcount`, \
        `rim`, `peek64`) finds something else, or after which a [predicate](Sessions.md#predicates) has become true. It needs a session \
        with its history
        """,
      examples: [
        "\(name) failed", "\(name) exit PSCI", "\(name) granule 0x80001000", "\(name) byte 0x80001000",
        "\(name) state 0x80001000", "\(name) that realm(1).state == ACTIVE",
      ]
    ) { arguments throws(ScriptError) in FindStatement(query: try query(arguments), isNext: isNext) }
  }

  private static func query(_ arguments: Arguments) throws(ScriptError) -> TimeQuery {
    if arguments.words.first?.text.lowercased() == "that" { return .that(try arguments.predicate(from: 1)) }
    try arguments.check(1...2)
    let word = arguments[0].text.lowercased()
    func address() throws(ScriptError) -> UInt64? { arguments.count > 1 ? try arguments.number(1) : nil }
    switch word {
    case "failed" where arguments.count == 1: return .failed
    case "exit":
      guard arguments.count > 1 else { return .exit(nil) }
      guard let reason = ExitReason.allCases.first(where: { $0.name == arguments[1].text.uppercased() }) else {
        let names = ExitReason.allCases.map(\.name).joined(separator: " ")
        throw arguments.error(arguments[1], "no reason of an exit \"\(shown(arguments[1].text))\"; expected one of \(names)")
      }
      return .exit(reason)
    case "granule": return .granule(try address()?.granuleBase)
    case "realm": return .realm(try address())
    case "rec": return .rec(try address())
    case "entry": return .entry(try address())
    case "measurement": return .measurement(try address())
    case "address" where arguments.count == 2: return .address(try arguments.number(1))
    case "byte" where arguments.count == 2: return .byte(try arguments.number(1))
    default: break
    }
    let look = QueryStatement.verbs.first { $0.name == word }
    guard let look, arguments.count == 2 else { throw arguments.expected(at: arguments[0]) }
    let inner = Arguments(
      line: arguments.line, names: arguments.names, row: look, verb: arguments[0], words: Array(arguments.words.dropFirst()))
    guard let query = try look.read(inner) as? QueryStatement else { throw arguments.expected(at: arguments[0]) }
    return .look(query)
  }

  package var text: String { "\(isNext ? "next" : "previous") \(query.text)" }
  package var isExpectable: Bool { false }

  package func perform(in runner: ScriptRunner, at line: ScriptLine) throws(ScriptError) -> StatementResult? {
    let session = runner.session
    if let why = session.overuse { throw line.error(why) }
    guard runner.travels else { throw line.error("going through time needs a session with its history: this one keeps none") }
    guard let (step, text) = session.found(query, isNext: isNext) else {
      throw line.error("no step \(isNext ? "after" : "before") step \(session.position) with \"\(query.text)\"")
    }
    guard session.seek(step, isInterruptible: true) else {
      throw runner.interruption(line, "stopped by a key on the way: this is step \(session.position)")
    }
    var result = StatementResult()
    result.text = "step \(step): \(text)"
    return result
  }
}
