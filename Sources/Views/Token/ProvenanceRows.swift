import Engine

/// The steps that made the measurements of a Realm.
struct ProvenanceRows {
  let rows: [TokenRow]

  /// What stands there for a token from a file.
  static let ofAFile = [
    TokenRow(
      name: "A file tells the values only.", role: .dim,
      notes: [
        (
          "workbench measure computes a RIM from a description of a Realm, step by step, and names the first step in which two differ.",
          .text
        )
      ])
  ]

  /// - Parameters:
  ///   - rd: the PA of the Realm's descriptor.
  ///   - upTo: the session's step to look from; nil is where it stands.
  init(_ session: Session, _ rd: UInt64, upTo step: Int?, _ keys: KeyBindings) {
    var rows: [TokenRow] = []
    let isPadded = session.read { !$0.configuration.policy.has(.measurementExtendUnpadded) }
    for index in 0...4 {
      let steps = session.provenance(rd, index, upTo: step)
      guard let last = steps.last else { continue }
      let name = index == 0 ? "RIM" : "REM \(index - 1)"
      let note =
        index == 0
        ? "Made by these calls of the Host, in this order; frozen by RMI_REALM_ACTIVATE."
        : isPadded
          ? "The hash of the old value and the bytes given, both padded to 64 bytes."
          : "The hash of the old value and the bytes given, neither padded, as TF-RMM does it (D23)."
      var notes: [(String, Role)] = [(note, .text), (hexBytes(last.measurement.value), .dim)]
      if index > 0 { notes += Self.otherRule(steps.map(\.measurement), isPadded) }
      rows.append(
        TokenRow(
          name: name,
          value: "\(hexBytes(last.measurement.value.prefix(16)))…  \(steps.count) step\(steps.count == 1 ? "" : "s")",
          role: .title, notes: notes, isHeading: true))
      for (number, step) in steps.enumerated() {
        var notes: [(String, Role)] = [("step \(step.step) of the session; \(keys[.travel]) goes there", .text)]
        notes += step.measurement.input.fields.map { ("\($0.name.padding(14))\($0.value)", Role.dim) }
        notes.append(("\(name) after it \(hexBytes(step.measurement.value))", .text))
        rows.append(
          TokenRow(
            lead: "  \(String(number + 1).padding(4))", name: step.measurement.text,
            value: "→ \(hexBytes(step.measurement.value.prefix(6)))…", role: .text, notes: notes, step: step.step))
      }
    }
    self.rows = rows
  }

  /// The value an RMM with the other rule for padding would have.
  private static func otherRule(_ steps: [MeasurementStep], _ isPadded: Bool) -> [(String, Role)] {
    guard let first = steps.first else { return [] }
    var other = RealmMeasurements(first.value.count == 64 ? .sha512 : .sha256, padsREM: !isPadded)
    for step in steps { other.take(step.input, index: step.index) }
    let name = isPadded ? "tf-rmm-0.6, which does not pad" : "spec-1.0, which pads"
    return [("\(name): \(hexBytes(other[first.index]))", .dim)]
  }
}
