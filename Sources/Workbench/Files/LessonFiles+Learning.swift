import Engine
import Views

/// Beginning lessons, and going on with them.
extension LessonFiles {
  /// A lesson as somebody goes on with it who has recorded what was done so far; else its beginning.
  ///
  /// - Parameters:
  ///   - folder: where progress and recordings are kept.
  ///   - isAnew: whether what was done so far is to be forgotten.
  static func underWay(
    _ path: String, _ bindings: KeyBindings, in folder: String?, isAnew: Bool = false
  ) throws(SessionLoader.Failure) -> SessionLoader.Loaded {
    let lesson = try readable(path, bindings)
    let progress = ProgressFile(in: folder)
    if isAnew { try progress?.change { $0.forget(lesson.name) } }
    let standing = try progress?.read()[lesson.name]
    let starter = starter(path)
    do throws(ScriptError) {
      var note: String?
      // A lesson that is over begins again.
      if let standing, standing.tasks < standing.of, !standing.recording.isEmpty, let folder = Paths.sessions(in: folder) {
        let recording = folder + "/" + standing.recording
        switch try goingOn(lesson, starter, recording) {
        case .success(let loaded): return SessionLoader.Loaded(loaded, path: path)
        case .failure(let failure): note = "it begins again: \(failure.message)"
        }
      }
      let (run, runner) = try starter.begin(lesson)
      return SessionLoader.Loaded(
        session: runner.session, names: runner.names, guestControl: runner.guestControl, stackControl: runner.stackControl,
        lesson: SessionLoader.LessonUnderWay(run: run, path: path, note: note))
    } catch {
      throw .malformed(error.description(in: path))
    }
  }

  /// What a recording of a lesson has come to.
  fileprivate struct Continued {
    let run: LessonRun
    let names: ScriptNames
    let stackControl: StackControl
    let recording: (path: String, seconds: Double)
  }

  private static func goingOn(
    _ lesson: Lesson, _ starter: LessonStarter, _ recording: String
  ) throws(ScriptError) -> Result<Continued, SessionLoader.Failure> {
    let text: SessionLoader.Text
    do throws(SessionLoader.Failure) { text = try SessionLoader.read(recording, isPlain: true) } catch { return .failure(error) }
    let opening = try starter.opening(lesson)
    do throws(LessonReplay.Failure) {
      let replay = try LessonReplay(text.wholeLines, lesson, opening, .replay)
      if let contradiction = replay.contradiction { return .failure(.malformed(contradiction)) }
      let session = replay.run.session
      session.limits = .person
      session.renewLimits()
      var names = opening.names
      for (name, value) in session.labelNames.values { names.values[name] = value }
      let time = text.wholeLines.last { $0.hasPrefix("@") }?.dropFirst().prefix { $0 != " " }
      return .success(
        Continued(
          run: replay.run, names: names, stackControl: replay.stackControl,
          recording: (recording, time.flatMap { Double($0) } ?? 0)))
    } catch {
      return .failure(.malformed(error.message))
    }
  }

  /// The lessons of the course, with how far somebody is.
  static func entries(_ files: [String], in folder: String?) -> (entries: [CourseEntry], trouble: String?) {
    var progress = CourseProgress()
    var trouble: String?
    do throws(SessionLoader.Failure) { progress = try ProgressFile(in: folder)?.read() ?? progress } catch {
      trouble = error.message
    }
    let entries = files.map { path in
      do throws(SessionLoader.Failure) {
        let lesson = try lesson(path)
        return CourseEntry(lesson, progress[lesson.name])
      } catch {
        return CourseEntry(name: name(of: path), trouble: error.message)
      }
    }
    return (entries, trouble)
  }
}

extension SessionLoader.Loaded {
  fileprivate init(_ continued: LessonFiles.Continued, path: String) {
    self.init(
      session: continued.run.session, names: continued.names,
      stackControl: continued.stackControl,
      lesson: SessionLoader.LessonUnderWay(run: continued.run, path: path, recording: continued.recording))
  }
}
