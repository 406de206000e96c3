import Basics
import Machine

/// Performs statements on a session, line by line: those of scripts, of the command line, and of recordings.
///
/// It reads no file itself: included files come through `load`.
public final class ScriptRunner {
  /// One statement that was run, for whoever prints or compares.
  public struct Report: Sendable {
    public var file: String
    public var line: Int
    public var text: String
    package var statement: any Statement
    public var result: StatementResult
    /// Events of the statement, if the session traces.
    public var events: [Event]
    /// In how many statements it lies that stand for others.
    public var depth = 0
    /// Whether it stood for others, which were reported before it.
    package var isExpansion = false
  }

  public let session: Session
  package let language: Language
  /// The guest that was booted in the session, and what the script does with it.
  public let guestControl: GuestControl
  /// The host the script has started.
  package let stackControl: StackControl
  /// Names the script has defined so far.
  package var names = ScriptNames()
  /// Called after every statement.
  public var onReport: (Report) -> Void = { _ in }
  /// Called for a call with an argument too many or too few: it is made all the same.
  public var onWarning: (ScriptLine, String) -> Void = { _, _ in }
  /// Called before a statement that stands for others: its line, and how deep it lies.
  package var onExpansion: (ScriptLine, Int) -> Void = { _, _ in }
  /// Gives the lines of an included file: the name as written, and the file it is written in.
  public var load: (String, String) throws(ScriptError) -> (name: String, lines: [String]) = { name, _ throws(ScriptError) in
    throw ScriptError(message: "include is not possible here (\(shown(name)))")
  }
  /// Whether the last line ended because somebody wanted it to: what was complete then stays.
  package private(set) var wasInterrupted = false
  /// Whether guests of the host could go on after the last command for it.
  package private(set) var isHostRunning = false
  /// What came of the last command for a guest.
  package private(set) var lastOutcome: GuestControl.Outcome?

  let expectations = OpenExpectations()
  let watches = Watches()
  /// Whether it has said so to the session.
  var isWatching = false
  /// What was done since the machine was made, counted for predicates.
  private var tally = Session.TallyKeeper(first: 0)
  /// The first expectations that did not hold; ``failureCount`` counts all.
  public var failures: [ExpectationFailure] { expectations.failures }
  public var failureCount: Int { expectations.failureCount }
  /// Guest expectations whose action never completed, though it began; the first of them.
  package var unseen: [ExpectationFailure] { expectations.unseen }
  /// Called for an expectation that did not hold, as soon as it is known.
  public var onFailure: (ExpectationFailure) -> Void {
    get { expectations.onFailure }
    set { expectations.onFailure = newValue }
  }

  /// Where the line comes from that is run.
  @exclusivity(unchecked) var source: ScriptSource
  private let place: Verb.Place
  /// What came through the entropy door when the statement was recorded; it comes again.
  var entropy: [[UInt8]] = []
  /// Whether the session had its history from the beginning.
  private let hasHistory: Bool
  /// How many included files it is in.
  var includeDepth = 0
  /// Statements that are being performed and stand for others, with how many each has performed so far.
  private var expansions: [Int] = []
  /// What was done last to the machine.
  private(set) var lastAction: Action?
  /// Names that statements such as `realm` have given to what they made.
  private var given: Set<String> = []
  /// By REC, the page that a statement such as `rec` has kept for entering it.
  var runPages: [UInt64: UInt64] = [:]
  /// Lines of included files that were run for the line that is run now.
  var linesInside = 0

  /// Most bytes a line may have.
  package static let lineLimit = 65536

  /// For the lines of a script.
  public convenience init(_ session: Session) { self.init(session, language: .core) }

  /// - Parameters:
  ///   - guest: where another script has booted one in the session, what it did that by.
  ///   - stack: the host that another has started.
  ///   - place: where the lines come from.
  package init(
    _ session: Session, guest: GuestControl? = nil, stack: StackControl? = nil, language: Language = .core,
    place: Verb.Place = .script
  ) {
    self.session = session
    self.language = language
    guestControl = guest ?? GuestControl(session)
    stackControl = stack ?? StackControl(session)
    self.place = place
    source = ScriptSource(place: place)
    hasHistory = session.keepsHistory
    stackControl.willReset = { [unowned self] in expectations.settle(on: session) }
    expectations.onSettled = { [unowned self] in note($0, $1, $2) }
  }

  /// Runs one line. Throws what is wrong with it; nothing of the line has happened then, or only what an included file did first.
  public func run(line text: String, number: Int, file: String) throws(ScriptError) {
    wasInterrupted = false
    linesInside = 0
    watches.begin(on: session)
    if number == 1 { source = try source(place, firstLine: text) }
    try perform(ScriptLine(file: file, number: number, text: text))
  }

  /// To be called at the end of a file: settles what is still open.
  public func finish(file: String) {
    expectations.settle(on: session)
    // What was said last is about what was done last.
    session.captions.settle(at: max(1, session.position))
  }

  /// A file by its first line: a recording counts its own steps.
  func source(_ place: Verb.Place, firstLine: String) throws(ScriptError) -> ScriptSource {
    guard Recording.version(inFirstLine: firstLine) != nil else { return ScriptSource(place: place) }
    var source = ScriptSource(place: place, version: try Recording.format(firstLine), firstStep: session.position)
    source.branches["main"] = session.branch.name
    return source
  }

  /// Performs a line.
  ///
  /// - Returns: what came of it, if it came to anything.
  @discardableResult
  func perform(_ line: ScriptLine) throws(ScriptError) -> StatementResult? {
    guard line.text.utf8.count <= Self.lineLimit else {
      throw line.error("the line is longer than \(Self.lineLimit) bytes", column: Self.lineLimit)
    }
    let parser = StatementParser(line: line.number, names: names, language: language)
    guard let (verb, statement) = try parser.read(line.text) else {
      if try !session.takeFile(line.text, line: line.number) { note(line) }
      return nil
    }
    switch verb.places[source.place] {
    case .performed:
      try doubt(statement, line)
      noteRemark(line, statement)
      return try perform(statement, at: line)
    case .passedOver: return nil
    case .refused: throw line.error(verb.refusal(of: shown(statement.text), in: source.place) ?? "")
    }
  }

  /// A call with an argument too many or too few: whoever types it is told, and a script is warned.
  private func doubt(_ statement: any Statement, _ line: ScriptLine) throws(ScriptError) {
    guard let doubt = (statement as? ActionStatement)?.doubt, source.version == nil else { return }
    switch source.place {
    case .commandLine: throw line.error(doubt)
    case .script: onWarning(line, doubt)
    case .recording: break
    }
  }

  /// Performs a statement, and says what came of it. A statement that stands for others performs each of them so.
  @discardableResult
  func perform(_ statement: any Statement, at line: ScriptLine) throws(ScriptError) -> StatementResult? {
    guard let result = try statement.perform(in: self, at: line) else { return nil }
    if statement.isExpectable { expectations.answered(result, line) }
    onReport(
      Report(
        file: line.file, line: line.number, text: line.text.trimmed, statement: statement, result: result,
        events: statement.events(in: self), depth: expansions.count, isExpansion: statement is any HelperStatement))
    return result
  }

  /// Performs a statement that stands for others: what they do is a group of the session's steps.
  func expand(_ statement: some HelperStatement, at line: ScriptLine) throws(ScriptError) -> StatementResult {
    onExpansion(ScriptLine(file: line.file, number: line.number, text: line.text.trimmed), expansions.count)
    expansions.append(0)
    session.groups.begin(statement.text, at: session.position)
    defer {
      session.groups.end(at: session.position)
      expansions.removeLast()
    }
    do throws(Expansion.Stop) {
      return try statement.expand(Expansion(runner: self, line: line)).result
    } catch {
      return try error.result(at: line, hasBegun: expansions.last != 0)
    }
  }

  /// Performs one of the statements another stands for.
  func performChild(_ statement: any Statement, at line: ScriptLine) throws(ScriptError) -> StatementResult? {
    if session.isInterrupted() { throw interruption(line, "stopped by a key before \"\(line.text)\"") }
    expansions[expansions.count - 1] += 1
    return try perform(statement, at: line)
  }

  /// The name that a statement has given to what lies at an address.
  func givenName(of address: UInt64) -> String? { given.filter { names.values[$0] == address }.min() }

  /// Gives names to what a statement made: each as it is wanted, or all with a number, so that no name changes what it stands for
  /// while that is there.
  ///
  /// - Parameter isGone: whether what a name stood for is no longer there.
  func give(_ wanted: KeyValuePairs<String, UInt64>, unless isGone: (UInt64) -> Bool) -> [(name: String, value: UInt64)] {
    func all(_ number: Int) -> [(name: String, value: UInt64)] {
      wanted.map { (number == 1 ? $0.key : "\($0.key)\(number)", $0.value) }
    }
    var number = 1
    while let first = all(number).first {
      let isOver = given.contains(first.name) && names.values[first.name].map(isGone) ?? false
      if all(number).allSatisfy({ names.values[$0.name] ?? $0.value == $0.value || isOver && given.contains($0.name) }) { break }
      number += 1
    }
    for (name, value) in all(number) {
      names.values[name] = value
      session.label(value, name)
      given.insert(name)
    }
    return all(number)
  }

  func interruption(_ line: ScriptLine, _ message: String) -> ScriptError {
    wasInterrupted = true
    return line.error(watches.takeHit() ?? message)
  }

  /// What predicates read as the session stands.
  var predicateReader: PredicateReader {
    tally.follow(session)
    return session.predicateReader(tally)
  }

  // MARK: What statements do

  /// Makes an action a step.
  func perform(_ action: Action, at line: ScriptLine) throws(ScriptError) -> StatementResult {
    try makeRoom(line)
    if source.place != .recording { try refuseLargeFill(action, line) }
    if source.place == .commandLine { try refuseMissingPE(action, line) }
    guestControl.willReplaceSteps(after: session.position)
    var action = action
    if case .guest(var queued) = action {
      queued.tag = session.nextGuestTag()
      expectations.queued(tag: queued.tag)
      action = .guest(queued)
    }
    source.hasBegun = true
    lastAction = action
    let result = asRecorded { session.perform(.action(action), entropy: entropy) }
    expectations.completed(result.guestResults)
    return result
  }

  /// What a line of a recording does that needs no reading.
  func performRecorded(_ action: Action, line: Int) throws(ScriptError) -> StatementResult {
    let result = try perform(action, at: ScriptLine(file: "", number: line, text: ""))
    expectations.answered(result, ScriptLine(file: "", number: line, text: ""))
    return result
  }

  /// The same of a call of RMI, or an access of the Normal world.
  ///
  /// - Returns: nil where ``Session/plainAnswer`` is all that came of it.
  func performPlain(_ action: Action, line: Int) throws(ScriptError) -> StatementResult? {
    try makeRoom(ScriptLine(file: "", number: line, text: ""))
    guestControl.willReplaceSteps(after: session.position)
    source.hasBegun = true
    session.isHostActing = source.place == .recording
    defer { session.isHostActing = false }
    guard let result = session.performPlain(action) else { return nil }
    expectations.completed(result.guestResults)
    return result
  }

  /// Makes a fresh machine.
  func reset(_ configuration: MachineConfiguration, name: String?, at line: ScriptLine) throws(ScriptError) {
    try makeRoom(line)
    guestControl.willReplaceSteps(after: session.position)
    expectations.settle(on: session)
    source.hasBegun = true
    asRecorded { _ = session.perform(.reset(configuration, name: name)) }
  }

  /// Whose step it is, a recording says: its `#host` lines come after it.
  private func asRecorded<T>(_ body: () -> T) -> T {
    guard source.place == .recording else { return body() }
    session.isHostActing = true
    defer { session.isHostActing = false }
    return body()
  }

  /// Lets a guest do what a person wants of it.
  func perform(_ command: GuestCommand, at line: ScriptLine) throws(ScriptError) -> StatementResult {
    try makeRoom(line)
    if case .boot = command { expectations.settle(on: session) }
    let outcome: GuestControl.Outcome
    do throws(ScriptError) {
      outcome = try guestControl.perform(command, in: line.file)
    } catch {
      throw line.error(error.message, column: max(error.column, 1))
    }
    if guestControl.wasInterrupted { wasInterrupted = true }
    var result = StatementResult()
    result.text = watches.hit ?? outcome.message
    result.console = outcome.console
    result.answer =
      outcome.kind == .done
      ? Answer(kind: .ok, x: []) : Answer(kind: .other(outcome.kind.rawValue), x: guestControl.registers)
    lastOutcome = outcome
    return result
  }

  /// Has the host do something.
  func perform(_ command: StackCommand, at line: ScriptLine) throws(ScriptError) -> StatementResult {
    if !command.onlyLooks { try makeRoom(line) }
    let outcome: StackControl.Outcome
    do throws(ScriptError) { outcome = try stackControl.perform(command, in: line.file) } catch {
      throw line.error(error.message, column: max(error.column, 1))
    }
    if let why = session.exhaustion, outcome.isRunning { throw line.error(why) }
    var result = StatementResult()
    result.text = outcome.message.isEmpty ? nil : outcome.message
    result.console = outcome.lines.map(\.text)
    result.failedCheck = outcome.layer
    result.answer =
      outcome.isDone
      ? outcome.isRunning ? Answer(kind: .other("running"), x: []) : Answer(kind: .ok, x: [])
      : Answer(kind: .other("error"), x: [])
    isHostRunning = outcome.isRunning
    return result
  }

  /// Throws if there is no room for what a statement does. What only looks needs none, and going back makes some. A recording has as
  /// many steps as it has.
  func makeRoom(_ line: ScriptLine) throws(ScriptError) {
    if let why = source.place == .recording ? session.recordingExhaustion : session.exhaustion { throw line.error(why) }
  }

  /// What cannot be is no step of a person's; in a script it is answered, so that it can be expected.
  private func refuseMissingPE(_ action: Action, _ line: ScriptLine) throws(ScriptError) {
    let pe: Int
    switch action {
    case .selectPE(let number), .resume(let number): pe = number
    default: return
    }
    let count = session.configuration.peCount
    guard pe >= count else { return }
    throw line.error("there is no PE \(pe); this machine has 0 to \(count - 1)")
  }

  private func refuseLargeFill(_ action: Action, _ line: ScriptLine) throws(ScriptError) {
    guard case .access(let access) = action, case .fill(let length, let byte) = access.kind,
      session.read({ $0.isBacked(access.address, length) })
    else { return }
    func refusal(_ why: String) -> ScriptError { line.error("a fill of \(sizeText(length)) is too large; \(why)") }
    if length > MemoryAccess.fillLimit {
      throw refusal("one statement writes at most \(sizeText(MemoryAccess.fillLimit))")
    }
    if byte != 0, length > session.limits.memory - min(session.memoryInUse, session.limits.memory) {
      throw refusal("the machine's memory may hold at most \(sizeText(session.limits.memory)) in a run")
    }
  }

  // MARK: Recordings

  /// Whether one can go back and forth here.
  var travels: Bool { session.keepsHistory && (hasHistory || source.version != nil) }

  /// Whether a line is the one that says a recording's machine, which its steps begin on.
  func isHeader(_ line: ScriptLine) -> Bool {
    let isRecording = source.version != nil || source.place == .recording
    return isRecording && !source.hasBegun && !line.text.trimmed.hasPrefix(Recording.timePrefix)
  }

  /// Makes the machine of a recording, unless it is there already.
  func beginRecording(on configuration: MachineConfiguration, at line: ScriptLine) throws(ScriptError) {
    guard !session.steps.isEmpty || session.position > 0 || configuration != session.configuration else { return }
    try reset(configuration, name: nil, at: line)
    source.firstStep = session.position
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
