import Engine
import Testing

/// How far somebody is, as a file has it.
struct CourseProgressTests {
  private static func row(_ lesson: String, _ tasks: Int, isDone: Bool = false) -> CourseProgress.Row {
    CourseProgress.Row(
      lesson: lesson, tasks: tasks, of: 5, skipped: 0, hints: 1, wrongAnswers: 2, lines: 3, isDone: isDone,
      recording: "20261129-080000.session")
  }

  @Test func whatIsWrittenIsRead() throws {
    var progress = CourseProgress()
    progress.note(Self.row("01-four-worlds", 5, isDone: true))
    progress.note(Self.row("a lesson of my own", 2))
    #expect(progress.lines[1].hasPrefix("done tasks=5/5 skipped=0 hints=1 wrong=2 lines=3 recording="))
    #expect(try CourseProgress(progress.lines) == progress)
    #expect(try CourseProgress(progress.lines + [""]) == progress)
    #expect(try CourseProgress([]) == CourseProgress())
  }

  @Test func doneStaysDoneUntilItIsForgotten() {
    var progress = CourseProgress()
    progress.note(Self.row("a", 5, isDone: true))
    progress.note(Self.row("b", 5, isDone: true))
    progress.note(Self.row("a", 1))
    #expect(progress["a"]?.isDone == true && progress["a"]?.tasks == 1)
    progress.forget("a")
    #expect(progress["a"] == nil && progress["b"]?.isDone == true)
    progress.note(Self.row("a", 1))
    #expect(progress["a"]?.isDone == false)
  }

  /// A file that somebody carries here is a stranger's: its line is told, and no path is taken from it.
  @Test(arguments: [
    "done", "begun tasks=1/5 skipped=0 hints=0 wrong=0 lines=0 recording=none",
    "over tasks=1/5 skipped=0 hints=0 wrong=0 lines=0 recording=none a",
    "begun tasks=6/5 skipped=0 hints=0 wrong=0 lines=0 recording=none a",
    "begun tasks=1/5 skipped=-1 hints=0 wrong=0 lines=0 recording=none a",
    "begun tasks=1/5 skipped=0 hints=99999999999999999999 wrong=0 lines=0 recording=none a",
    "begun tasks=1/5/5 skipped=0 hints=0 wrong=0 lines=0 recording=none a",
    "begun tasks=1/5 skipped=0 hints=0 wrong=0 lines=0 recording=../../etc/passwd a",
    "begun skipped=0 tasks=1/5 hints=0 wrong=0 lines=0 recording=none a",
    "begun tasks=1/5 skipped=0 hints=0 wrong=0 lines=0 recording=none " + String(repeating: "a", count: 2000),
  ])
  func whatIsNoLineIsToldWithItsNumber(_ line: String) {
    #expect {
      try CourseProgress([CourseProgress.header, Self.row("b", 1).line, line])
    } throws: { error in
      let error = error as? ScriptError
      return error?.line == 3 && error?.message.hasPrefix("expected done|begun") == true
    }
  }

  @Test func anotherFileIsRefused() {
    #expect(throws: ScriptError.self) { try CourseProgress(["#workbench 4"]) }
    let many = Array(repeating: Self.row("a", 1).line, count: CourseProgress.mostRows + 1)
    #expect(throws: ScriptError.self) { try CourseProgress([CourseProgress.header] + many) }
  }
}

extension CourseProgress.Row {
  /// Its line in a file.
  fileprivate var line: String {
    var progress = CourseProgress()
    progress.note(self)
    return progress.lines[1]
  }
}
