import Libvirt
import Synchronization

/// Files as each order found them: a host that is told an order again finds the same, and one that is told something new finds what is
/// there now.
final class RememberedFiles: FileSource {
  /// What was asked of a file or a folder; what may be opened of a path depends on the folder it must be in.
  private enum Question: Hashable {
    case exists(String, root: String?)
    case read(String, root: String?)
    case isFolder(String)
  }

  private struct Known {
    /// The order that is carried out, and what each has found.
    var order = 0
    var found: [Int: [Question: FileAnswer]] = [:]
    /// The last answer of each question: what has not changed is kept once.
    var last: [Question: FileAnswer] = [:]
  }

  private let source: any FileSource
  /// Whether orders may come again.
  private let remembers: Bool
  private let known = Mutex(Known())

  init(_ source: any FileSource, remembers: Bool) { (self.source, self.remembers) = (source, remembers) }

  /// An order begins.
  ///
  /// - Parameter isKnown: it was carried out before, and is again.
  func begin(order number: Int, isKnown: Bool) {
    known.withLock { known in
      known.order = number
      if !isKnown { known.found[number] = [:] }
    }
  }

  func exists(_ file: PermittedFile) -> Bool {
    answer(.exists(file.path, root: file.root)) { source.exists(file) ? .bytes([]) : .missing } != .missing
  }
  func read(_ file: PermittedFile) -> FileAnswer { answer(.read(file.path, root: file.root)) { source.read(file) } }
  func isFolder(_ path: String) -> Bool { answer(.isFolder(path)) { source.isFolder(path) ? .bytes([]) : .missing } != .missing }

  private func answer(_ question: Question, _ look: () -> FileAnswer) -> FileAnswer {
    guard remembers else { return look() }
    if let found = known.withLock({ $0.found[$0.order]?[question] }) { return found }
    let now = look()
    return known.withLock { known in
      let kept = known.last[question] == now ? known.last[question] ?? now : now
      known.last[question] = kept
      known.found[known.order, default: [:]][question] = kept
      return kept
    }
  }
}
