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
    /// The lesson it is of.
    var lesson: LessonUnderWay?
    /// The attack that is tried in it.
    var attack: AttackUnderWay?
    /// What is to be read yet of a recording.
    var rest: RecordingReader?

    /// All of a recording is read, or as much as somebody wants; what is done to its session from now on is a person's.
    mutating func finish(_ recording: RecordingReader) {
      session.limits = .person
      session.renewLimits()
      names = session.labelNames
      contradiction = recording.contradiction
      rest = nil
    }
  }

  /// An attack that is tried.
  struct AttackUnderWay {
    /// Its file.
    let path: String
    let attack: AttackTrial
    /// Runs the file's lines, and knows what they have named and captured.
    let runner: ScriptRunner
  }

  /// A lesson under way.
  struct LessonUnderWay {
    let run: LessonRun
    /// Its file.
    let path: String
    /// The recording it goes on with, and the time of its last line; nil if it has just begun.
    var recording: (path: String, seconds: Double)?
    /// What is to be said at its beginning.
    var note: String?
  }

  /// Runs `path` on a machine of `configuration`, keeping every step. A recording says itself which machine; a torn last line of
  /// one is dropped.
  ///
  /// - Parameters:
  ///   - patience: seconds after which the rest of a recording is left to be read later.
  ///   - limits: what the file may use up, where that is not as usual.
  static func load(
    _ path: String, _ configuration: MachineConfiguration, patience: Double = .infinity, limits: LimitChanges = LimitChanges()
  ) throws(Failure) -> Loaded {
    var reader: LineReader
    do throws(UnreadableFile) { reader = try LineReader(path) } catch { throw .unreadable(error) }
    if reader.begins(with: "#workbench") {
      let recording = try RecordingReader(path, reader, limits.applied(to: .replay))
      let session = recording.replayer.session
      let until = CPUClock.wall + patience
      let isWhole = try recording.read { CPUClock.wall < until }
      var loaded = Loaded(session: session, stackControl: Includes.stackControl(ofRecording: path, session))
      if isWhole { loaded.finish(recording) } else { loaded.rest = recording }
      return loaded
    }
    let text = try read(path, from: &reader)
    do throws(ScriptError) {
      let runner = ScriptRunner(Session(configuration), language: .workbench)
      Includes.serve(runner)
      // The file may be a stranger's; what is done to its session afterwards is a person's.
      runner.session.limits = limits.applied(to: RunLimits())
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
    if loaded.rest == nil, let opening = session.opening { session.seek(min(opening, session.steps.count)) }
    var state = ViewState.reading(session, name: name)
    state.contradiction = loaded.contradiction
    state.bindings = bindings
    if let rest = loaded.rest {
      state.message = .init(rest.progress)
    } else if session.position < session.steps.count {
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

  /// Says on standard error what the file contradicts, for commands that look at a session.
  static func warn(of contradiction: Contradiction?, in path: String) {
    guard let contradiction else { return }
    complain("\(contradiction.file ?? path):\(contradiction.line): \(contradiction.words)")
  }
}
