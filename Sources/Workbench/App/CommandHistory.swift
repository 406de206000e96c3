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
