import FoundationEssentials
import SystemPackage

/// A file of lines, such as that of the history: a line of it is appended by one write under a lock, and it is cut to its last lines now and
/// then.
struct HistoryFile {
  let path: String
  /// Bytes from which on it is cut.
  static let greatest = 1 << 17

  /// What it has; nothing if it is not there yet.
  func lines() throws(UnreadableFile) -> [String] {
    guard (try? Stat(FilePath(path), followTargetSymlink: false)) != nil else { return [] }
    var reader = try LineReader(path, isPlain: true, followsLink: false)
    var lines: [String] = []
    while let line = reader.next() { if case .text(let text) = line { lines.append(text) } }
    return lines
  }

  /// Appends lines. False if that is not possible.
  func append(_ lines: [String]) -> Bool {
    guard (try? FilePath(path).removingLastComponent().makeFolders()) != nil, let descriptor = locked() else { return false }
    defer { try? descriptor.close() }
    guard let size = try? Stat(descriptor).size else { return false }
    var last: UInt8 = 0x0A
    // What ended in the middle of a line does not take the next one with it.
    if size > 0 {
      let count = withUnsafeMutableBytes(of: &last) { try? descriptor.read(fromAbsoluteOffset: size - 1, into: $0) }
      guard count == 1 else { return false }
    }
    let text = (last == 0x0A ? "" : "\n") + lines.map { $0 + "\n" }.joined()
    guard writeAll(Array(text.utf8)[...], to: descriptor).error == nil else {
      try? descriptor.resize(to: size)
      return false
    }
    if size > Self.greatest, let all = try? self.lines() { _ = replace(with: all.suffix(CommandHistory.limit)) }
    return true
  }

  /// Does something while nobody else who asks for the lock changes the file. Nil if that cannot be had.
  func locked<T, Failure: Error>(_ body: () throws(Failure) -> T) throws(Failure) -> T? {
    guard let descriptor = locked() else { return nil }
    defer { try? descriptor.close() }
    return try body()
  }

  /// The file, open and locked; nobody has put another in its place since.
  private func locked() -> FileDescriptor? {
    for _ in 0..<200 {
      guard let descriptor = try? PlainFile.open(path, .readWrite, options: [.create, .append], followsLink: false) else {
        return nil
      }
      if descriptor.tryLock(), let here = try? Stat(descriptor),
        let there = try? Stat(FilePath(path), followTargetSymlink: false), here.isSameFile(as: there)
      {
        return descriptor
      }
      try? descriptor.close()
      pause(milliseconds: 5)
    }
    return nil
  }

  /// Puts a file with these lines in its place. The lock is held, so nothing is appended meanwhile. False if that is not possible.
  func replace(with lines: some Collection<String>) -> Bool {
    let temporary = FilePath("\(path).\(ProcessInfo.processInfo.processIdentifier)")
    let opened = try? FileDescriptor.open(
      temporary, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec, .noFollow], permissions: .ownerReadWrite)
    guard let descriptor = opened else { return false }
    let text = lines.map { $0 + "\n" }.joined()
    let isWhole = writeAll(Array(text.utf8)[...], to: descriptor).error == nil
    let isClosed = (try? descriptor.close()) != nil
    if isWhole, isClosed, temporary.replace(FilePath(path)) { return true }
    temporary.remove()
    return false
  }
}
