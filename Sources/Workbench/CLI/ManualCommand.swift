import ArgumentParser
import FoundationEssentials

/// The manual page, made of the same declarations as `--help`.
struct ManualCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "manual", abstract: "Prints the manual page, for man(1).",
    discussion: "workbench manual > workbench.1; man ./workbench.1. It is in mdoc(7), made of what --help says.")

  func run() throws {
    let tool = try JSONDecoder().decode(ToolDescription.self, from: Data(Workbench._dumpHelp().utf8))
    var page = ManualPage(tool.command, version: Workbench.configuration.version)
    var out = Output()
    out.lines(page.text())
    out.flush()
  }
}

/// What ArgumentParser says of a command, as far as a manual page needs it.
private struct ToolDescription: Decodable {
  struct Command: Decodable {
    var commandName: String
    var abstract: String?
    var discussion: String?
    var shouldDisplay: Bool?
    var subcommands: [Command]?
    var arguments: [Argument]?
  }
  struct Argument: Decodable {
    struct Name: Decodable {
      var kind: String
      var name: String
    }
    var kind: String
    var shouldDisplay: Bool
    var isOptional: Bool
    var names: [Name]?
    var preferredName: Name?
    var valueName: String?
    var defaultValue: String?
    var abstract: String?
    var discussion: String?
  }
  var command: Command
}

/// A page in mdoc(7).
private struct ManualPage {
  let command: ToolDescription.Command
  let version: String
  private var lines: [String] = []

  init(_ command: ToolDescription.Command, version: String) {
    self.command = command
    self.version = version
  }

  mutating func text() -> String {
    let name = command.commandName
    // The first argument of .Os is what is at the bottom of the page.
    lines = [
      ".Dd $Mdocdate$", ".Dt \(name.uppercased()) 1", ".Os \(name) \(version)", ".Sh NAME", ".Nm \(name)",
      ".Nd \(escaped(command.abstract?.lowercasedFirst ?? ""))", ".Sh SYNOPSIS", ".Nm", ".Ar subcommand", ".Op Ar option ...",
      ".Sh DESCRIPTION",
    ]
    // Its exit codes have a section of their own.
    paragraphs(command.discussion?.split(separator: "\n\nExit codes:").first.map(String.init))
    lines.append(".Sh SUBCOMMANDS")
    for subcommand in command.subcommands ?? [] { section(subcommand, [], ".Ss") }
    lines += [
      ".Sh FILES", ".Bl -tag -width Ds", ".It Pa $XDG_STATE_HOME/workbench/sessions", "Recordings of sessions.",
      ".It Pa $XDG_STATE_HOME/workbench/history", "Lines that were typed.", ".El", ".Sh EXIT STATUS",
      "Where one fits, the codes are those of", ".Xr sysexits 3 :", ".Bl -tag -width Ds",
    ]
    for row in Exit.table { lines += [".It \(row.code)", escaped(row.meaning)] }
    lines.append(".El")
    return lines.joined(separator: "\n")
  }

  private mutating func section(_ command: ToolDescription.Command, _ above: [String], _ macro: String) {
    guard command.shouldDisplay ?? true, command.commandName != "help" else { return }
    let path = above + [command.commandName]
    lines.append("\(macro) \(path.joined(separator: " "))")
    if let abstract = command.abstract { lines.append(escaped(abstract)) }
    lines.append(".Pp")
    paragraphs(command.discussion)
    let arguments = (command.arguments ?? []).filter { $0.shouldDisplay && !isCommon($0) }
    if !arguments.isEmpty {
      lines.append(".Bl -tag -width Ds")
      for argument in arguments { item(argument) }
      lines.append(".El")
    }
    for subcommand in command.subcommands ?? [] { section(subcommand, path, macro) }
  }

  /// What every command has.
  private func isCommon(_ argument: ToolDescription.Argument) -> Bool {
    ["help", "version"].contains(argument.preferredName?.name)
  }

  private mutating func item(_ argument: ToolDescription.Argument) {
    let value = argument.valueName.map { " Ar \(escaped($0))" } ?? ""
    switch argument.kind {
    case "positional": lines.append(".It\(argument.isOptional ? " Op" : "")\(value)")
    case "option": lines.append(".It Fl \(flag(argument))\(value)")
    default: lines.append(".It Fl \(flag(argument))")
    }
    var text = argument.abstract ?? ""
    if let usual = argument.defaultValue { text += " (\(usual) without it)" }
    lines.append(escaped(text.isEmpty ? "-" : text))
  }

  /// mdoc writes the first hyphen itself.
  private func flag(_ argument: ToolDescription.Argument) -> String {
    guard let name = argument.preferredName else { return "" }
    return name.kind == "long" ? "-\(name.name)" : name.name
  }

  private mutating func paragraphs(_ text: String?) {
    var isFirst = true
    for line in (text ?? "").split(separator: "\n", omittingEmptySubsequences: false) {
      if line.isEmpty {
        if !isFirst { lines.append(".Pp") }
      } else if line.hasPrefix("    ") {
        lines += [".Dl \(escaped(line.drop { $0 == " " }))"]
      } else {
        lines.append(escaped(line))
      }
      isFirst = false
    }
  }

  /// Text that is no request: backslashes, points and apostrophes that begin a line; and what is not ASCII, by its number.
  private func escaped(_ text: some StringProtocol) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": escaped += "\\e"
      case "-": escaped += "\\-"
      case _ where scalar.isASCII: escaped.unicodeScalars.append(scalar)
      default:
        let number = String(scalar.value, radix: 16, uppercase: true)
        escaped += "\\[u\(String(repeating: "0", count: max(0, 4 - number.count)))\(number)]"
      }
    }
    return escaped.hasPrefix(".") || escaped.hasPrefix("'") ? "\\&" + escaped : escaped
  }
}

extension String {
  /// As it stands in the middle of a sentence, without a full stop.
  fileprivate var lowercasedFirst: String {
    let text = hasSuffix(".") ? String(dropLast()) : self
    return text.prefix(1).lowercased() + text.dropFirst()
  }
}
