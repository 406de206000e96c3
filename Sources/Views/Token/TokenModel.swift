import Engine

/// A token to look at, and everything the tabs say of it.
struct TokenModel {
  let session: Session
  let state: TokenViewState
  let document: TokenDocument
  /// The session's token; nil for one from a file or one that is still being made.
  let token: SessionToken?
  let key: PublicKey?
  /// Where the token is from, in words.
  let origin: String

  let keys: KeyBindings

  /// Nil if there is no token, not even one that is begun.
  init?(_ session: Session, _ state: TokenViewState, _ keys: KeyBindings) {
    self.keys = keys
    self.session = session
    self.state = state
    if let file = state.file {
      document = TokenDocument(file.bytes)
      token = nil
      key = file.key
      origin = file.name
      return
    }
    if let found = session.token(state.number) ?? session.tokens.last {
      document = TokenDocument(found.token.bytes)
      token = found
      key = found.platformKey
      origin = "token \(found.number) of \(session.tokens.count) · step \(found.step) · REC \(hex(found.token.rec))"
      return
    }
    guard let begun = session.read({ $0.tokensInProgress() }).first(where: { $0.unsigned != nil }), let bytes = begun.unsigned
    else { return nil }
    document = TokenDocument(bytes)
    token = nil
    key = nil
    origin = begun.text
  }

  /// What a verifier does not make sure of in this session: switched off.
  private var ignored: Set<TokenCheck.Link> { session.read { $0.switchedOff.ignoredLinks } }

  private static let offNote = "Switched off: a verifier does not make sure of it."

  var report: VerificationReport {
    var options = VerificationOptions(platformKey: key, challenge: state.challenge, profile: nil)
    options.ignored = ignored
    return VerificationReport(document, options)
  }

  func rows(_ report: VerificationReport) -> [TokenRow] {
    switch state.tab {
    case .claims: claims()
    case .checks: checks(report)
    case .chain: chain(report)
    case .provenance:
      token.map { ProvenanceRows(session, $0.token.rd, upTo: $0.step, keys).rows } ?? ProvenanceRows.ofAFile
    case .appraisal: references()
    }
  }

  // MARK: Claims

  private func claims() -> [TokenRow] {
    guard let root = document.root else {
      return [TokenRow(name: "not readable", value: document.error?.message ?? "", role: .fault)]
    }
    var rows = [
      TokenRow(
        name: "envelope", value: document.envelope.name, role: .title,
        notes: [("\(document.bytes.count) bytes; the head says what holds the two tokens together", .text)],
        marks: [ByteMark(range: root.head, role: .accent)], isHeading: true)
    ]
    for part in [document.platform, document.realm].compactMap({ $0 }) { rows += claims(part) }
    return rows
  }

  private func claims(_ part: TokenPart) -> [TokenRow] {
    let role: Role = part.kind == .platform ? .root : .realm
    var rows = [
      TokenRow(
        name: part.kind.title, value: "\(part.entry.range.count) bytes, \(part.profile.name)", role: role,
        notes: [
          (
            part.kind == .platform
              ? "Signed by the platform's key: what the machine is, and which key its RMM signs with."
              : "Signed by the Realm attestation key: what this Realm is.", .text
          )
        ],
        marks: [ByteMark(range: part.entry.head, role: .accent), ByteMark(range: part.entry.content, role: .dim)], isHeading: true
      )
    ]
    if let problem = part.problem { rows.append(TokenRow(lead: "  ", name: "problem", value: problem, role: .fault)) }
    if let sign1 = part.sign1 {
      let algorithm = sign1.algorithm?.int.flatMap { COSEAlgorithm(rawValue: $0)?.name } ?? "no known algorithm"
      rows.append(
        TokenRow(
          lead: "  ", name: "protected header", value: "\(algorithm)  \(hexBytes(sign1.protected.bytes ?? []))",
          notes: [("COSE header that is signed too: {1: alg}", .text)], marks: marks(nil, sign1.protected)))
    }
    for reading in part.readings {
      let first = rows.count
      append(reading, &rows)
      if part.kind == .realm { addOrigins(reading, &rows[first...]) }
    }
    if let sign1 = part.sign1 {
      let structure = sign1.sigStructure
      rows.append(
        TokenRow(
          lead: "  ", name: "Sig_structure", value: "\(structure.count) bytes that are hashed and signed",
          notes: [
            ("[\"Signature1\", protected header, h'', payload]: not in the token, made of its parts (RFC 9052 4.4)", .text),
            (sign1.signedDigest.map { "\($0.name) \(hexBytes($0.bytes))" } ?? "", .dim),
          ],
          inputs: [CheckInput(label: "Sig_structure", bytes: structure, range: nil)]))
      let signature = sign1.signature
      let isSigned = !(signature.bytes ?? []).isEmpty
      rows.append(
        TokenRow(
          lead: "  ", name: "signature", value: isSigned ? hexBytes(signature.bytes ?? []) : "not yet",
          role: isSigned ? .text : .warning,
          notes: [("r, then s, big-endian, each as long as the curve's coordinates", .text)], marks: marks(nil, signature)))
    }
    return rows
  }

  private func append(_ reading: ClaimReading, _ rows: inout [TokenRow]) {
    let label = reading.label.int.map { reading.depth == 0 ? " (\($0))" : "" } ?? ""
    var notes: [(String, Role)] = [(reading.meaning, .text)]
    if reading.depth == 0 || reading.words.count > 20 { notes.append((reading.words, .dim)) }
    rows.append(
      TokenRow(
        lead: String(repeating: "  ", count: reading.depth + 1), name: reading.name + label, value: reading.words,
        role: reading.depth == 0 ? .text : .dim, notes: notes,
        marks: marks(reading.depth == 0 || reading.label.range != reading.item.range ? reading.label : nil, reading.item)))
    if reading.depth == 1 {
      // The fields of a component are told beside it.
      rows[rows.count - 1].notes =
        [(reading.meaning, .text)] + reading.children.map { ("\($0.name.padding(15))\($0.words)", .dim) }
      rows[rows.count - 1].marks = componentMarks(reading) ?? rows[rows.count - 1].marks
      return
    }
    for child in reading.children { append(child, &rows) }
  }

  /// Which step made a claim of the Realm, and each of its measurements.
  private func addOrigins(_ reading: ClaimReading, _ rows: inout ArraySlice<TokenRow>) {
    guard let token, let claim = reading.label.int.flatMap(RealmClaim.init) else { return }
    for (number, index) in rows.indices.enumerated() {
      guard let origin = session.origin(of: claim, rem: number > 0 ? number - 1 : nil, in: token) else { continue }
      rows[index].step = origin.step
      rows[index].notes.append((origin.text + (origin.step == nil ? "" : "; \(keys[.travel]) goes there"), .accent))
    }
  }

  /// Head of the component, then the names and values of its fields.
  private func componentMarks(_ reading: ClaimReading) -> [ByteMark]? {
    guard !reading.children.isEmpty else { return nil }
    return [ByteMark(range: reading.item.head, role: .warning)]
      + reading.children.flatMap { field in
        [ByteMark(range: field.label.range, role: .accent)] + marks(nil, field.item)
      }
  }

  /// Label, head and content of an item.
  private func marks(_ label: CBORItem?, _ item: CBORItem) -> [ByteMark] {
    var marks: [ByteMark] = []
    if let label { marks.append(ByteMark(range: label.range, role: .accent)) }
    marks.append(ByteMark(range: item.head, role: .warning))
    if !item.content.isEmpty { marks.append(ByteMark(range: item.content, role: .selected)) }
    return marks
  }

  // MARK: Checks

  /// Those that failed first, then those that could not be evaluated, then what nobody asked, then the others; each in their order.
  private func checks(_ report: VerificationReport) -> [TokenRow] {
    let order: [CheckOutcome.Verdict] = [.failed, .notEvaluated, .notAsked]
    let first = order.flatMap { verdict in report.findings.filter { $0.outcome.verdict == verdict } }
    let others = report.findings.filter { !order.contains($0.outcome.verdict) }
    let ignored = ignored
    return (first + others).map { finding in
      let isMandatory = finding.check.weight == .mandatory
      let role: Role =
        switch finding.outcome.verdict {
        case .passed: .ok
        case .failed: isMandatory ? .fault : .warning
        case .notEvaluated: isMandatory ? .warning : .dim
        case .notAsked: .dim
        }
      let isOff = finding.check.link.map(ignored.contains) ?? false
      var row = TokenRow(
        lead: "\(isOff ? "○" : finding.mark) ", name: finding.check.name, value: finding.outcome.sentence,
        role: isOff ? .warning : role)
      row.notes = [
        (finding.outcome.sentence, role), ("Must be true: \(finding.check.meaning).", .text),
        ("\(finding.check.rule) · \(finding.check.weight.rawValue)", .dim),
      ]
      if isOff { row.notes.append((Self.offNote, .warning)) }
      row.inputs = finding.outcome.inputs
      return row
    }
  }

  // MARK: Chain

  private func chain(_ report: VerificationReport) -> [TokenRow] {
    let ignored = ignored
    let overruled = report.overruled.map { Protection($0).name.description }.joined(separator: ", ")
    func link(_ link: TokenCheck.Link, _ words: String) -> TokenRow {
      let finding = report.finding(link)
      let verdict = finding?.outcome.verdict ?? .notEvaluated
      let isOff = ignored.contains(link)
      let role: Role = isOff ? .warning : verdict == .passed ? .ok : verdict == .failed ? .fault : .warning
      let off: [(String, Role)] = isOff ? [(Self.offNote, .warning)] : []
      return TokenRow(
        lead: "   │ \(isOff ? "○" : finding?.mark ?? "·") ", name: words, value: "", role: role,
        notes: [(finding?.outcome.sentence ?? "", role), (finding?.check.rule ?? "", .dim)] + off,
        inputs: finding?.outcome.inputs ?? [])
    }
    let rak = document.realm?.claims?.entry(RealmClaim.publicKey.rawValue)
    let instance = document.platform?.claims?.entry(PlatformClaim.instanceID.rawValue)
    let lifecycle = document.platform?.readings.first { $0.label.int == PlatformClaim.lifecycle.rawValue }?.words
    let rim = document.realm?.claims?.entry(RealmClaim.initialMeasurement.rawValue)
    return [
      TokenRow(
        lead: " ● ", name: "platform key (CPAK)",
        value: key.map { "\($0.curve.name) \(hexBytes($0.point[1..<13]))…" } ?? "not given",
        role: .root,
        notes: [
          (
            lifecycle == nil
              ? ""
              : token == nil
                ? "Somebody you trust gives it: the maker of the platform." : "The key of the machine of this session.",
            .text
          )
        ],
        inputs: key.map { [CheckInput(label: "public key 04‖x‖y", bytes: $0.point, range: nil)] } ?? [], isHeading: true),
      link(.platformSignature, "signs"),
      TokenRow(
        lead: " ● ", name: "platform token",
        value: "instance \(hexBytes((instance?.bytes ?? []).prefix(9)))… · \(lifecycle ?? "-")",
        role: .root,
        notes: [("What the platform is; its challenge is the hash of the Realm attestation key.", .text)],
        marks: instance.map { marks(nil, $0) } ?? [], isHeading: true),
      link(.binding, "its challenge is the hash of"),
      TokenRow(
        lead: " ● ", name: "Realm attestation key (RAK)", value: "\(rak?.bytes?.count ?? 0) bytes in claim 44237", role: .realm,
        notes: [("Made by EL3 at boot for the RMM; the same for all Realms until the next boot.", .text)],
        marks: rak.map { marks(nil, $0) } ?? [], isHeading: true),
      link(.realmSignature, "signs"),
      TokenRow(
        lead: " ● ", name: "realm token", value: "RIM \(hexBytes((rim?.bytes ?? []).prefix(12)))…", role: .realm,
        notes: [("What the Realm is.", .text)], marks: rim.map { marks(nil, $0) } ?? [], isHeading: true),
      link(.freshness, "answers the challenge that was sent"),
      TokenRow(
        lead: " ● ", name: "verifier", value: lifecycle == nil ? "" : report.verdict.rawValue,
        role: report.verdict == .accepted ? .ok : report.verdict == .refused ? .fault : .warning,
        notes: [(report.summary, .text)]
          + (overruled.isEmpty ? [] : [("Would not be accepted but for what is switched off: \(overruled).", .warning)]),
        isHeading: true),
    ]
  }

  // MARK: Appraisal

  /// What the token would be held against: its own values, and what is supposed of them.
  var reference: ReferenceValues { ReferenceValues(document, key: key) }

  /// A key that is not the platform's: the Realm's.
  private var otherKey: PublicKey? {
    document.realm?.claims?.entry(RealmClaim.publicKey.rawValue)?.bytes.flatMap { bytes in
      PublicKey(point: bytes) ?? (try? PublicKey(coseKey: bytes))
    }
  }

  var appraisal: Appraisal {
    Appraisal(
      document, state.whatIf.apply(to: reference, otherKey: otherKey), challenge: state.challenge, profile: nil, ignored: ignored)
  }

  private func references() -> [TokenRow] {
    let reference = reference
    var rows = [
      TokenRow(
        name: "Reference values", value: "\(keys[.suppose]): as in the token · another · none", role: .title,
        notes: [("Suppose a value were another, and see the vectors move.", .text)], isHeading: true)
    ]
    func row(_ fact: WhatIf.Fact, _ name: String, _ value: String) {
      let supposed = state.whatIf[fact]
      let lead = supposed == .asIs ? "  = " : supposed == .another ? "  ≠ " : "  - "
      rows.append(
        TokenRow(
          lead: lead, name: name, value: supposed == .absent ? "none" : supposed == .another ? "another value" : value,
          role: supposed == .asIs ? .text : .changed, fact: fact))
    }
    if let anchor = reference.anchors.first {
      row(.anchor, "trust anchor", "\(anchor.key.curve.name) key of \(hexBytes(anchor.instanceID.prefix(6)))…")
    }
    row(.implementation, "implementation id", "\(hexBytes((reference.implementationID ?? []).prefix(8)))…")
    for (index, component) in reference.components.enumerated() {
      row(.component(index), shown(component.type ?? "component \(index)"), "\(hexBytes(component.measurement.prefix(8)))…")
    }
    row(.config, "config", hexBytes((reference.configs.first ?? []).prefix(16)))
    row(.rim, "RIM", "\(hexBytes((reference.realms.first?.rim ?? []).prefix(8)))…")
    row(.rpv, "personalization value", "\(hexBytes((reference.realms.first?.rpv ?? []).prefix(8)))…")
    for rem in 0..<4 { row(.rem(rem), "REM \(rem)", "\(hexBytes((reference.realms.first?.rems[rem] ?? []).prefix(8)))…") }
    rows.append(
      TokenRow(
        name: "Policy", value: "life cycles that are accepted", role: .title,
        notes: [("A platform in another state is contraindicated: somebody may read its memory.", .text)], isHeading: true))
    for lifecycle in Lifecycle.allCases {
      let isAccepted = (reference.lifecycles ?? [.secured]).contains(lifecycle) != (state.whatIf[.lifecycle(lifecycle)] != .asIs)
      rows.append(
        TokenRow(
          lead: isAccepted ? "  ✓ " : "  - ", name: lifecycle.name, value: "",
          role: state.whatIf[.lifecycle(lifecycle)] == .asIs ? .text : .changed, fact: .lifecycle(lifecycle)))
    }
    return rows
  }
}
