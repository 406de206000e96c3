/// A verb of the script language: how its statement is written, read and explained, and where it may stand.
///
/// The row is the one place that says so: parser, completion, messages, the reference and the tests read it.
package final class Verb: Sendable {
  /// As it is written: a word, or two such as `guest read64`.
  package let name: String
  /// What is written after it, such as `PA VALUE`; empty if nothing is.
  package let form: String
  /// What it does, in a line.
  package let help: String
  /// What the reference says besides.
  package let details: String
  /// Statements of it, for the reference and the tests.
  package let examples: [String]
  /// What may follow it as things stand, such as `0 to 17`.
  package let choices: (@Sendable (Session) -> String)?
  /// Where it may stand.
  package let places: Places
  /// Whether its first argument is the function identifier of a call.
  package let isCall: Bool
  /// How many words may follow; nil if ``read`` says that.
  let count: ClosedRange<Int>?
  package let read: @Sendable (Arguments) throws(ScriptError) -> any Statement

  package init(
    _ name: String, _ form: String = "", _ count: ClosedRange<Int>? = nil, help: String, details: String = "", examples: [String],
    choices: (@Sendable (Session) -> String)? = nil, places: Places = .everywhere, isCall: Bool = false,
    read: @escaping @Sendable (Arguments) throws(ScriptError) -> any Statement
  ) {
    self.name = name
    self.form = form
    self.count = count
    self.help = help
    self.details = details
    self.examples = examples
    self.choices = choices
    self.places = places
    self.isCall = isCall
    self.read = read
  }

  /// The verb and what is written after it.
  package var usage: String { form.isEmpty ? name : "\(name) \(form)" }

  /// The first word of two, and the second: `guest` and `read64`.
  var words: (group: Substring, action: Substring)? {
    name.firstIndex(of: " ").map { (name[..<$0], name[name.index(after: $0)...]) }
  }
}

extension Verb {
  /// Where a line comes from.
  package enum Place: String, Sendable, CaseIterable {
    case script = "scripts"
    case commandLine = "the command line of the open workbench"
    case recording = "recordings"
  }

  /// What becomes of a statement where it stands.
  package enum Rule: Sendable {
    case performed
    /// It changes no machine, so a replay has no need of it.
    case passedOver
    case refused
  }

  /// Where a statement may stand.
  package struct Places: Sendable {
    private let script: Rule
    private let commandLine: Rule
    private let recording: Rule
    /// Why it may not stand elsewhere.
    let reason: String?

    package init(script: Rule = .performed, commandLine: Rule = .performed, recording: Rule = .performed, reason: String? = nil) {
      self.script = script
      self.commandLine = commandLine
      self.recording = recording
      self.reason = reason
    }

    package static let everywhere = Places()
    /// Whatever only says or expects something.
    package static let scripts = Places(recording: .passedOver)
    /// What a person does with a guest.
    package static let guests = Places(recording: .refused, reason: "a recording has what a guest's Host did")
    /// What acts on the open workbench.
    package static let commandLine = Places(script: .refused, recording: .refused)

    package subscript(place: Place) -> Rule {
      switch place {
      case .script: script
      case .commandLine: commandLine
      case .recording: recording
      }
    }
  }

  /// Why a statement of it may not stand at a place; nil if it may.
  func refusal(of text: String, in place: Place) -> String? {
    guard places[place] == .refused else { return nil }
    let others = Place.allCases.filter { places[$0] == .performed }.map(\.rawValue)
    return (places.reason.map { $0 + "; " } ?? "") + "\"\(text)\" is for \(others.joined(separator: " and "))"
  }
}
