import Foundation
import Testing

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
}
