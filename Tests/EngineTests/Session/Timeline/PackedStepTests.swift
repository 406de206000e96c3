import Engine
import Testing

@testable import Session

/// What is packed comes out as it was, whatever it was.
struct PackedStepTests {
  /// All checks there are.
  private static let everything = (try? SwitchSet(named: "*")) ?? SwitchSet()

  /// Random actions of everybody, on machines of all kinds; one in thirty makes another machine, one in forty switches checks off or on.
  private static func session(_ seed: UInt64, _ count: Int, _ check: (Session, StatementResult) -> Void) -> Session {
    var numbers = SeededNumbers(seed: seed)
    let isOfWorlds = numbers.chance(50)
    func configuration() -> MachineConfiguration {
      let seed = numbers.next()
      return isOfWorlds ? WorldsDriver.configuration(seed: seed) : HostileDriver.configuration(seed: seed)
    }
    let session = Session(configuration())
    var hostile = HostileDriver(seed: seed, session.configuration)
    var worlds = WorldsDriver(seed: seed, session.configuration)
    for _ in 0..<count {
      let input: Session.Step.Input
      if numbers.below(30) == 0 {
        input = .reset(configuration(), name: numbers.chance(50) ? "case" : nil)
      } else if numbers.below(40) == 0 {
        input = .action(.switches(Self.everything, isOff: numbers.chance(50)))
      } else {
        input = .action(session.read { isOfWorlds ? worlds.next($0) : hostile.next($0) })
      }
      let result = session.perform(input)
      check(session, result)
    }
    return session
  }

  @Test func whatComesOutIsWhatWentIn() {
    for seed in 1...4 as ClosedRange<UInt64> {
      var events: [[Event]] = []
      var results: [String] = []
      let session = Self.session(seed, 300) { session, result in
        results.append(String(reflecting: result))
        events.append(session.read { $0.events })
      }
      // A list into which they come one by one from another, cut in pieces and joined again.
      var other = StepList()
      var writer = StepWriter()
      for step in session.steps { other.append(step, &writer) }
      let behind = other.cut(at: 120)
      other.append(behind)
      for index in session.steps.indices {
        let step = session.steps[index]
        #expect(String(reflecting: step.result) == results[index], "seed \(seed), step \(index)")
        if !session.steps.isReset(index) { #expect(step.events == events[index], "seed \(seed), step \(index)") }
        #expect(String(reflecting: other[index]) == String(reflecting: step))
        #expect(session.steps.hasFailed(index) == step.hasFailed)
        #expect(session.steps.isReset(index) == step.isReset)
        var seen: [Event] = []
        session.steps.forEachEvent(of: index) { seen.append($0) }
        #expect(seen == step.events)
        // A recording names a call of the Host's to the RMM without `smc RMI_`.
        let text = step.text.hasPrefix("smc RMI_") ? String(step.text.dropFirst(8)) : step.text
        #expect(Recording.lines(step, seconds: 0).hasPrefix("@0.000 \(text)\n"))
      }
    }
  }

  /// What a machine of the lab notes is kept: which checks would have acted, and which rules are broken.
  @Test func whatALabNotesIsKept() throws {
    let script = Script()
    var reports: [ScriptRunner.Report] = []
    script.runner.onReport = { reports.append($0) }
    try script.run(
      "machine without=RMI_GRANULE_UNDELEGATE.gran_state+scrub.*\n" + Script.activeRealm + "\nsmc RMI_GRANULE_UNDELEGATE rd")
    let steps = script.session.steps
    #expect(reports.contains { !$0.result.overruled.isEmpty } && reports.contains { !$0.result.broken.isEmpty })
    for (step, report) in zip(steps, reports) {
      #expect(step.result.overruled == report.result.overruled)
      #expect(step.result.broken == report.result.broken)
    }
  }

  /// A step of a million takes some tens of bytes.
  @Test func aStepTakesLittle() {
    let session = Session(RandomDriver.configuration(.spec))
    var x = InlineArray<18, UInt64>(repeating: 0)
    for n in 0..<6000 {
      x[0] = UInt64(n % 2 == 0 ? GranuleDelegate.fid : GranuleUndelegate.fid)
      x[1] = session.configuration.dramBase + UInt64(n / 2 % 100) << 12
      session.perform(.action(.smc(.normal, x)))
    }
    #expect(session.steps.weight < 6000 * 64, "\(session.steps.weight)")
    #expect(session.steps.glance(0..<6000).hasFailed == false)
  }

  /// What is found by marks is what is found by looking at each.
  @Test func marksFindWhatTheyMark() {
    var numbers = SeededNumbers(seed: 4)
    let session = Session(RandomDriver.configuration(.spec))
    var driver = RandomDriver(seed: 4, session.configuration)
    for n in 0..<5000 {
      session.perform(
        n % 997 == 0 ? .reset(session.configuration, name: nil) : .action(session.read { driver.next($0) }))
    }
    let steps = session.steps
    let failed = steps.indices.filter { steps[$0].hasFailed }
    let resets = steps.indices.filter { steps[$0].isReset }
    #expect(!failed.isEmpty && resets.count == 6)
    for _ in 0..<200 {
      let place = numbers.below(steps.count + 1)
      #expect(steps.first(.failed, from: place) == failed.first { $0 >= place })
      #expect(steps.last(.failed, before: place) == failed.last { $0 < place })
      #expect(steps.first(.reset, from: place) == resets.first { $0 >= place })
      #expect(steps.last(.reset, before: place) == resets.last { $0 < place })
      let end = place + 1 + numbers.below(400)
      guard end <= steps.count else { continue }
      #expect(steps.glance(place..<end).hasFailed == failed.contains { (place..<end).contains($0) })
      #expect(steps.glance(place..<end).amount == (place..<end).map { steps.glance($0..<$0 + 1).amount }.max())
    }
  }
}
