import ArgumentParser
import Engine
import FoundationEssentials

struct LessonGradeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "grade", abstract: "Replays recordings from a lesson's own start, and says which tasks they reach.",
    discussion: """
      Nothing that a recording says is believed: every statement is done again on the lesson's machine. A recording of another machine or \
      another lesson, one whose answers were edited, and one that writes by hand what only the RMM may write, is refused. A folder stands \
      for the files in it. Of several lessons each recording is graded by the one it begins as. With --json the result of one recording is \
      results.json as Exercism's test runners write it (version 3); of several a list. The exit code is 0 when all were graded, whatever \
      came of them, and 66 when a file cannot be read.
      """)

  @Argument(
    help: ArgumentHelp(
      "A lesson (a name with .lesson, or one of the course), then recordings or folders of them.", valueName: "file"),
    completion: .file())
  var files: [String]

  @Flag(help: "Prints results.json.")
  var json = false

  @Flag(help: "Prints a line for each recording, separated by commas.")
  var csv = false

  mutating func validate() throws {
    if json, csv { throw ValidationError("--json and --csv exclude each other") }
    guard files.count > 1 else { throw ValidationError("expected a LESSON and one RECORDING or more") }
  }

  func run() throws {
    var lessons: [(lesson: Lesson, opening: LessonStart)] = []
    var recordings: [String] = []
    for word in files {
      let paths = LessonFiles.paths(of: word).filter { $0.hasSuffix(LessonFiles.ending) }
      if paths.isEmpty { recordings += Self.recordings(word) }
      for path in paths { lessons.append(try Self.opened(path)) }
    }
    guard !lessons.isEmpty, !recordings.isEmpty else {
      complain("expected a LESSON and one RECORDING or more; \(lessons.isEmpty ? "no lesson" : "no recording") is named")
      throw Exit.usage
    }
    var graded: [(path: String, grade: LessonGrade)] = []
    for path in recordings {
      let lines = try LessonCommand.reading { () throws(SessionLoader.Failure) in try SessionLoader.read(path).wholeLines }
      graded.append((path, Self.best(lines, lessons)))
    }
    print(graded)
  }

  private static func opened(_ path: String) throws -> (lesson: Lesson, opening: LessonStart) {
    let lesson = try LessonCommand.reading { () throws(SessionLoader.Failure) in try LessonFiles.lesson(path) }
    do throws(ScriptError) { return (lesson, try LessonFiles.starter(path).opening(lesson)) } catch {
      complain(error.description(in: path))
      throw Exit.badData
    }
  }

  /// The files in a folder, or the file.
  private static func recordings(_ word: String) -> [String] {
    var isFolder = false
    guard FileManager.default.fileExists(atPath: word, isDirectory: &isFolder), isFolder else { return [word] }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: word)) ?? []
    return names.filter { !$0.hasPrefix(".") }.sorted().map { word + "/" + $0 }
  }

  /// By the lesson it comes furthest in.
  private static func best(_ lines: [String], _ lessons: [(lesson: Lesson, opening: LessonStart)]) -> LessonGrade {
    var best: LessonGrade?
    for (lesson, opening) in lessons {
      let grade = LessonGrade(lines, lesson, opening)
      if let known = best, known.tests.count > 0, grade.passed <= known.passed { continue }
      if best == nil || !grade.tests.isEmpty { best = grade }
    }
    return best ?? LessonGrade(lines, lessons[0].lesson, lessons[0].opening)
  }

  private func print(_ graded: [(path: String, grade: LessonGrade)]) {
    var out = Output()
    if json {
      if graded.count == 1 {
        out.line(shownJSON(graded[0].grade.json.text(.qemu)))
      } else {
        let all = graded.map { path, grade in
          JSONValue.object(["recording": .string(path), "lesson": .string(grade.lesson), "results": grade.json])
        }
        out.line("[")
        for (n, value) in all.enumerated() { out.line(shownJSON(value.text(.qemu)) + (n < all.count - 1 ? "," : "")) }
        out.line("]")
      }
    } else if csv {
      out.line("recording,lesson,status,passed,tasks,lines,par,hints,wrong_answers,message")
      for (path, grade) in graded {
        let words = [path, grade.lesson, grade.status.rawValue].map(Self.quoted)
        let numbers = [grade.passed, grade.tests.count, grade.lines, grade.par, grade.hints, grade.wrongAnswers].map(String.init)
        out.line((words + numbers + [Self.quoted(grade.message ?? "")]).joined(separator: ","))
      }
    } else {
      for (path, grade) in graded {
        out.line(
          "\(path): \(grade.lesson): \(grade.status.rawValue), \(grade.passed) of \(grade.tests.count) tasks\(grade.message.map { ": \($0)" } ?? "")"
        )
        for test in grade.tests {
          out.line(
            "  \(test.status == .pass ? "✓" : "✗") \(test.task). \(test.name)\(grade.message == nil ? test.message.map { ": \($0)" } ?? "" : "")"
          )
        }
      }
    }
    out.flush()
  }

  /// A field of CSV; what a spreadsheet would take for a formula is kept from it.
  private static func quoted(_ text: String) -> String {
    let text = ["=", "+", "-", "@"].contains { text.hasPrefix($0) } ? "'" + text : text
    return text.contains { $0 == "," || $0 == "\"" } ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
  }
}

struct LessonExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "A lesson as a handout: text for a printer, or a page for a browser.")

  @Argument(help: ArgumentHelp("The lesson.", valueName: "lesson"), completion: .files { LessonFiles.courseNames })
  var lesson: String

  @Flag(help: "Prints text of 76 columns.")
  var text = false

  @Flag(help: "Prints a page that needs nothing but itself; hints, solutions and answers open when they are clicked.")
  var html = false

  @Flag(help: "With solutions and answers, for who teaches.")
  var answers = false

  mutating func validate() throws {
    guard text != html else { throw ValidationError("expected --text or --html") }
  }

  func run() throws {
    var out = Output()
    for path in try LessonCommand.paths([lesson]) {
      let lesson = try LessonCommand.reading { () throws(SessionLoader.Failure) in try LessonFiles.lesson(path) }
      if text {
        let named = lesson.naming { id in LessonFiles.key(id).map { "[\($0)]" } }
        for line in LessonText.lines(named, width: Lesson.widest, givesAway: answers) { out.line(line) }
      } else {
        out.lines(LessonPage.html(lesson, givesAway: answers) { LessonFiles.key($0) })
      }
    }
    out.flush()
  }
}
