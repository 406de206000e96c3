import Engine
import Views

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

  /// A session, the names its script has defined, the guest it has booted, and the host it has started.
  struct Loaded {
    var session: Session
    var names = ScriptNames()
    var guestControl: GuestControl?
    var stackControl: StackControl?
    /// Where the file and the session contradict each other first.
    var contradiction: Contradiction?
  }

  /// Runs `path` on a machine of `configuration`, keeping every step. A recording says itself which machine; a torn last line of
  /// one is dropped.
  static func load(_ path: String, _ configuration: MachineConfiguration) throws(Failure) -> Loaded {
    var reader: LineReader
    do throws(UnreadableFile) { reader = try LineReader(path) } catch { throw .unreadable(error) }
    if reader.begins(with: "#workbench") {
      let replayer = try replayed(path, from: &reader, .replay)
      replayer.session.limits = .person
      replayer.session.renewLimits()
      return Loaded(
        session: replayer.session, names: replayer.session.labelNames,
        stackControl: Includes.stackControl(ofRecording: path, replayer.session),
        contradiction: replayer.difference.map { Contradiction($0) })
    }
    let text = try read(path, from: &reader)
    do throws(ScriptError) {
      let runner = ScriptRunner(Session(configuration), language: .workbench)
      Includes.serve(runner)
      // The file may be a stranger's; what is done to its session afterwards is a person's.
      runner.session.limits = RunLimits()
      for (index, line) in text.lines.enumerated() { try runner.run(line: line, number: index + 1, file: path) }
      runner.finish(file: path)
      runner.session.limits = .person
      let failure = runner.failures.first.map { Contradiction($0, in: path) }
      return Loaded(
        session: runner.session, names: runner.names, guestControl: runner.guestControl, stackControl: runner.stackControl,
        contradiction: failure)
    } catch {
      throw .malformed(error.description(in: path))
    }
  }

  /// A loaded session as one begins to read it: where its author says, or where its first words are.
  static func opened(_ loaded: Loaded, name: String, _ bindings: KeyBindings = .standard) -> ViewState {
    let session = loaded.session
    if let opening = session.opening { session.seek(min(opening, session.steps.count)) }
    var state = ViewState.reading(session, name: name)
    state.contradiction = loaded.contradiction
    state.bindings = bindings
    if session.position < session.steps.count {
      state.message = .init(
        "step \(session.position) of \(session.steps.count): \(bindings[.stepLater]) goes on, \(bindings[.play]) plays, "
          + "\(bindings[.end]) goes to the end")
    }
    return state
  }

  /// The lines of a file.
  struct Text {
    var lines: [String] = []
    /// Whether the last line ended with a newline.
    var lastIsWhole = true
    /// Without a torn last line.
    var wholeLines: [String] { lastIsWhole ? lines : lines.dropLast() }
    /// What is said of a torn one.
    static let tornNote = "note: the last line is torn and was dropped"
    var isRecording: Bool { lines.first?.hasPrefix("#workbench") == true }
  }

  /// - Parameter isPlain: FIFOs and devices are refused.
  static func read(_ path: String, isPlain: Bool = false) throws(Failure) -> Text {
    var reader: LineReader
    do throws(UnreadableFile) { reader = try LineReader(path, isPlain: isPlain) } catch { throw .unreadable(error) }
    return try read(path, from: &reader)
  }

  private static func read(_ path: String, from reader: inout LineReader) throws(Failure) -> Text {
    var text = Text()
    while let line = reader.next() {
      switch line {
      case .text(let line): text.lines.append(line)
      // A line may be torn in the middle of a character.
      case .bad where text.isRecording && !reader.lastWasWhole: text.lines.append("")
      case .bad(let error): throw .malformed(error.description(in: path))
      case .failed(let failure): throw .unreadable(failure)
      }
    }
    text.lastIsWhole = reader.lastWasWhole
    return text
  }

  /// Re-executes a recording on the machine it begins with, comparing as it goes. A torn last line is dropped.
  ///
  /// - Parameter onProgress: how many lines have been read, and how many bytes.
  static func replayed(
    _ path: String, from reader: inout LineReader, _ limits: RunLimits, onProgress: (Int, Int) -> Void = { _, _ in }
  ) throws(Failure) -> Replayer {
    func ofRecording<T>(_ body: () throws(ScriptError) -> T) throws(Failure) -> T {
      do throws(ScriptError) { return try body() } catch { throw .malformed(error.description(in: path)) }
    }
    func text(_ line: LineReader.Line?) throws(Failure) -> String? {
      switch line {
      case .text(let text): return text
      case .bad(let error): throw .malformed(error.description(in: path))
      case .failed(let failure): throw .unreadable(failure)
      case nil: return nil
      }
    }
    // The machine is said in the first line that is no comment.
    var head: [String] = []
    while head.last?.hasPrefix("#") ?? true {
      let line = reader.next()
      guard reader.lastWasWhole, let line = try text(line) else { break }
      head.append(line)
    }
    let replayer = try ofRecording { () throws(ScriptError) in
      let replayer = Replayer(Session(try Recording.configuration(of: head)))
      replayer.session.limits = limits
      for (index, line) in head.enumerated() { try replayer.take(line, line: index + 1) }
      return replayer
    }
    var bytes: [UInt8] = []
    var count = head.reduce(0) { $0 + $1.utf8.count + 1 }
    while reader.lastWasWhole {
      let found = reader.nextBytes(&bytes)
      if case .end = found { break }
      if case .failed(let failure) = found { throw .unreadable(failure) }
      if case .bad(let error) = found { throw .malformed(error.description(in: path)) }
      guard reader.lastWasWhole else { break }
      count += bytes.count + 1
      let number = reader.number
      onProgress(number, count)
      if try ofRecording({ () throws(ScriptError) in try replayer.take(plain: bytes, line: number) }) { continue }
      guard let line = try text(reader.decode(bytes)) else { break }
      try ofRecording { () throws(ScriptError) in try replayer.take(line, line: number) }
    }
    try ofRecording { () throws(ScriptError) in try replayer.finish() }
    return replayer
  }

  /// Says on standard error what the file contradicts, for commands that look at a session.
  static func warn(of contradiction: Contradiction?, in path: String) {
    guard let contradiction else { return }
    complain("\(contradiction.file ?? path):\(contradiction.line): \(contradiction.words)")
  }
}
