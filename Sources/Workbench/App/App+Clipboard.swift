import Engine
import Views

/// What is pasted, and what is copied.
enum Pasted {
  /// Most characters that are taken.
  static let most = 1 << 16

  /// The lines of a text that say something.
  static func lines(_ text: String) -> [String] {
    text.unicodeScalars.split { $0 == "\n" || $0 == "\r" }.map { line in
      var view = String.UnicodeScalarView()
      view.append(contentsOf: line.map { $0.value < 0x20 ? " " : $0 })
      return String(view)
    }.filter { !$0.allSatisfy { $0 == " " } }
  }

  /// Asks whether lines are to be run: one key answers.
  static func question(_ lines: [String]) -> Prompt {
    Prompt(
      "paste", "run \(lines.count) lines one by one? (y/n) ", help: lines.prefix(3).joined(separator: " · "),
      changed: { answer, effect in
        guard !answer.isEmpty else { return }
        effect.state.command = nil
        if answer.lowercased() == "y" { effect.ask(.run(lines)) } else { effect.say("nothing was run") }
      }, entered: { _, effect in effect.say("nothing was run") })
  }
}

extension App {
  /// Pasted text goes to the command line and is never executed by itself. Of several lines somebody is asked first.
  func takePaste(_ text: String) {
    let lines = Pasted.lines(text)
    state.message = nil
    if lines.count > 1, state.command == nil || state.command?.purpose == .command {
      return openCommandLine(Pasted.question(lines))
    }
    if state.command == nil { openCommandLine(.command) }
    for scalar in lines.joined(separator: " ").unicodeScalars { type(scalar) }
  }

  /// Runs lines until one is wrong.
  func run(_ lines: [String]) {
    for (n, line) in lines.enumerated() {
      history.add(line)
      execute(line)
      guard running else { return }
      // A line that is wrong waits on the command line to be corrected.
      if state.command != nil {
        state.message = .init("line \(n + 1) of \(lines.count): \(state.message?.text ?? "")", isError: true)
        return
      }
    }
    guard lines.count > 1 else { return }
    state.message = .init(
      "\(lines.count) lines were run; the last: \(state.message?.text ?? "ok")", isError: state.message?.isError == true)
  }

  /// Does what a macro stands for.
  func run(macro name: String) {
    let macros = state.bindings.macros
    guard let macro = macros.first(where: { $0.name == name }) else {
      let known =
        macros.isEmpty ? "config.toml has no [macros]" : "there are \(macros.map(\.name).joined(separator: ", "))"
      state.message = .init("there is no macro \"\(shown(name))\"; \(known)", isError: true)
      return
    }
    run(macro.lines)
  }

  /// Most bytes that are copied: terminals take no more.
  private static var mostCopied: Int { 74_000 }

  func copy(_ text: String) {
    guard text.utf8.count <= Self.mostCopied else {
      state.message = .init("\(text.utf8.count) bytes are too many to copy; a terminal takes \(Self.mostCopied)", isError: true)
      return
    }
    terminal.copy(text)
    let lines = text.split(separator: "\n").count
    state.message = .init(lines > 1 ? "copied \(lines) lines" : "copied \(text)")
  }
}
