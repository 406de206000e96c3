import Basics
import Host
import Machine

/// Sessions as texts that are made from others: parts, joined ones, ones with other numbers. Each is performed again before somebody gets
/// it, so that its answers are its own.
package enum SessionText {
  /// Why there is no such text.
  package struct Problem: Error {
    package let message: String
  }

  /// All of a session as a recording: every branch, with what readers added. It stands then where it stood.
  package static func whole(_ session: Session) -> String {
    var feed = RecordingFeed()
    return Recording.header(session.origin) + feed.lines(session, seconds: 0) + feed.lastDigests(session, seconds: 0)
  }

  /// Performs the lines of a recording.
  ///
  /// - Returns: what did it, with the first difference.
  package static func performed(_ lines: [String]) throws(ScriptError) -> Replayer {
    let replayer = Replayer(Session(try Recording.configuration(of: lines)))
    replayer.session.limits = .replay
    for (index, line) in lines.enumerated() { try replayer.take(line, line: index + 1) }
    try replayer.finish()
    return replayer
  }

  /// What was done, with the answers it has now.
  package static func answeredAnew(_ lines: [String]) throws(Problem) -> Session {
    try redone(lines.filter(Recording.isStatement)).session
  }

  private static func redone(_ lines: [String]) throws(Problem) -> Replayer {
    do throws(ScriptError) { return try performed(lines) } catch {
      throw Problem(message: "line \(error.line): \(error.message)")
    }
  }

  /// The same text, once it is known that it leads where it says.
  private static func checked(_ text: String) throws(Problem) -> String {
    if let difference = try redone(lines(text)).difference {
      throw Problem(message: "line \(difference.line): \(difference.expected) is \(difference.got) there")
    }
    return text
  }

  private static func lines(_ text: String) -> [String] { text.split(separator: "\n").map(String.init) }

  // MARK: Several

  /// Sessions one behind the other, each up to where it stands, on a machine of its own.
  package static func joined(_ sessions: [Session]) throws(Problem) -> String {
    guard let first = sessions.first else { return "" }
    var text = Recording.header(first.origin)
    for (number, session) in sessions.enumerated() {
      if number > 0 {
        text += Recording.lines(Session.Step(input: .reset(session.origin, name: nil), result: StatementResult()), seconds: nil)
      }
      for step in 0..<session.position { text += Recording.lines(session, step + 1, seconds: nil) }
      text += Recording.nameLines(session, from: 0) + Recording.digestLine(session.digest())
    }
    return try checked(text)
  }

  // MARK: Less

  /// A session up to where it stands, without the steps that changed nothing: what was only looked at, or refused.
  ///
  /// - Returns: the text, and how many steps it does without.
  package static func trimmed(_ session: Session) throws(Problem) -> (text: String, left: Int) {
    let fresh = Session(session.origin)
    var kept: [Int] = []
    var digest = fresh.digest()
    for index in 0..<session.position {
      let step = session.steps[index]
      fresh.perform(step.input, entropy: step.entropy)
      let now = fresh.digest()
      // What a hypervisor knew after a step is kept with it.
      // A call that a condition refuses changes nothing but the registers of its answer.
      let isRefused = step.result.decidedBy != nil
      if now != digest && !isRefused || step.isReset || step.host != nil { kept.append(index) }
      digest = now
    }
    var words: [Caption] = []
    var text = Recording.header(session.origin)
    var next = 0
    for index in kept {
      words += (next...index).flatMap { session.captions.of($0 + 1).filter { $0.kind == .words } }
      next = index + 1
      text += Recording.lines(fresh.steps[index], words, groups(of: session, beginningAt: index, kept), seconds: nil)
      words = []
    }
    text += Recording.nameLines(session, from: 0)
    let shorter = try redone(lines(text)).session
    return (try checked(text + Recording.digestLine(shorter.digest())), session.position - kept.count)
  }

  /// The statements whose first step, of those that are left, is this one.
  private static func groups(of session: Session, beginningAt index: Int, _ kept: [Int]) -> [StepGroup] {
    session.groups(around: index).compactMap { group in
      let first = kept.partitionPoint { $0 < group.first }
      let end = kept.partitionPoint { $0 < group.range.upperBound }
      guard first < end, kept[first] == index else { return nil }
      return StepGroup(text: group.text, first: first, count: end - first, depth: group.depth)
    }
  }

  // MARK: Other numbers

  /// A session with other addresses: what it does is done again, and what it was answered is new.
  ///
  /// - Parameter other: the address in the place of one, if there is one.
  package static func moved(_ session: Session, _ other: (UInt64) -> UInt64?) throws(Problem) -> String {
    var text = ""
    for line in lines(whole(session)) {
      if line.hasPrefix(HostNoteLine.prefix) {
        throw Problem(message: "what a hypervisor knew of its guest has addresses of its own, which stay what they are")
      }
      let isOthers = line.hasPrefix("#") && !line.hasPrefix(Recording.namePrefix) || line.hasPrefix("machine ")
      if isOthers {
        text += line + "\n"
      } else if Recording.isStatement(line) || isAddition(line) || line.hasPrefix(Recording.namePrefix) {
        text += moved(line, other) + "\n"
      }
    }
    return try checked(whole(try redone(lines(text)).session))
  }

  private static func isAddition(_ line: String) -> Bool {
    ["note ", "bookmark ", "unmark "].contains { Recording.withoutTime(line).hasPrefix($0) }
  }

  private static func moved(_ line: String, _ other: (UInt64) -> UInt64?) -> String {
    guard !isAddition(line) else { return line }
    let words = line.split(separator: " ", omittingEmptySubsequences: false)
    let isCall = words.contains("smc")
    return words.enumerated().map { index, word in
      // A call by its number is no address.
      let isFunction = isCall && index > 0 && words[index - 1] == "smc"
      guard !isFunction, word.hasPrefix("0x"), let value = UInt64(word.dropFirst(2), radix: 16), let moved = other(value) else {
        return String(word)
      }
      return hex(moved)
    }.joined(separator: " ")
  }
}
