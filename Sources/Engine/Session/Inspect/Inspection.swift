import Attestation
import Basics
import Machine

/// What there is to say about a granule: for the map's cursor.
package struct GranuleStory: Sendable {
  package var address: UInt64
  package var gpi: GPI
  package var state: GranuleState
  /// The Realm it belongs to.
  package var owner: UInt64?
  /// What it is there: "level 3 table from IPA 0x0", "mapped at IPA 0x1000, RAM", "aux 3 of REC 0".
  package var role: String
  /// If a structure lies there: its name, and its fields that are not zero.
  package var contents: (structure: String, fields: [String])?
  /// The last steps that changed it, newest first, with what they did and in which call.
  package var history: [(step: Int, text: String)]

  package static func == (a: GranuleStory, b: GranuleStory) -> Bool {
    a.address == b.address && a.gpi == b.gpi && a.state == b.state && a.owner == b.owner && a.role == b.role
      && a.history.map(\.step) == b.history.map(\.step) && a.contents?.fields == b.contents?.fields
  }
}

extension Session {
  /// A granule's state, owner, place and history.
  ///
  /// - Parameter changes: how many of the last steps that changed it are told.
  package func story(_ address: UInt64, changes: Int = 16) -> GranuleStory {
    let address = address.granuleBase
    let last = Array(granuleHistory.changes(.granule, of: address, before: position, in: steps).suffix(changes))
    let history = last.reversed().flatMap {
      index in
      changesText(of: address, index).map { (index + 1, $0) }
    }
    return read { machine in
      let role = machine.role(address)
      return GranuleStory(
        address: address, gpi: machine.gpi(address), state: machine.granuleState(address), owner: role.owner,
        role: role.text, contents: machine.keptContents(address) ?? filled(address, machine), history: history)
    }
  }

  /// Every step that changed a granule, from 1 and newest first; those that were undone, too.
  package func stepsThatChanged(granule address: UInt64) -> [Int] {
    granuleHistory.changes(.granule, of: address.granuleBase, before: .max, in: steps).reversed().map { $0 + 1 }
  }

  /// What a step, from 1, did to a granule, and in which call.
  package func change(ofGranule address: UInt64, inStep step: Int) -> String {
    let events = steps[step - 1].events.filter { $0.changedGranule == address.granuleBase }
    // That it was made clean and stays what it is says nothing where something else was changed.
    let telling = events.filter { $0.kind != .granule || $0.b != $0.c }
    let call = steps[step - 1].call.prefix { $0 != " " }
    return "\((telling.isEmpty ? events : telling).map(\.text).joined(separator: "; ")), by \(call)"
  }

  /// The last first.
  private func changesText(of address: UInt64, _ index: Int) -> [String] {
    let call = steps[index].call.prefix { $0 != " " }
    return steps[index].events.reversed().filter { $0.changedGranule == address }.map { "\($0.text), by \(call)" }
  }

  /// What lies in a page of the Host's that was filled by names.
  private func filled(_ page: UInt64, _ machine: borrowing Machine) -> (structure: String, fields: [String])? {
    guard machine.gpi(page) == .nonSecure else { return nil }
    for group in groups.all.reversed() where group.range.lowerBound < position {
      let words = group.text.split(separator: " ")
      guard words.count > 2, words[0] == "fill", UInt64(words[2].dropFirst(2), radix: 16) == page,
        let table = StructureTables.find(String(words[1]))
      else { continue }
      return (table.name, machine.contents(page, as: table))
    }
    return nil
  }

  /// Why a step answered what it answered: the conditions of its call, or the granule protection check of its access, in the state
  /// before it. For a guest's call, in the state in
  /// which its REC made it; if it has not been made yet, in the present state.
  ///
  /// - Parameter step: from 1.
  public func explanation(ofStep step: Int) -> Explanation? {
    var explanation = conditions(ofStep: step)
    explanation?.step = step
    return explanation
  }

  private func conditions(ofStep step: Int) -> Explanation? {
    guard step >= 1, step <= steps.count, case .action(let action) = steps.input(step - 1) else { return nil }
    switch action {
    case .access(let access): return before(step) { named(read { $0.explain(access) }) }
    case .smc(let world, let x) where world == .normal || world == .secure:
      guard let entry = Calls.called(x[0]), world == .normal || entry.interface == .ffa || entry.interface == .platform else {
        return nil
      }
      return before(step) { explanation(of: entry, x, from: world) }
    case .guest(let guest) where guest.kind == .smc:
      guard let entry = Calls.called(guest.x[0]) else { return nil }
      return named(explanation(ofGuest: guest, queuedAt: step) ?? read { $0.explain(entry, guest.x, rec: $0.callingREC) })
    default: return nil
    }
  }

  /// What there is to see in the state before a step, from 1.
  private func before(_ step: Int, _ look: () -> Explanation) -> Explanation {
    let here = position
    seek(step - 1)
    defer { seek(here) }
    return look()
  }

  /// Runs the step in which a queued call was made once more, with its conditions noted.
  private func explanation(ofGuest guest: GuestAction, queuedAt step: Int) -> Explanation? {
    let made = steps[step..<max(step, position)].firstIndex { later in later.guestResults.contains { $0.action.tag == guest.tag }
    }
    guard let made else { return nil }
    let here = position
    let call = Decoder.call({ $0 < guest.count ? guest.x[$0] : 0 }, count: 11)
    // A call that left the Realm was made in an earlier entry than the one that completed it.
    for candidate in step...made {
      guard case .action(.smc(.normal, let x)) = steps.input(candidate), x[0] & ~SMCCC.sveHint == UInt64(RECEnter.fid) else {
        continue
      }
      seek(candidate)
      let found = explanations(redoingTo: candidate + 1).first { $0.call == call }
      if let found {
        seek(here)
        return found
      }
    }
    seek(here)
    return nil
  }

  /// What a call would answer now, and why.
  ///
  /// - Parameter world: whose call of FF-A it is.
  package func explanation(of entry: CommandEntry, _ x: InlineArray<18, UInt64>, from world: World = .normal) -> Explanation {
    named(
      read { machine in
        world == .secure
          ? machine.explain(entry, x, caller: machine.caller(from: world)) : machine.explain(entry, x, rec: machine.callingREC)
      })
  }

  /// With the names of addresses.
  private func named(_ explanation: Explanation) -> Explanation {
    guard !labels.isEmpty else { return explanation }
    var explanation = explanation
    explanation.call = labels.text(explanation.call)
    for index in explanation.rows.indices {
      explanation.rows[index].now = labels.text(explanation.rows[index].now, keepsNumbers: true)
    }
    return explanation
  }
}

extension Session {
  /// The last step in force that is a call with conditions, from 1.
  package var lastCallStep: Int? { steps.last(.call, before: position).map { $0 + 1 } }

  /// The last step in force where that is an access to memory, else the last call, from 1: what there is to explain without choosing.
  package var lastExplainedStep: Int? {
    if position > 0, case .action(.access) = steps.input(position - 1) { return position }
    return lastCallStep
  }
}

extension Machine {
  /// How many granules have contents of their own.
  package var pagesInUse: Int { memory.pageCount }
}
