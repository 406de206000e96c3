import Libvirt
import Synchronization

/// Files as they were when they were looked at first: a host that finds out again what it knew finds the same.
final class RememberedFiles: FileSource {
  private struct Known {
    var exists: [String: Bool] = [:]
    var answers: [String: FileAnswer] = [:]
    var folders: [String: Bool] = [:]
  }

  private let source: any FileSource
  private let known = Mutex(Known())

  init(_ source: any FileSource) { self.source = source }

  func exists(_ file: PermittedFile) -> Bool { remember(\.exists, key(file)) { source.exists(file) } }
  func read(_ file: PermittedFile) -> FileAnswer { remember(\.answers, key(file)) { source.read(file) } }
  func isFolder(_ path: String) -> Bool { remember(\.folders, path) { source.isFolder(path) } }

  /// What may be opened of a path depends on the folder it must be in.
  private func key(_ file: PermittedFile) -> String { "\(file.root ?? "")\0\(file.path)" }

  private func remember<T: Sendable>(
    _ place: any WritableKeyPath<Known, [String: T]> & Sendable, _ key: String, _ look: () -> T
  ) -> T {
    if let found = known.withLock({ $0[keyPath: place][key] }) { return found }
    let answer = look()
    known.withLock { $0[keyPath: place][key] = answer }
    return answer
  }
}
