import Basics

/// Predicates that end what takes long when they become true: a guest that runs, a file that is included, a statement that stands for
/// others. What is done by a line alone, and what is done again, they leave alone.
final class Watches {
  private var all: [(predicate: Predicate, held: Bool)] = []
  private var tally = Session.TallyKeeper(first: 0)
  /// Where it was looked at the last time.
  private var last = -1
  /// What has become true since somebody asked.
  private(set) var hit: String?

  /// Most predicates that are watched.
  static let limit = 64

  var isEmpty: Bool { all.isEmpty }
  var count: Int { all.count }

  func forget() {
    all = []
    hit = nil
  }

  /// - Returns: whether it holds already.
  func add(_ predicate: Predicate, on session: Session) -> Bool {
    tally.follow(session)
    let holds = predicate.holds(session.predicateReader(tally))
    all.removeAll { $0.predicate == predicate }
    all.append((predicate, holds))
    return holds
  }

  /// What is done from here on is looked at: what holds already has not become true by it.
  func begin(on session: Session) {
    hit = nil
    guard !all.isEmpty else { return }
    look(session)
    hit = nil
  }

  /// Whether one has become true since ``begin(on:)``.
  func hasHit(on session: Session) -> Bool {
    guard !all.isEmpty else { return false }
    // On a way through time steps are done again.
    if !session.keepsHistory || session.position == session.steps.count, session.position != last { look(session) }
    return hit != nil
  }

  private func look(_ session: Session) {
    last = session.position
    tally.follow(session)
    let reader = session.predicateReader(tally)
    for index in all.indices {
      let holds = all[index].predicate.holds(reader)
      if holds, !all[index].held, hit == nil { hit = "step \(session.position): \(all[index].predicate.text) has become true" }
      all[index].held = holds
    }
  }

  func takeHit() -> String? {
    defer { hit = nil }
    return hit
  }
}

extension ScriptRunner {
  /// Watches a predicate, or, if there is none, no longer any.
  ///
  /// - Returns: what is to be said of it; nil if there are too many.
  func watch(_ predicate: Predicate?) -> String? {
    guard let predicate else {
      watches.forget()
      return "nothing is watched"
    }
    guard watches.count < Watches.limit else { return nil }
    if !isWatching {
      isWatching = true
      let isInterrupted = session.isInterrupted
      session.isInterrupted = { [unowned self] in isInterrupted() || watches.hasHit(on: session) }
    }
    return watches.add(predicate, on: session)
      ? "it holds here; what runs stops when it has become true again" : "what runs stops when it becomes true"
  }

  /// What has become true in the last line, and ended it.
  package func takeWatchHit() -> String? { watches.takeHit() }
}
