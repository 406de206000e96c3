import Basics

/// A failure condition that held: the answer it gives and its name.
package struct Refusal: Error {
  package var code: UInt64
  package var id: StaticString
}

/// Evaluates a command's conditions. The same code serves whether nobody watches (``Silent``), somebody wants to know why
/// (``Explainer``) or only what there is (``Lister``).
package protocol Watcher {
  /// One condition.
  ///
  /// - Parameters:
  ///   - id: its name in the specification.
  ///   - text: when it fails, in words.
  ///   - status: what it answers.
  ///   - level: the index of the answer: an RTT level, or 0.
  ///   - now: its operands with their values.
  ///   - fails: whether it holds, that is, whether the command fails by it.
  mutating func observe(
    _ id: StaticString, _ text: StaticString, _ status: Status, level: () -> Int, _ now: () -> String, _ fails: () -> Bool
  )

  /// Whether nobody watches. A constant of each watcher, so that the compiler leaves only the bare checks of the silent one.
  static var isSilent: Bool { get }

  /// Whether it is a machine of the lab that executes, whose conditions refuse unless they are switched off. A constant, too.
  static var isTolerant: Bool { get }

  /// Whether a condition that holds does not refuse, because it is switched off.
  mutating func tolerates(_ id: StaticString) -> Bool
}

extension Watcher {
  package static var isTolerant: Bool { @inline(__always) get { false } }

  package func tolerates(_ id: StaticString) -> Bool { false }
}

extension Watcher {
  /// One condition: see ``observe(_:_:_:level:_:_:)``. Throws it if it holds and nobody watches.
  @inline(__always) package mutating func check(
    _ id: StaticString, _ text: StaticString, _ status: Status, level: @autoclosure () -> Int,
    _ now: @autoclosure () -> String, _ fails: @autoclosure () -> Bool
  ) throws(Refusal) {
    if Self.isSilent {
      if fails() { throw Refusal(code: status.value | UInt64(UInt8(truncatingIfNeeded: level())) << 8, id: id) }
    } else if Self.isTolerant {
      guard fails(), !tolerates(id) else { return }
      throw Refusal(code: status.value | UInt64(UInt8(truncatingIfNeeded: level())) << 8, id: id)
    } else {
      observe(id, text, status, level: level, now, fails)
    }
  }

  @inline(__always) package mutating func check(
    _ id: StaticString, _ text: StaticString, _ status: Status, _ now: @autoclosure () -> String,
    _ fails: @autoclosure () -> Bool
  ) throws(Refusal) {
    try check(id, text, status, level: 0, now(), fails())
  }

  /// The three conditions of a granule argument: aligned, delegable, in the state it must have.
  @inline(__always) mutating func granule(
    _ align: StaticString, _ bound: StaticString, _ state: StaticString, _ m: borrowing Machine, _ address: UInt64,
    is expected: GranuleState, _ name: StaticString
  ) throws(Refusal) {
    try check(align, "not a multiple of 4096", .rmiInput, "\(name) = \(hex(address))", !address.isGranuleAligned)
    try check(
      bound, "not the PA of a delegable granule", .rmiInput, "\(name) = \(hex(address)), \(m.dramText)",
      !m.isDelegable(address))
    try check(
      state, "the granule is not in the state the command needs", .rmiInput,
      "granule \(hex(address)) is \(m.granuleState(address).name), needed \(expected.name)",
      !m.granuleIs(address, expected))
  }

  /// The three conditions of a buffer in Non-secure memory.
  @inline(__always) mutating func nsGranule(
    _ align: StaticString, _ bound: StaticString, _ pas: StaticString, _ m: borrowing Machine, _ address: UInt64,
    _ name: StaticString
  ) throws(Refusal) {
    try check(align, "not a multiple of 4096", .rmiInput, "\(name) = \(hex(address))", !address.isGranuleAligned)
    try check(
      bound, "not the PA of a delegable granule", .rmiInput, "\(name) = \(hex(address)), \(m.dramText)",
      !m.isDelegable(address))
    try check(
      pas, "the granule is not reachable through the Non-secure PAS", .rmiInput,
      "GPT entry of \(hex(address)) is \(m.gpi(address).name), needed NS or ANY", !m.gpi(address).admits(.nonSecure))
  }
}

/// Nobody watches: the first condition that holds decides, nothing else is made.
package struct Silent: Watcher {
  package static var isSilent: Bool { @inline(__always) get { true } }

  package mutating func observe(
    _ id: StaticString, _ text: StaticString, _ status: Status, level: () -> Int, _ now: () -> String, _ fails: () -> Bool
  ) {}
}

/// A machine of the lab executes: the first condition that holds and is not switched off decides.
struct Tolerant: Watcher {
  static var isSilent: Bool { false }
  static var isTolerant: Bool { true }

  private let command: StaticString
  private let off: SwitchSet
  private let buffersMustBeNonSecure: Bool
  /// Conditions that held and are switched off.
  private(set) var overruled: [StaticString] = []
  /// Whether the RMM went on to a buffer that is not Non-secure, and the hardware has stopped it.
  private(set) var hasFaulted = false
  /// Whether it went on to such a buffer, and nothing has stopped it.
  private(set) var followsForeignBuffer = false

  /// - Parameter buffersMustBeNonSecure: whether the granule protection check meets the RMM where it does not look itself.
  init(command: StaticString, off: SwitchSet, buffersMustBeNonSecure: Bool) {
    self.command = command
    self.off = off
    self.buffersMustBeNonSecure = buffersMustBeNonSecure
  }

  mutating func tolerates(_ id: StaticString) -> Bool {
    guard !hasFaulted, off.contains(id, of: command) else { return false }
    overruled.append(id)
    if id.description.hasSuffix("_pas") {
      hasFaulted = buffersMustBeNonSecure
      followsForeignBuffer = !hasFaulted
    }
    return !hasFaulted
  }

  mutating func observe(
    _ id: StaticString, _ text: StaticString, _ status: Status, level: () -> Int, _ now: () -> String, _ fails: () -> Bool
  ) {}
}

/// What an explanation says of one condition.
public struct ConditionVerdict: Sendable, Equatable {
  public enum Verdict: String, Sendable {
    case held = "✓"
    case failed = "✗"
    /// It holds, and would refuse if it were not switched off.
    case overruled = "○"
    case notReached = "·"
  }
  /// Specification name.
  public var id: String
  /// When the command fails by it.
  public var text: String
  /// Status name, with the index if it has one.
  public var status: String
  /// Operands and their values; empty when it was not reached.
  public var now: String
  public var verdict: Verdict
}

/// Somebody wants to know: evaluates every condition up to the one that decides and notes each.
package struct Explainer: Watcher {
  package static var isSilent: Bool { false }
  package var rows: [ConditionVerdict] = []
  package var refusal: Refusal?
  private let command: StaticString
  private let off: SwitchSet

  /// - Parameters:
  ///   - command: whose conditions they are.
  ///   - off: those that are switched off.
  package init(_ command: StaticString, off: SwitchSet) {
    self.command = command
    self.off = off
  }

  package mutating func observe(
    _ id: StaticString, _ text: StaticString, _ status: Status, level: () -> Int, _ now: () -> String, _ fails: () -> Bool
  ) {
    var row = ConditionVerdict(
      id: "\(id)", text: "\(text)", status: "\(status.name)", now: "", verdict: .notReached)
    if refusal == nil {
      let failed = fails()
      row.now = now()
      if failed, off.contains(id, of: command) {
        row.verdict = .overruled
      } else if failed {
        let index = UInt64(UInt8(truncatingIfNeeded: level()))
        refusal = Refusal(code: status.value | index << 8, id: id)
        row.verdict = .failed
        if index != 0 || status.hasLevel { row.status += " \(Int8(truncatingIfNeeded: index))" }
      } else {
        row.verdict = .held
      }
    }
    rows.append(row)
  }
}

/// A condition as the declaration states it.
package struct ConditionDeclaration: Sendable, Equatable {
  package var id: String
  package var text: String
  package var status: String
}

/// Nobody calls: lists the conditions without evaluating any.
package struct Lister: Watcher {
  package static var isSilent: Bool { false }
  package var rows: [ConditionDeclaration] = []

  package init() {}

  package mutating func observe(
    _ id: StaticString, _ text: StaticString, _ status: Status, level: () -> Int, _ now: () -> String, _ fails: () -> Bool
  ) {
    rows.append(ConditionDeclaration(id: "\(id)", text: "\(text)", status: "\(status.name)"))
  }
}

extension Machine {
  /// The delegable range, for explanations.
  var dramText: String { "delegable memory is \(hex(dramBase)) to \(hex(configuration.dramTop - 1))" }
}
