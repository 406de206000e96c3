import Basics

/// A check that can be switched off: a failure condition of a command, or a ``Protection``.
package struct Switch: Sendable {
  /// `RMI_DATA_CREATE.data_state`, or a protection's.
  package let name: String
  /// When a condition refuses; what a protection does.
  package let summary: String
  let key: UInt64

  private init(_ name: String, _ summary: String) {
    self.name = name
    self.summary = summary
    key = SwitchSet.key(name)
  }

  /// The command, or the sort of protection.
  package var group: Substring { name.prefix { $0 != "." } }

  /// Conditions in the order of the commands, then protections. A command has those of all personalities.
  package static let all: [Switch] = {
    var all: [Switch] = []
    var known: Set<String> = []
    let machines = [Policy.spec, .tfRMM].map { policy in
      var configuration = MachineConfiguration()
      configuration.dramSize = 2 << 20
      configuration.policy = policy
      return configuration
    }
    for entry in Commands.all {
      for configuration in machines {
        for condition in entry.list(Machine(configuration)) {
          let name = "\(entry.name).\(condition.id)"
          if known.insert(name).inserted { all.append(Switch(name, condition.text)) }
        }
      }
    }
    return all + Protection.allCases.map { Switch($0.name.description, $0.summary.description) }
  }()

  private static let byKey = Dictionary(uniqueKeysWithValues: all.map { ($0.key, $0) })

  static func with(key: UInt64) -> Switch? { byKey[key] }
}

/// Checks that are switched off: each is evaluated and noted, and refuses nothing.
public struct SwitchSet: Sendable, Equatable {
  /// ``key(_:)`` of each, ascending.
  private(set) var keys: [UInt64] = []
  /// A bit for each ``Protection`` among them.
  private var protections: UInt32 = 0

  package init() {}

  init(_ switches: some Sequence<Switch>) {
    keys = Set(switches.map(\.key)).sorted()
    for protection in Protection.allCases where contains(Self.key(protection.name.description)) {
      protections |= 1 << UInt32(protection.rawValue)
    }
  }

  /// - Parameter keys: nil comes of one that belongs to no switch.
  init?(keys: [UInt64]) {
    var switches: [Switch] = []
    for key in keys {
      guard let found = Switch.with(key: key) else { return nil }
      switches.append(found)
    }
    self.init(switches)
  }

  /// - Parameter name: nil comes of one that is no switch's, as ``Switch/name`` has it.
  package init?(exactly name: String) { self.init(keys: [Self.key(name)]) }

  package var isEmpty: Bool { keys.isEmpty }
  package var count: Int { keys.count }

  package func union(_ other: SwitchSet) -> SwitchSet { SwitchSet((keys + other.keys).compactMap(Switch.with)) }
  package func subtracting(_ other: SwitchSet) -> SwitchSet {
    SwitchSet(keys.filter { !other.contains($0) }.compactMap(Switch.with))
  }

  // MARK: Asking

  private func contains(_ key: UInt64) -> Bool {
    let index = keys.partitionPoint { $0 >= key }
    return index < keys.count && keys[index] == key
  }

  package func contains(_ name: String) -> Bool { contains(Self.key(name)) }

  @inline(__always) package func contains(_ protection: Protection) -> Bool {
    protections >> UInt32(protection.rawValue) & 1 != 0
  }

  /// Whether a condition of a command is.
  package func contains(_ condition: StaticString, of command: StaticString) -> Bool {
    !keys.isEmpty && contains(Self.key(condition, of: command))
  }

  /// 64 bits for a name: they stay the same when there are other switches.
  static func key(_ name: String) -> UInt64 { FNV1a.hash(name.utf8) }

  static func key(_ condition: StaticString, of command: StaticString) -> UInt64 {
    var hash = FNV1a.hash(UnsafeBufferPointer(start: command.utf8Start, count: command.utf8CodeUnitCount))
    hash = FNV1a.hash(CollectionOfOne(UInt8(ascii: ".")), after: hash)
    return FNV1a.hash(UnsafeBufferPointer(start: condition.utf8Start, count: condition.utf8CodeUnitCount), after: hash)
  }

  // MARK: Text

  /// Why a word names no switch.
  package struct Unknown: Error {
    package let message: String
  }

  /// The switches that are off, in the order of ``Switch/all``.
  package var names: [String] { Switch.all.filter { contains($0.key) }.map(\.name) }

  /// As a `machine` statement has it: names joined by `+`, or `none`. What is a whole group is written as its pattern.
  package var text: String {
    guard !isEmpty else { return "none" }
    guard count < Switch.all.count else { return "*" }
    var parts: [String] = []
    var rest = Switch.all[...]
    while let first = rest.first {
      let group = rest.prefix { $0.group == first.group }
      rest = rest.dropFirst(group.count)
      if group.count > 1, group.allSatisfy({ contains($0.key) }) {
        parts.append("\(first.group).*")
      } else {
        parts += group.filter { contains($0.key) }.map(\.name)
      }
    }
    return parts.joined(separator: "+")
  }

  /// Reads ``text``: names and patterns in any case, joined by `+`. In a pattern `*` stands for any letters.
  package init(named text: String) throws(Unknown) {
    self.init()
    guard text.lowercased() != "none" else { return }
    var found: Set<UInt64> = []
    for word in text.split(separator: "+", omittingEmptySubsequences: false) {
      let pattern = Array(word.lowercased().utf8)
      let matching =
        pattern.count > 128 ? [] : Switch.all.filter { Self.matches(pattern[...], Array($0.name.lowercased().utf8)[...]) }
      guard !matching.isEmpty else { throw Unknown(message: Self.message(String(word))) }
      found.formUnion(matching.map(\.key))
    }
    self.init(Switch.all.filter { found.contains($0.key) })
  }

  private static func message(_ word: String) -> String {
    let groups = Set(Switch.all.map { String($0.group) })
    if let group = groups.first(where: { $0.lowercased() == word.lowercased() }) {
      return "\(shown(word)) has several checks; \(group).* is all of them"
    }
    if word.contains("*") { return "no check is called as \"\(shown(word, limit: 60))\" says" }
    let own = word.split(separator: ".", maxSplits: 1).first.map { $0.lowercased() }
    let near = Switch.all.filter { $0.group.lowercased() == own }.map(\.name)
    let nearest = closest(to: word.lowercased(), among: near.isEmpty ? Switch.all.map(\.name) : near)
    let hint = nearest ?? near.first.map { "\($0.prefix { $0 != "." }).*" }
    return "no check is called \"\(shown(word, limit: 60))\""
      + (hint.map { "; did you mean \($0)?" }
        ?? "; a name is such as RMI_DATA_CREATE.data_state or gpc.normal, a pattern RMI_DATA_CREATE.*")
  }

  /// Whether a name is as a pattern says.
  private static func matches(_ pattern: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>) -> Bool {
    let star = UInt8(ascii: "*")
    var (pattern, name) = (pattern, name)
    // Where the last star is, and what it has to leave at least.
    var resume: (pattern: ArraySlice<UInt8>, name: ArraySlice<UInt8>)?
    while let letter = name.first {
      if pattern.first == star {
        pattern = pattern.dropFirst()
        resume = (pattern, name)
      } else if pattern.first == letter {
        pattern = pattern.dropFirst()
        name = name.dropFirst()
      } else if let last = resume {
        resume = (last.pattern, last.name.dropFirst())
        (pattern, name) = (last.pattern, last.name.dropFirst())
      } else {
        return false
      }
    }
    return pattern.allSatisfy { $0 == star }
  }
}
