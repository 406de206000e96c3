import Basics
import Machine

/// What is sought among the steps of a session.
package enum TimeQuery: Sendable, Equatable {
  /// A call that was refused, or an access that faulted.
  case failed
  /// A vCPU left its REC, or its VM; for that reason, if one is said.
  case exit(ExitReason?)
  /// Something changed; one thing, if its address is said.
  case granule(UInt64?)
  case realm(UInt64?)
  case rec(UInt64?)
  case entry(UInt64?)
  case measurement(UInt64?)
  /// A call was given an address, something was accessed there, or something happened to what lies there.
  case address(UInt64)
  /// What a look at the machine finds is another than before.
  case look(QueryStatement)
  /// A predicate has become true.
  case that(Predicate)

  /// As it is typed.
  package var text: String {
    func named(_ word: String, _ address: UInt64?) -> String { address.map { "\(word) \(hex($0))" } ?? word }
    return switch self {
    case .failed: "failed"
    case .exit(let reason): reason.map { "exit \($0.name)" } ?? "exit"
    case .granule(let address): named("granule", address)
    case .realm(let rd): named("realm", rd)
    case .rec(let rec): named("rec", rec)
    case .entry(let entry): named("entry", entry)
    case .measurement(let rd): named("measurement", rd)
    case .address(let address): "address \(hex(address))"
    case .look(let query): query.text
    case .that(let predicate): "that \(predicate.text)"
    }
  }

  /// Whether a step is one; nil where the machine has to be looked at.
  func matches(_ step: Session.Step) -> Bool? {
    switch self {
    case .failed: return step.hasFailed
    case .exit(let reason):
      return step.events.contains { $0.kind == .exit && (reason == nil || $0.b == UInt64(reason?.rawValue ?? 0)) }
    case .granule(let address):
      return step.events.contains { $0.changedGranule != nil && ($0.changedGranule == address || address == nil) }
    case .realm(let rd): return step.events.contains { $0.kind == .realmState && ($0.a == rd || rd == nil) }
    case .rec(let rec):
      guard let rec else {
        return step.events.contains {
          $0.kind == .granule && [$0.b, $0.c].contains(UInt64(GranuleState.rec.rawValue)) || $0.kind == .exit
        }
      }
      return step.events.contains { $0.a == rec && ($0.kind == .exit || $0.kind == .granule) }
    case .entry(let entry): return step.events.contains { $0.kind == .rttEntry && ($0.a == entry || entry == nil) }
    case .measurement(let rd): return step.events.contains { $0.kind == .measurement && ($0.a == rd || rd == nil) }
    case .address(let address): return step.touches(address)
    case .look, .that: return nil
    }
  }
}

extension Session.Step {
  /// Whether it has to do with an address.
  fileprivate func touches(_ address: UInt64) -> Bool {
    guard case .action(let action) = input else { return false }
    switch action {
    case .smc(_, let x) where (1..<7).contains(where: { x[$0] == address }): return true
    case .access(let access):
      let length: UInt64 =
        switch access.kind {
        case .bytes(let bytes): UInt64(bytes.count)
        case .fill(let length, _): length
        default: 8
        }
      if address >= access.address, address - access.address < length { return true }
    default: break
    }
    return events.contains { event in
      switch event.kind {
      case .granule, .gpi, .rttEntry, .realmState, .exit, .fault: event.a == address
      case .measurement: event.a == address
      default: false
      }
    }
  }
}

extension Session {
  /// The next step, from 1, that is one that is sought, or the last before the one where the session stands. The session stands where it
  /// stood.
  ///
  /// - Returns: the step, or nil if there is none, or somebody did not want to wait.
  package func find(_ query: TimeQuery, isNext: Bool) -> Int? {
    if case .look(let look) = query { return findChange(look.query, isNext: isNext) }
    if case .that(let predicate) = query { return findTruth(predicate, isNext: isNext) }
    let steps = steps
    if isNext {
      return (position..<steps.count).first { query.matches(steps[$0]) == true }.map { $0 + 1 }
    }
    guard position > 1 else { return nil }
    return (0..<position - 1).last { query.matches(steps[$0]) == true }.map { $0 + 1 }
  }

  /// Steps that are done again at once on the way back.
  private static let pieceOfSearch = Session.checkpointInterval

  private func findChange(_ query: MachineQuery, isNext: Bool) -> Int? {
    let here = position
    defer { seek(here) }
    func answer() -> String { machine.answer(query).0 }
    if isNext {
      let now = answer()
      while position < steps.count {
        if isInterrupted() { return nil }
        seek(position + 1)
        if answer() != now { return position }
      }
      return nil
    }
    // Piece by piece: within one there may be several changes, and the last counts.
    var end = here - 1
    while end > 0 {
      if isInterrupted() { return nil }
      let start = max(0, end - Self.pieceOfSearch)
      seek(start)
      var last = answer()
      var found: Int?
      while position < end {
        seek(position + 1)
        let now = answer()
        if now != last { found = position }
        last = now
      }
      if let found { return found }
      end = start
    }
    return nil
  }

  /// A step after which a predicate holds that did not hold before.
  private func findTruth(_ predicate: Predicate, isNext: Bool) -> Int? {
    let here = position
    defer { seek(here) }
    var keeper = TallyKeeper(first: 0)
    func holds() -> Bool {
      keeper.follow(self)
      return predicate.holds(predicateReader(keeper))
    }
    // What it asks of the steps behind it is counted from the first on, so the way back is a way from the beginning.
    if !isNext { seek(0) }
    var last = isNext ? holds() : false
    var found: Int?
    let end = isNext ? steps.count : here - 1
    while position < end {
      if isInterrupted() { return nil }
      seek(position + 1)
      let now = holds()
      if now, !last {
        if isNext { return position }
        found = position
      }
      last = now
    }
    return found
  }

  /// What a step did, on a line.
  package func summary(ofStep step: Int) -> String {
    labels.text("\(steps[step - 1].call) \(Decoder.summary(steps[step - 1].result))")
  }
}
