import Engine
import Views

/// A lesson under way: what it says of what is done, and what its learner says.
extension App {
  /// Shows a lesson at its beginning, or where somebody goes on with it.
  func begin(_ underWay: SessionLoader.LessonUnderWay) {
    state.name = underWay.run.lesson.name
    state.focusOnLastChange(session)
    state.lesson.next = next(after: underWay.path)
    showLesson()
    state.beginLesson(width: terminal.width, height: terminal.height)
    if let note = underWay.note {
      state.message = .init(note, isError: true)
    } else if underWay.recording != nil, recorder != nil {
      state.message = .init("the lesson goes on where it was left")
    }
  }

  private func next(after path: String) -> LessonState.Next? {
    guard let index = course.firstIndex(of: path), index + 1 < course.count,
      let lesson = try? LessonFiles.lesson(course[index + 1])
    else { return nil }
    return LessonState.Next(name: lesson.name, title: lesson.title)
  }

  /// After something was done: which task one is at now, and what of its goal is not reached yet.
  func followLesson() {
    guard let lesson else { return }
    let before = lesson.current
    lesson.observe()
    showLesson(since: before)
  }

  /// - Parameters:
  ///   - before: the task one was at.
  ///   - words: what is said of an answer.
  private func showLesson(since before: Int? = nil, saying words: [LessonState.Said] = []) {
    guard let lesson else { return }
    let tasks = (before ?? lesson.current)..<lesson.current
    let done = tasks.filter { !lesson.progress[$0].isSkipped }.map { LessonState.Said.done(lesson.lesson.tasks[$0].title) }
    state.lesson.follow(lesson.picture, saying: words + done)
    keepProgress()
  }

  /// Keeps how far one is, where what is done is recorded: without a recording one could not go on.
  func keepProgress() {
    guard let lesson, let recorder, let file = ProgressFile(in: folder) else { return }
    let standing = lesson.standing(recording: recorder.path.split(separator: "/").last.map(String.init) ?? "")
    guard standing != keptStanding else { return }
    do throws(SessionLoader.Failure) {
      try file.change { $0.note(standing) }
      keptStanding = standing
    } catch {
      state.message = .init("progress is not kept: \(error.message)", isError: true)
    }
  }

  // MARK: What the learner says

  /// Does something with the lesson under way, if there is one.
  private func inLesson(_ act: (LessonRun) -> Void) {
    guard let lesson, !lesson.isOver else {
      let reason = lesson == nil ? LessonState.noLesson(state.bindings) : "the lesson is over"
      return state.message = .init(reason, isError: true)
    }
    startRecording()
    act(lesson)
    writeRecording()
  }

  func takeHint() {
    inLesson { lesson in
      guard lesson.hints.count < lesson.mostHints else {
        return state.message = .init("all hints of this task are there", isError: true)
      }
      lesson.takeHint()
      showLesson()
      state.beginLesson(width: terminal.width, height: terminal.height)
    }
  }

  /// - Parameter letter: of the answer.
  func answer(_ letter: String) {
    inLesson { lesson in
      guard let (_, question) = lesson.question else {
        return state.message = .init("nothing is asked before the goal is reached", isError: true)
      }
      guard let index = question.shown.indices.first(where: { LessonText.letter($0) == letter.lowercased() }) else {
        let last = LessonText.letter(question.answers.count - 1)
        return state.message = .init("expected answer LETTER, a to \(last)", isError: true)
      }
      let before = lesson.current
      let answer = question.shown[index]
      lesson.answer(index)
      showLesson(since: before, saying: [answer.isRight ? .right(answer.reason) : .wrong(answer.reason)])
      if !answer.isRight { state.lesson.choose(index) }
    }
  }

  func skipTask() {
    inLesson { lesson in
      let before = lesson.current
      lesson.skip()
      showLesson(since: before)
      state.message = .init("passed over: \(lesson.lesson.tasks[before].title)")
    }
  }

  /// Takes the machine back to where the present task began.
  func beginTaskAgain() {
    inLesson { lesson in
      guard lesson.places.indices.contains(lesson.current) else { return }
      go(to: lesson.places[lesson.current])
      if session.place == lesson.places[lesson.current] {
        state.message = .init("the machine is as it was when the task began; \(state.bindings[.branches]) shows what was done")
      }
    }
  }

  // MARK: Other lessons

  /// Brings the course up to date.
  func offerCourse() {
    let (entries, trouble) = LessonFiles.entries(course, in: folder)
    state.course.show(entries)
    if let trouble { state.message = .init(trouble, isError: true) }
  }

  /// Leaves this session for a lesson: where it was left, or its beginning.
  func learn(_ word: String, isAnew: Bool) {
    if let words = LessonFiles.unknown(word, course) {
      state.message = .init(words, isError: true)
      return
    }
    let paths = LessonFiles.paths(of: word, course)
    guard let path = paths.first else { return open(.course) }
    if let lesson, lesson.lesson.name == LessonFiles.name(of: path), !lesson.isOver, !isAnew {
      return state.screen = .lesson
    }
    do throws(SessionLoader.Failure) {
      let loaded = try LessonFiles.underWay(path, state.bindings, in: records ? folder : nil, isAnew: isAnew)
      successor = (loaded, LessonFiles.name(of: path))
      quit()
      if running { successor = nil }
    } catch {
      state.message = .init(error.message, isError: true)
    }
  }

  /// Tells somebody who is here for the first time of the course, once.
  func offerFirstLesson() {
    guard records, lesson == nil, let file = ProgressFile(in: folder), file.isMissing, let first = course.first,
      let lesson = try? LessonFiles.lesson(first)
    else { return }
    // What cannot be kept is offered again.
    try? file.change { _ in }
    state.offer =
      "New here? \(state.bindings[Panel.course]) lists a course inside this machine; its first lesson takes \(lesson.minutes) minutes. "
      + "Any other key goes on without it."
  }
}
