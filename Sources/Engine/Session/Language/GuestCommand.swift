import Basics
import Machine

/// What a person does with a guest that executes code: boots it, moves it, says where it is to stop.
public enum GuestCommand: Sendable {
  /// A fresh machine, a Realm (or another VM) built from an image, and its run; with `stands` it stays before its first instruction.
  case boot(image: String, vcpus: Int, isRealm: Bool, stands: Bool)
  case move(Motion)
  case stop(Place)
  /// Stops after an instruction that wrote to one of so many bytes.
  case watch(Address, count: UInt64)
  /// No longer stops there; nil: nowhere.
  case delete(Place?)
  /// Names of its places come from an image; nil: the one it was booted from.
  case symbols(image: String?)

  public enum Motion: Sendable {
    /// Until something stops it, or about so many instructions.
    case goOn(Int?)
    case step(Int)
    /// As `step`, but a call with all it does is one.
    case over(Int)
    /// Until the vCPU leaves the Realm.
    case out
    case back(Int)
    /// Back to the place before that would have stopped it.
    case reverse
  }

  /// A name of the guest's ELF, or a number.
  public struct Address: Sendable {
    public var text: String
    public var value: UInt64?
  }

  public enum Place: Sendable {
    case code(Address)
    case event(DebugEvent)
  }

  /// Most motions of a statement.
  static let mostSteps: UInt64 = 1_000_000
  /// Most instructions of a statement.
  static let mostInstructions: UInt64 = 1 << 40

  public static let verbs = [
    "boot", "debug", "continue", "step", "over", "out", "back", "reverse", "break", "watch", "delete",
    "symbols",
  ]
}

extension StatementParser {
  /// A statement about a guest that executes code; nil if the verb is none of theirs.
  func guestCommand(_ verb: Word, _ rest: [Word]) throws(ScriptError) -> GuestCommand? {
    switch verb.text.lowercased() {
    case "boot": return try boot(verb, rest, stands: false)
    case "debug": return try boot(verb, rest, stands: true)
    case "continue":
      try count(verb, rest, 0...1, "continue [INSTRUCTIONS]")
      return .move(.goOn(rest.isEmpty ? nil : try positive(rest[0], GuestCommand.mostInstructions)))
    case "step": return .move(.step(try times(verb, rest)))
    case "over": return .move(.over(try times(verb, rest)))
    case "back": return .move(.back(try times(verb, rest)))
    case "out":
      try count(verb, rest, 0...0, "out")
      return .move(.out)
    case "reverse":
      try count(verb, rest, 0...0, "reverse")
      return .move(.reverse)
    case "break": return .stop(try place(verb, rest))
    case "watch":
      try count(verb, rest, 1...2, "watch ADDRESS [BYTES]")
      return .watch(address(rest[0]), count: rest.count == 2 ? UInt64(try positive(rest[1], 4096)) : 8)
    case "delete":
      return .delete(rest.isEmpty ? nil : try place(verb, rest))
    case "symbols":
      try count(verb, rest, 0...1, "symbols [IMAGE]")
      return .symbols(image: rest.first?.text)
    default: return nil
    }
  }

  private func positive(_ word: Word, _ most: UInt64) throws(ScriptError) -> Int {
    let value = try number(word)
    guard (1...most).contains(value) else { throw error(word, "expected a number from 1 to \(most)") }
    return Int(value)
  }

  private func times(_ verb: Word, _ rest: [Word]) throws(ScriptError) -> Int {
    try count(verb, rest, 0...1, "\(verb.text) [N]")
    return rest.isEmpty ? 1 : try positive(rest[0], GuestCommand.mostSteps)
  }

  private func address(_ word: Word) -> GuestCommand.Address {
    GuestCommand.Address(text: word.text, value: try? number(word))
  }

  private func boot(_ verb: Word, _ rest: [Word], stands: Bool) throws(ScriptError) -> GuestCommand {
    let words = rest.filter { $0.text != "--normal" }
    if let option = words.first(where: { $0.text.hasPrefix("-") }) {
      throw error(option, "\(verb.text) has no option \(shown(option.text)); expected: \(verb.text) [--normal] [IMAGE [VCPUS]]")
    }
    try count(verb, words, 0...2, "\(verb.text) [--normal] [IMAGE [VCPUS]], such as \(verb.text) tour")
    return .boot(
      image: words.first?.text ?? "tour", vcpus: words.count == 2 ? try positive(words[1], 8) : 2,
      isRealm: words.count == rest.count,
      stands: stands)
  }

  private func place(_ verb: Word, _ rest: [Word]) throws(ScriptError) -> GuestCommand.Place {
    let form = "\(verb.text) ADDRESS, a name of the ELF, smc, exit [REASON] or granule PA"
    guard let first = rest.first else { throw error(verb, "expected: \(form)") }
    switch first.text.lowercased() {
    case "smc" where rest.count == 1: return .event(.smc)
    case "exit" where rest.count == 1: return .event(.exit(nil))
    case "exit" where rest.count == 2:
      guard let reason = ExitReason.allCases.first(where: { $0.name == rest[1].text.uppercased() }) else {
        throw error(
          rest[1], "no exit \"\(shown(rest[1].text))\"; there are \(ExitReason.allCases.map(\.name).joined(separator: ", "))")
      }
      return .event(.exit(reason))
    case "granule" where rest.count == 1: throw error(first, "expected: \(form)")
    case "granule" where rest.count == 2:
      let address = try number(rest[1])
      guard address % Granule.size == 0 else { throw error(rest[1], "\(hex(address)) is no granule; expected a multiple of 4K") }
      return .event(.granule(address))
    default:
      guard rest.count == 1 else { throw error(rest[1], "expected: \(form)") }
      return .code(address(first))
    }
  }
}
