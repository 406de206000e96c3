import Foundation
import Testing

/// Imports point one way: CNcurses <- CTerm <- Workbench -> Views -> Engine.
struct ArchitectureTests {
  private func sources(_ folder: String) throws -> [(name: String, text: String)] {
    let root = PseudoTerminal.root.appending(path: "Sources/\(folder)")
    let files = try #require(FileManager.default.enumerator(atPath: root.path))
    return try files.compactMap { $0 as? String }.filter { $0.hasSuffix(".swift") }.map {
      ($0, try String(contentsOf: root.appending(path: $0), encoding: .utf8))
    }
  }

  private func imports(_ text: String) -> Set<String> {
    Set(
      text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { $0.hasPrefix("import ") }
        .map { String($0.dropFirst(7)) })
  }

  @Test func engineImportsOnlyCryptographyAndThePageAllocator() throws {
    for file in try sources("Engine") {
      let allowed: Set<String> =
        ["Machine/Memory.swift", "Machine/PageArena.swift"].contains(file.name) ? ["Glibc", "Musl", "Darwin"] : ["Crypto"]
      #expect(imports(file.text).isSubset(of: allowed), "\(file.name)")
    }
  }

  @Test func viewsImportOnlyTheEngine() throws {
    for file in try sources("Views") { #expect(imports(file.text).isSubset(of: ["Engine"]), "\(file.name)") }
  }

  @Test func onlyTheTerminalKnowsCurses() throws {
    for file in try sources("Workbench") where file.name != "App/Terminal.swift" {
      #expect(imports(file.text).isDisjoint(with: ["CNcurses", "CTerm"]), "\(file.name)")
    }
  }

  @Test func engineHasNoClockNoEntropyAndPrintsNothing() throws {
    for file in try sources("Engine") {
      for word in [" print(", "Date(", "SystemRandomNumberGenerator", ".random(", "clock_gettime", "getenv", "fopen("] {
        let code = file.text.split(separator: "\n").filter {
          !$0.trimmingCharacters(in: .whitespaces).hasPrefix("//") && !$0.contains("case print(")
        }
        #expect(!code.contains { $0.contains(word) }, "\(file.name) uses \(word)")
      }
    }
  }
}
