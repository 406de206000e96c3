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

  /// A session and the names its script has defined.
  struct Loaded {
    var session: Session
    var names = ScriptNames()
  }

  /// Runs `path` on a machine of `configuration`, keeping every step. A recording says itself which machine; a torn last line of
  /// one is dropped.
  static func load(_ path: String, _ configuration: MachineConfiguration) throws(Failure) -> Loaded {
    var lines: [String] = []
    var whole = true
    do {
      var reader = try LineReader(path)
      while let line = reader.next() {
        switch line {
        case .text(let text): lines.append(text)
        case .bad(let error): throw Failure.malformed(error.description(in: path))
        case .failed(let failure): throw Failure.unreadable(failure)
        }
      }
      whole = reader.lastWasWhole
    } catch let error as UnreadableFile {
      throw .unreadable(error)
    } catch let error as Failure {
      throw error
    } catch {
      throw .malformed("\(path): \(error)")
    }
    do throws(ScriptError) {
      if lines.first?.hasPrefix("#workbench") == true {
        if !whole { lines.removeLast() }
        return Loaded(session: try recording(lines))
      }
      let runner = ScriptRunner(Session(configuration))
      runner.load = { name, file throws(ScriptError) in try Includes.load(name, from: file) }
      for (index, line) in lines.enumerated() { try runner.run(line: line, number: index + 1, file: path) }
      return Loaded(session: runner.session, names: runner.names)
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
