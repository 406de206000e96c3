import Machine

extension SavedState {
  /// The machine whose state these bytes are.
  public static func machine(_ bytes: [UInt8]) throws(Malformed) -> Machine {
    try machine(bytes) { line throws(Malformed) in
      do throws(ScriptError) {
        guard let machine = try StatementParser(line: 2, names: ScriptNames()).parse(line) as? MachineStatement else {
          throw ScriptError(message: "the second line is not \"machine …\"")
        }
        var configuration = MachineConfiguration()
        try configuration.set(machine.properties, line: 2)
        return configuration
      } catch {
        throw Malformed(message: error.message)
      }
    }
  }
}
