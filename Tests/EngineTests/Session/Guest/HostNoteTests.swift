import Engine
import Testing

/// What the Host's software knew is in a recording: a guest goes on from any step of it as it did in the session that was recorded.
struct HostNoteTests {
  /// The lines of a recording of all steps in force.
  static func recording(of session: Session) -> [String] {
    var text = Recording.header(session.origin)
    for step in session.steps[..<session.position] { text += Recording.lines(step, seconds: 0) }
    text += Recording.digestLine(session.digest())
    return text.split(separator: "\n").map(String.init)
  }

  /// A script that goes on in a recording.
  static func replayed(_ lines: [String]) throws -> Script {
    let replayer = Replayer(Session(try Recording.configuration(of: lines)))
    for (index, line) in lines.enumerated() { try replayer.take(line, line: index + 1) }
    try replayer.finish()
    #expect(replayer.difference == nil)
    return Script(in: replayer.session)
  }

  /// Where a guest first runs: after the first note.
  static func built(_ session: Session) throws -> Int {
    try #require(session.steps.firstIndex { if case .knows = $0.host { true } else { false } }) + 1
  }

  /// A guest, where else than at its end it stops, how often it goes on, and from which quarters of that it goes on again.
  struct Run: Sendable {
    var guest: String
    var stops = ""
    var times = 1
    var quarters = [0, 2, 4]
  }

  static let runs = [
    Run(guest: "--normal tour"), Run(guest: "tour", stops: "break exit psci", times: 2, quarters: [2]),
    Run(guest: "faults", stops: "break exit host_call", times: 2, quarters: [2]),
    Run(guest: "irq 1", stops: "break exit irq", times: 2, quarters: [2]),
    Run(guest: "--normal kernel 1", stops: "break exit irq", times: 8, quarters: [2]),
    Run(guest: "model", stops: "break exit host_call", times: 2, quarters: [3]),
  ]

  @Test(arguments: runs)
  func aReplayedGuestGoesOnFromAnyStep(_ run: Run) throws {
    let script = try Self.live(run)
    let replayed = try Self.replayed(Self.recording(of: script.session))
    try replayed.run(run.stops)
    try expectTheSame(run, script.session, again: replayed)
  }

  @Test(arguments: runs.filter { ["--normal tour", "model"].contains($0.guest) })
  func aLiveGuestGoesOnFromAnyStep(_ run: Run) throws {
    let script = try Self.live(run)
    try expectTheSame(run, script.session, again: script)
  }

  private static func live(_ run: Run) throws -> Script {
    let script = Script()
    try script.run("debug \(run.guest)\n\(run.stops)")
    for _ in 0..<run.times { try script.run("continue\nexpect \(run.stops.isEmpty ? "powered_off" : "event")") }
    #expect(script.runner.failures == [])
    return script
  }

  private func expectTheSame(_ run: Run, _ session: Session, again: Script) throws {
    let (end, console, first, last) = (session.digest(), session.console, try Self.built(session), session.position)
    for quarter in run.quarters {
      try again.run("goto \(first + (last - first) * quarter / 4)")
      repeat { try again.run("continue") } while again.session.position < last
      #expect(again.runner.failures == [])
      #expect(again.session.position == last)
      #expect(again.session.digest() == end, "from \(quarter) quarters")
      #expect(again.session.console == console)
    }
  }

  /// Finding out what its Host knew is interrupted, from the first look on, and begins again with the next run.
  @Test(arguments: [0, 1, 60]) func findingOutIsInterrupted(_ after: Int) throws {
    let live = try Self.live(Run(guest: "--normal tour"))
    let replayed = try Self.replayed(Self.recording(of: live.session))
    let (first, last) = (try Self.built(live.session), live.session.position)
    try replayed.run("goto \((first + last) / 2)")
    var looks = 0
    replayed.session.isInterrupted = {
      looks += 1
      return looks > after
    }
    try replayed.run("continue")
    #expect(replayed.runner.wasInterrupted)
    replayed.session.isInterrupted = { false }
    try replayed.run("step\nexpect stepped\nback\nexpect stepped\ncontinue\nexpect powered_off")
    #expect(replayed.runner.failures == [])
    #expect(replayed.session.console == live.session.console)
    try expectReplay(of: replayed.session)
  }

  /// Names of the places in its program are in a recording: nobody needs the image.
  @Test func aRecordedGuestHasItsNames() throws {
    let script = Script()
    try script.run("debug tour")
    let lines = SessionText.whole(script.session).split(separator: "\n").map(String.init)
    let replayed = try Self.replayed(lines)
    let programs = replayed.session.programs.log
    #expect(programs == script.session.programs.log && programs.map(\.image) == ["tour"])
    try replayed.run("break print\ncontinue")
    #expect(replayed.takeRaw().contains { $0.contains("print") })
    for wrong in [
      "#program 0 x", "#program 1 a b", "#program 99999999 x", "#program 1 x\n#symbol 1 0x0 a", "#program 1 x\n#symbol 0x1 0x0",
    ] {
      #expect(throws: ScriptError.self) { try Self.replayed(lines + wrong.split(separator: "\n").map(String.init)) }
    }
  }

  /// Forward and back in a recording, as in the session that was recorded.
  @Test func aReplayedGuestIsSteppedAsTheLiveOne() throws {
    let script = Script()
    script.session.hostNoteStride = 8
    try script.run("debug tour\nbreak secondary_start\ncontinue\nexpect breakpoint\nbreak print\ncontinue\ndelete")
    let replayed = try Self.replayed(Self.recording(of: script.session))
    let runs = """
      step
      step 30
      back 3
      over 2
      out
      step 3
      back 40
      break 0x80000028
      reverse
      delete
      break exit psci
      reverse
      delete
      reverse
      step 5
      """
    try script.run("symbols tour\n" + runs)
    try replayed.run("symbols\n" + runs)
    let expected = script.takeRaw().suffix(15)
    #expect(replayed.takeRaw().suffix(15) == expected)
    #expect(expected.contains { $0.contains("secondary_start") })
    #expect(expected.contains("this is where the guest began"))
    #expect(replayed.session.digest() == script.session.digest())
    try expectReplay(of: replayed.session)
  }

  /// From one note to the next the Host's software comes to know what the next one says.
  @Test func eachNoteFollowsFromTheOneBefore() throws {
    let script = Script()
    script.session.hostNoteStride = 1
    try script.run("debug tour\nbreak print\ncontinue\nexpect breakpoint\ndelete\nstep 40")
    let notes = Self.notes(script.session)
    let first = try #require(notes.keys.min())
    // The first is all that the recording has.
    var lines: [String] = []
    var isFirst = true
    for line in Self.recording(of: script.session) {
      if !line.hasPrefix("#host ") || isFirst { lines.append(line) }
      if line == "#host end" { isFirst = false }
    }
    let replayed = try Self.replayed(lines)
    #expect(Self.notes(replayed.session).keys.sorted() == [first])
    replayed.session.hostNoteStride = 1
    // The last 20 instructions come from what was derived for the place before them.
    let places = notes.keys.sorted()
    let middle = places[places.count - 21]
    try replayed.run("goto \(middle)\nstep 20")
    // A step may take more than one entry, so 20 of them go further than 20 notes.
    let end = script.session.steps.count
    #expect(replayed.session.steps.count >= end)
    #expect(Self.notes(replayed.session).filter { middle + 1...end ~= $0.key } == notes.filter { $0.key > middle })
  }

  /// A note with every field: each is written as it was read.
  @Test func aNoteHoldsAllOfTheState() throws {
    let note = """
      #host vm realm image=a.elf trusts=b.elf vcpus=0x2 memory=0x90000000 hash=0x1 pe=0x1 rd=0x80200000 next=0x80300000 \
      current=0x1 last=0x1 held waits=0x3 pages=0x4 slice=0x0 executed=0x5 sent=0x6 lists=0x2 SYNC=0x7
      #host vcpu rec=0x80201000 run=0x80202000 on waiting missing=0x80000000 deadline=0x8 flags=0x1 lists=0x9,0xa
      #host vcpu rec=0x80203000 run=0x80204000
      #host gic control=0x3 enabled=0x1 pending=0x2 level=0x4 group=0x8 edge=0x10 priority=\(String(repeating: "a0", count: 32)) \
      routes=\((0..<32).map { "0x\(String($0, radix: 16))" }.joined(separator: ","))
      #host gic_vcpu enabled=0x1 pending=0x2 level=0x4 group=0x8 edge=0x10 priority=\(String(repeating: "80", count: 32)) \
      lists=0x1b,0x0 spilled=0x1 eois=0x2 asleep
      #host gic_vcpu
      #host given 0x80000000:0x80205000*0x2 0x8fff0000:0x80209000
      #host shared 0x280000000:0x8020a000
      #host free 0x8020c000*0x2 0x8020b000
      #host tables 1:0x2:0x8020f000
      #host party draws=0x1 nonce bytes=\(String(repeating: "01", count: 32))
      #host end
      """
    let session = Session(MachineConfiguration())
    let vm = RealmVM(session, try HostNote(note.split(separator: "\n").map(String.init), on: session.configuration))
    // What a relying party remembers is written by who has one.
    let written = note.split(separator: "\n").filter { !$0.hasPrefix("#host party") }.joined(separator: "\n")
    #expect(vm.noteText == written)
    // Who adds a field to the state has it written, read, and named here and in the note above.
    func fields(_ value: Any) -> Set<String> { Set(Mirror(reflecting: value).children.compactMap(\.label)) }
    func member(_ path: any MirrorPath, _ more: any MirrorPath...) throws -> Any {
      var value = try #require(Mirror(reflecting: vm).descendant(path))
      for step in more { value = try #require(Mirror(reflecting: value).descendant(step)) }
      return value
    }
    #expect(try fields(member("schedule")) == ["current", "sliceEnd", "waits"])
    #expect(
      try fields(member("kvm", "state")) == [
        "realm", "granules", "rd", "root", "tables", "vcpus", "executed", "shared", "given", "gic", "exits", "pagesGiven", "held",
      ])
    // Only VMs of a whole host are told what others have leaked, and they are in no note.
    #expect(try fields(member("kvm", "state", "granules")) == ["next", "free", "unusable"])
    #expect(
      try fields(member("kvm", "state", "vcpus", 0)) == [
        "address", "run", "isOn", "isWaiting", "missing", "deadline", "lists", "flags",
      ])
    #expect(try fields(member("kvm", "state", "gic")) == ["control", "spis", "routes", "vcpus"])
    #expect(try fields(member("kvm", "state", "gic", "spis")) == ["enabled", "pending", "level", "group", "edge", "priority"])
    #expect(try fields(member("kvm", "state", "gic", "vcpus", 0)) == ["own", "lists", "spilled", "eoiCount", "isAsleep"])
  }

  static func notes(_ session: Session) -> [Int: String] {
    var notes: [Int: String] = [:]
    for (index, step) in session.steps.enumerated() {
      if case .knows(let text) = step.host { notes[index + 1] = text }
    }
    return notes
  }

  /// What a person did between two runs, the guest's Host was not told of: neither when the recording goes on.
  @Test func whatOthersDidIsPassedOver() throws {
    let script = Script()
    try script.run(
      """
      debug kernel 1
      step 3
      pe 1
      ns.read64 0x80110000
      step
      resume 0
      pe 0
      ns.write64 0x83f00000 7
      step 2
      pe 1
      """)
    let lines = Self.recording(of: script.session)
    #expect(lines.filter { $0 == "#host aside" }.count == 6)
    let replayed = try Self.replayed(lines)
    for run in [script, replayed] { try run.run("step 2\nexpect stepped\nbreak exit irq\ncontinue\nexpect event") }
    #expect(replayed.runner.failures == [])
    #expect(replayed.session.digest() == script.session.digest())
    #expect(replayed.session.console == script.session.console)
  }

  /// Who goes back to where an entry begins and does something else there has done it for the guest, too. In the middle of what its
  /// Host does there is no place for that, and it is said where there is one.
  @Test func somethingElseIsDoneInThePast() throws {
    let script = Script()
    try script.run("debug kernel 1\nbreak exit irq\ncontinue\ncontinue")
    let replayed = try Self.replayed(Self.recording(of: script.session))
    try replayed.run("break exit irq")
    let steps = script.session.steps
    let middle = (try Self.built(script.session) + steps.count) / 2
    let entry = try #require(steps[middle...].firstIndex { $0.text.hasPrefix("smc RMI_REC_ENTER") })
    for run in [script, replayed] {
      try run.run("goto \(entry + 1)\nns.write64 0x83f00000 9")
      let error = #expect(throws: ScriptError.self) { try run.run("continue") }
      let place = try #require(error?.message.firstMatch(of: /go to step ([0-9]+),/)?.1)
      #expect(Int(place) ?? 0 <= entry)
      try run.run("goto \(place)\nns.write64 0x83f00000 9\ncontinue\nexpect event\npeek64 0x83f00000\nexpect 9")
      #expect(run.runner.failures == [])
    }
    #expect(replayed.session.digest() == script.session.digest())
  }

  /// The guest that is there at a step is the one that moves, also if another one was booted later.
  @Test func eachGuestHasItsOwnHost() throws {
    let script = Script()
    try script.run("boot --normal tour\nexpect powered_off")
    let (tour, end, last) = (try Self.built(script.session), script.session.digest(), script.session.position)
    try script.run("debug tour 1")
    let replayed = try Self.replayed(Self.recording(of: script.session))
    for run in [script, replayed] {
      try run.run("goto \(last + 20)")
      let error = #expect(throws: ScriptError.self) { try run.run("step") }
      #expect(error?.message.contains("the guest was not built yet") == true)
      try run.run("goto \((tour + last) / 2)\ncontinue\nexpect powered_off")
      #expect(run.runner.failures == [])
      #expect(run.session.digest() == end)
    }
  }

  /// Where the recording has something else than its Host would have done, nothing more is known of it, and that is said.
  @Test func whatItsHostWouldNotHaveDoneEndsIt() throws {
    let script = Script()
    try script.run("boot tour\nexpect powered_off")
    let first = try Self.built(script.session)
    let steps = script.session.steps
    let changed = try #require(steps[(first + 40)...].firstIndex { $0.text.hasPrefix("ns.write64") })
    let entry = try #require(steps[..<changed].lastIndex { $0.text.hasPrefix("smc RMI_REC_ENTER") })
    // The same is written more than once.
    let before = steps[..<changed].count { $0.text == steps[changed].text }
    var lines = Self.recording(of: script.session)
    let line = lines.indices.filter { lines[$0] == "@0.000 \(steps[changed].text)" }[before]
    lines[line] = "@0.000 ns.write64 0x83f00000 1"
    let replayed = Script(in: try take(lines))
    let error = #expect(throws: ScriptError.self) { try replayed.run("step") }
    let wanted = "where its Host would have done \"\(steps[changed].text.prefix(20))"
    #expect(error?.message.contains(wanted) == true, "\(error?.message ?? "")")
    try replayed.run("goto \(entry)\nstep\nexpect stepped")
    #expect(replayed.runner.failures == [])
  }

  // MARK: Notes of strangers

  static let small: [String] = {
    let script = Script()
    try? script.run("debug --normal tour 1")
    return recording(of: script.session)
  }()

  private func take(_ lines: [String]) throws -> Session {
    let replayer = Replayer(Session(try Recording.configuration(of: lines)))
    for (index, line) in lines.enumerated() { try replayer.take(line, line: index + 1) }
    try replayer.finish()
    return replayer.session
  }

  @Test(
    arguments: [
      ("#host vm", "vcpus=0x1", "vcpus=0x9", "vcpus=0x9; expected 0x1 to 0x8"),
      ("#host vm", "vcpus=0x1", "vcpus=0x2", "1 lines of vCPUs; vcpus= says 2"),
      ("#host vm", "memory=0x1000000", "memory=0xffffffffffe00000", "expected 0x200000"),
      ("#host vm", "memory=0x1000000", "memory=0x1000001", "no multiple of 2M"),
      ("#host vm", "root=0x80100000", "root=0xfffffffffffff000", "root=0xfffffffffffff000 is no granule of DRAM"),
      ("#host vm", "root=0x80100000", "root=0x80100001", "no granule"),
      ("#host vm", "root=0x80100000", "root=0x1 root=0x2", "stands twice"),
      ("#host vm", "root=0x80100000", "root=80100000", "a number such as 0x1f"),
      ("#host vm", "root=0x80100000", "root=0x11112222333344445", "a number such as 0x1f"),
      ("#host vm", "normal", "strange", "expected realm or normal"),
      ("#host vm", "normal", "normal more=0x1", "nothing that #host vm has"),
      ("#host vm", "lists=0x1", "lists=0x11", "expected 0x1 to 0x10"),
      ("#host vm", "image=tour", "image=%ff%zz", "no text"),
      ("#host vm", "normal", "normal pe=0x7", "expected 0x0 to 0x1"),
      ("#host vm", "normal", "normal current=0x1", "expected 0x0 to 0x0"),
      ("#host vm", "normal", "normal SYNC=0xffffffffffffffff", "expected 0x0 to"),
      ("#host gic ", "gic", "gic routes=0x1", "has 1 numbers"),
      ("#host vcpu", "on", "on lists=0x1,0x2", "more than 1"),
      ("#host gic_vcpu", "asleep", "asleep spilled=0xfff", "64 or more"),
      ("#host gic_vcpu", "asleep", "asleep priority=00", "32 bytes"),
      ("#host gic ", "gic", "gic control=0xff", "expected 0x0 to 0x3"),
      ("#host given", "given", "given 0x80000000:0x80110000*0xfffffffffffff", "expected 0x1 to 0x200000"),
      ("#host given", "given", "given 0xfffffffffffff000:0x80110000*0x2", "leads outside"),
      ("#host given", "given", "given 0x80000000:0x83fff000*0x2", "leads outside"),
      ("#host given", "given", "given 0x80ff0000:0x80110000 0x80ff0000:0x80110000", "stands twice"),
      ("#host given", "given", "given 0x80ff0000", "expected IPA:PA"),
      ("#host vm", "normal", "normal slice=x", "a number such as 0x1f"),
      ("#host vm", "normal", "normal sent=0xffffffffffffffff", "expected 0x0 to"),
      ("#host tables", "tables", "free 0x80100001", "leads outside"),
      ("#host tables", "tables", "free 0x83fff000", "leads outside"),
      ("#host tables", "tables", "free 0x80000000*0x100 0x80000000*0x100", "more free granules"),
      ("#host tables", "tables", "free 0x80000000*0x10*0x2", "expected PA or PA*COUNT"),
      ("#host tables", "tables", "tables 3:0x0:0x80110000", "expected LEVEL:REGION:PA"),
      ("#host tables", "tables", "tables 1:0x8:0x80110000", "expected 0x0 to 0x7"),
      ("#host tables", "tables", "stables", "there is no #host stables"),
      ("#host end", "#host end", "@0.000 peek64 0x80000000", "a note without its #host end"),
    ] as [(String, String, String, String)])
  func aStrangersNoteIsHeldToTheRules(_ line: String, _ old: String, _ new: String, _ words: String) throws {
    var lines = Self.small
    let place = try #require(lines.firstIndex { ($0 + " ").hasPrefix(line) })
    try #require(lines[place].contains(old), "\(lines[place])")
    lines[place] = lines[place].replacing(old, with: new, maxReplacements: 1)
    let error = #expect(throws: ScriptError.self) { _ = try take(lines) }
    #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    #expect(error?.line ?? 0 > 2)
  }

  /// A torn end is no error, lines of older versions are comments, and what stands nowhere is one.
  @Test func notesThatAreNone() throws {
    let whole = Self.small
    let begin = try #require(whole.firstIndex { $0.hasPrefix("#host vm") })
    _ = try take(Array(whole[...(begin + 1)]))
    _ = try take(["#workbench 2", "machine dram=64M", "#host vm nonsense", "@0.0 print 1"])
    #expect(throws: ScriptError.self) { _ = try take(["#workbench 3", "machine dram=64M", "#host aside"]) }
  }

  /// A recording without notes says what it lacks.
  @Test func withoutANoteNothingIsBooted() throws {
    let script = Script()
    try script.run("debug tour")
    let replayed = try Self.replayed(Self.recording(of: script.session).filter { !$0.hasPrefix("#host") })
    let error = #expect(throws: ScriptError.self) { try replayed.run("step") }
    #expect(error?.message.contains("recorded without what its Host knew") == true, "\(error?.message ?? "")")
  }
}
