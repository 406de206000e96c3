import Machine
import Session

/// Plays the attempts of a lesson, each from where the first solutions of the tasks before have led.
final class LessonPlayer {
  private let lesson: Lesson
  private let starter: LessonStarter
  /// What has gone on with the first solutions.
  private var run: LessonRun
  private var runner: ScriptRunner
  private var base: BranchPlace
  private var names: ScriptNames
  /// The attempt that was played last.
  private var last: (run: LessonRun, runner: ScriptRunner)?

  init(_ run: LessonRun, _ runner: ScriptRunner, _ starter: LessonStarter) {
    lesson = run.lesson
    self.run = run
    self.runner = runner
    self.starter = starter
    base = run.session.place
    names = runner.names
  }

  /// Whether a task's goal is reached before anything is done for it.
  func isReached(_ task: Int) -> Bool { run.progress[task].isReached }

  /// Answers the questions of a task as is right.
  func answerRight(_ number: Int) { Self.answerRight(run, number) }

  private static func answerRight(_ run: LessonRun, _ number: Int) {
    for question in run.lesson.tasks[number].questions where run.current == number {
      run.answer(question.shown.firstIndex(where: \.isRight) ?? 0)
    }
  }

  /// Performs the statements of an attempt, and looks after each whether the goal is reached.
  func attempt(_ attempt: Lesson.Attempt, _ task: Int) -> LessonCheck.Outcome {
    do throws(ScriptError) {
      let (run, runner) = try beginning(of: task)
      last = (run, runner)
      try perform(attempt, run, runner)
      if run.progress[task].isReached { return .reached }
      if let violation = run.violation { return .refused(violation.why) }
      return .missed(run.clauses.first { !$0.holds }?.why ?? "its clauses never hold at once")
    } catch { return .broken(error) }
  }

  private func perform(_ attempt: Lesson.Attempt, _ run: LessonRun, _ runner: ScriptRunner) throws(ScriptError) {
    run.session.renewLimits()
    run.session.limits = RunLimits()
    defer { run.session.limits = .person }
    for line in attempt.statements {
      try runner.run(line: line.text, number: line.number, file: starter.file)
      run.observe()
    }
    runner.finish(file: starter.file)
  }

  /// The lesson where a task begins. Guests that run code and hosts know more than their session, so there everything is done anew.
  private func beginning(of task: Int) throws(ScriptError) -> (LessonRun, ScriptRunner) {
    guard run.session.configuration.vcpu == .code else {
      run.session.go(to: base)
      let other = ScriptRunner(run.session, guest: runner.guestControl, stack: runner.stackControl)
      starter.serve(other)
      other.names = names
      return (run.copy(), other)
    }
    let fresh = try starter.begin(lesson)
    for number in 0..<task {
      if let solution = lesson.tasks[number].solutions.first { try perform(solution, fresh.run, fresh.runner) }
      Self.answerRight(fresh.run, number)
    }
    return fresh
  }

  /// Goes on from the attempt that was played last.
  ///
  /// - Returns: whether it has completed its task.
  func adopt(_ task: Int) -> Bool {
    guard let last, last.run.progress[task].isReached else { return false }
    (run, runner) = last
    answerRight(task)
    base = run.session.place
    names = runner.names
    return run.current > task
  }
}
