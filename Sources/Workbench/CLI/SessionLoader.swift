import Engine

/// Opens a script or a recording as a session with its history.
enum SessionLoader {
  enum Failure: Error {
    case unreadable(UnreadableFile)
    case malformed(String)

    var message: String {
      switch self {
      case .unreadable(let file): file.message
      case .malformed(let message): message
      }
    }
    var code: Int32 {
      switch self {
      case .unreadable: 66
      case .malformed: 65
      }
    }
  }

  /// Runs `path` on a machine of `configuration`, keeping every step. A recording says itself which machine.
  static func load(_ path: String, _ configuration: MachineConfiguration) throws(Failure) -> Session {
    var lines: [String] = []
    do throws(UnreadableFile) {
      var reader = try LineReader(path)
      while let line = reader.next() {
        switch line {
        case .text(let text): lines.append(text)
        case .bad(let error): throw UnreadableFile(path: path, reason: "\(error.line):\(error.column): \(error.message)")
        case .failed(let failure): throw failure
        }
      }
    } catch {
      throw .unreadable(error)
    }
    do throws(ScriptError) {
      if lines.first?.hasPrefix("#workbench") == true { return try recording(lines) }
      let session = Session(configuration)
      let runner = ScriptRunner(session)
      runner.load = { name, file throws(ScriptError) in try Includes.load(name, from: file) }
      for (index, line) in lines.enumerated() { try runner.run(line: line, number: index + 1, file: path) }
      return session
    } catch {
      throw .malformed(error.description(in: path))
    }
  }

  private static func recording(_ lines: [String]) throws(ScriptError) -> Session {
    let session = Session(try configuration(of: lines))
    let replayer = Replayer(session)
    for (index, line) in lines.enumerated() { try replayer.take(line, line: index + 1) }
    try replayer.finish()
    return session
  }

  /// The machine a recording begins with.
  static func configuration(of lines: [String]) throws(ScriptError) -> MachineConfiguration {
    for (index, line) in lines.enumerated() where !line.hasPrefix("#") {
      guard case .machine(let properties) = try StatementParser(line: index + 1, names: ScriptNames()).parse(line) else { break }
      var configuration = MachineConfiguration()
      for property in properties {
        try configuration.set(property.key, property.value, line: index + 1, column: property.column)
      }
      if let problem = configuration.problem { throw ScriptError(line: index + 1, column: 1, message: problem) }
      return configuration
    }
    return MachineConfiguration()
  }
}
