import Foundation
import Testing

@testable import Workbench

/// Documents name what is there.
struct DocumentTests {
  /// Each test that Documentation/Terminal.md names is one.
  @Test func theTestsOfTheTerminalsFeaturesAreThere() throws {
    let root = PseudoTerminal.root
    let text = try String(contentsOf: root.appending(path: "Documentation/Terminal.md"), encoding: .utf8)
    var sources: [String: String] = [:]
    let files = try #require(FileManager.default.enumerator(atPath: root.appending(path: "Tests").path))
    for case let path as String in files where path.hasSuffix("Tests.swift") || path.hasSuffix("Stories.swift") {
      let name = path.split(separator: "/").last.map { String($0.dropLast(6)) } ?? ""
      sources[name] = try String(contentsOf: root.appending(path: "Tests/\(path)"), encoding: .utf8)
    }
    let named = text.matches(of: /`([A-Z]\w*(?:Tests|Stories))(?:\.(\w+))?`/)
    #expect(named.count > 60)
    for match in named {
      let source = try #require(sources[String(match.1)], "\(match.0)")
      if let function = match.2 { #expect(source.contains("func \(function)("), "\(match.0)") }
    }
    // Every row of the two tables of features has one.
    for line in text.split(separator: "\n") where line.hasPrefix("| ") {
      let isHead = line.hasSuffix("| Test |")
      #expect(isHead || line.contains(/`[A-Z]\w*(?:Tests|Stories)/), "\(line)")
    }
  }

  private func text(_ path: String) throws -> String {
    try String(contentsOf: PseudoTerminal.root.appending(path: path), encoding: .utf8)
  }

  /// What stands between fences in a document.
  private func blocks(_ path: String) throws -> [Substring] {
    try text(path).matches(of: /(?m)^```\n([\s\S]*?)^```$/).map(\.1)
  }

  /// The README begins with the screen that it says it is.
  @Test func theScreenOfTheREADMEIsTheOneThatIsShown() throws {
    let line = try #require(try text("README.md").firstMatch(of: /`workbench (show overview [^`]*)`/)).1
    let screen = try #require(try blocks("README.md").first)
    #expect(try Headless.run(line.split(separator: " ").map(String.init)).output == screen, "\(line)")
  }

  @Test func theREADMEHasEverySubcommand() throws {
    let names = try Headless.run(["--help"]).output.matches(of: /(?m)^  ([a-z]+)(?: |$)/).map(\.1)
    #expect(names.contains("run") && names.count > 20)
    let readme = try text("README.md")
    // `workbench FILE` is what opens one.
    for name in names where name != "open" {
      #expect(readme.contains("\n| `workbench \(name)"), "no row for workbench \(name)")
    }
  }

  /// Exit codes are declared once: the README, the help and the manual page say the same of them.
  @Test func exitCodesAreSaidEverywhereAlike() throws {
    let rows = try text("README.md").matches(of: /(?m)^\| (\d[\d n+]*) \| (.*) \|$/).map { (String($0.1), String($0.2)) }
    #expect(rows.map(\.0) == Exit.table.map(\.code) && rows.map(\.1) == Exit.table.map(\.meaning))
    let help = try Headless.run(["--help"]).output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    let manual = try Headless.run(["manual"]).output
    for row in Exit.table {
      #expect(help.contains("\(row.code) \(row.meaning)"))
      #expect(manual.contains("\n.It \(row.code)\n\(row.meaning)\n"))
    }
    #expect(!manual.contains("Exit codes:"))
  }

  /// Scripts and recordings that a document shows do what is said there; a domain is beside those in which a host acts.
  @Test(arguments: [("Lab", 1), ("Secure", 3), ("Sessions", 3)])
  func theScriptsOfADocumentRun(_ document: (name: String, count: Int)) throws {
    let folder = try TemporaryFolder()
    for name in ["openeuler.xml", "cloud.img"] {
      let place = PseudoTerminal.root.appending(path: "Sessions/hosts/\(name)").path
      try FileManager.default.copyItem(atPath: place, toPath: "\(folder.path)/\(name)")
    }
    var (before, count) = ("", 0)
    for block in try blocks("Documentation/\(document.name).md") {
      let word = block.prefix { !$0.isWhitespace }
      guard ["#workbench", "delegate", "ffa", "machine"].contains(word) else { continue }
      // What names a partition of a machine that was made before goes on there.
      before = (word == "ffa" ? before : "") + block
      let path = try folder.write("shown.session", before)
      let result = try Headless.run((word == "#workbench" ? ["replay", "--verify"] : ["run"]) + [path])
      #expect(result.code == 0 && !result.output.contains("decided by"), "\(block)\(result.output)\(result.error)")
      count += 1
    }
    #expect(count == document.count)
  }
}
