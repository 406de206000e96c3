import Engine
import Views

/// Completion, help and the dry run of what is being typed.
struct Completion {
  let session: Session
  private let language = Language.workbench

  /// Fills in candidates, help and the verdict for the text as it stands.
  func update(_ line: inout CommandLineState) {
    line.candidates = []
    line.chosen = nil
    line.help = ""
    line.verdict = nil
    guard line.purpose == .command else {
      line.help = line.purpose.help
      return
    }
    let words = line.text.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
    let endsOpen = line.text.isEmpty || line.text.hasSuffix(" ")
    let current = endsOpen ? "" : words.last ?? ""
    let before = endsOpen ? words : Array(words.dropLast())
    guard let first = before.first else {
      let words = Commands.all.map(\.name) + language.firstWords
      line.candidates = Array(words.filter { $0.lowercased().hasPrefix(current.lowercased()) }.prefix(40))
      line.help = help(for: current)
      return
    }
    var verb = first
    var rest = before.dropFirst()
    if let actions = language.actions(of: first) {
      guard let second = rest.popFirst() else {
        line.candidates = actions.filter { $0.hasPrefix(current.lowercased()) }
        line.help = help(for: first)
        return
      }
      verb += " " + second
    }
    let isCall = language.verb(verb)?.isCall == true
    guard let name = isCall ? rest.popFirst() : verb else {
      line.candidates = Commands.all.map(\.name).filter { $0.hasPrefix(current.uppercased()) }
      line.help = "which call"
      return
    }
    guard let entry = Commands.named(name) else {
      line.help = help(for: verb)
      return
    }
    argument(entry, Array(rest), current, endsOpen, &line)
  }

  /// How the statement of a verb is written, and what it does.
  private func help(for verb: String) -> String {
    if verb.isEmpty {
      return "a command (tab lists), or a statement: ns.read64 PA, guest read64 IPA, gpt.set PA secure, goto STEP …"
    }
    if let entry = Commands.named(verb) {
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
      let typed = current.split(separator: "=").last.map(String.init) ?? ""
      if current.isEmpty
        || (!current.isEmpty && field.candidates.contains { hex($0.value).hasPrefix(typed) && hex($0.value) != typed })
      {
        line.candidates = field.candidates.map { hex($0.value) }.filter { current.isEmpty || $0.hasPrefix(typed) }
      }
    } else {
      line.help = "\(entry.name): \(entry.summary)"
    }
    guard all.count >= fields.count else { return }
    do throws(ScriptError) {
      let x = try StatementParser(line: 0, names: ScriptNames()).registers(of: entry, all)
      let explanation = session.explanation(of: entry, x)
      line.candidates = []
      if !explanation.hasCaller {
        line.verdict = .queued
      } else if let id = explanation.decidedBy, let row = explanation.rows.first(where: { $0.id == id && $0.verdict == .failed })
      {
        line.verdict = .refused("\(explanation.status) by \(id): \(row.now)")
      } else {
        line.verdict = .passes(explanation.status)
      }
    } catch {
      line.verdict = .refused(error.message)
    }
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
      line.text += " "
      line.cursor += 1
      update(&line)
    } else {
      line.candidates = candidates
      line.chosen = next
    }
  }
}
