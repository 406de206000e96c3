import Engine
import Views

/// Completion, help and the dry run of what is being typed.
struct Completion {
  let session: Session
  /// Names a script, or a person, has given.
  var names = ScriptNames()
  /// What is asked of the call that is to be guessed.
  var prediction: Prediction.Question?
  /// Names of macros.
  var macros: [String] = []
  let language = Language.workbench

  /// Most candidates there are.
  private static let most = 200

  /// Fills in candidates, help and the verdict for the text as it stands.
  func update(_ line: inout CommandLineState) {
    line.candidates = []
    line.chosen = nil
    line.help = ""
    line.verdict = nil
    guard line.purpose == .command else {
      line.help = line.purpose.help
      if line.purpose == .prediction || line.purpose == .outcome {
        let choices = prediction?.choices ?? []
        line.candidates = choices.filter { $0.lowercased().contains(line.text.lowercased()) }
      }
      return
    }
    let words = line.text.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
    let endsOpen = line.text.isEmpty || line.text.hasSuffix(" ")
    let current = endsOpen ? "" : words.last ?? ""
    let before = endsOpen ? words : Array(words.dropLast())
    guard let first = before.first else {
      let words = Calls.all.map(\.name) + language.firstWords
      line.candidates = Self.fitting(words, current)
      line.help = help(for: current)
      return
    }
    var verb = first
    var rest = before.dropFirst()
    if let actions = language.actions(of: first) {
      guard let second = rest.popFirst() else {
        line.candidates = Self.fitting(actions, current)
        line.help = help(for: first)
        return
      }
      verb += " " + second
    }
    let isCall = language.verb(verb)?.isCall == true
    guard let name = isCall ? rest.popFirst() : verb else {
      line.candidates = Self.fitting(Calls.all.map(\.name), current)
      line.help = "which call"
      return
    }
    guard let entry = Calls.named(name) else {
      line.help = fieldHelp(verb, rest + (current.isEmpty ? [] : [current])) ?? help(for: verb)
      line.candidates = values(of: verb, Array(rest), current)
      offerFields(verb, Array(rest), current, &line)
      return
    }
    argument(entry, Array(rest), current, endsOpen, &line)
  }

  /// Those that begin with what is typed; if there are none, those that have it in them.
  static func fitting(_ words: [String], _ current: String) -> [String] {
    let current = current.lowercased()
    let beginning = words.filter { $0.lowercased().hasPrefix(current) }
    let found = beginning.isEmpty ? words.filter { $0.lowercased().contains(current) } : beginning
    return Array(found.prefix(most))
  }

  /// What may follow a statement's verb, as far as it can be listed.
  private func values(of verb: String, _ before: [String], _ current: String) -> [String] {
    switch verb.lowercased() {
    case "boot", "debug": return Self.fitting(GuestImages.names, current) + (current.isEmpty ? [] : Paths.completions(current))
    case "open", "include", "write": return Paths.completions(current)
    case "without": return Self.fitting(Switch.all.map(\.name).filter { !session.isOff($0) }, current)
    case "with": return Self.fitting(["*"] + Switch.all.map(\.name).filter { session.isOff($0) }, current)
    case "attack": return Self.fitting(AttackFiles.trials.map(\.attack.number), current)
    case "learn":
      return Self.fitting(before.isEmpty ? LessonFiles.courseNames : ["anew"], current)
    case "macro": return Self.fitting(macros, current)
    case "theme": return Self.fitting(Theme.all.map(\.name), current)
    case "set":
      guard let name = before.first else { return Self.fitting(Setting.all.map(\.name), current) }
      return Self.fitting(before.count == 1 ? Setting.named(name)?.words ?? [] : ["save"], current)
    case "show": return Self.fitting(Panel.all.filter { $0.opening != nil }.map(\.name), current)
    case "help": return Self.fitting(Calls.all.map(\.name) + language.verbs.map(\.name).filter { !$0.contains(" ") }, current)
    default: return offers(of: verb, word: before.count, current)
    }
  }

  /// Names that were given, for a word that may be one.
  func given(_ current: String) -> [String] { names.values.keys.filter { $0.hasPrefix(current) }.sorted() }

  /// How the statement of a verb is written, and what it does.
  private func help(for verb: String) -> String {
    if verb.isEmpty {
      return "a command (tab lists), or a statement: ns.read64 PA, guest read64 IPA, gpt.set PA secure, goto STEP …"
    }
    if let entry = Calls.named(verb) {
      return "\(entry.name) \(entry.argumentNames.joined(separator: " "))  —  \(entry.summary)"
    }
    if let row = language.verb(verb) {
      return "\(row.usage): \(row.help)" + (row.choices.map { ", \($0(session))" } ?? "")
    }
    guard let actions = language.actions(of: verb) else { return "" }
    return "\(verb.lowercased()) ACTION: \(language.purpose(of: verb) ?? actions.joined(separator: ", "))"
  }

  private func argument(
    _ entry: CommandEntry, _ given: [String], _ current: String, _ endsOpen: Bool, _ line: inout CommandLineState
  ) {
    let all = current.isEmpty ? given : given + [current]
    let index = given.count
    let fields = session.read { $0.fields(of: entry) }
    if index < fields.count {
      let field = fields[index]
      line.help =
        "\(field.name): \(field.meaning)  ·  \(index + 1) of \(fields.count): \(entry.argumentNames.joined(separator: " "))"
      line.candidates = candidates(field, current)
    } else {
      line.help = "\(entry.name): \(entry.summary)"
    }
    guard all.count >= fields.count else { return }
    do throws(ScriptError) {
      let x = try StatementParser(line: 0, names: names).registers(of: entry, all)
      let explanation = session.explanation(of: entry, x)
      line.candidates = []
      if !explanation.hasCaller {
        line.verdict = .queued
      } else if let id = explanation.decidedBy, let row = explanation.rows.first(where: { $0.id == id && $0.verdict == .failed })
      {
        line.verdict = .refused("\(explanation.status) by \(id): \(row.now)")
      } else {
        line.verdict = .passes(explanation.status, caveat: explanation.caveat)
      }
    } catch {
      line.verdict = .refused(error.message)
    }
  }

  /// Values that fit a register, by their names if they have some; what was typed before `=` stays.
  private func candidates(_ field: Field, _ current: String) -> [String] {
    let parts = current.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let typed = parts.last.map(String.init) ?? ""
    let head = parts.count > 1 ? "\(parts[0])=" : ""
    let values = field.candidates.map(\.value)
    let named = names.values.filter { values.contains($0.value) }.map(\.key).sorted()
    let others = given(typed).filter { !typed.isEmpty && !named.contains($0) }
    let fitting = (named + others + values.map { hex($0) }).filter { $0.hasPrefix(typed) }
    let isThere = fitting == [typed]
    return isThere ? [] : Array(fitting.prefix(Self.most)).map { head + $0 }
  }

  /// Puts the next (or previous) candidate in place of the word that is being typed.
  func cycle(_ line: inout CommandLineState, backwards: Bool) {
    guard !line.candidates.isEmpty else { return }
    let candidates = line.candidates
    let next: Int
    if let chosen = line.chosen {
      next = (chosen + (backwards ? candidates.count - 1 : 1)) % candidates.count
    } else {
      next = backwards ? candidates.count - 1 : 0
    }
    var head = line.text
    while let last = head.last, last != " " { head.removeLast() }
    line.text = head + candidates[next]
    line.cursor = line.text.unicodeScalars.count
    if candidates.count == 1 {
      // A value comes directly behind its name.
      if !line.text.hasSuffix("=") {
        line.text += " "
        line.cursor += 1
      }
      update(&line)
    } else {
      line.candidates = candidates
      line.chosen = next
    }
  }
}
