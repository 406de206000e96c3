import Basics
import Machine

/// Gives granules to the RMM.
struct DelegateStatement: HelperStatement {
  let count: Int
  /// Where to look from on; nil for where the Host has nothing of its own.
  let from: UInt64?

  /// Most granules of one statement: 64 MiB.
  static let most = 1 << 14

  static let verbs = [
    Verb(
      "delegate", "N [granules] [from PA]", 1...4, help: "delegates so many granules that fit",
      details:
        "the lowest of the Host's, side by side if that is so, in which nothing is written, from 1M above the beginning of DRAM or from PA; "
        + "at most \(most)", examples: ["delegate 16 granules", "delegate 2 from 0x80200000", "delegate 1"], places: .helpers
    ) { arguments throws(ScriptError) in
      let value = try arguments.number(0)
      guard (1...UInt64(most)).contains(value) else {
        throw arguments.error(
          arguments[0],
          "expected how many granules, 1 to \(most), not \(hex(value)); RMI_GRANULE_DELEGATE addr=PA delegates that at an address"
        )
      }
      var rest = arguments.words.dropFirst()
      if let word = rest.first, ["granules", "granule"].contains(word.text.lowercased()) { rest.removeFirst() }
      guard let word = rest.popFirst() else { return DelegateStatement(count: Int(value), from: nil) }
      guard word.text.lowercased() == "from", let place = rest.popFirst(), rest.isEmpty else {
        throw arguments.expected(at: word)
      }
      let from = try arguments.number(place)
      guard from.isGranuleAligned else {
        throw arguments.error(place, "\(hex(from)) is no granule; expected a multiple of 4K")
      }
      return DelegateStatement(count: Int(value), from: from)
    }
  ]

  var text: String { "delegate \(count)" + (from.map { " from \(hex($0))" } ?? "") }

  func expand(_ expansion: Expansion) throws(Expansion.Stop) -> Expansion.Achievement {
    let granules = expansion.read { $0.spareGranules(count, from: from) }
    guard granules.count == count else {
      let place = from.map { " from \(hex($0)) on" } ?? ""
      throw .impossible(
        "\(count) granules of the Host's are wanted that nothing is written in; there are \(granules.count)\(place)")
    }
    for granule in granules { try expansion.call("RMI_GRANULE_DELEGATE", ["addr": granule]) }
    return Expansion.Achievement(sentence: "DELEGATED: \(Self.ranges(granules))", values: granules)
  }

  /// Granules in ascending order, those side by side together.
  static func ranges(_ granules: [UInt64]) -> String {
    var ranges: [(first: UInt64, last: UInt64)] = []
    for granule in granules {
      if let last = ranges.last, granule == last.last &+ Granule.size {
        ranges[ranges.count - 1].last = granule
      } else {
        ranges.append((granule, granule))
      }
    }
    let shown = ranges.prefix(4).map { $0.first == $0.last ? hex($0.first) : "\(hex($0.first)) to \(hex($0.last))" }
    return shown.joined(separator: ", ") + (ranges.count > 4 ? " and \(ranges.count - 4) more ranges" : "")
  }
}

/// Gives the RMM the auxiliary granules of a REC.
struct AuxStatement: HelperStatement {
  let rd: UInt64

  static let verbs = [
    Verb(
      "aux", "RD", 1...1, help: "delegates as many granules as a REC of a Realm needs beside its own",
      details: "what RMI_REC_AUX_COUNT says; `fill RmiRecParams` takes them", examples: ["aux 0x80100000"], places: .helpers
    ) { arguments throws(ScriptError) in AuxStatement(rd: try arguments.number(0)) }
  ]

  var text: String { "aux \(hex(rd))" }

  func expand(_ expansion: Expansion) throws(Expansion.Stop) -> Expansion.Achievement {
    try expansion.demand(rd: rd)
    let count = try Self.count(rd, expansion)
    guard count > 0 else { return Expansion.Achievement(sentence: "a REC needs no auxiliary granules", values: [0]) }
    let result = try expansion.run("delegate \(count)")
    return Expansion.Achievement(sentence: "\(count) auxiliary granules, \(result.text ?? "")", values: result.answer?.x ?? [])
  }

  /// What the RMM says of a Realm's RECs.
  static func count(_ rd: UInt64, _ expansion: Expansion) throws(Expansion.Stop) -> Int {
    let answer = try expansion.call("RMI_REC_AUX_COUNT", ["rd": rd])
    return answer.count > 1 ? Int(min(answer[1], 16)) : 0
  }
}
