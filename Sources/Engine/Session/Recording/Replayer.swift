import Basics
import Host
import Machine

/// Re-executes a recording and compares what comes with what was recorded.
///
/// Its statements are performed as a script's are, by a ``ScriptRunner``; what it reports is compared.
public final class Replayer {
  /// The first place where they differ.
  public struct Difference: Sendable, Equatable {
    public var line: Int
    public var expected: String
    public var got: String

    package init(line: Int, expected: String, got: String) {
      self.line = line
      self.expected = expected
      self.got = got
    }
  }

  public var session: Session { runner.session }
  public private(set) var difference: Difference?
  /// How many answers and digests were compared, and how many steps there are on all branches.
  @exclusivity(unchecked) public private(set) var answersCompared = 0
  public private(set) var digestsCompared = 0

  /// A statement with what follows it.
  private struct Entry {
    let text: String
    let line: Int
    /// What it does, if it was read without the language.
    var action: Action?
    /// What it was answered, as long as that is one line.
    var answer: [UInt8] = []
    var answerLine = 0
    var entropy: [[UInt8]] = []
    var expected: [(text: String, line: Int)] = []

    /// Whether somebody did it who recorded: then it was answered.
    var isTimed: Bool { action != nil || text.hasPrefix(Recording.timePrefix) }

    mutating func expect(_ text: String, _ line: Int) {
      keepAnswer()
      expected.append((Recording.whole(text), line))
    }

    /// The answer as the others are.
    mutating func keepAnswer() {
      guard !answer.isEmpty else { return }
      expected.append((Recording.whole(String(decoding: answer, as: UTF8.self)), answerLine))
      answer = []
    }
  }

  private let runner: ScriptRunner
  @exclusivity(unchecked) private var pending: Entry?
  @exclusivity(unchecked) private var plain = PlainLine()
  /// What was read as bytes and is performed when the next line is there, a call of RMI or an access of the Host; its line, 0 if there is none,
  /// and what it was answered.
  @exclusivity(unchecked) private var plainAction = Action.guestClear
  @exclusivity(unchecked) private var plainLine = 0
  @exclusivity(unchecked) private var plainAnswer: [UInt8] = []
  @exclusivity(unchecked) private var plainAnswerLine = 0
  /// Such a one as it is read.
  @exclusivity(unchecked) private var reading = Action.guestClear
  private var version: Int? { runner.source.version }
  private var leavesOutUsual: Bool { Recording.leavesOutUsual(version) }
  /// Whether it has answers, and the first statement whose answer it does not have: a recording has all of them or none.
  @exclusivity(unchecked) private var hasAnswers = false
  private var unanswered: Difference?
  /// Whether some of what stood behind the statement that comes next may have been cut off.
  private var isTorn = false
  /// Comments behind the statement that was read last.
  private var remarks: [ScriptLine] = []
  /// Statements that stood for others and begin with the next step.
  @exclusivity(unchecked) private var openings: [(text: String, count: Int)] = []
  /// A program whose names are being read.
  private var program: Recording.OpenProgram?
  /// Lines of a note that has not ended.
  @exclusivity(unchecked) private var note: [(text: String, line: Int)] = []

  public init(_ session: Session) { runner = ScriptRunner(session, place: .recording) }

  /// Takes the next line if it is one of those there are most of, as they are recorded.
  ///
  /// - Returns: false if it has to be taken as a text.
  public func take(plain bytes: [UInt8], line: Int) throws(ScriptError) -> Bool {
    guard version != nil, note.isEmpty, bytes.count > 4, bytes.count <= ScriptRunner.lineLimit else { return false }
    switch bytes[0] {
    case UInt8(ascii: "A")...UInt8(ascii: "Z") where !leavesOutUsual, UInt8(ascii: "n") where !leavesOutUsual: return false
    case UInt8(ascii: "@"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "n"):
      guard plain.read(bytes, &reading) else { return false }
      try settle()
      if plain.isPlain {
        plainAction = reading
        plainLine = line
      } else {
        pending = Entry(text: "", line: line, action: reading)
      }
      return true
    case UInt8(ascii: "="):
      guard bytes[1] == UInt8(ascii: ">"), bytes[2] == UInt8(ascii: " "), bytes[3] != 0x20, bytes[bytes.count - 1] != 0x20,
        bytes.allSatisfy({ $0 >= 0x20 && $0 < 0x7F })
      else { return false }
      if plainLine > 0 {
        guard plainAnswer.isEmpty else { return false }
        plainAnswer += bytes[3...]
        plainAnswerLine = line
      } else {
        guard pending?.action != nil, pending?.answer.isEmpty == true, pending?.expected.isEmpty == true else { return false }
        pending?.answer = Array(bytes[3...])
        pending?.answerLine = line
      }
      hasAnswers = true
      return true
    default: return false
    }
  }

  /// Takes the next line. Throws if it is not one of a recording.
  public func take(_ text: String, line: Int) throws(ScriptError) {
    guard text.utf8.count <= ScriptRunner.lineLimit else {
      throw ScriptError(line: line, column: 1, message: "the line is longer than \(ScriptRunner.lineLimit) bytes")
    }
    if let entry = takePlain() { pending = entry }
    if line == 1, text.hasPrefix("#workbench") {
      runner.source.version = try Recording.format(text)
      return
    }
    let trimmed = text.trimmed
    if trimmed.hasPrefix(HostNoteLine.prefix), version ?? 0 >= 3 { return try takeHost(trimmed, line) }
    if try takeProgram(trimmed, line) { return }
    if trimmed.hasPrefix(Recording.namePrefix) {
      try settle()
      runner.onReport = { _ in }
      try runner.perform(ScriptLine(file: "", number: line, text: String(trimmed.dropFirst())))
      return
    }
    if trimmed.hasPrefix(Recording.groupPrefix) { return try takeGroup(trimmed, line) }
    if trimmed.isEmpty || trimmed.hasPrefix("#") {
      if try session.takeFile(trimmed, line: line) { return }
      let remark = ScriptLine(file: "", number: line, text: trimmed)
      if pending == nil { runner.note(remark) } else { remarks.append(remark) }
      return
    }
    if let open = note.last { throw ScriptError(line: open.line, column: 1, message: "a note without its \(HostNote.end)") }
    if trimmed.hasPrefix(Recording.Annotation.answer.rawValue) {
      guard pending != nil else {
        throw ScriptError(line: line, column: 1, message: "an answer (=>) with no statement before it")
      }
      hasAnswers = true
      pending?.expect(String(trimmed.dropFirst(Recording.Annotation.answer.rawValue.count)).trimmed, line)
      return
    }
    if trimmed.hasPrefix(Recording.Annotation.digest.rawValue) {
      try settle()
      try compareDigest(trimmed, line)
      return
    }
    let statement = withoutTime(trimmed)
    if statement.hasPrefix(Recording.Annotation.entropy.rawValue + " ") {
      let bytes = try entropy(statement, line)
      guard pending != nil else {
        throw ScriptError(line: line, column: 1, message: "entropy with no statement before it")
      }
      pending?.entropy.append(bytes)
      return
    }
    try settle()
    pending = Entry(text: trimmed, line: line)
  }

  /// To be called after the last line.
  ///
  /// - Parameter isTorn: whether a line was cut off behind it, which may have been an answer of the last statement, or its entropy.
  public func finish(isTorn: Bool = false) throws(ScriptError) {
    self.isTorn = isTorn
    try settle()
    guard hasAnswers, let unanswered, unanswered.line < difference?.line ?? .max else { return }
    difference = unanswered
  }

  private func withoutTime(_ text: String) -> String {
    guard text.hasPrefix(Recording.timePrefix), let space = text.firstIndex(of: " ") else { return text }
    return String(text[space...]).trimmed
  }

  private func entropy(_ statement: String, _ line: Int) throws(ScriptError) -> [UInt8] {
    let body = statement.dropFirst(Recording.Annotation.entropy.rawValue.count + 1)
    let bad = ScriptError(line: line, column: 1, message: "expected entropy COUNT:HEX, found \"\(shown(statement))\"")
    guard let colon = body.firstIndex(of: ":"), let count = Int(body[..<colon]), count <= Recording.entropyLimit else {
      throw bad
    }
    guard let bytes = [UInt8](hex: body[body.index(after: colon)...]), bytes.count == count else { throw bad }
    return bytes
  }

  /// What entered through the entropy door in a step stands behind it, no more and no less.
  private func compareEntropy(_ recorded: Int, _ line: Int) {
    let drawn = session.read { $0.entropy.log.count }
    guard version != nil, drawn != recorded, !isTorn || drawn < recorded else { return }
    func values(_ count: Int) -> String { "\(count) value\(count == 1 ? "" : "s") of entropy" }
    differ(line, values(recorded), values(drawn))
  }

  /// What the Host's software knew after the step before, line by line.
  private func takeHost(_ text: String, _ line: Int) throws(ScriptError) {
    try settle()
    guard session.position > 0 else { throw ScriptError(line: line, column: 1, message: "#host with no statement before it") }
    if text == HostNote.aside { return session.keepMark(.aside) }
    if text == HostNote.outside { return session.keepMark(.outside) }
    if text.hasPrefix(HostNote.typed) {
      guard let bytes = [UInt8](hex: text.dropFirst(HostNote.typed.count)), (1...SerialInput.room).contains(bytes.count) else {
        throw ScriptError(
          line: line, column: 1,
          message: "expected \(HostNote.typed)HEX with 1 to \(SerialInput.room) bytes, found \"\(shown(text))\"")
      }
      return session.keepMark(.typed(bytes))
    }
    if text.hasPrefix(HostNote.printed) {
      guard let bytes = [UInt8](hex: text.dropFirst(HostNote.printed.count)), (1...HostNote.mostPrinted).contains(bytes.count)
      else {
        throw ScriptError(
          line: line, column: 1,
          message: "expected \(HostNote.printed)HEX with 1 to \(HostNote.mostPrinted) bytes, found \"\(shown(text, limit: 60))\"")
      }
      return session.keepMark(.printed(bytes))
    }
    if text.hasPrefix(HostNote.device) {
      let name = text.dropFirst(HostNote.device.count)
      guard let kind = VirtioKind.allCases.first(where: { $0.name == name }) else {
        let names = VirtioKind.allCases.map(\.name).joined(separator: " ")
        throw ScriptError(line: line, column: 1, message: "no device \"\(shown(name))\"; expected one of \(names)")
      }
      return session.keepMark(.device(kind))
    }
    guard note.count < HostNote.mostLines else {
      throw ScriptError(line: line, column: 1, message: "a note of more than \(HostNote.mostLines) lines")
    }
    note.append((text, line))
    guard text == HostNote.end else { return }
    let lines = note
    note = []
    do throws(HostNoteLine.Malformed) {
      _ = try HostNote(lines.map(\.text), on: session.configuration)
    } catch {
      throw ScriptError(line: lines[error.index].line, column: 1, message: error.message)
    }
    session.keepNote(lines.map(\.text).joined(separator: "\n"))
  }

  /// Names of the places in a guest's program. They end with the first other line.
  ///
  /// - Returns: whether the line is one of them.
  private func takeProgram(_ text: String, _ line: Int) throws(ScriptError) -> Bool {
    if text.hasPrefix(Recording.programPrefix), version ?? 0 >= 5 {
      program = try Recording.OpenProgram(text, line: line)
      return true
    }
    guard program != nil, text.hasPrefix(Recording.symbolPrefix) else {
      program = nil
      return false
    }
    try program?.take(text, line: line)
    if let whole = program, whole.isWhole {
      whole.keep(in: session)
      program = nil
    }
    return true
  }

  /// That the next steps were made by one statement.
  private func takeGroup(_ text: String, _ line: Int) throws(ScriptError) {
    try settle()
    let words = text.dropFirst(Recording.groupPrefix.count).split(separator: " ", maxSplits: 1)
    let (most, depth) = Recording.groupLimit
    guard words.count == 2, let count = Int(words[0]), (1...most).contains(count) else {
      throw ScriptError(
        line: line, column: 1, message: "expected #statement STEPS TEXT, with 1 to \(most) steps, found \"\(shown(text))\"")
    }
    guard openings.count < depth else {
      throw ScriptError(line: line, column: 1, message: "more than \(depth) statements begin with one step")
    }
    openings.append((String(words[1]), count))
  }

  private func differ(_ line: Int, _ expected: String, _ got: String) {
    if difference == nil { difference = Difference(line: line, expected: expected, got: got) }
  }

  private func compareDigest(_ text: String, _ line: Int) throws(ScriptError) {
    let words = text.split(separator: " ")
    guard words.count == 3, words[1] == "state", let wanted = UInt64(words[2], radix: 16) else {
      throw ScriptError(line: line, column: 1, message: "expected % state DIGEST, found \"\(shown(text))\"")
    }
    digestsCompared += 1
    let got = session.digest(ofVersion: version ?? Recording.version)
    if got != wanted {
      differ(line, "state \(String(wanted, radix: 16))", "state \(String(got, radix: 16))")
    }
  }

  /// Performs the statement that was read before and compares its answer.
  private func settle() throws(ScriptError) {
    guard plainLine == 0 else { return try settlePlain() }
    guard let entry = pending else { return }
    pending = nil
    runner.entropy = entry.entropy
    let before = session.position
    if let action = entry.action {
      compare(try runner.performRecorded(action, line: entry.line), entry)
    } else {
      runner.onReport = { [unowned self] in compare($0, entry) }
      try runner.perform(ScriptLine(file: "", number: entry.line, text: entry.text))
    }
    for remark in remarks { runner.note(remark) }
    remarks = []
    keepOpenings(since: before)
  }

  /// The same of what was read as bytes and has no more than an answer, as most lines of a long recording.
  private func settlePlain() throws(ScriptError) {
    let (before, line) = (session.position, plainLine)
    plainLine = 0
    let result = try runner.performPlain(plainAction, line: line)
    let isUsual = plainAnswer.isEmpty && leavesOutUsual
    if result == nil,
      isUsual ? Recording.isUsual(session.plainAnswer) : plain.isRecorded(session.plainAnswer, as: plainAnswer)
    {
      answersCompared += 1
    } else {
      compare(result ?? session.steps[session.position - 1].result, plainEntry(line))
    }
    plainAnswer.removeAll(keepingCapacity: true)
    keepOpenings(since: before)
  }

  /// What was read as bytes, as an entry that may have more than an answer; nil if there is none.
  private func takePlain() -> Entry? {
    guard plainLine > 0 else { return nil }
    defer {
      plainLine = 0
      plainAnswer.removeAll(keepingCapacity: true)
    }
    return plainEntry(plainLine)
  }

  private func plainEntry(_ line: Int) -> Entry {
    Entry(text: "", line: line, action: plainAction, answer: plainAnswer, answerLine: plainAnswerLine)
  }

  /// Statements that stood for others begin with the step that was just done.
  private func keepOpenings(since before: Int) {
    guard !openings.isEmpty, session.position == before + 1, session.position == session.steps.count else { return }
    for opening in openings { session.keepGroup(opening.text, count: opening.count) }
    openings = []
  }

  /// What came of an action that was read as bytes.
  private func compare(_ result: StatementResult, _ entry: Entry) {
    compareEntropy(entry.entropy.count, entry.line)
    let isLeftOut = entry.answer.isEmpty && entry.expected.isEmpty && leavesOutUsual
    if isLeftOut ? Recording.isUsual(result) : !entry.answer.isEmpty && plain.isRecorded(result, as: entry.answer) {
      answersCompared += 1
    } else {
      var entry = entry
      entry.keepAnswer()
      compare(result, entry, isAction: true)
    }
  }

  private func compare(_ report: ScriptRunner.Report, _ entry: Entry) {
    // What only says where one is, or what somebody says, is answered to a person.
    if !report.statement.isExpectable, entry.expected.isEmpty { return }
    if report.statement.action != nil { compareEntropy(entry.entropy.count, entry.line) }
    compare(report.result, entry, isAction: report.statement.action != nil)
  }

  private func compare(_ result: StatementResult, _ entry: Entry, isAction: Bool) {
    let got = Recording.answerLines(result)
    for (index, expected) in entry.expected.enumerated() {
      answersCompared += 1
      let line = index < got.count ? got[index] : "no answer"
      if line != expected.text { differ(expected.line, expected.text, line) }
    }
    if isTorn { return }
    if entry.expected.isEmpty, isAction, leavesOutUsual, let first = got.first {
      answersCompared += 1
      if !Recording.isUsual(result) { differ(entry.line, "success, because no answer (=>) is recorded", first) }
      return
    }
    if entry.expected.isEmpty, entry.isTimed, version != nil, unanswered == nil, let first = got.first {
      unanswered = Difference(line: entry.line, expected: "an answer (=>) to be recorded", got: first)
    }
    if !entry.expected.isEmpty, got.count > entry.expected.count {
      differ(entry.line, "no further answer", got[entry.expected.count])
    }
  }
}
