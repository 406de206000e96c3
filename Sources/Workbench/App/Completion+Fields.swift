import Engine
import Views

/// Fields of structures: their names while a statement is typed that fills one, and what lies at an address that is typed.
extension Completion {
  /// The structure a statement fills, and how many words come before its fields.
  private static let filling: [String: (structure: String?, words: Int)] = [
    "fill": (nil, 2), "form": (nil, 1), "realm": ("RmiRealmParams", 0), "rec": ("RmiRecParams", 1),
  ]

  /// Offers what may come next; leaves a line alone that fills nothing.
  func offerFields(_ verb: String, _ given: [String], _ current: String, _ line: inout CommandLineState) {
    guard let (structure, words) = Self.filling[verb.lowercased()] else { return }
    if structure == nil, given.isEmpty {
      let names = verb.lowercased() == "form" ? Form.names : Form.structures
      line.candidates = Array(names.filter { $0.lowercased().hasPrefix(current.lowercased()) }.prefix(40))
      return
    }
    guard let form = session.form(structure ?? given[0]) else { return }
    if given.count < words {
      if structure == nil { line.candidates = (form.rows.first?.offers ?? []).map(\.text).filter { $0.hasPrefix(current) } }
      return
    }
    guard let equals = current.firstIndex(of: "=") else {
      line.candidates = form.rows.dropFirst(structure == nil && verb.lowercased() == "form" ? 0 : 1).map { $0.name + "=" }
        .filter { $0.hasPrefix(current.lowercased()) }
      return
    }
    let name = String(current[..<equals])
    let typed = current[current.index(after: equals)...]
    guard let index = form.index(of: name) else { return }
    let row = form.rows[index]
    line.help = "\(row.name): \(row.meaning)" + (row.allowed.isEmpty ? "" : "  ·  \(row.allowed)")
    if let right = row.right { line.help += "  ·  \(right) would be right" }
    line.candidates = row.offers.map { "\(row.name)=\($0.text)" }.filter { $0 != current && $0.hasPrefix("\(row.name)=\(typed)") }
  }

  /// What lies at an address that an access is for.
  func fieldHelp(_ verb: String, _ words: [String]) -> String? {
    guard verb.contains(".read") || verb.contains(".write"), let first = words.first,
      let address = try? StatementParser(line: 0, names: session.labelNames).value(first),
      let place = session.fieldPlace(at: address, nearStep: session.position)
    else { return nil }
    return "\(hex(address)) is \(place.text): \(place.meaning)"
  }
}
