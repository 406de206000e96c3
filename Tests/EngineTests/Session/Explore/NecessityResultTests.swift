import Engine
import Testing

/// Documentation/Necessity.jsonl, a search with each condition off that took long.
struct NecessityResultTests {
  private func result(_ path: String = "Documentation/Necessity.jsonl") throws -> Necessity {
    let all = try ShardResult(Project.text(path))
    return try #require({ if case .necessity(let result) = all { result } else { nil } }())
  }

  @Test func everyConditionIsThere() throws {
    let result = try result()
    let small = try #require(ExploredWorld.preset(result.world))
    #expect(try ExploredWorld(result.description, name: result.world) == small)
    #expect(
      result.conditions.map(\.condition).sorted() == ConditionList(small.configuration).names.sorted(),
      "CONTRIBUTING.md, Adding a command, says how it is made anew")
    #expect(result.protections.map(\.condition) == ProtectionSearch.protections.map(\.name.description))
    #expect(result.missing.isEmpty)
    #expect(result.rows.count { Necessity.verdict($0) == .needed } > 60)
    for rule in result.unbroken {
      #expect(NecessityTable.reasons.contains { $0.rule == rule.name }, "\(rule.name) stands without a reason")
    }
  }

  /// Each way to a broken rule is a script, which does what it says on the machine as it is.
  @Test(arguments: Project.files("Documentation", ".jsonl"))
  func everyScriptBreaksItsRule(_ path: String) throws {
    for row in try result(path).rows {
      guard let rule = row.rule else { continue }
      let outcome = try SmallWorlds.run(row.script)
      #expect(outcome.failures.isEmpty, "\(row.script)")
      #expect(row.script.contains("expect ") || ModelRule.named(rule) == nil, "\(row.script)")
      #expect(row.script.contains(row.condition), "\(row.script)")
    }
  }

  /// Without the condition's being off, no script does: what a rule is broken by is that, and nothing beside it.
  @Test(arguments: Project.files("Documentation", ".jsonl"))
  func noneDoesWithTheConditionOn(_ path: String) throws {
    for row in try result(path).rows where row.script.contains("\nexpect ") {
      let lines = row.script.split(separator: "\n").filter { !$0.hasPrefix("without ") }
      let script = lines.joined(separator: "\n").replacing(" without=\(row.condition)", with: "")
      #expect(try !SmallWorlds.run(script).failures.isEmpty, "\(row.script)")
    }
  }
}
