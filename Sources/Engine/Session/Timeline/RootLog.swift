/// What EL3 prints in a session, with the step it belongs to.
struct RootLog: Sendable {
  /// Lines that are kept, and bytes of them; the first ones.
  static let limit = 10_000
  static let byteLimit = 1 << 20

  private var entries: [(step: Int, line: String)] = []
  private var byteCount = 0
  /// The step whose lines were the first for which there was no room.
  private var firstDropped: Int?
  /// Steps after which the machine is another one.
  private var resets: [Int] = []

  mutating func reset(_ step: Int) { resets.append(step) }

  mutating func append(_ lines: [String], _ step: Int) {
    for line in lines { append((step, line)) }
  }

  private mutating func append(_ entry: (step: Int, line: String)) {
    let count = entry.line.utf8.count
    guard firstDropped == nil, entries.count < Self.limit, byteCount + count <= Self.byteLimit else {
      firstDropped = firstDropped ?? entry.step
      return
    }
    entries.append(entry)
    byteCount += count
  }

  /// Those of the machine that is there after a step.
  func lines(upTo step: Int) -> [String] {
    let start = resets.last { $0 <= step } ?? 0
    let kept = entries.filter { $0.step > start && $0.step <= step || start == 0 && $0.step == 0 }.map(\.line)
    guard let firstDropped, firstDropped <= step else { return kept }
    let bounds = "\(Self.limit) lines and \(Self.byteLimit >> 20) MiB"
    return kept + ["… what was printed after this is not kept: a session keeps \(bounds)"]
  }

  /// Forgets what was undone.
  mutating func keep(upTo step: Int) {
    entries.removeAll { $0.step > step }
    byteCount = entries.reduce(0) { $0 + $1.line.utf8.count }
    resets.removeAll { $0 > step }
    if let firstDropped, firstDropped > step { self.firstDropped = nil }
  }

  /// What belongs to later steps.
  func behind(_ step: Int) -> RootLog {
    var log = RootLog()
    for entry in entries where entry.step > step { log.append(entry) }
    log.resets = resets.filter { $0 > step }
    if let firstDropped, firstDropped > step { log.firstDropped = firstDropped }
    return log
  }

  /// Puts behind it what belongs to later steps.
  mutating func append(_ later: RootLog) {
    for entry in later.entries { append(entry) }
    resets += later.resets
    firstDropped = firstDropped ?? later.firstDropped
  }

  /// A step comes between.
  mutating func move(from step: Int) {
    for index in entries.indices where entries[index].step == step { entries[index].step += 1 }
  }

  /// The steps so far are no longer counted.
  mutating func setSteps(_ step: Int) {
    for index in entries.indices { entries[index].step = step }
    resets = []
  }
}
