import Engine

/// The form that is open: what has been put in its rows, and where the eye is.
package struct FormState: PanelState {
  /// Of a command or a structure; nil while it is being chosen.
  package private(set) var name: String?
  /// What is sought while it is being chosen.
  package private(set) var filter = ""
  /// The text of each row; where it is empty, what would be right is meant.
  package private(set) var typed: [String] = []
  package private(set) var selected = 0
  package private(set) var form: Form?
  package private(set) var judgement = FormJudgement(rows: 0)
  /// What words of a script stand for.
  private var names = ScriptNames()
  /// Which of the row's offers was taken last.
  private(set) var offer: Int?
  /// Most characters of a row, and of what is sought: the longest value there is, a personalization value, has 128 digits.
  static let longestValue = 160
  static let longestFilter = 40

  /// The session that has been looked at.
  private var seen: (position: Int, steps: Int)?

  init() {}

  /// - Parameter values: what some rows have already, by their names.
  init?(_ name: String, _ values: [String: String], _ session: Session, _ names: ScriptNames) {
    guard let form = session.form(name, typed: values, names: names) else { return nil }
    self.name = form.subject.name
    self.names = names
    typed = form.rows.map { values[$0.name] ?? "" }
    look(session)
  }

  /// Works it out again, if the session is another.
  mutating func follow(_ session: Session) {
    guard name != nil, seen.map({ $0.position != session.position || $0.steps != session.steps.count }) ?? true else { return }
    look(session)
  }

  private mutating func look(_ session: Session) {
    guard let name else { return }
    let values = Dictionary(uniqueKeysWithValues: (form?.rows ?? []).enumerated().map { ($0.element.name, typed[$0.offset]) })
    guard let form = session.form(name, typed: values, names: names) else { return }
    self.form = form
    judgement = session.judgement(of: form, typed: typed, names: names)
    seen = (session.position, session.steps.count)
  }

  // MARK: Which form

  /// What has a form, and words of what is sought in its name.
  var choices: [String] {
    let words = filter.lowercased().split(separator: " ")
    return Form.names.filter { name in words.allSatisfy { name.lowercased().contains($0) } }
  }

  /// The chosen one of them.
  var choice: String? {
    let choices = choices
    return choices.isEmpty ? nil : choices[min(selected, choices.count - 1)]
  }

  // MARK: Its rows

  /// What is said of a row.
  func verdict(_ index: Int) -> FormJudgement.Verdict {
    judgement.rows.indices.contains(index) ? judgement.rows[index] : FormJudgement.Verdict()
  }

  /// The row the eye is on.
  var row: Form.Row? { form.flatMap { $0.rows.indices.contains(selected) ? $0.rows[selected] : nil } }

  /// How many lines there are to choose from.
  var count: Int { name == nil ? choices.count : typed.count }

  mutating func select(_ index: Int) {
    selected = max(0, min(index, count - 1))
    offer = nil
  }

  // MARK: What is typed

  mutating func type(_ scalar: Unicode.Scalar, _ session: Session) {
    if name == nil, filter.unicodeScalars.count < Self.longestFilter {
      filter.unicodeScalars.append(scalar)
      selected = 0
    }
    guard typed.indices.contains(selected), scalar != " ", typed[selected].unicodeScalars.count < Self.longestValue
    else { return }
    typed[selected].unicodeScalars.append(scalar)
    changed(session)
  }

  mutating func delete(_ session: Session) {
    if name == nil, !filter.isEmpty {
      filter.unicodeScalars.removeLast()
      selected = 0
    }
    guard typed.indices.contains(selected), !typed[selected].isEmpty else { return }
    typed[selected].unicodeScalars.removeLast()
    changed(session)
  }

  /// What would be right is meant again.
  mutating func clear(_ session: Session) {
    if name == nil { filter = "" }
    guard typed.indices.contains(selected) else { return }
    typed[selected] = ""
    changed(session)
  }

  /// The next thing that fits, or the one before.
  mutating func takeOffer(_ session: Session, backwards: Bool) {
    guard let offers = row?.offers, !offers.isEmpty else { return }
    let next = offer.map { ($0 + (backwards ? offers.count - 1 : 1)) % offers.count } ?? (backwards ? offers.count - 1 : 0)
    typed[selected] = offers[next].text
    changed(session)
    offer = next
  }

  private mutating func changed(_ session: Session) {
    offer = nil
    look(session)
  }

  /// What Enter performs.
  var line: String? { form?.line(typed) }
}

extension ViewState {
  package var form: FormState {
    get { self[FormState.self] }
    set { self[FormState.self] = newValue }
  }
}
