/// What libvirt starts QEMU with.
package struct EmulatorCommand: Equatable, Sendable {
  package var environment: [String] = []
  /// The emulator, and its arguments.
  package var arguments: [String] = []

  package init(environment: [String] = [], arguments: [String] = []) {
    (self.environment, self.arguments) = (environment, arguments)
  }

  /// One line for a shell, as `domxml-to-native qemu-argv` prints it.
  package var shellText: String {
    let variables = environment.map { variable in
      guard let place = variable.firstIndex(of: "=") else { return Self.quoted(variable) }
      return variable[...place] + Self.quoted(String(variable[variable.index(after: place)...]))
    }
    return (variables + arguments.map(Self.quoted)).joined(separator: " ")
  }

  /// The lines a domain's log has: variables one each, then an option and its value on one.
  package var logText: String {
    var lines = environment
    for argument in arguments.map(Self.quoted) {
      // An option's value stands behind it.
      if let last = lines.last, last.hasPrefix("-"), !last.contains(" "), !argument.hasPrefix("-") {
        lines[lines.count - 1] = "\(last) \(argument)"
      } else {
        lines.append(argument)
      }
    }
    return lines.joined(separator: " \\\n")
  }

  /// As libvirt quotes for a shell (virBufferEscapeShell).
  static func quoted(_ text: String) -> String {
    if text.isEmpty { return "''" }
    let special = "\r\t\n !\"#$&'()*;<>?[\\]^`{|}~"
    guard text.contains(where: special.contains) else { return text }
    return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}

/// Text in an option whose parts are separated by commas.
func commaEscaped(_ text: String) -> String {
  text.split(separator: ",", omittingEmptySubsequences: false).joined(separator: ",,")
}
