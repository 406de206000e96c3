import Engine

extension Panel {
  package static let token: Panel = Panel(
    "token", "Attestation token", key: ["a"], "Claims with their bytes, checks, chain of keys, provenance, appraisal.",
    label: "token",
    opened: { effect in
      effect.state.token.row = 0
      effect.state.token.realm = nil
      effect.state.screen = .token
    }, actions: [.suppose, .challenge],
    hints: { state in
      let own =
        switch state.token.tab {
        case .provenance: KeyHint(.travel, label: "go to its step")
        case .appraisal: KeyHint(.suppose)
        default: KeyHint(.challenge)
        }
      return [
        KeyHint(.left, .right, label: "tab"), KeyHint(.up, .down, label: "line"), own, KeyHint(.nextRealm, label: "next token"),
        KeyHint(.command),
      ]
    },
    listed: { TokenPanel($0, $1.token, $1.bindings).lines($2) },
    empty: { session, state in
      let token = state.token
      return session.tokens.isEmpty && token.file == nil && token.realm == nil ? "there is no token" : nil
    },
    notable: "check that failed or was not evaluated",
    moved: TokenPanel.move, chosen: TokenPanel.choose, clicked: TokenPanel.click
  ) { canvas, rect, session, state, _ in TokenPanel(session, state.token, state.bindings).draw(&canvas, rect) }
}

/// The token view: claims in words with their bytes, the check list, the chain of keys, what made the measurements, and the
/// appraisal with its what-if.
package struct TokenPanel {
  let session: Session
  let state: TokenViewState
  let keys: KeyBindings

  package init(_ session: Session, _ state: TokenViewState, _ keys: KeyBindings = .standard) {
    self.session = session
    self.state = state
    self.keys = keys
  }

  /// The session's step the chosen line leads to.
  package var chosenStep: Int? { chosen?.step }
  /// The reference value the chosen line stands for.
  package var chosenFact: WhatIf.Fact? { chosen?.fact }

  private var chosen: TokenRow? {
    let rows = rows
    return rows.isEmpty ? nil : rows[min(state.row, rows.count - 1)]
  }

  private var rows: [TokenRow] {
    if let provenance { return provenance }
    return TokenModel(session, state, keys).map { $0.rows($0.report) } ?? []
  }

  /// The lines of a Realm that was chosen for its measurements, on the tab that shows them.
  private var provenance: [TokenRow]? {
    guard state.tab == .provenance, let rd = state.realm else { return nil }
    let rows = ProvenanceRows(session, rd, upTo: nil, keys).rows
    return rows.isEmpty ? nil : rows
  }

  package func draw(_ canvas: inout Canvas, _ rect: Rect) {
    let model = TokenModel(session, state, keys)
    let report = model?.report
    tabs(&canvas, rect, report)
    let body = Rect(rect.x, rect.y + 1, rect.width, rect.height - 1)
    let provenance = provenance
    guard model != nil || provenance != nil else {
      nothing(&canvas, body)
      return
    }
    let rows = provenance ?? model.flatMap { model in report.map { model.rows($0) } } ?? []
    let row = max(0, min(state.row, rows.count - 1))
    let (list, detail) = places(body)
    let origin = provenance == nil ? model?.origin ?? "" : "realm with rd \(hex(state.realm ?? 0))"
    draw(list: rows, chosen: row, &canvas, list, origin)
    guard !rows.isEmpty else { return }
    if state.tab == .appraisal, let model {
      draw(model.appraisal, &canvas, detail)
    } else {
      draw(detail: rows[row], model?.document, &canvas, detail)
    }
  }

  /// Where the list is, and what is told of its chosen line.
  private func places(_ body: Rect) -> (list: Rect, detail: Rect) {
    if body.width >= 110 {
      let left = body.width >= 160 ? body.width / 2 : body.width - 50
      return (
        Rect(body.x, body.y, left, body.height), Rect(body.x + left, body.y, body.width - left, body.height)
      )
    }
    // Both vectors need ten lines.
    let top = state.tab == .appraisal ? max(5, body.height - 12) : body.height * 11 / 20
    return (Rect(body.x, body.y, body.width, top), Rect(body.x, body.y + top, body.width, body.height - top))
  }

  private static func tabPlaces(_ rect: Rect) -> [(tab: TokenTab, x: Int)] {
    var x = rect.x + 1
    return TokenTab.allCases.map { tab in
      defer { x += tab.title.count + 3 }
      return (tab, x)
    }
  }

  /// A click on a tab, or on a line.
  @Sendable static func click(_ x: Int, _ y: Int, _ rect: Rect, _ effect: inout Effect) {
    if y == rect.y {
      guard let tab = tabPlaces(rect).last(where: { $0.x <= x })?.tab, tab != effect.state.token.tab else { return }
      effect.state.token.tab = tab
      effect.state.token.row = 0
      return
    }
    let lines = TokenPanel(effect.session, effect.state.token, effect.state.bindings).lines(rect)
    if lines.area.contains(x, y) { Panel.token.take(lines.first + y - lines.area.y, lines, &effect) }
  }

  func lines(_ rect: Rect) -> PanelLines {
    let rows = rows
    let list = places(Rect(rect.x, rect.y + 1, rect.width, rect.height - 1)).list
    return PanelLines(
      count: rows.count, chosen: state.row, area: list.inside,
      text: { "\(rows[$0].lead)\(rows[$0].name) \(rows[$0].value)" },
      isNotable: { rows[$0].role == .fault || rows[$0].role == .warning }, choose: { $1.token.row = $0 })
  }

  private func tabs(_ canvas: inout Canvas, _ rect: Rect, _ report: VerificationReport?) {
    for (tab, x) in Self.tabPlaces(rect) { canvas.text(x, rect.y, " \(tab.title) ", tab == state.tab ? .selected : .dim) }
    let x = Self.tabPlaces(rect).last.map { $0.x + $0.tab.title.count + 3 } ?? rect.x
    guard let report else { return }
    let role: Role = report.verdict == .accepted ? .ok : report.verdict == .refused ? .fault : .warning
    let room = rect.x + rect.width - x - 2
    guard room > 8 else { return }
    let text = Self.words(report, room)
    let shown = text.count > room ? String(text.prefix(room - 1)) + "…" : text
    canvas.right(rect.x + rect.width - 1, rect.y, shown, role)
  }

  /// The verdict, with what refuses it, or what an accepted one does not say.
  private static func words(_ report: VerificationReport, _ room: Int) -> String {
    switch report.verdict {
    case .refused: return "refused: \(report.failures.joined(separator: ", "))"
    case .accepted:
      let open = report.findings.filter { $0.outcome.verdict == .notAsked }.map(\.check.name)
      guard !open.isEmpty else { return "accepted" }
      let full = "accepted, but not asked: \(open.joined(separator: ", "))"
      return full.count <= room ? full : "accepted; \(open.count) not asked"
    case .incomplete: return report.verdict.rawValue
    }
  }

  private func draw(list rows: [TokenRow], chosen: Int, _ canvas: inout Canvas, _ rect: Rect, _ origin: String) {
    let inside = canvas.frame(rect, state.tab.title, note: origin, focused: true)
    guard !inside.isEmpty else { return }
    let first = PanelLines.first(chosen, rows.count, inside.height)
    canvas.markEnds(inside, first: first, count: rows.count)
    let names = rows.filter { ($0.isHeading == (state.tab == .chain)) && !$0.value.isEmpty && state.tab != .provenance }.map {
      $0.lead.count + $0.name.count
    }
    let column = min(names.max() ?? 0, inside.width / 2, 34) + 2
    for (n, row) in rows.dropFirst(first).prefix(inside.height).enumerated() {
      let y = inside.y + n
      let isChosen = first + n == chosen
      let role: Role = isChosen ? .selected : row.role
      if isChosen { canvas.fill(Rect(inside.x, y, inside.width, 1), Cell(" ", .selected)) }
      let name = row.lead + row.name
      if row.value.isEmpty {
        canvas.text(inside.x + 1, y, name, role, limit: inside.width - 2)
      } else if state.tab == .provenance {
        let width = inside.width - 3 - row.value.unicodeScalars.count
        canvas.text(inside.x + 1, y, name, role, limit: max(width, 8))
        canvas.right(inside.x + inside.width - 1, y, row.value, isChosen ? .selected : .dim)
      } else {
        let end = canvas.text(inside.x + 1, y, name, role, limit: inside.width - 2)
        let start = max(inside.x + 1 + column, end + 1)
        canvas.text(start, y, row.value, role, limit: inside.x + inside.width - 1 - start)
      }
    }
    if rows.count > inside.height {
      canvas.right(rect.x + rect.width - 2, rect.y + rect.height - 1, " \(chosen + 1)/\(rows.count) ", .dim)
    }
  }

  private func draw(detail row: TokenRow, _ document: TokenDocument?, _ canvas: inout Canvas, _ rect: Rect) {
    let title =
      row.marks.first.map { "Bytes \($0.range.lowerBound)‥\((row.marks.last?.range.upperBound ?? 1) - 1)" } ?? "About it"
    let inside = canvas.frame(rect, title, note: row.marks.count > 1 ? "label · head · value" : "", focused: false)
    guard !inside.isEmpty else { return }
    let width = inside.width - 2
    var y = inside.y
    let bottom = inside.y + inside.height
    // Bytes need room: words take half at most where there are bytes, too.
    let hasBytes = !row.marks.isEmpty || !row.inputs.isEmpty
    let limit = hasBytes ? max(1, inside.height / 2) : inside.height
    var words = row.notes.filter { !$0.0.isEmpty }.flatMap { text, role in
      WhyPanel.wrap(text, to: width, hanging: 2).map { ($0, role) }
    }
    words = Array(words.prefix(limit))
    for (text, role) in words {
      canvas.text(inside.x + 1, y, text, role, limit: width)
      y += 1
    }
    if hasBytes, !words.isEmpty, y < bottom - 1 { y += 1 }
    if !row.marks.isEmpty, let document {
      BytesPane(bytes: document.bytes, marks: row.marks).draw(&canvas, Rect(inside.x + 1, y, width, bottom - y))
      return
    }
    for input in row.inputs where y < bottom {
      let place = input.range.map { ", bytes \($0.lowerBound)‥\($0.upperBound - 1) of the token" } ?? ""
      canvas.text(inside.x + 1, y, "\(input.label), \(input.bytes.count) bytes\(place)", .accent, limit: width)
      y += 1
      let per = BytesPane.perLine(width)
      let lines = min(
        (input.bytes.count + per - 1) / per, row.inputs.count > 1 ? max(2, inside.height / 4) : inside.height, bottom - y)
      guard lines > 0 else { continue }
      BytesPane(bytes: input.bytes, marks: [], base: input.range?.lowerBound ?? 0).draw(
        &canvas, Rect(inside.x + 1, y, width, lines))
      y += lines
    }
  }

  private func draw(_ appraisal: Appraisal, _ canvas: inout Canvas, _ rect: Rect) {
    let inside = canvas.frame(rect, "Trust vectors", note: state.whatIf.isEmpty ? "" : "supposed", focused: false)
    var y = inside.y
    let width = inside.width - 2
    for vector in [appraisal.platform, appraisal.realm] {
      guard y < inside.y + inside.height else { return }
      canvas.text(inside.x + 1, y, "\(vector.name): \(vector.status.rawValue)", Self.role(vector.status), limit: width)
      y += 1
      if vector.entries.isEmpty {
        canvas.text(inside.x + 1, y, "  not appraised", .dim, limit: width)
        y += 1
      }
      // All claims with one reason are one line.
      let isUniform = vector.entries.count == TrustVector.Claim.allCases.count && Set(vector.entries.map(\.reason)).count == 1
      for entry in isUniform ? Array(vector.entries.prefix(1)) : vector.entries {
        let claim = isUniform ? "every claim" : entry.claim.rawValue
        let line = "  \(claim.padding(18))\(String(entry.value).padding(4))\(entry.reason)"
        for (n, text) in WhyPanel.wrap(line, to: width, hanging: 24).enumerated() {
          guard y < inside.y + inside.height else { return }
          canvas.text(inside.x + 1, y, text, n == 0 ? Self.role(entry.tier) : .dim, limit: width)
          y += 1
        }
      }
    }
  }

  private static func role(_ tier: TrustVector.Tier) -> Role {
    switch tier {
    case .none: .dim
    case .affirming: .ok
    case .warning: .warning
    case .contraindicated: .fault
    }
  }

  private func nothing(_ canvas: inout Canvas, _ rect: Rect) {
    let inside = canvas.frame(rect, "Token", focused: true)
    let progress = session.read { $0.tokensInProgress() }
    var lines: [(String, Role)] = progress.map { ($0.text, .realm) }
    if let step = session.laterToken {
      lines.append(("Step \(step) finishes one; \(keys.glyphs([.travel])) goes there.", .accent))
    }
    let words =
      "No Realm has got a token yet. A vCPU asks with RSI_ATTESTATION_TOKEN_INIT and a challenge of 64 bytes, then takes the token "
      + "in pieces with RSI_ATTESTATION_TOKEN_CONTINUE until it answers RSI_SUCCESS:"
    lines += WhyPanel.wrap(words, to: max(inside.width - 2, 20), hanging: 0).map { ($0, .dim) }
    lines += [
      "RSI_ATTESTATION_TOKEN_INIT challenge_0=0x1234", "RSI_ATTESTATION_TOKEN_CONTINUE addr=0x1000 offset=0 size=4096",
      "RMI_REC_ENTER rec=… run_ptr=…",
    ].map { ("\(keys[.command])\($0)", .key) }
    for (n, line) in lines.enumerated() where n < inside.height {
      canvas.text(inside.x + 1, inside.y + n, line.0, line.1, limit: inside.width - 2)
    }
  }
}
