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
  public private(set) var failures: [Failure] = []
  /// Guest expectations whose action never completed, though it began.
  public private(set) var unseen: [Failure] = []
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
  private var completedGuests: [Int: (answer: Answer, decidedBy: String?)] = [:]
  private var includeDepth = 0

  /// - Parameter desk: with a guest that another script has booted in the session.
  public init(_ session: Session, desk: GuestDesk? = nil) {
    self.session = session
    self.desk = desk ?? GuestDesk(session)
    travels = session.keepsHistory
  }

  /// Runs one line. Throws what is wrong with it; nothing of the line has happened then.
  public func run(line text: String, number: Int, file: String) throws(ScriptError) {
    guard text.utf8.count <= ScriptRunner.lineLimit else {
      throw ScriptError(
        line: number, column: ScriptRunner.lineLimit, message: "the line is longer than \(ScriptRunner.lineLimit) bytes")
    }
    var statement = try StatementParser(line: number, names: names).parse(text)
    var result = StatementResult()
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
        nextTag += 1
        action = .guest(guest)
        statement = .perform(action)
      }
      result = session.perform(.perform(action))
      noteGuests(result)
    case .query(let query): result = session.answer(query)
    case .token(let query): result = session.answer(query)
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
      try session.follow(travel, line: number)
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

  /// Most bytes a line may have.
  public static let lineLimit = 65536

  /// To be called at the end of a file: settles what is still open.
  public func finish(file: String) { endCase(file) }

  private func refuseAbsurd(_ action: Action, _ line: Int) throws(ScriptError) {
    guard case .access(let access) = action, case .fill(let length, _) = access.kind, length > StatementParser.fillLimit,
      session.read({ $0.isBacked(access.address, length) })
    else { return }
    throw ScriptError(
      line: line, column: 1,
      message: "a fill of \(sizeText(length)) is too large; one statement writes at most \(sizeText(StatementParser.fillLimit))")
  }

  private func perform(_ command: GuestCommand, _ line: Int, _ file: String) throws(ScriptError) -> StatementResult {
    if case .boot = command { endCase(file) }
    let outcome: GuestDesk.Outcome
    do throws(ScriptError) {
      outcome = try desk.perform(command, in: file)
    } catch {
      throw ScriptError(line: line, column: max(error.column, 1), message: error.message)
    }
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
    failures.append(failure)
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
    if let (answer, decision) = completedGuests[tag] {
      if let mismatch = expectation.mismatch(answer, decision: decision, captures: &captures) {
        fail(file, line, "guest: \(mismatch)")
      }
    } else {
      guestExpectations[tag, default: []].append((expectation, file, line))
    }
  }

  private func noteGuests(_ result: StatementResult) {
    for guest in result.guestResults {
      let answer = guest.answer
      completedGuests[guest.action.tag] = (answer, guest.decidedBy)
      for open in guestExpectations.removeValue(forKey: guest.action.tag) ?? [] {
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
        } else {
          unseen.append(
            Failure(
              file: entry.file, line: entry.line,
              message: "guest: \(entry.expectation.text) was not seen; its REC did not run again"))
        }
      }
    }
    guestExpectations = [:]
    completedGuests = [:]
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
    includeDepth += 1
    defer { includeDepth -= 1 }
    let included: (name: String, lines: [String])
    do {
      included = try load(name, file)
    } catch {
      throw ScriptError(line: line, column: 9, message: error.message)
    }
    for (index, text) in included.lines.enumerated() {
      do {
        try run(line: text, number: index + 1, file: included.name)
      } catch {
        throw ScriptError(
          line: line, column: 9,
          message: "in \(included.name):\(error.line):\(error.column): \(error.message)")
      }
    }
  }
}

extension String {
  /// Without white space at either end.
  var trimmed: String {
    var view = self[...]
    while let first = view.first, first.isWhitespace { view = view.dropFirst() }
    while let last = view.last, last.isWhitespace { view = view.dropLast() }
    return String(view)
  }
}
