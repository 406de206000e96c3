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

  /// The line before that begins with what was typed; if none does, the line before.
  mutating func earlier(than text: String) -> String? {
    if place == nil { typed = text }
    guard let next = lines[..<(place ?? lines.count)].lastIndex(where: fits) else { return nil }
    place = next
    return lines[next]
  }

  mutating func later() -> String? {
    guard let now = place else { return nil }
    place = lines[(now + 1)...].firstIndex(where: fits)
    return place.map { lines[$0] } ?? typed
  }

  private func fits(_ line: String) -> Bool {
    line.hasPrefix(typed) && line != typed || !lines.contains { $0.hasPrefix(typed) && $0 != typed }
  }

  /// Adds what was entered to the file. What cannot be written is tried again with the next line; a failure costs the history,
  /// nothing else.
  mutating func save() {
    if let file, !unsaved.isEmpty, file.append(unsaved) { unsaved = [] }
  }
}
