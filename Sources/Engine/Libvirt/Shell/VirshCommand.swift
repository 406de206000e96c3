/// A command of virsh: its options, and what it does.
struct VirshCommand: Sendable {
  struct Option: Sendable {
    enum Kind: Sendable { case flag, text, number }
    let name: String
    let kind: Kind
    let help: String
    /// Whether the command cannot be without it.
    var isRequired = false
    /// Whether a word without a name before it can be its value.
    var isPositional = true
    /// Whether it takes all words that are left.
    var takesRest = false
    /// Whether it does here what it does in life.
    var isModelled = true
  }

  let name: String
  let group: Group
  let summary: String
  let options: [Option]
  let run: @Sendable (VirshShell, Invocation) -> Bool

  enum Group: String, CaseIterable, Sendable {
    case domain = "Domain Management (help keyword 'domain')"
    case monitor = "Domain Monitoring (help keyword 'monitor')"
    case host = "Host and Hypervisor (help keyword 'host')"
    case virsh = "Virsh itself (help keyword 'virsh')"

    var keyword: String { rawValue.split(separator: "'").dropFirst().first.map(String.init) ?? "" }
  }

  /// A command with the values it was given.
  struct Invocation {
    let command: VirshCommand
    fileprivate(set) var values: [String: [String]] = [:]

    func has(_ name: String) -> Bool { values[name] != nil }
    subscript(name: String) -> String? { values[name]?.first }
    func all(_ name: String) -> [String] { values[name] ?? [] }
  }

  init(
    _ name: String, _ group: Group, _ summary: String, _ options: [Option] = [],
    _ run: @escaping @Sendable (VirshShell, Invocation) -> Bool
  ) {
    (self.name, self.group, self.summary, self.options, self.run) = (name, group, summary, options, run)
  }
}

extension VirshCommand.Option {
  static let domain = text("domain", "the domain: its name, its id or its UUID", isRequired: true)
  static let file = text("file", "a file with the domain's XML", isRequired: true)

  static func flag(_ name: String, _ help: String) -> Self { Self(name: name, kind: .flag, help: help, isPositional: false) }

  static func text(_ name: String, _ help: String, isRequired: Bool = false, isPositional: Bool = true) -> Self {
    Self(name: name, kind: .text, help: help, isRequired: isRequired, isPositional: isPositional)
  }

  static func rest(_ name: String, _ help: String, isRequired: Bool = false) -> Self {
    Self(name: name, kind: .text, help: help, isRequired: isRequired, takesRest: true)
  }

  /// One that real virsh takes, and that is refused here.
  static func other(_ name: String, _ kind: Kind = .flag, isPositional: Bool = false) -> Self {
    Self(name: name, kind: kind, help: "(not modelled)", isPositional: isPositional, isModelled: false)
  }
}

/// Reads lines of virsh into commands with their values (tools/vsh.c, vshCommandParse).
struct VirshParser {
  let commands: [VirshCommand]

  /// The commands of one line, which may be several between semicolons.
  func parse(_ line: String) throws(VirshSyntaxError) -> [VirshCommand.Invocation] {
    var lexer = VirshLexer(line)
    var invocations: [VirshCommand.Invocation] = []
    var words: [String] = []
    while true {
      let token = try lexer.next()
      if case .word(let word) = token {
        words.append(word)
        // What virsh finds wrong first is said, though there may be worse behind.
        if words.count == 1 { _ = try command(word) }
        continue
      }
      if !words.isEmpty { invocations.append(try parse(words)) }
      words = []
      if token == .end { return invocations }
    }
  }

  private func command(_ name: String) throws(VirshSyntaxError) -> VirshCommand {
    if let command = commands.first(where: { $0.name == name }) { return command }
    if VirshShell.otherCommands.contains(name) {
      throw VirshSyntaxError("command '\(name)' of virsh is not modelled here")
    }
    throw VirshSyntaxError("unknown command: '\(name)'")
  }

  /// One command, word by word.
  func parse(_ words: [String]) throws(VirshSyntaxError) -> VirshCommand.Invocation {
    let command = try command(words[0])
    var invocation = VirshCommand.Invocation(command: command)
    var rest = words.dropFirst()
    var isDataOnly = false
    while let word = rest.popFirst() {
      if !isDataOnly, word == "--" {
        isDataOnly = true
      } else if !isDataOnly, word == "--help" {
        return try help(of: command)
      } else if !isDataOnly, word.hasPrefix("--") {
        try take(option: word.dropFirst(2), &rest, &invocation)
      } else {
        try take(data: word, &invocation)
      }
    }
    for option in command.options where option.isRequired && !invocation.has(option.name) {
      throw VirshSyntaxError("command '\(command.name)' requires <\(option.name)> option")
    }
    for option in command.options where !option.isModelled && invocation.has(option.name) {
      throw VirshSyntaxError("option --\(option.name) of '\(command.name)' is not modelled here")
    }
    return invocation
  }

  private func help(of command: VirshCommand) throws(VirshSyntaxError) -> VirshCommand.Invocation {
    try parse(["help", command.name])
  }

  private func take(
    option word: Substring, _ rest: inout ArraySlice<String>, _ invocation: inout VirshCommand.Invocation
  ) throws(VirshSyntaxError) {
    let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let name = String(parts[0])
    let command = invocation.command
    guard let option = command.options.first(where: { $0.name == name }) else {
      throw VirshSyntaxError("command '\(command.name)' doesn't support option --\(name)")
    }
    guard option.takesRest || !invocation.has(name) else { throw VirshSyntaxError("option --\(name) already seen") }
    if option.kind == .flag {
      guard parts.count == 1 else { throw VirshSyntaxError("invalid '=' after option --\(name)") }
      invocation.values[name] = []
      return
    }
    guard let value = parts.count == 2 ? String(parts[1]) : rest.popFirst() else {
      throw VirshSyntaxError("expected syntax: --\(name) <\(option.kind == .number ? "number" : "string")>")
    }
    invocation.values[name, default: []].append(value)
  }

  private func take(data word: String, _ invocation: inout VirshCommand.Invocation) throws(VirshSyntaxError) {
    let free = invocation.command.options.first { option in
      option.kind != .flag && option.isPositional && (option.takesRest || !invocation.has(option.name))
    }
    guard let free else { throw VirshSyntaxError("unexpected data '\(word)'") }
    invocation.values[free.name, default: []].append(word)
  }
}
