import Basics

extension Session {
  /// What a recording says the host of the machine that is there was told, and the steps of each, counted from 0: the statements that
  /// stand over their steps.
  var recordedStackCommands: [(command: StackCommand, steps: Range<Int>)] {
    let first = resets.last { $0 < position }.map { $0 + 1 } ?? 0
    let end = resets.first { $0 >= position } ?? steps.count
    let parser = StatementParser(line: 1, names: ScriptNames())
    return stepGroups.compactMap { group in
      guard group.depth == 0, first <= group.first, group.range.upperBound <= end,
        let statement = try? parser.parse(group.text) as? StackStatement
      else { return nil }
      return (statement.command, group.range)
    }
  }
}
