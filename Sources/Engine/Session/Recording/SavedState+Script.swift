import Machine

extension SavedState {
  /// The machine whose state these bytes are.
  public static func machine(_ bytes: [UInt8]) throws(Malformed) -> Machine {
    try machine(bytes) { line throws(Malformed) in
      do throws(ScriptError) {
        guard case .machine(let properties) = try StatementParser(line: 2, names: ScriptNames()).parse(line) else {
          throw ScriptError(message: "the second line is not \"machine …\"")
        }
        var configuration = MachineConfiguration()
        try configuration.set(properties, line: 2)
        return configuration
      } catch {
        throw Malformed(message: error.message)
      }
    }
  }
}
