import ArgumentParser
import Engine
import FoundationEssentials
import SystemPackage

struct DiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "Says what differs between two sessions, two branches, or two steps.",
    discussion: """
      A and B are FILE, FILE@STEP, FILE@BRANCH, FILE@BRANCH@STEP or FILE@BOOKMARK; without @ the state the file leads to. What was done \
      is aligned; answers, granules, Realms, RECs, RTT entries, measurements and the contents of pages are compared. Exit code 0 if \
      nothing differs, 1 if something does.
      """)

  @Argument(help: ArgumentHelp("Script or recording, with a place.", valueName: "A"), completion: .file())
  var a: String

  @Argument(help: ArgumentHelp("Another, or the same.", valueName: "B"), completion: .file())
  var b: String

  @Flag(help: "JSON, an object.")
  var json = false

  @OptionGroup var machine: MachineOptions

  func run() throws {
    let configuration = try machine.configuration()
    let comparison = SessionComparison(
      try PlaceInFile(a).comparable(configuration), try PlaceInFile(b).comparable(configuration))
    var out = Output()
    if json {
      out.line(ComparisonJSON(a: a, b: b, comparison).text)
    } else {
      out.line("A  \(a)")
      out.line("B  \(b)")
      for line in comparison.lines() { out.line(line) }
    }
    out.flush()
    if !comparison.isEqual { throw Exit.difference }
  }
}

/// A file, and a place in the session it has.
struct PlaceInFile {
  let path: String
  let place: String?

  /// A file may have an @ in its name: the longest that is a file counts.
  init(_ text: String) {
    var end = text.endIndex
    while (try? Stat(FilePath(String(text[..<end])))) == nil, let at = text[..<end].lastIndex(of: "@") { end = at }
    let isFile = (try? Stat(FilePath(String(text[..<end])))) != nil
    path = isFile ? String(text[..<end]) : text
    place = isFile && end < text.endIndex ? String(text[text.index(after: end)...]) : nil
  }

  /// The session, standing at the place; what is wrong is said, and ends the program.
  func session(_ configuration: MachineConfiguration) throws -> Session {
    let loaded: SessionLoader.Loaded
    do throws(SessionLoader.Failure) { loaded = try SessionLoader.load(path, configuration) } catch {
      complain(error.message)
      throw ExitCode(error.code)
    }
    SessionLoader.warn(of: loaded.contradiction, in: path)
    let session = loaded.session
    guard let name = place else { return session }
    guard let place = session.place(named: name) else {
      let branches = session.branches.map { "\($0.name) (0 to \(session.end(of: $0.id)))" }
      complain("\(path) has no place \"\(shown(name))\"; it has \(branches.joined(separator: ", "))")
      throw Exit.usage
    }
    session.go(to: place.branch, step: place.step)
    return session
  }

  func comparable(_ configuration: MachineConfiguration) throws -> (steps: [Session.Step], state: StateReading) {
    let session = try session(configuration)
    return session.comparable(at: BranchPlace(branch: session.branch.id, step: session.position))
  }
}

/// What differs, for programs.
private struct ComparisonJSON: Encodable {
  struct Step: Encodable {
    let a: Int?
    let b: Int?
    let text: String
    let answerA: String?
    let answerB: String?
  }
  struct Item: Encodable {
    let kind: String
    let subject: String
    let a: String
    let b: String
  }
  let a: String
  let b: String
  let equal: Bool
  let commonSteps: Int
  let steps: [Step]
  let state: [Item]

  init(a: String, b: String, _ comparison: SessionComparison) {
    self.a = a
    self.b = b
    equal = comparison.isEqual
    commonSteps = comparison.common
    steps = comparison.rows.filter { !$0.isSame }.map { row in
      Step(
        a: row.a, b: row.b, text: row.text, answerA: row.a == nil ? nil : row.answerA,
        answerB: row.b == nil ? nil : row.answerB)
    }
    state = comparison.state.items.map { Item(kind: $0.key.kind.name, subject: $0.key.name, a: $0.a, b: $0.b) }
  }

  var text: String {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }
}
