import Engine
import SystemPackage

/// One line on standard error that says how far something has come, at what rate, and when it will be done. There is none where
/// standard error is no terminal, and none before a second has passed.
struct ProgressLine {
  private let what: String
  private let total: Int?
  private let start = CPUClock.wall
  private var next: Double
  private let isShown: Bool

  /// Something stands in the line where the cursor is. One terminal, one line: whoever writes a line to it takes that away first.
  nonisolated(unsafe) private static var isUp = false

  /// - Parameters:
  ///   - what: what is counted, in the plural.
  ///   - total: how many there will be, if that is known.
  init(_ what: String, of total: Int? = nil, isShown: Bool = isTerminal(.standardError)) {
    self.what = what
    self.total = total
    self.isShown = isShown
    next = start + 1
  }

  /// So many are done.
  ///
  /// - Parameter note: what there is to say beside.
  mutating func update(_ done: Int, _ note: @autoclosure () -> String = "") {
    guard isShown else { return }
    let now = CPUClock.wall
    guard now >= next else { return }
    next = now + 0.2
    let note = note()
    let text = Self.text(done, of: total, what, seconds: now - start) + (note.isEmpty ? "" : "; \(note)")
    Self.write(Array("\r\u{1B}[K\(text)".utf8))
    Self.isUp = true
  }

  /// Such as `1,200,000 of 10,000,000 actions (12 %), 410,000 a second, 21 s left`.
  static func text(_ done: Int, of total: Int?, _ what: String, seconds: Double) -> String {
    let rate = Double(done) / max(seconds, 1e-9)
    var parts = ["\(grouped(done)) \(what)"]
    if let total { parts = ["\(grouped(done)) of \(grouped(total)) \(what) (\(total == 0 ? 100 : done * 100 / total) %)"] }
    parts.append("\(grouped(Int(rate))) a second")
    if let total, rate > 0 { parts.append("\(grouped(Int((Double(max(0, total - done)) / rate).rounded(.up)))) s left") }
    return parts.joined(separator: ", ")
  }

  /// Takes the line away, for what is to be printed instead.
  static func erase() {
    guard isUp else { return }
    isUp = false
    write(Array("\r\u{1B}[K".utf8))
  }

  private static func write(_ bytes: [UInt8]) { _ = writeAll(bytes[...], to: .standardError) }
}
