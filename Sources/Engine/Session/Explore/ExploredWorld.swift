import Basics
import Machine

/// A machine that is small enough to go through all of its states, and what is done to it: how many granules can be given away, at which IPAs
/// things happen, who acts.
package struct ExploredWorld: Sendable, Equatable {
  package var name: String
  package var configuration: MachineConfiguration
  /// Granules at the beginning of DRAM that anybody gives away.
  package var granules = 7
  /// Most Realms at a time, and most RECs a Realm ever has.
  package var realms = 1
  package var recs = 1
  /// IPAs that calls and guests name, and ends of ranges.
  package var ipas: [UInt64] = [0, 0x8000_0000]
  package var tops: [UInt64] = [0x1000]
  package var levels: [UInt64] = [1, 2, 3]
  /// Whether the code of Realms acts.
  package var hasGuests = true
  /// Whether software of all worlds reads and the Host's writes, and EL3 moves granules between worlds.
  package var hasWorlds = true
  /// In which share of the states arguments are tried that do not fit: in one of so many, and everywhere if a condition is switched off.
  package var misfitsEvery: UInt64 = 16

  package init(name: String) {
    self.name = name
    configuration = MachineConfiguration()
    // Beyond every IPA: a number in memory is either a place of the pool or none.
    configuration.dramBase = 0x1_0000_0000
    configuration.dramSize = 2 << 20
    configuration.peCount = 1
    configuration.recAuxCount = 0
    configuration.attestation = false
  }

  package static let presets: [(name: String, summary: String, world: ExploredWorld)] = [
    ("small", "7 granules, a Realm with a REC and a page, and memory it shares", ExploredWorld(name: "small")),
    ("medium", "10 granules with auxiliary ones, two Realms, two RECs, two PEs, two pages", medium),
    ("tiny", "4 granules, Realms and RECs, no guest", tiny),
  ]

  private static let medium: ExploredWorld = {
    var world = ExploredWorld(name: "medium")
    world.granules = 10
    world.realms = 2
    world.recs = 2
    world.ipas = [0, 0x1000, 0x8000_0000]
    world.tops = [0x1000, 0x2000]
    world.configuration.peCount = 2
    world.configuration.recAuxCount = 1
    return world
  }()

  private static let tiny: ExploredWorld = {
    var world = ExploredWorld(name: "tiny")
    world.granules = 4
    world.realms = 2
    world.ipas = [0]
    world.levels = [2]
    world.hasGuests = false
    return world
  }()

  package static func preset(_ name: String) -> ExploredWorld? { presets.first { $0.name == name }?.world }

  package var base: UInt64 { configuration.dramBase }
  /// Where the Host has what it hands over: a page for each structure, and one of zeroes.
  package var hostPages: UInt64 { base + Machine.hostArea }
  package var zeroes: UInt64 { hostPages }
  func page(ofStructure index: Int) -> UInt64 { hostPages + UInt64(index + 1) * Granule.size }
  /// Whether values that do not fit are tried in a state, by its print.
  func triesMisfits(_ print: UInt64) -> Bool { (print >> 7) % misfitsEvery == 0 }

  /// Beyond every IPA space, and beyond DRAM.
  static let nowhere: UInt64 = 1 << 40

  // MARK: Files

  /// Most bytes of a description.
  package static let sizeLimit = 1 << 16
  private static let mostValues = 8

  /// Reads a description: a property a line, `#` begins a comment.
  package init(_ text: String, name: String) throws(ScriptError) {
    self.init(name: name)
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let words = line.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" || $0 == "\r" }.map(String.init)
      guard let key = words.first else { continue }
      try set(key, Array(words.dropFirst()), line: index + 1)
    }
    if let problem = configuration.problem ?? self.problem { throw ScriptError(line: 1, column: 1, message: problem) }
  }

  /// Why it cannot be explored, or nil.
  package var problem: String? {
    let end = configuration.dramSize
    guard Machine.hostArea + 8 * Granule.size <= end else { return "an explored machine has at least 1M and 32K of DRAM" }
    guard configuration.dramBase >= 0x1_0000_0000, configuration.secure == .none, configuration.vcpu == .queue else {
      return "an explored machine has dram_base=0x100000000 or above, secure=off and vcpu=queue"
    }
    return nil
  }

  private mutating func set(_ key: String, _ values: [String], line: Int) throws(ScriptError) {
    func bad(_ message: String) -> ScriptError { ScriptError(line: line, column: 1, message: message) }
    func number(_ text: String) throws(ScriptError) -> UInt64 {
      try ExpressionParser.parse(Word(text: text, column: 1), line: line) { _ in nil }
    }
    func numbers(_ allowed: (UInt64) -> Bool, _ what: String) throws(ScriptError) -> [UInt64] {
      guard (1...Self.mostValues).contains(values.count) else { throw bad("\(key) takes 1 to \(Self.mostValues) values") }
      var all: [UInt64] = []
      for value in values { all.append(try number(value)) }
      guard all.allSatisfy(allowed) else { throw bad("\(key) takes \(what)") }
      return all
    }
    func one(_ range: ClosedRange<UInt64>) throws(ScriptError) -> Int {
      guard values.count == 1, let value = try values.first.map({ text throws(ScriptError) in try number(text) }),
        range.contains(value)
      else { throw bad("\(key) takes a number from \(range.lowerBound) to \(range.upperBound)") }
      return Int(value)
    }
    func isOn() throws(ScriptError) -> Bool {
      guard values == ["on"] || values == ["off"] else { throw bad("\(key) is on or off") }
      return values == ["on"]
    }
    let pages = "multiples of 4K below 0x100000000"
    switch key {
    case "granules": granules = try one(1...UInt64(StatePrinter.mostGranules))
    case "realms": realms = try one(1...4)
    case "recs": recs = try one(1...4)
    case "ipa": ipas = try numbers({ $0.isGranuleAligned && $0 < 0x1_0000_0000 }, pages)
    case "top": tops = try numbers({ $0.isGranuleAligned && $0 <= 0x1_0000_0000 }, pages)
    case "level": levels = try numbers({ $0 <= 3 }, "levels from 0 to 3")
    case "guests": hasGuests = try isOn()
    case "worlds": hasWorlds = try isOn()
    case "misfits": misfitsEvery = UInt64(try one(1...1 << 20))
    case "machine":
      for value in values {
        guard let equals = value.firstIndex(of: "=") else { throw bad("machine takes properties such as pe=2") }
        try configuration.set(
          String(value[..<equals]).lowercased(), String(value[value.index(after: equals)...]), line: line, column: 1)
      }
    default:
      let keys = ["granules", "realms", "recs", "ipa", "top", "level", "guests", "worlds", "misfits", "machine"]
      let near = closest(to: key.lowercased(), among: keys).map { "; did you mean \($0)?" }
      throw bad("no property \"\(shown(key))\" of a world\(near ?? "; there are \(keys.joined(separator: ", "))")")
    }
  }

  /// The description that makes it.
  package var text: String {
    func list(_ values: [UInt64]) -> String { values.map(hex).joined(separator: " ") }
    return """
      granules \(granules)
      realms \(realms)
      recs \(recs)
      ipa \(list(ipas))
      top \(list(tops))
      level \(list(levels))
      guests \(hasGuests ? "on" : "off")
      worlds \(hasWorlds ? "on" : "off")
      misfits \(misfitsEvery)
      machine \(configuration.propertyText)

      """
  }
}
