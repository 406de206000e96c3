import Engine

/// The steps of the trace with what is sought, worked out when that, or the session, is another.
struct TraceSteps: PanelState {
  private struct Key: Equatable {
    var words = ""
    var details = true
    var session: SessionMark?
    var groups = 0
    var open: Set<Int> = []
  }

  /// The last steps that are looked at.
  static let limit = 1 << 17

  private var key = Key()
  private var found: [Int]?

  /// Indices of the steps that match, or have a line where nothing is sought, in order; nil if those are all.
  static func matching(_ session: Session, _ state: ViewState) -> [Int]? {
    var steps = state[TraceSteps.self]
    steps.follow(session, state)
    return steps.found
  }

  mutating func follow(_ session: Session, _ state: ViewState) {
    let key = Key(
      words: state.filter, details: state.traceDetails, session: SessionMark(session), groups: session.stepGroups.count,
      open: state[TraceFolds.self].open)
    guard key != self.key else { return }
    guard !key.words.isEmpty else {
      // In a longer session all steps have their lines.
      let folds = key.groups > 0 && session.steps.count <= Self.limit
      self.key = key
      found = folds ? state[TraceFolds.self].shown(session) : nil
      return
    }
    let needle = Needle(key.words)
    let panel = TracePanel(session, state)
    var others = key
    others.words = self.key.words
    // Whatever has one word more is among what there was without it.
    let isNarrower = others == self.key && !self.key.words.isEmpty && needle.isWithin(Needle(self.key.words))
    let count = session.steps.count
    let candidates = isNarrower ? found ?? [] : Array(max(0, count - Self.limit)..<count)
    found = candidates.filter { step in panel.rows(step).contains { needle.matches($0.line) } }
    self.key = key
  }
}
