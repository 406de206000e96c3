import Engine
import Foundation
import Testing

/// Recordings of a lesson, honest ones and others.
struct LessonGradeTests {
  static let text = """
    lesson A page
    part 1
    concept A page changes hands
    minutes 2
    source DEN0137 B4.3.5
    # One page.
    machine dram=64M rec_aux_count=2
    let page = 0x80001000
    ns.write64 page 7

    task Give it away
    # Delegate it.
    goal gpt(page) == REALM
    hint The call is one of RMI.
    solution
      RMI_GRANULE_DELEGATE 0x80001000
    wrong Another
      RMI_GRANULE_DELEGATE 0x80002000
    wrong A write
      ns.write64 page 0

    task Try
    # Read it.
    goal faults(NORMAL) >= 1
    forbid gpt(0x80005000) == REALM -- the page at 0x80005000 stays the Host's
    hint There is a read of the Host's.
    solution
      ns.read64 0x80001000
    ask Who?
      right The check -- so it is
      wrong The RMM -- it did not run
    """

  struct Learner {
    let run: LessonRun
    let runner: ScriptRunner

    func type(_ lines: String...) throws {
      for line in lines {
        try runner.run(line: line, number: 2, file: "typed")
        run.observe()
      }
    }

    /// What the workbench would have recorded.
    func recording() -> [String] {
      var feed = RecordingFeed()
      var text = Recording.header(run.session.origin) + feed.lines(run.session, seconds: 0)
      text += feed.digest(run.session)
      return text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
  }

  /// A lesson with a host finds the domains of the project beside it.
  static func lesson(_ text: String = text) -> (Lesson, LessonStarter) {
    let folder = text.contains("virsh") ? "Sessions/hosts/" : ""
    return (LessonParser.parse(text.components(separatedBy: "\n"), name: "page").lesson, Lessons.starter(folder + "page.lesson"))
  }

  static func learner(_ text: String = text) throws -> Learner {
    let (lesson, starter) = lesson(text)
    let (run, runner) = try starter.begin(lesson)
    return Learner(run: run, runner: runner)
  }

  static func grade(_ lines: [String], _ text: String = text) throws -> LessonGrade {
    let (lesson, starter) = lesson(text)
    return LessonGrade(lines, lesson, try starter.opening(lesson))
  }

  private func done() throws -> Learner {
    let learner = try Self.learner()
    try learner.type("RMI_GRANULE_DELEGATE 0x80002000", "undo", "RMI_GRANULE_DELEGATE 0x80001000", "ns.read64 0x80001000")
    learner.run.takeHint()
    learner.run.answer(1)
    learner.run.answer(0)
    return learner
  }

  @Test func theLessonIsRight() {
    let lines = Self.text.components(separatedBy: "\n")
    #expect(LessonCheck(lines, name: "page", keys: [], Lessons.starter("page.lesson")).problems == [])
  }

  @Test func whatWasDoneCounts() throws {
    let learner = try done()
    #expect(learner.run.isDone)
    let grade = try Self.grade(learner.recording())
    #expect(grade.status == .pass, "\(grade.message ?? "") \(grade.tests)")
    #expect(grade.passed == 2 && grade.hints == 1 && grade.wrongAnswers == 1 && grade.lines == 2 && grade.par == 2)
  }

  /// What Exercism's documents say of results.json, version 3: which keys there are, of what type, and which values go together.
  private func isOfExercism(_ grade: LessonGrade, _ expected: String) throws {
    let object = try #require(try JSONSerialization.jsonObject(with: Data(grade.json.text(.qemu).utf8)) as? [String: Any])
    #expect(Set(object.keys) == ["version", "status", "message", "tests"])
    #expect(object["version"] as? Int == 3 && object["status"] as? String == expected, "\(object)")
    let tests = try #require(object["tests"] as? [[String: Any]])
    // A message is there in an error, when no test was looked at, and only then.
    #expect((object["message"] as? String)?.isEmpty == (expected == "error" ? false : nil), "\(object)")
    #expect(tests.isEmpty == (expected == "error"))
    for (n, test) in tests.enumerated() {
      #expect(Set(test.keys) == ["name", "test_code", "status", "message", "task_id"])
      #expect((test["name"] as? String)?.isEmpty == false && (test["test_code"] as? String)?.isEmpty == false)
      let status = test["status"] as? String
      #expect(status == "pass" || status == "fail" || status == "error")
      #expect((test["message"] as? String)?.isEmpty == (status == "pass" ? nil : false), "\(test)")
      #expect(test["task_id"] as? Int == n + 1, "in the order of the tasks")
    }
    let isPassed = tests.allSatisfy { $0["status"] as? String == "pass" }
    #expect(tests.isEmpty || isPassed == (expected == "pass"))
  }

  @Test func theResultHasTheShapeOfExercism() throws {
    let learner = try done()
    try isOfExercism(Self.grade(learner.recording()), "pass")
    try isOfExercism(Self.grade(try Self.learner().recording()), "fail")
    let edited = learner.recording().map { $0.replacing("GRANULE_DELEGATE 0x80001000", with: "VERSION 0x10000") }
    try isOfExercism(Self.grade(edited), "fail")
    // Another lesson's, and what is none.
    let other = try Self.learner(Self.text.replacing("ns.write64 page 7", with: "ns.write64 page 8"))
    try isOfExercism(Self.grade(other.recording()), "error")
    try isOfExercism(Self.grade(["#workbench 4"]), "error")
  }

  /// Where a guest is run lines are not counted: a recording has what the guest did, and not that one line did it.
  @Test func linesOfGuestsAreNotCounted() throws {
    let text = """
      lesson A guest
      part 3
      concept A guest is run
      minutes 2
      source Guests
      # One guest.
      machine dram=64M pe=2 vcpu=code
      debug tour

      task Run it
      # Run it.
      goal console has "Hello from a Realm."
      hint continue does it.
      solution
        continue
      wrong Nothing
        ns.read64 0x80000000
      """
    let learner = try Self.learner(text)
    try learner.type("continue")
    #expect(learner.run.isDone && learner.run.picture.lines == 0 && learner.run.picture.par == 0)
    let grade = try Self.grade(learner.recording(), text)
    #expect(grade.status == .pass && grade.lines == 0 && grade.par == 0, "\(grade.message ?? "") \(grade.tests)")
  }

  @Test func whatIsMissingIsSaid() throws {
    let learner = try Self.learner()
    try learner.type("RMI_GRANULE_DELEGATE 0x80001000")
    let half = try Self.grade(learner.recording())
    #expect(half.status == .fail && half.tests.map(\.status) == [.pass, .fail])
    #expect(half.tests[1].message == "the number of faults of the Normal world is 0, not 1 or more")
    try learner.type("ns.read64 0x80001000")
    #expect(try Self.grade(learner.recording()).tests[1].message?.contains("no right answer") == true)
    learner.run.skip()
    let skipped = try Self.grade(learner.recording())
    #expect(skipped.status == .fail && skipped.tests[1].message == "passed over")
  }

  // MARK: Cheats

  private func refuses(_ lines: [String], _ words: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let grade = try Self.grade(lines)
    #expect(grade.status != .pass, "\(grade.tests)", sourceLocation: sourceLocation)
    let said = ([grade.message] + grade.tests.map(\.message)).compactMap { $0 }.joined(separator: "; ")
    #expect(said.contains(words), "\(said)", sourceLocation: sourceLocation)
  }

  @Test func editedAnswersAreRefused() throws {
    let learner = try Self.learner()
    try learner.type("RMI_GRANULE_DELEGATE 0x80001000", "ns.read64 0x80001000")
    learner.run.answer(0)
    var lines = learner.recording()
    let index = try #require(lines.firstIndex { $0.contains("GRANULE_DELEGATE") })
    lines.insert("=> RMI_ERROR_INPUT", at: index + 1)
    try refuses(lines, "the machine says RMI_SUCCESS")
    // A digest, too.
    lines = learner.recording().map { $0.hasPrefix("%") ? "%  state 0123456789abcdef" : $0 }
    try refuses(lines, "the machine says state")
    // A call that was not made: its answer alone says that it was.
    lines = learner.recording().map { $0.replacing("GRANULE_DELEGATE 0x80001000", with: "VERSION 0x10000") }
    try refuses(lines, "the machine says RMI_SUCCESS")
  }

  @Test(arguments: [
    "gpt.set 0x80001000 root", "root.write64 0x80001000 1", "realm.write64 0x80001000 1", "secure.read64 0x80001000",
    "sysreg set SCR_EL3 0", "without gpc.normal",
  ])
  func whatIsDoneByHandIsRefused(_ line: String) throws {
    let learner = try Self.learner()
    let made: Void? = try? learner.type(line)
    guard made != nil, learner.run.session.position > learner.run.began else { return }
    try learner.type("RMI_GRANULE_DELEGATE 0x80001000")
    #expect(learner.run.violation != nil && learner.run.current == 0)
    try refuses(learner.recording(), "here; undo it")
    // Taken back, it does not stand in the way.
    try learner.type("goto \(learner.run.began)", "RMI_GRANULE_DELEGATE 0x80001000")
    #expect(learner.run.violation == nil && learner.run.current == 1)
  }

  @Test func anotherMachineIsRefused() throws {
    let (lesson, _) = Self.lesson(Self.text.replacing("rec_aux_count=2", with: "rec_aux_count=2 rmm=tf-rmm-0.6"))
    let (run, runner) = try Lessons.starter("page.lesson").begin(lesson)
    let learner = Learner(run: run, runner: runner)
    try learner.type("RMI_GRANULE_DELEGATE 0x80001000", "ns.read64 0x80001000")
    try refuses(learner.recording(), "another machine")
    // One that is made on the way, too.
    let other = try Self.learner()
    try other.type("machine dram=64M gpf=el3", "RMI_GRANULE_DELEGATE 0x80001000")
    try refuses(other.recording(), "another machine")
    let lax = try Self.learner()
    try lax.type("machine dram=64M without=gpc.normal", "RMI_GRANULE_DELEGATE 0x80001000")
    try refuses(lax.recording(), "another machine")
    let fresh = try Self.learner()
    try fresh.type("case again", "RMI_GRANULE_DELEGATE 0x80001000")
    try refuses(fresh.recording(), "a fresh machine")
  }

  /// A check that is switched off on the way, and a machine that never had it.
  @Test func checksThatAreSwitchedOffAreRefused() throws {
    let learner = try Self.learner()
    try learner.type("without gpc.normal", "RMI_GRANULE_DELEGATE 0x80001000", "ns.read64 0x80001000")
    #expect(learner.run.violation != nil && learner.run.current == 0)
    try refuses(learner.recording(), "a check switched off proves nothing here")
    // On again it is still a machine of the lab; before it was one, goals count.
    try learner.type("with *")
    #expect(learner.run.violation != nil)
    try learner.type("goto \(learner.run.began)", "RMI_GRANULE_DELEGATE 0x80001000")
    #expect(learner.run.violation == nil && learner.run.current == 1)
    let (lesson, _) = Self.lesson(Self.text.replacing("rec_aux_count=2", with: "rec_aux_count=2 without=gpc.normal"))
    let (run, runner) = try Lessons.starter("page.lesson").begin(lesson)
    let other = Learner(run: run, runner: runner)
    try other.type("RMI_GRANULE_DELEGATE 0x80001000")
    try refuses(other.recording(), "another machine than that of the lesson page: it has without=gpc.normal")
  }

  @Test func anotherLessonIsRefused() throws {
    let other = Self.text.replacing("ns.write64 page 7", with: "ns.write64 page 8")
    let learner = try Self.learner(other)
    try learner.type("RMI_GRANULE_DELEGATE 0x80001000", "ns.read64 0x80001000")
    try refuses(learner.recording(), "does not begin as the lesson page does")
  }

  @Test func whatIsForbiddenIsRefused() throws {
    let learner = try Self.learner()
    try learner.type("RMI_GRANULE_DELEGATE 0x80001000", "RMI_GRANULE_DELEGATE 0x80005000", "ns.read64 0x80001000")
    learner.run.answer(0)
    try refuses(learner.recording(), "the page at 0x80005000 stays the Host's")
  }

  @Test func whatIsNoRecordingIsAnError() throws {
    for lines in [[""], ["RMI_VERSION"], ["#workbench 99"], ["#workbench 4", "bogus"]] {
      let grade = try Self.grade(lines)
      #expect(grade.status != .pass && grade.message != nil)
    }
  }

  // MARK: Hosts

  /// Goals about libvirt and KVM: a recording has what they did, and grading has them do it again.
  static let domain = """
    lesson A domain
    part 2
    concept A domain is started and destroyed
    minutes 2
    source libvirt, virsh
    # One domain.
    machine dram=256M vcpu=code
    virsh define shop.xml

    task Start it
    # Start it.
    goal domains(RUNNING) == 1
    goal host has "Domain 'shop' started"
    goal kernel has "[    0.000000]"
    hint virsh start takes its name.
    solution
      virsh start shop
    wrong List
      virsh list --all
    ask Who runs it?
      right KVM -- so it is
      wrong The RMM -- it does not run by itself

    task Destroy it
    # And destroy it.
    goal domains(SHUT_OFF) == 1
    goal host has "Domain 'shop' destroyed"
    hint virsh destroy takes its name.
    solution
      virsh destroy shop
    wrong Wait
      wait 1ms
    """

  @Test func goalsOfAHostHoldInARecordingToo() throws {
    let learner = try Self.learner(Self.domain)
    try learner.type("virsh start shop", "virsh list", "virsh destroy shop", "undo")
    try learner.type("goto \(learner.run.began)", "virsh start shop")
    let right = try #require(learner.run.question?.question.shown.firstIndex { $0.isRight })
    learner.run.answer(right)
    #expect(learner.run.current == 1)
    #expect(try Self.grade(learner.recording(), Self.domain).tests.map(\.status) == [.pass, .fail])
    try learner.type("wait 10ms", "virsh destroy shop")
    #expect(learner.run.isDone)
    let grade = try Self.grade(learner.recording(), Self.domain)
    #expect(grade.status == .pass, "\(grade.message ?? "") \(grade.tests)")
    // Who goes on with it has the same host.
    let (lesson, starter) = Self.lesson(Self.domain)
    let replay = try LessonReplay(learner.recording(), lesson, try starter.opening(lesson), .replay)
    #expect(replay.hostTrouble == nil && replay.run.isDone)
    let state = try replay.stackControl.perform(.virsh("domstate shop"), in: "Sessions/hosts/page.lesson")
    #expect(state.lines.first?.text == "shut off")
    // What nobody started does not run, whatever the recording says it was told.
    let idle = try Self.learner(Self.domain)
    try idle.type("virsh list")
    let lines = idle.recording().map { $0.replacing("#statement 1 virsh list", with: "#statement 1 virsh start shop") }
    let cheated = try Self.grade(lines, Self.domain)
    #expect(cheated.status == .fail && cheated.tests.allSatisfy { $0.status == .fail }, "\(cheated.tests)")
    #expect(cheated.tests[0].message?.contains("the host of this recording cannot go on") == true, "\(cheated.tests)")
  }

  @Test func aClassOfAHundredTakesSeconds() throws {
    var recordings: [[String]] = []
    for n in 0..<100 {
      let learner = try Self.learner()
      for m in 0..<(n % 7) { try learner.type("ns.write64 \(0x8000_9000 + m * 4096) \(n)") }
      try learner.type("RMI_GRANULE_DELEGATE 0x80001000")
      if n % 3 > 0 { try learner.type("ns.read64 0x80001000") }
      if n % 3 > 1 { learner.run.answer(0) }
      recordings.append(learner.recording())
    }
    let (lesson, starter) = Self.lesson()
    let opening = try starter.opening(lesson)
    let start = ContinuousClock.now
    let grades = recordings.map { LessonGrade($0, lesson, opening) }
    #expect(grades.filter { $0.status == .pass }.count == 33)
    #expect(ContinuousClock.now - start < .seconds(10))
  }
}
