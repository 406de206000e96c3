import Engine

/// What is asked of bookmarks with a letter for a name, and where one was before one went elsewhere.
package struct Marks: PanelState, Equatable {
  /// What the next key says.
  package enum Question: Sendable {
    case set, goTo
  }

  /// Where one was.
  var departure: BranchPlace?
  /// The next key is a letter.
  package internal(set) var question: Question?

  package init() {}
}

extension ViewState {
  package var marks: Marks {
    get { self[Marks.self] }
    set { self[Marks.self] = newValue }
  }

  /// Notes where one is before one goes elsewhere.
  package mutating func noteDeparture(from place: BranchPlace) { marks.departure = place }
}

extension UserAction {
  package static let mark: UserAction = UserAction(
    "mark", ["m"], "Bookmark this step", "Then a letter, by which one comes back; :bookmark NAME NOTE for more."
  ) { effect in
    effect.state.marks.question = .set
    effect.say("bookmark step \(effect.session.position) with a letter")
  }

  package static let goToMark: UserAction = UserAction(
    "go-to-mark", ["'"], "Go to a bookmark", "Then its letter; again this key goes where one was before.",
    unless: { session, state in
      session.bookmarks.isEmpty && state.marks.departure == nil
        ? "no step has a bookmark; \(state.bindings[.mark]) gives it one" : nil
    }
  ) { effect in
    effect.state.marks.question = .goTo
    effect.say(effect.marks)
  }
}

extension Effect {
  /// What there is to go to by a key.
  fileprivate var marks: String {
    let back = state.marks.departure.map { "' where one was: \(session.name(of: $0))" }
    let all = session.bookmarks.filter { $0.name.count == 1 }.map { "\($0.name): \(session.name(of: $0.place))" }
    return ((back.map { [$0] } ?? []) + all).joined(separator: " · ")
  }

  /// Takes the letter that was asked for.
  package mutating func answerMark(_ key: Key) {
    let question = state.marks.question
    state.marks.question = nil
    guard let letter = key.scalar, letter != " " else { return say("no bookmark", isError: key != .escape) }
    switch question {
    case .set?:
      guard Bookmark.isName(String(letter)) else { return say("\(letter) is no name; a letter or a digit is", isError: true) }
      ask(.execute("bookmark \(letter)"))
    case .goTo?:
      guard let place = letter == "'" ? state.marks.departure : session.bookmark(named: String(letter))?.place else {
        return say("there is no bookmark \(letter); there is \(marks)", isError: true)
      }
      guard session.exists(place) else { return say("what one was at is gone", isError: true) }
      ask(.go(branch: place.branch, step: place.step))
    case nil: break
    }
  }
}
