import Machine
import Session

/// Makes the machine of a lesson.
package struct LessonStarter {
  /// The lesson's file, for what its start names.
  package let file: String
  /// Lets a script name files.
  package let serve: (ScriptRunner) -> Void

  package init(file: String, serve: @escaping (ScriptRunner) -> Void) {
    self.file = file
    self.serve = serve
  }

  /// A session at the end of a lesson's start, and what has run it.
  package func start(_ lesson: Lesson) throws(ScriptError) -> ScriptRunner {
    let first = lesson.start.first
    var configuration = MachineConfiguration()
    var rest = lesson.start[...]
    if let first, first.text.split(separator: " ").first?.lowercased() == "machine" {
      do throws(ScriptError) { configuration = try Recording.configuration(of: [first.text]) } catch {
        throw ScriptError(line: first.number, column: error.column, message: error.message)
      }
      rest = rest.dropFirst()
    }
    let session = Session(configuration)
    session.limits = RunLimits()
    let runner = ScriptRunner(session)
    serve(runner)
    for line in rest { try runner.run(line: line.text, number: line.number, file: file) }
    runner.finish(file: file)
    if let failure = runner.failures.first { throw ScriptError(line: failure.line, column: 1, message: failure.message) }
    session.limits = .person
    return runner
  }

  /// A lesson at its beginning.
  package func begin(_ lesson: Lesson) throws(ScriptError) -> (run: LessonRun, runner: ScriptRunner) {
    let runner = try start(lesson)
    let run = try LessonRun(lesson, runner.session, names: runner.names)
    run.observe()
    return (run, runner)
  }

  /// What a lesson begins with, to compare recordings with.
  package func opening(_ lesson: Lesson) throws(ScriptError) -> LessonStart {
    let runner = try start(lesson)
    let session = runner.session
    return LessonStart(
      configuration: session.origin, steps: session.steps[0..<session.position].map(\.text), names: runner.names,
      digest: session.digest(), starter: self)
  }

  /// The host of a recording of the lesson: it finds the files that the lesson has beside it.
  func stackControl(_ session: Session) -> StackControl {
    let control = StackControl(session)
    serve(ScriptRunner(session, stack: control))
    control.willReset = {}
    control.recording = file
    return control
  }
}
