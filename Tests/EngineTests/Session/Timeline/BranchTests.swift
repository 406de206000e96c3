import Engine
import Testing

@testable import Session

/// What was undone and done otherwise.
struct BranchTests {
  private static func delegate(_ granule: Int) -> String { "smc RMI_GRANULE_DELEGATE 0x80\(granule)000" }

  /// Three branches: 101 102 103, then from step 1 104 105, then from step 2 of that 106.
  private static func three() throws -> Script {
    let script = Script()
    try script.run([101, 102, 103].map(delegate).joined(separator: "\n"))
    try script.run("goto 1\n" + [104, 105].map(delegate).joined(separator: "\n"))
    try script.run("goto 2\n" + delegate(106))
    return script
  }

  private static func texts(_ session: Session, _ name: String) throws -> [String] {
    let branch = try #require(session.branch(named: name))
    return session.steps(upTo: BranchPlace(branch: branch.id, step: session.end(of: branch.id))).map(\.text)
  }

  @Test func whatWasUndoneStaysAsABranch() throws {
    let session = try Self.three().session
    #expect(session.branches.map(\.name) == ["main", "b1", "b2"])
    #expect(session.branches.map(\.parent) == [nil, 0, 1])
    #expect(session.branches.map(\.fork) == [0, 1, 2])
    #expect(try Self.texts(session, "main") == [101, 102, 103].map(Self.delegate))
    #expect(try Self.texts(session, "b1") == [101, 104, 105].map(Self.delegate))
    #expect(try Self.texts(session, "b2") == [101, 104, 106].map(Self.delegate))
    #expect(session.allSteps == 6)
    #expect(session.forks == [1, 2])
  }

  /// The state of a branch is what its steps make on a fresh machine.
  @Test func aBranchIsGoneToAndGoesOn() throws {
    let script = try Self.three()
    let session = script.session
    for (name, granules) in [
      ("main", [101, 102, 103]), ("b1", [101, 104, 105]), ("b2", [101, 104, 106]), ("b1", [101, 104, 105]),
    ] {
      try script.run("switch \(name) 3")
      let other = Script()
      try other.run(granules.map(Self.delegate).joined(separator: "\n"))
      #expect(session.digest() == other.session.digest(), "\(name)")
      #expect(session.steps.map(\.text) == granules.map(Self.delegate))
      #expect(session.story(0x8010_1000).history.map(\.step).allSatisfy { $0 == 1 })
    }
    try script.run(Self.delegate(107))
    #expect(try Self.texts(session, "b1") == [101, 104, 105, 107].map(Self.delegate))
    #expect(session.branches.count == 3)
    // Where one left a branch, one comes back to.
    try script.run("goto 2\nswitch main\nswitch b1")
    #expect(session.position == 2)
  }

  @Test func aBranchIsNamedAndPruned() throws {
    let script = try Self.three()
    let session = script.session
    try script.run("branch wrong-order\nbranch b1 second")
    #expect(session.branches.map(\.name) == ["main", "second", "wrong-order"])
    #expect(throws: ScriptError.self) { try script.run("prune wrong-order") }
    #expect(throws: ScriptError.self) { try script.run("branch main") }
    #expect(throws: ScriptError.self) { try script.run("branch no/name") }
    // Its tail goes, not what the other branch stands on.
    try script.run("prune second")
    #expect(try Self.texts(session, "second") == [101, 104].map(Self.delegate))
    #expect(throws: ScriptError.self) { try script.run("prune second") }
    try script.run("switch main 0")
    #expect(throws: ScriptError.self) { try script.run("prune second") }
    try script.run("prune wrong-order\nprune second")
    #expect(session.branches.map(\.name) == ["main"])
    try script.run("goto 1\nforget")
    #expect(session.steps.count == 1)
  }

  /// A branch where nothing was undone, by its name.
  @Test func aBranchIsBegunByName() throws {
    let script = Script()
    try script.run(Self.delegate(101) + "\nfork what-if\n" + Self.delegate(102))
    #expect(script.session.branches.map(\.name) == ["main", "what-if"])
    try script.run("switch main\n" + Self.delegate(103))
    #expect(try Self.texts(script.session, "main") == [101, 103].map(Self.delegate))
    // Whoever goes elsewhere first begins none.
    try script.run("fork other\ngoto 0\ngoto 2\n" + Self.delegate(104))
    #expect(script.session.branches.count == 2)
  }

  /// Captions, tokens, groups, what EL3 printed and machines are those of the branch.
  @Test func whatIsKnownOfStepsGoesWithThem() throws {
    let script = Script()
    try script.run("# the first\nrealm\nmachine dram=32M\n# on main\n" + Self.delegate(101))
    let session = script.session
    let (count, groups) = (session.steps.count, session.stepGroups)
    let captions = session.captions.all
    try script.run("goto 3\n# elsewhere\nnote a reader's\n" + Self.delegate(102))
    #expect(session.captions.all.map(\.text) == ["the first", "a reader's", "elsewhere"])
    #expect(session.stepGroups.first?.count == 3)
    #expect(session.configuration.dramSize == 64 << 20)
    try script.run("switch main \(count)")
    #expect(session.stepGroups == groups)
    #expect(session.captions.all.filter { $0.kind == .words } == captions)
    #expect(session.configuration.dramSize == 32 << 20)
    #expect(session.isMachineFresh == false)
  }

  /// A script that includes recordings: each has its own names.
  @Test func aRecordingIsIncludedTwice() throws {
    let script = Script()
    let recording = """
      #workbench 4
      machine dram=64M pe=2 rmm=spec-1.0
      @0.000 smc RMI_GRANULE_DELEGATE 0x80101000
      @0.000 goto 0
      @0.000 fork b1
      @0.000 smc RMI_GRANULE_DELEGATE 0x80102000
      @0.000 switch main 1
      @0.000 smc RMI_GRANULE_DELEGATE 0x80103000
      @0.000 switch b1 1
      """
    script.runner.load = { name, _ throws(ScriptError) in (name, recording.split(separator: "\n").map(String.init)) }
    try script.run("include a\ninclude a")
    #expect(script.session.branches.map(\.name) == ["main", "b1", "b1-2"])
    let texts = try Self.texts(script.session, "b1-2")
    #expect(texts.count == 3 && texts.first == Self.delegate(102) && texts.last == Self.delegate(102))
    #expect(texts[1].hasPrefix("machine "))
  }

  @Test func bookmarksAreOnTheirBranch() throws {
    let script = try Self.three()
    let session = script.session
    try script.run("bookmark here the end of it\ngoto 1\nbookmark a\nswitch main 3\nbookmark m")
    #expect(session.bookmarks.map { session.name(of: $0.place) } == ["main@1", "b2@3", "main@3"])
    #expect(session.bookmarks.map(\.note) == ["", "the end of it", ""])
    try script.run("prune b2")
    #expect(session.bookmarks.map(\.name) == ["a", "m"])
    try script.run("unmark a")
    #expect(session.bookmarks.map(\.name) == ["m"])
    #expect(throws: ScriptError.self) { try script.run("unmark a") }
  }
}

/// Sessions that go back and forth at random, and what is recorded of them.
struct RandomBranchTests {
  /// The lines of a recording, and the session they are of.
  private static func session(_ seed: UInt64, _ count: Int) throws -> (session: Session, text: String) {
    var numbers = SeededNumbers(seed: seed)
    func below(_ limit: Int) -> Int { Int(numbers.next() % UInt64(limit)) }
    let script = Script()
    let session = script.session
    var feed = RecordingFeed()
    var text = Recording.header(session.origin)
    for n in 0..<count {
      let branch = session.branches[below(session.branches.count)].name
      let line =
        switch below(12) {
        case 0: "goto \(below(session.steps.count + 1))"
        case 1: "undo"
        case 2: "switch \(branch)"
        case 3: "bookmark \(["a", "b", "c"][below(3)]) \(n)"
        case 4: below(3) == 0 ? "fork f\(n)" : "note \(n)"
        case 5: below(3) == 0 ? "branch \(branch) n\(n)" : "unmark a"
        case 6: below(3) == 0 ? "prune \(branch)" : "forget"
        case 7: "# words \(n)"
        default: "smc RMI_GRANULE_\(below(2) == 0 ? "" : "UN")DELEGATE 0x801\(below(8))0000"
        }
      // What cannot be done now is an error, and nothing has happened.
      try? script.run(line)
      if below(3) == 0 {
        text += feed.lines(session, seconds: 0)
        if feed.wantsDigest { text += feed.digest(session) }
      }
    }
    text += feed.lines(session, seconds: 0)
    text += feed.lastDigests(session, seconds: 0)
    return (session, text)
  }

  private static func replayed(_ lines: [String]) throws -> Replayer {
    let replayer = Replayer(Session(try Recording.configuration(of: lines)))
    for (index, line) in lines.enumerated() { try replayer.take(line, line: index + 1) }
    try replayer.finish()
    return replayer
  }

  private struct Shape: Equatable {
    var name: String
    var parent: String?
    var fork: Int
    var steps: [String]

    static func all(_ session: Session) -> [Shape] {
      session.branches.map { branch in
        Shape(
          name: branch.name, parent: session.branches.first { $0.id == branch.parent }?.name, fork: branch.fork,
          steps: session.steps(upTo: BranchPlace(branch: branch.id, step: session.end(of: branch.id))).map(\.text))
      }.filter { $0.parent == nil || $0.steps.count > $0.fork || session.branch.name == $0.name }
        .sorted { $0.name < $1.name }
    }
  }

  /// A recording has all branches, bookmarks and notes, and replays to the same.
  @Test(arguments: 1...40) func aRecordingHasAllOfIt(_ seed: Int) throws {
    let (session, text) = try Self.session(UInt64(seed), 120)
    let lines = text.split(separator: "\n").map(String.init)
    let replayer = try Self.replayed(lines)
    #expect(replayer.difference == nil)
    let other = replayer.session
    #expect(Shape.all(other) == Shape.all(session))
    #expect(other.branch.name == session.branch.name && other.position == session.position)
    #expect(other.digest() == session.digest())
    #expect(
      other.bookmarks.map { [$0.name, $0.note, other.name(of: $0.place)] }
        == session.bookmarks.map { [$0.name, $0.note, session.name(of: $0.place)] })
    for branch in session.branches where session.end(of: branch.id) > branch.fork {
      let twin = try #require(other.branch(named: branch.name))
      session.go(to: branch.id, step: session.end(of: branch.id))
      other.go(to: twin.id, step: other.end(of: twin.id))
      #expect(session.digest() == other.digest())
      #expect(session.captions.all.map(\.text).sorted() == other.captions.all.map(\.text).sorted())
    }
  }

  /// Whatever ends the program leaves whole lines: what they say is there, on whatever branch.
  @Test func whatIsCutOffTakesNothingWithIt() throws {
    var numbers = SeededNumbers(seed: 7)
    for seed in 1...10 {
      let lines = try Self.session(UInt64(seed), 80).text.split(separator: "\n").map(String.init)
      for _ in 0..<20 {
        let count = 2 + Int(numbers.next() % UInt64(lines.count - 1))
        let part = Array(lines.prefix(count))
        let replayer = try Self.replayed(part)
        // Only what stood behind the end is missing.
        if let difference = replayer.difference { #expect(part[difference.line...].isEmpty) }
        let statements = part.count { $0.hasPrefix("GRANULE_") || $0.hasPrefix("@") && $0.contains(" GRANULE_") }
        let forgotten = part.contains { $0.hasSuffix("forget") || $0.contains("prune ") }
        if !forgotten { #expect(replayer.session.allSteps == statements) }
      }
    }
  }

  /// A recording that somebody has changed is an error with its line, or another session: never more than that.
  @Test func aChangedRecordingIsAnErrorOrAnotherSession() throws {
    var numbers = SeededNumbers(seed: 11)
    func below(_ limit: Int) -> Int { Int(numbers.next() % UInt64(limit)) }
    let lines = try Self.session(3, 60).text.split(separator: "\n").map(String.init)
    var errors = 0
    for _ in 0..<400 {
      var changed = lines
      for _ in 0...below(3) {
        let (a, b) = (1 + below(changed.count - 1), 1 + below(changed.count - 1))
        switch below(4) {
        case 0: changed.remove(at: a)
        case 1: changed.swapAt(a, b)
        case 2: changed.insert(changed[b], at: a)
        default:
          var bytes = Array(changed[a].utf8)
          if !bytes.isEmpty { bytes[below(bytes.count)] = UInt8(0x20 + below(95)) }
          changed[a] = String(decoding: bytes, as: UTF8.self)
        }
      }
      do { _ = try Self.replayed(changed) } catch is ScriptError { errors += 1 }
    }
    #expect(errors > 0 && errors < 400)
  }

  /// Formats before branches replay; what was undone in them is a branch now.
  @Test(arguments: [1, 2, 3]) func olderFormatsReplay(_ version: Int) throws {
    let text = """
      #workbench \(version)
      machine dram=64M pe=2 rmm=spec-1.0
      @1.159 smc RMI_GRANULE_DELEGATE 0x80001000
      => RMI_SUCCESS
      @1.284 goto 0
      @1.438 smc RMI_VERSION 0x10000
      => RMI_SUCCESS x1=0x10000 x2=0x10000
      """
    let replayer = try Self.replayed(text.split(separator: "\n").map(String.init))
    #expect(replayer.difference == nil)
    #expect(replayer.session.steps.map(\.text) == ["smc RMI_VERSION 0x10000"])
    #expect(replayer.session.branches.count == 2)
  }
}
