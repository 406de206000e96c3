import Basics
import Machine

/// An attack as a session of Sessions/attacks tells it: what somebody wants, what stops it on the machine as it is, and what comes of it
/// with a check off.
package struct Attack: Sendable {
  /// What its first comments say: `# A4. Title`, `# Wants: …`, `# Stopped by: …`.
  package struct Head: Sendable, Equatable {
    /// Such as `A4`.
    package let number: String
    package let title: String
    package let wants: String
    /// With the source of the attack.
    package let stoppedBy: String

    /// Nil if the lines do not begin so.
    package init?(_ lines: [String]) {
      func comment(_ index: Int, _ key: String) -> String? {
        guard lines.indices.contains(index), lines[index].hasPrefix("# " + key) else { return nil }
        return String(lines[index].dropFirst(2 + key.count)).trimmed
      }
      guard let first = comment(0, "A"), let dot = first.firstIndex(of: "."), Int(first[..<dot]) != nil,
        let wants = comment(1, "Wants:"), let stoppedBy = comment(2, "Stopped by:")
      else { return nil }
      (number, title) = ("A\(first[..<dot])", String(first[first.index(after: dot)...]).trimmed)
      (self.wants, self.stoppedBy) = (wants, stoppedBy)
    }
  }

  /// A `case` of the session: a half, or what one consists of.
  package struct Part: Sendable {
    package let name: String
    /// Checks that are off in it.
    package fileprivate(set) var without: [String] = []
    package fileprivate(set) var findings: [Finding] = []
  }

  /// A statement that tells something: what it answered, and why.
  package struct Finding: Sendable {
    package let statement: String
    package fileprivate(set) var lines: [String]
    /// Rules of the model that it has broken.
    package let broken: [String]
    /// Whether a check has refused it, or would have.
    package let isTelling: Bool
    /// The session's step to be explained, from 1.
    fileprivate let step: Int
  }

  package let head: Head
  package private(set) var parts: [Part] = []
  /// Expectations of the session that did not hold.
  package private(set) var failures: [ExpectationFailure] = []

  /// Runs the session.
  ///
  /// - Parameters:
  ///   - file: how it is called where it includes others.
  ///   - prepare: is given what runs it, to serve it with files.
  /// - Throws: what is wrong with a line, or that its first lines do not tell of an attack.
  package init(_ lines: [String], file: String, prepare: (ScriptRunner) -> Void) throws(ScriptError) {
    guard let head = Head(lines) else {
      throw ScriptError(message: "an attack begins with \"# A1. Title\", \"# Wants: …\" and \"# Stopped by: …\"")
    }
    self.head = head
    let session = Session(MachineConfiguration())
    let runner = ScriptRunner(session)
    prepare(runner)
    var teller = Teller(file: file)
    runner.onReport = { teller.note($0, session) }
    for (index, line) in lines.enumerated() {
      if line.trimmed == "start here" { teller.isToldFromHere() }
      try runner.run(line: line, number: index + 1, file: file)
    }
    runner.finish(file: file)
    parts = teller.parts
    for part in parts.indices {
      for index in parts[part].findings.indices { parts[part].findings[index].explain(in: session) }
    }
    failures = runner.failures + runner.unseen
  }

  /// Whether each half, and there are two at least, has something to tell.
  package var isToldBothWays: Bool { parts.count > 1 && parts.allSatisfy { !$0.findings.isEmpty } }
}

/// Takes down what a reader is to see.
private struct Teller {
  let file: String
  var parts: [Attack.Part] = []
  /// Whether all statements are taken down from here to the end of the case.
  private var tellsAll = false

  init(file: String) { self.file = file }

  mutating func isToldFromHere() { tellsAll = true }

  mutating func note(_ report: ScriptRunner.Report, _ session: Session) {
    if let name = (report.statement as? CaseStatement)?.name {
      parts.append(Attack.Part(name: name))
      tellsAll = false
      return
    }
    guard !parts.isEmpty, report.depth == 0 else { return }
    let last = parts.count - 1
    if let machine = report.statement as? MachineStatement {
      let off = machine.properties.first { $0.key == "without" }?.value ?? ""
      for name in off.split(separator: "+").map(String.init) where !parts[last].without.contains(name) {
        parts[last].without.append(name)
      }
      // What is prepared on another machine is no part of what was begun on this one.
      if parts[last].findings.isEmpty { tellsAll = false }
      return
    }
    let result = report.result
    let isToken = report.statement is TokenStatement
    let isTelling = result.decidedBy != nil || result.isFault || !result.overruled.isEmpty || !result.broken.isEmpty
    if isTelling || isToken { tellsAll = true }
    guard isTelling || isToken || tellsAll && report.file == file else { return }
    var lines = isToken ? [result.answer?.text ?? ""] : Decoder.lines(result)
    guard !lines.isEmpty else { return }
    lines[0] = "=> " + lines[0]
    for index in lines.indices.dropFirst() { lines[index] = "   " + lines[index] }
    parts[last].findings.append(
      Attack.Finding(
        statement: report.text, lines: lines + Attack.Finding.reasons(result, report.statement.action, session),
        broken: result.broken.map(\.rule), isTelling: isTelling, step: report.statement.action == nil ? 0 : session.position))
  }
}

extension Attack.Finding {
  /// What else there is to say of an answer.
  fileprivate static func reasons(_ result: StatementResult, _ action: Action?, _ session: Session) -> [String] {
    var lines: [String] = []
    if case .access(let access) = action, result.isFault {
      let said = session.read { machine in
        let last = min(access.address.addingReportingOverflow(7).partialValue, machine.configuration.dramTop - 1)
        let page = machine.gpi(access.address) == .nonSecure ? last.granuleBase : access.address.granuleBase
        return "the GPT says \(machine.gpi(page).name) of \(hex(page))"
      }
      lines.append("   \(said)")
    }
    lines += result.overruled.map { "   passed by \($0), which is switched off" }
    lines += result.broken.map { "   breaks \($0.rule): \(shown($0.detail, limit: 200))" }
    if let decision = result.decidedBy { lines.append("   decided by \(decision)") }
    return lines
  }

  /// Puts the values that a condition saw behind its name.
  fileprivate mutating func explain(in session: Session) {
    guard isTelling, step > 0, let rows = session.explanation(ofStep: step)?.rows else { return }
    for row in rows {
      let now = row.now.isEmpty ? "" : ": \(row.now)"
      for index in lines.indices {
        if row.verdict == .failed, lines[index] == "   decided by \(row.id)" { lines[index] += "\(now) (\(row.text))" }
        if row.verdict == .overruled, lines[index].hasPrefix("   passed by "),
          lines[index].hasSuffix(".\(row.id), which is switched off")
        {
          lines[index] += now
        }
      }
    }
  }
}

extension StatementResult {
  /// Whether an access has ended in a granule protection fault.
  fileprivate var isFault: Bool { if case .gpf = answer?.kind { true } else { false } }
}
