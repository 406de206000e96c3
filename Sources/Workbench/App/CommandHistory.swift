import Engine

#if canImport(Glibc)
  import Glibc
#endif

/// Lines that were typed, kept from session to session.
struct CommandHistory {
  private let path: String?
  private var lines: [String] = []
  private var place: Int?
  private var typed = ""
  private var changed = false
  static let limit = 500

  init(_ path: String?) {
    self.path = path
    guard let path, var reader = try? LineReader(path) else { return }
    while let line = reader.next() { if case .text(let text) = line { lines.append(text) } }
    lines = lines.suffix(Self.limit)
  }

  mutating func reset() { place = nil }

  mutating func add(_ text: String) {
    guard !text.isEmpty, lines.last != text else { return }
    lines.append(text)
    changed = true
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

  /// Writes the file anew; a failure costs the history, nothing else.
  func save() {
    guard changed, let path, let folder = Paths.state, Paths.make(folder) else { return }
    let temporary = path + ".new"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return }
    var out = Output(descriptor)
    for line in lines.suffix(Self.limit) { out.line(line) }
    out.flush()
    close(descriptor)
    rename(temporary, path)
  }
}
