import Basics
import Host
import Machine

/// The text of a recording: a script whose lines carry, as annotations, when they were done and what the machine answered.
public enum Recording {
  /// In version 1 every machine has the sample platform; since 2 a `machine` line says it where it does. Since 3 digests cover all of
  /// the state, and lines that begin with `#host` say what the Host's software knew.
  public static let version = 3
  /// Steps between digests.
  public static let digestStride = 16
  /// Most bytes one entropy line may carry.
  static let entropyLimit = 4096

  /// The first lines: format version and machine.
  public static func header(_ configuration: MachineConfiguration) -> String {
    "#workbench \(version)\nmachine \(configuration.propertyText)\n"
  }

  /// The version in a recording's first line; nil if there is none.
  static func version(inFirstLine line: String) -> Int? {
    guard line.hasPrefix("#workbench") else { return nil }
    return Int(line.dropFirst("#workbench".count).trimmedPrefix(while: { $0 == " " }))
  }

  /// The machine that a recording's lines begin with.
  public static func configuration(of lines: [String]) throws(ScriptError) -> MachineConfiguration {
    let version = lines.first.flatMap { Self.version(inFirstLine: $0) }
    for (index, line) in lines.enumerated() where !line.hasPrefix("#") {
      guard case .machine(let properties) = try StatementParser(line: index + 1, names: ScriptNames()).parse(line) else { break }
      return try configuration(MachineConfiguration(), properties, version: version, line: index + 1)
    }
    return MachineConfiguration()
  }

  /// What a `machine` line of a recording makes of a configuration.
  static func configuration(
    _ base: MachineConfiguration, _ properties: [(key: String, value: String, column: Int)], version: Int?, line: Int
  ) throws(ScriptError) -> MachineConfiguration {
    var configuration = base
    try configuration.set(properties, line: line)
    if version == 1 { configuration.platform = .sample }
    return configuration
  }

  /// The lines of one step.
  ///
  /// - Parameter seconds: since the recording began.
  public static func lines(_ step: Session.Step, seconds: Double) -> String {
    let time = stamp(seconds)
    var text = "\(time) \(step.text)\n"
    for value in step.entropy { text += "\(time) entropy \(value.count):\(hexBytes(value))\n" }
    for line in answerLines(step.result) { text += "=> \(line)\n" }
    if let host = step.host { text += host.text + "\n" }
    return text
  }

  /// What the machine answered, as it is recorded and compared.
  public static func answerLines(_ result: StatementResult) -> [String] {
    var lines = result.guestResults.map(\.rawLine)
    if let text = result.text { return lines + [text] }
    if let found = result.found { return lines + ["-> \(found)"] }
    if let answer = result.answer {
      switch answer.kind {
      case .registers:
        var line = answer.text
        for n in 1..<min(9, answer.x.count) where answer.x[n] != 0 { line += " x\(n)=\(hex(answer.x[n]))" }
        lines.append(line)
      default: lines.append(answer.text)
      }
    }
    if let exit = result.exit { lines.append("exit \(exit.rawText)") }
    return lines
  }

  public static func digestLine(_ digest: UInt64) -> String {
    let digits = String(digest, radix: 16)
    return "%  state \(String(repeating: "0", count: 16 - digits.count))\(digits)\n"
  }

  /// Going back and forth is recorded too.
  public static func travelLine(_ word: String, seconds: Double) -> String { "\(stamp(seconds)) \(word)\n" }

  private static func stamp(_ seconds: Double) -> String {
    let milliseconds = UInt64(max(0, seconds) * 1000)
    let rest = milliseconds % 1000
    return "@\(milliseconds / 1000).\(rest < 100 ? "0" : "")\(rest < 10 ? "0" : "")\(rest)"
  }
}

/// Re-executes a recording and compares what comes with what was recorded.
public final class Replayer {
  /// The first place where they differ.
  public struct Difference: Sendable, Equatable {
    public var line: Int
    public var expected: String
    public var got: String

    public init(line: Int, expected: String, got: String) {
      self.line = line
      self.expected = expected
      self.got = got
    }
  }

  public let session: Session
  public private(set) var difference: Difference?
  /// How many answers and digests were compared.
  public private(set) var answersCompared = 0
  public private(set) var digestsCompared = 0

  private var pending: (text: String, line: Int, isTimed: Bool, entropy: [[UInt8]], expected: [(String, Int)])?
  private var names = ScriptNames()
  private var version: Int?
  /// Whether it has answers, and the first statement whose answer it does not have: a recording has all of them or none.
  private var hasAnswers = false
  private var unanswered: Difference?
  /// Lines of a note that has not ended.
  private var note: [(text: String, line: Int)] = []

  public init(_ session: Session) { self.session = session }

  /// Takes the next line. Throws if it is not one of a recording.
  public func take(_ text: String, line: Int) throws(ScriptError) {
    guard text.utf8.count <= ScriptRunner.lineLimit else {
      throw ScriptError(line: line, column: 1, message: "the line is longer than \(ScriptRunner.lineLimit) bytes")
    }
    if line == 1, text.hasPrefix("#workbench") {
      guard let version = Recording.version(inFirstLine: text), version <= Recording.version else {
        let word = text.dropFirst("#workbench".count).trimmedPrefix(while: { $0 == " " })
        throw ScriptError(
          line: 1, column: 12,
          message: "recording format \"\(shown(word))\" is newer than this program, which reads up to \(Recording.version)")
      }
      self.version = version
      return
    }
    let trimmed = text.trimmed
    if trimmed.hasPrefix(HostNoteLine.prefix), version ?? 0 >= 3 { return try takeHost(trimmed, line) }
    if trimmed.isEmpty || trimmed.hasPrefix("#") { return }
    if let open = note.last { throw ScriptError(line: open.line, column: 1, message: "a note without its \(HostNote.end)") }
    if trimmed.hasPrefix("=>") {
      guard pending != nil else {
        throw ScriptError(line: line, column: 1, message: "an answer (=>) with no statement before it")
      }
      hasAnswers = true
      pending?.expected.append((String(trimmed.dropFirst(2)).trimmed, line))
      return
    }
    if trimmed.hasPrefix("%") {
      try settle()
      try compareDigest(trimmed, line)
      return
    }
    let statement = withoutTime(trimmed)
    if statement.hasPrefix("entropy ") {
      let bytes = try entropy(statement, line)
      guard pending != nil else {
        throw ScriptError(line: line, column: 1, message: "entropy with no statement before it")
      }
      pending?.entropy.append(bytes)
      return
    }
    try settle()
    pending = (statement, line, trimmed.hasPrefix("@"), [], [])
  }

  /// To be called after the last line.
  public func finish() throws(ScriptError) {
    try settle()
    guard hasAnswers, let unanswered, unanswered.line < difference?.line ?? .max else { return }
    difference = unanswered
  }

  private func withoutTime(_ text: String) -> String {
    guard text.hasPrefix("@"), let space = text.firstIndex(of: " ") else { return text }
    return String(text[space...]).trimmed
  }

  private func entropy(_ statement: String, _ line: Int) throws(ScriptError) -> [UInt8] {
    let body = statement.dropFirst("entropy ".count)
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
    guard version != nil, drawn != recorded else { return }
    func values(_ count: Int) -> String { "\(count) value\(count == 1 ? "" : "s") of entropy" }
    differ(line, values(recorded), values(drawn))
  }

  /// What the Host's software knew after the step before, line by line.
  private func takeHost(_ text: String, _ line: Int) throws(ScriptError) {
    try settle()
    guard session.position > 0 else { throw ScriptError(line: line, column: 1, message: "#host with no statement before it") }
    if text == HostNote.aside { return session.keepMark(.aside) }
    if text == HostNote.outside { return session.keepMark(.outside) }
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
    guard let entry = pending else { return }
    pending = nil
    try perform(entry)
  }

  private func perform(
    _ entry: (text: String, line: Int, isTimed: Bool, entropy: [[UInt8]], expected: [(String, Int)])
  ) throws(ScriptError) {
    let statement = try StatementParser(line: entry.line, names: names).parse(entry.text)
    if let why = session.overuse { throw ScriptError(line: entry.line, column: 1, message: why) }
    let result: StatementResult
    // Whose doing it was, the recording says.
    session.isHostActing = true
    defer { session.isHostActing = false }
    switch statement {
    case .perform(let action):
      result = session.perform(.perform(action), entropy: entry.entropy)
      compareEntropy(entry.entropy.count, entry.line)
    case .query(let query): result = session.answer(query)
    case .token(let query): result = session.answer(query)
    case .travel(let travel):
      guard try session.follow(travel, line: entry.line) else {
        throw ScriptError(line: entry.line, column: 1, message: "stopped on the way to another step")
      }
      return
    case .newCase(let name):
      result = session.perform(.reset(session.configuration, name: name))
    case .machine(let properties):
      let configuration = try Recording.configuration(session.origin, properties, version: version, line: entry.line)
      // The line of the header has made the machine already; one with a time was typed.
      if !entry.isTimed, session.steps.isEmpty, configuration == session.configuration { return }
      result = session.perform(.reset(configuration, name: nil))
    case .define(let name, let value):
      names.values[name] = value
      return
    case .guestCommand:
      throw ScriptError(
        line: entry.line, column: 1, message: "a recording has what a guest's Host did; \"\(shown(entry.text))\" is for scripts")
    default:
      return
    }
    let got = Recording.answerLines(result)
    for (index, expected) in entry.expected.enumerated() {
      answersCompared += 1
      let line = index < got.count ? got[index] : "no answer"
      if line != expected.0 { differ(expected.1, expected.0, line) }
    }
    if entry.expected.isEmpty, entry.isTimed, version != nil, unanswered == nil, let first = got.first {
      unanswered = Difference(line: entry.line, expected: "an answer (=>) to be recorded", got: first)
    }
    if !entry.expected.isEmpty, got.count > entry.expected.count {
      differ(entry.line, "no further answer", got[entry.expected.count])
    }
  }
}

extension StringProtocol {
  func trimmedPrefix(while predicate: (Character) -> Bool) -> String { String(drop(while: predicate)) }
}
