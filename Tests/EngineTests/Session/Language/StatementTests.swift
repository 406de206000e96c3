import Engine
import Testing

@testable import Session

/// Every verb of the language, by the row that declares it.
struct StatementTests {
  static let verbs = Language.core.verbs + ActionStatement.commandVerbs

  private func read(_ line: String) throws -> (any Statement)? { try StatementParser(line: 1, names: ScriptNames()).parse(line) }

  private func isSame<S: Statement>(_ a: S, _ b: any Statement) -> Bool { (b as? S) == a }

  /// What is read of the text of a statement is that statement.
  private func expectItComesBack(_ statement: any Statement, _ line: String) throws {
    let again = try #require(try read(statement.text), "\(line)")
    let isAlike = isSame(statement, again)
    #expect(isAlike, "\(line) → \(statement.text) → \(again.text)")
    #expect(again.text == statement.text, "\(line)")
  }

  @Test func everyVerbHasItsRow() {
    let names = Self.verbs.map { $0.name.lowercased() }
    #expect(Set(names).count == names.count)
    for verb in Self.verbs {
      #expect(!verb.help.isEmpty && !verb.examples.isEmpty, "\(verb.name)")
      #expect(Language.core.verb(verb.name.uppercased())?.name == verb.name)
    }
    // The completion has a line of plain text; the reference has room for more.
    for verb in Language.core.verbs {
      #expect(verb.usage.count + verb.help.count < 160 && !verb.help.contains("`"), "\(verb.name)")
    }
  }

  @Test(arguments: verbs.map(\.name))
  func examplesAreReadByTheirRowAndComeBack(_ name: String) throws {
    let verb = try #require(Language.core.verb(name))
    for example in verb.examples {
      let found = try #require(try StatementParser(line: 1, names: ScriptNames()).read(example))
      #expect(found.verb.name == name)
      try expectItComesBack(found.statement, example)
    }
  }

  /// The same for whatever numbers: those at the edges, and any others.
  @Test(arguments: [1, 2, 3] as [UInt64])
  func statementsWithAnyNumbersComeBack(_ seed: UInt64) throws {
    var random = SeededNumbers(seed: seed)
    let edges: [UInt64] = [0, 1, 7, 8, 30, 31, 32, 255, 256, 4095, 4096, 1 << 20, 1 << 32, 1 << 40, 1 << 63, .max]
    var read = 0
    for verb in Self.verbs {
      for example in verb.examples {
        for _ in 0..<5 {
          let words = example.split(separator: " ").map { word in
            guard UInt64(word) != nil || word.hasPrefix("0x") else { return String(word) }
            let value = random.below(2) == 0 ? edges[random.below(edges.count)] : random.next() >> random.next() % 64
            return random.below(2) == 0 ? "\(value)" : hex(value)
          }
          let line = words.joined(separator: " ")
          guard let statement = try? self.read(line) else { continue }
          read += 1
          try expectItComesBack(statement, line)
        }
      }
    }
    #expect(read > 500)
  }

  @Test func namesBecomeNumbers() throws {
    var names = ScriptNames()
    names.values = ["rd": 0x8010_0000]
    let statement = try StatementParser(line: 1, names: names).parse("@1.5 ns.write64 rd+8 (rd >> 12)  # why")
    #expect(statement?.text == "ns.write64 0x80100008 0x80100")
    #expect(try read("# nothing") == nil && read("") == nil && read("=> RMI_SUCCESS") == nil)
  }

  // MARK: Where it may stand

  private static let places = Language([
    Language.Chapter(
      "Places",
      [
        Verb.Place.allCases.map { place in
          func rule(_ other: Verb.Place) -> Verb.Rule { other == place ? .performed : .refused }
          let places = Verb.Places(
            script: rule(.script), commandLine: rule(.commandLine), recording: rule(.recording), reason: "so it is")
          return Verb("only_\(place)", help: "one place", examples: [], places: places) { _ in EchoStatement(words: "done") }
        }
      ])
  ])

  @Test(arguments: Verb.Place.allCases, Verb.Place.allCases)
  func aStatementThatMayNotStandThereSaysWhereItMay(_ verb: Verb.Place, _ place: Verb.Place) throws {
    let runner = ScriptRunner(Session(MachineConfiguration()), language: Self.places, place: place)
    var said: [String?] = []
    runner.onReport = { said.append($0.result.text) }
    guard verb != place else {
      try runner.run(line: "only_\(verb)", number: 1, file: "test")
      #expect(said == ["done"])
      return
    }
    let error = #expect(throws: ScriptError.self) { try runner.run(line: "only_\(verb)", number: 7, file: "test") }
    #expect(error == ScriptError(line: 7, column: 1, message: "so it is; \"echo done\" is for \(verb.rawValue)"))
    #expect(said.isEmpty)
  }

  /// A statement that stands for others performs them: each is reported, and is a step if it is one action.
  private struct Delegate: Statement {
    let count: Int

    static let verbs = [
      Verb("give_away", "N", 1...1, help: "delegates granules", examples: ["give_away 2"]) { arguments throws(ScriptError) in
        Delegate(count: try arguments.positive(arguments[0], 16))
      }
    ]

    var text: String { "give_away \(count)" }

    func perform(in runner: ScriptRunner, at line: ScriptLine) throws(ScriptError) -> StatementResult? {
      for n in 0..<count {
        let text = "RMI_GRANULE_DELEGATE \(hex(0x8000_1000 + UInt64(n) << 12))"
        try runner.perform(ScriptLine(file: line.file, number: line.number, text: text))
      }
      return StatementResult()
    }
  }

  @Test func aStatementThatStandsForOthersIsItsChildren() throws {
    let session = Session(MachineConfiguration())
    let runner = ScriptRunner(session, language: .core.adding(.init("More", [Delegate.verbs])))
    var told: [String] = []
    runner.onReport = { told.append("\($0.line) \($0.text)") }
    try runner.run(line: "give_away 2", number: 3, file: "test")
    #expect(told == ["3 RMI_GRANULE_DELEGATE 0x80001000", "3 RMI_GRANULE_DELEGATE 0x80002000", "3 give_away 2"])
    #expect(session.steps.map(\.text) == ["smc RMI_GRANULE_DELEGATE 0x80001000", "smc RMI_GRANULE_DELEGATE 0x80002000"])
    try expectReplay(of: session)
  }
}
