import Basics
import Machine

/// Something of the machine's that steps change.
package enum Changing: Sendable, Equatable {
  /// The state and the PAS of a granule.
  case granule(UInt64)
  /// A Realm by its RD: its life cycle.
  case realm(UInt64)
  /// A measurement of a Realm: 0 is the RIM, 1 to 4 are the REMs.
  case measurement(UInt64, index: Int)
  /// A REC: that it is made, that it exits, and that it is destroyed.
  case rec(UInt64)
  /// The entry of an RTT, by its own address.
  case entry(UInt64)

  func isChanged(by event: Event) -> Bool {
    switch self {
    case .granule(let address): ConditionSubject.granule(address).isMade(by: event)
    case .realm(let rd): event.a == rd && (event.kind == .realmState || event.kind == .granule)
    case .measurement(let rd, let index): event.kind == .measurement && event.a == rd && event.b == UInt64(index)
    case .rec(let address): event.a == address && (event.kind == .exit || event.kind == .granule)
    case .entry(let address): ConditionSubject.entry(address).isMade(by: event)
    }
  }

  /// How a step that changes it is noted, and at which granule.
  fileprivate var ways: [GranuleHistory.Change] {
    switch self {
    case .granule: [.granule]
    case .realm: [.realm, .granule]
    case .measurement: [.measurement]
    case .rec: [.exit, .granule]
    case .entry: [.entry, .granule]
    }
  }

  fileprivate var granule: UInt64 {
    switch self {
    case .granule(let address), .realm(let address), .measurement(let address, _), .rec(let address): address
    case .entry(let address): address.granuleBase
    }
  }

  /// In a sentence.
  package var name: String {
    switch self {
    case .granule(let address): "granule \(hex(address))"
    case .realm(let rd): "Realm \(hex(rd))"
    case .measurement(let rd, let index): "\(index == 0 ? "the RIM" : "REM\(index - 1)") of \(hex(rd))"
    case .rec(let address): "REC \(hex(address))"
    case .entry(let address): "the RTT entry at \(hex(address))"
    }
  }
}

extension Session {
  /// Whether the last step in force changed something.
  package func lastStepChanges(_ subject: Changing) -> Bool {
    lastStep?.events.contains(where: subject.isChanged) ?? false
  }

  /// The next step, from 1, that changes something, or the last before where the session stands; and what it does to it.
  package func change(of subject: Changing, isNext: Bool) -> (step: Int, text: String)? {
    let index =
      isNext
      ? granuleHistory.first(subject.ways, of: subject.granule, from: position, in: steps, where: subject.isChanged)
      : granuleHistory.last(subject.ways, of: subject.granule, before: max(0, position - 1), in: steps, where: subject.isChanged)
    guard let index, let event = steps[index].events.last(where: subject.isChanged) else { return nil }
    return (index + 1, labels.text("\(event.text), by \(steps[index].call)"))
  }
}
