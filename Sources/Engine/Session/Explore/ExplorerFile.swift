import Basics
import Machine

/// A search in a file, to go on with: what is known of each state, and which wait. The states themselves are made again by going the way to
/// each.
extension Explorer {
  package struct Malformed: Error, Equatable {
    package let message: String
  }

  private static let magic = Array("workbench-explore 1\n".utf8)
  /// Most bytes of such a file.
  package static let fileLimit = 8 << 30

  /// The search as it stands between two parts of a level.
  package func saved() -> [UInt8] {
    var out = SearchWriter()
    out.bytes = Self.magic
    out.add(world.name)
    out.add(world.text)
    for flag in [options.isSymmetric, options.eachCondition, isDealt] { out.add(flag ? 1 : 0 as UInt64) }
    out.add(options.conditions.sorted().map { UInt64($0) })
    out.add([UInt64(options.shard?.index ?? 0), UInt64(options.shard?.count ?? 0)])
    out.add(levels.map { UInt64($0) })
    out.add(UInt64(transitions))
    out.add(decided.map { UInt64($0) })
    out.add(open.sorted().map { UInt64($0) })
    out.add(UInt64(lab.count))
    for (condition, seen) in lab.sorted(by: { $0.key < $1.key }) {
      out.add([UInt64(condition), UInt64(seen.calls), UInt64(seen.passed)])
      out.add(seen.refusedBy.sorted().map { UInt64($0) })
    }
    out.add(UInt64(broken.count))
    for one in broken {
      out.add(one.rule)
      out.add(one.detail)
      out.add([one.condition.map { UInt64($0) + 1 } ?? 0, UInt64(one.origin), UInt64(one.move), UInt64(one.depth)])
    }
    out.add(prints)
    for n in prints.indices { out.addShort(UInt64(origins[n]), UInt64(moves[n]), UInt64(labels[n])) }
    out.add(waiting.level.map { UInt64($0) })
    out.add(waiting.next.map { UInt64($0) })
    return out.bytes
  }

  /// Reads what ``saved()`` has written.
  ///
  /// - Parameters:
  ///   - depth: most moves from the boot, which may be others than before.
  ///   - memory: the same of bytes.
  package static func read(
    _ bytes: [UInt8], workers: Int, depth: Int?, memory: UInt64
  ) throws(Malformed) -> Explorer {
    var reader = SearchReader(bytes: bytes)
    try reader.skip(magic)
    let (name, text) = (try reader.text(), try reader.text())
    let world: ExploredWorld
    do throws(ScriptError) { world = try ExploredWorld(text, name: name) } catch {
      throw Malformed(message: "its world cannot be: \(error.message)")
    }
    var options = Options()
    options.isSymmetric = try reader.number(upTo: 1) == 1
    options.eachCondition = try reader.number(upTo: 1) == 1
    let isDealt = try reader.number(upTo: 1) == 1
    options.depth = depth
    options.memory = memory
    let most = UInt64(ConditionList(world.configuration).names.count)
    options.conditions = Set(try reader.numbers(upTo: most - 1).map { Int($0) })
    let shard = try reader.numbers(upTo: UInt64(Shard.most))
    guard shard.count == 2, shard[1] == 0 || shard[0] < shard[1] else { throw Malformed(message: "its shard is none") }
    options.shard = Shard(Int(shard[0]), of: Int(shard[1]))
    let explorer = Explorer(world, options, workers: workers)
    explorer.isDealt = isDealt
    try explorer.restore(&reader, most)
    return explorer
  }

  private func restore(_ reader: inout SearchReader, _ most: UInt64) throws(Malformed) {
    levels = try reader.numbers(upTo: UInt64(UInt32.max)).map { Int($0) }
    transitions = Int(try reader.number(upTo: 1 << 60))
    decided = try reader.numbers(upTo: 1 << 60).map { Int($0) }
    open = Set(try reader.numbers(upTo: most - 1).map { Int($0) })
    guard !levels.isEmpty, decided.count == Int(most) else {
      throw Malformed(message: "its conditions are not those of this version")
    }
    for _ in 0..<(try reader.number(upTo: most)) {
      let values = try reader.numbers(upTo: 1 << 60)
      guard values.count == 3, values[0] < most else { throw Malformed(message: "a condition that is off has no number") }
      var seen = ConditionLab()
      (seen.calls, seen.passed) = (Int(values[1]), Int(values[2]))
      seen.refusedBy = Set(try reader.numbers(upTo: most - 1).map { Int($0) })
      lab[Int(values[0])] = seen
    }
    for _ in 0..<(try reader.number(upTo: most + 1)) {
      let (rule, detail) = (try reader.text(), try reader.text())
      let values = try reader.numbers(upTo: UInt64(UInt32.max))
      guard values.count == 4, values[0] <= most else { throw Malformed(message: "a broken rule has no way to it") }
      broken.append(
        Broken(
          rule: rule, detail: detail, condition: values[0] == 0 ? nil : Int(values[0]) - 1, origin: Int(values[1]),
          move: Int(values[2]), depth: Int(values[3])))
    }
    let prints = try reader.numbers(upTo: .max)
    guard !prints.isEmpty else { throw Malformed(message: "it has no state") }
    for (n, print) in prints.enumerated() {
      let (origin, move, label) = try reader.short()
      guard n == 0 || origin < UInt64(n), label <= most, print != 0, know(print, UInt32(origin), UInt32(move), UInt16(label))
      else {
        throw Malformed(message: "state \(n) comes from none before it, or twice")
      }
    }
    guard broken.allSatisfy({ $0.origin < prints.count }) else { throw Malformed(message: "a broken rule has no way to it") }
    let (level, next) = (try reader.numbers(upTo: UInt64(prints.count) - 1), try reader.numbers(upTo: UInt64(prints.count) - 1))
    guard reader.isAtEnd else { throw Malformed(message: "something stands behind its end") }
    try wait(level: level.map { Int($0) }, next: next.map { Int($0) })
  }
}

private struct SearchWriter {
  var bytes: [UInt8] = []

  mutating func add(_ number: UInt64) {
    for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(shift))) }
  }
  mutating func add(_ numbers: [UInt64]) {
    add(UInt64(numbers.count))
    bytes.reserveCapacity(bytes.count + numbers.count * 8)
    for number in numbers { add(number) }
  }
  mutating func add(_ text: String) {
    add(UInt64(text.utf8.count))
    bytes += text.utf8
  }
  /// 32 bits, 24 and 8.
  mutating func addShort(_ origin: UInt64, _ move: UInt64, _ label: UInt64) { add(origin | move << 32 | label << 52) }
}

private struct SearchReader {
  let bytes: [UInt8]
  var at = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { at == bytes.count }

  mutating func skip(_ magic: [UInt8]) throws(Explorer.Malformed) {
    guard bytes.starts(with: magic) else {
      throw Explorer.Malformed(message: "it is no search of this version of workbench explore")
    }
    at = magic.count
  }

  mutating func number(upTo most: UInt64 = .max) throws(Explorer.Malformed) -> UInt64 {
    guard bytes.count - at >= 8 else { throw Explorer.Malformed(message: "it ends in the middle of a number") }
    var value: UInt64 = 0
    for byte in 0..<8 { value |= UInt64(bytes[at + byte]) << UInt64(8 * byte) }
    at += 8
    guard value <= most else { throw Explorer.Malformed(message: "\(value) where at most \(most) can be") }
    return value
  }

  mutating func numbers(upTo most: UInt64) throws(Explorer.Malformed) -> [UInt64] {
    let count = try number(upTo: UInt64((bytes.count - at) / 8))
    var all: [UInt64] = []
    all.reserveCapacity(Int(count))
    for _ in 0..<count { all.append(try number(upTo: most)) }
    return all
  }

  mutating func text() throws(Explorer.Malformed) -> String {
    let count = Int(try number(upTo: UInt64(bytes.count - at)))
    guard at + count <= bytes.count, let text = String(validating: bytes[at..<at + count], as: UTF8.self) else {
      throw Explorer.Malformed(message: "it ends in the middle of a text, or that is not UTF-8")
    }
    at += count
    return text
  }

  mutating func short() throws(Explorer.Malformed) -> (origin: UInt64, move: UInt64, label: UInt64) {
    let value = try number()
    return (value & 0xFFFF_FFFF, value >> 32 & 0xF_FFFF, value >> 52)
  }
}
