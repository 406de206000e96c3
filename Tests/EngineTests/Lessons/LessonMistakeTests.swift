import Engine
import Foundation
import Testing

/// Each kind of mistake that somebody who writes a lesson can make, with its line.
struct LessonMistakeTests {
  private static let good = LessonGradeTests.text

  /// What is replaced in a lesson that is right by what, the kind of mistake, and what the line is that it is told of.
  static let mistakes: [(from: String, to: String, kind: LessonProblem.Kind, at: String)] = [
    ("lesson A page\n", "", .noTitle, "part 1"),
    ("concept A page changes hands\n", "", .missing, "lesson A page"),
    ("minutes 2", "minutes 12", .badNumber, "minutes 12"),
    ("part 1", "part 6", .badNumber, "part 6"),
    ("source DEN0137 B4.3.5\n", "", .noSource, "lesson A page"),
    ("let page", "lett page", .unknownWord, "lett page"),
    ("hint The call", "hnt The call", .unknownWord, "hnt The call"),
    ("task Give it away", "  task Give it away", .misplaced, "  task Give it away"),
    ("# Delegate it.", "# Delegate it.\nns.read64 page", .misplaced, "ns.read64 page"),
    ("# Delegate it.", "# Delegate it.\nsource Later", .misplaced, "source Later"),
    ("# One page.", "#     " + String(repeating: "x", count: 77), .tooWide, "#     xxx"),
    ("lesson A page", "lesson " + String(repeating: "long ", count: 9), .tooWide, "lesson long"),
    ("# Delegate it.", "# " + String(repeating: "Many words stand here. ", count: 80), .tooLong, "task Give it away"),
    ("ns.write64 page 7", "ns.write64 page", .startFails, "ns.write64 page"),
    ("ns.write64 page 7", "state page\nexpect RD", .startFails, "expect RD"),
    ("goal gpt(page) == REALM", "goal gpt(page) == RELM", .badPredicate, "goal gpt(page) == RELM"),
    ("goal gpt(page) == REALM", "goal gpt(pge) == REALM", .badPredicate, "goal gpt(pge) == REALM"),
    ("goal gpt(page) == REALM", "goal gpt(page) == NS", .trueAtStart, "goal gpt(page) == NS"),
    ("goal gpt(page) == REALM", "goal gpt(page) == ROOT", .solutionFails, "solution"),
    ("goal gpt(page) == REALM", "goal calls(RMI_GRANULE_DELEGATE) == 1", .sameCommands, "goal calls"),
    ("goal gpt(page) == REALM", "goal granules(DELEGATED) == 1", .wrongPasses, "wrong Another"),
    ("goal gpt(page) == REALM\n", "", .noGoal, "task Give it away"),
    (
      "  RMI_GRANULE_DELEGATE 0x80001000", "  RMI_GRANULE_DELEGATE 0x80001000 nowhere", .solutionFails,
      "  RMI_GRANULE_DELEGATE 0x80001000 nowhere"
    ),
    (
      "  RMI_GRANULE_DELEGATE 0x80001000", "  gpt.set 0x80001000 root\n  RMI_GRANULE_DELEGATE 0x80001000", .solutionForbidden,
      "solution"
    ),
    ("  RMI_GRANULE_DELEGATE 0x80002000", "  RMI_GRANULE_DELEGATE elsewhere", .wrongFails, "  RMI_GRANULE_DELEGATE elsewhere"),
    ("wrong A write\n  ns.write64 page 0\n", "", .fewWrongs, "task Try"),
    ("solution\n  RMI_GRANULE_DELEGATE 0x80001000\n", "", .noSolution, "task Give it away"),
    ("hint The call is one of RMI.\n", "", .noHint, "task Give it away"),
    ("hint The call is one of RMI.", "hint Try", .emptyHint, "hint Try"),
    ("hint The call is one of RMI.", "hint The call is one of RMI.\nhint the call is one of rmi", .repeatedHint, "hint the call"),
    ("  right The check", "  wrong The check", .badQuestion, "ask Who?"),
    ("  wrong The RMM -- it did not run", "  maybe The RMM", .badQuestion, "  maybe"),
    ("  wrong The RMM -- it did not run", "  wrong The RMM", .noReason, "  wrong The RMM"),
    ("goal faults(NORMAL) >= 1", "goal faults(NORMAL) >= 1\npar 0", .badNumber, "par 0"),
    ("wrong A write", "wrong Another", .repeatedName, "wrong Another\n  ns"),
    ("# Delegate it.", "# Delegate it, or {undo-it}.", .unknownKey, "# Delegate it, or"),
    ("machine dram=64M", "allow everything\nmachine dram=64M", .unknownWord, "allow everything"),
    (
      "solution\n  RMI_GRANULE_DELEGATE 0x80001000", "solution\n  ns.read64 page\n  RMI_GRANULE_DELEGATE 0x80001000\npar 1",
      .lowPar, "task Give it away"
    ),
  ]

  @Test(arguments: mistakes.indices)
  func theMistakeIsToldWithItsLineAndWhatWouldBeRight(_ index: Int) throws {
    let mistake = Self.mistakes[index]
    let text = Self.good.replacing(mistake.from, with: mistake.to)
    #expect(text != Self.good)
    let lines = text.components(separatedBy: "\n")
    let problems = LessonCheck(lines, name: "page", keys: ["undo"], Lessons.starter("page.lesson")).problems
    let found = problems.first { $0.kind == mistake.kind }
    #expect(found != nil, "\(mistake.to): \(problems)")
    let place = try #require(text.range(of: mistake.at))
    let line = text[..<place.lowerBound].split(separator: "\n", omittingEmptySubsequences: false).count
    #expect(problems.contains { $0.kind == mistake.kind && $0.line == line }, "\(mistake.at), line \(line): \(problems)")
    #expect(found?.message.isEmpty == false)
  }

  @Test func everyKindHasAnExample() {
    let kinds = Set(Self.mistakes.map(\.kind))
    #expect(kinds.count >= 15)
    #expect(Set(LessonProblem.Kind.allCases).subtracting(kinds) == [.badStatement])
  }

  @Test func aControlCharacterIsTold() {
    let lines = Self.good.replacing("# One page.", with: "# One\u{1B}page.").components(separatedBy: "\n")
    let problems = LessonCheck(lines, name: "page", keys: [], Lessons.starter("page.lesson")).problems
    #expect(problems.contains { $0.kind == .badStatement && $0.line == 6 && $0.column == 6 })
  }

  @Test func anyLinesAreReadOrRefused() {
    var random = SeededNumbers(seed: 11)
    let lines = Self.good.components(separatedBy: "\n")
    for _ in 0..<200 {
      var some = lines
      for _ in 0..<(1 + random.below(4)) {
        let n = random.below(some.count)
        switch random.below(3) {
        case 0: some.remove(at: n)
        case 1: some.swapAt(n, random.below(some.count))
        default: some[n] = "  " + some[n]
        }
      }
      _ = LessonParser.parse(some, name: "page")
    }
  }
}
