import Basics
import Engine
import Testing

/// A guest with a prompt, which somebody types into, and its virtio devices.
struct GuestDeviceTests {
  private static let sector = Array("This is the first sector of a disk.".utf8) + [UInt8](repeating: 0, count: 2013)

  private static func serve(_ script: Script) {
    script.runner.guestControl.loadFile = { name, _ throws(ScriptError) in
      guard name == "disk.img" else { throw ScriptError(message: "no file \(name)") }
      return sector
    }
  }

  private static func script(_ options: String, _ words: String...) throws -> Script {
    let script = Script()
    serve(script)
    try script.run("debug \(options) devices 1\nuntil text:\"> \"\nexpect event")
    for word in words { try script.run("type \"\(word)\\n\"\nuntil text:\"> \"\nexpect event") }
    return script
  }

  private static func console(_ script: Script) -> String {
    String(decoding: PL011.printable(script.session.console), as: UTF8.self)
  }

  private static let everything = "--disk disk.img,rw --net --rng"

  @Test(arguments: [true, false])
  func allDevicesAreUsed(_ isRealm: Bool) throws {
    let script = try Self.script((isRealm ? "" : "--normal ") + Self.everything, "rng", "disk", "net", "what")
    try script.run("type \"off\\n\"\ncontinue\nexpect powered_off")
    #expect(script.runner.failures == [])
    let console = Self.console(script)
    let random = try #require(console.split(separator: "rng: 16 bytes ").last?.prefix(32))
    #expect(
      console == """
        devices: \(isRealm ? "in a Realm: buffers lie in shared memory" : "not in a Realm: all memory is the Host's as well")
        > rng
        rng: 16 bytes \(random)
        > disk
        disk: 4 sectors
        sector 0: This is the first sector
        write: 0, read: 0, as it was written; beyond the end: 1
        > net
        net: 525400123456
        dhcp: 10.0.2.15
        arp: 10.0.2.2 is 52550a000202
        ping: an answer
        udp: an echo
        http: HTTP/1.0 200 OK, A page of the model's network. /bytes/N has N bytes, up to 65536.
        > what
        there are rng, disk, net, console, vsock, fs, off
        > off
        good bye

        """)
    #expect(Set(random).count > 4)
    #expect(script.session.read { $0.invariantViolations() } == [])
    try expectReplay(of: script.session)
  }

  @Test func aDiskIsReadOnlyUnlessItIsSaidToBeWritable() throws {
    let script = try Self.script("--disk disk.img", "disk", "rng")
    let console = Self.console(script)
    #expect(console.contains("disk: 4 sectors, read-only\n"))
    #expect(console.contains("write: 1, read: 0, not what was written"))
    #expect(console.contains("> rng\nthere is no such device\n"))
  }

  /// Without VIRTIO_F_ACCESS_PLATFORM a driver knows nothing of shared memory: the Host can reach the queues of a VM, not of a Realm.
  @Test(arguments: [true, false])
  func withoutAccessPlatformARealmsDevicesStop(_ isRealm: Bool) throws {
    let script = try Self.script((isRealm ? "" : "--normal ") + Self.everything + " --no-access-platform", "rng")
    let console = Self.console(script)
    #expect(console.contains("no VIRTIO_F_ACCESS_PLATFORM"))
    #expect(console.contains("the device has stopped") == isRealm)
    #expect(console.contains("rng: 16 bytes") == !isRealm)
    #expect(script.session.steps.contains { if case .gpf = $0.result.answer?.kind { true } else { false } } == isRealm)
  }

  /// In a recording: from where somebody typed, and from the middle of what came of it, a guest goes on as it did.
  @Test func aReplayedGuestIsTypedIntoAsTheLiveOne() throws {
    let live = Script()
    Self.serve(live)
    var ends: [(position: Int, digest: UInt64)] = []
    try live.run("debug \(Self.everything) devices 1\nuntil text:\"> \"")
    ends.append((live.session.position, live.session.digest()))
    let words = ["disk", "net", "rng"]
    for word in words {
      try live.run("type \"\(word)\\n\"\nuntil text:\"> \"\nexpect event")
      ends.append((live.session.position, live.session.digest()))
    }
    #expect(live.runner.failures == [])
    let recording = HostNoteTests.recording(of: live.session)
    #expect(recording.contains("#host typed 6469736b0a"))
    for (n, word) in words.enumerated() {
      let replayed = try HostNoteTests.replayed(recording)
      Self.serve(replayed)
      try replayed.run("goto \(ends[n].position)\ntype \"\(word)\\n\"\nuntil text:\"> \"\nexpect event")
      #expect(replayed.runner.failures == [])
      #expect(replayed.session.position == ends[n + 1].position && replayed.session.digest() == ends[n + 1].digest, "\(word)")
    }
    for n in words.indices {
      let replayed = try HostNoteTests.replayed(recording)
      Self.serve(replayed)
      let middle = (ends[n].position + ends[n + 1].position) / 2
      try replayed.run("goto \(middle)\nuntil text:\"> \"\nexpect event")
      #expect(replayed.runner.failures == [])
      #expect(replayed.session.digest() == ends[n + 1].digest, "from the middle of \(words[n])")
    }
  }

  /// Back to before somebody typed, and on by steps: typed again, it does the same again.
  @Test func goingBackTakesWhatWasTypedAlong() throws {
    let script = try Self.script("--rng")
    try script.run("type \"rng\\n\"\nstep 80\nexpect stepped")
    let (place, console) = (script.takeRaw().last, Self.console(script))
    #expect(console.contains("> r"))
    try script.run("back 80\nexpect stepped")
    #expect(Self.console(script).hasSuffix("> "))
    try script.run("type \"rng\\n\"\nstep 80\nexpect stepped")
    #expect(script.runner.failures == [])
    #expect(script.takeRaw().last == place && Self.console(script) == console)
    try script.run("until text:\"> \"\nexpect event")
    #expect(Self.console(script).contains("> rng\nrng: 16 bytes "))
  }

  /// Back to before somebody typed, and on without typing anything: it is typed again where it was.
  @Test(arguments: ["back 80", "goto start"])
  func whatWasTypedComesAgain(_ way: String) throws {
    let script = try Self.script("--rng")
    let start = script.session.position
    try script.run("type \"rng\\n\"\nuntil text:\"> \"\nexpect event")
    let (end, digest, console) = (script.session.position, script.session.digest(), Self.console(script))
    if way == "back 80" {
      try script.run("goto \(start)\nstep 80\nexpect stepped\nback 80\nexpect stepped\nuntil text:\"> \"\nexpect event")
    } else {
      try script.run("goto \(start)\nuntil text:\"> \"\nexpect event")
      #expect(script.session.position == end)
    }
    #expect(script.runner.failures == [])
    #expect(script.session.digest() == digest && Self.console(script) == console)
    // A replayed recording has it, too.
    let replayed = try HostNoteTests.replayed(HostNoteTests.recording(of: script.session))
    Self.serve(replayed)
    try replayed.run("goto \(start)\nuntil text:\"> \"\nexpect event")
    #expect(replayed.runner.failures == [])
    #expect(replayed.session.digest() == digest && Self.console(replayed) == console)
    // Who types something else has that instead.
    try script.run("goto \(start)\ntype \"what\\n\"\nuntil text:\"> \"\nexpect event")
    #expect(script.runner.failures == [])
    #expect(Self.console(script).hasSuffix("> what\nthere are rng, disk, net, console, vsock, fs, off\n> "))
  }

  /// What is typed goes to the console the guest printed on last; what is printed on either is the session's, and a recording's.
  @Test(arguments: [true, false])
  func aVirtioConsoleTakesWhatIsTypedWhileItIsInUse(_ isRealm: Bool) throws {
    let script = try Self.script((isRealm ? "" : "--normal ") + "--console")
    try script.run("type \"console\\n\"\nuntil text:\"hvc> \"\nexpect event")
    let start = script.session.position
    try script.run("type \"some words\\n\"\nuntil text:\"> \"\nexpect event")
    let (end, digest) = (script.session.position, script.session.digest())
    #expect(script.runner.failures == [])
    #expect(
      Self.console(script).hasSuffix(
        """
        > console
        hvc> 
        this line came by hvc
        console: 80 columns, typed: some words
        > 
        """))
    let recording = HostNoteTests.recording(of: script.session)
    #expect(recording.contains("#host printed " + hexBytes(Array("hvc> ".utf8))))
    let replayed = try HostNoteTests.replayed(recording)
    #expect(replayed.session.console == script.session.console)
    // Back to before it was typed, and on: it is typed again where it was, live and in a recording.
    for again in [script, replayed] {
      try again.run("goto \(start)\nuntil text:\"typed: some words\" within 100M\nexpect event")
      #expect(again.runner.failures == [])
      try again.run("goto \(start)\ntype \"some words\\n\"\nuntil text:\"\\n> \"\nexpect event")
      #expect(again.runner.failures == [])
      #expect(again.session.position == end && again.session.digest() == digest)
    }
  }

  @Test(arguments: [true, false])
  func socketsLeadToAnEchoAndToARelyingParty(_ isRealm: Bool) throws {
    let script = try Self.script((isRealm ? "" : "--normal ") + "--vsock")
    try script.run(
      "type \"vsock\\n\"\nuntil text:\"sock> \"\nexpect event\ntype \"some words\\n\"\nuntil text:\"\\n> \"\nexpect event")
    #expect(script.runner.failures == [])
    #expect(
      Self.console(script).contains(
        """
        > vsock
        vsock: cid 3
        nobody: reset
        echo: Hello, Host!, over
        nonce: code 0, 32 bytes
        no token: code 1, This is no request: 4 bytes are no public key with a token.
        sock> 
        typed to a socket: some words

        """))
    // The token is this guest's, and the relying party trusts another.
    #expect(
      Self.console(script).contains("token: code 3, The token is genuine, but I do not trust what it says (realm ") == isRealm)
    #expect(script.session.read { $0.invariantViolations() } == [])
    try expectReplay(of: script.session)
  }

  @Test(arguments: [true, false])
  func aFolderIsReadAndNotWritten(_ isRealm: Bool) throws {
    let archive = SharedFolder.archive([
      SharedFolder.Entry(path: ["hello.txt"], bytes: Array("Hello from the folder".utf8)),
      SharedFolder.Entry(path: ["sub"], bytes: nil),
      SharedFolder.Entry(path: ["sub", "inner.txt"], bytes: Array("an inner file".utf8)),
    ])
    var options = RealmVM.Options()
    (options.vcpus, options.isRealm) = (1, isRealm)
    options.share = SharedFolder(DiskImage("folder", archive, isWritable: false))
    #expect(options.share != nil)
    var configuration = MachineConfiguration()
    configuration.vcpu = .code
    let script = Script(configuration)
    let vm = RealmVM(script.session, options)
    try vm.build(try script.runner.guestControl.load("devices", ""))
    script.runner.guestControl.adopt(GuestDebugger(script.session, vm), .none)
    try script.run("until text:\"> \"\ntype \"fs\\n\"\nuntil text:\"\\n> \"\nexpect event")
    #expect(script.runner.failures == [])
    #expect(
      Self.console(script).hasSuffix(
        """
        > fs
        fs: tag share, version 7.31
        names: . .. hello.txt sub
        hello.txt: 21 bytes, open 0, read 0: Hello from the folder; behind its end 0 bytes
        to write: open 30, write 30
        ..: 2, a/b: 2, nothing: 2, node 99: 116
        inner.txt: an inner file
        > 
        """))
    try expectReplay(of: script.session)
    // A file has the folder with it.
    let kept = try GuestSnapshot(GuestSnapshot.bytes(script.session, vm)).session(keepsHistory: true)
    let again = Script(in: kept)
    try again.run("type \"fs\\n\"\nuntil text:\"inner.txt: an inner file\"\nexpect event")
    #expect(again.runner.failures == [])
  }

  @Test func namesOfAFolderLeadNowhereElse() {
    func folder(_ path: [String], _ parent: [[String]] = []) -> SharedFolder? {
      let entries = parent.map { SharedFolder.Entry(path: $0, bytes: nil) } + [SharedFolder.Entry(path: path, bytes: [1])]
      return SharedFolder(DiskImage("folder", SharedFolder.archive(entries), isWritable: false))
    }
    #expect(folder(["a"]) != nil && folder(["d", "a"], [["d"]]) != nil)
    for path in [["..", "a"], ["."], [""], ["", "etc"], ["d", "a"]] { #expect(folder(path) == nil, "\(path)") }
    #expect(folder(["a"], [["a"]]) == nil, "twice")
  }
}
