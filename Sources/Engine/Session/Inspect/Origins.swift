import Basics
import Machine

/// How something came to be what a failure condition refuses.
package struct ConditionOrigin: Sendable, Equatable {
  package var subject: ConditionSubject
  /// The step that made it so, from 1; nil if nothing has touched it since boot.
  package var step: Int?
  /// What happened, and in which call or statement.
  package var text: String
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
      if case .kept(let place) = subject, let origin = origin(ofKept: place, before: before) { return origin }
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

extension Session {
  /// Most steps in which a field of the RMM's is looked for: each is gone to.
  private static let mostVisits = 8

  /// The last step before another after which a field of the RMM's had another value: of those that had to do with its RD or its REC.
  private func origin(ofKept place: FieldPlace, before end: Int) -> ConditionOrigin? {
    let here = position
    defer { seek(here) }
    func value(after step: Int) -> UInt64 {
      seek(step)
      return read { $0.readBytes(place.base &+ UInt64(place.offset), min(place.width, 8)) }
    }
    let now = value(after: end)
    var visits = 0
    for index in (max(0, end - Self.farthestOrigin)..<end).reversed() where visits < Self.mostVisits {
      guard !steps[index].isReset, !steps[index].events.contains(where: ConditionSubject.kept(place).isMade) else { return nil }
      guard steps[index].mayChange(place.base) else { continue }
      visits += 1
      let before = value(after: index)
      guard before != now else { continue }
      return ConditionOrigin(
        subject: .kept(place), step: index + 1,
        text: labels.text(
          "made so by step \(index + 1): \(place.field) of \(place.structure) \(hex(before)) → \(hex(now)), "
            + "by \(steps[index].call)"))
    }
    return nil
  }
}

extension Session.Step {
  /// Whether it had to do with an RD or a REC: a call is given its address, or something happened to it.
  fileprivate func mayChange(_ granule: UInt64) -> Bool {
    if case .action(.smc(_, let x)) = input, (1...6).contains(where: { x[$0] == granule }) { return true }
    return events.contains { ($0.kind == .exit || $0.kind == .call || $0.kind == .realmState) && $0.a == granule }
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
    case .kept(let place): "\(place.field) of \(place.structure) is as it was at boot"
    }
  }
}

extension Session.Step {
  /// What it did, on a line: a call by the names of its arguments, or the statement.
  package var call: String {
    switch input {
    case .reset(let configuration, let name):
      name.map { "case \($0): a fresh machine" } ?? "a fresh machine: \(configuration.propertyText)"
    case .action(.smc(_, let x)): Decoder.call { x[$0] }
    case .action(.guest(let guest)): "queued: \(Decoder.action(guest))"
    case .action(let action): action.scriptText
    }
  }
}
