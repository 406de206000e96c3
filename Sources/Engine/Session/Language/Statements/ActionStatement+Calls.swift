import Basics
import Machine

/// SMCs: by a function identifier, or a command by its name.
extension ActionStatement {
  static let callVerbs = [
    call(
      "smc", .normal, help: "the Host makes an SMC",
      details: "FID is a name or a number; after a name arguments may be `name=value`"),
    call("secure.smc", .secure, help: "the Secure world makes an SMC"),
    call("realm.smc", .realm, help: "the RMM makes an SMC"),
  ]

  /// The commands: a statement of each is its call.
  static let commandVerbs = Calls.all.map { entry in
    Verb(
      entry.name, entry.argumentNames.joined(separator: " "), help: entry.summary,
      examples: [entry.name, ([entry.name] + entry.argumentNames.map { "\($0)=4096" }).joined(separator: " ")]
    ) { arguments throws(ScriptError) in try command(entry, arguments) }
  }

  private static func call(_ name: String, _ world: World, help: String, details: String = "") -> Verb {
    Verb(
      name, "FID [A1 .. A17]", 1...18, help: help, details: details,
      examples: ["\(name) RMI_GRANULE_DELEGATE 0x80001000", "\(name) 0x12345678", "\(name) SMCCC_VERSION 1 2 3"], isCall: true
    ) { arguments throws(ScriptError) in
      var x = InlineArray<18, UInt64>(repeating: 0)
      if let entry = Calls.named(arguments[0].text), arguments.words.dropFirst().contains(where: { arguments.pair($0) != nil }) {
        let rest = Arguments(
          line: arguments.line, names: arguments.names, row: arguments.row, verb: arguments.verb,
          words: Array(arguments.words.dropFirst()))
        return ActionStatement(.smc(world, try registers(entry, rest).x))
      }
      for index in 0..<arguments.count { x[index] = try arguments.number(index) }
      return ActionStatement(.smc(world, x))
    }
  }

  /// `RMI_…` and `FFA_…` are SMCs of the Host, `RSI_…` and `PSCI_…` of a Realm's vCPU, and what EL3 does for the SPMC is an SMC of that.
  /// Arguments in order, or as `name=value`.
  private static func command(_ entry: CommandEntry, _ arguments: Arguments) throws(ScriptError) -> ActionStatement {
    let (x, given) = try registers(entry, arguments)
    let doubt = doubt(entry, given)
    switch entry.interface {
    case .rmi, .ffa: return ActionStatement(.smc(.normal, x), doubt: doubt)
    case .platform: return ActionStatement(.smc(.secure, x), doubt: doubt)
    case .rsi, .psci, .tee:
      let highest = given.keys.max() ?? 0
      return ActionStatement(.guest(GuestAction(.smc, (0...highest).map { x[$0] })), doubt: doubt)
    }
  }

  /// X0 to X17 of a call, and which of them were given.
  private static func registers(
    _ entry: CommandEntry, _ arguments: Arguments
  ) throws(ScriptError) -> (x: InlineArray<18, UInt64>, given: [Int: Word]) {
    var x = InlineArray<18, UInt64>(repeating: 0)
    x[0] = UInt64(entry.fid)
    var next = 1
    var given: [Int: Word] = [:]
    for word in arguments.words {
      if let (name, value) = arguments.pair(word), !name.isEmpty {
        guard let input = entry.inputs.first(where: { $0.name.description == name.lowercased() }) else {
          throw arguments.error(
            word,
            "\(entry.name) has no argument \"\(shown(name))\"; it has \(entry.argumentNames.joined(separator: ", "))")
        }
        x[input.register] = try arguments.number(value)
        given[input.register] = value
        next = input.register + 1
      } else {
        guard next < 18 else { throw arguments.error(word, "an SMC has at most 17 arguments") }
        x[next] = try arguments.number(word)
        given[next] = word
        next += 1
      }
    }
    return (x, given)
  }

  /// What is odd about a call's arguments: one that nobody reads, or one that is read and was not given. Bytes that are left out are zero, and so is
  /// all that is left out of a call of FF-A, much of which must be.
  private static func doubt(_ entry: CommandEntry, _ given: [Int: Word]) -> String? {
    let asItStands = "\(verb(entry))smc \(entry.name) … makes it as it stands"
    let surplus = given.keys.filter { register in !entry.inputs.contains { $0.register == register } }.min()
    if let surplus, let word = given[surplus] {
      let names = entry.argumentNames
      let reads = names.isEmpty ? "has no argument" : "has \(names.joined(separator: ", "))"
      return "\(entry.name) \(reads); nobody reads \(shown(word.text)) in X\(surplus); \(asItStands)"
    }
    let missing = entry.inputs.filter { $0.kind != .bytes && entry.interface != .ffa && given[$0.register] == nil }
    guard !missing.isEmpty else { return nil }
    let words = missing.map { "\($0.name) (X\($0.register), \($0.meaning))" }
    return "\(entry.name) reads \(words.joined(separator: " and ")), too; \(asItStands)"
  }

  private static func verb(_ entry: CommandEntry) -> String {
    switch entry.interface {
    case .rmi, .ffa: ""
    case .platform: "secure."
    case .rsi, .psci, .tee: "guest "
    }
  }

  /// As a line: without the zeroes at the end.
  static func callText(_ world: World, _ x: InlineArray<18, UInt64>) -> String {
    let verb =
      switch world {
      case .normal, .root: "smc"
      case .secure: "secure.smc"
      case .realm: "realm.smc"
      }
    let count = (x.indices.last { x[$0] != 0 } ?? 0) + 1
    return ([verb, Names.function(x[0])] + (1..<max(1, count)).map { hex(x[$0]) }).joined(separator: " ")
  }
}

extension StatementParser {
  /// X0 to X17 of a command from words: numbers in order, or `name=value`.
  package func registers(of entry: CommandEntry, _ words: [String]) throws(ScriptError) -> InlineArray<18, UInt64> {
    switch try parse(([entry.name] + words).joined(separator: " "))?.action {
    case .smc(_, let x): return x
    case .guest(let action): return action.x
    default: throw ScriptError(message: "not a call: \(shown(entry.name))")
    }
  }

  /// What is odd about a call's arguments: one too many, or one too few.
  package func doubt(about entry: CommandEntry, _ words: [String]) throws(ScriptError) -> String? {
    (try parse(([entry.name] + words).joined(separator: " ")) as? ActionStatement)?.doubt
  }
}
