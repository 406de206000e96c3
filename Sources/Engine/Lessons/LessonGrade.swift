import Basics
import Machine
import Session

/// What a recording comes to when it is replayed from a lesson's own start: nothing that the file says is believed.
package struct LessonGrade: Sendable {
  package enum Status: String, Sendable {
    case pass, fail, error
  }

  /// One task, or the whole.
  package struct Test: Sendable, Equatable {
    package let name: String
    package let status: Status
    /// Why it is not passed.
    package let message: String?
    /// From 1.
    package let task: Int
    /// What was looked at: the predicates of its goal, one a line.
    package let code: String
  }

  package let lesson: String
  package internal(set) var status: Status
  /// Why there is nothing to grade, or why nothing counts.
  package internal(set) var message: String?
  package internal(set) var tests: [Test] = []
  /// Lines that were typed for the tasks that are reached, and lines that are enough.
  package internal(set) var lines = 0
  package internal(set) var par = 0
  package internal(set) var hints = 0
  package internal(set) var wrongAnswers = 0

  package var passed: Int { tests.filter { $0.status == .pass }.count }

  /// Most steps and instructions of guests a recording may have to be graded.
  package static var limits: RunLimits {
    var limits = RunLimits.replay
    limits.steps = 200_000
    limits.instructions = 500_000_000
    return limits
  }

  /// - Parameters:
  ///   - lines: of the recording.
  ///   - opening: what the lesson begins with.
  package init(_ lines: [String], _ lesson: Lesson, _ opening: LessonStart) {
    self.lesson = lesson.name
    status = .error
    par = lesson.tasks.reduce(0) { $0 + $1.lines }
    do throws(LessonReplay.Failure) {
      let replay = try LessonReplay(lines, lesson, opening, Self.limits)
      take(replay.run, replay.hostTrouble)
      if let why = replay.contradiction { refuse(why) }
    } catch {
      status = error.isCheat ? .fail : .error
      message = error.message
    }
  }

  /// - Parameter trouble: why nobody knows what the host does; a goal may need it.
  private mutating func take(_ run: LessonRun, _ trouble: String?) {
    for (n, task) in run.lesson.tasks.enumerated() {
      let progress = run.progress[n]
      let isDone = n < run.current && !progress.isSkipped
      var why: String?
      if !isDone {
        if progress.isSkipped {
          why = "passed over"
        } else if n > run.current {
          why = "not begun"
        } else if let violation = run.violation {
          why = "step \(violation.step): \(violation.why)"
        } else if progress.isReached {
          why = "the goal is reached; a question has no right answer"
        } else {
          why = (run.clauses.first { !$0.holds }?.why ?? "not reached") + (trouble.map { "; \($0)" } ?? "")
        }
      }
      tests.append(
        Test(
          name: task.title, status: isDone ? .pass : .fail, message: why, task: n + 1,
          code: task.goals.map(\.text).joined(separator: "\n")))
      lines += progress.lines
      hints += progress.hints
      wrongAnswers += progress.wrongAnswers
    }
    status = run.isDone ? .pass : .fail
  }

  /// Nothing of it counts.
  private mutating func refuse(_ why: String) {
    status = .fail
    message = why
    tests = tests.map { Test(name: $0.name, status: .fail, message: why, task: $0.task, code: $0.code) }
  }

  /// As Exercism's test runners write it, results.json of version 3: `message` is there where no task was looked at, which is an error
  /// to it; else each test says its own.
  package var json: JSONValue {
    let isLookedAt = !tests.isEmpty
    var members: [JSONValue.Member] = [
      .init(key: "version", value: .integer(3)),
      .init(key: "status", value: .string((isLookedAt ? status : .error).rawValue)),
      .init(key: "message", value: isLookedAt ? .null : message.map { .string($0) } ?? .null),
    ]
    let tests = tests.map { test in
      JSONValue.object([
        "name": .string(test.name), "test_code": .string(test.code), "status": .string(test.status.rawValue),
        "message": test.message.map { .string($0) } ?? .null, "task_id": .integer(Int64(test.task)),
      ])
    }
    members.append(.init(key: "tests", value: .array(tests)))
    return .object(members)
  }
}

/// A recording of a lesson, replayed: where it leads in the lesson.
package struct LessonReplay {
  package struct Failure: Error {
    package let message: String
    /// The recording is of something else, or is not what happened; else it cannot be read.
    package let isCheat: Bool

    fileprivate init(message: String, isCheat: Bool) { (self.message, self.isCheat) = (message, isCheat) }

    fileprivate init(_ error: ScriptError) { self.init(message: "line \(error.line): \(error.message)", isCheat: false) }
  }

  package let run: LessonRun
  /// Where the recording says something else than the machine.
  package let contradiction: String?
  /// The host of the recording, from libvirt down: it was told again what it had been told.
  package let stackControl: StackControl
  /// Why it could not be told.
  package let hostTrouble: String?

  package init(_ lines: [String], _ lesson: Lesson, _ opening: LessonStart, _ limits: RunLimits) throws(Failure) {
    guard lines.first?.hasPrefix("#workbench") == true else {
      throw Failure(message: "this is no recording; expected #workbench in its first line", isCheat: false)
    }
    let configuration: MachineConfiguration
    let read: Replayed
    do throws(ScriptError) { configuration = try Recording.configuration(of: lines) } catch { throw Failure(error) }
    guard configuration.propertyText == opening.configuration.propertyText else {
      let what = LessonRun.difference(configuration, opening.configuration) ?? "its memory or its vCPUs are others"
      throw Failure(message: "this is another machine than that of the lesson \(lesson.name): \(what)", isCheat: true)
    }
    do throws(ScriptError) { read = try Self.replay(lines, configuration, lesson, opening, limits) } catch {
      throw Failure(error)
    }
    (run, contradiction) = (read.run, read.contradiction)
    (stackControl, hostTrouble) = (read.stackControl, read.hostTrouble)
    let session = run.session
    guard session.steps.count >= opening.steps.count, zip(opening.steps, session.steps).allSatisfy({ $0 == $1.text }) else {
      throw Failure(
        message: "it does not begin as the lesson \(lesson.name) does: this is a recording of something else", isCheat: true)
    }
  }

  private struct Replayed {
    let run: LessonRun
    let stackControl: StackControl
    var contradiction: String?
    var hostTrouble: String?
  }

  private static func replay(
    _ lines: [String], _ configuration: MachineConfiguration, _ lesson: Lesson, _ opening: LessonStart, _ limits: RunLimits
  ) throws(ScriptError) -> Replayed {
    let replayer = Replayer(Session(configuration))
    replayer.session.limits = limits
    let run = try LessonRun(lesson, replayer.session, names: opening.names, start: opening)
    var replayed = Replayed(run: run, stackControl: opening.starter.stackControl(replayer.session))
    /// Between two statements: what is noted behind the one is read.
    func recall() {
      guard replayed.hostTrouble == nil else { return }
      do throws(ScriptError) { try replayed.stackControl.recall() } catch { replayed.hostTrouble = error.message }
    }
    var isSame = opening.steps.isEmpty
    for (index, line) in lines.enumerated() {
      if !(try replayer.take(plain: Array(line.utf8), line: index + 1)) { try replayer.take(line, line: index + 1) }
      if !isSame, replayer.session.position == opening.steps.count { isSame = replayer.session.digest() == opening.digest }
      // An answer belongs to a statement that is not performed before the next line.
      if line.hasPrefix(Recording.Annotation.answer.rawValue) { continue }
      if !line.hasPrefix("#") { recall() }
      run.observe()
    }
    try replayer.finish()
    recall()
    run.observe()
    replayed.contradiction = replayer.difference.map { "line \($0.line) of it says \($0.expected); the machine says \($0.got)" }
    if !isSame, replayer.session.steps.count > opening.steps.count {
      replayed.contradiction = replayed.contradiction ?? "after the lesson's start the machine is not what it should be"
    }
    return replayed
  }
}
