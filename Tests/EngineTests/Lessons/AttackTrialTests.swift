import Engine
import Foundation
import Testing

/// Attacks as the workbench has them tried: who wants what, what stops it, and both halves.
struct AttackTrialTests {
  static let files = Project.files("Sessions/attacks", ".session")

  @Test(arguments: files)
  func eachIsReadWithItsHalves(_ path: String) throws {
    let text = try Project.text(path)
    let attack = try #require(Attack(text.components(separatedBy: "\n")), "\(path)")
    #expect(path.contains("/a\(attack.number.count == 2 ? "0" : "")\(attack.number.dropFirst())-"))
    #expect(!attack.title.isEmpty && attack.wants.count > 20 && !attack.stop.isEmpty && !attack.stop.contains(":"))
    #expect(!attack.source.isEmpty && !attack.source.hasSuffix(")"), "\(attack.source)")
    #expect(!attack.asItIs.statements.isEmpty && attack.asItIs.acts.first?.text == "start here", "\(path)")
    if let off = attack.off {
      #expect(!off.off.isEmpty && !off.statements.isEmpty && !off.words.isEmpty, "\(path)")
      for name in off.off { #expect(throws: Never.self) { try SwitchSet(named: name) } }
    }
  }

  /// What is to be guessed has the right answer once, always in the same place.
  @Test func theRightAnswerIsAmongTheGuesses() throws {
    let all = try Self.files.compactMap { Attack(try Project.text($0).components(separatedBy: "\n")) }
    #expect(all.count >= 31)
    var places: Set<Int> = []
    for attack in all {
      let guesses = attack.guesses(all)
      #expect(guesses.count == 4 && Set(guesses).count == 4 && guesses == attack.guesses(all))
      places.insert(try #require(guesses.firstIndex(of: attack.stop)))
      if let rules = attack.ruleGuesses {
        let right = try #require(attack.off?.rules.first)
        #expect(rules.filter { attack.off?.rules.contains($0) == true } == [right])
      }
    }
    #expect(places.count > 2)
  }

  @Test(arguments: [
    [], ["# A1. Title"], ["# A1. Title", "# Wants: x"], ["# B1. T", "# Wants: x", "# Stopped by: y"], ["x", "y", "z"],
  ])
  func otherFilesAreNone(_ lines: [String]) { #expect(AttackTrial(lines) == nil) }
}
