import Engine

extension Panel {
  package static let form: Panel = Panel(
    "form", "Form", .screen(timeline: false), key: ["F"],
    "Fills in a command or a structure, row by row, with what fits and what would come of it.", label: "form",
    opened: { effect in
      effect.state.form = FormState()
      effect.state.screen = .form
    },
    actions: [
      .formUp, .formDown, .formPageUp, .formPageDown, .formOffer, .formOfferBack, .formDelete, .formClear, .formPerform,
      .formLeave,
    ],
    hints: { _ in
      [
        KeyHint(typing: "value"), KeyHint(.formUp, .formDown, label: "row"), KeyHint(.formOffer), KeyHint(.formClear),
        KeyHint(.formPerform), KeyHint(.formLeave),
      ]
    },
    prepared: { session, state in state.form.follow(session) }, moved: { _, _ in }, clicked: FormPanel.click,
    typed: { scalar, effect in effect.state.form.type(scalar, effect.session) }
  ) { canvas, rect, _, state, focused in FormPanel(state).draw(&canvas, rect, focused: focused) }
}

extension UserAction {
  static let formUp: UserAction = inForm("form-up", [.up, "^P"], "Row above", "The row above.") {
    $0.state.form.select($0.state.form.selected - 1)
  }
  static let formDown: UserAction = inForm("form-down", [.down, "^N"], "Row below", "The row below.") {
    $0.state.form.select($0.state.form.selected + 1)
  }
  static let formPageUp: UserAction = inForm("form-page-up", ["pgup"], "Rows above", "Ten rows up.") {
    $0.state.form.select($0.state.form.selected - 10)
  }
  static let formPageDown: UserAction = inForm("form-page-down", ["pgdn"], "Rows below", "Ten rows down.") {
    $0.state.form.select($0.state.form.selected + 10)
  }
  static let formOffer: UserAction = inForm(
    "form-offer", [.tab], "What fits", "Puts the next value that fits in the row.", label: "what fits"
  ) { $0.state.form.takeOffer($0.session, backwards: false) }
  static let formOfferBack: UserAction = inForm(
    "form-offer-back", ["S-tab"], "What fits, backwards", "Puts the value that fits before that in the row."
  ) { $0.state.form.takeOffer($0.session, backwards: true) }
  static let formDelete: UserAction = inForm("form-delete", [.backspace], "Delete", "Deletes the last character of the row.") {
    $0.state.form.delete($0.session)
  }
  static let formClear: UserAction = inForm(
    "form-clear", ["^U"], "What is right", "Empties the row: what would be right now is meant.", label: "what is right"
  ) { $0.state.form.clear($0.session) }
  static let formPerform: UserAction = inForm("form-perform", [.enter], "Perform", "Does what the form says.", label: "perform") {
    effect in
    let form = effect.state.form
    if form.name == nil, let choice = form.choice {
      _ = FormPanel.open(choice, &effect)
      return
    }
    guard let line = form.line else { return }
    guard form.judgement.isWhole else { return effect.say(form.judgement.answer, isError: true) }
    effect.state.screen = .overview
    effect.ask(.perform(line))
  }
  static let formLeave: UserAction = inForm(
    "form-leave", [.escape, "^C"], "Leave", "Leaves the form; nothing is done.", label: "leave"
  ) {
    $0.state.goBack()
  }

  /// From the command line: a form of what is being typed.
  static let lineForm: UserAction = UserAction(
    "line-form", ["^O", "F2"], in: [.commandLine], "Form", "Fills in the command or structure that is being typed, row by row.",
    label: "form"
  ) { effect in
    let text = effect.state.command?.text ?? ""
    guard FormPanel.open(text, &effect) else {
      return effect.say("there is a form of a command, or of fill STRUCTURE; this line names none", isError: true)
    }
    effect.state.command = nil
  }

  private static func inForm(
    _ id: String, _ keys: [Key], _ title: String, _ help: String, label: String? = nil,
    _ effect: @escaping @Sendable (inout Effect) -> Void
  ) -> UserAction { UserAction(id, keys, in: [.panel("form")], title, help, label: label, effect) }
}

/// A command or a structure to be filled in: a row for each argument or field, with the dry run's verdict beside it.
package struct FormPanel {
  let state: FormState
  let keys: KeyBindings

  package init(_ state: ViewState) {
    self.state = state.form
    keys = state.bindings
  }

  /// Opens the form of a line: `RMI_… name=value`, `fill STRUCTURE PA name=value`, or without the `fill`.
  package static func open(_ text: String, _ effect: inout Effect) -> Bool {
    var words = text.split(separator: " ").map(String.init)
    if ["fill", "form", "smc"].contains(words.first?.lowercased()) { words.removeFirst() }
    guard let first = words.first, let name = Form.find(first), let form = effect.session.form(name, names: effect.names) else {
      return false
    }
    var values: [String: String] = [:]
    var next = 0
    for word in words.dropFirst() {
      let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
      if parts.count == 2, let index = form.index(of: parts[0]) {
        values[form.rows[index].name] = parts[1]
        next = index + 1
      } else if parts.count == 1, form.rows.indices.contains(next) {
        values[form.rows[next].name] = word
        next += 1
      }
    }
    guard let opened = FormState(name, values, effect.session, effect.names) else { return false }
    effect.state.form = opened
    effect.state.screen = .form
    return true
  }

  /// The first row a list of so many begins with.
  private func first(_ room: Int) -> Int { max(0, min(state.selected - room / 2, state.count - room)) }

  /// Where rows, and what is said of the chosen one, are.
  private static func layout(_ inside: Rect) -> (rows: Rect, below: Rect, side: Rect?) {
    let sideWidth = inside.width >= 150 ? inside.width * 2 / 5 : 0
    let width = inside.width - sideWidth
    let below = min(8, max(4, inside.height / 3))
    let rows = Rect(inside.x, inside.y + 1, width, inside.height - 1 - below)
    return (
      rows, Rect(inside.x, rows.y + rows.height, width, below),
      sideWidth == 0 ? nil : Rect(inside.x + width, inside.y + 1, sideWidth, inside.height - 1)
    )
  }

  @Sendable static func click(_ x: Int, _ y: Int, _ rect: Rect, _ effect: inout Effect) {
    let rows = layout(rect.inside).rows
    guard rows.contains(x, y) else { return }
    effect.state.form.select(FormPanel(effect.state).first(rows.height) + y - rows.y)
  }

  package func draw(_ canvas: inout Canvas, _ rect: Rect, focused: Bool) {
    let note = "\(keys.glyphs([.formPerform])) perform · \(keys.glyphs([.formLeave])) leave"
    let inside = canvas.frame(rect, state.name.map { "Form · \($0)" } ?? "Form", note: focused ? note : "", focused: focused)
    guard inside.height > 6 else { return }
    guard let form = state.form else { return drawChoices(&canvas, inside) }
    canvas.text(inside.x + 1, inside.y, form.summary, .dim, limit: inside.width - 2)
    let layout = Self.layout(inside)
    let start = first(layout.rows.height)
    for (n, row) in form.rows.enumerated().dropFirst(start).prefix(layout.rows.height) {
      draw(row, n, &canvas, Rect(layout.rows.x, layout.rows.y + n - start, layout.rows.width, 1))
    }
    drawBelow(form, &canvas, layout.below)
    if let side = layout.side { drawConditions(&canvas, side) }
  }

  /// Which command or structure it is to be.
  private func drawChoices(_ canvas: inout Canvas, _ inside: Rect) {
    canvas.text(inside.x + 1, inside.y, "> \(state.filter)▏", .accent, limit: inside.width - 2)
    let choices = state.choices
    let room = inside.height - 1
    let start = first(room)
    if choices.isEmpty { canvas.text(inside.x + 1, inside.y + 1, "nothing matches", .dim) }
    for (n, name) in choices.enumerated().dropFirst(start).prefix(room) {
      let y = inside.y + 1 + n - start
      canvas.text(inside.x + 1, y, n == state.selected ? "▶" : " ", .accent)
      canvas.text(inside.x + 3, y, name.padding(30), n == state.selected ? .selected : .text)
      canvas.text(inside.x + 34, y, Form.summary(of: name), .dim, limit: inside.width - 35)
    }
  }

  private func draw(_ row: Form.Row, _ index: Int, _ canvas: inout Canvas, _ rect: Rect) {
    let isSelected = index == state.selected
    var x = canvas.text(rect.x + 1, rect.y, isSelected ? "▶ " : "  ", .accent)
    x = canvas.text(x, rect.y, row.name.padding(15), isSelected ? .selected : .text, limit: 15) + 1
    let typed = index < state.typed.count ? state.typed[index] : ""
    let value = typed.isEmpty ? row.right ?? "-" : typed
    let width = rect.width >= 100 ? 24 : 18
    if isSelected {
      // Of what is too long the end is seen, where one types.
      let shown = value.count < width ? value : "…" + value.suffix(width - 2)
      let end = canvas.text(x, rect.y, shown, typed.isEmpty ? .dim : .accent, limit: width - 1)
      canvas.text(end, rect.y, "▏", .accent)
    } else {
      canvas.text(x, rect.y, value, typed.isEmpty ? (row.right == nil ? .warning : .dim) : .text, limit: width)
    }
    x += width + 1
    canvas.text(x, rect.y, row.unit, .dim, limit: 10)
    x += 11
    if rect.width >= 100 {
      canvas.text(x, rect.y, row.allowed, .dim, limit: 26)
      x += 27
    }
    let verdict = state.verdict(index)
    let (mark, role) = look(verdict.mark)
    canvas.text(x, rect.y, mark.isEmpty ? "" : "\(mark) \(verdict.text)", role, limit: rect.x + rect.width - x - 1)
  }

  private func look(_ mark: FormJudgement.Verdict.Mark) -> (String, Role) {
    switch mark {
    case .none: ("", .dim)
    case .held: ("✓", .ok)
    case .failed, .malformed: ("✗", .fault)
    case .notReached: ("·", .dim)
    }
  }

  /// What is said of the chosen row, what would come of it all, and what Enter does.
  private func drawBelow(_ form: Form, _ canvas: inout Canvas, _ rect: Rect) {
    guard let row = state.row else { return }
    let width = rect.width - 2
    var lines: [(String, Role)] = []
    lines.append(("\(row.name)\(row.place.isEmpty ? "" : " (\(row.place))"): \(row.meaning)", .title))
    if !row.allowed.isEmpty { lines.append(("allowed: \(row.allowed)", .dim)) }
    let verdict = state.verdict(state.selected)
    if let missing = row.missing, missing != verdict.text { lines.append((missing, .warning)) }
    if verdict.mark == .failed || verdict.mark == .malformed {
      lines += WhyPanel.wrap("✗ \(verdict.text)", to: width, hanging: 2).map { ($0, .fault) }
    }
    var last = [answer]
    if state.judgement.isWhole { last.append(("\(keys.glyphs([.formPerform])) \(state.line ?? "")", .text)) }
    let offersRow = row.offers.isEmpty ? 0 : 1
    for (n, line) in lines.prefix(max(0, rect.height - last.count - offersRow)).enumerated() {
      canvas.text(rect.x + 1, rect.y + n, line.0, line.1, limit: width)
    }
    let end = rect.y + rect.height
    if offersRow == 1 { drawOffers(row, &canvas, Rect(rect.x + 1, end - last.count - 1, width, 1)) }
    for (n, line) in last.enumerated() { canvas.text(rect.x + 1, end - last.count + n, line.0, line.1, limit: width) }
  }

  /// What would come of it all; of a condition that is about no row, its operands, too.
  private var answer: (String, Role) {
    let judgement = state.judgement
    guard !judgement.answer.isEmpty else { return ("  nobody can say what would come of it", .dim) }
    let other = judgement.others.first { $0.mark == .failed }.map { " (\($0.text))" } ?? ""
    return ("\(judgement.passes ? "✓" : "✗") \(judgement.answer)\(other)", judgement.passes ? .ok : .fault)
  }

  private func drawOffers(_ row: Form.Row, _ canvas: inout Canvas, _ rect: Rect) {
    var x = canvas.text(rect.x, rect.y, "\(keys.glyphs([.formOffer])) ", .key)
    let chosen = state.offer ?? 0
    for (n, offer) in row.offers.enumerated().dropFirst(max(0, chosen - 2)) {
      guard x + offer.text.count < rect.x + rect.width else { break }
      x = canvas.text(x, rect.y, offer.text, n == state.offer ? .selected : .key) + 1
      if !offer.note.isEmpty { x = canvas.text(x, rect.y, offer.note, .dim, limit: rect.x + rect.width - x) + 1 }
      x += 1
    }
  }

  /// Where there is room: every condition in its order, with its operands.
  private func drawConditions(_ canvas: inout Canvas, _ rect: Rect) {
    let width = (state.judgement.conditions.map(\.id.count).max() ?? 0) + 2
    canvas.text(rect.x + 1, rect.y, "The dry run", .title)
    let lines = state.judgement.conditions.flatMap { row -> [(String, Role)] in
      let role: Role = row.verdict == .failed ? .fault : row.verdict == .held ? .ok : .dim
      let text = "\(row.verdict.rawValue) \(row.id.padding(width))\(row.now.isEmpty ? row.text : row.now)"
      return WhyPanel.wrap(text, to: rect.width - 2, hanging: width + 2).map { ($0, role) }
    }
    for (n, line) in lines.prefix(rect.height - 2).enumerated() {
      canvas.text(rect.x + 1, rect.y + 2 + n, line.0, line.1, limit: rect.width - 2)
    }
  }
}
