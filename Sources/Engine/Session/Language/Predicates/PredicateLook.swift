import Basics
import Machine

/// What a look at the machine and its steps finds.
enum PredicateValue: Sendable, Equatable {
  case number(UInt64)
  /// A state, by its name.
  case word(String)
  case text(String)
  case flag(Bool)
  /// X0 of a call of an interface.
  case status(UInt64, Interface)
  /// What was asked for is not there: why, in words.
  case absent(String)
}

/// One thing a predicate can ask: `realm(N).state`.
///
/// The row is the one place that says so: parser, messages and the documentation read it.
package struct PredicateLook: Sendable {
  /// What stands between the parentheses.
  package enum Parameter: Sendable, Equatable {
    /// A number, by what it is.
    case number(String)
    /// A call, by its name.
    case call
    /// One of these words.
    case word(String, [String])

    package var name: String {
      switch self {
      case .number(let name), .word(let name, _): name
      case .call: "CALL"
      }
    }
  }

  /// What it finds.
  package enum Finding: Sendable, Equatable {
    case number
    /// One of these words.
    case word([String])
    case text
    /// Yes or no.
    case flag
    case status
    /// The name of one of a call's conditions.
    case condition

    package var name: String {
      switch self {
      case .number: "a number"
      case .word(let words): words.joined(separator: " ")
      case .text: "a text"
      case .flag: "yes or no"
      case .status: "a status, such as RMI_ERROR_RTT:2"
      case .condition: "the name of a condition"
      }
    }
  }

  enum Argument: Sendable, Equatable {
    case number(UInt64)
    case call(String)
    case word(String)

    var text: String {
      switch self {
      case .number(let value): value < 4096 ? "\(value)" : hex(value)
      case .call(let name), .word(let name): name
      }
    }
  }

  package let name: String
  package let parameters: [Parameter]
  /// How many of them must be there.
  let least: Int
  /// What stands behind the parentheses; empty if nothing does.
  package let property: String
  package let finding: Finding
  package let help: String
  /// What it is about, in a sentence: "Realm 1", "the RIPAS of IPA 0x1000 in Realm 1".
  let noun: @Sendable ([Argument]) -> String
  /// What a flag says of it: "runnable".
  let adjective: String
  let read: @Sendable (PredicateReader, [Argument]) -> PredicateValue

  init(
    _ name: String, _ parameters: [Parameter] = [], least: Int? = nil, property: String = "", finding: Finding,
    help: String, adjective: String = "", noun: @escaping @Sendable ([Argument]) -> String,
    read: @escaping @Sendable (PredicateReader, [Argument]) -> PredicateValue
  ) {
    self.name = name
    self.parameters = parameters
    self.least = least ?? parameters.count
    self.property = property
    self.finding = finding
    self.help = help
    self.noun = noun
    self.adjective = adjective
    self.read = read
  }

  /// As it is written.
  package var form: String {
    let shown = parameters.enumerated().map { $0.offset < least ? $0.element.name : "[\($0.element.name)]" }
    let list = parameters.isEmpty ? "" : "(\(shown.joined(separator: ", ")))"
    return name + list + (property.isEmpty ? "" : ".\(property)")
  }

  /// Every row.
  package static let all: [PredicateLook] = realms + recs + memory + tables + history + machine

  /// Rows of a name.
  static func named(_ name: String) -> [PredicateLook] { byName[name.lowercased()] ?? [] }
  private static let byName = Dictionary(grouping: all, by: \.name)
  static let names = Array(Set(all.map(\.name))).sorted()
}

/// What predicates read: a session as it stands, and what was done in it since some step.
package struct PredicateReader {
  let session: Session
  let tally: StepTally
  /// After how many steps it begins to count.
  let first: Int

  /// A Realm by its number from 1 in the order of RDs, or by its RD.
  func rd(_ number: UInt64) -> UInt64? {
    session.read { machine in
      let realms = machine.control.realms
      guard number < 4096 else { return realms.contains(number) ? number : nil }
      return number >= 1 && number <= UInt64(realms.count) ? realms[Int(number) - 1] : nil
    }
  }

  /// A REC by its index in a Realm, or by its address.
  func rec(_ arguments: [PredicateLook.Argument]) -> UInt64? {
    guard case .number(let last)? = arguments.last else { return nil }
    if arguments.count == 1, last >= 4096 { return session.read { $0.control.recs.contains(last) } ? last : nil }
    var realm: UInt64 = 1
    if arguments.count > 1, case .number(let first) = arguments[0] { realm = first }
    guard let rd = rd(realm) else { return nil }
    return session.read { machine in machine.control.recs.first { machine.rec($0).owner == rd && machine.rec($0).index == last } }
  }
}
