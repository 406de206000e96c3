import ArgumentParser
import Dispatch
import Engine
import Libc

struct ExploreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explore", abstract: "Goes through all states of a small machine, not one sequence of calls but every one.",
    subcommands: [ExploreSearchCommand.self, ExploreMergeCommand.self, ExploreTableCommand.self],
    defaultSubcommand: ExploreSearchCommand.self)
}

struct ExploreSearchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search", abstract: "Makes every move in every state, and checks every rule of the model in each.",
    discussion: """
      Breadth first from the boot: calls of RMI, RSI and PSCI, accesses of all worlds, what guests do. Equal granules count as one \
      another. A rule that is broken gives the shortest sequence of moves, as a script. The exit code is 1 then; 0 if every rule held \
      as far as was looked. ^C ends the search where it is; with --resume it is kept. A shard ends with 42 where it is of no use to start it \
      again: what is asked for cannot be, or its memory is full.
      """)

  @Option(
    help: ArgumentHelp(
      "The machine and what is done to it: \(ExploredWorld.presets.map(\.name).joined(separator: ", ")), or a file that describes one.",
      valueName: "name"),
    completion: .file())
  var world = "small"

  @Option(help: ArgumentHelp("Most moves from the boot; without it, until no new state is found.", valueName: "moves"))
  var depth: Int?

  @Option(
    help: ArgumentHelp(
      "A check that is switched off: a name or a pattern of workbench switches. Can be given several times.", valueName: "check"))
  var without: [String] = []

  @Flag(
    help: """
      Each failure condition is switched off, one at a time: the shortest sequence that breaks a rule without it, or what else refuses \
      what it would have refused. Then each protection that is no condition, in a search of its own.
      """)
  var eachCondition = false

  @Option(
    help: ArgumentHelp("With --each-condition: these alone, by name or pattern. Can be given several times.", valueName: "check"))
  var condition: [String] = []

  @Option(
    help: ArgumentHelp(
      "One rule of the model: it alone counts, and the search goes on where another is broken, as long as the RMM stands.",
      valueName: "rule"))
  var rule: String?

  @Option(help: ArgumentHelp("Threads; as many as there are cores. The result is the same with any number.", valueName: "count"))
  var workers: Int?

  @Option(help: ArgumentHelp("Most memory for states, such as 8G.", valueName: "bytes"))
  var memory = "4G"

  @Flag(inversion: .prefixedNo, help: "Whether equal granules count as one another.")
  var symmetry = true

  @OptionGroup var shards: ShardOptions

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "A new file: for the sequence that breaks a rule; of a shard, and with --each-condition, for all that was found, in lines of JSON.",
      valueName: "path"), completion: .file())
  var output: String?

  @Option(
    help: ArgumentHelp(
      "Goes on with the search in this file, if it is there. What is known is kept in it: every ten minutes, and at the end.",
      valueName: "path"), completion: .file())
  var resume: String?

  @Flag(help: "The result as JSON.")
  var json = false

  func run() throws {
    let shard = try shards.chosen()
    try ShardOptions.run(shard) { if try !ShardOptions.isDone(shard, output) { try search(shard) } }
  }

  private func search(_ shard: Shard?) throws {
    var described = try describedWorld()
    for name in without { described.configuration.without = described.configuration.without.union(try switches(name)) }
    let options = try options(described, shard)
    let count = workers ?? max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    guard (1...256).contains(count) else { throw ValidationError("--workers is 1 to 256") }
    let file = resume.map { SearchFile(path: $0) }
    let explorer = try file?.read(described, options, workers: count) ?? Explorer(described, options, workers: count)
    StopSignal.take(isPatient: true)
    defer { StopSignal.leave() }
    let start = CPUClock.wall
    let earlier = explorer.transitions
    let known = explorer.progress.states - explorer.progress.waiting
    var line = ProgressLine("moves")
    let end = explorer.run(
      parallel: { DispatchQueue.concurrentPerform(iterations: $0, execute: $1) }, shouldStop: { StopSignal.pending != nil }
    ) {
      line.update(
        $0.transitions - earlier,
        "\(grouped($0.states)) states, depth \($0.depth), \(grouped($0.waiting)) waiting"
          + Self.left($0, since: known, seconds: CPUClock.wall - start))
      file?.keepNowAndThen(explorer)
    }
    try orComplain { () throws(NewFile.Failure) in try file?.keep(explorer) }
    let report = ExploreReport(explorer, end, seconds: CPUClock.wall - start, earlier: earlier)
    var out = Output()
    if json { out.line(report.json.text(JSONValue.Style.libvirt)) } else { for text in report.lines { out.line(text) } }
    out.flush()
    var protections: [Necessity.Row]? = []
    if eachCondition, end != .interrupted, end != .memory {
      protections = ProtectionSearch.rows(try wantedProtections(), described, options, workers: count) { explorer in
        explorer.run(
          parallel: { DispatchQueue.concurrentPerform(iterations: $0, execute: $1) }, shouldStop: { StopSignal.pending != nil }
        ) {
          line.update(
            $0.transitions,
            "\(grouped($0.states)) states, depth \($0.depth), without \(explorer.world.configuration.without.text)")
        }
      }
    }
    // What was not looked at to the end is no result of a shard.
    if shard == nil || end != .interrupted && end != .memory && protections != nil {
      try tell(explorer, end, protections ?? [], isShard: shard != nil)
    }
    if let number = StopSignal.pending { throw ExitCode(128 + number) }
    if shard != nil, end == .memory { throw Exit.pointless }
    if !explorer.broken.isEmpty, !eachCondition { throw Exit.difference }
  }

  /// How long it is likely to take yet: this level, or all of them up to the depth that was asked for.
  static func left(_ progress: Explorer.Progress, since known: Int, seconds: Double) -> String {
    let expanded = progress.states - progress.waiting - known
    guard expanded > 0 else { return "" }
    let left = min(Double(progress.ahead) * seconds / Double(expanded), 1e9)
    return ", about \(grouped(Int(left.rounded(.up)))) s left"
  }

  /// What was found beside how many states there are.
  private func tell(_ explorer: Explorer, _ end: Explorer.End, _ protections: [Necessity.Row], isShard: Bool) throws {
    var out = Output()
    defer { out.flush() }
    if eachCondition {
      let result = ShardResult.necessity(Necessity(explorer, end).adding(protections))
      if !json { for text in result.lines { out.line(text) } }
      if let output {
        try ResultFiles.write(result, to: output)
      } else if json {
        for text in result.jsonLines { out.line(text) }
      }
    } else if isShard, let output {
      try ResultFiles.write(.search(SearchResult(explorer, end)), to: output)
    } else if let broken = explorer.broken.first {
      let script = explorer.script(broken)
      if let output {
        try NewFile.writeOrComplain(Array(script.utf8), to: output)
        out.line("the sequence is in \(output)")
      } else if !json {
        out.line("")
        out.lines(String(script.dropLast()))
      }
    }
  }

  private func options(_ world: ExploredWorld, _ shard: Shard?) throws -> Explorer.Options {
    var options = Explorer.Options()
    options.depth = depth
    options.isSymmetric = symmetry
    options.memory = try bytes()
    options.conditions = try wantedConditions(world)
    // Where protections alone are named, no condition is off.
    options.eachCondition = eachCondition && (condition.isEmpty || !options.conditions.isEmpty)
    options.shard = shard
    options.rule = try wantedRule()
    guard eachCondition || condition.isEmpty else { throw ValidationError("--condition is for --each-condition") }
    guard depth ?? 1 > 0 else { throw ValidationError("--depth must be positive") }
    return options
  }

  private func wantedRule() throws -> String? {
    guard let rule else { return nil }
    let names = ModelRule.all.filter { !$0.isOfSecureWorld }.map(\.name) + ExploredRule.all
    guard names.contains(rule) else {
      throw ValidationError("--rule: there is no rule \(shown(rule)); there are \(names.joined(separator: ", "))")
    }
    guard resume == nil else { throw ValidationError("a search for one rule is not kept: --rule is not for --resume") }
    return rule
  }

  /// The conditions that --condition names, by number.
  private func wantedConditions(_ world: ExploredWorld) throws -> Set<Int> {
    guard !condition.isEmpty else { return [] }
    let list = ConditionList(world.configuration)
    var wanted: Set<Int> = []
    for name in condition {
      let named = try switches(name)
      let found = list.numbers(named)
      guard !found.isEmpty || ProtectionSearch.protections.contains(where: { named.contains($0) }) else {
        throw ValidationError("--condition: \(shown(name)) is no failure condition and no protection of this machine")
      }
      wanted.formUnion(found)
    }
    return wanted
  }

  /// The protections that --condition names; all where it names nothing.
  private func wantedProtections() throws -> [Protection] {
    guard !condition.isEmpty else { return ProtectionSearch.protections }
    let named = try condition.map(switches).reduce(SwitchSet()) { $0.union($1) }
    return ProtectionSearch.protections.filter { named.contains($0) }
  }

  private func describedWorld() throws -> ExploredWorld {
    if let preset = ExploredWorld.preset(world) { return preset }
    let bytes = try orComplain { () throws(TokenFile.Failure) in
      try TokenFile.bytes(world, limit: ExploredWorld.sizeLimit, isPlain: true)
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      complain("\(shown(world, limit: .max)): not UTF-8")
      throw Exit.badData
    }
    do throws(ScriptError) {
      return try ExploredWorld(text, name: world)
    } catch {
      complain(error.description(in: shown(world, limit: .max)))
      throw Exit.badData
    }
  }

  private func switches(_ name: String) throws -> SwitchSet {
    do throws(SwitchSet.Unknown) { return try SwitchSet(named: name) } catch { throw ValidationError(error.message) }
  }

  private func bytes() throws -> UInt64 {
    do throws(ScriptError) {
      let value = try StatementParser(line: 0, names: ScriptNames()).value(memory)
      guard (1 << 20...1 << 50).contains(value) else { throw ScriptError(message: "expected 1M to 1024T") }
      return value
    } catch {
      throw ValidationError("--memory: \(error.message)")
    }
  }
}
