import Engine

/// The steps of the trace with what is sought, worked out when that, or the session, is another.
struct TraceSteps: PanelState {
  private struct Key: Equatable {
    var words = ""
    var details = true
    var count = 0
    var position = 0
    var last = ""
  }

  /// The last steps that are looked at.
  static let limit = 1 << 17

  private var key = Key()
  private var found: [Int] = []

  /// Indices of the steps that match, in order; nil if nothing is sought.
  static func matching(_ session: Session, _ state: ViewState) -> [Int]? {
    var steps = state[TraceSteps.self]
    steps.follow(session, state)
    return steps.key.words.isEmpty ? nil : steps.found
  }

  mutating func follow(_ session: Session, _ state: ViewState) {
    let key = Key(
      words: state.filter, details: state.traceDetails, count: session.steps.count, position: session.position,
      last: session.lastStep?.text ?? "")
    guard !key.words.isEmpty else {
      self = TraceSteps()
      return
    }
    guard key != self.key else { return }
    let needle = Needle(key.words)
    let panel = TracePanel(session, state)
    var others = key
    others.words = self.key.words
    // Whatever has one word more is among what there was without it.
    let isNarrower = others == self.key && !self.key.words.isEmpty && needle.isWithin(Needle(self.key.words))
    let candidates = isNarrower ? found : Array(max(0, key.count - Self.limit)..<key.count)
    found = candidates.filter { step in panel.rows(step).contains { needle.matches($0.line) } }
    self.key = key
  }
}
