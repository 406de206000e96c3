import Engine
import Foundation
import Testing

/// The attacks of Sessions/attacks, each both ways.
struct AttackSessionTests {
  static let paths = Project.files("Sessions/attacks", ".session")

  private func attack(_ path: String) throws -> Attack {
    try Attack(Project.text(path).components(separatedBy: "\n"), file: path) { runner in
      runner.load = { name, file throws(ScriptError) in
        let folder = file.split(separator: "/").dropLast().joined(separator: "/")
        guard let text = try? Project.text("\(folder)/\(name)") else { throw ScriptError(message: "cannot include \(name)") }
        return ("\(folder)/\(name)", text.components(separatedBy: "\n"))
      }
    }
  }

  @Test func allAreThereInTheirOrder() throws {
    let numbers = try Self.paths.map { try #require(Attack.Head(Project.text($0).components(separatedBy: "\n"))).number }
    #expect(numbers == (1...31).map { "A\($0)" })
  }

  @Test(arguments: paths)
  func isStoppedAndSucceedsWithTheCheckOff(_ path: String) throws {
    let attack = try attack(path)
    #expect(attack.failures == [])
    #expect(attack.isToldBothWays, "\(attack.parts)")
    // What stops none of these is not a check of the machine that could be switched off: another side is shown.
    let hasNoSwitch = ["A25", "A28", "A29"].contains(attack.head.number)
    #expect(attack.parts.allSatisfy(\.without.isEmpty) == hasNoSwitch)
    for part in attack.parts where !part.without.isEmpty {
      let passed = part.findings.flatMap(\.lines).contains { $0.contains("which is switched off") }
      #expect(passed, "\(part.name)")
    }
    let breaksRules = attack.parts.flatMap(\.findings).contains { !$0.broken.isEmpty }
    // A verifier's checks keep no rule of the machine, and an RMM that stops has broken none.
    let breaksNone = ["A25", "A26", "A27", "A28", "A29", "A30"].contains(attack.head.number)
    #expect(breaksRules != breaksNone)
    // The first half is the machine as it is.
    #expect(attack.parts.first?.without == [])
    #expect(attack.parts.first?.findings.allSatisfy { $0.broken.isEmpty } == true)
  }

  @Test func conditionsAreToldWithTheirValues() throws {
    let attack = try attack(try #require(Self.paths.first { $0.contains("a04-") }))
    let lines = AttackReference.lines(attack)
    #expect(lines.first == "A4. Double mapping: one page in two Realms")
    #expect(lines.contains { $0.contains("decided by data_state: ") && $0.contains("DATA") })
    #expect(lines.contains { $0.contains("breaks assigned_data: 0x80105000 is DATA of") })
    let page = AttackReference.lines([(attack, "../Sessions/attacks/a04.session")])
    let row = "| A4 | [Double mapping: one page in two Realms](#a4) | `RMI_DATA_CREATE_UNKNOWN.data_state` | `assigned_data` |"
    #expect(page.contains(row))
  }

  @Test func whatTellsOfNoAttackIsRefused() throws {
    #expect(Attack.Head(["# A1. Title", "# Wants: this"]) == nil)
    #expect(Attack.Head(["# B1. Title", "# Wants: this", "# Stopped by: that"]) == nil)
    #expect(throws: ScriptError.self) { try Attack(["machine"], file: "test") { _ in } }
    let unstopped = try Attack(
      ["# A1. Title", "# Wants: this", "# Stopped by: that", "case one", "ns.read64 0x80000000", "expect gpf"], file: "test"
    ) { _ in }
    #expect(unstopped.failures.count == 1)
    #expect(!unstopped.isToldBothWays)
  }
}
