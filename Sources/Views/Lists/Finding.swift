import Engine

/// What is sought in a panel, and which of the lines that match one is at.
package struct Finding: Sendable, Equatable {
  package var words = ""
  /// The line, if one matches.
  package var hit: Int?
  /// The place of the hit among all, from 1, and how many there are.
  package var place = 0
  package var hits = 0

  /// For the edge of the panel.
  var note: String { hits == 0 ? "/\(words) · nothing matches" : "/\(words) · \(place) of \(hits)" }
}

extension ViewState {
  private struct Findings: PanelState {
    var byPanel: [String: Finding] = [:]
    /// The line one was at when one began to type.
    var origin = 0
  }

  /// What is sought in a panel.
  package subscript(finding panel: Panel) -> Finding {
    get { self[Findings.self].byPanel[panel.name] ?? Finding() }
    set { self[Findings.self].byPanel[panel.name] = newValue.words.isEmpty ? nil : newValue }
  }

  /// The line one was at when one began to type what is sought.
  var findingOrigin: Int {
    get { self[Findings.self].origin }
    set { self[Findings.self].origin = newValue }
  }

  /// Words the trace's lines are to have.
  package var filter: String {
    get { self[finding: .trace].words }
    set { self[finding: .trace] = Finding(words: newValue) }
  }

  /// The panel keys go to: a whole screen, or a part of the overview.
  package var focused: Panel { screen == .overview ? focus : screen }
}

extension UserAction {
  package static let find: UserAction = UserAction(
    "find", ["/"], "Find", "Looks for words in this list; !word leaves lines out. The trace shows only what matches.",
    label: "find", unless: hasNoLines
  ) { effect in
    let panel = effect.state.focused
    guard let lines = panel.lines(effect) else { return }
    effect.state.findingOrigin = lines.chosen
    effect.ask(.open(.find, text: effect.state[finding: panel].words))
  }

  package static let nextHit: UserAction = UserAction(
    "next-hit", ["n"], "Next hit", "The next line with what is sought; where nothing is, the next that failed.", label: "next",
    unless: seeksNothing
  ) { Finder.step(1, &$0) }

  package static let previousHit: UserAction = UserAction(
    "previous-hit", ["N"], "Previous hit", "The line before with what is sought; where nothing is, the one that failed.",
    label: "previous", unless: seeksNothing
  ) { Finder.step(-1, &$0) }

  @Sendable private static func hasNoLines(_ session: Session, _ state: ViewState) -> String? {
    guard state.focused.isListed else { return "\(state.focused.title.lowercased()) has no lines to look in" }
    return state.focused.whyEmpty(session, state)
  }

  @Sendable private static func seeksNothing(_ session: Session, _ state: ViewState) -> String? {
    let isIdle = state[finding: state.focused].words.isEmpty && state.focused.notable == nil
    return hasNoLines(session, state) ?? (isIdle ? "nothing is sought; \(state.bindings[.find]) looks for words" : nil)
  }
}

extension Prompt {
  static let find: Prompt = Prompt(
    "find", "/ ", help: "words to look for; !word leaves lines out", changed: { Finder.seek($0, &$1) },
    entered: { words, effect in
      Finder.seek(words, &effect)
      if !words.isEmpty { Finder.say(&effect) }
    })
}

/// Goes to lines with what is sought.
enum Finder {
  /// Looks for words in the panel that has the keys, from where one was when one began to type.
  static func seek(_ words: String, _ effect: inout Effect) {
    let panel = effect.state.focused
    let origin = effect.state.findingOrigin
    var finding = Finding(words: words)
    effect.state[finding: panel] = finding
    panel.prepare(effect.session, &effect.state)
    guard let lines = panel.lines(effect) else { return }
    guard !words.isEmpty else {
      // A list that was filtered stays at what was chosen of it.
      if panel != .trace { lines.show(min(origin, max(0, lines.count - 1)), &effect.state) }
      return
    }
    let hits = hits(lines, words)
    // A filtered list has lines of its own, and is where it was as far as it can be.
    let hit = lines.isFiltered ? hits.first { $0 >= lines.chosen } : hits.first { $0 >= origin }
    take(hit ?? hits.first, hits, lines, &finding)
    effect.state[finding: panel] = finding
    if let hit = finding.hit { lines.show(hit, &effect.state) }
    if effect.state.command != nil {
      effect.state.command?.help =
        hits.isEmpty ? "nothing matches" : "\(finding.place) of \(hits.count) line\(hits.count == 1 ? "" : "s")"
    }
  }

  /// To the next hit, or the one before; after the last comes the first. Where nothing is sought, to the next notable line.
  static func step(_ step: Int, _ effect: inout Effect) {
    let panel = effect.state.focused
    guard let lines = panel.lines(effect) else { return }
    var finding = effect.state[finding: panel]
    if finding.words.isEmpty, let what = panel.notable { return show(what, lines, step, &effect) }
    let hits = hits(lines, finding.words)
    // Somebody may have gone elsewhere since.
    let next = nearest(hits, lines.isText ? finding.hit ?? lines.chosen : lines.chosen, step)
    take(next, hits, lines, &finding)
    effect.state[finding: panel] = finding
    if let next { lines.show(next, &effect.state) }
    say(&effect)
  }

  private static func show(_ what: String, _ lines: PanelLines, _ step: Int, _ effect: inout Effect) {
    let notable = (0..<lines.count).filter(lines.isNotable)
    guard let next = nearest(notable, lines.chosen, step) else { return effect.say("no \(what)") }
    lines.show(next, &effect.state)
    effect.say("\(what) \((notable.firstIndex(of: next) ?? 0) + 1) of \(notable.count)")
  }

  private static func nearest(_ hits: [Int], _ here: Int, _ step: Int) -> Int? {
    step > 0 ? hits.first { $0 > here } ?? hits.first : hits.last { $0 < here } ?? hits.last
  }

  static func say(_ effect: inout Effect) {
    let finding = effect.state[finding: effect.state.focused]
    if finding.hits == 0 {
      effect.say("nothing matches \"\(finding.words)\"", isError: true)
    } else {
      let keys = effect.state.bindings
      effect.say(
        "\(finding.place) of \(finding.hits) with \"\(finding.words)\"; \(keys[.nextHit]) and \(keys[.previousHit]) go on")
    }
  }

  private static func take(_ hit: Int?, _ hits: [Int], _ lines: PanelLines, _ finding: inout Finding) {
    finding.hit = hit
    finding.hits = hits.count
    finding.place = hit.flatMap { hits.firstIndex(of: $0) }.map { $0 + 1 } ?? 0
  }

  private static func hits(_ lines: PanelLines, _ words: String) -> [Int] {
    if lines.isFiltered { return Array(0..<lines.count) }
    let needle = Needle(words)
    return (0..<lines.count).filter { needle.matches(lines.text($0)) }
  }

  /// Marks what was sought where it is seen, and says at the lower edge of the panel how many there are.
  static func mark(_ finding: Finding, _ canvas: inout Canvas, _ rect: Rect) {
    guard !finding.words.isEmpty, rect.width > 8, rect.height > 2 else { return }
    for y in rect.y + 1..<rect.y + rect.height - 1 {
      for word in Needle(finding.words).wanted { canvas.mark(word, y, rect.x + 1..<rect.x + rect.width - 1) }
    }
    canvas.text(
      rect.x + 2, rect.y + rect.height - 1, " \(finding.note) ", finding.hits == 0 ? .warning : .accent, limit: rect.width - 4)
  }
}

extension Canvas {
  /// Shows where a word stands in a row.
  fileprivate mutating func mark(_ word: String, _ y: Int, _ columns: Range<Int>) {
    let letters = Array(word.unicodeScalars)
    let columns = columns.clamped(to: 0..<width)
    guard y >= 0, y < height, !letters.isEmpty, columns.count >= letters.count else { return }
    for x in columns.lowerBound...columns.upperBound - letters.count {
      let isThere = letters.indices.allSatisfy { self[x + $0, y].scalar.properties.lowercaseMapping == String(letters[$0]) }
      if isThere { for n in letters.indices { paint(x + n, y, .found) } }
    }
  }
}
