import Foundation
import Testing

@testable import Workbench

/// A lesson that is written by following Documentation/Teaching.md alone, step by step: what a step has in code is what is done here.
@MainActor
struct TeachingTests {
  /// The steps of "A lesson in ten minutes", and what each has in code.
  private static func steps() throws -> [(text: String, code: [String])] {
    let text = try String(
      contentsOf: PseudoTerminal.root.appending(path: "Documentation/Teaching.md"), encoding: .utf8)
    let section = try #require(text.range(of: "## A lesson in ten minutes"))
    let end = try #require(text.range(of: "\n## ", range: section.upperBound..<text.endIndex))
    let found = text[section.upperBound..<end.lowerBound].matches(of: /(?m)^(\d)\. (.*(?:\n   .*)*)/)
    #expect(found.map { Int($0.1) } == Array(1...8))
    return found.map { step in
      let words = step.2.replacing("\n   ", with: " ")
      return (String(words), words.matches(of: /`([^`]+)`/).map { String($0.1) })
    }
  }

  /// The lesson as it grows: a file, and lines that are added to it.
  private final class Draft {
    let folder: TemporaryFolder
    private var lines: [String] = []
    var path: String { folder.path + "/mine.lesson" }

    init() throws { folder = try TemporaryFolder() }

    /// A command of the document, in the folder.
    func run(_ command: String) throws -> (code: Int32, output: String) {
      #expect(command.hasPrefix("workbench "), "\(command)")
      let run = try Shell.run("cd '\(folder.path)' && \(command)")
      return (run.code, run.output + run.error)
    }

    func add(_ more: String) throws {
      lines += more.components(separatedBy: "\n")
      try lines.joined(separator: "\n").appending("\n").write(toFile: path, atomically: true, encoding: .utf8)
    }

    /// What `lesson check` says is still missing; nothing, and it is right.
    func check(lacks kinds: String...) throws {
      let (code, output) = try run("workbench lesson check mine.lesson")
      #expect((code == 0) == kinds.isEmpty, "\(output)")
      for kind in kinds { #expect(output.contains("mine.lesson:") && output.contains("[\(kind)]"), "\(kind): \(output)") }
      #expect(kinds.isEmpty == output.contains(": right"), "\(output)")
    }
  }

  @Test func aLessonIsWrittenInEightSteps() throws {
    let steps = try Self.steps()
    let draft = try Draft()
    // 1. A lesson to begin with, which is one already: both commands of the step.
    #expect(steps[0].code.count == 4 && steps[0].code[1] == "mine.lesson" && steps[0].code[3] == "right")
    #expect(try draft.run(steps[0].code[0]).code == 0)
    let first = try draft.run(steps[0].code[2])
    #expect(first.code == 0 && first.output.contains(": \(steps[0].code[3])"), "\(first.output)")
    // 2. The head: every word that the step names is one of a lesson's, and nothing is to be done in it yet.
    let listed = steps[1].text.replacing(/\([^)]*\)/, with: "").components(separatedBy: ": ").last
    let words = listed?.split(whereSeparator: { " ,.".contains($0) }).map(String.init)
    #expect(words == ["title", "part", "concept", "minutes", "sources"])
    try draft.add(
      """
      lesson A Realm is activated
      part 2
      concept A Realm runs once its Host has activated it, and takes no contents of the Host's from then on
      minutes 4
      source DEN0137 1.0-rel0 B4.3.7 RMI_REALM_ACTIVATE

      """)
    try draft.check(lacks: "missing")
    // 3. The machine is tried in the workbench first, and written down as it was typed.
    let machine = ["machine dram=64M", "delegate 2", "fill RmiRealmParams 0x83000000", "RMI_REALM_CREATE 0x80100000 0x83000000"]
    let story = try Story()
    for line in machine { story.types(line) }
    story.sees("RMI_SUCCESS")
    let name = try #require(steps[2].code.last { $0.hasPrefix("let ") })
    story.types(name)
    try draft.add((machine + ["expect RMI_SUCCESS", name, ""]).joined(separator: "\n"))
    try draft.check(lacks: "missing")
    // 4. What to do, and why, behind the sign that the step says.
    #expect(steps[3].code == ["task", "#"])
    try draft.add(
      """
      \(steps[3].code[0]) Activate it
      \(steps[3].code[1]) The Realm at 0x80100000 is NEW: its Host still fills it. Activate it, so that its measurement is final.
      """)
    try draft.check(lacks: "no-goal")
    // 5. The goal of the step itself, tried in the workbench: it says why it does not hold.
    let goal = try #require(steps[4].code.first)
    let tried = try #require(steps[4].code.last)
    #expect(goal.hasPrefix("goal \(tried.dropFirst(":expect that ".count)) -- "))
    story.types(String(tried.dropFirst()))
    story.sees("Realm 1 is NEW, not ACTIVE yet")
    try draft.add(goal)
    try draft.check(lacks: "no-solution", "no-hint")
    // 6. It is done in the workbench, where the goal holds then.
    story.types("RMI_REALM_ACTIVATE rd")
    story.types(String(tried.dropFirst()))
    story.doesNotSee("not ACTIVE yet")
    #expect(steps[5].code == ["solution", "hint"])
    try draft.add(
      """
      \(steps[5].code[1]) The call is RMI_REALM_ACTIVATE, and its argument the address of the RD.
      \(steps[5].code[0])
        RMI_REALM_ACTIVATE rd
      """)
    try draft.check(lacks: "few-wrongs")
    // 7. What somebody might do who has half understood it.
    #expect(steps[6].code == ["wrong"])
    try draft.add(
      """
      \(steps[6].code[0]) The page of its table -- that is an RTT, and no RD
        RMI_REALM_ACTIVATE 0x80101000
      \(steps[6].code[0]) To create it again -- it is there already, and NEW all the same
        RMI_REALM_CREATE 0x80100000 0x83000000
      """)
    // 8. It is right; and how it reads.
    #expect(steps[7].code.count == 3 && steps[7].code[0] == "workbench lesson check mine.lesson")
    try draft.check()
    let preview = try draft.run(steps[7].code[2])
    #expect(preview.code == 0 && preview.output.contains("Realm 1 is NEW, not ACTIVE yet"), "\(preview.output)")
    try learnedAndGraded(draft)
  }

  /// Somebody learns it line by line, and the recording is graded.
  private func learnedAndGraded(_ draft: Draft) throws {
    let recording = draft.folder.path + "/done.session"
    let learned = try Headless.run(["learn", draft.path, "--record", recording], input: "RMI_REALM_ACTIVATE rd\n")
    #expect(learned.code == 0 && learned.output.contains("The lesson is done."), "\(learned.output)")
    // What is there stays, and that is said before anything is learned.
    let again = try Headless.run(["learn", draft.path, "--record", recording], input: "RMI_REALM_ACTIVATE rd\n")
    #expect(again.code == 64 && again.error.contains("exists already") && !again.output.contains("Activate"), "\(again.output)")
    let graded = try Headless.run(["lesson", "grade", draft.path, recording, "--json"])
    #expect(graded.code == 0 && graded.output.contains("\"pass\""), "\(graded.output)")
  }
}
