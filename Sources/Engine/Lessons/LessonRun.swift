import Basics
import Machine
import Session

/// A lesson under way: which task a session is at, and why its goal is not reached.
///
/// It follows from the session's steps and notes alone, so a recording of them has all of it.
package final class LessonRun {
  /// A goal's clause, and whether it holds.
  package struct Clause: Sendable, Equatable {
    package let text: String
    /// Why it does not hold, in words; nil if it does.
    package let why: String?

    package var holds: Bool { why == nil }
  }

  /// What was done that the lesson does not allow: while it is not undone no goal counts.
  package struct Violation: Sendable, Equatable {
    /// The step, from 1.
    package let step: Int
    package let why: String
  }

  package struct Progress: Sendable, Equatable {
    package internal(set) var isReached = false
    package internal(set) var isSkipped = false
    package internal(set) var hints = 0
    /// The answer given last to each question, counted from 0 in the order of the file.
    package internal(set) var answers: [Int: Int] = [:]
    /// Answers that were wrong.
    package internal(set) var wrongAnswers = 0
    /// Lines it took to reach the goal.
    package internal(set) var lines = 0
  }

  private struct Goals {
    let wanted: [(clause: Lesson.Clause, predicate: Predicate)]
    let forbidden: [(clause: Lesson.Clause, predicate: Predicate)]
  }

  package let lesson: Lesson
  package let session: Session
  /// Names that the start has given.
  package let names: ScriptNames
  /// How many steps the start has.
  package let began: Int
  /// What the start did, so that it is known again.
  private let opening: [String]
  private let configuration: MachineConfiguration
  private let tasks: [Goals]

  /// The task the session is at, from 0; as many as there are if all are done.
  package private(set) var current = 0
  package private(set) var progress: [Progress]
  /// Where each task began that has begun.
  package private(set) var places: [BranchPlace] = []
  package private(set) var violation: Violation?
  /// The clauses of the present goal.
  package private(set) var clauses: [Clause] = []

  /// Counts what was done since the task began.
  private var keeper: Session.TallyKeeper
  /// Steps of the line that were looked at for what is not allowed, and the first that is.
  private var looked = (count: 0, edition: -1)
  private var found: Violation?
  /// What was seen that predicates forbid.
  private var seen: [(place: BranchPlace, why: String)] = []
  private var notes = 0

  /// - Parameters:
  ///   - session: at the end of the lesson's start.
  ///   - start: how many steps the start has, and the machine it is on; nil: where the session stands.
  package init(
    _ lesson: Lesson, _ session: Session, names: ScriptNames, start: LessonStart? = nil
  ) throws(ScriptError) {
    self.lesson = lesson
    self.session = session
    self.names = names
    began = start?.steps.count ?? session.position
    opening = start?.steps ?? session.steps[0..<session.position].map(\.text)
    configuration = start?.configuration ?? session.configuration
    progress = lesson.tasks.map { _ in Progress() }
    keeper = Session.TallyKeeper(first: start?.steps.count ?? session.position)
    var all: [Goals] = []
    for task in lesson.tasks {
      func read(_ clauses: [Lesson.Clause]) throws(ScriptError) -> [(clause: Lesson.Clause, predicate: Predicate)] {
        var result: [(clause: Lesson.Clause, predicate: Predicate)] = []
        for clause in clauses {
          result.append((clause, try PredicateParser.parse(clause.text, line: clause.line, column: clause.column, names: names)))
        }
        return result
      }
      all.append(Goals(wanted: try read(task.goals), forbidden: try read(task.forbidden)))
    }
    tasks = all
    notes = session.additionLog.count
  }

  /// The same lesson at the same place, to be gone on with in another way.
  package func copy() -> LessonRun { LessonRun(self) }

  private init(_ other: LessonRun) {
    (lesson, session, names, began) = (other.lesson, other.session, other.names, other.began)
    (opening, configuration, tasks) = (other.opening, other.configuration, other.tasks)
    (current, progress, places, violation, clauses) =
      (other.current, other.progress, other.places, other.violation, other.clauses)
    (keeper, looked, found, seen, notes) = (other.keeper, other.looked, other.found, other.seen, other.notes)
  }

  /// Whether all tasks are done, or passed over.
  package var isOver: Bool { current == lesson.tasks.count }
  /// Whether all are done.
  package var isDone: Bool { isOver && !progress.contains { $0.isSkipped } }
  package var task: Lesson.Task? { isOver ? nil : lesson.tasks[current] }

  /// The first question of the present task that has no right answer yet.
  package var question: (index: Int, question: Lesson.Question)? {
    guard let task, progress[current].isReached else { return nil }
    return task.questions.enumerated().first { !isAnswered($0.offset, of: current) }.map { ($0.offset, $0.element) }
  }

  private func isAnswered(_ question: Int, of task: Int) -> Bool {
    guard let answer = progress[task].answers[question] else { return false }
    return lesson.tasks[task].questions[question].answers[answer].isRight
  }

  // MARK: Looking

  /// Takes note of what was done since the last time.
  ///
  /// - Returns: whether a task was completed.
  @discardableResult
  package func observe() -> Bool {
    if places.isEmpty, session.position >= began { begin() }
    lookForViolations()
    let before = current
    while let next = nextNote() { take(next) }
    look()
    while !isOver, isComplete { advance() }
    return current > before
  }

  private func begin() {
    places = Array(places.prefix(current)) + [session.place]
    keeper = Session.TallyKeeper(first: session.position)
  }

  /// Whether the present task's goal is reached and its questions are answered.
  private var isComplete: Bool {
    progress[current].isSkipped
      || progress[current].isReached && lesson.tasks[current].questions.indices.allSatisfy { isAnswered($0, of: current) }
  }

  private func advance() {
    current += 1
    guard !isOver else {
      clauses = []
      return
    }
    begin()
    look()
  }

  /// Looks whether the present goal holds.
  private func look() {
    guard !isOver else { return }
    keeper.follow(session)
    let reader = session.predicateReader(keeper)
    clauses = []
    for (clause, predicate) in tasks[current].wanted {
      if clause.words.isEmpty {
        clauses += predicate.clauses(reader).map { Clause(text: $0.text, why: $0.why) }
      } else {
        clauses.append(Clause(text: clause.words, why: predicate.why(reader)))
      }
    }
    guard session.position >= began, violation == nil else { return }
    if !progress[current].isReached, clauses.allSatisfy(\.holds) {
      progress[current].isReached = true
      progress[current].lines = lesson.tasks[current].countsLines ? lines : 0
    }
  }

  /// Lines that were typed since the task began: steps that one statement made are one.
  package var lines: Int {
    guard let first = places.last?.step, first < session.position else { return 0 }
    var count = 0
    var step = first
    while step < session.position {
      count += 1
      step = session.groups(around: step).first.map { max($0.range.upperBound, step + 1) } ?? step + 1
    }
    return count
  }

  // MARK: What is not allowed

  private func lookForViolations() {
    if looked.count > session.position || looked.edition != session.branchEdition {
      found = nil
      looked.count = min(began, session.position)
      if session.position >= began, zip(opening, session.steps).contains(where: { $0 != $1.text }) {
        found = Violation(step: 1, why: "it does not begin as the lesson \(lesson.name) does")
      }
    }
    looked.edition = session.branchEdition
    // The start may do what its learner may not.
    looked.count = max(looked.count, min(began, session.position))
    while looked.count < session.position {
      let step = session.steps[looked.count]
      looked.count += 1
      if found == nil, let why = refusal(of: step) { found = Violation(step: looked.count, why: why) }
    }
    // While something that was seen is in force, what would be seen now is undone no earlier than that.
    if forbidden == nil, session.position > began, !isOver {
      keeper.follow(session)
      let reader = session.predicateReader(keeper)
      if let (clause, predicate) = tasks[current].forbidden.first(where: { $0.predicate.holds(reader) }) {
        seen.append((session.place, clause.words.isEmpty ? "\(predicate.text) is not allowed here" : clause.words))
      }
    }
    violation = found ?? forbidden
  }

  /// The first of what was seen that predicates forbid, and is not undone.
  private var forbidden: Violation? {
    seen.first { session.isOnLine($0.place) && $0.place.step <= session.position }.map {
      Violation(step: $0.place.step, why: $0.why)
    }
  }

  /// Why a step is not allowed; nil if it is.
  private func refusal(of step: Session.Step) -> String? {
    func needs(_ permission: Lesson.Permission, _ what: String) -> String? {
      lesson.permissions.contains(permission) ? nil : "\(what) proves nothing here; undo it"
    }
    switch step.input {
    case .reset(let other, _):
      if let difference = Self.difference(other, configuration) { return "this is another machine: \(difference)" }
      return needs(.machine, "a fresh machine")
    case .action(.access(let access)):
      switch access.world {
      case .normal: return nil
      case .root: return needs(.root, "a \(access.kind.isWrite ? "write" : "read") of the Root world by hand")
      case .realm: return needs(.realm, "a \(access.kind.isWrite ? "write" : "read") of the Realm world by hand")
      case .secure: return needs(.secure, "a \(access.kind.isWrite ? "write" : "read") of the Secure world by hand")
      }
    case .action(.assignGranule): return needs(.root, "moving a granule by hand")
    case .action(.switches(_, let isOff)) where isOff: return needs(.lab, "what is done with a check switched off")
    case .action(.setRegister): return needs(.registers, "setting a register from outside")
    case .action(.smc(let world, _)) where world == .root || world == .realm:
      return needs(world == .root ? .root : .realm, "a call by hand of the \(world.name) world")
    default: return nil
    }
  }

  /// What of a machine is other than the lesson's, in words; nil if nothing is that matters. How much memory there is and whether vCPUs
  /// run code may change: boot and virsh make such machines.
  static func difference(_ other: MachineConfiguration, _ wanted: MachineConfiguration) -> String? {
    let free: Set<String> = ["dram", "dram_base", "vcpu", "pe", "map", "host"]
    func properties(_ configuration: MachineConfiguration) -> [Substring: Substring] {
      Dictionary(
        configuration.propertyText.split(separator: " ").map { word in
          let parts = word.split(separator: "=", maxSplits: 1)
          return (parts[0], parts.count > 1 ? parts[1] : "")
        }
      ) { first, _ in first }
    }
    let (a, b) = (properties(other), properties(wanted))
    for key in Set(a.keys).union(b.keys).sorted() where a[key] != b[key] && !free.contains(String(key)) {
      return "it has \(key)=\(a[key] ?? "default"), and the lesson's \(key)=\(b[key] ?? "default")"
    }
    return nil
  }

  // MARK: What the learner says

  private func nextNote() -> String? {
    while notes < session.additionLog.count {
      defer { notes += 1 }
      if case .note(let text, _) = session.additionLog[notes], text.hasPrefix(Session.lessonNote) {
        return String(text.dropFirst(Session.lessonNote.count))
      }
    }
    return nil
  }

  /// `answer TASK.QUESTION ANSWER`, `hint TASK`, `skip TASK`; numbers from 1.
  private func take(_ note: String) {
    let words = note.split(separator: " ")
    // What it was said of has to be reached first.
    look()
    while !isOver, isComplete { advance() }
    guard words.count > 1, !isOver else { return }
    let place = words[1].split(separator: ".").compactMap { Int($0) }
    guard place.first == current + 1 else { return }
    switch words[0] {
    case "hint": progress[current].hints = min(progress[current].hints + 1, lesson.tasks[current].hints.count + 1)
    case "skip": progress[current].isSkipped = true
    case "answer":
      let questions = lesson.tasks[current].questions
      guard place.count == 2, questions.indices.contains(place[1] - 1), words.count == 3, let answer = Int(words[2]),
        questions[place[1] - 1].answers.indices.contains(answer - 1)
      else { return }
      progress[current].answers[place[1] - 1] = answer - 1
      if !questions[place[1] - 1].answers[answer - 1].isRight { progress[current].wrongAnswers += 1 }
    default: break
    }
  }

  /// Answers the present question.
  ///
  /// - Parameter answer: counted from 0 in the order they are shown in.
  package func answer(_ answer: Int) {
    guard let question, question.question.order.indices.contains(answer) else { return }
    say("answer \(current + 1).\(question.index + 1) \(question.question.order[answer] + 1)")
  }

  /// Takes another hint; after the last there is none.
  package func takeHint() { if !isOver { say("hint \(current + 1)") } }

  /// Passes the present task over.
  package func skip() { if !isOver { say("skip \(current + 1)") } }

  private func say(_ words: String) {
    session.addNote(Session.lessonNote + words, line: 0)
    observe()
  }

  /// Hints that were taken of the present task; the last is the solution.
  package var hints: [String] {
    guard let task else { return [] }
    let count = progress[current].hints
    var texts = task.hints.prefix(count).map(\.text)
    if count > task.hints.count, let solution = task.solutions.first {
      texts.append("This reaches the goal:\n" + solution.statements.map { "  \($0.text)" }.joined(separator: "\n"))
    }
    return texts
  }

  /// How many hints the present task has, with its solution.
  package var mostHints: Int { task.map { $0.hints.count + ($0.solutions.isEmpty ? 0 : 1) } ?? 0 }
}

/// The machine a lesson begins with.
package struct LessonStart {
  package let configuration: MachineConfiguration
  /// Its steps, as a script has them.
  package let steps: [String]
  package let names: ScriptNames
  package let digest: UInt64
  /// What has made it.
  let starter: LessonStarter
}
