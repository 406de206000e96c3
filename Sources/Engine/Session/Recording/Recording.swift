import Basics
import Host
import Machine

/// The text of a recording: a script whose lines carry, as annotations, when they were done and what the machine answered.
public enum Recording {
  /// In version 1 every machine has the sample platform; since 2 a `machine` line says it where it does. Since 3 digests cover all of
  /// the state, and lines that begin with `#host` say what the Host's software knew. Since 4 what was undone stays as a branch when
  /// something else is done, and there are statements for branches, bookmarks and notes. Since 5 a line says when it was done only where
  /// that is another time than of the line before it, an answer that is ``isUsual(_:)`` is left out, and calls of the RMM have no `smc`.
  /// Since 6 they have no `RMI_`, and a success that gives something no `RMI_SUCCESS`; `#host device` lines say for which device the Host's
  /// software did something.
  package static let version = 6
  /// Steps between digests; see ``digestStride(after:)``.
  public static let digestStride = 16
  /// Most bytes one entropy line may carry.
  static let entropyLimit = 4096
  /// When something was done: the first word of a line.
  static let timePrefix = "@"

  /// A line that says how many of the steps after it one statement made, and which.
  static let groupPrefix = "#statement "
  /// Most steps of such a statement, and most of these lines before a step.
  static let groupLimit = (steps: 1 << 20, depth: 16)

  /// A line that says what an address is called.
  static let namePrefix = "#name "

  /// What a line says of the statement before it, by its first word. A script passes it over.
  package enum Annotation: String {
    case answer = "=>"
    case digest = "%"
    case entropy
  }

  /// The first lines: format version and machine.
  public static func header(_ configuration: MachineConfiguration) -> String {
    "#workbench \(version)\nmachine \(configuration.propertyText)\n"
  }

  /// The version in a recording's first line; nil if there is none.
  static func version(inFirstLine line: String) -> Int? {
    guard line.hasPrefix("#workbench") else { return nil }
    return Int(line.dropFirst("#workbench".count).trimmedPrefix(while: { $0 == " " }))
  }

  /// The version in a recording's first line; throws if this program does not read it.
  static func format(_ line: String) throws(ScriptError) -> Int {
    guard let version = version(inFirstLine: line), version <= Self.version else {
      let word = line.dropFirst("#workbench".count).trimmedPrefix(while: { $0 == " " })
      throw ScriptError(
        line: 1, column: 12,
        message: "recording format \"\(shown(word))\" is newer than this program, which reads up to \(Self.version)")
    }
    return version
  }

  /// The machine that a recording's lines begin with.
  public static func configuration(of lines: [String]) throws(ScriptError) -> MachineConfiguration {
    let version = lines.first.flatMap { Self.version(inFirstLine: $0) }
    for (index, line) in lines.enumerated() where !line.hasPrefix("#") {
      let statement = try StatementParser(line: index + 1, names: ScriptNames()).parse(line)
      guard let machine = statement as? MachineStatement else { break }
      return try configuration(MachineConfiguration(), machine.properties, version: version, line: index + 1)
    }
    return MachineConfiguration()
  }

  /// What a `machine` line of a recording makes of a configuration.
  static func configuration(
    _ base: MachineConfiguration, _ properties: [MachineProperty], version: Int?, line: Int
  ) throws(ScriptError) -> MachineConfiguration {
    var configuration = base
    try configuration.set(properties, line: line)
    if version == 1 { configuration.platform = .sample }
    return configuration
  }

  /// Steps between digests in a recording of so many steps: of a long one they are farther apart.
  package static func digestStride(after steps: Int) -> Int { max(digestStride, min(steps / 64, 1024)) }

  /// Whether a version has no line for an answer that is as usual.
  static func leavesOutUsual(_ version: Int?) -> Bool { version ?? 0 >= 5 }

  /// A version whose statements need not have been answered as usual where no answer is recorded: for what has lost its answers.
  package static func unanswered(_ firstLine: String) -> String {
    leavesOutUsual(version(inFirstLine: firstLine)) ? "#workbench 4" : firstLine
  }

  /// Whether an answer is what is to be expected where none is recorded: a call's with nothing but zeroes in X0 to X8, or that something
  /// was done.
  static func isUsual(_ result: StatementResult) -> Bool {
    guard let answer = result.answer, result.guestResults.isEmpty, result.exit == nil, result.text == nil, result.found == nil
    else { return false }
    return switch answer.kind {
    case .ok: answer.x.first == 0
    case .registers: !answer.x.isEmpty && answer.x.prefix(9).allSatisfy { $0 == 0 }
    default: false
    }
  }

  /// The same of an answer that is all there is to say.
  static func isUsual(_ answer: PlainAnswer) -> Bool {
    guard answer.kind != .read else { return false }
    for n in 0..<9 where answer.x[n] != 0 && n < answer.count { return false }
    return true
  }

  /// The lines of one step: what was said of it, the statements that stood for others and begin with it, and what it did.
  ///
  /// - Parameters:
  ///   - number: of the step, from 1.
  ///   - seconds: since the recording began; nil: at the same time as the line before.
  public static func lines(_ session: Session, _ number: Int, seconds: Double?) -> String {
    lines(
      session.steps[number - 1], Array(session.captions.of(number)), Array(session.groups(beginningAt: number - 1)),
      seconds: seconds)
  }

  static func lines(_ step: Session.Step, _ captions: [Caption], _ groups: [StepGroup], seconds: Double?) -> String {
    let words = captions.filter { $0.kind == .words }.map { "# \($0.text)\n" }
    let groups = groups.map { "\(groupPrefix)\($0.count) \($0.text)\n" }
    return words.joined(separator: "#\n") + groups.joined() + lines(step, seconds: seconds)
  }

  /// The lines of one step, without words.
  public static func lines(_ step: Session.Step, seconds: Double?) -> String {
    // A machine that is made without a time is the recording's own.
    var text = stamp(seconds ?? (step.isReset ? 0 : nil)) + statementText(step) + "\n"
    for value in step.entropy { text += "\(Annotation.entropy.rawValue) \(value.count):\(hexBytes(value))\n" }
    if !isUsual(step.result) {
      for line in answerLines(step.result) { text += "\(Annotation.answer.rawValue) \(shortened(line))\n" }
    }
    if let host = step.host { text += host.text + "\n" }
    return text
  }

  /// A call of the Host's to the RMM is a statement by its name alone.
  private static func statementText(_ step: Session.Step) -> String {
    let text = step.text
    return text.hasPrefix(call + rmi) ? String(text.dropFirst(call.count + rmi.count)) : text
  }

  private static let call = "smc "
  /// What names of calls of the RMM begin with, and stand without.
  static let rmi = "RMI_"

  /// The command that the first word of a recorded line stands for, which may have lost its ``rmi``; nil if it is none.
  static func command(_ word: String) -> String? {
    if word.hasPrefix(rmi) { return Commands.named(word)?.name }
    return Calls.named(word) == nil ? Commands.named(rmi + word)?.name : nil
  }

  /// A line as a script has it: without when it was done, and with all of the name of a call of the RMM.
  package static func spelledOut(_ line: String) -> String {
    let line = withoutTime(line)
    guard let word = line.split(separator: " ", maxSplits: 1).first, word.first?.isUppercase == true,
      let name = command(String(word))
    else { return line }
    return name + line.dropFirst(word.count)
  }

  /// An answer as it is recorded: of a success that gives something, what it gives.
  private static func shortened(_ answer: String) -> String {
    answer.hasPrefix("\(success) x") ? String(answer.dropFirst(success.count + 1)) : answer
  }

  /// An answer that was recorded, as ``answerLines(_:)`` has it.
  static func whole(_ answer: String) -> String {
    let head = Array(answer.utf8.prefix(3))
    let isGiven =
      head.count == 3 && head[0] == UInt8(ascii: "x") && head[1] &- UInt8(ascii: "1") < 8 && head[2] == UInt8(ascii: "=")
    return isGiven ? "\(success) \(answer)" : answer
  }

  private static let success = "RMI_SUCCESS"

  /// What the machine answered, as it is recorded and compared.
  package static func answerLines(_ result: StatementResult) -> [String] {
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

  /// Lines that say what addresses are called, from one name on.
  package static func nameLines(_ session: Session, from first: Int) -> String {
    session.labels.log.dropFirst(first).map { "\(namePrefix)\(hex($0.address)) \($0.word)\n" }.joined()
  }

  /// Lines for bookmarks and notes of steps up to where the session stands, which is where the text stands before and after them.
  package static func additionLines(_ session: Session) -> String {
    var text = ""
    var here = session.position
    func add(_ step: Int, _ statement: BookmarkStatement) {
      if step != here { text += travelLine("goto \(step)", seconds: nil) }
      here = step
      text += travelLine(statement.text, seconds: nil)
    }
    for addition in session.additionLog {
      switch addition {
      case .bookmark(let bookmark):
        guard session.bookmark(named: bookmark.name) == bookmark else { continue }
        if session.isOnLine(bookmark.place), bookmark.place.step <= session.position {
          add(bookmark.place.step, BookmarkStatement(deed: .set(bookmark.name, note: bookmark.note)))
        }
      case .note(let note, let place):
        guard session.exists(place), session.isOnLine(place), place.step <= session.position else { continue }
        add(place.step, BookmarkStatement(deed: .note(note)))
      case .unmark: break
      }
    }
    return here == session.position ? text : text + travelLine("goto \(session.position)", seconds: nil)
  }

  /// Whether a line has something to do, or what an author says, or what came in from outside; and not what was answered, expected or
  /// noted.
  package static func isStatement(_ line: String) -> Bool {
    let words = withoutTime(line.trimmed).split(separator: " ", maxSplits: 1)
    guard let first = words.first.map(String.init) else { return true }
    guard first != Annotation.answer.rawValue, first != Annotation.digest.rawValue else { return false }
    return !["expect", "note", "bookmark", "unmark"].contains(first) && !line.trimmed.hasPrefix("guest expect ")
  }

  /// A line without when it was done.
  package static func withoutTime(_ line: String) -> String {
    guard line.hasPrefix(timePrefix), let space = line.firstIndex(of: " ") else { return line }
    return String(line[space...]).trimmed
  }

  public static func digestLine(_ digest: UInt64) -> String {
    let digits = String(digest, radix: 16)
    return "\(Annotation.digest.rawValue)  state \(String(repeating: "0", count: 16 - digits.count))\(digits)\n"
  }

  /// Going back and forth is recorded too.
  package static func travelLine(_ word: String, seconds: Double?) -> String { "\(stamp(seconds))\(word)\n" }

  /// A time as recordings tell it.
  static func milliseconds(_ seconds: Double) -> UInt64 { UInt64(max(0, seconds) * 1000) }

  /// When something was done, as the first word of its line; nothing where that is known.
  private static func stamp(_ seconds: Double?) -> String {
    guard let seconds else { return "" }
    let milliseconds = milliseconds(seconds)
    let rest = milliseconds % 1000
    return "\(timePrefix)\(milliseconds / 1000).\(rest < 100 ? "0" : "")\(rest < 10 ? "0" : "")\(rest) "
  }
}

extension StringProtocol {
  func trimmedPrefix(while predicate: (Character) -> Bool) -> String { String(drop(while: predicate)) }
}
