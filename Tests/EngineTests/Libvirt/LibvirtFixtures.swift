import Foundation
import Libvirt

/// Fixtures that a real libvirt wrote (Scripts/libvirt-fixtures).
enum LibvirtFixtures {
  struct Section {
    let name: String
    let xml: String
    let answers: [String: String]
  }

  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

  static func text(_ name: String) -> String {
    (try? String(contentsOf: folder.appending(path: name), encoding: .utf8)) ?? ""
  }

  static func sections(_ name: String) -> [Section] {
    text(name).split(separator: "=== ", omittingEmptySubsequences: true).map { part in
      let (title, body) = headAndRest(part)
      let pieces = ("\n" + body).components(separatedBy: "\n--- ")
      var answers: [String: String] = [:]
      for piece in pieces.dropFirst() {
        let (kind, answer) = headAndRest(Substring(piece))
        answers[kind] = answer.hasSuffix("\n") ? String(answer.dropLast()) : answer
      }
      return Section(name: title, xml: pieces[0].isEmpty ? "" : pieces[0].dropFirst() + "\n", answers: answers)
    }
  }

  private static func headAndRest(_ text: Substring) -> (String, String) {
    let end = text.firstIndex(of: "\n") ?? text.endIndex
    return (String(text[..<end]), String(text[end...].dropFirst()))
  }

  /// A domain as libvirt has it after it has read XML.
  static func domain(_ xml: String, _ capabilities: EmulatorCapabilities = EmulatorCapabilities()) throws -> DomainDefinition {
    let (given, _) = try DomainReader.read(XMLReader.read(Array(xml.utf8)))
    return try DomainCompleter(capabilities) { Array(repeating: 0x5A, count: $0) }.complete(given)
  }
}
