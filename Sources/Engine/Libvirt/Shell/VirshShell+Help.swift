/// `help`: in virsh's form, in words of this model.
extension VirshShell {
  func help(_ invocation: Invocation) -> Bool {
    guard let word = invocation["command"] else {
      put("Grouped commands:\n\n")
      for group in VirshCommand.Group.allCases { put(group) }
      return true
    }
    if let command = Self.commands.first(where: { $0.name == word }) {
      put(help(of: command))
      return true
    }
    if let group = VirshCommand.Group.allCases.first(where: { $0.keyword == word }) {
      put(group)
      return true
    }
    put(error: "command or command group '\(word)' doesn't exist")
    return false
  }

  private func put(_ group: VirshCommand.Group) {
    put(" \(group.rawValue):\n")
    for command in Self.commands where command.group == group { put("    \(command.name.padded(30)) \(command.summary)\n") }
    put("\n")
  }

  private func help(of command: VirshCommand) -> String {
    let options = command.options.filter(\.isModelled)
    let synopsis = options.map { option in
      switch option.kind {
      case .flag: " [--\(option.name)]"
      case .text, .number:
        option.takesRest
          ? (option.isRequired ? " {[--\(option.name)] <string>}..." : " [<\(option.name)>]...")
          : option.isRequired ? " <\(option.name)>" : " [--\(option.name) <string>]"
      }
    }
    var text = "  NAME\n    \(command.name) - \(command.summary)\n\n  SYNOPSIS\n    \(command.name)\(synopsis.joined())\n"
    if !options.isEmpty {
      text += "\n  OPTIONS\n"
      for option in options {
        let head =
          option.kind == .flag
          ? "--\(option.name)" : option.isRequired ? "[--\(option.name)] <string>" : "--\(option.name) <string>"
        text += "    \(head.padded(15))  \(option.help)\n"
      }
    }
    return text + "\n"
  }
}
