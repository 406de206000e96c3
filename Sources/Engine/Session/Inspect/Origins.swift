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

  private func allOrigins(of explanation: Explanation) -> [ConditionOrigin] {
    let before = min(explanation.step.map { $0 - 1 } ?? position, steps.count)
    // What was before is of another machine.
    let reset = granuleHistory.reset(before: before, in: steps) ?? -1
    return explanation.subjects.map { subject in
      if case .kept(let place) = subject, let origin = origin(ofKept: place, before: before) { return origin }
      let index = granuleHistory.last(
        subject.ways, of: subject.granule, before: before, in: steps, where: subject.isMade)
      guard let index, index > reset, let event = steps[index].events.last(where: subject.isMade) else {
        return ConditionOrigin(subject: subject, step: nil, text: labels.text(subject.untouched))
      }
      return ConditionOrigin(
        subject: subject, step: index + 1,
        text: labels.text("made so by step \(index + 1): \(event.text), by \(steps[index].call)"))
    }
  }

  /// Most steps in which a field of the RMM's is looked for: each is gone to.
  private static let mostVisits = 8

  /// The last step before another after which a field of the RMM's had another value: of those that had to do with its RD or its REC. Nil
  /// if there is none since the granule became what it is.
  private func origin(ofKept place: FieldPlace, before end: Int) -> ConditionOrigin? {
    let made = granuleHistory.last(
      [.granule], of: place.base, before: end, in: steps, where: ConditionSubject.kept(place).isMade)
    guard let made else { return nil }
    let here = position
    defer { seek(here) }
    func value(after step: Int) -> UInt64 {
      seek(step)
      return read { $0.readBytes(place.base &+ UInt64(place.offset), min(place.width, 8)) }
    }
    let now = value(after: end)
    let uses = granuleHistory.changes(.use, of: place.base, before: end, in: steps).reversed().prefix { $0 > made }
    for (visits, index) in uses.enumerated() {
      guard visits < Self.mostVisits else {
        return ConditionOrigin(
          subject: .kept(place), step: nil,
          text: labels.text(
            "\(place.field) of \(place.structure) was already so after step \(index + 1): the \(visits) calls since then that had to do "
              + "with it left it as it is"))
      }
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

extension ConditionSubject {
  /// How a step that makes it what it is is noted, and at which granule.
  fileprivate var ways: [GranuleHistory.Change] {
    switch self {
    case .granule, .kept: [.granule]
    case .realm: [.realm]
    case .entry: [.entry, .granule]
    case .field: [.write]
    }
  }

  fileprivate var granule: UInt64 {
    switch self {
    case .granule(let address), .realm(let address): address
    case .entry(let address): address.granuleBase
    case .field(let place): (place.base &+ UInt64(place.offset)).granuleBase
    case .kept(let place): place.base
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
