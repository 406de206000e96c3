import Engine
import Foundation
import Testing

@testable import Workbench

/// What is printed, where it cannot be printed, and the exit codes.
struct OutputTests {
  static let sessions = PseudoTerminal.root.appending(path: "Sessions").path

  /// Every subcommand that prints.
  static let printing = [
    "--help", "--version", "run --help", "run \(sessions)/01-realm-life.session", "run --raw \(sessions)/01-realm-life.session",
    "run --json \(sessions)/01-realm-life.session", "show overview \(sessions)/01-realm-life.session",
    "explain RMI_GRANULE_DELEGATE 0x80001001", "commands", "commands RMI_VERSION", "keys",
    "coverage \(sessions)/01-realm-life.session",
    "replay --verify \(sessions)/01-realm-life.session", "fuzz --calls 100", "token checks", "token key",
    "token show \(sessions)/11-replayed-token.session", "token verify \(sessions)/11-replayed-token.session",
    "measure \(sessions)/11-replayed-token.session", "disassemble \(sessions)/guests/tour.elf",
    "boot \(sessions)/guests/tour.elf --entries 3", "--generate-completion-script bash",
  ]

  @Test(arguments: printing)
  func whereNothingCanBeWrittenItSaysSo(_ arguments: String) throws {
    let result = try Shell.run("workbench \(arguments) >/dev/full")
    #expect(result.code == 74, "\(arguments): \(result.error)")
    #expect(result.error.contains("workbench: standard output: No space left on device"), "\(arguments): \(result.error)")
    let closed = try Shell.run("workbench \(arguments) >&-")
    #expect(closed.code == 74, "\(arguments): \(closed.error)")
  }

  /// Whoever reads only the beginning, or nothing, is told the truth by the exit code.
  @Test func aBrokenPipeChangesNoVerdict() throws {
    let folder = try TemporaryFolder()
    let text = "smc RMI_VERSION 0x10000\nexpect RMI_ERROR_INPUT\n" + String(repeating: "smc RMI_VERSION 0x10000\n", count: 3000)
    let failing = try folder.write("failing.session", text)
    let passing = try folder.write("passing.session", text.replacing("RMI_ERROR_INPUT", with: "RMI_SUCCESS"))
    for reader in ["head -1", "true", "{ exec <&-; sleep 0.1; }"] {
      #expect(try Shell.run("workbench run \(failing) | \(reader)").code == 1, "\(reader)")
      #expect(try Shell.run("workbench run --json \(failing) | \(reader)").code == 1, "\(reader)")
      #expect(try Shell.run("{ sleep 0.05; workbench run \(passing); } | \(reader)").code == 0, "\(reader)")
    }
    // Standard error that nobody reads is no reason either.
    #expect(try Shell.run("workbench run \(failing) 2>/dev/full").code == 1)
    #expect(try Shell.run("{ sleep 0.05; workbench run \(failing) >/dev/null; } 2>&1 | true").code == 1)
    let token = "\(Self.sessions)/11-replayed-token.session"
    #expect(try Shell.run("workbench token verify \(token) --challenge 00 | true").code == 1)
  }

  static let hostile = "\u{1B}[31mx\u{9B}2J\u{85}\u{202E}\u{2066}\u{200F}\u{61C}\u{7F}"

  private func expectSeen(_ text: String, _ what: Comment) {
    let unseen = text.unicodeScalars.filter { $0.isUnseen && $0 != "\n" && $0 != "\t" }
    #expect(unseen.isEmpty, what)
  }

  @Test func nothingOfAStrangerReachesTheTerminal() throws {
    let folder = try TemporaryFolder()
    // The lexer takes no control characters before the comment.
    let words = "x\u{9B}2J\u{85}\u{202E}y\u{2066}\u{200F}\u{61C}"
    let script = try folder.write(
      "script", "smc RMI_VERSION 0x10000 # \(Self.hostile)\necho \(words)\ncase \(words)\nns.read64 0x80000000\nexpect 7\n")
    let name = try folder.write("na\u{1B}[2Jme\u{9B}\u{202E}", "bogus\n")
    let recording = try folder.write(
      "recording", "#workbench 2\nmachine dram=64M pe=2 rmm=spec-1.0\nsmc RMI_VERSION 0x10000\n=> \(Self.hostile)\n")
    let calls: [[String]] = [
      ["run", script], ["run", "--json", script], ["run", "--raw", script], ["run", name], ["run", "/nowhere/" + Self.hostile],
      ["replay", "--verify", recording], ["replay", "--verify", name], ["show", "trace", recording], ["show", "trace", script],
      ["show", Self.hostile, script], ["token", "verify", name], ["token", "verify", script, "--key", Self.hostile],
      ["boot", "/nowhere/" + Self.hostile], ["measure", name], ["coverage", name, "/nowhere/" + Self.hostile],
      ["--" + Self.hostile],
      ["run", "--machine", Self.hostile, script], ["explain", Self.hostile], ["explain", "RMI_VERSION", Self.hostile],
      ["token", "export", script, "-o", folder.path + "/" + Self.hostile], ["disassemble", name],
      ["fuzz", "--calls", Self.hostile],
    ]
    for arguments in calls {
      let result = try Headless.run(arguments)
      expectSeen(result.output, "output of \(arguments)")
      expectSeen(result.error, "error of \(arguments)")
    }
    // JSON escapes them in its own way, so that nothing is lost.
    let json = try Headless.run(["run", "--json", script]).output.split(separator: "\n")
    let echo = try #require(try JSONSerialization.jsonObject(with: Data(json[1].utf8)) as? [String: Any])
    #expect(echo["text"] as? String == "echo \(words)")
    #expect(json[1].contains("\\u009b") && json[1].contains("\\u202e"))
  }

  @Test func columnsCountCharacters() throws {
    let folder = try TemporaryFolder()
    func column(_ bytes: [UInt8]) throws -> String {
      try Data(bytes).write(to: URL(filePath: folder.path + "/script"))
      let result = try Headless.run(["run", folder.path + "/script"])
      #expect(result.code == 65)
      return result.error.split(separator: ":").prefix(4).dropFirst(2).joined(separator: ":")
    }
    #expect(try column(Array("# é漢".utf8) + [0xFF]) == "1:5")
    #expect(try column(Array("\n# é".utf8) + [0xE6, 0xBC]) == "2:4")
    #expect(try column(Array("# é".utf8) + [0xE6, 0xBC, 0x41]) == "1:4")
    #expect(try column(Array("smc é".utf8) + [0x01]) == "1:6")
    #expect(try column([0xC0, 0x80]) == "1:1")
  }

  /// As replay takes it: what the last whole line says is done, and the torn one is not.
  @Test(arguments: [
    "@0.2 smc RMI_GRA", "@0.2 bogus", "=> RMI_SUC", "@0.2 # \u{6F22}", "@0.2 smc RMI_VERSION 0x10000\n=> RMI_SUC",
  ])
  func aTornRecordingRuns(_ torn: String) throws {
    let folder = try TemporaryFolder()
    let whole =
      "#workbench 2\nmachine dram=64M pe=2 rmm=spec-1.0\n@0.1 smc RMI_VERSION 0x10000\n=> RMI_SUCCESS x1=0x10000 x2=0x10000\n"
    var bytes = Array((whole + torn).utf8)
    // In the middle of a character, if it ends in one.
    if bytes.last! >= 0x80 { bytes.removeLast() }
    let path = folder.path + "/torn"
    try Data(bytes).write(to: URL(filePath: path))
    for arguments in [["run", path], ["replay", "--verify", path]] {
      let result = try Headless.run(arguments)
      #expect(result.code == 0, "\(arguments): \(result.error)")
      #expect(result.error.contains("the last line is torn"))
    }
    // A script without a newline at its end is whole.
    let script = try folder.write("script", "smc RMI_VERSION 0x10000\nexpect RMI_ERROR_INPUT")
    #expect(try Headless.run(["run", script]).code == 1)
  }
}
