import ArgumentParser
import Engine
import SystemPackage
import Views

struct LearnCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "learn", abstract: "A lesson of the course, inside the machine.",
    discussion: """
      Opens the workbench with a lesson in it, where it was left. With --lines or --record, or without a terminal, it goes line by line: it \
      prints what is to be done, takes statements from standard input, and says after each what of the goal is not reached yet. Besides \
      statements there are hint, goal, answer LETTER, skip, text and quit; undo takes a step back. workbench lesson list has the course.
      """)

  @Argument(
    help: ArgumentHelp(
      "A lesson; without one that under way, or the first that is not done.", valueName: "lesson"),
    completion: .files { LessonFiles.courseNames })
  var lesson: String?

  @Flag(help: "Line by line, at a terminal, too.")
  var lines = false

  @Flag(help: "Prints how far one is in each lesson, with the recording of what was done, and the file that says so.")
  var progress = false

  @OptionGroup var screen: ScreenOptions

  @Option(help: ArgumentHelp("Writes what was done, for workbench lesson grade.", valueName: "file"), completion: .file())
  var record: String?

  mutating func validate() throws {
    if progress, lesson != nil || lines || record != nil { throw ValidationError("--progress stands alone") }
  }

  func run() throws {
    if progress { return try tellProgress() }
    let paths = try LessonCommand.paths(lesson.map { [$0] } ?? [])
    guard let first = paths.first else { throw Exit.noInput }
    let isOnScreen = !lines && record == nil && isTerminal(.standardInput) && isTerminal(.standardOutput)
    let path = lesson == nil && isOnScreen ? Self.next(of: paths) ?? first : first
    if isOnScreen { return try OpenCommand.parse([]).learn(path, screen) }
    // Before anything is learned, so that nothing is in vain.
    let file = try record.map { path in try orComplain { () throws(NewFile.Failure) in try NewFile.Growing(path) } }
    let lesson = try LessonCommand.reading { () throws(SessionLoader.Failure) in try LessonFiles.readable(path) }
    let begun: (run: LessonRun, runner: ScriptRunner)
    do throws(ScriptError) { begun = try LessonFiles.starter(path).begin(lesson) } catch {
      complain(error.description(in: path))
      throw Exit.badData
    }
    try Learner(begun.run, begun.runner, file).learn()
  }

  /// The lesson that is under way, or the first that is not done.
  private static func next(of paths: [String]) -> String? {
    let entries = LessonFiles.entries(paths, in: Paths.state).entries
    return (entries.firstIndex(where: \.isUnderWay) ?? entries.firstIndex { !$0.isDone }).map { paths[$0] }
  }

  private func tellProgress() throws {
    guard let file = ProgressFile(in: Paths.state) else {
      complain("neither XDG_STATE_HOME nor HOME is set, so no progress is kept")
      throw Exit.noInput
    }
    let progress = try LessonCommand.reading { () throws(SessionLoader.Failure) in try file.read() }
    var out = Output()
    for row in progress.rows {
      let standing =
        row.tasks < row.of ? "\(row.tasks) of \(row.of) tasks\(row.isDone ? ", done before" : "")" : row.isDone ? "done" : "over"
      out.line("\(shown(row.lesson).padding(28)) \(standing.padding(26)) \(shown(row.recording))")
    }
    out.line("\(shown(file.path)); recordings are in \(shown(Paths.sessions(in: Paths.state) ?? ""))")
    out.flush()
  }
}

/// Somebody who learns by lines.
private final class Learner {
  private let run: LessonRun
  private let runner: ScriptRunner
  private var out = Output()
  private var feed = RecordingFeed()
  /// Where what is done is recorded.
  private let file: NewFile.Growing?

  init(_ run: LessonRun, _ runner: ScriptRunner, _ file: NewFile.Growing?) {
    self.run = run
    self.runner = runner
    self.file = file
  }

  private func record(_ text: String) throws {
    guard let file else { return }
    try orComplain { () throws(NewFile.Failure) in try file.append(text) }
  }

  func learn() throws {
    try record(Recording.header(run.session.origin) + feed.lines(run.session, seconds: 0))
    runner.onReport = { [unowned self] report in
      if report.depth == 0 { for line in Decoder.lines(report.result) { out.line("  => \(line)") } }
    }
    runner.onFailure = { [unowned self] in out.line("  \($0.message)") }
    out.line(run.lesson.title)
    out.line("")
    for line in Lesson.wrapped(run.lesson.introduction, width: Lesson.widest) { out.line(line) }
    tellTask()
    var reader: LineReader
    do throws(UnreadableFile) { reader = try LineReader("-") } catch {
      complain(error.message)
      throw Exit.noInput
    }
    while !run.isOver {
      out.flush()
      guard case .text(let line)? = reader.next() else { break }
      let before = run.current
      guard take(line, reader.number) else { break }
      if file != nil { try record(feed.lines(run.session, seconds: 0)) }
      tell(since: before)
    }
    if run.isOver { out.line(run.isDone ? "The lesson is done." : "The lesson is over; something was passed over.") }
    out.flush()
    guard let file else { return }
    try record(feed.digest(run.session))
    try orComplain { () throws(NewFile.Failure) in try file.finish() }
  }

  /// - Returns: false to leave.
  private func take(_ line: String, _ number: Int) -> Bool {
    let words = line.split(separator: " ").map { $0.lowercased() }
    switch words.first {
    case nil: break
    case "quit": return false
    case "hint":
      run.takeHint()
      for line in (run.hints.last ?? "There is no hint.").split(separator: "\n") { out.line("  \(line)") }
    case "skip": run.skip()
    case "text": tellTask()
    case "goal": tellGoal()
    case "answer": answer(words.count > 1 ? words[1] : "")
    default:
      run.session.renewLimits()
      do throws(ScriptError) { try runner.run(line: line, number: max(2, number), file: ".") } catch {
        out.line("  \(error.message)")
      }
    }
    run.observe()
    return true
  }

  private func answer(_ letter: String) {
    guard let (_, question) = run.question else { return out.line("  Nothing is asked now.") }
    guard let index = question.shown.indices.first(where: { LessonText.letter($0) == letter }) else {
      return out.line("  expected answer LETTER, a to \(LessonText.letter(question.answers.count - 1))")
    }
    let answer = question.shown[index]
    out.line("  \(answer.isRight ? "Right" : "Wrong"): \(answer.reason).")
    run.answer(index)
  }

  /// What is to be said after a line.
  private func tell(since before: Int) {
    if run.current > before {
      out.line("✓ \(run.lesson.tasks[before].title)")
      return tellTask()
    }
    if let (_, question) = run.question {
      out.line(question.text)
      for (n, answer) in question.shown.enumerated() { out.line("  \(LessonText.letter(n)) \(answer.text)") }
    } else {
      tellGoal()
    }
  }

  private func tellTask() {
    guard let task = run.task else { return }
    out.line("")
    out.line("\(run.current + 1) of \(run.lesson.tasks.count): \(task.title)")
    for line in Lesson.wrapped(task.text, width: Lesson.widest) { out.line(line) }
    out.line("")
    tellGoal()
  }

  private func tellGoal() {
    if let violation = run.violation { out.line("✗ step \(violation.step): \(violation.why)") }
    for clause in run.clauses { out.line("\(clause.holds ? "✓" : "·") \(clause.text)\(clause.why.map { ": \($0)" } ?? "")") }
  }
}
