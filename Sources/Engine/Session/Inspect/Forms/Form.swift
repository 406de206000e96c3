import Basics
import Machine

/// A command, or a structure in memory, as something to be filled in: a row for each argument or field, with what it may be, what would
/// be right now, and what fits.
package struct Form: Sendable, Equatable {
  package enum Subject: Sendable, Equatable {
    case command(String)
    case structure(String)

    package var name: String {
      switch self {
      case .command(let name), .structure(let name): name
      }
    }
  }

  /// Something that can be put in a row.
  package struct Offer: Sendable, Equatable {
    package let text: String
    package let note: String
  }

  /// One argument, or one field.
  package struct Row: Sendable, Equatable {
    /// With its index where there are several: `aux[3]`.
    package let name: String
    /// What its value is: `bits`, `PA`, `number` …
    package let unit: String
    package let meaning: String
    /// What it may be, in words; empty if it may be anything it can hold.
    package let allowed: String
    /// Where it is: `X1`, or the offset of a field.
    package let place: String
    /// What would be right now; nil if there is nothing.
    package let right: String?
    /// Why there is nothing right.
    package let missing: String?
    package let offers: [Offer]
  }

  package let subject: Subject
  package let rows: [Row]
  /// What it is, in a sentence.
  package let summary: String

  init(_ subject: Subject, _ rows: [Row], _ summary: String) {
    self.subject = subject
    self.rows = rows
    self.summary = summary
  }

  /// Whatever has a form.
  package static var names: [String] { Calls.all.map(\.name) + structures }
  /// Those that lie in memory.
  package static var structures: [String] { StructureTables.written.map(\.table.name) }

  /// The name of what has a form, in any case; nil if nothing has it.
  package static func find(_ name: String) -> String? { names.first { $0.lowercased() == name.lowercased() } }

  /// What it is, in a sentence.
  package static func summary(of name: String) -> String {
    Calls.named(name)?.summary ?? StructureTables.find(name)?.facts.summary.description ?? ""
  }

  /// The row of a name: nil if there is none.
  package func index(of name: String) -> Int? { rows.firstIndex { $0.name == name.lowercased() } }

  /// As a line of the script language.
  ///
  /// - Parameter typed: the text of each row; where it is empty, what would be right is meant.
  package func line(_ typed: [String]) -> String {
    func value(_ index: Int) -> String? {
      let text = index < typed.count ? typed[index] : ""
      return text.isEmpty ? rows[index].right : text
    }
    switch subject {
    case .command(let name):
      // What is zero and need not be said is left out at the end.
      let words = rows.indices.compactMap { index in value(index).map { "\(rows[index].name)=\($0)" } }
      return ([name] + words).joined(separator: " ")
    case .structure(let name):
      let named = rows.indices.dropFirst().filter { $0 < typed.count && !typed[$0].isEmpty }
      return (["fill", name, value(0) ?? "0"] + named.map { "\(rows[$0].name)=\(typed[$0])" }).joined(separator: " ")
    }
  }
}

extension Form.Offer {
  init(_ value: UInt64, _ note: String = "") { self.init(text: value < 10 ? "\(value)" : hex(value), note: note) }
}
