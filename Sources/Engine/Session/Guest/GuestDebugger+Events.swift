import Basics
import Host
import Machine

/// Things that happen to a guest and that are no place in its code.
package enum DebugEvent: Hashable, Sendable {
  /// Before an SMC.
  case smc
  /// After an exit to the Host, of one kind or of any.
  case exit(ExitReason?)
  /// After an entry in which, or after which, the granule of a PA changed its state.
  case granule(UInt64)

  /// As one types it.
  package var text: String {
    switch self {
    case .smc: "smc"
    case .exit(nil): "exit"
    case .exit(let reason?): "exit \(reason.name)"
    case .granule(let address): "granule \(hex(address))"
    }
  }
}

extension GuestDebugger {
  /// What an event can be told from, before and after an entry.
  struct Circumstances {
    var exits: [ExitReason: Int]
    var granules: [UInt64: GuestDebugger.GranuleName]
  }
  typealias GranuleName = String

  func circumstances() -> Circumstances {
    Circumstances(exits: vm.exits, granules: granules())
  }

  /// States of the granules that are to be looked at.
  func granules() -> [UInt64: GranuleName] {
    var result: [UInt64: GranuleName] = [:]
    for case .granule(let address) in events {
      result[address] = session.read { $0.granuleState(address).name }
    }
    return result
  }

  /// Reasons of the exits in some steps.
  func exits(_ steps: Range<Int>) -> Set<ExitReason> { Set(session.steps[steps].compactMap { $0.result.exit?.reason }) }

  /// The event that has come about since then.
  func event(since before: Circumstances) -> DebugStop? {
    let now = circumstances()
    let exits = Set(now.exits.keys.filter { now.exits[$0] != before.exits[$0] })
    return event(exits: exits, before.granules, now.granules)
  }

  /// The event that exits for these reasons are, or what became of the granules.
  func event(exits: Set<ExitReason>, _ before: [UInt64: GranuleName], _ now: [UInt64: GranuleName]) -> DebugStop? {
    for event in events {
      switch event {
      case .smc: continue
      case .exit(nil): if !exits.isEmpty { return .event("an exit to the Host") }
      case .exit(let reason?): if exits.contains(reason) { return .event("an exit: \(reason.name)") }
      case .granule(let address):
        guard let old = before[address], let new = now[address], old != new else { continue }
        return .event("granule \(hex(address)): \(old) became \(new)")
      }
    }
    return nil
  }
}
