import Basics
import Machine

/// Runs a script, statement by statement: expectations, cases, includes.
///
/// It reads no file itself: included files come through `load`.
public final class ScriptRunner {
  /// One statement that was run, for whoever prints.
  public struct Report: Sendable {
    public var file: String
    public var line: Int
    public var text: String
    public var statement: Statement
    public var result: StatementResult
    /// Events of the statement, if the session traces.
    public var events: [Event]
  }
  /// An expectation that did not hold.
  public struct Failure: Sendable, Equatable {
    public var file: String
    public var line: Int
    public var message: String
  }

  public let session: Session
  /// The first of them; ``failureCount`` counts all.
  public private(set) var failures: [Failure] = []
  public private(set) var failureCount = 0
  /// Guest expectations whose action never completed, though it began; the first of them.
  public private(set) var unseen: [Failure] = []
  /// Whether the last line ended because somebody wanted it to: what was complete then stays.
  public private(set) var wasInterrupted = false
  /// Called after every statement.
  public var onReport: (Report) -> Void = { _ in }
  /// Called for an expectation that did not hold, as soon as it is known.
  public var onFailure: (Failure) -> Void = { _ in }
  /// Gives the lines of an included file: the name as written, and the file it is written in.
  public var load: (String, String) throws(ScriptError) -> (name: String, lines: [String]) = { name, _ throws(ScriptError) in
    throw ScriptError(message: "include is not possible here (\(shown(name)))")
  }

  /// The guest the script has booted.
  public let desk: GuestDesk
  /// Names the script has defined so far.
  public var names = ScriptNames()
  /// What came of the last command for a guest.
  public private(set) var lastOutcome: GuestDesk.Outcome?
  /// Whether the session had its history from the beginning.
  private let travels: Bool
  private var captures: [String: UInt64] = [:]
  private var last: (result: StatementResult, line: Int)?
  private var lastGuestTag: Int?
  private var nextTag = 1
  private var guestExpectations: [Int: [(expectation: Expectation, file: String, line: Int)]] = [:]
  private var openExpectations = 0
  /// What became of the guest action that was queued last.
  private var completedGuest: (answer: Answer, decidedBy: String?)?
  private var includeDepth = 0
  /// Lines of included files that were run for the line that is run now.
  private var linesInside = 0

  /// - Parameter desk: with a guest that another script has booted in the session.
  public init(_ session: Session, desk: GuestDesk? = nil) {
    self.session = session
    self.desk = desk ?? GuestDesk(session)
    travels = session.keepsHistory
  }

  /// Runs one line. Throws what is wrong with it; nothing of the line has happened then, or only what an included file did first.
  public func run(line text: String, number: Int, file: String) throws(ScriptError) {
    wasInterrupted = false
    linesInside = 0
    try perform(line: text, number, file)
  }

  private func perform(line text: String, _ number: Int, _ file: String) throws(ScriptError) {
    guard text.utf8.count <= ScriptRunner.lineLimit else {
      throw ScriptError(
        line: number, column: ScriptRunner.lineLimit, message: "the line is longer than \(ScriptRunner.lineLimit) bytes")
    }
    var statement = try StatementParser(line: number, names: names).parse(text)
    if let why = exhaustion(statement) { throw ScriptError(line: number, column: 1, message: why) }
    var result = StatementResult()
    if statement.replaces { desk.noteLeft(session.position) }
    switch statement {
    case .nothing: return
    case .newCase(let name):
      endCase(file)
      session.perform(.reset(session.configuration, name: name))
    case .machine(let properties):
      endCase(file)
      var configuration = session.origin
      try configuration.set(properties, line: number)
      session.perform(.reset(configuration, name: nil))
    case .define(let name, let value):
      names.values[name] = value
      return
    case .perform(var action):
      try refuseAbsurd(action, number)
      if case .guest(var guest) = action {
        guest.tag = nextTag
        lastGuestTag = nextTag
        completedGuest = nil
        nextTag += 1
        action = .guest(guest)
        statement = .perform(action)
      }
      result = session.perform(.perform(action))
      noteGuests(result)
    case .query(let query): result = session.answer(query)
    case .token(let query):
      if session.usage.verdicts >= session.limits.verdicts {
        throw ScriptError(
          line: number, column: 1, message: Session.exhausted("judged", UInt64(session.limits.verdicts), "tokens"))
      }
      result = session.answer(query)
    case .print(let value):
      result.text = hex(value)
      result.answer = Answer(kind: .ok, x: [value])
    case .echo(let words):
      result.text = words
      result.answer = Answer(kind: .ok, x: [])
    case .expect(let expectation):
      check(expectation, number, file)
      return
    case .guestCommand(let command): result = try perform(command, number, file)
    case .travel(let travel):
      guard travels else {
        throw ScriptError(line: number, column: 1, message: "going back needs a session with its history: this one keeps none")
      }
      guard try session.follow(travel, line: number) else {
        throw interruption(number, "stopped by a key on the way: this is step \(session.position)")
      }
    case .guestExpect(let expectation):
      try expectGuest(expectation, number, file)
      return
    case .include(let name):
      try include(name, number, file)
      return
    }
    if statement.answers { last = (result, number) }
    let acts =
      switch statement {
      case .perform: true
      case .guestCommand: desk.firstNewStep != nil
      default: false
      }
    onReport(
      Report(
        file: file, line: number, text: text.trimmed, statement: statement, result: result,
        events: acts ? session.read { $0.events } : []))
  }

  /// Why there is no room for a statement. What only looks may always; and going back makes room.
  private func exhaustion(_ statement: Statement) -> String? {
    if case .travel = statement { return session.overuse }
    return statement.acts ? session.exhaustion : nil
  }

  /// Most bytes a line may have.
  public static let lineLimit = 65536
  /// Most failures that are kept, and most expectations of guests that may be open.
  static let keptLimit = 1000

  /// To be called at the end of a file: settles what is still open.
  public func finish(file: String) { endCase(file) }

  private func refuseAbsurd(_ action: Action, _ line: Int) throws(ScriptError) {
    guard case .access(let access) = action, case .fill(let length, let byte) = access.kind,
      session.read({ $0.isBacked(access.address, length) })
    else { return }
    func refusal(_ why: String) -> ScriptError {
      ScriptError(line: line, column: 1, message: "a fill of \(sizeText(length)) is too large; \(why)")
    }
    if length > StatementParser.fillLimit {
      throw refusal("one statement writes at most \(sizeText(StatementParser.fillLimit))")
    }
    if byte != 0, length > session.limits.memory - min(session.memoryInUse, session.limits.memory) {
      throw refusal("the machine's memory may hold at most \(sizeText(session.limits.memory)) in a run")
    }
  }

  private func interruption(_ line: Int, _ message: String) -> ScriptError {
    wasInterrupted = true
    return ScriptError(line: line, column: 1, message: message)
  }

  private func perform(_ command: GuestCommand, _ line: Int, _ file: String) throws(ScriptError) -> StatementResult {
    if case .boot = command { endCase(file) }
    let outcome: GuestDesk.Outcome
    do throws(ScriptError) {
      outcome = try desk.perform(command, in: file)
    } catch {
      throw ScriptError(line: line, column: max(error.column, 1), message: error.message)
    }
    if desk.wasInterrupted { wasInterrupted = true }
    var result = StatementResult()
    result.text = outcome.message
    result.console = outcome.console
    result.answer =
      outcome.kind == .done
      ? Answer(kind: .ok, x: []) : Answer(kind: .other(outcome.kind.rawValue), x: desk.registers)
    lastOutcome = outcome
    return result
  }

  // MARK: Expectations

  private func fail(_ file: String, _ line: Int, _ message: String) {
    let failure = Failure(file: file, line: line, message: message)
    failureCount += 1
    if failures.count < ScriptRunner.keptLimit { failures.append(failure) }
    onFailure(failure)
  }

  private func check(_ expectation: Expectation, _ line: Int, _ file: String) {
    guard let last, let answer = last.result.answer else {
      fail(file, line, "expect has no statement before it to be about")
      return
    }
    guard let mismatch = expectation.mismatch(answer, decision: last.result.decidedBy, captures: &captures) else { return }
    let why = last.result.decidedBy.map { " (decided by \($0))" } ?? ""
    fail(file, line, "\(mismatch)\(why), from line \(last.line)")
  }

  private func expectGuest(_ expectation: Expectation, _ line: Int, _ file: String) throws(ScriptError) {
    guard let tag = lastGuestTag else {
      throw ScriptError(line: line, column: 1, message: "guest expect has no guest action before it to be about")
    }
    if let (answer, decision) = completedGuest {
      if let mismatch = expectation.mismatch(answer, decision: decision, captures: &captures) {
        fail(file, line, "guest: \(mismatch)")
      }
    } else {
      guard openExpectations < ScriptRunner.keptLimit else {
        throw ScriptError(
          line: line, column: 1, message: "more than \(ScriptRunner.keptLimit) guest expectations wait for their actions")
      }
      openExpectations += 1
      guestExpectations[tag, default: []].append((expectation, file, line))
    }
  }

  private func noteGuests(_ result: StatementResult) {
    for guest in result.guestResults {
      let answer = guest.answer
      if guest.action.tag == lastGuestTag { completedGuest = (answer, guest.decidedBy) }
      for open in guestExpectations.removeValue(forKey: guest.action.tag) ?? [] {
        openExpectations -= 1
        if let mismatch = open.expectation.mismatch(answer, decision: guest.decidedBy, captures: &captures) {
          fail(open.file, open.line, "guest: \(mismatch)")
        }
      }
    }
  }

  /// Open guest expectations: unseen if their action began, failed if it never did.
  private func endCase(_ file: String) {
    let began = session.read { machine in Set(machine.control.guestQueue.departures.map(\.action.tag)) }
    let waiting = session.read { machine in Set(machine.control.guestQueue.pending.map(\.tag)) }
    for (tag, open) in guestExpectations.sorted(by: { $0.key < $1.key }) {
      for entry in open {
        if !began.contains(tag), waiting.contains(tag) || !started.contains(tag) {
          fail(entry.file, entry.line, "guest: the action never started, so \(entry.expectation.text) was not seen")
        } else if unseen.count < ScriptRunner.keptLimit {
          unseen.append(
            Failure(
              file: entry.file, line: entry.line,
              message: "guest: \(entry.expectation.text) was not seen; its REC did not run again"))
        }
      }
    }
    guestExpectations = [:]
    openExpectations = 0
    completedGuest = nil
    captures = [:]
    lastGuestTag = nil
    last = nil
  }

  /// Tags of actions that left the Realm and were forgotten with their REC: they had started.
  private var started: Set<Int> { session.read { $0.control.guestQueue.forgotten } }

  // MARK: Include

  private func include(_ name: String, _ line: Int, _ file: String) throws(ScriptError) {
    guard includeDepth < 16 else {
      throw ScriptError(line: line, column: 1, message: "includes are nested more than 16 deep")
    }
    guard session.usage.includes < session.limits.includes else {
      throw ScriptError(
        line: line, column: 1, message: Session.exhausted("included", UInt64(session.limits.includes), "files"))
    }
    session.usage.includes += 1
    includeDepth += 1
    defer { includeDepth -= 1 }
    let included: (name: String, lines: [String])
    do {
      included = try load(name, file)
    } catch {
      throw ScriptError(line: line, column: 9, message: error.message)
    }
    for (index, text) in included.lines.enumerated() {
      do throws(ScriptError) {
        try countIncluded(text, index + 1)
        try perform(line: text, index + 1, included.name)
        if wasInterrupted { throw interruption(index + 1, "stopped by a key after \(linesInside) lines") }
      } catch {
        if wasInterrupted { throw ScriptError(line: line, column: 9, message: error.message) }
        throw ScriptError(
          line: line, column: 9,
          message: "in \(included.name):\(error.line):\(error.column): \(error.message)")
      }
    }
  }

  /// Counts a line of an included file: there may be too many, and somebody may want no more of them.
  private func countIncluded(_ text: String, _ line: Int) throws(ScriptError) {
    if session.isInterrupted() { throw interruption(line, "stopped by a key after \(linesInside) lines") }
    linesInside += 1
    session.usage.includedLines += 1
    session.usage.includedBytes += text.utf8.count
    let limits = session.limits
    if session.usage.includedLines > limits.includedLines {
      throw ScriptError(
        line: line, column: 1, message: Session.exhausted("read", UInt64(limits.includedLines), "lines of included files"))
    }
    if session.usage.includedBytes > limits.includedBytes {
      throw ScriptError(
        line: line, column: 1, message: "the included files have more than \(sizeText(UInt64(limits.includedBytes))) in all")
    }
  }
}

extension String {
  /// Without white space at either end.
  var trimmed: String {
    // By scalars: to find the last character of a long run of spaces takes as long as the run is.
    let scalars = unicodeScalars
    guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
      let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
    else { return "" }
    return String(scalars[first...last])
  }
}
