import Engine
import Foundation
import Testing

/// The course and the exercises: each lesson is right, which means that each solution reaches its goal and no wrong attempt does.
struct CourseTests {
  static let lessons = ["Sessions/lessons", "Sessions/bugs"].flatMap { Project.files($0, ".lesson") }

  @Test(arguments: lessons)
  func theLessonIsRight(_ path: String) throws {
    let name = try #require(path.split(separator: "/").last).dropLast(7)
    let lines = try Project.text(path).components(separatedBy: "\n")
    let check = LessonCheck(lines, name: String(name), keys: Lessons.keys, Lessons.starter(path))
    #expect(check.problems == [], "\(path)")
  }

  /// Each bug is to be found in an exercise, and each exercise of bugs has one.
  @Test func eachBugHasItsExercise() throws {
    let bugs = try Project.files("Sessions/bugs", ".lesson").flatMap { path in
      try Project.text(path).split(separator: "\n").filter { $0.hasPrefix("machine ") }.flatMap { line in
        line.split(separator: " ").filter { $0.hasPrefix("bug=") }.map { String($0.dropFirst(4)) }
      }
    }
    #expect(bugs.sorted() == MachineBug.allCases.map(\.rawValue).sorted())
  }

  @Test func thereAreSome() { #expect(Self.lessons.count >= 3) }
}

enum Lessons {
  /// Keys that lessons may name; the program's own list is looked at by `workbench lesson check`.
  static let keys = [
    "command", "undo", "redo", "predict", "show-guest", "show-realms", "show-reference", "show-stack", "show-token",
    "show-trace", "show-why",
  ]

  static func starter(_ path: String) -> LessonStarter {
    LessonStarter(file: path) { runner in
      let script = Script(in: runner.session)
      runner.load = script.runner.load
      runner.guestControl.load = script.runner.guestControl.load
      runner.stackControl.place = script.runner.stackControl.place
    }
  }
}
