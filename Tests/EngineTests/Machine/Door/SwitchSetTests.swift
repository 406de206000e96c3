import Engine
import Testing

struct SwitchSetTests {
  /// Every condition of the specification's list has a switch, and so has every protection.
  @Test func everyCheckHasASwitch() throws {
    var command = ""
    var conditions = 0
    for line in try Project.text("Tests/EngineTests/Fixtures/specification.txt").split(separator: "\n") {
      let fields = line.split(separator: "\t")
      if fields.first == "command" { command = String(fields[1]) }
      guard fields.first == "condition" else { continue }
      conditions += 1
      let set = try SwitchSet(named: "\(command).\(fields[1])")
      #expect(set.names == ["\(command).\(fields[1])"])
    }
    #expect(conditions == 215)
    for protection in Protection.allCases { #expect(try SwitchSet(named: protection.name.description).contains(protection)) }
    #expect(Set(Switch.all.map(\.name)).count == Switch.all.count)
  }

  @Test(arguments: [
    ("none", "none"), ("*", "*"), ("rmi_data_create.DATA_state", "RMI_DATA_CREATE.data_state"), ("gpc.*", "gpc.*"),
    ("RMI_GRANULE_DELEGATE.gran_*", "RMI_GRANULE_DELEGATE.*"), ("gpc.normal+scrub.data", "gpc.normal+scrub.data"),
    ("scrub.data+gpc.normal+gpc.normal", "gpc.normal+scrub.data"), ("*_DATA_CREATE.rtt_*", "RMI_DATA_CREATE.rtt_walk"),
  ])
  func aTextIsReadAndWritten(_ text: String, _ written: String) throws {
    let set = try SwitchSet(named: text)
    #expect(set.text == written)
    #expect(try SwitchSet(named: set.text) == set)
  }

  @Test(arguments: [
    ("RMI_DATA_CREATE.data_stat", "no check is called \"RMI_DATA_CREATE.data_stat\"; did you mean RMI_DATA_CREATE.data_state?"),
    ("RMI_DATA_CREATE", "RMI_DATA_CREATE has several checks; RMI_DATA_CREATE.* is all of them"),
    ("gpc.nromal", "no check is called \"gpc.nromal\"; did you mean gpc.normal?"),
    ("RMI_X*", "no check is called as \"RMI_X*\" says"),
    ("RMI_REALM_ACTIVATE.zzzzzzzzzz", "no check is called \"RMI_REALM_ACTIVATE.zzzzzzzzzz\"; did you mean RMI_REALM_ACTIVATE.*?"),
  ])
  func aWordThatIsNoneIsAnsweredWithTheNearest(_ word: String, _ message: String) {
    let error = #expect(throws: SwitchSet.Unknown.self) { try SwitchSet(named: word) }
    #expect(error?.message == message)
  }

  @Test func setsAreJoinedAndTakenApart() throws {
    let one = try SwitchSet(named: "gpc.normal+scrub.data")
    let other = try SwitchSet(named: "scrub.data+exit.esr")
    #expect(one.union(other).text == "gpc.normal+scrub.data+exit.esr")
    #expect(one.subtracting(other).text == "gpc.normal")
    #expect(one.subtracting(one).isEmpty)
  }
}

struct BugTests {
  /// Documentation/Lab.md has all, in their order.
  @Test func theDocumentHasThem() throws {
    let rows = try Project.text("Documentation/Lab.md").split(separator: "\n").filter { $0.hasPrefix("| `") }
    let bugs = MachineBug.allCases.map { "| `\($0.rawValue)` | \($0.summary) | \($0.source) |" }
    #expect(rows.filter { bugs.contains(String($0)) }.map(String.init) == bugs)
    for bug in MachineBug.allCases { #expect(bug.missing.map { name in Switch.all.contains { $0.name == name } } ?? true) }
  }
}

struct ModelRuleTests {
  /// Documentation/Lab.md has each rule as it is declared.
  @Test func aRuleIsInTheDocument() throws {
    let rows = try Project.text("Documentation/Lab.md").split(separator: "\n").map(String.init)
    for rule in ModelRule.all { #expect(rows.contains("| `\(rule.name)` | \(rule.says) |"), "\(rule.name)") }
    #expect(Set(ModelRule.all.map(\.name)).count == ModelRule.all.count)
  }
}
