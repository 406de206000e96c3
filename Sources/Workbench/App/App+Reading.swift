import Engine
import Views

/// A long recording: its first screen is there before all of it is read. Keys wait until then, but Esc ends it.
extension App {
  /// Seconds of reading before the first screen.
  static let patience = 0.1
  /// Seconds of reading between two screens.
  private static let pace = 0.25

  /// Reads the rest.
  func readOn(_ recording: RecordingReader) {
    interruption.begin()
    var loaded = SessionLoader.Loaded(session: session)
    do throws(SessionLoader.Failure) {
      var isWhole = false
      while !isWhole, !interruption.isWanted {
        let next = CPUClock.wall + Self.pace
        isWhole = try recording.read { CPUClock.wall < next && !interruption.isWanted(terminal) }
        guard !isWhole else { break }
        state.message = .init(recording.progress)
        draw()
      }
      if !isWhole { try recording.stop() }
      loaded.finish(recording)
      show(loaded, note: isWhole ? nil : "the first \(session.allSteps) steps: the rest of the file was not read")
    } catch {
      failure = error
      exitCode = error.code
      running = false
    }
    rest = nil
  }

  private func show(_ loaded: SessionLoader.Loaded, note: String?) {
    runner.names = loaded.names
    let before = state
    state = SessionLoader.opened(loaded, name: before.name, before.bindings)
    state.isLarge = before.isLarge
    if let note { state.message = .init(note, isError: true) }
    draw()
  }
}
