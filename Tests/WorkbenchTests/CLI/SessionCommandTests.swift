import Foundation
import Testing

/// Sessions made of others, and what is said of one.
struct SessionCommandTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)

  private func file(_ name: String, _ text: String) throws -> String {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let url = folder.appending(path: name)
    try text.write(to: url, atomically: true, encoding: .utf8)
    return url.path
  }

  private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

  private func run(_ arguments: String...) throws -> String {
    let result = try Headless.run(["session"] + arguments)
    #expect(result.code == 0, "\(arguments): \(result.error)")
    return result.output
  }

  private static let delegate = """
    # A granule is given away.
    RMI_GRANULE_DELEGATE 0x80001000
    # It is the RMM's, and cannot be given again.
    RMI_GRANULE_DELEGATE 0x80001000
    # Back.
    RMI_GRANULE_UNDELEGATE 0x80001000
    RMI_GRANULE_DELEGATE 0x80002000

    """

  @Test func joinedSessionsFollowEachOther() throws {
    let one = try file("one.session", Self.delegate)
    let two = try file("two.session", "machine dram=128M pes=4\n# Another machine.\nbookmark here\nrealm\n")
    let joined = folder.appending(path: "joined").path
    #expect(try run("join", one, two, "-o", joined) == "")
    let replay = try Headless.run(["replay", "--verify", joined])
    #expect(replay.code == 0, "\(replay.error)")
    let stats = try run("stats", joined)
    #expect(stats.contains("1 bookmarks"))
    // It ends in the state in which the last one ends alone.
    let alone = folder.appending(path: "alone").path
    _ = try run("cut", two, "-o", alone)
    func digest(_ path: String) throws -> Substring? { try text(path).split(separator: "\n").last { $0.hasPrefix("%") } }
    #expect(try digest(joined) == digest(alone))
    #expect(try digest(joined) != nil)
  }

  @Test func whatChangedNothingIsTrimmed() throws {
    let path = try file("one.session", Self.delegate + "ns.read64 0x80003000\n")
    let trimmed = folder.appending(path: "trimmed").path
    #expect(try run("trim", path, "-o", trimmed) == "3 steps; 2 that changed nothing are gone\n")
    #expect(try Headless.run(["replay", "--verify", trimmed]).code == 0)
    let shorter = try text(trimmed)
    // What was said of the call that is gone is said of the next one.
    #expect(shorter.contains("# It is the RMM's, and cannot be given again.\n#\n# Back.\n"), "\(shorter)")
    let realm = try file("realm.session", "RMI_GRANULE_DELEGATE 0\nrealm\nRMI_REALM_ACTIVATE rd\n")
    #expect(try run("trim", realm, "-o", folder.appending(path: "realm").path).hasSuffix("that changed nothing are gone\n"))
    let host = try file("host.session", "virsh list\nkvm KVM_CREATE_VM\n")
    let refused = try Headless.run(["session", "trim", host, "-o", folder.appending(path: "host").path])
    #expect(refused.code == 65 && refused.error.contains("its steps belong together"), "\(refused.code) \(refused.error)")
  }

  @Test func addressesMoveAndNamesChange() throws {
    let script = try file(
      "one.session", "# At 0x80001000.\nlet mine = 0x80001000\nRMI_GRANULE_DELEGATE mine\nexpect RMI_SUCCESS\n")
    let moved = folder.appending(path: "moved.session").path
    #expect(try run("rename", script, "0x80000000+1M=0x80200000", "mine=ours", "-o", moved) == "3 words are others\n")
    #expect(try text(moved) == "# At 0x80001000.\nlet ours = 0x80201000\nRMI_GRANULE_DELEGATE ours\nexpect RMI_SUCCESS\n")
    #expect(try Headless.run(["run", moved]).code == 0)

    let other = folder.appending(path: "recorded").path
    _ = try run("cut", script, "-o", other)
    let beyond = folder.appending(path: "beyond").path
    #expect(
      try run("rename", other, "0x80001000=0x90000000", "-o", beyond)
        == "1 words are others; 1 step answers otherwise: the first is 1, RMI_ERROR_INPUT where it was RMI_SUCCESS\n")
    #expect(try Headless.run(["replay", "--verify", beyond]).code == 0)
  }

  @Test(arguments: [
    ("mine", "expected OLD=NEW"), ("0x1000+0=0x2000", "does not end"), ("0x1000=x y", "x"), ("a b=c", "expected a name"),
    ("0xffffffffffffffff+2=0", "beyond the address space"),
  ])
  func aRuleThatIsNoneIsRefused(_ rule: String, _ words: String) throws {
    let script = try file("one.session", Self.delegate)
    let result = try Headless.run(["session", "rename", script, rule, "-o", folder.appending(path: "x").path])
    #expect(result.code == 65 && result.error.contains(words), "\(result.code) \(result.error)")
  }

  @Test func answersAreMadeAnew() throws {
    let recorded = folder.appending(path: "recorded").path
    _ = try run("cut", try file("one.session", Self.delegate), "-o", recorded)
    let edited = try file("edited", try text(recorded).replacingOccurrences(of: "0x80002000", with: "0x80002008"))
    #expect(try Headless.run(["replay", "--verify", edited]).code == 1)
    let anew = folder.appending(path: "anew").path
    #expect(try run("answers", edited, "-o", anew) == "4 steps, answered anew\n")
    #expect(try Headless.run(["replay", "--verify", anew]).code == 0)
  }

  @Test func lintSaysWhatCouldBeBetter() throws {
    let script = try file(
      "bad.session",
      """
      let unused = 1
      RMI_GRANULE_DELEGATE 0x80001008
      RMI_GRANULE_DELEGAT 0x80001000
      RMI_GRANULE_DELEGATE 0x80001000
      expect RMI_ERROR_INPUT

      """)
    let result = try Headless.run(["session", "lint", script])
    #expect(result.code == 65)
    #expect(
      result.output.split(separator: "\n").map { $0.replacingOccurrences(of: "\(script):", with: "") }.map { $0.prefix(60) } == [
        "1: warning: no comment says what it is about; the first one i".prefix(60),
        "1: warning: nothing uses the name unused",
        "2: warning: answers RMI_ERROR_INPUT, decided by gran_align, and".prefix(60),
        "3:1: error: unknown statement \"RMI_GRANULE_DELEGAT\"; did you mean RMI_".prefix(60),
        "5: error: expected RMI_ERROR_INPUT, got RMI_SUCCESS".prefix(60),
        "2 errors, 3 warnings",
      ], "\(result.output)")
    for name in ["01-realm-life", "08-attacks"] {
      let all = try FileManager.default.contentsOfDirectory(atPath: PseudoTerminal.root.appending(path: "Sessions").path)
      let file = try #require(all.first { $0.hasPrefix(name) })
      let lint = try Headless.run(["session", "lint", PseudoTerminal.root.appending(path: "Sessions/\(file)").path])
      #expect(lint.code < 2, "\(lint.output)")
    }
    let recorded = folder.appending(path: "recorded").path
    _ = try run("cut", try file("one.session", Self.delegate), "-o", recorded)
    #expect(try run("lint", recorded) == "")
    let torn = try file("torn", String(try text(recorded).dropLast(5)))
    let said = try Headless.run(["session", "lint", torn])
    #expect(said.code == 1 && said.output.contains("the line is torn"), "\(said.output)")
  }
}
