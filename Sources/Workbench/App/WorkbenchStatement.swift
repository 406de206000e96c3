import Engine
import Views

/// A statement that acts on the open workbench, and not on the machine.
struct WorkbenchStatement: Statement {
  let text: String
  let act: @MainActor @Sendable (App) -> Void

  static let verbs = [
    verb("quit", "", 0...0, help: "leaves the workbench", "quit") { _ in { $0.quit() } },
    verb("theme", "NAME", 1...1, help: Theme.all.map(\.name).joined(separator: ", "), "theme mono") {
      arguments throws(ScriptError) in
      guard let theme = Theme.named(arguments[0].text) else {
        throw arguments.error(
          arguments[0], "expected theme NAME: \(Theme.all.map(\.name).joined(separator: ", "))")
      }
      return { $0.use(theme) }
    },
    verb(
      "set", "[SETTING VALUE [save]]", 0...16, help: "changes a setting, with save also in config.toml; alone it lists them",
      "set mouse false save"
    ) { arguments throws(ScriptError) in
      guard arguments.count > 0 else { return { $0.openPalette(seeking: "setting ") } }
      var words = arguments.words.map(\.text)
      guard let setting = Setting.named(words.removeFirst()) else {
        throw arguments.error(
          arguments[0], "expected set SETTING VALUE: \(Setting.all.map(\.name).joined(separator: ", "))")
      }
      let saves = words.count > 1 && words.last == "save"
      if saves { words.removeLast() }
      guard !words.isEmpty else { return { $0.tell(setting) } }
      let value = setting.value(words.joined(separator: " "))
      if let problem = setting.problem(with: value) { throw arguments.error(arguments[0], problem) }
      return { $0.set(setting, value, saves: saves) }
    },
    verb("write", "FILE", 1...1, help: "saves this session where you like, to share", "write mine.session") { arguments in
      let path = arguments[0].text
      return { $0.write(to: path) }
    },
    Verb(
      "form", "COMMAND|STRUCTURE [FIELD=VALUE ..]", help: "fills in a command or a structure, row by row",
      examples: ["form RMI_REALM_CREATE", "form RmiRealmParams at=0x83000000 s2sz=32"], places: .commandLine
    ) { arguments throws(ScriptError) in
      guard let first = arguments.words.first else { throw arguments.expected() }
      guard let name = Form.find(first.text) else {
        let near = closest(to: first.text.lowercased(), among: Form.names).map { "; did you mean \($0)?" }
        throw arguments.error(
          first, "no command or structure \"\(shown(first.text))\"\(near ?? "; expected a command, or a structure fill writes")")
      }
      let line = ([name] + arguments.words.dropFirst().map(\.text)).joined(separator: " ")
      return WorkbenchStatement(text: "form \(line)") { app in app.change { _ = FormPanel.open(line, &$0) } }
    },
    verb("show", "PANEL", 1...1, help: "opens a panel", "show trace") { arguments throws(ScriptError) in
      guard let panel = Panel.named(arguments[0].text), panel.opening != nil else {
        let names = Panel.all.filter { $0.opening != nil }.map(\.name)
        throw arguments.error(arguments[0], "expected show PANEL: \(names.joined(separator: ", "))")
      }
      return { $0.open(panel) }
    },
    verb(
      "open", "[FILE]", 0...1, help: "leaves this session for another one; without a file it lists those there are",
      "open Sessions/01-realm-life.session"
    ) { arguments in
      guard arguments.count > 0 else { return { $0.openPalette(seeking: "session ") } }
      let path = arguments[0].text
      return { $0.open(session: path) }
    },
    verb(
      "learn", "[LESSON [anew]]", 0...2,
      help: "leaves this session for a lesson, where it was left or anew; without one it lists the course", "learn 05"
    ) { arguments throws(ScriptError) in
      guard arguments.count > 0 else { return { $0.open(.course) } }
      let isAnew = arguments.count > 1
      if isAnew, arguments[1].text != "anew" { throw arguments.error(arguments[1], "expected learn LESSON [anew]") }
      let word = arguments[0].text
      return { $0.learn(word, isAnew: isAnew) }
    },
    verb(
      "attack", "[NUMBER]", 0...1, help: "leaves this session for an attack to try; without a number it lists them", "attack A4"
    ) { arguments in
      guard arguments.count > 0 else { return { $0.open(.attacks) } }
      let word = arguments[0].text
      return { $0.tryAttack(word) }
    },
    verb("hint", "", 0...0, help: "another hint of the lesson's task; the last one is a solution", "hint") { _ in
      { $0.takeHint() }
    },
    verb("answer", "LETTER", 1...1, help: "answers the question a lesson asks", "answer b") { arguments in
      let letter = arguments[0].text
      return { $0.answer(letter) }
    },
    verb("again", "", 0...0, help: "takes the machine back to where the lesson's task began", "again") { _ in
      { $0.beginTaskAgain() }
    },
    verb("skip", "", 0...0, help: "passes the lesson's task over", "skip") { _ in { $0.skipTask() } },
    verb(
      "compare", "A [B]", 1...2, help: "puts two places side by side: BRANCH, BRANCH@STEP, a step, or a bookmark",
      "compare main b1@7"
    ) { arguments in
      let (a, b) = (arguments[0].text, arguments.count > 1 ? arguments[1].text : nil)
      return { $0.compare(a, b) }
    },
    verb(
      "edit", "STEP STATEMENT", 2...64,
      help: "does another thing in a step, does all behind it again as a new branch, and shows what differs",
      "edit 3 RMI_GRANULE_DELEGATE 0x80002000"
    ) { arguments throws(ScriptError) in
      guard let step = Int(arguments[0].text), step > 0 else {
        throw arguments.error(arguments[0], "expected edit STEP STATEMENT, with a step from 1 on")
      }
      let statement = arguments.words.dropFirst().map(\.text).joined(separator: " ")
      return { $0.edit(step, statement) }
    },
    verb("macro", "NAME", 1...1, help: "does the statements that [macros] of config.toml has under that name", "macro two") {
      arguments in
      let name = arguments[0].text
      return { $0.run(macro: name) }
    },
    verb("help", "[NAME]", 0...1, help: "everything there is; or what a command or statement is", "help RMI_REALM_CREATE") {
      arguments in
      let name = arguments.count == 0 ? "" : arguments[0].text
      return { $0.help(name) }
    },
  ]

  private static func verb(
    _ name: String, _ form: String, _ count: ClosedRange<Int>, help: String, _ example: String,
    _ read: @escaping @Sendable (Arguments) throws(ScriptError) -> @MainActor @Sendable (App) -> Void
  ) -> Verb {
    Verb(name, form, count, help: help, examples: [example], places: .commandLine) { arguments throws(ScriptError) in
      let act = try read(arguments)
      return WorkbenchStatement(text: arguments.count == 0 ? name : "\(name) \(arguments.text)", act: act)
    }
  }

  static func == (a: Self, b: Self) -> Bool { a.text == b.text }

  func perform(in runner: ScriptRunner, at line: ScriptLine) throws(ScriptError) -> StatementResult? {
    throw line.error("there is no open workbench for \"\(shown(text))\"")
  }
}

extension Language {
  /// What can be typed in the open workbench.
  static let workbench = core.adding(Chapter("The open workbench", [WorkbenchStatement.verbs]))
}
