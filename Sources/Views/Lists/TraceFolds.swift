import Engine

/// Statements that stood for others, as the trace shows them: each is one line until it is opened.
struct TraceFolds: PanelState {
  /// Those that are open, by where they begin and how deep they lie.
  private(set) var open: Set<Int> = []
  /// Where the session stood when this was looked at last.
  private var position = 0

  private static func key(_ group: StepGroup) -> Int { group.first << 5 | min(group.depth, 31) }

  func isOpen(_ group: StepGroup) -> Bool { open.contains(Self.key(group)) }

  mutating func open(_ group: StepGroup) { open.insert(Self.key(group)) }
  mutating func close(_ group: StepGroup) { open.remove(Self.key(group)) }

  /// Those are opened in whose middle the session has come to stand, so that one sees where; whoever closes one there has it closed.
  mutating func follow(_ session: Session) {
    guard session.position != position else { return }
    position = session.position
    for group in session.groups(around: position - 1) where group.range.upperBound > position { open(group) }
  }

  /// The outermost closed one that a step, counted from 0, lies in.
  func closed(around step: Int, _ session: Session) -> StepGroup? { session.groups(around: step).first { !isOpen($0) } }

  /// Indices of the steps that have a line: of a closed one the last.
  func shown(_ session: Session) -> [Int] {
    let count = session.steps.count
    var shown: [Int] = []
    var next = 0
    for group in session.stepGroups where group.first >= next && group.first < count && !isOpen(group) {
      let end = min(group.range.upperBound, count)
      shown += next..<group.first
      shown.append(end - 1)
      next = end
    }
    return shown + (next..<count)
  }

  /// To the right a line is opened, to the left what it lies in is closed.
  ///
  /// - Returns: false if there is nothing of the kind.
  static func move(_ motion: Motion, _ effect: inout Effect) -> Bool {
    let session = effect.session
    let step = (effect.state.traceStep ?? session.position) - 1
    let folds = effect.state[TraceFolds.self]
    guard step >= 0, effect.state.filter.isEmpty else { return false }
    if motion.isBack {
      guard let group = session.groups(around: step).last(where: { folds.isOpen($0) }) else { return false }
      effect.state[TraceFolds.self].close(group)
      effect.state.traceStep = min(group.range.upperBound, session.steps.count)
    } else {
      guard let group = folds.closed(around: step, session) else { return false }
      effect.state[TraceFolds.self].open(group)
    }
    return true
  }
}
