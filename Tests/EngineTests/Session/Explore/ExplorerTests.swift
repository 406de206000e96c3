import Dispatch
import Engine
import Testing

/// Worlds that are small enough to go through all of their states in a test.
enum SmallWorlds {
  /// Three granules: a Realm with a REC and a table, without guests.
  static let three: ExploredWorld = {
    var world = ExploredWorld(name: "three")
    world.granules = 3
    world.ipas = [0]
    world.levels = [2]
    world.hasGuests = false
    return world
  }()

  /// The same without moves of EL3, with a guest.
  static let guest: ExploredWorld = {
    var world = three
    world.name = "guest"
    world.hasGuests = true
    world.hasWorlds = false
    return world
  }()

  /// Two RECs, auxiliary granules, two PEs.
  static let pages: ExploredWorld = {
    var world = ExploredWorld(name: "pages")
    world.granules = 5
    world.recs = 2
    world.configuration.peCount = 2
    world.configuration.recAuxCount = 1
    return world
  }()

  static func explore(
    _ world: ExploredWorld, workers: Int = 1, _ change: (inout Explorer.Options) -> Void = { _ in }
  ) -> (explorer: Explorer, end: Explorer.End) {
    var options = Explorer.Options()
    change(&options)
    let explorer = Explorer(world, options, workers: workers)
    return (explorer, explorer.run(parallel: parallel))
  }

  static func parallel(_ count: Int, _ body: @Sendable (Int) -> Void) {
    DispatchQueue.concurrentPerform(iterations: count, execute: body)
  }

  /// Runs a script and says what did not hold, and the rules its last step has broken.
  static func run(_ script: String) throws -> (failures: [ExpectationFailure], broken: [String]) {
    let session = Session(MachineConfiguration())
    let runner = ScriptRunner(session)
    for (index, line) in script.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      try runner.run(line: String(line), number: index + 1, file: "explored")
    }
    runner.finish(file: "explored")
    return (runner.failures, session.read { $0.invariantViolations().map(\.rule) })
  }
}

struct ExplorerTests {
  @Test func everyStateIsFoundAndEveryRuleHolds() {
    let (explorer, end) = SmallWorlds.explore(SmallWorlds.three)
    #expect(end == .complete)
    #expect(explorer.broken.isEmpty)
    #expect(explorer.levels.reduce(0, +) == explorer.progress.states)
    #expect(explorer.progress.states > 100)
    #expect(explorer.decided.count { $0 > 0 } > 60)
    #expect(explorer.progress.collisionProbability < 1e-12)
  }

  /// What lies ahead is nothing at the end, and before it as much as the levels let one think.
  @Test func whatLiesAheadIsEstimated() {
    var options = Explorer.Options()
    options.depth = 6
    let explorer = Explorer(SmallWorlds.three, options, workers: 1)
    var all: [Explorer.Progress] = []
    let end = explorer.run(parallel: SmallWorlds.parallel, onProgress: { all.append($0) })
    #expect(end == .depth && all.count >= 6)
    // Where one level is left its states are known; where two are, it grows as the last did.
    let levels = explorer.levels
    #expect(all.first { $0.depth == 4 }?.ahead == levels[5])
    #expect(all.first { $0.depth == 3 }?.ahead == levels[4] + levels[4] * levels[3] / levels[2])
    #expect(all.last?.ahead == 0)
  }

  @Test(arguments: [2, 4])
  func workersFindTheSameStatesInTheSameOrder(_ workers: Int) {
    let (one, _) = SmallWorlds.explore(SmallWorlds.guest) { $0.depth = 8 }
    let (several, _) = SmallWorlds.explore(SmallWorlds.guest, workers: workers) { $0.depth = 8 }
    let isSame = one.states == several.states
    #expect(isSame)
    #expect(one.levels == several.levels)
    #expect(one.transitions == several.transitions)
    #expect(one.decided == several.decided)
  }

  /// What symmetry leaves out are states that others are like: each state that is found without it is one of those found with it, and the
  /// reverse.
  @Test func symmetryLeavesOutOnlyWhatIsAlike() {
    let (with, end) = SmallWorlds.explore(SmallWorlds.three)
    let (without, otherEnd) = SmallWorlds.explore(SmallWorlds.three) { $0.isSymmetric = false }
    #expect(end == .complete && otherEnd == .complete)
    #expect(with.levels.count == without.levels.count)
    #expect(with.progress.states < without.progress.states)
    let isSame = without.symmetricPrints() == Set(with.states)
    #expect(isSame)
  }

  /// A search makes prints of what has changed, and keeps what is new. Whoever goes the way to a state and looks at all of it comes to the same.
  @Test(arguments: zip([SmallWorlds.guest, SmallWorlds.three, SmallWorlds.pages], [8, 8, 6]))
  func whatChangesIsAllThatCounts(_ world: ExploredWorld, _ depth: Int) {
    let (explorer, _) = SmallWorlds.explore(world) { $0.depth = depth }
    #expect(explorer.progress.states > 30)
    let isSame = explorer.symmetricPrints() == Set(explorer.states)
    #expect(isSame)
  }

  /// What does not fit is refused, and leads nowhere.
  @Test func whatDoesNotFitFindsNoState() {
    func search(_ misfits: UInt64) -> Explorer {
      var world = SmallWorlds.three
      world.misfitsEvery = misfits
      return SmallWorlds.explore(world).explorer
    }
    let (always, never) = (search(1), search(1 << 20))
    #expect(always.transitions > never.transitions * 2)
    #expect(always.levels == never.levels && Set(always.states) == Set(never.states))
  }

  /// The first levels of the table in Documentation/Exploration.md.
  @Test func theSmallWorldGrowsAsItIsSaid() throws {
    let (explorer, end) = SmallWorlds.explore(ExploredWorld(name: "small"), workers: 2) { $0.depth = 5 }
    #expect(end == .depth)
    #expect(explorer.levels == [1, 4, 12, 29, 63, 128])
  }

  @Test func whatIsNotWorthFollowingEndsWhereItIsSaid() {
    let (shallow, end) = SmallWorlds.explore(SmallWorlds.three) { $0.depth = 3 }
    #expect(end == .depth)
    let (all, _) = SmallWorlds.explore(SmallWorlds.three)
    #expect(shallow.levels == Array(all.levels.prefix(4)))
    let (tight, full) = SmallWorlds.explore(SmallWorlds.guest) { $0.memory = 1 << 18 }
    #expect(full == .memory)
    #expect(tight.progress.states > 1)
    var asked = 0
    let explorer = Explorer(SmallWorlds.three, Explorer.Options(), workers: 1)
    let stopped = explorer.run(
      parallel: SmallWorlds.parallel,
      shouldStop: {
        asked += 1
        return asked > 3
      })
    #expect(stopped == .interrupted)
    // It goes on from there.
    #expect(explorer.run(parallel: SmallWorlds.parallel) == .complete)
    let isSame = explorer.states == all.states
    #expect(isSame)
    #expect(explorer.transitions == all.transitions)
  }

  /// An interrupted search is kept in a file, and goes on from there to the same end, wherever it was interrupted.
  @Test(arguments: [1, 2, 5, 9])
  func aSearchInAFileGoesOn(_ parts: Int) throws {
    func search(_ change: (inout Explorer.Options) -> Void) throws {
      var options = Explorer.Options()
      options.depth = 7
      change(&options)
      let whole = Explorer(SmallWorlds.guest, options, workers: 1)
      let end = whole.run(parallel: SmallWorlds.parallel)
      let begun = Explorer(SmallWorlds.guest, options, workers: 1)
      var asked = 0
      let stopped = begun.run(
        parallel: SmallWorlds.parallel,
        shouldStop: {
          asked += 1
          return asked > parts
        })
      #expect(stopped == .interrupted || stopped == end)
      let read = try Explorer.read(begun.saved(), workers: 2, depth: options.depth, memory: options.memory)
      #expect(read.world == whole.world && read.options == options)
      let isSame = read.saved() == begun.saved()
      #expect(isSame)
      #expect(read.run(parallel: SmallWorlds.parallel) == end)
      let findsTheSame = read.states == whole.states && read.broken == whole.broken
      #expect(findsTheSame)
      #expect(read.levels == whole.levels)
      let rows = Necessity(read, end).rows == Necessity(whole, end).rows
      #expect(rows)
    }
    try search { _ in }
    try search { $0.shard = Shard(1, of: 2) }
    try search {
      $0.eachCondition = true
      $0.depth = 4
    }
  }

  @Test func aFileThatIsNoSearchIsRefused() {
    let (explorer, _) = SmallWorlds.explore(SmallWorlds.three) { $0.depth = 4 }
    let bytes = explorer.saved()
    var numbers = SeededNumbers(seed: 15)
    func isRefused(_ bytes: [UInt8]) -> Bool {
      do throws(Explorer.Malformed) {
        _ = try Explorer.read(bytes, workers: 1, depth: nil, memory: 1 << 30)
        return false
      } catch {
        return !error.message.isEmpty
      }
    }
    #expect(!isRefused(bytes))
    for wrong in [[], Array("x".utf8), bytes + [0], Array(bytes.dropLast()), Array(bytes.prefix(40))] {
      #expect(isRefused(wrong))
    }
    // One byte that is another is refused, or leads to a search that goes on all the same.
    for _ in 0..<60 {
      var wrong = bytes
      wrong[Int(numbers.next() % UInt64(bytes.count))] ^= UInt8(1 << (numbers.next() % 8))
      _ = isRefused(wrong)
    }
    #expect(isRefused(Array("workbench-explore 1\n".utf8) + [UInt8](repeating: 0xFF, count: 64)))
  }

  /// What shards find together is what one search finds.
  @Test func shardsTogetherFindWhatOneFinds() {
    let (one, _) = SmallWorlds.explore(SmallWorlds.guest) { $0.depth = 8 }
    var found: Set<UInt64> = []
    for index in 0..<3 {
      let (shard, _) = SmallWorlds.explore(SmallWorlds.guest) {
        $0.depth = 8
        $0.shard = Shard(index, of: 3)
      }
      #expect(shard.progress.states < one.progress.states)
      found.formUnion(shard.states)
    }
    let isSame = found == Set(one.states)
    #expect(isSame)
  }

  /// A check that is off: the way to the rule it keeps is a script that can be run, and there is no shorter one.
  @Test(arguments: [
    ("RMI_GRANULE_UNDELEGATE.gran_state", "expect that rmm_stopped"), ("RMI_REC_CREATE.rec_state", "expect broken "),
    ("gpc.smmu", "dma.read64 "),
  ])
  func aBrokenRuleIsAScript(_ condition: String, _ expected: String) throws {
    var world = SmallWorlds.three
    world.configuration.without = try SwitchSet(named: condition)
    let (explorer, end) = SmallWorlds.explore(world)
    #expect(end == .broken)
    let broken = try #require(explorer.broken.first)
    let script = explorer.script(broken)
    let outcome = try SmallWorlds.run(script)
    #expect(outcome.failures.isEmpty, "\(script)")
    #expect(script.contains(expected), "\(script)")
    let (shorter, shortEnd) = SmallWorlds.explore(world) { $0.depth = broken.depth - 1 }
    #expect(shortEnd == .depth)
    #expect(shorter.broken.isEmpty)
  }
}

struct NecessityTests {
  /// One rule counts, though others are broken on the way; and it is the shortest that breaks it.
  @Test func oneRuleIsSoughtAlone() throws {
    let number = try #require(ConditionList(SmallWorlds.three.configuration).number("RMI_REC_CREATE.rec_state"))
    func search(_ rule: String?) -> (explorer: Explorer, end: Explorer.End) {
      SmallWorlds.explore(SmallWorlds.three) {
        ($0.eachCondition, $0.conditions, $0.depth, $0.rule) = (true, [number], 6, rule)
      }
    }
    let (plain, end) = search(nil)
    let first = try #require(Necessity(plain, end).rows.first)
    let aimed = ModelRule.all.map(\.name).filter { $0 != first.rule && !$0.hasPrefix("ffa") }.compactMap {
      rule -> Necessity.Row? in
      let (explorer, end) = search(rule)
      return Necessity(explorer, end).rows.first
    }
    #expect(!aimed.isEmpty)
    for row in aimed {
      #expect(row.rule == row.aim && row.moves >= first.moves)
      let outcome = try SmallWorlds.run(row.script)
      #expect(outcome.failures.isEmpty, "\(row.script)")
      var result = Necessity(plain, end)
      try result.add(Necessity(plain, end).adding([row]))
      #expect(result.conditions == [first] && result.hidden == [row])
      #expect(
        NecessityTable.lines(result).contains { $0.hasPrefix("| `\(row.rule ?? "")` | `RMI_REC_CREATE.rec_state` | after ") })
      let again = try ShardResult(result.jsonLines.joined(separator: "\n"))
      guard case .necessity(let read) = again else { throw ScriptError(message: "no result") }
      #expect(read == result)
    }
  }

  /// Why a rule stands that no switch alone breaks: what breaks it all the same, and nothing less does.
  @Test func aRuleThatStandsHasItsReason() throws {
    for (rule, _, script) in NecessityTable.reasons {
      #expect(ModelRule.named(rule) != nil)
      guard let script else { continue }
      #expect(try SmallWorlds.run(script + "\nexpect broken \(rule)").failures.isEmpty, "\(rule)")
      let whole = script.split(separator: "\n").first { $0.hasPrefix("machine ") } ?? ""
      let off = whole.split(separator: " ").first { $0.hasPrefix("without=") }?.dropFirst(8).split(separator: "+") ?? []
      #expect(!off.isEmpty)
      for name in off {
        let fewer = off.filter { $0 != name }.joined(separator: "+")
        let lines = script.replacing("without=\(off.joined(separator: "+"))", with: fewer.isEmpty ? "" : "without=\(fewer)")
        #expect(try !SmallWorlds.run(lines + "\nexpect broken \(rule)").failures.isEmpty, "\(rule) with \(name)")
      }
    }
  }

  @Test(arguments: [2, 4])
  func workersComeToTheSame(_ workers: Int) {
    func rows(_ workers: Int) -> [Necessity.Row] {
      let (explorer, end) = SmallWorlds.explore(SmallWorlds.three, workers: workers) {
        $0.eachCondition = true
        $0.depth = 4
      }
      return Necessity(explorer, end).rows
    }
    let one = rows(1)
    #expect(one.count > 200)
    let isSame = rows(workers) == one
    #expect(isSame)
  }

  @Test func eachConditionHasItsReason() throws {
    let names = [
      "RMI_GRANULE_DELEGATE.gran_state", "RMI_REALM_DESTROY.realm_live", "RMI_REALM_CREATE.alias", "RMI_REC_CREATE.rd_align",
    ]
    let list = ConditionList(SmallWorlds.three.configuration)
    let numbers = try names.map { try #require(list.number($0)) }
    let (explorer, end) = SmallWorlds.explore(SmallWorlds.three, workers: 2) {
      $0.eachCondition = true
      $0.conditions = Set(numbers)
      $0.depth = 6
    }
    let necessity = Necessity(explorer, end)
    #expect(Set(necessity.rows.map(\.condition)) == Set(names))
    #expect(necessity.rows.contains { Necessity.verdict($0) == .needed })
    for row in necessity.rows {
      #expect(row.calls > 0 || row.rule != nil, "\(row.condition)")
      guard row.rule != nil else { continue }
      #expect(try SmallWorlds.run(row.script).failures.isEmpty, "\(row.script)")
      // As it is by itself.
      var world = SmallWorlds.three
      world.configuration.without = try SwitchSet(named: row.condition)
      let (alone, _) = SmallWorlds.explore(world) { $0.depth = 6 }
      #expect(alone.broken.first?.depth == row.moves, "\(row.condition)")
    }
  }

  @Test func aResultIsATable() {
    let (explorer, end) = SmallWorlds.explore(SmallWorlds.three) {
      $0.eachCondition = true
      $0.depth = 3
    }
    let necessity = Necessity(explorer, end)
    let lines = NecessityTable.lines(necessity)
    for row in necessity.rows { #expect(lines.contains { $0.hasPrefix("| `\(row.condition)` | ") }, "\(row.condition)") }
  }
}

struct ExploredWorldTests {
  @Test func aDescriptionIsReadAsItWasWritten() throws {
    for (name, _, world) in ExploredWorld.presets { #expect(try ExploredWorld(world.text, name: name) == world, "\(name)") }
  }

  @Test(arguments: [
    "granules 0", "granules 33", "granules", "ipa 1", "ipa 0x100000000", "level 4", "guests maybe", "granule 4",
    "machine vcpu=code",
    "machine dram=4K", "machine pe", "recs 5", "misfits 0", "granules 0x10000000000000000",
  ])
  func whatCannotBeSaysWhatCan(_ text: String) {
    #expect(throws: ScriptError.self) { try ExploredWorld(text, name: "x") }
  }
}
