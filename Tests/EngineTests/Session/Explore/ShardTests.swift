import Engine
import Testing

/// Work that several programs share.
struct ShardTests {
  @Test(arguments: ["", "1", "8/8", "-1/8", "1/0", "0/4097", "a/b", "1/2/3", "99999999999999999999/8"])
  func whatIsNoShardSaysWhatIs(_ text: String) {
    #expect(throws: Shard.Malformed.self) { try Shard(text) }
  }

  @Test func whatIsOneIsReadAsItIsWritten() throws {
    #expect(try Shard("2/8") == Shard(2, of: 8))
    #expect(try Shard("2/8").text == "2/8")
  }

  static let clusters: [(variables: [String: String], shard: String?)] = [
    ([:], nil), (["PARALLEL_SEQ": "3"], nil), (["JOB_COMPLETION_INDEX": "3"], nil), (["SLURM_ARRAY_TASK_ID": "3"], nil),
    (["SLURM_ARRAY_TASK_ID": "3", "SLURM_ARRAY_TASK_COUNT": "8"], "3/8"),
    (
      ["SLURM_ARRAY_TASK_ID": "14", "SLURM_ARRAY_TASK_COUNT": "8", "SLURM_ARRAY_TASK_MIN": "10", "SLURM_ARRAY_TASK_STEP": "2"],
      "2/8"
    ),
    (["JOB_COMPLETION_INDEX": "0", "WORKBENCH_SHARDS": "8"], "0/8"), (["PARALLEL_SEQ": "8", "WORKBENCH_SHARDS": "8"], "7/8"),
  ]

  @Test(arguments: clusters)
  func clustersSayWhichOneItIs(_ cluster: (variables: [String: String], shard: String?)) throws {
    #expect(try Shard.ofEnvironment { cluster.variables[$0] }?.text == cluster.shard)
  }

  @Test(arguments: [
    ["WORKBENCH_SHARDS": "8"], ["PARALLEL_SEQ": "9", "WORKBENCH_SHARDS": "8"], ["PARALLEL_SEQ": "0", "WORKBENCH_SHARDS": "8"],
    ["SLURM_ARRAY_TASK_ID": "x", "SLURM_ARRAY_TASK_COUNT": "8"],
    ["JOB_COMPLETION_INDEX": "1", "WORKBENCH_SHARDS": "99999999999"],
    ["SLURM_ARRAY_TASK_ID": "3", "SLURM_ARRAY_TASK_COUNT": "8", "SLURM_ARRAY_TASK_MIN": "7"],
  ])
  func whatCannotBeIsRefused(_ variables: [String: String]) {
    #expect(throws: Shard.Malformed.self) { try Shard.ofEnvironment { variables[$0] } }
  }

  /// What eight shards come to is, put together in any order and however often, what one search does.
  @Test func eightShardsComeToWhatOneDoes() throws {
    func result(_ shard: Shard?) throws -> String {
      let (explorer, end) = SmallWorlds.explore(SmallWorlds.guest) {
        $0.depth = 9
        $0.shard = shard
      }
      return SearchResult(explorer, end).jsonLines.joined(separator: "\n")
    }
    let files = try (0..<8).map { try result(Shard($0, of: 8)) }
    func merged(_ files: [String]) throws -> ShardResult {
      var all = try ShardResult(try #require(files.first))
      for file in files.dropFirst() { try all.add(ShardResult(file)) }
      return all
    }
    let forth = try merged(files)
    let back = try merged(files.reversed() + files)
    let isSame = forth == back
    #expect(isSame)
    let isReadAsWritten = try ShardResult(forth.jsonLines.joined(separator: "\n")) == forth
    #expect(isReadAsWritten)
    #expect(forth.missing.isEmpty)
    #expect(try merged(Array(files.dropFirst(3))).missing == [0, 1, 2])
    guard case .search(let shards) = forth, case .search(let one) = try ShardResult(try result(nil)) else {
      Issue.record("these are searches")
      return
    }
    let hasSameStates = shards.states == one.states
    #expect(hasSameStates)
    #expect(shards.levels == one.levels)
    #expect(shards.decided == one.decided)
    #expect(shards.end == one.end && shards.depth == one.depth)
    #expect(shards.broken == nil)
  }

  /// The shortest way to a broken rule, whichever shard has found it.
  @Test func theShortestWayCounts() throws {
    var world = SmallWorlds.three
    world.configuration.without = try SwitchSet(named: "RMI_REALM_DESTROY.realm_live")
    func result(_ shard: Shard?) -> SearchResult {
      let (explorer, end) = SmallWorlds.explore(world) { $0.shard = shard }
      return SearchResult(explorer, end)
    }
    var all = result(Shard(0, of: 2))
    try all.add(result(Shard(1, of: 2)))
    let one = result(nil)
    #expect(all.broken?.moves == one.broken?.moves)
    #expect(all.broken != nil && all.end == .broken)
  }

  /// Conditions are dealt to shards, and each is looked at as if it were alone.
  @Test func conditionsAreDealt() throws {
    func result(_ shard: Shard?) -> Necessity {
      let (explorer, end) = SmallWorlds.explore(SmallWorlds.three) {
        $0.eachCondition = true
        $0.depth = 4
        $0.shard = shard
      }
      return Necessity(explorer, end)
    }
    var all = result(Shard(2, of: 3))
    for index in 0..<3 { try all.add(result(Shard(try #require([0, 1, 2].dropFirst(index).first), of: 3))) }
    let one = result(nil)
    let isSame = all.rows == one.rows
    #expect(isSame)
    #expect(all.missing.isEmpty && all.depth == one.depth)
    #expect(try ShardResult(all.jsonLines.joined(separator: "\n")) == .necessity(all))
  }

  @Test func randomRunsAreCountedOnce() throws {
    func run(_ shard: Int, _ problem: String = "") -> FuzzResult {
      FuzzResult(FuzzResult.Run(what: "calls", seed: .max, shard: shard, actions: 10, problem: problem), of: 3)
    }
    var all = run(2)
    for other in [run(0), run(2), run(0)] { try all.add(other) }
    #expect(all.runs.count == 2 && all.missing == [1])
    #expect(!ShardResult.fuzz(all).isBroken)
    #expect(try ShardResult(all.jsonLines.joined(separator: "\n")) == .fuzz(all))
    try all.add(run(1, "rule x broken"))
    #expect(ShardResult.fuzz(all).isBroken)
    #expect(all.lines.contains { $0.contains("rule x broken") })
    #expect(throws: ShardResult.Malformed.self) {
      var mixed = ShardResult.fuzz(all)
      let (explorer, end) = SmallWorlds.explore(SmallWorlds.three) { $0.depth = 2 }
      try mixed.add(.search(SearchResult(explorer, end)))
    }
  }

  @Test(arguments: [
    "", "x", "{\"kind\":\"else\"}", "{\"kind\":\"search\"}", "{\"kind\":\"fuzz\",\"shards\":0}",
    "{\"kind\":\"necessity\",\"world\":\"x\"}",
    "{\"kind\":\"search\",\"world\":\"x\",\"description\":\"\",\"symmetry\":true,\"shards\":1}\n{\"kind\":\"states\",\"moves\":1,\"prints\":\"0\"}",
    "{\"kind\":\"search\",\"world\":\"x\",\"description\":\"\",\"symmetry\":true,\"shards\":1}\n{\"kind\":\"shard\",\"shard\":1}",
    "{\"kind\":\"fuzz\",\"shards\":1}\n{\"kind\":\"run\",\"seed\":-1}",
    "{\"kind\":\"necessity\",\"world\":\"x\",\"description\":\"\",\"shards\":1}\n{\"kind\":\"condition\"}",
  ])
  func whatIsNoResultIsRefused(_ text: String) {
    #expect(throws: ShardResult.Malformed.self) { try ShardResult(text) }
  }
}
