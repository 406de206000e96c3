import Foundation
import Testing

/// A lesson that is written by following Documentation/Teaching.md alone, step by step.
struct TeachingTests {
  /// The steps of "A lesson in ten minutes": each is one that this test takes.
  @Test func theDocumentHasTheStepsThatAreTakenHere() throws {
    let text = try String(
      contentsOf: PseudoTerminal.root.appending(path: "Documentation/Teaching.md"), encoding: .utf8)
    let section = try #require(text.range(of: "## A lesson in ten minutes"))
    let end = try #require(text.range(of: "\n## ", range: section.upperBound..<text.endIndex))
    let steps = text[section.upperBound..<end.lowerBound].matches(of: /(?m)^(\d)\. (.*)$/)
    #expect(steps.map { Int($0.1) } == Array(1...8))
    let words = [
      "workbench lesson new mine", "Change the head", "Make the machine", "For each `task`", "State the goal", "Do it yourself",
      "two things somebody might do", "workbench lesson check",
    ]
    for (step, word) in zip(steps, words) { #expect(step.2.contains(word), "\(step.0)") }
  }

  @Test func aLessonIsWrittenInEightSteps() throws {
    let folder = try TemporaryFolder()
    func workbench(_ arguments: String...) throws -> (code: Int32, output: String) {
      let run = try Headless.run(arguments)
      return (run.code, run.output + run.error)
    }
    // 1. A lesson to begin with, which is one already.
    #expect(try workbench("lesson", "new", folder.path + "/mine").code == 0)
    let path = folder.path + "/mine.lesson"
    let first = try workbench("lesson", "check", path)
    #expect(first.code == 0 && first.output.contains(": right"))
    var lines: [String] = []
    func check(_ more: String, lacks kinds: String...) throws {
      lines += more.components(separatedBy: "\n")
      try lines.joined(separator: "\n").appending("\n").write(toFile: path, atomically: true, encoding: .utf8)
      let (code, output) = try workbench("lesson", "check", path)
      #expect((code == 0) == kinds.isEmpty, "\(output)")
      for kind in kinds { #expect(output.contains("[\(kind)]"), "\(kind): \(output)") }
      #expect(kinds.isEmpty == output.contains(": right"), "\(output)")
    }
    // 2. The head. Nothing is to be done in it yet.
    try check(
      """
      lesson A Realm is activated
      part 2
      concept A Realm runs once its Host has activated it, and takes no contents of the Host's from then on
      minutes 4
      source DEN0137 1.0-rel0 B4.3.7 RMI_REALM_ACTIVATE

      """, lacks: "missing")
    // 3. The machine.
    try check(
      """
      machine dram=64M
      delegate 2
      fill RmiRealmParams 0x83000000
      RMI_REALM_CREATE 0x80100000 0x83000000
      expect RMI_SUCCESS
      let rd = 0x80100000

      """, lacks: "missing")
    // 4. What to do, and why.
    try check(
      """
      task Activate it
      # The Realm at 0x80100000 is NEW: its Host still fills it. Activate it, so that its measurement is final.
      """, lacks: "no-goal")
    // 5. The goal is what is true then.
    try check("goal realm(1).state == ACTIVE -- the Realm is ACTIVE", lacks: "no-solution", "no-hint")
    // 6. How it is done.
    try check(
      """
      hint The call is RMI_REALM_ACTIVATE, and its argument the address of the RD.
      solution
        RMI_REALM_ACTIVATE 0x80100000
      """, lacks: "few-wrongs")
    // 7. What somebody might do who has half understood it.
    try check(
      """
      wrong The page of its table -- that is an RTT, and no RD
        RMI_REALM_ACTIVATE 0x80101000
      wrong To create it again -- it is there already, and NEW all the same
        RMI_REALM_CREATE 0x80100000 0x83000000
      """)
    // 8. It is right; and how it reads.
    let preview = try workbench("lesson", "preview", path)
    #expect(preview.code == 0 && preview.output.contains("Realm 1 is NEW, not ACTIVE yet"), "\(preview.output)")
    // Somebody learns it line by line, and the recording is graded.
    let recording = folder.path + "/done.session"
    let learned = try Headless.run(["learn", path, "--record", recording], input: "RMI_REALM_ACTIVATE rd\n")
    #expect(learned.code == 0 && learned.output.contains("The lesson is done."), "\(learned.output)")
    // What is there stays, and that is said before anything is learned.
    let again = try Headless.run(["learn", path, "--record", recording], input: "RMI_REALM_ACTIVATE rd\n")
    #expect(again.code == 64 && again.error.contains("exists already") && !again.output.contains("Activate"), "\(again.output)")
    let graded = try workbench("lesson", "grade", path, recording, "--json")
    #expect(graded.code == 0 && graded.output.contains("\"pass\""), "\(graded.output)")
  }
}
