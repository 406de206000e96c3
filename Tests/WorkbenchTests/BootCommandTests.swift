import Foundation
import Testing

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
    // A recording opens in the workbench, the guest's console with it.
    let terminal = try PseudoTerminal(["replay", recording])
    try terminal.until("step")
    let mark = terminal.mark
    terminal.type("v")
    try terminal.until("Good bye.", since: mark)
    terminal.type("q")
    #expect(try terminal.exitCode() == 0)
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

  @Test func itOpensInTheWorkbenchOutsideARealm() throws {
    // What is typed is kept in a history.
    let home = try TemporaryFolder()
    let terminal = try PseudoTerminal(
      ["boot", "--normal", Self.guest("tour"), "--open"], environment: ["XDG_STATE_HOME": home.path])
    try terminal.until("Good bye.")
    try terminal.until("Normal VM")
    let mark = terminal.mark
    terminal.type(":boot --normal \(Self.guest("kernel"))\r")
    try terminal.until("as nobody had anything to do", since: mark)
    terminal.type("q")
    #expect(try terminal.exitCode() == 0)
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
      ("boot --mem 3M GUEST", 65, "multiple of 2M"),
      ("boot --mem lots GUEST", 64, "--mem"), ("boot --vcpus 9 GUEST", 64, "--vcpus is 1 to 8"),
      ("boot README.md", 65, "this is text"),
      ("boot --hash md5 GUEST", 64, "--hash"), ("boot --peek here GUEST", 64, "--peek"),
      ("boot --normal --machine dram=1028K GUEST", 65, "out of memory"),
      ("boot --machine dram=1100K GUEST", 65, "out of memory"), ("boot --entries 5 GUEST", 1, "given up after 5 entries"),
      ("disassemble /dev/null", 66, "is a device; expected a file"),
    ] as [(String, Int32, String)])
  func wrongUseIsToldWhatIsRight(_ call: (arguments: String, code: Int32, words: String)) throws {
    let arguments = call.arguments.split(separator: " ").map { $0 == "GUEST" ? Self.guest("tour") : String($0) }
    let result = try Headless.run(arguments)
    #expect(result.code == call.code, "\(call.arguments): \(result.error)")
    #expect(result.error.contains(call.words), "\(result.error)")
  }
}
