import Synchronization
import SystemPackage

/// Brings what was written to a file to the disk, beside the program: that can take as long as a person notices.
final class DiskSync: Sendable {
  private struct State {
    var isRunning = false
    /// Something was written since it began.
    var isWanted = false
    var failure: Errno?
  }

  private let state = Mutex(State())

  /// Why the last time it was not possible.
  var failure: Errno? { state.withLock(\.failure) }

  func begin(_ descriptor: FileDescriptor) {
    let begins = state.withLock { state in
      state.isWanted = true
      defer { state.isRunning = true }
      return !state.isRunning
    }
    if begins { Task.detached { self.run(descriptor) } }
  }

  private func run(_ descriptor: FileDescriptor) {
    while state.withLock({ state in
      state.isRunning = state.isWanted
      state.isWanted = false
      return state.isRunning
    }) {
      note(descriptor)
    }
  }

  /// The same, and waits for it.
  func end(_ descriptor: FileDescriptor) { note(descriptor) }

  private func note(_ descriptor: FileDescriptor) {
    var failure: Errno?
    do throws(Errno) { try descriptor.synchronizeData() } catch { failure = error }
    state.withLock { $0.failure = failure }
  }
}
