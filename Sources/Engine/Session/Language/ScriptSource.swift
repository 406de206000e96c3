import Machine

/// Where lines come from: a script, the command line, or a recording.
struct ScriptSource {
  let place: Verb.Place
  /// The version of a recording's format; nil if it is none.
  var version: Int?
  /// The step of the session that is step 0 of a recording: the steps it goes to are its own.
  var firstStep = 0
  /// Branches of a recording that a script includes, by the names it has for them: the session may have others of these names.
  var branches: [String: String] = [:]
  /// Whether a step of it has been done.
  var hasBegun = false

  /// What a `machine` line makes of a configuration.
  func configuration(
    _ base: MachineConfiguration, _ properties: [MachineProperty], at line: ScriptLine
  ) throws(ScriptError) -> MachineConfiguration {
    try Recording.configuration(base, properties, version: version, line: line.number)
  }
}
