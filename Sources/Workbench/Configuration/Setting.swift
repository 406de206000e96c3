import Engine
import Views

/// What a person can set once and for all in a file: one row each. Reading, `workbench config`, its help and the errors are made of these.
struct Setting: Sendable {
  /// Its key in the file.
  let name: String
  /// What is allowed, in words.
  let values: String
  /// What is allowed, if it can be listed.
  let words: [String]
  let help: String
  /// The value where nobody has set one.
  let standard: Value
  private let problem: @Sendable (Value) -> String?

  enum Value: Sendable, Equatable, CustomStringConvertible {
    case text(String)
    case flag(Bool)

    /// As TOML writes it.
    var description: String {
      switch self {
      case .text(let text): "\"\(text.reduce(into: "") { $0 += $1 == "\"" || $1 == "\\" ? "\\\($1)" : String($1) })\""
      case .flag(let isOn): isOn ? "true" : "false"
      }
    }
  }

  private init(
    _ name: String, values: String, words: [String] = [], help: String, standard: Value,
    problem: @escaping @Sendable (Value) -> String?
  ) {
    (self.name, self.values, self.words, self.help, self.standard) = (name, values, words, help, standard)
    self.problem = problem
  }

  static func named(_ name: String) -> Setting? { all.first { $0.name == name } }

  /// A value as it is typed.
  func value(_ text: String) -> Value {
    if case .flag = standard { return ["true": .flag(true), "false": .flag(false)][text.lowercased()] ?? .text(text) }
    return .text(text)
  }

  /// Why a value is none of this setting, or nil.
  func problem(with value: Value) -> String? {
    switch (value, standard) {
    case (.text, .flag), (.flag, .text): "\(name) is \(values), not \(value)"
    default: problem(value)
    }
  }

  static let all = [theme, color, large, ascii, mouse, animation, record, machine, rmm]

  static let theme = word(
    "theme", ["auto"] + Theme.all.map(\.name), also: [Theme.otherName],
    "Colours; auto asks the terminal for its background.", standard: "auto")
  static let color = word("color", ColourMode.allCases.map(\.rawValue), "How many colours are used.", standard: "auto")
  static let large = flag(
    "large", "Large print, for a beamer: one panel at a time, nothing dim, more room for words.", standard: false)
  static let ascii = flag("ascii", "Draws with ASCII characters only.", standard: false)
  static let mouse = flag("mouse", "Takes clicks and the wheel; false leaves the mouse to the terminal.", standard: true)
  static let animation = flag("animation", "Shows SMCs on their way through the worlds.", standard: true)
  static let record = flag("record", "Records sessions in the state directory.", standard: true)
  static let machine = configured(
    "machine", "the machine's name or properties", "The machine the workbench starts with, such as \"dram=1G pe=4\".",
    standard: "default"
  ) { text throws(ScriptError) in try MachineConfiguration(named: text) }
  static let rmm = configured(
    "rmm", "a personality", "The RMM's personality, such as \"tf-rmm-0.6\".", standard: "spec-1.0"
  ) { text throws(ScriptError) in try MachineConfiguration(named: "default", rmm: text) }

  /// - Parameter other: words that are understood, too, and are not told.
  private static func word(
    _ name: String, _ words: [String], also other: [String] = [], _ help: String, standard: String
  ) -> Setting {
    let values = "one of \(words.joined(separator: ", "))"
    return Setting(name, values: values, words: words, help: help, standard: .text(standard)) { value in
      if case .text(let text) = value, (words + other).contains(text) { return nil }
      return "\(name) is \(values), not \(value)"
    }
  }

  private static func flag(_ name: String, _ help: String, standard: Bool) -> Setting {
    Setting(name, values: "true or false", words: ["true", "false"], help: help, standard: .flag(standard)) { _ in nil }
  }

  private static func configured(
    _ name: String, _ values: String, _ help: String, standard: String,
    _ read: @escaping @Sendable (String) throws(ScriptError) -> MachineConfiguration
  ) -> Setting {
    Setting(name, values: values, help: help, standard: .text(standard)) { value in
      guard case .text(let text) = value else { return nil }
      do throws(ScriptError) {
        return try read(text).problem
      } catch {
        return error.message
      }
    }
  }
}
