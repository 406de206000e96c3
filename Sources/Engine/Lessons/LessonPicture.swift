import Basics
import Session

/// What a learner is shown of a lesson under way: a value, made anew after each thing that was done.
package struct LessonPicture: Sendable, Equatable {
  /// A question that has no right answer yet.
  package struct Question: Sendable, Equatable {
    package let text: String
    package let answers: [String]
  }

  package let lesson: String
  package let title: String
  package let minutes: Int
  package let introduction: [Lesson.Paragraph]
  package let sources: [String]
  /// The present task, from 1, or one more than there are; and how many there are.
  package let number: Int
  package let count: Int
  /// Whether something was done since the present task began.
  package let isUnderWay: Bool
  /// Of the present task; empty if all are over.
  package let task: String
  package let text: [Lesson.Paragraph]
  package let clauses: [LessonRun.Clause]
  package let isReached: Bool
  package let violation: LessonRun.Violation?
  /// Hints that were taken, and how many there are with the solution.
  package let hints: [String]
  package let mostHints: Int
  package let question: Question?
  package let isOver: Bool
  /// Titles of tasks that were passed over.
  package let skipped: [String]
  /// Of all tasks that are over: lines it took, and lines that are enough; hints; wrong answers.
  package let lines: Int
  package let par: Int
  package let hintCount: Int
  package let wrongAnswers: Int

  init(_ run: LessonRun) {
    let lesson = run.lesson
    self.lesson = lesson.name
    title = lesson.title
    minutes = lesson.minutes
    introduction = lesson.introduction
    sources = lesson.sources
    count = lesson.tasks.count
    number = run.current + 1
    isUnderWay = run.places.last.map { $0.step < run.session.position } ?? false
    task = run.task?.title ?? ""
    text = run.task?.text ?? []
    clauses = run.clauses
    isReached = run.isOver || run.progress[run.current].isReached
    violation = run.violation
    hints = run.hints
    mostHints = run.mostHints
    question = run.question.map { Question(text: $0.question.text, answers: $0.question.shown.map(\.text)) }
    isOver = run.isOver
    skipped = zip(lesson.tasks, run.progress).filter { $1.isSkipped }.map { $0.0.title }
    lines = run.progress.reduce(0) { $0 + $1.lines }
    par = zip(lesson.tasks, run.progress).reduce(0) { $0 + ($1.1.isReached ? $1.0.lines : 0) }
    hintCount = run.progress.reduce(0) { $0 + $1.hints }
    wrongAnswers = run.progress.reduce(0) { $0 + $1.wrongAnswers }
  }

  /// Whether it is about the same task as another.
  package func isSameTask(as other: LessonPicture?) -> Bool { lesson == other?.lesson && number == other?.number }
}

extension LessonRun {
  package var picture: LessonPicture { LessonPicture(self) }

  /// How far it is, for a file of progress.
  ///
  /// - Parameter recording: the name of its recording's file; empty if there is none.
  package func standing(recording: String) -> CourseProgress.Row {
    CourseProgress.Row(
      lesson: lesson.name, tasks: current, of: lesson.tasks.count, skipped: progress.count { $0.isSkipped },
      hints: progress.reduce(0) { $0 + $1.hints }, wrongAnswers: progress.reduce(0) { $0 + $1.wrongAnswers },
      lines: progress.reduce(0) { $0 + $1.lines }, isDone: isDone, recording: recording)
  }
}
