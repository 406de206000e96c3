import ArgumentParser
import Foundation
import Testing

@testable import Workbench

/// Booting from the outside: console, summary, exit codes, recording, and the guest on the screen.
struct BootCommandTests {
  private static func guest(_ name: String) -> String { PseudoTerminal.root.appending(path: "Sessions/guests/\(name).elf").path }

  @Test func theTourIsShownToItsEndAndItsRecordingReplays() throws {
    let folder = try TemporaryFolder()
    let recording = folder.path + "/tour.session"
    let result = try Headless.run(["boot", "--record", recording])
    #expect(result.code == 0)
    #expect(result.output.contains("Hello from a Realm."))
    #expect(result.output.hasSuffix("Good bye.\n"))
    #expect(result.error.contains("the guest powered off"))
    #expect(try Headless.run(["replay", "--verify", recording]).code == 0)
    #expect(try Headless.run(["token", "verify", recording]).code == 0)
  }

  @Test func itOpensInTheWorkbench() throws {
    let terminal = try PseudoTerminal(["boot", Self.guest("tour"), "--open"])
    try terminal.until("Good bye.")
    let mark = terminal.mark
    terminal.type("<")
    try terminal.until("at step", since: mark)
    terminal.type("q")
    #expect(try terminal.exitCode() == 0)
  }

  /// Outside a Realm the same image runs, and the Host reads what it cannot in one.
  @Test func theSameGuestOutsideARealm() throws {
    let folder = try TemporaryFolder()
    let recording = folder.path + "/normal.session"
    let result = try Headless.run(["boot", "--normal", "tour", "--record", recording])
    #expect(result.code == 0)
    #expect(result.output.contains("Hello, but not from a Realm."))
    let words = try #require(result.output.split(separator: "my secret lies at ").last?.prefix(10))
    #expect(result.error.contains("the Host can read the guest's memory at 0x80000000 (PA 0x"))
    #expect(!result.error.contains("RIM"))
    #expect(try Headless.run(["replay", "--verify", recording]).code == 0)
    let secret = try Headless.run(["boot", "--normal", "--peek", String(words)])
    #expect(secret.error.contains("44 6f 20 6e 6f 74 20 74 65 6c 6c 20 68 69 6d 00  Do not tell him."))
    let realm = try Headless.run(["boot", "--peek", String(words)])
    #expect(realm.error.contains("the Host cannot read the guest's memory at \(words) (PA 0x"))
    #expect(realm.error.contains("granule protection fault"))
    let summary = try Headless.run(["boot", "--normal", "--json"])
    let json = try #require(try JSONSerialization.jsonObject(with: Data(summary.output.utf8)) as? [String: Any])
    #expect(json["isRealm"] as? Bool == false)
    #expect((json["hostRead"] as? [String: Any])?["bytes"] != nil)
  }

  @Test func itStopsAtAnEvent() throws {
    let result = try Headless.run(["boot", "--image", "tour", "--until", "text:RSI 1."])
    #expect(result.code == 0)
    #expect(result.output.contains("RSI 1.") && !result.output.contains("Good bye."))
    #expect(result.error.contains("stopped at text:RSI 1."))
    #expect(try Headless.run(["boot", "--until", "lunch"]).code == 64)
  }

  @Test func aLinuxImageGetsItsDeviceTree() throws {
    let folder = try TemporaryFolder()
    let initrd = try folder.write("initrd", String(repeating: "x", count: 5000))
    let image = PseudoTerminal.root.appending(path: "Sessions/guests/fdt.img").path
    let result = try Headless.run(["boot", image, "--append", "console=ttyAMA0 hello", "--initrd", initrd, "--mem", "32M"])
    #expect(result.code == 0)
    #expect(result.output.contains("bootargs: console=ttyAMA0 hello\n"))
    #expect(result.output.contains("memory: 0x80000000, size 0x2000000\n"))
    #expect(try Headless.run(["boot", image, "--mem", "2M"]).code == 65)
  }

  @Test func theSummaryAsJSON() throws {
    let result = try Headless.run(["boot", Self.guest("tour"), "--json", "--vcpus", "1", "--hash", "sha-512"])
    #expect(result.code == 0)
    let summary = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    #expect(summary["ending"] as? String == "powered off")
    #expect(summary["tokens"] as? Int == 1)
    #expect((summary["rim"] as? String)?.count == 128)
  }

  /// The sealed model by its name: the relying party answers it, and a recording needs none.
  @Test func theSealedModelGetsItsKey() throws {
    let folder = try TemporaryFolder()
    let recording = folder.path + "/model.session"
    let result = try Headless.run(["boot", "model", "--record", recording])
    #expect(result.code == 0)
    #expect(result.output.contains("this is a 7      this is a 2      this is a 5\n"))
    #expect(result.output.split(separator: "\n").allSatisfy { $0.count <= 78 })
    #expect(result.error.contains("where the weights lie open: granule protection fault."))
    #expect(result.error.contains("| The relying party released the model key"))
    #expect(try Headless.run(["replay", "--verify", recording]).code == 0)
  }

  /// Another image is refused, unless it is the one that is trusted.
  @Test func aChangedModelIsRefused() throws {
    let folder = try TemporaryFolder()
    var file = try Data(contentsOf: URL(filePath: Self.guest("model")))
    let place = try #require(file.range(of: Data("Good bye.".utf8)))
    file[place.lowerBound] ^= 0x20
    let changed = folder.path + "/changed.elf"
    try file.write(to: URL(filePath: changed))
    let refused = try Headless.run(["boot", changed])
    #expect(refused.code == 0)
    #expect(refused.output.hasSuffix("The weights stay sealed.\n"))
    #expect(refused.error.contains("| The relying party kept the key, because of realm executables."))
    let trusted = try Headless.run(["boot", changed, "--relying-party", changed])
    #expect(trusted.output.hasSuffix("good bye.\n"))
    let summary = try Headless.run(["boot", changed, "--json"])
    #expect(summary.output.contains("kept the key"))
  }

  @Test(
    arguments: [
      ("boot nosuch", 66, "nosuch: No such file"), ("boot GUEST --relying-party /nonexistent/file", 66, "No such file"),
      ("boot /nonexistent/file", 66, "No such file"), ("boot /dev/null", 66, "is a device; expected a file"),
      ("boot /dev/zero", 66, "is a device; expected a file"),
      ("boot GUEST --initrd /dev/zero", 66, "is a device; expected a file"),
      ("boot GUEST --limit 0", 64, "--limit must be positive"), ("boot GUEST --seed x", 64, "--seed"),
      ("boot --mem 3M GUEST", 64, "multiple of 2M"),
      ("boot --mem lots GUEST", 64, "--mem"), ("boot --vcpus 9 GUEST", 64, "--vcpus is 1 to 8"),
      ("boot README.md", 65, "this is text"),
      ("boot --hash md5 GUEST", 64, "--hash"), ("boot --peek here GUEST", 64, "--peek"),
      ("boot --normal --machine dram=1028K GUEST", 65, "out of memory"),
      ("boot --machine dram=1100K GUEST", 65, "out of memory"), ("boot --entries 5 GUEST", 1, "given up after 5 entries"),
      ("disassemble /dev/null", 66, "is a device; expected a file"), ("boot --mem 9G GUEST", 64, "up to 8G"),
      ("boot GUEST --disk /dev/zero", 66, "is a device; expected a file"),
      ("boot GUEST --disk a --disk b --disk c --disk d --disk e", 64, "up to 4 disks"),
      ("boot GUEST --input /nonexistent/file", 66, "No such file"), ("boot GUEST --shared-bit perhaps", 64, "--shared-bit"),
    ] as [(String, Int32, String)])
  func wrongUseIsToldWhatIsRight(_ call: (arguments: String, code: Int32, words: String)) throws {
    let arguments = call.arguments.split(separator: " ").map { $0 == "GUEST" ? Self.guest("tour") : String($0) }
    let result = try Headless.run(arguments)
    #expect(result.code == call.code, "\(call.arguments): \(result.error)")
    #expect(result.error.contains(call.words), "\(result.error)")
  }

  // MARK: Somebody types

  /// A file is typed once the guest listens.
  @Test func whatIsInAFileIsTyped() throws {
    let folder = try TemporaryFolder()
    let input = try folder.write("input", "rng\ndisk\noff\n")
    let disk = try folder.write("disk.img", "This is the first sector of a disk.")
    let recording = folder.path + "/devices.session"
    let result = try Headless.run(
      [
        "boot", "devices", "--vcpus", "1", "--rng", "--disk", disk + ",rw", "--seed", "1", "--input", input, "--record",
        recording,
      ])
    #expect(result.code == 0, "\(result.error)")
    #expect(result.output.contains("rng: 16 bytes ") && result.output.contains("sector 0: This is the first sector\n"))
    #expect(result.output.hasSuffix("good bye\n"))
    #expect(result.error.contains("virtio disk at 0x103000000: ") && result.error.contains("every buffer went through them"))
    #expect(try String(contentsOfFile: disk, encoding: .utf8) == "This is the first sector of a disk.")
    #expect(try Headless.run(["replay", "--verify", recording]).code == 0)
  }

  /// A folder is read when the boot begins: without links, and nothing outside of it; a recording replays without it.
  @Test func aFolderIsShared() throws {
    let (folder, shared) = (try TemporaryFolder(), try TemporaryFolder())
    _ = try shared.write("hello.txt", "Hello from the folder")
    _ = try folder.write("secret", "nobody's")
    try FileManager.default.createSymbolicLink(atPath: shared.path + "/link", withDestinationPath: folder.path + "/secret")
    try FileManager.default.createSymbolicLink(atPath: shared.path + "/up", withDestinationPath: "..")
    try FileManager.default.createDirectory(atPath: shared.path + "/sub", withIntermediateDirectories: false)
    _ = try shared.write("sub/inner.txt", "an inner file")
    #expect(mkfifo(shared.path + "/fifo", 0o600) == 0)
    let input = try folder.write("input", "fs\noff\n")
    let recording = folder.path + "/fs.session"
    let result = try Headless.run(
      ["boot", "devices", "--vcpus", "1", "--share", shared.path, "--input", input, "--record", recording])
    #expect(result.code == 0, "\(result.error)")
    #expect(result.output.contains("names: . .. hello.txt sub\n"), "\(result.output)")
    #expect(result.output.contains("read 0: Hello from the folder;") && result.output.contains("inner.txt: an inner file\n"))
    #expect(result.error.contains("virtio fs at 0x103000000: "))
    try FileManager.default.removeItem(atPath: shared.path + "/hello.txt")
    #expect(try Headless.run(["replay", "--verify", recording]).code == 0)
    let missing = try Headless.run(["boot", "devices", "--share", folder.path + "/secret"])
    #expect(missing.code == 66 && missing.error.contains("expected a folder"))
    // No script names one.
    let script = try folder.write("share.session", "boot --share \(shared.path) devices 1\n")
    #expect(try Headless.run(["run", script]).code == 65)
  }

  /// At a terminal the keys are the guest's, ^C too, until Ctrl-].
  @Test func keysGoToTheGuestUntilTheEscape() throws {
    let terminal = try PseudoTerminal(["boot", "devices", "--vcpus", "1", "--rng"])
    try terminal.until("> ")
    terminal.type("rng\r")
    try terminal.until("rng: 16 bytes ")
    let mark = terminal.mark
    terminal.type("\u{3}\r")
    try terminal.until("there are rng", since: mark)
    terminal.type("\u{1D}")
    #expect(try terminal.exitCode() == 0)
  }

  /// What is known of a guest that will do nothing more: B to itself with interrupts masked; SVC at its own vector.
  @Test(
    arguments: [
      ([0x1400_0000], "it turns in a circle that no interrupt ends"),
      ([0xD2B0_0000, 0xD518_C000, 0xD400_0001], "it takes the same exception again and again at its own vectors"),
    ] as [([UInt32], String)])
  func aDeadGuestIsRecognised(_ guest: (words: [UInt32], says: String)) throws {
    let folder = try TemporaryFolder()
    let padding = [UInt32](repeating: 0xD503_201F, count: 0x80 - guest.words.count) + [0]
    let result = try Headless.run(["boot", try Self.image(guest.words + padding, in: folder), "--vcpus", "1"])
    #expect(result.code == 1)
    #expect(result.error.contains("does nothing any more: \(guest.says)"), "\(result.error)")
    #expect(result.error.contains("vCPU 0: pc 0x80000") && result.error.contains("it printed nothing: RAM begins at 0x80000000"))
  }

  // MARK: Guests that do not end

  /// A raw image of words in a folder.
  private static func image(_ words: [UInt32], in folder: TemporaryFolder) throws -> String {
    let bytes = words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) } }
    let path = folder.path + "/image"
    try Data(bytes).write(to: URL(filePath: path))
    return path
  }

  @Test func aLimitOnInstructionsEndsALoop() throws {
    let folder = try TemporaryFolder()
    let image = try Self.image([0x1400_0000], in: folder)
    let result = try Headless.run(["boot", image, "--vcpus", "1", "--limit", "2000000"])
    #expect(result.code == 1)
    #expect(result.error.contains("was given up after 2097152 instructions; --limit allows more; vCPU 0 at pc 0x80000000"))
  }

  /// SIGTERM and SIGINT end a boot with the place where the guest is, also in the middle of an entry that takes long: B to itself, with interrupts on; SMC
  /// for ever; an exception loop at its own vector.
  @Test(
    arguments: [
      ([0xD503_4FFF, 0x1400_0000], SIGTERM), ([0xD400_0003, 0x17FF_FFFF], SIGINT),
      ([0xD2B0_0000, 0xD518_C000, 0xD400_0001], SIGTERM),
    ] as [([UInt32], Int32)])
  func aSignalEndsAGuestInALoop(_ guest: (words: [UInt32], signal: Int32)) throws {
    let folder = try TemporaryFolder()
    // The vector of a synchronous exception at EL1h: SVC again.
    let padding = [UInt32](repeating: 0xD503_201F, count: 0x80 - guest.words.count) + [0xD400_0001]
    let process = Process()
    process.executableURL = URL(filePath: PseudoTerminal.program)
    process.arguments = ["boot", try Self.image(guest.words + padding, in: folder), "--vcpus", "1", "--limit", "100000000000"]
    let error = Pipe()
    process.standardError = error
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    Thread.sleep(forTimeInterval: 0.7)
    let began = Date()
    kill(process.processIdentifier, guest.signal)
    process.waitUntilExit()
    #expect(Date().timeIntervalSince(began) < 1)
    let words = String(decoding: error.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    #expect(process.terminationReason == .exit && process.terminationStatus == 128 + guest.signal)
    #expect(words.contains("the guest was stopped") && words.contains("vCPU 0 at pc 0x80000"), "\(words)")
  }

  /// Who asks for none gets no history: it is what takes memory.
  @Test(
    arguments: [
      ("tour", false), ("tour --json", false), ("tour --until token", false), ("tour --record x", true), ("tour --open", true),
      ("tour --gdb 0", true),
    ])
  func aHistoryIsKeptForWhoAsks(_ call: (arguments: String, isKept: Bool)) throws {
    #expect(try BootCommand.parse(call.arguments.split(separator: " ").map(String.init)).keepsHistory == call.isKept)
  }

  /// RNDR, as letters: the same with the same seed.
  @Test func aSeedMakesTwoRunsTheSame() throws {
    let folder = try TemporaryFolder()
    let image = try Self.image(
      [
        0xD53B_2400, 0xD2C0_0021, 0xF2A0_2001, 0xD280_0202, 0x1200_0C03, 0x1101_0463, 0x3900_0023, 0xD344_FC00, 0xF100_0442,
        0x54FF_FF61, 0xD2B0_8000, 0xF280_0100, 0xD400_0003,
      ], in: folder)
    func run(_ seed: String...) throws -> String { try Headless.run(["boot", image] + seed).output }
    let first = try run("--seed", "1")
    #expect(first.count == 17)
    #expect(try run("--seed", "1") == first)
    #expect(try run("--seed", "2") != first)
    #expect(try run() != run())
  }

  // MARK: Numbers and files from outside

  @Test func aLookAtTheEndOfTheAddressSpace() throws {
    let result = try Headless.run(["boot", "tour", "--peek", "0xffffffffffffffff"])
    #expect(result.code == 0)
    #expect(result.error.contains("has given the guest no memory at 0xffffffffffffffff"))
  }

  /// An ELF with one segment of 8 bytes.
  private static func elf(_ address: UInt64, entry: UInt64) -> Data {
    func number(_ value: UInt64, _ count: Int) -> [UInt8] {
      (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
    }
    var file: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 9)
    file += number(2, 2) + number(183, 2) + number(1, 4) + number(entry, 8) + number(64, 8) + number(0, 8)
    file += number(0, 4) + number(64, 2) + number(56, 2) + number(1, 2) + number(64, 2) + number(0, 4)
    file += number(1, 4) + number(5, 4) + number(120, 8) + number(address, 8) + number(address, 8)
    file += number(8, 8) + number(8, 8) + number(4096, 8)
    return Data(file + [0, 0, 0, 0x14, 0xFF, 0xFF, 0xFF, 0x17])
  }

  @Test func anELFAtTheTopOfTheAddressSpace() throws {
    let folder = try TemporaryFolder()
    let top = folder.path + "/top.elf"
    try Self.elf(.max - 7, entry: .max - 7).write(to: URL(filePath: top))
    let listing = try Headless.run(["disassemble", top])
    #expect(listing.code == 0)
    #expect(
      listing.output == "fffffffffffffff8: 14000000\tb\t0xfffffffffffffff8\nfffffffffffffffc: 17ffffff\tb\t0xfffffffffffffff8\n")
    #expect(try Headless.run(["boot", top]).code == 65)
    let entry = folder.path + "/entry.elf"
    try Self.elf(0x8000_0000, entry: 0xFFFF_FFFF_FFFF_FFF8).write(to: URL(filePath: entry))
    let refused = try Headless.run(["boot", entry])
    #expect(refused.code == 65)
    #expect(refused.error.contains("begins at 0xfffffffffffffff8, which is in none of its segments"))
  }

  /// A FIFO nobody writes to would be waited for.
  @Test func aFIFOIsNoImage() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/fifo"
    #expect(mkfifo(path, 0o600) == 0)
    for command in [["boot", path], ["disassemble", path], ["boot", "tour", "--initrd", path]] {
      let result = try Headless.run(command)
      #expect(result.code == 66)
      #expect(result.error.contains("is a FIFO; expected a file"))
    }
  }

  /// Memory of a guest decides how much DRAM the machine has, if nobody says.
  @Test func theMachineHasRoomForTheGuest() throws {
    let image = PseudoTerminal.root.appending(path: "Sessions/guests/fdt.img").path
    let result = try Headless.run(["boot", image, "--mem", "3G"])
    #expect(result.code == 0)
    // Where this guest takes its UART to be there is RAM then: it prints nothing.
    #expect(result.output == "" && result.error.contains("the guest powered off"), "\(result.error)")
  }

  /// A guest that is kept at its prompt is there again at once, says what it would have said, and can be kept again.
  @Test func aSnapshotGoesOn() throws {
    let folder = try TemporaryFolder()
    let disk = try folder.write("disk.img", String(repeating: "x", count: 2048))
    let (kept, again) = (folder.path + "/a.snapshot", folder.path + "/b.snapshot")
    let options = ["boot", "devices", "--vcpus", "1", "--rng", "--seed", "7", "--disk", "\(disk),rw"]
    let words = try folder.write("words", "disk\nrng\noff\n")
    let whole = try Headless.run(options + ["--input", words])
    #expect(whole.code == 0 && whole.output.contains("good bye"))
    let until = ["--until", "text:> "]
    #expect(try Headless.run(options + until + ["--snapshot", kept]).code == 0)
    let first = try folder.write("first", "disk\n")
    #expect(try Headless.run(["boot", kept, "--input", first] + until + ["--snapshot", again]).code == 0)
    let rest = try folder.write("rest", "rng\noff\n")
    let end = try Headless.run(["boot", again, "--input", rest])
    #expect(end.code == 0)
    #expect(end.output.hasSuffix("good bye\n") && whole.output.hasSuffix(end.output), "\(end.output)")
    // One that has ended is not kept, a file is not written over, and what is damaged says so.
    let ended = try Headless.run(options + ["--input", words, "--snapshot", folder.path + "/c"])
    #expect(ended.code == 65 && ended.error.contains("the guest has ended"))
    #expect(try Headless.run(options + until + ["--snapshot", kept]).code == 64)
    #expect(try Headless.run(["boot", kept, "--record", folder.path + "/d"]).code == 64)
    let file = URL(filePath: kept)
    var bytes = try Data(contentsOf: file)
    bytes[bytes.count / 2] ^= 1
    try bytes.write(to: file)
    let damaged = try Headless.run(["boot", kept])
    #expect(damaged.code == 65 && damaged.error.contains("the snapshot is damaged"))
    let terminal = try PseudoTerminal(["open", again])
    try terminal.until("as it was written")
    let mark = terminal.mark
    terminal.type("i")
    try terminal.until("the keys are the guest", since: mark)
    terminal.type("what\r")
    try terminal.until("there are rng", since: mark)
    terminal.type("\u{1D}")
    try terminal.until("the workbench", since: mark)
    terminal.type("q")
    #expect(try terminal.exitCode() == 0)
  }
}
