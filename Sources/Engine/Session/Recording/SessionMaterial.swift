import Basics
import Machine

/// Sessions made of others: joined ones, shorter ones, the same at other addresses. Each is written as the lines of a recording and done
/// again, so that what comes of it holds.
package enum SessionMaterial {
  /// Sessions one after the other, each on the machine it began with, up to where it stands.
  ///
  /// - Throws: ``ScriptError`` where a line cannot be done again.
  package static func joined(_ sessions: [Session]) throws(ScriptError) -> Session {
    var text = ""
    var done = 0
    for session in sessions {
      text += done == 0 ? Recording.header(session.origin) : "machine preset=default \(session.origin.propertyText)\n"
      if done > 0 { done += 1 }
      for number in 0..<session.position { text += Recording.lines(session, number + 1, seconds: 0) }
      text += Recording.nameLines(session, from: 0) + Recording.additionLines(session, after: done)
      done += session.position
    }
    return try replayed(text)
  }

  /// Without the steps that changed nothing, such as calls that were refused and reads. What an author said about them is said about the
  /// next step.
  ///
  /// - Returns: the session, and how many steps are gone.
  package static func trimmed(_ session: Session) throws(ScriptError) -> (session: Session, dropped: Int) {
    let end = session.position
    if let index = (0..<end).first(where: { session.steps[$0].host != nil }) {
      throw ScriptError(
        message: "step \(index + 1) is of a host, whose software keeps more than the machine does: its steps belong together")
    }
    let kept = (0..<end).filter { changes(session, $0) }
    session.seek(end)
    var text = Recording.header(session.origin)
    var said = 0
    for index in kept {
      let words = (said...index).flatMap { session.captions.of($0 + 1) }
      said = index + 1
      let groups = session.groups.all.filter { group in
        kept.first(where: group.range.contains) == index
      }.map { group in
        var group = group
        group.count = kept.count(where: group.range.contains)
        return group
      }
      text += Recording.lines(session.steps[index], words, groups, seconds: 0)
    }
    text += Recording.nameLines(session, from: 0)
    let digest = session.digest()
    let shorter = try replayed(text)
    guard shorter.digest() == digest else {
      throw ScriptError(message: "without the steps that changed nothing it leads to another state; it is left as it is")
    }
    return (shorter, end - kept.count)
  }

  /// Whether a step, counted from 0, left another state.
  private static func changes(_ session: Session, _ index: Int) -> Bool {
    if case .reset = session.steps[index].input { return true }
    session.seek(index)
    let before = session.digest()
    session.seek(index + 1)
    return session.digest() != before
  }

  /// What was done, with the answers a machine gives now.
  ///
  /// - Parameter lines: of a recording.
  package static func answeredAnew(_ lines: [String]) throws(ScriptError) -> Session {
    try replayed(lines.filter(Recording.isStatement).map { $0 + "\n" }.joined())
  }

  /// How the answers of two sessions with the same steps differ; nil if they do not, but for addresses.
  package static func difference(_ a: Session, _ b: Session) -> String? {
    func status(_ step: Session.Step) -> String {
      let text = step.result.answer?.text ?? step.result.text ?? ""
      return String(text.prefix { $0 != " " })
    }
    let others = (0..<min(a.steps.count, b.steps.count)).filter { status(a.steps[$0]) != status(b.steps[$0]) }
    guard let first = others.first else { return nil }
    return
      "\(others.count) step\(others.count == 1 ? "" : "s") answer\(others.count == 1 ? "s" : "") otherwise: the first is \(first + 1), "
      + "\(shown(status(b.steps[first]))) where it was \(shown(status(a.steps[first])))"
  }

  private static func replayed(_ text: String) throws(ScriptError) -> Session {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    let replayer = Replayer(Session(try Recording.configuration(of: lines)))
    replayer.session.limits = .replay
    for (index, line) in lines.enumerated() { try replayer.take(line, line: index + 1) }
    try replayer.finish()
    if let difference = replayer.difference {
      throw ScriptError(
        message: "done again, a step answers \(shown(difference.got)) where it answered \(shown(difference.expected))")
    }
    return replayer.session
  }
}

/// Other words for the same: addresses of a range that begin elsewhere, and names.
package struct Renaming: Sendable {
  /// Addresses from `from` on, so many bytes, become those from `to` on.
  private var ranges: [(from: UInt64, length: UInt64, to: UInt64)] = []
  private var names: [String: String] = [:]

  /// - Parameter rules: `0x80000000+16M=0x90000000` moves the addresses of a range, `0x80100000=0x80200000` those of a granule,
  ///   `rd=victim` is another name.
  package init(_ rules: [String]) throws(ScriptError) {
    for rule in rules {
      let sides = rule.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard sides.count == 2, !sides[0].isEmpty, !sides[1].isEmpty else {
        throw ScriptError(message: "found \"\(shown(rule))\"; expected OLD=NEW, such as 0x80000000+16M=0x90000000 or rd=victim")
      }
      if sides[0].first?.isNumber == true { try addRange(sides[0], sides[1]) } else { try addName(sides[0], sides[1]) }
    }
  }

  private mutating func addRange(_ old: String, _ new: String) throws(ScriptError) {
    let parts = old.split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let (from, to) = (try Self.number(parts[0]), try Self.number(new))
    let length = parts.count > 1 ? try Self.number(parts[1]) : Granule.size
    guard length > 0, from <= ~(length - 1), to <= ~(length - 1) else {
      throw ScriptError(message: "\(shown(old))=\(shown(new)): the range does not end, or ends beyond the address space")
    }
    guard !ranges.contains(where: { from <= $0.from + ($0.length - 1) && $0.from <= from + (length - 1) }) else {
      throw ScriptError(message: "\(shown(old)) overlaps with another range")
    }
    ranges.append((from, length, to))
  }

  private static func number(_ text: String) throws(ScriptError) -> UInt64 {
    try ExpressionParser.parse(Word(text: text, column: 1), line: 0) { ScriptNames().value($0) }
  }

  private mutating func addName(_ old: String, _ new: String) throws(ScriptError) {
    for word in [old, new] where !Self.isName(word) {
      throw ScriptError(message: "found \"\(shown(word))\"; expected a name: letters, digits, _ and -, a letter first")
    }
    names[old] = new
  }

  private static func isName(_ word: String) -> Bool {
    word.first?.isLetter == true && word.utf8.count <= 64 && word.allSatisfy { isPart($0) }
  }

  private static func isPart(_ character: Character) -> Bool {
    character.isASCII && (character.isLetter || character.isNumber || character == "_" || character == "-")
  }

  /// A line of a script or a recording with the new words, and how many there are. What an author says stays.
  package func line(_ line: String) -> (text: String, words: Int) {
    let start = Recording.withoutTime(line).trimmed
    if start.hasPrefix("#"), !start.hasPrefix(Recording.groupPrefix), !start.hasPrefix(Recording.namePrefix) { return (line, 0) }
    if start.hasPrefix("echo ") || start.hasPrefix("note ") { return (line, 0) }
    var text = ""
    var count = 0
    var rest = Substring(line)
    while let first = rest.first {
      let isName = first.isASCII && first.isLetter
      let word = rest.prefix { isName ? Self.isPart($0) : $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
      if first == "#", text.last?.isWhitespace == true, !start.hasPrefix("#") { return (text + rest, count) }
      guard !word.isEmpty else {
        text.append(first)
        rest.removeFirst()
        continue
      }
      let new = isName ? names[String(word)] : moved(word)
      text += new ?? String(word)
      if new != nil { count += 1 }
      rest = rest.dropFirst(word.count)
    }
    return (text, count)
  }

  private func moved(_ word: Substring) -> String? {
    guard word.hasPrefix("0x"), let value = UInt64(word.dropFirst(2).filter { $0 != "_" }, radix: 16),
      let range = ranges.first(where: { value >= $0.from && value - $0.from < $0.length })
    else { return nil }
    return hex(range.to + (value - range.from))
  }
}
