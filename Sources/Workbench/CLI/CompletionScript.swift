import ArgumentParser

/// A shell's completions. Those of the argument parser know nothing of the subcommand that is meant where none is named: its options and
/// files are offered there, too.
enum CompletionScript {
  /// The script that a command line asks for.
  static func asked(_ arguments: [String]) -> String? {
    let option = "--generate-completion-script"
    let words = arguments.flatMap { $0.hasPrefix(option + "=") ? [option, String($0.dropFirst(option.count + 1))] : [$0] }
    guard words.count == 2, words[0] == option, let shell = CompletionShell(rawValue: words[1]) else { return nil }
    return text(shell)
  }

  static func text(_ shell: CompletionShell) -> String {
    let script = Workbench.completionScript(for: shell)
    return switch shell {
    case .bash: bash(script)
    case .zsh: zsh(script)
    case .fish: fish(script)
    default: script
    }
  }

  private static let usual = OpenCommand.configuration.commandName ?? "open"

  /// All subcommands, and the parser's own.
  private static var names: [String] {
    Workbench.configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"]
  }

  private static func bash(_ script: String) -> String {
    script.replacing(
      "complete -o filenames -F _workbench workbench",
      with: """
        # Where no subcommand is named, \(usual) is meant.
        _workbench_or_\(usual)() {
            local -a offered=()
            if ((COMP_CWORD > 1)); then
                case "${COMP_WORDS[1]}" in
                \(names.joined(separator: "|")))
                    _workbench "${@}"
                    return
                    ;;
                esac
            else
                _workbench "${@}"
                offered=("${COMPREPLY[@]}")
                COMPREPLY=()
            fi
            COMP_WORDS=("${COMP_WORDS[0]}" \(usual) "${COMP_WORDS[@]:1}")
            COMP_CWORD=$((COMP_CWORD + 1))
            _workbench "${@}"
            COMPREPLY=("${offered[@]}" "${COMPREPLY[@]}")
        }

        complete -o filenames -F _workbench_or_\(usual) workbench
        """)
  }

  private static func zsh(_ script: String) -> String {
    script.replacing("\n_workbench() {\n", with: "\n__workbench_named() {\n", maxReplacements: 1).replacing(
      "\nif [[ \"${funcstack[1]}\" = _workbench ]]; then",
      with: """

        # Where no subcommand is named, \(usual) is meant.
        _workbench() {
            local -i ret=1
            local -ar names=(\(names.joined(separator: " ")))
            if ((CURRENT == 2)); then
                __workbench_named "${@}" && ret=0
            elif ((${names[(Ie)${words[2]}]})); then
                __workbench_named "${@}"
                return
            fi
            words=("${words[1]}" \(usual) "${(@)words[2,-1]}")
            ((CURRENT += 1))
            __workbench_named "${@}" && ret=0
            return "${ret}"
        }

        if [[ "${funcstack[1]}" = _workbench ]]; then
        """)
  }

  private static func fish(_ script: String) -> String {
    let tokens = "(__workbench_tokens -pc)"
    let own = "\"workbench \(usual)\""
    let first = script.split(separator: "\n").filter { line in
      line.contains(own) && !line.contains("-l 'version'") && !line.contains("-l 'help'")
    }
    return script.replacing("set -l unparsed_tokens \(tokens)", with: "set -l unparsed_tokens (__workbench_meant \(tokens))")
      + """

      # Where no subcommand is named, \(usual) is meant.
      function __workbench_meant
          if test (count $argv) -gt 1; and not contains -- $argv[2] \(names.joined(separator: " "))
              printf '%s\\n' $argv[1] \(usual) $argv[2..]
          else
              printf '%s\\n' $argv
          end
      end
      \(first.map { $0.replacing(own, with: "\"workbench\"") }.joined(separator: "\n"))
      """
  }
}
