import Engine
import Foundation
import Testing
import Views

@testable import Workbench

/// What is typed in a story: a text, key by key, or a key with a name.
enum Typed: ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
  case text(String)
  case key(Key)

  init(stringLiteral text: String) { self = .text(text) }

  static let enter = Typed.key(.enter)
  static let escape = Typed.key(.escape)
  static let tab = Typed.key(.tab)
  static let backspace = Typed.key(.backspace)
  static let up = Typed.key(.up)
  static let down = Typed.key(.down)
  static let left = Typed.key(.left)
  static let right = Typed.key(.right)
  static let home = Typed.key("home")
  static func control(_ letter: String) -> Typed { .key(Key("^\(letter)")) }

  var inputs: [TerminalInput] {
    switch self {
    case .text(let text): text.unicodeScalars.map { .key(Key($0)) }
    case .key(let key): [.key(key)]
    }
  }
}

/// The real workbench at a terminal that is nowhere: keys in, canvas out.
///
/// After each step it has come to rest: what was typed is done and drawn.
@MainActor
final class Story {
  let app: App
  let terminal: MemoryTerminal
  /// Where its recordings and its history are.
  let folder: TemporaryFolder
  private(set) var code: Int32?

  var session: Session { app.session }
  var state: ViewState { app.state }

  /// - Parameters:
  ///   - script: what was done before the workbench opened.
  ///   - state: what is looked at first, for a finished session.
  init(
    _ script: String = "", size: (width: Int, height: Int) = (120, 36), records: Bool = false, animates: Bool = false,
    state: ViewState? = nil, isASCII: Bool = false, settings: Configuration = Configuration()
  ) throws {
    folder = try TemporaryFolder()
    let session = Session(MachineConfiguration())
    let runner = ScriptRunner(session)
    for (index, line) in script.components(separatedBy: "\n").enumerated() {
      try runner.run(line: line, number: index + 1, file: "script")
    }
    #expect(runner.failures == [])
    terminal = MemoryTerminal(width: size.width, height: size.height)
    terminal.isASCII = isASCII
    var first = state ?? (script.isEmpty ? ViewState() : .reading(session, name: "script"))
    if first.cursor == nil { first.cursor = session.configuration.dramBase }
    first.bindings = settings.bindings
    app = App(
      session, terminal, first, records: records, theme: .standard, animates: animates, names: runner.names,
      guest: runner.guestControl, folder: folder.path, settings: settings)
    open()
  }

  /// The workbench with a file in it, as the program opens it.
  ///
  /// - Parameter patience: seconds after which the rest of a recording is read behind the first screen.
  init(
    opening path: String, size: (width: Int, height: Int) = (120, 36), records: Bool = false, patience: Double = .infinity
  ) throws {
    folder = try TemporaryFolder()
    let loaded = try SessionLoader.load(path, MachineConfiguration(), patience: patience)
    let state = SessionLoader.opened(loaded, name: "file")
    terminal = MemoryTerminal(width: size.width, height: size.height)
    app = App(
      loaded.session, terminal, state, records: records, theme: .standard, animates: false, names: loaded.names,
      guest: loaded.guestControl, folder: folder.path, rest: loaded.rest)
    open()
  }

  /// The workbench with a lesson in it, as the program opens it.
  ///
  /// - Parameters:
  ///   - course: the lessons there are.
  ///   - folder: where somebody has learned before.
  init(
    learning path: String, course: [String] = [], size: (width: Int, height: Int) = (120, 36), records: Bool = true,
    in folder: TemporaryFolder? = nil
  ) throws {
    self.folder = try folder ?? TemporaryFolder()
    let loaded = try LessonFiles.underWay(path, .standard, in: records ? self.folder.path : nil)
    terminal = MemoryTerminal(width: size.width, height: size.height)
    app = App(
      loaded.session, terminal, ViewState(), records: records, theme: .standard, animates: false, names: loaded.names,
      guest: loaded.guestControl, stack: loaded.stackControl, folder: self.folder.path, lesson: loaded.lesson, course: course)
    open()
  }

  /// The workbench with an attack in it that is tried.
  init(trying loaded: SessionLoader.Loaded, size: (width: Int, height: Int) = (120, 36)) throws {
    folder = try TemporaryFolder()
    terminal = MemoryTerminal(width: size.width, height: size.height)
    app = App(
      loaded.session, terminal, ViewState(), records: false, theme: .standard, animates: false, names: loaded.names,
      guest: loaded.guestControl, stack: loaded.stackControl, folder: folder.path, attack: loaded.attack)
    open()
  }

  private func open() {
    app.pace = 0
    app.draw()
  }

  // MARK: What a person does

  func keys(_ typed: Typed...) { give(typed.flatMap(\.inputs)) }

  /// A line of the command bar.
  func types(_ line: String) { give(Typed.text(":" + line).inputs + Typed.enter.inputs) }

  func pastes(_ text: String) { give(text.unicodeScalars.map { .paste($0) } + [.pasteEnd]) }

  /// How many keys were pressed.
  private(set) var keyCount = 0

  func give(_ inputs: [TerminalInput]) {
    keyCount += inputs.count
    terminal.give(inputs)
    rest()
  }

  /// The left button on the first place where this stands on the screen.
  func clicks(on text: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let (x, y) = try place(of: text, sourceLocation)
    give([.click(x: x, y: y)])
  }

  func turnsWheel(over text: String, up: Bool, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let (x, y) = try place(of: text, sourceLocation)
    give([.wheel(x: x, y: y, up: up)])
  }

  func resizes(to width: Int, _ height: Int) {
    terminal.resize(width, height)
    rest()
  }

  func gets(signal: Int32) {
    terminal.give(signal: signal)
    rest()
  }

  func hangsUp() {
    terminal.hangUp()
    rest()
  }

  /// Time passes in which nobody does anything.
  func waits() {
    for _ in 0..<2 {
      terminal.give([])
      rest()
    }
  }

  private func rest() {
    while app.running, !terminal.isAwaited { app.turn() }
    guard !app.running, code == nil else { return }
    app.finish()
    code = app.exitCode
  }

  // MARK: What a person sees

  var screen: String { terminal.canvas.plainText }

  func sees(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) {
    if !screen.contains(text) { Issue.record("\"\(text)\" is not on the screen:\n\(screen)", sourceLocation: sourceLocation) }
  }

  func doesNotSee(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) {
    if screen.contains(text) { Issue.record("\"\(text)\" is on the screen:\n\(screen)", sourceLocation: sourceLocation) }
  }

  /// The line above the edge of the screen that says what can be done, or what was done.
  var bottomLine: String { lines.last ?? "" }

  var lines: [String] {
    screen.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map { $0.trimmingCharacters(in: .whitespaces) }
  }

  private func place(of text: String, _ sourceLocation: SourceLocation) throws -> (Int, Int) {
    for (y, line) in screen.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      if let range = line.range(of: text) { return (line[..<range.lowerBound].unicodeScalars.count, y) }
    }
    Issue.record("\"\(text)\" is not on the screen:\n\(screen)", sourceLocation: sourceLocation)
    throw Nowhere()
  }

  private struct Nowhere: Error {}

  // MARK: What is left

  /// The person quits, and this is what was recorded.
  func quitsAndLeaves() throws -> (path: String, text: String) {
    if app.running { keys("q") }
    #expect(code == 0)
    let path = try #require(recorded)
    return (path, try String(contentsOfFile: path, encoding: .utf8))
  }

  /// The file that is being recorded to.
  var recorded: String? { app.recorder?.path }

  /// Quits, and executes what was recorded again: every answer and digest is the one that was recorded.
  ///
  /// - Returns: what was replayed.
  @discardableResult
  func quitsAndReplays(sourceLocation: SourceLocation = #_sourceLocation) throws -> Replayer {
    let lines = try quitsAndLeaves().text.components(separatedBy: "\n")
    let replayer = Replayer(Session(try Recording.configuration(of: lines)))
    for (index, line) in lines.enumerated() { try replayer.take(line, line: index + 1) }
    try replayer.finish()
    #expect(replayer.difference == nil, sourceLocation: sourceLocation)
    return replayer
  }
}
