extension UserAction {
  /// Everything a person can do, in the order in which palette and key reference show it.
  package static let all: [UserAction] =
    [.command, .undo, .redo, .travel, .find, .nextHit, .previousHit, .copyLine, .copyPanel]
    + openings(Panel.screens.filter { $0 != .overview && $0 != .palette })
    + [.boot, .debug, .run, .step, .stepBack, .stepOver, .runToExit, .runBack, .breakpoint]
    + openings([.overview, .palette]) + [.nextPanel, .previousPanel] + openings(Panel.tiles)
    + [.up, .down, .left, .right, .pageUp, .pageDown, .top, .bottom]
    + [.stepEarlier, .stepLater, .earlier, .later, .beginning, .end, .goto, .changeBefore, .nextChange]
    + [.play, .slower, .faster, .findStep, .findAgain, .findBefore, .mark, .goToMark, .nextBranch, .compareBranch, .predict]
    + Panel.all.flatMap(\.actions)
    + [.theme, .large, .mouse, .redraw, .suspend, .back, .quit] + line + [.lineForm]

  private static func openings(_ panels: [Panel]) -> [UserAction] { panels.compactMap(\.opening) }
}
