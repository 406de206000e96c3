import Basics
import Host
import Machine

/// A command for a guest that executes code.
package struct GuestStatement: Statement {
  let command: GuestCommand

  static let verbs = [
    verb(
      "boot", bootForm, nil, help: "a Realm (or another VM), and its run",
      details: "a fresh machine with `vcpu=code`; the run is of up to \(usualInstructions) instructions",
      ["", "tour 1", "--normal kernel"]
    ) { arguments throws(ScriptError) in try boot(arguments, stands: false) },
    verb(
      "debug", bootForm, nil, help: "as boot, but it stands before its first instruction", ["", "--normal tour 3"]
    ) { arguments throws(ScriptError) in try boot(arguments, stands: true) },
    verb(
      "continue", "[INSTRUCTIONS]", 0...1, help: "the guest goes on, for about so many instructions",
      details: "until something stops it, or, between two entries, so many have passed; without a number \(usualInstructions)",
      ["", "1000"]
    ) { arguments throws(ScriptError) in
      .run(.continue(arguments.count == 0 ? nil : try arguments.positive(arguments[0], mostInstructions)))
    },
    repeated("step", help: "one instruction of the guest, or N") { .step($0) },
    repeated("over", help: "an instruction; a call with all it does") { .over($0) },
    repeated("back", help: "takes an instruction back, or N") { .back($0) },
    verb("out", "", 0...0, help: "the guest runs until it leaves the Realm", [""]) { _ in .run(.out) },
    verb("reverse", "", 0...0, help: "back to the place before that would have stopped the guest", [""]) { _ in .run(.reverse) },
    verb(
      "break", "ADDRESS|NAME|smc|exit [REASON]|granule PA", nil, help: "where the guest is to stop",
      details: "code, by its address or a name of the ELF; an SMC; an exit; a granule that changes its state",
      ["0x80000000", "main", "smc", "exit", "exit SYNC", "granule 0x80001000"]
    ) { arguments throws(ScriptError) in .stop(try place(arguments)) },
    WatchStatement.verb,
    verb(
      "delete", "[ADDRESS|NAME|smc|exit [REASON]|granule PA]", nil, help: "no longer stops there; without a place, nowhere",
      ["", "main", "exit IRQ"]
    ) { arguments throws(ScriptError) in .delete(arguments.count == 0 ? nil : try place(arguments)) },
    verb(
      "symbols", "[IMAGE]", 0...1, help: "names of the guest's places, from its image",
      details: "without an image from what it was booted from", ["", "tour"]
    ) { arguments in .symbols(image: arguments.words.first?.text) },
  ]

  /// Bytes that are watched.
  static func watch(_ arguments: Arguments) throws(ScriptError) -> GuestCommand {
    try arguments.check(1...2, "watch ADDRESS [BYTES]")
    return .watch(
      address(arguments, arguments[0]), count: arguments.count == 2 ? UInt64(try arguments.positive(arguments[1], 4096)) : 8)
  }

  /// Most instructions, calls or steps back of a statement.
  private static let mostSteps: UInt64 = 1_000_000
  /// Most instructions of `continue`.
  private static let mostInstructions: UInt64 = 1 << 40
  private static let usualInstructions = "\(GuestControl.usualInstructions / 1_000_000) million"
  private static let bootForm = "[--normal] [IMAGE [VCPUS]]"

  private static func verb(
    _ name: String, _ form: String, _ count: ClosedRange<Int>?, help: String, details: String = "", _ examples: [String],
    _ read: @escaping @Sendable (Arguments) throws(ScriptError) -> GuestCommand
  ) -> Verb {
    Verb(
      name, form, count, help: help, details: details, examples: examples.map { $0.isEmpty ? name : "\(name) \($0)" },
      places: .guests
    ) { arguments throws(ScriptError) in GuestStatement(command: try read(arguments)) }
  }

  private static func repeated(
    _ name: String, help: String, _ command: @escaping @Sendable (Int) -> GuestCommand.RunControl
  ) -> Verb {
    verb(name, "[N]", 0...1, help: help, ["", "20"]) { arguments throws(ScriptError) in
      .run(command(arguments.count == 0 ? 1 : try arguments.positive(arguments[0], mostSteps)))
    }
  }

  private static func boot(_ arguments: Arguments, stands: Bool) throws(ScriptError) -> GuestCommand {
    let usage = arguments.row.usage
    let words = arguments.words.filter { $0.text != "--normal" }
    if let option = words.first(where: { $0.text.hasPrefix("-") }) {
      throw arguments.error(option, "\(arguments.verb.text) has no option \(shown(option.text)); expected: \(usage)")
    }
    try arguments.check(0...2, "\(usage), such as \(arguments.row.name) tour", words)
    return .boot(
      image: words.first?.text ?? "tour",
      vcpus: words.count == 2 ? try arguments.positive(words[1], UInt64(RealmVM.mostVCPUs)) : 2,
      isRealm: words.count == arguments.count, stands: stands)
  }

  private static func address(_ arguments: Arguments, _ word: Word) -> GuestCommand.Address {
    GuestCommand.Address(text: word.text, value: try? arguments.number(word))
  }

  private static func place(_ arguments: Arguments) throws(ScriptError) -> GuestCommand.Place {
    let words = arguments.words
    let form = "\(arguments.verb.text) ADDRESS, a name of the ELF, smc, exit [REASON] or granule PA"
    guard let first = words.first else { throw arguments.error(arguments.verb, "expected: \(form)") }
    switch first.text.lowercased() {
    case "smc" where words.count == 1: return .event(.smc)
    case "exit" where words.count == 1: return .event(.exit(nil))
    case "exit" where words.count == 2:
      guard let reason = ExitReason.allCases.first(where: { $0.name == words[1].text.uppercased() }) else {
        throw arguments.error(
          words[1],
          "no exit \"\(shown(words[1].text))\"; there are \(ExitReason.allCases.map(\.name).joined(separator: ", "))")
      }
      return .event(.exit(reason))
    case "granule" where words.count == 1: throw arguments.error(first, "expected: \(form)")
    case "granule" where words.count == 2:
      let address = try arguments.number(words[1])
      guard address % Granule.size == 0 else {
        throw arguments.error(words[1], "\(hex(address)) is no granule; expected a multiple of 4K")
      }
      return .event(.granule(address))
    default:
      guard words.count == 1 else { throw arguments.error(words[1], "expected: \(form)") }
      return .code(address(arguments, first))
    }
  }

  package var text: String { command.text }

  package func perform(in runner: ScriptRunner, at line: ScriptLine) throws(ScriptError) -> StatementResult? {
    try runner.perform(command, at: line)
  }

  package func events(in runner: ScriptRunner) -> [Event] {
    runner.guestControl.firstNewStep != nil ? runner.session.read { $0.events } : []
  }
}
