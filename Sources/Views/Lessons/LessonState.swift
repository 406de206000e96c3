import Engine

/// The lesson under way, as its panes show it.
package struct LessonState: PanelState, Equatable {
  /// What was said last: of an answer, or of a task that is done.
  package enum Said: Sendable, Equatable {
    case right(String)
    case wrong(String)
    case done(String)

    var row: (text: String, role: Role) {
      switch self {
      case .right(let reason): ("✓ Right: \(reason).", .ok)
      case .wrong(let reason): ("✗ Wrong: \(reason).", .fault)
      case .done(let task): ("✓ \(task): done.", .ok)
      }
    }
  }

  /// The lesson after this one.
  package struct Next: Sendable, Equatable {
    package let name: String
    package let title: String

    package init(name: String, title: String) { (self.name, self.title) = (name, title) }
  }

  /// Nil if no lesson is under way.
  package private(set) var picture: LessonPicture?
  package private(set) var said: [Said] = []
  package var next: Next?
  /// The line at the top of the lesson's screen; nil: where there is something to be done.
  var scroll: Int?
  /// The answer that is chosen, from 0.
  var answer = 0

  package init() {}

  /// Shows what has become of the lesson.
  ///
  /// - Parameter words: what is to be said beside it.
  package mutating func follow(_ new: LessonPicture, saying words: [Said] = []) {
    if new.question != picture?.question { answer = 0 }
    if !new.isSameTask(as: picture) || new.question != picture?.question || new.hints != picture?.hints { scroll = nil }
    picture = new
    said = words
  }

  /// Puts the eye on an answer.
  package mutating func choose(_ answer: Int) { self.answer = answer }
}

extension ViewState {
  package var lesson: LessonState {
    get { self[LessonState.self] }
    set { self[LessonState.self] = newValue }
  }

  /// Shows the lesson's text before anything else, where it does not stand beside the machine.
  package mutating func beginLesson(width: Int, height: Int) {
    if !LessonPane.isBeside(width: width, height: height) { screen = .lesson }
  }
}
