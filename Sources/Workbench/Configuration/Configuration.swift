import Engine
import SystemPackage
import TOMLKit
import Views

/// What holds: the file's settings and those of the command line, each with where it comes from.
struct Configuration {
  /// Where a value comes from.
  enum Origin: Equatable {
    case standard
    case file(line: Int)
    case commandLine
    /// Somebody set it in the open workbench.
    case here

    func text(_ path: String) -> String {
      switch self {
      case .standard: "default"
      case .file(let line): "\(path):\(line)"
      case .commandLine: "command line"
      case .here: "set here"
      }
    }
  }

  /// What is wrong with a file, where, and what would be right.
  struct Failure: Error {
    var message: String
  }

  private(set) var values: [String: (value: Setting.Value, origin: Origin)] = [:]
  /// Other keys of actions, by the action's id, and where they were bound.
  private(set) var keys: [String: (keys: [Key], line: Int)] = [:]
  /// Statements under a name, and where they stand.
  private(set) var macros: [(macro: Macro, line: Int)] = []
  /// The file that was read, or would have been.
  let path: String?

  /// What holds without a file.
  init(path: String? = nil) { self.path = path }

  /// `$XDG_CONFIG_HOME/workbench/config.toml`, else `~/.config/workbench/config.toml`.
  static var standardPath: String? { Paths.configuration.map { $0 + "/config.toml" } }

  /// Reads a person's file; there need not be one.
  static func load(_ path: String? = standardPath) throws(Failure) -> Configuration {
    guard let path, (try? Stat(FilePath(path))) != nil else { return Configuration(path: path) }
    let text: String
    do throws(TokenFile.Failure) {
      text = String(decoding: try TokenFile.bytes(path, isPlain: true), as: UTF8.self)
    } catch {
      throw Failure(message: error.message)
    }
    return try Configuration(text, path: path)
  }

  init(_ text: String, path: String) throws(Failure) {
    self.path = path
    let lines = LineFinder(text)
    func fail(_ line: Int, _ message: String) -> Failure { Failure(message: "\(shown(path, limit: .max)):\(line): \(message)") }
    let table: TOMLTable
    do {
      table = try TOMLTable(string: text)
    } catch let error as TOMLParseError {
      throw fail(Int(error.source.begin.line), error.description)
    } catch {
      throw fail(1, "\(error)")
    }
    func part(_ name: String, _ what: String) throws(Failure) -> TOMLTable? {
      guard let value = table[name] else { return nil }
      guard let part = value.table else { throw fail(lines.line(of: name, in: nil), "[\(name)] is a table: \(what)") }
      return part
    }
    // Keys may be those of macros.
    if let named = try part("macros", "a name, and the statements it stands for") { try readMacros(named, lines, fail) }
    if let bound = try part("keys", "an action, and its keys") { try readKeys(bound, lines, fail) }
    for key in table.keys where key != "keys" && key != "macros" {
      let line = lines.line(of: key, in: nil)
      guard let setting = Setting.all.first(where: { $0.name == key }) else {
        throw fail(line, Self.unknown("setting", key, Setting.all.map(\.name) + ["keys", "macros"]))
      }
      let value: Setting.Value? = table[key]?.string.map { .text($0) } ?? table[key]?.bool.map { .flag($0) }
      guard let value else { throw fail(line, "\(key) is \(setting.values)") }
      if let problem = setting.problem(with: value) { throw fail(line, shown(problem, limit: .max)) }
      values[key] = (value, .file(line: line))
    }
  }

  /// The table of keys: an action's id, and a key or a list of keys.
  private mutating func readKeys(
    _ table: TOMLTable, _ lines: LineFinder, _ fail: (Int, String) -> Failure
  ) throws(Failure) {
    let names = UserAction.all.map(\.id) + macros.map(\.macro.actionID)
    for id in table.keys {
      let line = lines.line(of: id, in: "keys")
      guard names.contains(id) else { throw fail(line, Self.unknown("action", id, names)) }
      let words: [String?] = table[id]?.string.map { [$0] } ?? table[id]?.array?.map { $0.string } ?? [nil]
      var keys: [Key] = []
      for word in words {
        guard let word else { throw fail(line, "\(id) is a key such as \"u\", or a list of keys") }
        guard Key.canBe(word) else {
          throw fail(line, "there is no key \"\(shown(word))\"; a key is one character, or one of \(Key.namesInWords)")
        }
        keys.append(Key(word))
      }
      self.keys[id] = (keys, line)
    }
    guard let clash = KeyBindings.clash(changedKeys, macros: macros.map(\.macro)) else { return }
    // The later of the two lines is the one that made it.
    let (one, other) = (clash.actions.0, clash.actions.1)
    let (line, first) = (self.keys[one.id]?.line ?? 0, self.keys[other.id]?.line ?? 0)
    let (at, taken, taker) = line >= first ? (line, other, one) : (first, one, other)
    throw fail(
      at, "\"\(clash.key.name)\" is to be the key of \(taker.id) and is that of \(taken.id); give one of them another key")
  }

  /// The table of macros: a name, and a statement or a list of statements.
  private mutating func readMacros(
    _ table: TOMLTable, _ lines: LineFinder, _ fail: (Int, String) -> Failure
  ) throws(Failure) {
    for name in table.keys {
      let line = lines.line(of: name, in: "macros")
      guard name.count <= 22, name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }) else {
        throw fail(line, "\"\(shown(name))\" is no name of a macro; it has up to 22 letters, digits and hyphens")
      }
      let words: [String?] = table[name]?.string.map { [$0] } ?? table[name]?.array?.map { $0.string } ?? [nil]
      guard (1...Macro.most).contains(words.count) else { throw fail(line, "\(name) has 1 to \(Macro.most) statements") }
      var statements: [String] = []
      for word in words {
        guard let word, !word.isEmpty, word.unicodeScalars.allSatisfy({ $0.value >= 0x20 }) else {
          throw fail(line, "\(name) is a statement such as \"RMI_VERSION 0x10000\", or a list of statements")
        }
        // It would have no end.
        guard word.split(separator: " ").first?.lowercased() != "macro" else {
          throw fail(line, "\(name) has a macro in it: \"\(shown(word))\"; a macro has other statements")
        }
        statements.append(word)
      }
      macros.append((Macro(name, statements), line))
    }
  }

  private static func unknown(_ what: String, _ name: String, _ names: [String]) -> String {
    let near = closest(to: name, among: names)
    return "there is no \(what) \"\(shown(name))\"" + (near.map { "; did you mean \($0)?" } ?? "; workbench config lists them")
  }

  var changedKeys: [String: [Key]] { keys.mapValues(\.keys) }

  var bindings: KeyBindings {
    keys.isEmpty && macros.isEmpty ? .standard : KeyBindings(changedKeys, macros: macros.map(\.macro))
  }

  /// What the command line says, or somebody here, comes before what the file says.
  mutating func override(_ setting: Setting, _ value: Setting.Value?, _ origin: Origin = .commandLine) {
    if let value { values[setting.name] = (value, origin) }
  }

  func value(_ setting: Setting) -> (value: Setting.Value, origin: Origin) {
    values[setting.name] ?? (setting.standard, .standard)
  }

  func text(_ setting: Setting) -> String { if case .text(let text) = value(setting).value { text } else { "" } }
  func flag(_ setting: Setting) -> Bool { value(setting).value == .flag(true) }

  /// The effective configuration as a file that can be read again: each value with what it means and where it comes from.
  func lines() -> [String] {
    let path = path.map { shown($0, limit: .max) } ?? "no place for a file: neither XDG_CONFIG_HOME nor HOME is set"
    var lines = ["# \(path)"]
    for setting in Setting.all {
      let (value, origin) = value(setting)
      lines += ["", "# \(setting.help)", "# \(setting.name): \(setting.values)."]
      lines.append("\(setting.name) = \(value)  # \(origin.text(path))")
    }
    lines += ["", "# An action, and the keys that do it.", "[keys]"]
    func list(_ texts: [String]) -> String {
      "[\(texts.map { Setting.Value.text($0).description }.joined(separator: ", "))]"
    }
    for action in bindings.actions {
      let keys = changedKeys[action.id] ?? action.defaultKeys
      let origin = self.keys[action.id].map { "\(path):\($0.line)" } ?? "default"
      lines += ["# \(action.help)", "\(action.id) = \(list(keys.map(\.name)))  # \(origin)"]
    }
    lines += ["", "# A name, and the statements it stands for; as macro-NAME an action that [keys] can give a key.", "[macros]"]
    for (macro, line) in macros { lines.append("\(macro.name) = \(list(macro.lines))  # \(path):\(line)") }
    return lines
  }
}

/// Finds the line in which something is set: the library says where a file is malformed, not where a value stands.
private struct LineFinder {
  private let lines: [Substring]

  init(_ text: String) { lines = text.split(separator: "\n", omittingEmptySubsequences: false) }

  /// The line of a key below a table's header, or above all headers; from 1.
  func line(of key: String, in table: String?) -> Int {
    var current: String?
    let key = key.filter { !$0.isWhitespace }
    for (index, line) in lines.enumerated() {
      let line = line.drop { $0 == " " || $0 == "\t" }
      if line.first == "[" {
        current = String(line.dropFirst().prefix { $0 != "]" })
        if table == nil, current == key { return index + 1 }
      } else if current == table {
        let name = line.prefix { $0 != "=" && $0 != "." }.filter { !" \t\"'".contains($0) }
        if name == key { return index + 1 }
      }
    }
    return 1
  }
}
