import Engine

/// From one branch of the session to another.
extension UserAction {
  package static let nextBranch: UserAction = UserAction(
    "next-branch", [";"], "Next branch", "Goes to the next branch, where one left it.", unless: hasOneBranch
  ) { effect in
    let all = effect.session.branches
    let here = all.firstIndex { $0.id == effect.session.branch.id } ?? 0
    let next = all[(here + 1) % all.count]
    effect.ask(.go(branch: next.id, step: min(next.left, effect.session.end(of: next.id))))
  }

  package static let pruneBranch: UserAction = UserAction(
    "prune-branch", ["X"], in: [.panel("branches")], "Prune",
    "Asks whether to forget the chosen branch's own steps, or the bookmark.",
    unless: { session, state in
      switch BranchesPanel(session, state).chosen {
      case .branch(let branch)? where branch.parent == nil: "the first branch is the session's own"
      case .branch?, .bookmark?: nil
      case .note?, nil: "nothing is chosen that can be pruned"
      }
    }
  ) { effect in
    switch BranchesPanel(effect.session, effect.state).chosen {
    case .branch(let branch)?: effect.ask(.open(.command, text: "prune \(branch.name)"))
    case .bookmark(let bookmark)?: effect.ask(.open(.command, text: "unmark \(bookmark.name)"))
    case .note?, nil: break
    }
  }

  package static let renameBranch: UserAction = UserAction(
    "rename-branch", ["E"], in: [.panel("branches")], "Rename", "Asks for another name for the chosen branch, or another note.",
    unless: { session, state in
      switch BranchesPanel(session, state).chosen {
      case .branch?: nil
      case .bookmark(let bookmark)?: session.place == bookmark.place ? nil : "one is not at that bookmark; go there first"
      case .note?, nil: "nothing is chosen that has a name"
      }
    }
  ) { effect in
    switch BranchesPanel(effect.session, effect.state).chosen {
    case .branch(let branch)?: effect.ask(.open(.command, text: "branch \(branch.name) "))
    case .bookmark(let bookmark)?: effect.ask(.open(.command, text: "bookmark \(bookmark.name) \(bookmark.note)"))
    case .note?, nil: break
    }
  }

  package static let compareBranch: UserAction = UserAction(
    "compare-branch", ["="], "Compare",
    "Puts the chosen branch or bookmark beside where one is; elsewhere it asks what to compare with.",
    unless: { session, state in
      let isOne = session.branches.count < 2 && session.bookmarks.isEmpty
      return state.screen == .branches && isOne ? hasOneBranch(session, state) : nil
    }
  ) { effect in
    let here = effect.session.name(of: BranchPlace(branch: effect.session.branch.id, step: effect.session.position))
    guard effect.state.screen == .branches, let place = BranchesPanel(effect.session, effect.state).chosen?.place(effect.session)
    else { return effect.ask(.open(.command, text: "compare ")) }
    effect.ask(.execute("compare \(here) \(effect.session.name(of: place))"))
  }

  @Sendable private static func hasOneBranch(_ session: Session, _ state: ViewState) -> String? {
    session.branches.count < 2 ? "there is one branch; whoever undoes and does something else has two" : nil
  }
}
