import Basics
import Machine

/// Properties of a `machine` statement, of the recording's header, and of `--machine`: see ``MachineSetting``.
extension MachineConfiguration {
  /// Changes the properties of a `machine` statement in order. Throws what is wrong with one, or with the machine they make.
  package mutating func set(_ properties: [MachineProperty], line: Int) throws(ScriptError) {
    for property in properties { try set(property.key, property.value, line: line, column: property.column) }
    if let problem { throw ScriptError(line: line, column: 1, message: problem) }
  }

  /// Changes one property. Throws what is wrong in words.
  public mutating func set(_ key: String, _ value: String, line: Int = 0, column: Int = 0) throws(ScriptError) {
    func bad(_ message: String) -> ScriptError { ScriptError(line: line, column: column, message: message) }
    if key == "preset" {
      guard let preset = MachineConfiguration.preset(value) else {
        let all = MachineConfiguration.presets.map(\.name).joined(separator: " or ")
        throw bad("unknown machine \"\(shown(value))\"; expected \(all), or key=value")
      }
      self = preset
      return
    }
    guard let setting = MachineSetting.named(key) else {
      let all = MachineSetting.all.map(\.key).joined(separator: ", ")
      throw bad("unknown machine property \"\(shown(key))\"; expected one of \(all)")
    }
    switch setting.value {
    case .number(let set):
      let word = Word(text: value, column: column + key.count + 1)
      set(&self, try ExpressionParser.parse(word, line: line) { _ in nil })
    case .word(let set):
      do throws(MachineSetting.Unfit) { try set(&self, value) } catch { throw bad(error.message) }
    }
  }
}
