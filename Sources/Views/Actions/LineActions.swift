/// Keys of the command line.
extension UserAction {
  static let line: [UserAction] = [
    onLine("line-enter", [.enter], "Enter", "Does what was typed.") { $0.ask(.enter) },
    onLine("line-close", [.escape, "^C"], "Close", "Gives up what was typed.") { effect in
      effect.state.command?.purpose.change(to: "", &effect)
      effect.state.command = nil
    },
    onLine("line-complete", [.tab], "Complete", "Puts the next word that fits in place of what is being typed.") {
      $0.ask(.complete(backwards: false))
    },
    onLine("line-complete-back", ["S-tab"], "Complete backwards", "Puts the word before that fits in its place.") {
      $0.ask(.complete(backwards: true))
    },
    onLine("line-earlier", [.up, "^P"], "Earlier line", "What was entered before.") { $0.ask(.recall(earlier: true)) },
    onLine("line-later", [.down, "^N"], "Later line", "What was entered after that.") { $0.ask(.recall(earlier: false)) },
    editing("line-left", [.left, "^B"], "Left", "One character to the left.") { $0.cursor -= 1 },
    editing("line-right", [.right, "^F"], "Right", "One character to the right.") { $0.cursor += 1 },
    editing("line-begin", ["home", "^A"], "Begin", "To the beginning of the line.") { $0.cursor = 0 },
    editing("line-end", ["end", "^E"], "End", "To the end of the line.") { $0.cursor = $0.count },
    editing("line-delete-back", [.backspace], "Delete back", "Deletes the character before the cursor.") {
      $0.remove($0.cursor - 1..<$0.cursor)
    },
    editing("line-delete", ["delete", "^D"], "Delete", "Deletes the character at the cursor.") {
      $0.remove($0.cursor..<$0.cursor + 1)
    },
    editing("line-delete-word", ["^W"], "Delete word", "Deletes the word before the cursor.") {
      $0.remove($0.beginOfWord..<$0.cursor)
    },
    editing("line-delete-begin", ["^U"], "Delete to the beginning", "Deletes what stands before the cursor.") {
      $0.remove(0..<$0.cursor)
    },
    editing("line-delete-end", ["^K"], "Delete to the end", "Deletes what stands from the cursor on.") {
      $0.remove($0.cursor..<$0.count)
    },
  ]

  private static func onLine(
    _ id: String, _ keys: [Key], _ title: String, _ help: String, _ effect: @escaping @Sendable (inout Effect) -> Void
  ) -> UserAction { UserAction(id, keys, in: [.commandLine], title, help, effect) }

  private static func editing(
    _ id: String, _ keys: [Key], _ title: String, _ help: String,
    _ edit: @escaping @Sendable (inout CommandLineState) -> Void
  ) -> UserAction {
    onLine(id, keys, title, help) { effect in
      guard var line = effect.state.command else { return }
      edit(&line)
      line.cursor = max(0, min(line.cursor, line.count))
      effect.state.command = line
    }
  }
}
