import Basics
import Machine

/// Reads one line into a statement.
public struct StatementParser {
  let line: Int
  let names: ScriptNames

  public init(line: Int, names: ScriptNames) {
    self.line = line
    self.names = names
  }

  /// The verbs a line can begin with, for messages and completion.
  public static let verbs =
    [
      "case", "let", "smc", "expect", "guest", "ns.read64", "ns.write64", "ns.write8", "ns.write", "ns.fill", "secure.read64",
      "secure.write64", "secure.write8", "secure.fill", "secure.smc", "realm.smc", "realm.read64", "realm.write64",
      "realm.write8",
      "realm.fill", "root.read64", "root.write64", "root.write8", "root.fill", "gpt.set", "gpt", "state", "refcount", "rim",
      "token", "peek64", "sysreg", "pe", "resume", "idle", "vm", "print", "echo", "include", "machine",
    ] + GuestCommand.verbs
  public static let guestVerbs = [
    "smc", "read64", "write64", "exec", "wfi", "wfe", "hvc", "irq", "fiq", "serror", "abort", "sync", "setreg", "getreg",
    "setsys", "getsys", "hold", "pause", "clear", "expect",
  ]

  public func parse(_ text: String) throws(ScriptError) -> Statement {
    var words = try Lexer(line: line).words(text)
    // A recording is a script too: times are dropped, and what was answered is passed over.
    if let first = words.first, first.text.hasPrefix("@") { words.removeFirst() }
    guard let verb = words.first, !["=>", "%", "entropy"].contains(verb.text) else { return .nothing }
    let rest = Array(words.dropFirst())
    let name = verb.text.lowercased()
    switch name {
    case "case":
      guard !rest.isEmpty else { throw error(verb, "case needs a name") }
      return .newCase(rest.map(\.text).joined(separator: " "))
    case "let": return try define(verb, rest)
    case "smc": return .perform(.smc(.normal, try registers(verb, rest)))
    case "secure.smc": return .perform(.smc(.secure, try registers(verb, rest)))
    case "realm.smc": return .perform(.smc(.realm, try registers(verb, rest)))
    case "expect": return .expect(try expectation(verb, rest))
    case "guest": return try guest(verb, rest)
    case "gpt.set":
      try count(verb, rest, 2...2, "gpt.set PA nonsecure|secure|realm|root")
      return .perform(.assignGranule(try number(rest[0]), try pas(rest[1])))
    case "gpt": return .query(.gpt(try one(verb, rest, "PA")))
    case "state": return .query(.state(try one(verb, rest, "PA")))
    case "refcount": return .query(.refcount(try one(verb, rest, "PA")))
    case "rim": return .query(.rim(try one(verb, rest, "RD")))
    case "token": return .token(try token(verb, rest))
    case "peek64": return .query(.peek64(try one(verb, rest, "PA")))
    case "sysreg": return try sysreg(verb, rest)
    case "pe": return .perform(.selectPE(try index(verb, rest)))
    case "resume": return .perform(.resume(try index(verb, rest)))
    case "idle": return .perform(.idle(try one(verb, rest, "TIME")))
    case "vm":
      try count(verb, rest, 3...3, "vm enter VCPU RUN")
      guard rest[0].text.lowercased() == "enter" else { throw error(rest[0], "expected: vm enter VCPU RUN") }
      return .perform(.enterVCPU(try number(rest[1]), run: try number(rest[2])))
    case "print":
      guard !rest.isEmpty else { throw error(verb, "print needs an expression") }
      return .print(try expression(rest))
    case "echo": return .echo(rest.map(\.text).joined(separator: " "))
    case "include":
      try count(verb, rest, 1...1, "include FILE")
      return .include(rest[0].text)
    case "machine": return try machine(rest)
    case "undo": return .travel(.undo)
    case "redo": return .travel(.redo)
    case "goto":
      let step = try one(verb, rest, "STEP")
      return .travel(.goto(Int(truncatingIfNeeded: min(step, 1 << 40))))
    default: break
    }
    if let access = try access(verb, rest) { return access }
    if let entry = Commands.named(name) { return try command(entry, verb, rest) }
    if let command = try guestCommand(verb, rest) { return .guestCommand(command) }
    let near = closest(to: name, among: StatementParser.verbs + Commands.all.map { $0.name.lowercased() })
    throw error(
      verb,
      "unknown statement \"\(shown(verb.text))\""
        + (near.map { "; did you mean \($0.hasPrefix("r") && $0.contains("_") ? $0.uppercased() : $0)?" }
          ?? "; expected one of \(StatementParser.verbs.prefix(8).joined(separator: " ")) … or a command name"))
  }
}

/// The word of `candidates` that differs least from `word`, if one is near.
public func closest(to word: String, among candidates: [String]) -> String? {
  guard word.count <= 64 else { return nil }
  func distance(_ a: [Character], _ b: [Character]) -> Int {
    var row = Array(0...b.count)
    for (i, x) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, y) in b.enumerated() {
        let old = row[j + 1]
        row[j + 1] = min(row[j] + 1, old + 1, diagonal + (x == y ? 0 : 1))
        diagonal = old
      }
    }
    return row[b.count]
  }
  let best = candidates.map { ($0, distance(Array(word), Array($0))) }.min { $0.1 < $1.1 }
  guard let best, best.1 <= max(1, word.count / 3) else { return nil }
  return best.0
}
