import Basics
import Machine

extension Session {
  func form(_ table: StructureTable, _ author: StructureTables.Author, _ given: [String: UInt64]) -> Form {
    let right = read { $0.rightNow(table, given: given) }
    let pages =
      filledPages(table.name).map { Form.Offer($0, "filled as \(table.name)") }
      + read { $0.hostPages(4) }.map { Form.Offer($0, "the Host's, nothing in it") }
    let places = author == .host ? pages : [Form.Offer(0x1000, "an IPA of the Realm's")]
    let address = Form.Row(
      name: "at", unit: author == .host ? "PA" : "IPA", meaning: "where the structure lies",
      allowed: "a multiple of \(hex(UInt64(table.facts.size)))", place: "", right: places.first?.text,
      missing: places.isEmpty ? "no page of the Host's is free" : nil, offers: places)
    let rows = table.writable.flatMap { row in
      (0..<row.field.count).map { index -> Form.Row in
        let field = row.field
        let name = field.name(index)
        let missing = right.missing.first { $0.field == name }?.why
        let value = field.kind.text(right.values[name] ?? 0)
        return Form.Row(
          name: name, unit: field.formUnit, meaning: field.meaning.description, allowed: allowed(field),
          place: hex(UInt64(row.offset + index * field.width)),
          right: missing == nil ? (field.kind == .bytes ? "00" : value) : nil,
          missing: missing, offers: offers(field, value, missing == nil))
      }
    }
    return Form(.structure(table.name), [address] + rows, table.facts.summary.description)
  }

  private func allowed(_ field: MemoryField) -> String {
    let bits = StructureTables.named(field.type.description)?.bits ?? []
    if !bits.isEmpty { return bits.map(\.name.description).joined(separator: "|") }
    if !field.allowed.isEmpty { return field.allowed }
    return field.kind == .bytes ? "up to \(field.width) bytes in hexadecimal" : ""
  }

  /// What fits a field now, what would be right first.
  private func offers(_ field: MemoryField, _ right: String, _ isRight: Bool) -> [Form.Offer] {
    var offers = isRight ? [Form.Offer(text: field.kind == .bytes ? "00" : right, note: "right now")] : []
    let names = field.kind.names
    offers += names.map { Form.Offer(text: $0.name, note: "\($0.value)") }
    offers += (StructureTables.named(field.type.description)?.bits ?? []).filter { $0.low == $0.high }.map {
      Form.Offer(text: $0.name.description, note: $0.meaning.description)
    }
    if field.kind == .pa { offers += read { $0.delegatedGranules(8) }.map { Form.Offer($0, "DELEGATED") } }
    if names.isEmpty, field.most != .max, field.most < 1 << 16 {
      offers += [field.least, field.most].map { Form.Offer(text: "\($0)", note: $0 == field.least ? "least" : "most") }
    }
    var seen: Set<String> = []
    return offers.filter { seen.insert($0.text).inserted }
  }
}

extension MemoryField {
  /// What a value of it is, as a form says.
  fileprivate var formUnit: String {
    guard unit.description.isEmpty else { return unit.description }
    switch kind {
    case .number, .signed: return "number"
    case .flag: return "0 or 1"
    case .bits, .structure, .systemRegister: return "bits"
    case .pa: return "PA"
    case .ipa: return "IPA"
    case .bytes: return "bytes"
    case .hashAlgorithm: return "hash"
    case .exitReason, .ripas, .realmState, .attestationState: return "one of"
    }
  }
}
