import Foundation
import Testing

/// Booting from the outside: console, summary, exit codes, recording, and the guest on the screen.
struct BootCommandTests {
  private static func guest(_ name: String) -> String { PseudoTerminal.root.appending(path: "Sessions/guests/\(name).elf").path }

  @Test func theTourIsShownToItsEndAndItsRecordingReplays() throws {
    let folder = try TemporaryFolder()
    let recording = folder.path + "/tour.session"
    let result = try Headless.run(["boot", Self.guest("tour"), "--record", recording])
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

  @Test func theSummaryAsJSON() throws {
    let result = try Headless.run(["boot", Self.guest("tour"), "--json", "--vcpus", "1", "--hash", "sha-512"])
    #expect(result.code == 0)
    let summary = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    #expect(summary["ending"] as? String == "powered off")
    #expect(summary["tokens"] as? Int == 1)
    #expect((summary["rim"] as? String)?.count == 128)
  }

  @Test(
    arguments: [
      ("boot /nonexistent", 66, "No such file"), ("boot /dev/null", 65, "the image is empty"),
      ("boot --mem 3M GUEST", 65, "multiple of 2M"),
      ("boot --mem lots GUEST", 64, "--mem"), ("boot --vcpus 9 GUEST", 65, "1 to 8 vCPUs"),
      ("boot --hash md5 GUEST", 64, "--hash"),
      ("boot --machine dram=1100K GUEST", 65, "out of memory"), ("boot --entries 5 GUEST", 1, "given up after 5 entries"),
      ("disassemble /dev/null", 65, "the image is empty"),
    ] as [(String, Int32, String)])
  func wrongUseIsToldWhatIsRight(_ call: (arguments: String, code: Int32, words: String)) throws {
    let arguments = call.arguments.split(separator: " ").map { $0 == "GUEST" ? Self.guest("tour") : String($0) }
    let result = try Headless.run(arguments)
    #expect(result.code == call.code, "\(call.arguments): \(result.error)")
    #expect(result.error.contains(call.words), "\(result.error)")
  }
}
