import ArgumentParser
import Engine
import Views

struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Makes pictures of a session, for those without a terminal.",
    discussion: """
      --svg, --ansi and --text are one screen; --html is a page that plays the session in a browser, branches, words and search \
      included, and needs nothing but itself; --cast is asciicast v2. FILE@BRANCH, FILE@BRANCH@STEP or FILE@BOOKMARK says which branch \
      and step. Without -o it goes to standard output.
      """)

  enum Format: String, EnumerableFlag {
    case svg, html, ansi, text, cast
  }

  @Argument(help: ArgumentHelp("Script or recording, with a place.", valueName: "file"), completion: .file())
  var file: String

  @Flag(help: "What is made.")
  var format: Format

  @Option(help: "The step of a picture; where the place is without it.")
  var at: Int?

  @Option(help: ArgumentHelp("Steps that are played; all without it.", valueName: "A..B"))
  var steps: String?

  @Option(
    help: ArgumentHelp("Panel, or overview for the whole screen.", valueName: "name"), completion: .list(Panel.all.map(\.name)))
  var panel: String = "overview"

  @Option(help: ArgumentHelp("Width and height of the screen.", valueName: "WxH"))
  var size: String = "120x36"

  @Option(
    help: ArgumentHelp(
      "Colours: \(Theme.all.map(\.name).joined(separator: ", ")). Without it a page is light or dark as its reader prefers.",
      valueName: "name"),
    completion: .list(Theme.all.map(\.name)))
  var theme: String?

  @Option(help: ArgumentHelp("Seconds that a step is shown in a cast.", valueName: "seconds"))
  var pace: Double = 1

  @Option(name: .shortAndLong, help: ArgumentHelp("The new file.", valueName: "path"), completion: .file())
  var output: String?

  @OptionGroup var machine: MachineOptions

  /// Most steps of a page or a cast: each has a screen.
  private static let mostSteps = 20_000

  func validate() throws {
    if !(0.001...3600).contains(pace) { throw ValidationError("--pace is from 0.001 to 3600 seconds") }
  }

  func run() throws {
    guard let panel = Panel.named(panel) else {
      complain(ShowCommand.unknown(panel))
      throw Exit.usage
    }
    guard let colours = Theme.named(theme ?? Theme.standard.name) else {
      complain("unknown theme \"\(shown(theme ?? ""))\"; expected one of \(Theme.all.map(\.name).joined(separator: " "))")
      throw Exit.usage
    }
    let parts = size.lowercased().split(separator: "x").map { Int($0) }
    guard parts.count == 2, let width = parts[0], let height = parts[1], (1...1000).contains(width), (1...1000).contains(height)
    else {
      complain("bad size \"\(shown(size))\"; expected WIDTHxHEIGHT up to 1000x1000, such as 80x24")
      throw Exit.usage
    }
    let place = PlaceInFile(file)
    let session = try place.session(try machine.configuration())
    let film = Film(session, name: fileName(place.path), panel, width, height)
    if let at {
      guard (0...session.steps.count).contains(at) else {
        complain("there is no step \(at); \(session.branch.name) has 0 to \(session.steps.count)")
        throw Exit.usage
      }
      session.seek(at)
    }
    let title = "\(film.name), step \(session.position)"
    switch format {
    case .text: try write(film.picture().plainText)
    case .ansi: try write(Picture.ansi(film.picture(), colours))
    case .svg: try write(Picture.svg(film.picture(), colours, title: title))
    case .cast:
      let frames = try range(session).map { film.frame(at: $0) }
      try write(
        Picture.cast(frames.map { ($0.canvas, $0.text) }, colours, title: film.name, seconds: pace))
    case .html: try write(try page(session, film, theme == nil ? nil : colours))
    }
  }

  /// The page of all branches, or of some steps of the one where the place is.
  private func page(_ session: Session, _ film: Film, _ theme: Theme?) throws -> String {
    let here = session.name(of: session.place)
    guard steps == nil else {
      let frames = try range(session).map { film.frame(at: $0) }
      let line = HTMLPlayer.Line(name: session.branch.name, parent: nil, fork: 0)
      return HTMLPlayer(frames, [line], theme, title: film.name, start: 0).page
    }
    guard session.allSteps <= Self.mostSteps else {
      complain("the session has \(session.allSteps) steps, more than \(Self.mostSteps); --steps A..B says which")
      throw Exit.usage
    }
    let branches = session.branches
    var frames: [HTMLPlayer.Frame] = []
    var start = 0
    for (number, branch) in branches.enumerated() {
      let end = session.end(of: branch.id)
      session.go(to: branch.id, step: branch.fork)
      for step in (branch.parent == nil ? 0 : branch.fork + 1)..<(end + 1) {
        session.seek(step)
        if session.name(of: session.place(at: step)) == here { start = frames.count }
        frames.append(film.frame(at: step, branch: number))
      }
    }
    let lines = branches.map { branch in
      HTMLPlayer.Line(
        name: branch.name, parent: branch.parent.flatMap { parent in branches.firstIndex { $0.id == parent } }, fork: branch.fork)
    }
    return HTMLPlayer(frames, lines, theme, title: film.name, start: start).page
  }

  private func range(_ session: Session) throws -> ClosedRange<Int> {
    let words = steps?.split(separator: ".", omittingEmptySubsequences: true).map { Int($0) } ?? [0, session.steps.count]
    guard words.count == 2, let first = words[0], let last = words[1], first <= last, last <= session.steps.count,
      last - first <= Self.mostSteps
    else {
      complain("expected --steps A..B from 0 to \(session.steps.count), with \(Self.mostSteps) steps at most")
      throw Exit.usage
    }
    return first...last
  }

  private func write(_ text: String) throws {
    let bytes = Array(text.utf8)
    if let output { return try orComplain { () throws(NewFile.Failure) in try NewFile.write(bytes, to: output) } }
    var out = Output()
    out.append(bytes)
    out.flush()
  }
}

/// Screens of a session, step by step, as one who reads it sees them.
private struct Film {
  let session: Session
  let name: String
  private let panel: Panel
  private let size: (width: Int, height: Int)

  init(_ session: Session, name: String, _ panel: Panel, _ width: Int, _ height: Int) {
    (self.session, self.name, self.panel, size) = (session, name, panel, (width, height))
  }

  /// The screen where the session stands.
  func picture() -> Canvas {
    Printout.draw(panel, session, ViewState.reading(session, name: name), width: size.width, height: size.height)
  }

  func frame(at step: Int, branch: Int = 0) -> HTMLPlayer.Frame {
    session.seek(step)
    let words = session.captions.of(max(1, step)).filter { _ in step > 0 }.map { caption in
      switch caption.kind {
      case .words: caption.text
      case .held: "✓ \(caption.text)"
      case .failed: "✗ \(caption.text)"
      case .note: "✎ \(caption.text)"
      }
    }
    let marks = session.bookmarks.filter { session.isOnLine($0.place) && $0.place.step == step }.map { "' \($0.name) \($0.note)" }
    return HTMLPlayer.Frame(
      canvas: picture(), branch: branch, step: step, text: step > 0 ? "\(step)  \(session.summary(ofStep: step))" : "the boot",
      words: words + marks)
  }
}
