import Engine

/// The attacks of the lab, and the one that is tried.
package struct AttackState: PanelState, Equatable {
  /// How far one is with an attack: before each half one says what will come of it.
  package enum Phase: Sendable, Equatable {
    case asked, tried, askedOff, triedOff
  }

  /// What came of a half.
  package struct Outcome: Sendable, Equatable {
    /// What one said, and whether that was so; nil if nothing was asked.
    package let guess: (text: String, isRight: Bool)?
    /// Checks that decided, and rules that were broken, each with its detail.
    package let decided: [String]
    package let broken: [String]

    package init(guess: (text: String, isRight: Bool)?, decided: [String], broken: [String]) {
      (self.guess, self.decided, self.broken) = (guess, decided, broken)
    }

    package static func == (a: Self, b: Self) -> Bool {
      a.guess?.text == b.guess?.text && a.guess?.isRight == b.guess?.isRight && a.decided == b.decided && a.broken == b.broken
    }
  }

  /// A half that is under way: it stands before a call whose answer is to be guessed.
  package struct UnderWay: Sendable, Equatable {
    /// What one has said of the half, from 0; nil if nothing was asked.
    package let answer: Int?
    /// Where the session was when it began, and where it goes on.
    package let first: Int
    package fileprivate(set) var place: BranchPlace
    /// Lines of the half that are done.
    package fileprivate(set) var done = 0
  }

  /// What a call came to, or something else that was asked for.
  package struct Call: Sendable, Equatable {
    /// What one said, and whether that was so; nil if one said nothing.
    package let guess: String?
    package let isRight: Bool
    package let answer: String

    package init(guess: String?, isRight: Bool, answer: String) {
      (self.guess, self.isRight, self.answer) = (guess, isRight, answer)
    }
  }

  package var all: [AttackTrial] = []
  /// Nil if none is tried.
  package private(set) var attack: AttackTrial?
  package private(set) var phase = Phase.asked
  package private(set) var outcome: Outcome?
  package private(set) var offOutcome: Outcome?
  package private(set) var underWay: UnderWay?
  /// By line of the attack's file, the calls that were asked for.
  package private(set) var calls: [Int: Call] = [:]
  /// Whether the list is shown, though an attack is tried.
  var showsList = false
  /// The chosen line of the list, and the chosen answer.
  var row = 0
  var answer = 0
  var scroll: Int?

  package init() {}

  /// Shows an attack before it is tried.
  package mutating func begin(_ attack: AttackTrial, among all: [AttackTrial]) {
    (self.attack, self.all, phase, answer, scroll) = (attack, all, .asked, 0, nil)
    (underWay, calls) = (nil, [:])
    showsList = false
  }

  /// The half that is to be done next, or is under way; nil if it is done.
  package var half: AttackTrial.Half? {
    switch phase {
    case .asked: attack?.asItIs
    case .askedOff: attack?.off
    case .tried, .triedOff: nil
    }
  }

  /// The line that waits until one has said what it comes to.
  package var next: AttackTrial.Line? {
    guard let underWay, let half, half.acts.indices.contains(underWay.done) else { return nil }
    return half.acts[underWay.done]
  }

  /// What is asked now, with what may be said; nil while a half is under way.
  package var question: (text: String, choices: [String])? {
    guard let attack, underWay == nil else { return nil }
    switch phase {
    case .asked: return ("What stops it?", attack.guesses(all))
    case .askedOff:
      return attack.ruleGuesses.map { choices in
        ("The check is off. Which rule of the model does the attack break first?", choices)
      }
    case .tried, .triedOff: return nil
    }
  }

  /// Begins the half that is next.
  ///
  /// - Parameter answer: what one has said of it, from 0.
  package mutating func start(_ answer: Int?, at place: BranchPlace) {
    (underWay, scroll) = (UnderWay(answer: answer, first: place.step, place: place), nil)
    let lines = Set(half?.acts.map(\.number) ?? [])
    calls = calls.filter { !lines.contains($0.key) }
  }

  /// So many more of its lines are done.
  package mutating func goOn(_ count: Int, at place: BranchPlace) {
    underWay?.done += count
    underWay?.place = place
    scroll = nil
  }

  /// What the call that waited came to.
  package mutating func take(_ call: Call) {
    if let next { calls[next.number] = call }
  }

  package mutating func take(_ outcome: Outcome) {
    (scroll, underWay) = (nil, nil)
    answer = 0
    if phase == .asked { (self.outcome, phase) = (outcome, .tried) } else { (offOutcome, phase) = (outcome, .triedOff) }
  }

  /// The check is off now, and the machine is as it was before the attack.
  package mutating func switchOff() {
    (phase, answer, scroll, underWay) = (.askedOff, 0, nil, nil)
  }
}

extension ViewState {
  package var attack: AttackState {
    get { self[AttackState.self] }
    set { self[AttackState.self] = newValue }
  }
}
