import Basics
import Machine

/// What Host and RMM together have for a Realm: a line each in a file such as `ipa_bits = 52`, as cca-realm-measurements reads them.
package struct HostCapabilities: Equatable, Sendable {
  /// The widest IPA space; nil if nothing limits it.
  package var ipaBits: Int?
  /// Breakpoints and watchpoints, by count: RmiRealmParams has one less.
  package var breakpoints: Int?
  package var watchpoints: Int?
  package var pmuCounters: Int?
  /// The longest SVE vector, in bits; 0 or nil: no SVE.
  package var sveLength: Int?
  package var pmu: Bool?
  package var lpa2: Bool?

  package init() {}

  package struct Malformed: Error, Equatable {
    /// From 1; 0 for what no line has.
    package let line: Int
    package let message: String
  }

  /// What the RMM of a machine says in RmiFeatureRegister0.
  package init(features: UInt64) {
    ipaBits = Int(features.bits(7, 0))
    // KVM writes descriptors of shared pages as they are without it.
    lpa2 = false
    sveLength = features.bits(9, 9) == 1 ? (Int(features.bits(13, 10)) + 1) * 128 : 0
    breakpoints = Int(features.bits(19, 14)) + 1
    watchpoints = Int(features.bits(25, 20)) + 1
    pmu = features.bits(26, 26) == 1
    pmuCounters = Int(features.bits(31, 27))
  }

  /// - Parameter lines: of a file; `#` begins a comment.
  package init(lines: [String]) throws(Malformed) {
    for (index, text) in lines.enumerated() {
      do throws(Malformed) {
        try take(text)
      } catch {
        throw Malformed(line: index + 1, message: error.message)
      }
    }
  }

  private mutating func take(_ text: String) throws(Malformed) {
    let fact = text.prefix { $0 != "#" }
    guard fact.contains(where: { !$0.isWhitespace }) else { return }
    let sides = fact.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map {
      String($0.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
    guard sides.count == 2, let name = sides.first, let value = sides.last else {
      throw Malformed(line: 0, message: "expected NAME = VALUE, such as ipa_bits = 48, found \"\(shown(fact))\"")
    }
    if let number = Self.numbers[name] {
      guard let count = Int(value), number.range.contains(count), count.isMultiple(of: number.step) else {
        throw Malformed(line: 0, message: "\(name) is \(number.text), not \"\(shown(value))\"")
      }
      guard self[keyPath: number.place] == nil else { throw Malformed(line: 0, message: "\(name) stands twice") }
      self[keyPath: number.place] = count
    } else if let flag = Self.flags[name] {
      guard ["true", "false"].contains(value) else {
        throw Malformed(line: 0, message: "\(name) is true or false, not \"\(shown(value))\"")
      }
      guard self[keyPath: flag] == nil else { throw Malformed(line: 0, message: "\(name) stands twice") }
      self[keyPath: flag] = value == "true"
    } else {
      let names = (Array(Self.numbers.keys) + Array(Self.flags.keys)).sorted().joined(separator: ", ")
      throw Malformed(line: 0, message: "there is no capability \"\(shown(name))\"; expected one of \(names)")
    }
  }

  private struct Number {
    let place: any WritableKeyPath<HostCapabilities, Int?> & Sendable
    let range: ClosedRange<Int>
    var step = 1
    let text: String
  }

  private static let numbers: [String: Number] = [
    "ipa_bits": Number(place: \.ipaBits, range: 32...52, text: "32 to 52"),
    "num_bps": Number(place: \.breakpoints, range: 2...64, text: "a count from 2 to 64"),
    "num_wps": Number(place: \.watchpoints, range: 2...64, text: "a count from 2 to 64"),
    "pmu_num_ctrs": Number(place: \.pmuCounters, range: 0...31, text: "0 to 31"),
    "sve_vl": Number(place: \.sveLength, range: 0...2048, step: 128, text: "in bits: 0, or a multiple of 128 up to 2048"),
  ]
  private static let flags: [String: any WritableKeyPath<HostCapabilities, Bool?> & Sendable] = ["pmu": \.pmu, "lpa2": \.lpa2]

  // MARK: Less of it

  /// A value can only go down; one that nothing was known of is what is asked for.
  package mutating func restrict<T: Comparable>(_ place: WritableKeyPath<HostCapabilities, T?>, to value: T) {
    self[keyPath: place] = min(self[keyPath: place] ?? value, value)
  }

  package mutating func restrict(_ place: WritableKeyPath<HostCapabilities, Bool?>, to value: Bool) {
    self[keyPath: place] = (self[keyPath: place] ?? value) && value
  }
}
