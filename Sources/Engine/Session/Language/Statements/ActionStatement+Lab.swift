import Basics
import Machine

/// Checks of the machine that are switched off, or on again.
extension ActionStatement {
  static let labVerbs = [
    Verb(
      "without", "CHECK ..", help: "switches checks off: they are noted and refuse nothing",
      details:
        "A check is a condition such as `RMI_DATA_CREATE.data_state` or a protection such as `scrub.data`; `*` stands for any letters. "
        + "See [Lab.md](Lab.md)",
      examples: ["without RMI_DATA_CREATE.data_state", "without RMI_REC_ENTER.* gpc.normal"]
    ) { arguments throws(ScriptError) in ActionStatement(.switches(try switches(arguments), isOff: true)) },
    Verb(
      "with", "CHECK ..", help: "switches checks on again that are off", examples: ["with RMI_DATA_CREATE.data_state", "with *"]
    ) { arguments throws(ScriptError) in ActionStatement(.switches(try switches(arguments), isOff: false)) },
  ]

  private static func switches(_ arguments: Arguments) throws(ScriptError) -> SwitchSet {
    guard arguments.count > 0 else { throw arguments.expected() }
    var all = SwitchSet()
    for word in arguments.words {
      do throws(SwitchSet.Unknown) { all = all.union(try SwitchSet(named: word.text)) } catch {
        throw arguments.error(word, error.message)
      }
    }
    guard !all.isEmpty else { throw arguments.error(arguments[0], "expected a check; workbench switches lists them") }
    return all
  }
}
