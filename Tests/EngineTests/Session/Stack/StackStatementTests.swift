import Engine
import Synchronization
import Testing

@testable import Session

/// A host in the language of sessions: virsh, qemu, lkvm, qmp, wait, dmesg.
struct StackStatementTests {
  /// A script in Sessions/hosts.
  private final class Script {
    let session: Session
    let runner: ScriptRunner
    private(set) var last: ScriptRunner.Report?

    init(history: Bool = true) {
      var configuration = MachineConfiguration()
      (configuration.vcpu, configuration.dramSize, configuration.peCount) = (.code, 256 << 20, 2)
      session = Session(configuration, keepsHistory: history)
      runner = ScriptRunner(session)
      runner.stackControl.place = { _ in ProjectFiles.place(of: "Sessions/hosts/x.session") }
      runner.onReport = { [unowned self] in last = $0 }
    }

    /// Runs lines; what the last one printed.
    @discardableResult
    func run(_ lines: String...) throws -> [String] {
      for (n, line) in lines.enumerated() { try runner.run(line: line, number: n + 1, file: "x.session") }
      return last?.result.console ?? []
    }
  }

  @Test func aDomainsLifeIsStepsInGroupsOfItsLayers() throws {
    let script = Script()
    #expect(try script.run("virsh create shop.xml").first == "Domain 'shop' created from shop.xml")
    let built = script.session.position
    let created = try #require((0..<built).first { script.session.steps[$0].text.contains("RMI_REALM_CREATE") })
    let layers = script.session.groups(around: created).map(\.text)
    #expect(layers.count == 3)
    #expect(layers[0] == "virsh create shop.xml")
    #expect(layers[1].hasPrefix("QMP {\"execute\":\"cont\""))
    #expect(layers.last?.hasPrefix("ioctl(KVM_ENABLE_CAP(CREATE_REALM)") == true)
    try script.run("virsh destroy shop")
    let destroyed = try #require(
      (built..<script.session.position).first { script.session.steps[$0].text.contains("RMI_REALM_DESTROY") })
    #expect(script.session.groups(around: destroyed).map(\.text) == ["virsh destroy shop", "close(VM)"])
    #expect(script.session.read { $0.realmSummaries() }.isEmpty)
  }

  @Test func aHostGoesOnFromAnyStepAtWhichItStood() throws {
    let script = Script()
    try script.run("virsh create shop.xml", "virsh list")
    let (here, digest) = (script.session.position, script.session.digest())
    try script.run("virsh destroy shop", "virsh list --all")
    #expect(script.last?.result.console.contains { $0.contains("shop") } == false)
    // Back to where it ran: libvirt has it again, and it goes on as it did.
    script.session.seek(here)
    #expect(script.session.stackPicture?.guests.first?.domain?.state == "running")
    #expect(try script.run("virsh domstate shop").first == "running")
    #expect(script.session.groups(around: here).first?.text == "virsh domstate shop")
    try script.run("virsh destroy shop")
    // And further back, to where nothing was.
    script.session.seek(0)
    #expect(script.session.stackPicture == nil)
    #expect(try script.run("virsh list --all").contains { $0.contains("shop") } == false)
    try script.run("virsh create shop.xml", "virsh list")
    #expect(script.session.digest() != digest || script.session.position == here + 1)
  }

  /// A recording of some lines, opened: its session, and what a person has its host do.
  private static func reopened(_ lines: [String], file: String = "x.session") throws -> (session: Session, control: StackControl)
  {
    let script = Script()
    for line in lines { try script.run(line) }
    let text = (1...script.session.position).reduce(Recording.header(script.session.origin)) {
      $0 + Recording.lines(script.session, $1, seconds: 0)
    }
    let recording = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    let replayer = Replayer(Session(try Recording.configuration(of: recording)))
    for (n, line) in recording.enumerated() { try replayer.take(line, line: n + 1) }
    try replayer.finish()
    #expect(replayer.difference == nil)
    let control = StackControl(replayer.session)
    control.place = { ProjectFiles.place(of: "Sessions/hosts/\($0)") }
    control.recording = file
    return (replayer.session, control)
  }

  @Test func theHostOfARecordingGoesOnWhereItIsOpened() throws {
    let (session, control) = try Self.reopened(["virsh create shop.xml", "virsh list", "virsh destroy shop"])
    let listed = try #require(session.stepGroups.first { $0.text == "virsh list" })
    session.seek(listed.range.upperBound)
    #expect(session.stackPicture == nil)
    let state = try control.perform(.virsh("domstate shop"), in: "x.session")
    #expect(state.lines.first?.text == "running")
    #expect(session.stackOrders.map(\.command.text) == ["virsh create shop.xml", "virsh list", "virsh domstate shop"])
    #expect(session.stackOrders.first?.lines.first?.text == "Domain 'shop' created from shop.xml")
    #expect(try control.perform(.virsh("destroy shop"), in: "x.session").isDone)
    #expect(session.read { $0.realmSummaries() }.isEmpty)
  }

  @Test func theHostOfARecordingSaysWhyItCannotGoOn() throws {
    let (session, control) = try Self.reopened(["virsh create shop.xml", "virsh list"])
    // Its files are not beside it.
    control.place = { ProjectFiles.place(of: "Sessions/guests/\($0)") }
    let end = session.position
    let error = #expect(throws: ScriptError.self) { try control.perform(.virsh("list"), in: "x.session") }
    #expect(
      error?.message.contains("the host of this recording cannot go on: \"virsh create shop.xml\" does not do again") == true)
    #expect(error?.message.hasSuffix("in the folder of x.session") == true)
    #expect(session.position == end)
    // Nor in the middle of what it was told.
    control.place = { ProjectFiles.place(of: "Sessions/hosts/\($0)") }
    session.seek(5)
    #expect(throws: ScriptError.self) { try control.perform(.virsh("list"), in: "x.session") }
    session.seek(end)
    #expect(try control.perform(.virsh("list"), in: "x.session").lines.contains { $0.text.contains("running") })
  }

  @Test func inTheMiddleOfACommandNobodyKnowsTheHost() throws {
    let script = Script()
    try script.run("virsh create shop.xml")
    script.session.seek(5)
    let error = #expect(throws: ScriptError.self) { try script.run("virsh list") }
    #expect(error?.message.contains("step 5 is in the middle of \"virsh create shop.xml\"") == true)
    #expect(error?.message.contains("go to step 0, before it") == true)
    // What somebody else does there is done, and the host is another one afterwards.
    try script.run("ns.write64 0x80000000 1")
    #expect(script.session.stackPicture == nil)
    let before = script.session.position
    try script.run("virsh list --all")
    #expect(script.session.steps[before].text.hasPrefix("machine"))
  }

  @Test func vmmsStartedByHandHaveTheSameHost() throws {
    let script = Script(history: false)
    try script.run(
      "qemu -M virt,gic-version=3,confidential-guest-support=rme0 -object rme-guest,id=rme0 -accel kvm -cpu host -m 16M -kernel cloud.img",
      "lkvm run --realm -c 1 -m 16M -k cloud.img")
    #expect(script.last?.result.text == "process 4243 runs on PE 1")
    let printed = try script.run("wait 20ms")
    #expect(printed.filter { $0.hasSuffix("Hello from a Realm.") }.count == 2)
    let rims = printed.filter { $0.contains("RIM ") }.compactMap { $0.split(separator: " ").last }
    #expect(Set(rims).count == 2)
    #expect(
      rims.map(String.init).sorted() == script.session.read { $0.realmSummaries() }.map { hexBytes($0.measurements[0]) }.sorted())
    try script.run("qmp 4242 {\"execute\": \"qmp_capabilities\"}", "qmp 4242 {\"execute\": \"query-status\"}")
    #expect(script.last?.result.console.last?.contains("\"status\": \"running\"") == true)
    try script.run("qmp 4242 {\"execute\": \"quit\"}")
    #expect(script.session.read { $0.realmSummaries() }.count == 1)
  }

  @Test func whatIsRefusedCanBeExpectedWithTheLayer() throws {
    let script = Script(history: false)
    try script.run(
      "virsh create mistake-algorithm.xml", "expect error by=QEMU", "expect says mistake-algorithm.xml:",
      "virsh list --all", "expect !says algorithm", "qemu -M virt -foo", "expect error by=QEMU",
      "virsh frobnicate", "expect error by=virsh", "virsh start nobody", "expect error", "qmp 1 {}", "expect error")
    #expect(script.runner.failures == [])
    try script.run("virsh list", "expect says a word that nobody says")
    #expect(script.runner.failures.first?.message.contains("expected says a word that nobody says") == true)
  }

  @Test(arguments: [
    ("wait 5", "expected a time such as 500us, 10ms or 2s"), ("wait 0s", "expected a time"), ("wait 3601s", "expected a time"),
    ("lkvm", "lkvm needs an action: run"), ("qmp 4242", "expected: qmp [PROCESS] COMMAND"), ("wait", "no host was started"),
    ("dmesg", "no host was started"), ("qemu -m \"1G", "missing \""),
  ])
  func whatIsWrongWithALineIsSaid(_ line: String, _ words: String) throws {
    let script = Script()
    let error = #expect(throws: ScriptError.self) { try script.run(line) }
    #expect(error?.message.contains(words) == true)
  }

  @Test func whatASessionKeepsOfAHostHasAnEnd() throws {
    let script = Script()
    try script.run("virsh create shop.xml")
    for _ in 1..<StackLog.mostOrders { try script.run("dmesg") }
    let error = #expect(throws: ScriptError.self) { try script.run("dmesg") }
    #expect(error?.message.contains("the host was told 2048 things") == true)
    // Without steps to go back to there is none.
    let batch = Script(history: false)
    try batch.run("virsh create shop.xml")
    for _ in 0...StackLog.mostOrders { try batch.run("dmesg") }
    #expect(batch.session.stackLog.orders.count == 1)
  }

  /// Who corrects a file is heard; who goes back finds it as it was.
  @Test func aFileThatWasChangedIsReadAnew() throws {
    final class Changing: FileSource {
      let texts = Mutex<[String]>([])
      func exists(_ file: PermittedFile) -> Bool { true }
      func read(_ file: PermittedFile) -> FileAnswer {
        .bytes(texts.withLock { Array(($0.count > 1 ? $0.removeFirst() : $0[0]).utf8) })
      }
      func isFolder(_ path: String) -> Bool { false }
    }
    let files = Changing()
    files.texts.withLock { $0 = ["<domain>", "<domain type='kvm'/>"] }
    let script = Script()
    let policy = FilePolicy(folders: ["/"], files)
    script.runner.stackControl.place = { _ in StackControl.Place(folder: "/", xml: policy, images: policy) }
    let first = try script.run("virsh define a.xml")
    let end = script.session.position
    let second = try script.run("virsh define a.xml")
    #expect(first != second)
    try script.run("virsh list --all")
    // Told again, each finds what it found.
    script.session.seek(end)
    try script.run("virsh list --all")
    #expect(script.session.stackLog.orders.first?.lines.first?.text == first.first)
  }

  @Test func whatWasCapturedStaysCaptured() throws {
    let script = Script(history: false)
    try script.run("ns.read64 0x8f000000", "expect any x0=?v", "machine vcpu=code dram=256M", "virsh create shop.xml")
    try script.run("RMI_FEATURES 0", "expect any x1=?f", "virsh list", "RMI_FEATURES 0", "expect any x1!=?f")
    #expect(script.runner.failureCount == 1)
  }

  @Test func aRecordingHasWhatTheHostDid() throws {
    let script = Script()
    try script.run("virsh create shop.xml", "virsh list", "virsh destroy shop")
    var text = Recording.header(script.session.origin)
    for number in 1...script.session.position { text += Recording.lines(script.session, number, seconds: 0) }
    #expect(!text.contains("#host"))
    let lines = text.split(separator: "\n").map(String.init)
    let replayer = Replayer(Session(try Recording.configuration(of: lines)))
    for (n, line) in lines.enumerated() { try replayer.take(line, line: n + 1) }
    try replayer.finish()
    #expect(replayer.difference == nil)
    #expect(replayer.session.digest() == script.session.digest())
    #expect(replayer.session.stepGroups.map(\.text) == script.session.stepGroups.map(\.text))
  }
}
