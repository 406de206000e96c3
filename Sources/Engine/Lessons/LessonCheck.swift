import Basics
import Machine
import Session

/// Says what is wrong with a lesson: how it is written, and what comes of it when its solutions and wrong attempts are played.
package struct LessonCheck {
  /// What came of an attempt.
  package enum Outcome: Sendable, Equatable {
    case reached
    /// Why the goal is not reached.
    case missed(String)
    /// What was done that is not allowed.
    case refused(String)
    /// A statement cannot be read or done.
    case broken(ScriptError)
  }

  package private(set) var problems: [LessonProblem]
  private let lesson: Lesson
  private let starter: LessonStarter

  /// - Parameters:
  ///   - lines: of the file.
  ///   - name: of the file, without folder and ending.
  ///   - keys: ids of what keys do, which a text may name.
  package init(_ lines: [String], name: String, keys: [String], _ starter: LessonStarter) {
    (lesson, problems) = LessonParser.parse(lines, name: name)
    self.starter = starter
    checkKeys(keys, lines)
    checkPredicatesAlone()
    if lesson.tasks.contains(where: { !$0.goals.isEmpty && !$0.solutions.isEmpty }) { play() }
    checkTries()
    problems = problems.sorted { ($0.line, $0.column) < ($1.line, $1.column) }
  }

  private mutating func problem(_ kind: LessonProblem.Kind, _ line: Int, _ message: String, column: Int = 1) {
    let new = LessonProblem(kind, line: line, column: column, message)
    if !problems.contains(new) { problems.append(new) }
  }

  private mutating func problem(_ kind: LessonProblem.Kind, _ error: ScriptError, at line: Int) {
    problem(kind, error.line == 0 ? line : error.line, error.message, column: max(1, error.column))
  }

  /// What of predicates does not need a machine: those that cannot be read for another reason than an unknown name are told once, by
  /// playing.
  private mutating func checkPredicatesAlone() {
    for task in lesson.tasks where !task.goals.isEmpty {
      let predicates = task.goals.compactMap { goal in
        try? PredicateParser.parse(goal.text, line: goal.line, column: goal.column, names: ScriptNames())
      }
      guard predicates.count == task.goals.count, predicates.allSatisfy({ !$0.asksState }), let first = task.goals.first else {
        continue
      }
      problem(
        .sameCommands, first.line,
        "the goal asks only what was typed; expected what the machine is then, such as realm(1).state, or what it answered")
    }
  }

  private mutating func checkKeys(_ known: [String], _ lines: [String]) {
    for (index, line) in lines.enumerated() where !line.hasPrefix("##") {
      for key in Lesson.keys(in: line) where !known.contains(key) {
        let near = closest(to: key, among: known).map { "did you mean {\($0)}?" }
        problem(.unknownKey, index + 1, "no key does {\(key)}; \(near ?? "workbench keys lists what keys do")")
      }
    }
  }

  private mutating func checkTries() {
    let wrongs = lesson.tasks.flatMap(\.wrongs)
    if wrongs.count < 2, lesson.tasks.contains(where: { !$0.goals.isEmpty }) {
      problem(
        .fewWrongs, lesson.tasks.last?.line ?? 1,
        "the lesson has \(wrongs.count) wrong attempt\(wrongs.count == 1 ? "" : "s"); expected two or more that look right")
    }
    for task in lesson.tasks {
      for attempts in [task.solutions, task.wrongs] {
        var seen: Set<String> = []
        for attempt in attempts where !seen.insert(attempt.name).inserted {
          problem(.repeatedName, attempt.line, "another has the name \"\(shown(attempt.name))\"; give it one of its own")
        }
      }
      let least = task.solutions.map(\.statements.count).min() ?? 0
      if let par = task.par, par < least {
        problem(.lowPar, task.line, "par \(par) is less than any solution needs; the shortest has \(least) lines")
      }
    }
  }

  // MARK: Playing

  private mutating func play() {
    let start: (run: LessonRun, runner: ScriptRunner)
    do throws(ScriptError) { start = try starter.begin(lesson) } catch {
      let isGoal = lesson.tasks.flatMap { $0.goals + $0.forbidden }.contains { $0.line == error.line }
      return problem(isGoal ? .badPredicate : .startFails, error, at: 1)
    }
    let player = LessonPlayer(start.run, start.runner, starter)
    for (number, task) in lesson.tasks.enumerated() {
      // A task that only asks is answered; one that cannot be solved ends it.
      guard !task.goals.isEmpty else {
        player.answerRight(number)
        continue
      }
      if player.isReached(number) {
        problem(
          .trueAtStart, task.goals[0].line, "the goal is reached before anything is done; expected one that has to be worked for")
        return
      }
      for wrong in task.wrongs {
        switch player.attempt(wrong, number) {
        case .reached:
          problem(
            .wrongPasses, wrong.line,
            "\"\(shown(wrong.name))\" reaches the goal; make the goal say what it lacks, or call it a solution")
        case .broken(let error): problem(.wrongFails, error, at: wrong.line)
        case .missed, .refused: break
        }
      }
      for solution in task.solutions.reversed() {
        let name = solution.name.isEmpty ? "the solution" : "the solution \"\(shown(solution.name))\""
        switch player.attempt(solution, number) {
        case .reached: break
        case .missed(let why): problem(.solutionFails, solution.line, "\(name) does not reach the goal: \(why)")
        case .refused(let why): problem(.solutionForbidden, solution.line, "\(name) does what is not allowed: \(why)")
        case .broken(let error): problem(.solutionFails, error, at: solution.line)
        }
      }
      // The first was played last: the next task goes on from there.
      guard player.adopt(number) else { return }
    }
  }
}
