import Basics
import Machine

/// An expectation that did not hold, or was not seen.
public struct ExpectationFailure: Sendable, Equatable {
  public var file: String
  public var line: Int
  public var message: String
}

/// Compares what statements and guest actions answer with what a script expects of them.
final class OpenExpectations {
  /// The first of them; ``failureCount`` counts all.
  private(set) var failures: [ExpectationFailure] = []
  private(set) var failureCount = 0
  /// Of guest actions that never completed, though they began; the first of them.
  private(set) var unseen: [ExpectationFailure] = []
  /// Called for one that did not hold, as soon as it is known.
  var onFailure: (ExpectationFailure) -> Void = { _ in }

  /// Called for each as soon as it is known whether it held: its text, its line, and why it did not.
  var onSettled: (String, ScriptLine, String?) -> Void = { _, _, _ in }

  private var captures: [String: UInt64] = [:]
  /// The last statement that answered.
  private var last: (result: StatementResult, line: Int)?
  /// The guest action that was queued last, and what became of it.
  private var lastGuestTag: Int?
  private var completedGuest: (answer: Answer, decidedBy: String?)?
  private var waiting: [Int: [(expectation: Expectation, line: ScriptLine)]] = [:]
  private var waitingCount = 0

  /// Most failures that are kept, and most expectations of guests that may wait.
  static let keptLimit = 1000

  func answered(_ result: StatementResult, _ line: ScriptLine) { last = (result, line.number) }

  func queued(tag: Int) {
    lastGuestTag = tag
    completedGuest = nil
  }

  func expect(_ expectation: Expectation, _ line: ScriptLine) {
    guard let last, let answer = last.result.answer else {
      return settle(expectation, line, "expect has no statement before it to be about")
    }
    let mismatch = expectation.mismatch(
      answer, decision: last.result.decidedBy, printed: last.result.printed, broken: last.result.broken,
      overruled: last.result.overruled, captures: &captures)
    let why = last.result.decidedBy.map { " (decided by \($0))" } ?? ""
    settle(expectation, line, mismatch.map { "\($0)\(why), from line \(last.line)" })
  }

  func expectGuest(_ expectation: Expectation, _ line: ScriptLine) throws(ScriptError) {
    guard let tag = lastGuestTag else { throw line.error("guest expect has no guest action before it to be about") }
    if let (answer, decision) = completedGuest {
      let mismatch = expectation.mismatch(answer, decision: decision, captures: &captures)
      return settle(expectation, line, mismatch.map { "guest: \($0)" })
    }
    guard waitingCount < Self.keptLimit else {
      throw line.error("more than \(Self.keptLimit) guest expectations wait for their actions")
    }
    waitingCount += 1
    waiting[tag, default: []].append((expectation, line))
  }

  /// What completed in a statement.
  func completed(_ results: [GuestResult]) {
    for guest in results {
      let answer = guest.answer
      if guest.action.tag == lastGuestTag { completedGuest = (answer, guest.decidedBy) }
      for open in waiting.removeValue(forKey: guest.action.tag) ?? [] {
        waitingCount -= 1
        let mismatch = open.expectation.mismatch(answer, decision: guest.decidedBy, captures: &captures)
        settle(open.expectation, open.line, mismatch.map { "guest: \($0)" })
      }
    }
  }

  /// Settles what is still open: unseen if its action began, failed if it never did.
  func settle(on session: Session) {
    let queue = session.read { $0.control.guestQueue }
    let began = Set(queue.departures.map(\.action.tag))
    let pending = Set(queue.pending.map(\.tag))
    for (tag, open) in waiting.sorted(by: { $0.key < $1.key }) {
      for (expectation, line) in open {
        // What left the Realm and was forgotten with its REC had started.
        if !began.contains(tag), pending.contains(tag) || !queue.forgotten.contains(tag) {
          settle(expectation, line, "guest: the action never started, so \(expectation.text) was not seen")
        } else if unseen.count < Self.keptLimit {
          unseen.append(failure(line, "guest: \(expectation.text) was not seen; its REC did not run again"))
        }
      }
    }
    waiting = [:]
    waitingCount = 0
    completedGuest = nil
    captures = [:]
    lastGuestTag = nil
    last = nil
  }

  private func failure(_ line: ScriptLine, _ message: String) -> ExpectationFailure {
    ExpectationFailure(file: line.file, line: line.number, message: message)
  }

  /// It held, or there is a problem.
  private func settle(_ expectation: Expectation, _ line: ScriptLine, _ problem: String?) {
    settle("expect \(expectation.text)", line, problem)
  }

  /// It held, or there is a problem.
  func settle(_ text: String, _ line: ScriptLine, _ problem: String?) {
    onSettled(text, line, problem)
    guard let message = problem else { return }
    let failure = failure(line, message)
    failureCount += 1
    if failures.count < Self.keptLimit { failures.append(failure) }
    onFailure(failure)
  }
}
