import Foundation
import Testing

/// The examples of Documentation/Embedding.md compile, in a target that sees what is public and no more, and print what the document says
/// they print.
struct EmbeddingTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  private static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  /// The blocks of the document that are between lines of three backticks, and what each begins with.
  private static func blocks() throws -> [String] { try text("Documentation/Embedding.md").components(separatedBy: "```") }

  private static func isExample(_ block: String) -> Bool { block.hasPrefix("swift\nimport Engine") }

  @Test(arguments: zip(["MachineExample", "RealmExample"], [0, 1]))
  func anExampleIsTheOneInTheDocument(_ file: String, _ number: Int) throws {
    let document = try #require(try Self.blocks().filter(Self.isExample).dropFirst(number).first).dropFirst("swift\n".count)
    let source = try Self.text("Tests/EmbeddingTests/\(file).swift")
    let imports = source.components(separatedBy: "\n\n")[0]
    let behind = source.components(separatedBy: "  // The example begins.\n")[1]
    let ours = behind.components(separatedBy: "  // The example ends.\n")[0]
    let lines = ours.components(separatedBy: "\n").map { $0.hasPrefix("  ") ? String($0.dropFirst(2)) : $0 }
    #expect(imports + "\n\n" + lines.joined(separator: "\n") == document)
  }

  /// Document and example, without what a line ends with that nobody sees.
  private func expect(_ printed: [String], toBeBehindExample number: Int) throws {
    let blocks = try Self.blocks()
    let places = blocks.indices.filter { Self.isExample(blocks[$0]) }
    let shown = printed.joined(separator: "\n").components(separatedBy: "\n").map { $0.replacing(/\s+$/, with: "") }
    // Between two blocks of code is text.
    #expect(shown.joined(separator: "\n") == blocks[places[number] + 2].trimmingCharacters(in: .newlines))
  }

  @Test func theMachinePrintsWhatTheDocumentSays() throws {
    var printed: [String] = []
    machineExample { printed.append($0) }
    try expect(printed, toBeBehindExample: 0)
  }

  @Test func theRealmPrintsWhatTheDocumentSays() throws {
    var printed: [String] = []
    try realmExample { printed.append($0) }
    try expect(printed, toBeBehindExample: 1)
  }
}
