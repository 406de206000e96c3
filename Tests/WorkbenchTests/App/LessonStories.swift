import Engine
import Foundation
import Testing
import Views

@testable import Workbench

/// Learning by keys: a lesson beside the live machine.
@MainActor
struct LessonStories {
  /// The lessons of the course.
  nonisolated static let course = LessonFiles.files(in: PseudoTerminal.root.appending(path: "Sessions/lessons").path)

  /// A small lesson with everything one can have.
  nonisolated static let page = """
    lesson A page changes hands
    part 1
    concept A page that is delegated is no longer the Host's to read
    minutes 4
    source DEN0137 1.0-rel0 B4.3.5 RMI_GRANULE_DELEGATE
    attacks A1
    # All memory is the Host's in the beginning. What a Realm needs the Host gives away, granule by granule, and a granule
    # has 4 KiB.
    machine dram=64M
    let page = 0x80001000
    ns.write64 page 0x5ec7e7

    task Give it away
    # The Host has written to the page at 0x80001000. Delegate it: {command} opens the command line.
    #
    #     RMI_GRANULE_DELEGATE 0x80001000
    goal granule(page).state == DELEGATED -- the RMM has the page as DELEGATED
    goal gpt(page) == REALM
    forbid gpt(0x80005000) == REALM -- the page at 0x80005000 stays the Host's
    hint The call is one of RMI, and its name says what it does.
    hint Its argument is the address of the page.
    solution
      RMI_GRANULE_DELEGATE 0x80001000
    wrong Another page
      RMI_GRANULE_DELEGATE 0x80002000
    wrong A write
      ns.write64 page 0
    ask What keeps the Host from reading it now?
      right The granule protection check -- the processing element looks into the GPT on each access
      wrong The RMM -- no call was made, so it did not run
      wrong The Host's page tables -- the Host writes those itself

    task Try
    # Read it, as software of the Normal world does.
    goal faults(NORMAL) >= 1 -- a read of the Normal world took a granule protection fault
    hint There is a read of the Host's that is called ns.read64.
    solution
      ns.read64 0x80001000
    """

  private func story(
    _ size: (Int, Int) = (120, 36), records: Bool = true, in folder: TemporaryFolder? = nil
  ) throws -> (Story, String) {
    let folder = try folder ?? TemporaryFolder()
    let path = try folder.write("lessons/31-page.lesson", Self.page)
    let other = try folder.write("lessons/32-other.lesson", Self.page.replacing("A page changes hands", with: "Another page"))
    return (try Story(learning: path, course: [path, other], size: size, records: records, in: folder), path)
  }

  private static func progress(_ folder: TemporaryFolder) throws -> CourseProgress {
    try ProgressFile(in: folder.path)?.read() ?? CourseProgress()
  }

  private func grade(_ story: Story, _ path: String) throws -> LessonGrade {
    let lines = try story.quitsAndLeaves().text.components(separatedBy: "\n")
    return LessonGrade(lines, try LessonFiles.lesson(path), try LessonFiles.starter(path).opening(LessonFiles.lesson(path)))
  }

  /// By its first solutions and right answers, at the smallest size; then its recording is graded.
  @Test(arguments: course)
  func aLessonIsPlayedByKeys(_ path: String) throws {
    let lesson = try LessonFiles.lesson(path)
    let story = try Story(learning: path, course: Self.course, size: (80, 24))
    #expect(story.state.screen == .lesson)
    for (n, task) in lesson.tasks.enumerated() {
      #expect(story.state.lesson.picture?.number == n + 1, "\(story.screen)")
      for line in task.solutions.first?.statements ?? [] { story.types(line.text) }
      while let asked = story.state.lesson.picture?.question, story.state.lesson.picture?.number == n + 1 {
        if story.state.screen != .lesson { story.keys("W") }
        let question = task.questions.first { $0.text == asked.text }
        let right = try #require(question?.shown.firstIndex { $0.isRight })
        for _ in 0..<right { story.keys(.down) }
        story.keys(.enter)
        story.sees("✓ Right:")
      }
    }
    if story.state.screen != .lesson { story.keys("W") }
    story.sees("The lesson is done.")
    #expect(try Self.progress(story.folder)[lesson.name]?.isDone == true)
    let grade = try grade(story, path)
    #expect(grade.status == .pass, "\(grade.message ?? "") \(grade.tests)")
  }

  @Test func whatIsStillFalseIsSaidWhileOneGoesOn() throws {
    let (story, _) = try story()
    story.sees("A page changes hands · 1 of 2")
    story.sees("○ the RMM has the page as DELEGATED")
    story.keys("W")
    story.sees("Trace ─")
    story.sees("○ the RMM has the page as DELEGATED")
    story.types("RMI_GRANULE_DELEGATE 0x80002000")
    story.sees("is UNDELEGATED, not DELEGATED yet")
    // All else works meanwhile.
    story.keys("u", "w")
    story.sees("A page changes hands · 1 of 2")
    story.keys(.escape)
    story.types("RMI_GRANULE_DELEGATE 0x80001000")
    story.sees("? What keeps the Host from reading it now?")
    story.keys("W", .down, .down, .enter)
    story.sees("✗ Wrong: no call was made, so it did not run.")
    story.keys(.up, .enter)
    story.sees("✓ Right: the processing element looks into the GPT on each access.")
    story.sees("✓ Give it away: done.")
    story.sees("a read of the Normal world took a granule protection fault")
    story.types("ns.read64 0x80001000")
    story.sees("The lesson is done.")
    story.sees("0 hints, 1 wrong answer.")
  }

  @Test func hintsLeadToTheSolution() throws {
    let (story, path) = try story((80, 24))
    story.keys("h")
    story.sees("Hint 1 of 3: The call is one of RMI")
    story.keys("h", "h")
    story.sees("Hint 3 of 3: This reaches the goal:")
    story.sees("RMI_GRANULE_DELEGATE 0x80001000")
    story.keys("h")
    story.sees("all hints of this task are there")
    story.types("RMI_GRANULE_DELEGATE 0x80001000")
    story.types("answer b")
    story.types("hint")
    story.sees("Hint 1 of 2: There is a read")
    story.keys("x")
    story.sees("The lesson is over. Passed over: Try.")
    let grade = try grade(story, path)
    #expect(grade.status == .fail && grade.hints == 4 && grade.tests.map(\.status) == [.pass, .fail])
  }

  @Test func whatIsForbiddenIsSaidAndHasToBeUndone() throws {
    let (story, _) = try story((80, 24))
    story.types("RMI_GRANULE_DELEGATE 0x80005000")
    story.sees("✗ Step 2: the page at 0x80005000 stays the Host's.")
    story.keys("W")
    story.sees("✗ Step 2: the page at 0x80005000 stays the Host's.")
    story.types("RMI_GRANULE_DELEGATE 0x80001000")
    #expect(story.state.lesson.picture?.isReached == false)
    // The task from its beginning: what was done stays as a branch.
    story.keys("W", "z")
    story.sees("the machine is as it was when the task began")
    story.doesNotSee("✗ Step")
    #expect(story.session.position == 1)
    story.types("RMI_GRANULE_DELEGATE 0x80001000")
    #expect(story.state.lesson.picture?.isReached == true && story.session.branches.count == 2)
  }

  @Test func whoLeavesGoesOnWhereTheLessonWasLeft() throws {
    let folder = try TemporaryFolder()
    let (first, path) = try story(in: folder)
    first.keys("h")
    first.types("RMI_GRANULE_DELEGATE 0x80001000")
    first.types("answer c")
    first.types("answer b")
    let recording = try first.quitsAndLeaves().path
    #expect(try Self.progress(folder)["31-page"]?.tasks == 1)
    let (second, _) = try story(in: folder)
    second.sees("the lesson goes on where it was left")
    #expect(second.state.lesson.picture?.number == 2 && second.session.position == 2)
    #expect(second.recorded == recording)
    // Meanwhile nobody else writes to that recording.
    let (third, _) = try story(in: folder)
    third.sees("another workbench is at")
    second.types("ns.read64 0x80001000")
    second.sees("The lesson is done")
    let grade = try grade(second, path)
    #expect(grade.status == .pass && grade.hints == 1 && grade.wrongAnswers == 1, "\(grade.message ?? "") \(grade.tests)")
    #expect(try Self.progress(folder)["31-page"]?.isDone == true)
    // One that is done begins again, and stays done.
    let (again, _) = try story(in: folder)
    #expect(again.state.lesson.picture?.number == 1 && again.session.position == 1)
    #expect(again.recorded != recording)
    #expect(try Self.progress(folder)["31-page"]?.isDone == true)
  }

  /// Half a line at the end of a recording is dropped, and what is wrong in it makes the lesson begin again.
  @Test func aDamagedRecordingDoesNotStandInTheWay() throws {
    let folder = try TemporaryFolder()
    let (first, _) = try story(in: folder)
    first.types("RMI_GRANULE_DELEGATE 0x80001000")
    first.types("answer b")
    let (path, text) = try first.quitsAndLeaves()
    try (text + "@9.000 smc RMI_VER").write(toFile: path, atomically: true, encoding: .utf8)
    let (second, _) = try story(in: folder)
    #expect(second.state.lesson.picture?.number == 2)
    second.types("ns.read64 0x80001000")
    try second.quitsAndReplays()
    _ = try folder.write("progress", CourseProgress.header + "\n" + line(tasks: 1, path))
    try text.replacing("DELEGATE 0x80001000\n", with: "DELEGATE 0x80001000\n=> RMI_ERROR_INPUT\n").write(
      toFile: path, atomically: true, encoding: .utf8)
    let (third, _) = try story(in: folder)
    third.sees("it begins again: line")
    #expect(third.state.lesson.picture?.number == 1)
  }

  private func line(tasks: Int, _ recording: String) -> String {
    let name = recording.split(separator: "/").last ?? ""
    return "begun tasks=\(tasks)/2 skipped=0 hints=0 wrong=0 lines=1 recording=\(name) 31-page\n"
  }

  @Test func theCourseIsChosenFrom() throws {
    let (story, _) = try story()
    story.types("RMI_GRANULE_DELEGATE 0x80001000")
    story.types("answer b")
    story.keys("L")
    story.sees("Part 1: The machine")
    story.sees("▸ 31 A page changes hands")
    story.sees("1/2")
    story.sees("0 of 2 done")
    story.sees("attacks A1")
    story.keys(.down)
    story.sees("2 tasks")
    story.keys(.enter)
    #expect(story.code == 0 && story.app.successor?.name == "32-other")
    #expect(story.app.successor?.loaded.lesson?.run.lesson.title == "Another page")
    // One is forgotten without the others.
    let (again, _) = try self.story(in: story.folder)
    #expect(again.state.lesson.picture?.number == 2)
    again.keys("L", "X")
    again.sees("learn 31-page anew")
    again.keys(.enter)
    #expect(again.app.successor?.loaded.lesson?.run.current == 0)
    #expect(try Self.progress(story.folder)["31-page"] == nil)
  }

  /// Keys go from lesson to lesson: there is nothing to do with the title of a part.
  @Test(arguments: [(6, "07-"), (5, "06-"), (0, "01-")])
  func theTitlesOfPartsArePassedOver(_ downs: Int, _ name: String) throws {
    let story = try Story(learning: try #require(Self.course.first), course: Self.course)
    story.keys("L", "g")
    for _ in 0..<downs { story.keys(.down) }
    story.doesNotSee("no lesson is chosen")
    story.keys("X")
    story.sees("learn \(name)")
    story.keys(.escape, .down, .up, "X")
    story.sees("learn \(name)")
  }

  /// One file and one folder are carried to another machine: what was under way goes on there.
  @Test func progressIsCarriedToAnotherMachine() throws {
    let (here, there, bare) = (try TemporaryFolder(), try TemporaryFolder(), try TemporaryFolder())
    let (first, path) = try story(in: here)
    first.types("RMI_GRANULE_DELEGATE 0x80001000")
    first.types("answer b")
    _ = try first.quitsAndLeaves()
    for name in ["progress", "sessions"] {
      try FileManager.default.copyItem(atPath: here.path + "/" + name, toPath: there.path + "/" + name)
    }
    try FileManager.default.copyItem(atPath: here.path + "/progress", toPath: bare.path + "/progress")
    let (second, _) = try story(in: there)
    second.sees("the lesson goes on where it was left")
    #expect(second.state.lesson.picture?.number == 2)
    second.types("ns.read64 0x80001000")
    second.sees("The lesson is done")
    let grade = try grade(second, path)
    #expect(grade.status == .pass, "\(grade.message ?? "") \(grade.tests)")
    // On the first machine nothing has changed; without the recordings it is known how far it was, and the lesson begins again.
    #expect(try Self.progress(here)["31-page"]?.tasks == 1 && Self.progress(there)["31-page"]?.isDone == true)
    let (third, _) = try story(in: bare)
    third.sees("it begins again")
    #expect(third.state.lesson.picture?.number == 1)
  }

  @Test func theNextLessonFollows() throws {
    let (story, _) = try story()
    story.types("RMI_GRANULE_DELEGATE 0x80001000")
    story.types("answer b")
    story.types("ns.read64 0x80001000")
    if story.state.screen != .lesson { story.keys("W") }
    story.sees("⏎ next lesson")
    story.keys(.enter)
    #expect(story.app.successor?.name == "32-other")
  }

  @Test func withoutALessonItSaysWhereTheyAre() throws {
    let story = try Story()
    story.keys("W")
    story.sees("No lesson is under way. L lists the course.")
    story.keys("h")
    story.sees("no lesson is under way; L lists the course")
    for line in ["hint", "answer a", "skip", "again"] {
      story.types(line)
      story.sees("no lesson is under way")
    }
    story.types("learn 99-nowhere")
    story.sees("99-nowhere")
    #expect(story.app.running)
  }

  @Test func aFileOfProgressThatIsNoneStaysAsItIs() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("progress", "something else\n")
    let story = try Story(records: true)
    #expect(throws: SessionLoader.Failure.self) { try ProgressFile(in: folder.path)?.change { $0.forget("a") } }
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "something else\n")
    _ = try story.folder.write("progress", "something else\n")
    story.keys("L")
    story.sees("progress:1: expected")
  }

  /// At the first start the course is offered, once, and any key goes on without it.
  @Test func theCourseIsOfferedOnce() throws {
    let story = try Story(records: true)
    story.app.offerFirstLesson()
    story.gets(signal: 18)
    story.sees("New here? L lists a course inside this machine; its first lesson takes 5 minutes.")
    story.keys("2")
    story.doesNotSee("New here?")
    #expect(story.state.focus == .granules)
    story.app.offerFirstLesson()
    #expect(story.state.offer == nil)
    let unrecorded = try Story()
    unrecorded.app.offerFirstLesson()
    #expect(unrecorded.state.offer == nil)
  }

  // MARK: Screens

  /// Each with the keys that lead there from the beginning of the lesson, on the screen or beside the machine.
  nonisolated static let ways: [(String, [Typed])] = [
    ("begun", []), ("beside", ["o:RMI_GRANULE_DELEGATE 0x80002000", .enter]), ("hints", [":hint", .enter, ":hint", .enter]),
    ("asked", ["o:RMI_GRANULE_DELEGATE 0x80001000", .enter]),
    ("question", ["o:RMI_GRANULE_DELEGATE 0x80001000", .enter, "W", .down, .down, .enter]),
    ("forbidden", ["o:RMI_GRANULE_DELEGATE 0x80005000", .enter]),
    ("over", ["o:RMI_GRANULE_DELEGATE 0x80001000", .enter, ":answer b", .enter, ":skip", .enter, "W"]), ("course", ["L"]),
  ]

  @Test(arguments: ways, [(80, 24), (120, 36), (200, 60)])
  func screens(_ way: (name: String, keys: [Typed]), _ size: (Int, Int)) throws {
    let folder = try TemporaryFolder()
    _ = try folder.write("progress", CourseProgress.header + "\n" + line(tasks: 1, "a.session"))
    let (story, _) = try story(size, records: false, in: folder)
    story.give(way.keys.flatMap(\.inputs))
    try ScreenStories.compare(story, "lesson-\(way.name)")
    for theme in [Theme.standard, .light] where ["begun", "over", "course"].contains(way.name) {
      try ScreenStories.compareColours(story, theme, "lesson-\(way.name)")
    }
  }
}
