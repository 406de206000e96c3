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

  package var all: [AttackTrial] = []
  /// Nil if none is tried.
  package private(set) var attack: AttackTrial?
  package private(set) var phase = Phase.asked
  package private(set) var outcome: Outcome?
  package private(set) var offOutcome: Outcome?
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
    showsList = false
  }

  /// What is asked now, with what may be said.
  package var question: (text: String, choices: [String])? {
    guard let attack else { return nil }
    switch phase {
    case .asked: return ("What stops it?", attack.guesses(all))
    case .askedOff:
      return attack.ruleGuesses.map { choices in
        ("The check is off. Which rule of the model does the attack break first?", choices)
      }
    case .tried, .triedOff: return nil
    }
  }

  package mutating func take(_ outcome: Outcome) {
    scroll = nil
    answer = 0
    if phase == .asked { (self.outcome, phase) = (outcome, .tried) } else { (offOutcome, phase) = (outcome, .triedOff) }
  }

  /// The check is off now, and the machine is as it was before the attack.
  package mutating func switchOff() {
    (phase, answer, scroll) = (.askedOff, 0, nil)
  }
}

extension ViewState {
  package var attack: AttackState {
    get { self[AttackState.self] }
    set { self[AttackState.self] = newValue }
  }
}
