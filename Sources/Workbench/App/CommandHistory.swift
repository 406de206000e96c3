import Engine

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Lines that were typed, kept from session to session. Each goes to the file as it is entered, beside those of other workbenches
/// that are open.
struct CommandHistory {
  private let file: HistoryFile?
  private var lines: [String] = []
  private var place: Int?
  private var typed = ""
  /// Lines the file does not have yet.
  private var unsaved: [String] = []
  /// Why there is no history to keep, if there could be one.
  private(set) var trouble: String?
  static let limit = 500

  init(_ path: String?) {
    file = path.map { HistoryFile(path: $0) }
    do throws(UnreadableFile) {
      lines = try file?.lines() ?? []
    } catch {
      trouble = error.message
    }
    lines = lines.suffix(Self.limit)
  }

  mutating func reset() { place = nil }

  mutating func add(_ text: String) {
    guard !text.isEmpty, lines.last != text else { return }
    lines.append(text)
    unsaved.append(text)
    save()
  }

  mutating func earlier(than text: String) -> String? {
    guard !lines.isEmpty else { return nil }
    if place == nil { typed = text }
    let next = (place ?? lines.count) - 1
    guard next >= 0 else { return nil }
    place = next
    return lines[next]
  }

  mutating func later() -> String? {
    guard let now = place else { return nil }
    if now + 1 < lines.count {
      place = now + 1
      return lines[now + 1]
    }
    place = nil
    return typed
  }

  /// Adds what was entered to the file. What cannot be written is tried again with the next line; a failure costs the history,
  /// nothing else.
  mutating func save() {
    if let file, !unsaved.isEmpty, file.append(unsaved) { unsaved = [] }
  }
}

/// The file of the history: a line of it is appended by one write under a lock, and it is cut to its last lines now and then.
struct HistoryFile {
  let path: String
  /// Bytes from which on it is cut.
  static let greatest = 1 << 17

  /// What it has; nothing if it is not there yet.
  func lines() throws(UnreadableFile) -> [String] {
    guard access(path, F_OK) == 0 || isLink else { return [] }
    var reader = try LineReader(path, isPlain: true, followsLink: false)
    var lines: [String] = []
    while let line = reader.next() { if case .text(let text) = line { lines.append(text) } }
    return lines
  }

  private var isLink: Bool {
    var info = stat()
    return lstat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFLNK
  }

  /// Appends lines. False if that is not possible.
  func append(_ lines: [String]) -> Bool {
    let folder = path.split(separator: "/").dropLast().joined(separator: "/")
    guard Paths.make(folder), let descriptor = locked() else { return false }
    defer { close(descriptor) }
    var info = stat()
    guard fstat(descriptor, &info) == 0 else { return false }
    var last: UInt8 = 0x0A
    // What ended in the middle of a line does not take the next one with it.
    if info.st_size > 0, pread(descriptor, &last, 1, info.st_size - 1) != 1 { return false }
    let text = (last == 0x0A ? "" : "\n") + lines.map { $0 + "\n" }.joined()
    guard writeAll(Array(text.utf8)[...], to: descriptor).error == nil else {
      ftruncate(descriptor, info.st_size)
      return false
    }
    if info.st_size > Self.greatest { cut() }
    return true
  }

  /// The file, open and locked; nobody has put another in its place since.
  private func locked() -> Int32? {
    for _ in 0..<200 {
      guard let descriptor = try? PlainFile.open(path, O_RDWR | O_CREAT | O_APPEND, followsLink: false) else { return nil }
      var here = stat()
      var there = stat()
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0, fstat(descriptor, &here) == 0, lstat(path, &there) == 0,
        here.st_ino == there.st_ino, here.st_dev == there.st_dev
      {
        return descriptor
      }
      close(descriptor)
      usleep(5000)
    }
    return nil
  }

  /// Puts a file with the last lines in its place. The lock is held, so nothing is appended meanwhile.
  private func cut() {
    guard let lines = try? lines() else { return }
    let temporary = "\(path).\(getpid())"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { return }
    let text = lines.suffix(CommandHistory.limit).map { $0 + "\n" }.joined()
    let isWhole = writeAll(Array(text.utf8)[...], to: descriptor).error == nil
    if close(descriptor) != 0 || !isWhole || rename(temporary, path) != 0 { unlink(temporary) }
  }
}
