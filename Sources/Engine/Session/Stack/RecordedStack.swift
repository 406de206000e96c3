import Basics

extension Session {
  /// What a recording says the host of the machine that is there was told, and the steps of each, counted from 0: the statements that
  /// stand over their steps.
  var recordedStackCommands: [(command: StackCommand, steps: Range<Int>)] {
    let first = resets.last { $0 < position }.map { $0 + 1 } ?? 0
    let end = resets.first { $0 >= position } ?? steps.count
    return stepGroups.compactMap { group in
      guard group.depth == 0, first <= group.first, group.range.upperBound <= end, let command = Self.command(group) else {
        return nil
      }
      return (command, group.range)
    }
  }

  /// What a recording says a host was told that has ended where the session stands.
  var recordedStackCommand: (command: StackCommand, steps: Range<Int>)? {
    guard position > 0, let group = groups(around: position - 1).first, group.depth == 0, group.range.upperBound == position,
      let command = Self.command(group)
    else { return nil }
    return (command, group.range)
  }

  private static func command(_ group: StepGroup) -> StackCommand? {
    (try? StatementParser(line: 1, names: ScriptNames()).parse(group.text) as? StackStatement)?.command
  }
}
