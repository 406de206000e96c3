import Foundation
import Testing

/// Recordings made of others.
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

  /// A packed recording is opened as the text is; unpacked it is the same; a damaged one is an error, and of one that is cut off what is
  /// there is read.
  @Test func packedOnesAreOpened() throws {
    let (recorded, packed, again) = (
      folder.appending(path: "recorded").path, folder.appending(path: "packed").path, folder.appending(path: "again").path
    )
    let calls = (0..<400).map { "RMI_GRANULE_\($0 % 2 == 0 ? "" : "UN")DELEGATE 0x80001000\n" }.joined()
    _ = try run("cut", try file("many.session", calls), "-o", recorded)
    _ = try run("pack", recorded, "-o", packed)
    let bytes = try Data(contentsOf: URL(filePath: packed))
    let length = try text(recorded).utf8.count
    #expect(bytes.starts(with: [0x1F, 0x8B]) && bytes.count * 10 < length)
    let verified = try Headless.run(["replay", "--verify", packed])
    let plain = try Headless.run(["replay", "--verify", recorded])
    #expect(verified.code == 0 && verified.output == plain.output)
    _ = try run("unpack", packed, "-o", again)
    #expect(try text(again) == text(recorded))
    var damaged = bytes
    damaged[bytes.count / 2] ^= 0x55
    try damaged.write(to: URL(filePath: packed))
    let refused = try Headless.run(["replay", "--verify", packed])
    #expect(refused.code != 0 && !refused.error.isEmpty)
    try bytes.prefix(bytes.count - 40).write(to: URL(filePath: packed))
    #expect(try Headless.run(["replay", "--verify", packed]).code == 0)
  }

  /// One file has all that a script needs: elsewhere, where its files are not, it does the same.
  @Test func imagesComeAlong() throws {
    let guest = PseudoTerminal.root.appending(path: "Sessions/guests/tour.elf").path
    _ = try file("part.session", "RMI_VERSION 0x10000\n")
    try FileManager.default.copyItem(atPath: guest, toPath: folder.appending(path: "own.elf").path)
    let script = try file("boots.session", "# It boots.\ninclude part.session\ndebug own.elf\nbreak exit psci\ncontinue\n")
    let elsewhere = folder.appending(path: "elsewhere")
    try FileManager.default.createDirectory(at: elsewhere, withIntermediateDirectories: true)
    let packed = elsewhere.appending(path: "one").path
    _ = try run("pack", "--with-images", script, "-o", packed)
    let (here, there) = (try Headless.run(["run", "--raw", script]), try Headless.run(["run", "--raw", packed]))
    #expect(here.code == 0 && here.output == there.output && here.output.count > 100, "\(there.error)")
    // Its text has the files, and a byte that is another is noticed.
    let again = elsewhere.appending(path: "text.session").path
    _ = try run("unpack", packed, "-o", again)
    var lines = try text(again).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    #expect(lines.count { $0.hasPrefix("#file ") } == 2)
    let data = try #require(lines.lastIndex { $0.hasPrefix("#data ") })
    lines[data] = "#data " + String(lines[data].dropFirst(6).reversed()).filter { $0 != "=" }.prefix(4000)
    let changed = try file("changed.session", lines.joined(separator: "\n"))
    let refused = try Headless.run(["run", changed])
    #expect(refused.code == 65 && refused.error.contains("own.elf"), "\(refused.error)")
    // A recording takes along what somebody says.
    let recorded = folder.appending(path: "with").path
    _ = try run("cut", try file("two.session", "RMI_VERSION 0x10000\n"), "-o", recorded)
    let both = folder.appending(path: "both").path
    _ = try run("pack", recorded, "--image", guest, "-o", both)
    #expect(try Headless.run(["replay", "--verify", both]).code == 0)
    #expect(try Headless.run(["session", "pack", "--with-images", recorded, "-o", both + "2"]).code == 64)
  }

  /// Three branches are written alike wherever that is done, and lead to the same digests there. Turkish has another small I, and its own
  /// commas; locales that the machine does not have are those of C.
  @Test func branchesAreTheSameElsewhere() throws {
    let script = try file(
      "tree.session",
      """
      #workbench 5
      machine dram=64M
      RMI_GRANULE_DELEGATE 0x80001000
      RMI_GRANULE_DELEGATE 0x80002000
      RMI_GRANULE_DELEGATE 0x80003000
      goto 2
      fork LIST-I
      RMI_GRANULE_DELEGATE 0x80004000
      note ince İ, ß
      goto 1
      fork third
      RMI_GRANULE_DELEGATE 0x80005000
      RMI_GRANULE_UNDELEGATE 0x80005000
      bookmark here 1,5
      switch main

      """)
    let locales = folder.appending(path: "locales")
    try FileManager.default.createDirectory(at: locales, withIntermediateDirectories: true)
    for name in ["tr_TR", "de_DE"] {
      _ = try Shell.run("localedef -i \(name) -f UTF-8 '\(locales.path)/\(name).UTF-8' 2> /dev/null || true")
    }
    var texts: Set<String> = []
    var verdicts: Set<String> = []
    for (number, place) in [("C", "UTC"), ("tr_TR.UTF-8", "Pacific/Kiritimati"), ("de_DE.UTF-8", "America/St_Johns")].enumerated()
    {
      let environment = ["LC_ALL": place.0, "LANG": place.0, "TZ": place.1, "LOCPATH": locales.path]
      let output = folder.appending(path: "tree\(number)").path
      let written = try Headless.run(["session", "answers", script, "-o", output], environment: environment)
      #expect(written.code == 0, "\(written.error)")
      texts.insert(try text(output))
      for recorded in 0...number {
        let path = folder.appending(path: "tree\(recorded)").path
        let result = try Headless.run(["replay", "--verify", path], environment: environment)
        #expect(result.code == 0, "\(result.error)")
        verdicts.insert(result.output)
      }
    }
    #expect(texts.count == 1 && verdicts.count == 1)
    #expect(texts.first?.split(separator: "\n").count { $0.hasPrefix("%  state ") } == 3)
    #expect(verdicts.first?.contains("on 3 branches") == true && verdicts.first?.contains("3 digests equal") == true)
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
}
