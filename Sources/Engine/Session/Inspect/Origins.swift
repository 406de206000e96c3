import Basics
import Machine

/// How something came to be what a failure condition refuses.
package struct ConditionOrigin: Sendable, Equatable {
  package var subject: ConditionSubject
  /// The step that made it so, from 1; nil if nothing has touched it since boot.
  public var step: Int?
  /// What happened, and in which call or statement.
  public var text: String
}

extension Session {
  /// For what the deciding condition of a call looked at, the last step before the call that made it what it was. What no step has
  /// touched is left out, unless none has touched any of it.
  package func origins(of explanation: Explanation) -> [ConditionOrigin] {
    let all = allOrigins(of: explanation)
    let made = all.filter { $0.step != nil }
    return made.isEmpty ? Array(all.prefix(1)) : made
  }

  /// Most steps that are looked through for one: what a key costs does not grow with the session.
  static let farthestOrigin = 1 << 16

  private func allOrigins(of explanation: Explanation) -> [ConditionOrigin] {
    let before = min(explanation.step.map { $0 - 1 } ?? position, steps.count)
    let farthest = max(0, before - Self.farthestOrigin)
    return explanation.subjects.map { subject in
      for index in (farthest..<before).reversed() {
        if steps[index].isReset { break }
        guard let event = steps[index].events.last(where: subject.isMade) else { continue }
        return ConditionOrigin(
          subject: subject, step: index + 1,
          text: labels.text("made so by step \(index + 1): \(event.text), by \(steps[index].call)"))
      }
      let earlier = farthest == 0 ? "" : ", or made so more than \(Self.farthestOrigin) steps before"
      return ConditionOrigin(subject: subject, step: nil, text: labels.text(subject.untouched + earlier))
    }
  }
}

extension ConditionSubject {
  /// Said where no step has changed it.
  fileprivate var untouched: String {
    switch self {
    case .granule(let address): "granule \(hex(address)) is as it was at boot"
    case .realm(let rd): "Realm \(hex(rd)) is as it was at boot"
    case .entry(let address): "the RTT entry at \(hex(address)) is as it was at boot"
    case .field(let place): "no statement has written \(place.field)"
    }
  }
}

extension Session.Step {
  /// What it did, on a line: a call by the names of its arguments, or the statement.
  public var call: String {
    switch input {
    case .reset(let configuration, let name):
      name.map { "case \($0): a fresh machine" } ?? "a fresh machine: \(configuration.propertyText)"
    case .action(.smc(_, let x)): Decoder.call { x[$0] }
    case .action(.guest(let guest)): "queued: \(Decoder.action(guest))"
    case .action(let action): action.scriptText
    }
  }
}
