import Basics
import Machine

/// What is wrong with a script, or could be better: it is run to find out.
package struct ScriptLint {
  package struct Remark: Sendable, Equatable {
    package enum Kind: String, Sendable {
      case error, warning
    }
    package var kind: Kind
    /// From 1; 0: of all of it.
    package var line: Int
    /// From 1; 0 where it is of the line.
    package var column = 0
    package var text: String

    package init(_ kind: Kind, line: Int, column: Int = 0, _ text: String) {
      (self.kind, self.line, self.column, self.text) = (kind, line, column, text)
    }
  }

  /// Most remarks that are kept.
  package static let limit = 200

  package private(set) var remarks: [Remark] = []

  /// - Parameters:
  ///   - lines: of a script that is not a recording.
  ///   - runner: begins where the script does, and reads the files it names; its session keeps its history.
  package init(_ lines: [String], file: String, _ runner: ScriptRunner) {
    look(lines)
    for (index, line) in lines.enumerated() where remarks.count < Self.limit {
      let before = (steps: runner.session.steps.count, failures: runner.failures.count)
      do throws(ScriptError) { try runner.run(line: line, number: index + 1, file: file) } catch {
        note(.error, error.line == 0 ? index + 1 : error.line, error.message, column: error.column)
        continue
      }
      for failure in runner.failures.dropFirst(before.failures) { note(failure) }
      noteRefusals(runner.session, from: before.steps, index, lines)
    }
    let failed = runner.failures.count
    runner.finish(file: file)
    for failure in runner.failures.dropFirst(failed) { note(failure) }
    remarks.sort { ($0.line, $0.column, $0.text) < ($1.line, $1.column, $1.text) }
  }

  private mutating func note(_ kind: Remark.Kind, _ line: Int, _ text: String, column: Int = 0) {
    guard remarks.count < Self.limit else { return }
    remarks.append(Remark(kind, line: line, column: column, text))
  }

  private mutating func note(_ failure: ExpectationFailure) {
    note(.error, failure.line, failure.message)
  }

  /// What is said before anything is done, and names that are given and not used.
  private mutating func look(_ lines: [String]) {
    if !lines.contains(where: { $0.trimmed.hasPrefix("#") }) {
      note(.warning, 1, "no comment says what it is about; the first one is what a reader sees first")
    }
    var given: [(name: String, line: Int)] = []
    var used: Set<Substring> = []
    for (index, line) in lines.enumerated() {
      let text = line.trimmed
      guard !text.hasPrefix("#") else { continue }
      let words = text.split { !($0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ".")) }
      if words.first == "let", words.count > 1 {
        if let earlier = given.first(where: { $0.name == words[1] }), !used.contains(words[1]) {
          note(.warning, index + 1, "\(words[1]) is given anew; nothing has used what line \(earlier.line) gave")
        }
        given.removeAll { $0.name == words[1] }
        given.append((String(words[1]), index + 1))
        used.remove(words[1])
        used.formUnion(words.dropFirst(2))
      } else {
        used.formUnion(words)
      }
    }
    for one in given where !used.contains(one.name[...]) && !lines.contains(where: { $0.trimmed.hasPrefix("include ") }) {
      note(.warning, one.line, "nothing uses the name \(one.name)")
    }
  }

  /// A refusal that nothing expects: whoever reads it does not know whether it is meant.
  private mutating func noteRefusals(_ session: Session, from first: Int, _ index: Int, _ lines: [String]) {
    guard session.steps.count == first + 1, session.steps[first].hasFailed else { return }
    let next = lines[(index + 1)...].first { !$0.trimmed.isEmpty && !$0.trimmed.hasPrefix("#") }
    guard next?.trimmed.hasPrefix("expect") != true else { return }
    let answer = session.steps[first].result.text ?? session.steps[first].result.answer?.text ?? "it"
    let why = session.explanation(ofStep: first + 1)?.decidedBy.map { ", decided by \($0)" } ?? ""
    note(.warning, index + 1, "answers \(answer)\(why), and nothing expects that; an expect line says that it is meant")
  }
}
