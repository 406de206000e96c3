import ArgumentParser
import Engine

struct FuzzCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fuzz", abstract: "Performs random calls and checks every rule of the model after each.",
    discussion: """
      Everything follows from the seed. The exit code is 1 when a rule is broken. A shard has a seed of its own, --seed and its number; it ends \
      with 42 where it is of no use to start it again.
      """)

  @Option(help: "How many actions.")
  var calls: Int = 200_000

  @Option(help: "Seed of the random numbers.")
  var seed: UInt64 = 1

  @Option(
    help: ArgumentHelp(
      "Instead of calls, executes so many random A64 instructions in Realms; with --devices, on boards with every device.",
      valueName: "count"))
  var instructions: UInt64?

  @Option(
    help: ArgumentHelp(
      "How A64 instructions are executed: compiled, compiled once a guest is worth it, from decoded pages, or by the reference engine.",
      valueName: "engine"))
  var engine: CodeEngine = .compiled

  @Flag(
    help: """
      Hostile software in every world: it also writes to what the RMM and EL3 keep, and each machine has divergences of its own. Each \
      action must leave the machine standing, and the rules that such software cannot break by right.
      """)
  var hostile = false

  @Option(
    help: ArgumentHelp(
      "With --hostile: so often for each machine, it and a copy have to go the same way from a state.", valueName: "count"))
  var pairs: Int?

  @Flag(
    help: """
      Whole hosts: calls to KVM in and out of order on several VMs, and domains of virsh that come and go; on two hosts in five somebody \
      else in the kernel takes away what KVM relies on. No granule may be owned twice, and at the end everything is given back but what \
      was leaked on purpose. What goes wrong is told with the fewest actions found that lead to it.
      """)
  var hosts = false

  @Flag(
    help: """
      All four worlds and the device on each other: calls of FF-A by the Host and by partitions beside those of the RMM, transactions of the \
      device, accesses of each world to anything. None may pass that the table of who may touch what forbids, and a call of FF-A is \
      answered as it was explained.
      """)
  var worlds = false

  @Flag(
    help: """
      Machines of the lab: on each of them other checks are switched off, from one to all. Rules are broken there, which is told; no action \
      may end the program, and each state is written and read as the same.
      """)
  var switches = false

  @Flag(
    help: """
      Recordings in which something is wrong, as many as --calls says: lines that are torn, missing, twice there or in another place, other \
      numbers and other bytes. Each is replayed to its end, or what is wrong is said with its line.
      """)
  var recordings = false

  @Flag(
    help: """
      Virtio devices: drivers that write anything into queues, buffers and registers, with images and folders that are anything. Nothing \
      outside of the guest's memory may be reached, and what the devices know stays bounded and is known again. With --instructions it \
      is random code that does this, one guest in 16 with a second engine.
      """)
  var devices = false

  @Option(help: "Check the rules after every so many actions; 1, with --hosts \(HostsRun.rulesEvery).")
  var checkEvery: Int?

  @OptionGroup var machine: MachineOptions

  @OptionGroup var shards: ShardOptions

  @Option(
    name: .shortAndLong, help: ArgumentHelp("A new file for what it came to, in lines of JSON.", valueName: "path"),
    completion: .file())
  var output: String?

  func run() throws {
    let shard = try shards.chosen()
    try ShardOptions.run(shard) { if try !ShardOptions.isDone(shard, output) { try perform(shard ?? Shard.whole) } }
  }

  private func perform(_ shard: Shard) throws {
    let seed = seed &+ UInt64(shard.index)
    guard calls > 0, checkEvery ?? 1 > 0 else { throw ValidationError("--calls and --check-every must be positive") }
    guard pairs ?? 0 >= 0, pairs == nil || hostile else { throw ValidationError("--pairs is for --hostile, and not negative") }
    let policy = try machine.configuration().policy
    guard [hosts, hostile, worlds, switches, devices, recordings].count(where: \.self) < 2 else {
      throw ValidationError("--hosts, --hostile, --worlds, --switches, --devices and --recordings exclude each other")
    }
    if devices {
      if let instructions { return try execute(board: instructions, policy, seed, shard) }
      return try drive(seed, shard)
    }
    if recordings {
      return try mutate(seed, shard)
    }
    if switches {
      return try switchOff(policy, seed, shard)
    }
    if worlds {
      return try actOnEachOther(seed, shard)
    }
    if hosts {
      return try domains(seed, shard)
    }
    if hostile {
      return try attack(seed, shard)
    }
    if let instructions {
      return try execute(instructions, policy, seed, shard)
    }
    var progress = ProgressLine("actions", of: calls)
    let run = RandomRun.perform(calls: calls, seed: seed, policy: policy, checkEvery: checkEvery ?? 1) { progress.update($0) }
    var out = Output()
    defer { out.flush() }
    out.line("\(run.calls) actions, \(run.succeeded) calls succeeded, \(policy.name), seed \(seed)")
    let violation = run.violation.map { "rule \($1.rule) broken after action \($0): \($1.detail)" }
    try conclude(&out, "calls", seed, shard, actions: run.calls, violation ?? run.disagreement, held: "every rule held")
  }

  /// Says what went wrong, or that nothing did; and where to, if that is asked for.
  private func conclude(
    _ out: inout Output, _ what: String, _ seed: UInt64, _ shard: Shard, actions: Int, _ problem: String?, path: [String] = [],
    held: String?
  ) throws {
    if let text = problem ?? held { out.line(text) }
    for action in path where problem != nil { out.line("  \(action)") }
    if let output {
      let run = FuzzResult.Run(what: what, seed: seed, shard: shard.index, actions: actions, problem: problem ?? "")
      try ResultFiles.write(.fuzz(FuzzResult(run, of: shard.count)), to: output)
    }
    if problem != nil { throw Exit.difference }
  }

  private func switchOff(_ policy: Policy, _ seed: UInt64, _ shard: Shard) throws {
    var progress = ProgressLine("actions", of: calls)
    let run = LabRun.perform(actions: calls, seed: seed, policy: policy, checkEvery: checkEvery ?? 50) { progress.update($0) }
    var out = Output()
    defer { out.flush() }
    out.line(
      "\(run.actions) actions on \(run.machines) machines with checks off, \(policy.name), seed \(seed); digest \(hex(run.digest))"
    )
    out.line(
      "\(run.overruled.values.reduce(0, +)) times a check that was off would have acted, \(run.overruled.count) of \(Switch.all.count) checks; "
        + "\(run.panics) machines ended in an RMM panic")
    for (rule, count) in run.broken.sorted(by: { $0.key < $1.key }) { out.line("rule \(rule) was broken on \(count)") }
    try conclude(
      &out, "switches", seed, shard, actions: run.actions, run.problem,
      held: nil)
  }

  private func mutate(_ seed: UInt64, _ shard: Shard) throws {
    var progress = ProgressLine("recordings", of: calls)
    let image = try? GuestImages.load(GuestImages.tour)
    let run = RecordingsRun.perform(recordings: calls, seed: seed, image: image) { progress.update($0) }
    var out = Output()
    defer { out.flush() }
    out.line("\(run.recordings) recordings made of \(run.originals), seed \(seed); digest \(hex(run.digest))")
    out.line("\(run.equal) led where they say, \(run.different) did not, \(run.refused) are no recordings")
    try conclude(
      &out, "recordings", seed, shard, actions: run.recordings, run.problem,
      held: "each was replayed to its end, or what is wrong was said with its line")
  }

  private func attack(_ seed: UInt64, _ shard: Shard) throws {
    var progress = ProgressLine("actions", of: calls)
    let run = HostileRun.perform(actions: calls, seed: seed, pairs: pairs) { progress.update($0) }
    var out = Output()
    defer { out.flush() }
    out.line("\(run.actions) hostile actions on \(run.machines) machines, seed \(seed)")
    out.line(
      "\(run.scribbled) had memory of the RMM or EL3 written by hand, \(run.panics) ended in an RMM panic; digest \(hex(run.digest))"
    )
    out.line("\(run.pairs) times a machine and its copy went the same way, from \(run.copies) saved states")
    try conclude(
      &out, "hostile", seed, shard, actions: run.actions, run.problem,
      held: "every machine stood, and every rule held that cannot be broken by right")
  }

  private func drive(_ seed: UInt64, _ shard: Shard) throws {
    var progress = ProgressLine("buffers", of: calls)
    let run = DevicesRun.perform(buffers: calls, seed: seed) { progress.update($0) }
    var out = Output()
    defer { out.flush() }
    out.line(
      "\(run.buffers) buffers for six kinds of virtio devices, seed \(seed): \(run.returned) came back, \(run.stopped) times a device "
        + "had to be reset, \(run.outside) accesses outside of the guest's memory were turned down")
    try conclude(
      &out, "devices", seed, shard, actions: run.buffers, run.problem,
      held: "nothing else was reached, and what devices know was bounded and known again")
  }

  private func execute(board instructions: UInt64, _ policy: Policy, _ seed: UInt64, _ shard: Shard) throws {
    var progress = ProgressLine("instructions", of: Int(clamping: instructions))
    let run = RandomBoard.perform(instructions: instructions, seed: seed, policy: policy, engine: engine) { progress.update($0) }
    var out = Output()
    defer { out.flush() }
    let endings = run.endings.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    out.line(
      "\(run.instructions) instructions of \(run.guests) guests with every device, \(policy.name), seed \(seed): \(endings)")
    out.line(
      "\(run.accesses) accesses to devices and \(run.buffers) buffers; \(run.compared) guests came to the same with a second engine"
    )
    try conclude(
      &out, "boards", seed, shard, actions: Int(clamping: run.instructions), run.problem,
      held: "every rule held, the Host's memory is as it was, and devices are known again; digest \(hex(run.digest))")
  }

  private func actOnEachOther(_ seed: UInt64, _ shard: Shard) throws {
    var progress = ProgressLine("actions", of: calls)
    let run = WorldsRun.perform(actions: calls, seed: seed) { progress.update($0) }
    var out = Output()
    defer { out.flush() }
    out.line(
      "\(run.actions) actions of four worlds and the device on \(run.machines) machines, seed \(seed); digest \(hex(run.digest))")
    out.line("\(run.passed) accesses passed, \(run.faults) ended in a fault")
    out.line(
      "\(run.succeeded) calls of FF-A were answered without an error, \(run.refused) refused, by \(run.conditions.count) conditions"
    )
    try conclude(
      &out, "worlds", seed, shard, actions: run.actions, run.problem,
      held: "every rule held, and no access passed that the table forbids")
  }

  private func domains(_ seed: UInt64, _ shard: Shard) throws {
    var progress = ProgressLine("actions", of: calls)
    let run = HostsRun.perform(actions: calls, seed: seed, checkEvery: checkEvery ?? HostsRun.rulesEvery) { progress.update($0) }
    var out = Output()
    defer { out.flush() }
    out.line("\(run.actions) actions on \(run.hosts) hosts, seed \(seed): \(run.realms) Realms; digest \(hex(run.digest))")
    out.line(
      "\(run.rows.count) of \(KVMErrnoRow.allCases.count) rows of KVM's error numbers, \(run.leaked) granules leaked on purpose")
    try conclude(
      &out, "hosts", seed, shard, actions: run.actions, run.problem, path: run.path,
      held: "no granule was owned twice, every rule held, and everything was given back")
  }

  private func execute(_ instructions: UInt64, _ policy: Policy, _ seed: UInt64, _ shard: Shard) throws {
    var progress = ProgressLine("instructions", of: Int(clamping: instructions))
    let run = RandomGuest.perform(instructions: instructions, seed: seed, policy: policy, engine: engine) {
      progress.update($0)
    }
    var out = Output()
    defer { out.flush() }
    let endings = run.endings.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    out.line("\(run.instructions) instructions of \(run.guests) guests, \(policy.name), seed \(seed): \(endings)")
    try conclude(
      &out, "instructions", seed, shard, actions: Int(clamping: run.instructions), run.problem,
      held: "every rule held, and the Host's memory is as it was; digest \(hex(run.digest))")
  }
}

extension CodeEngine: ExpressibleByArgument {}
