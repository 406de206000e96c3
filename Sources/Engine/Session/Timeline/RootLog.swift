/// What EL3 prints in a session, with the step it belongs to.
struct RootLog {
  /// Lines that are kept; the first ones.
  static let limit = 10_000

  private var entries: [(step: Int, line: String)] = []
  /// Steps after which the machine is another one.
  private var resets: [Int] = []

  mutating func reset(_ step: Int) { resets.append(step) }

  mutating func append(_ lines: [String], _ step: Int) {
    for line in lines.prefix(Self.limit - min(entries.count, Self.limit)) { entries.append((step, line)) }
  }

  /// Those of the machine that is there after a step.
  func lines(upTo step: Int) -> [String] {
    let start = resets.last { $0 <= step } ?? 0
    return entries.filter { $0.step > start && $0.step <= step || start == 0 && $0.step == 0 }.map(\.line)
  }

  /// Forgets what was undone.
  mutating func keep(upTo step: Int) {
    entries.removeAll { $0.step > step }
    resets.removeAll { $0 > step }
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
