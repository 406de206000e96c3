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
  /// A byte of memory is another: whoever wrote it.
  case byte(UInt64)
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
    case .byte(let address): "byte \(hex(address))"
    case .look(let query): query.text
    case .that(let predicate): "that \(predicate.text)"
    }
  }

  /// Whether an event makes its step one.
  private func isMeant(_ event: Event) -> Bool {
    switch self {
    case .failed, .byte, .look, .that: return false
    case .exit(let reason): return event.kind == .exit && (reason == nil || event.b == UInt64(reason?.rawValue ?? 0))
    case .granule(let address):
      return event.changedGranule != nil && (event.changedGranule == address || address == nil)
    case .realm(let rd): return event.kind == .realmState && (event.a == rd || rd == nil)
    case .rec(let rec):
      guard let rec else {
        return event.kind == .exit
          || event.kind == .granule && [event.b, event.c].contains(UInt64(GranuleState.rec.rawValue))
      }
      return event.a == rec && (event.kind == .exit || event.kind == .granule)
    case .entry(let entry): return event.kind == .rttEntry && (event.a == entry || entry == nil)
    case .measurement(let rd): return event.kind == .measurement && (event.a == rd || rd == nil)
    case .address(let address):
      switch event.kind {
      case .granule, .gpi, .rttEntry, .realmState, .exit, .fault, .measurement: return event.a == address
      default: return false
      }
    }
  }

  /// Whether a step is one by what was done in it, or by what happened.
  fileprivate func matches(_ index: Int, _ steps: StepList) -> Bool {
    if case .address(let address) = self, steps.input(index).names(address) { return true }
    return steps.hasEvent(at: index, isMeant)
  }
}

extension Session.Step.Input {
  /// Whether it is a call that is given an address, or an access of it.
  fileprivate func names(_ address: UInt64) -> Bool {
    guard case .action(let action) = self else { return false }
    switch action {
    case .smc(_, let x): return (1..<7).contains { x[$0] == address }
    case .access(let access):
      let length: UInt64 =
        switch access.kind {
        case .bytes(let bytes): UInt64(bytes.count)
        case .fill(let length, _): length
        default: 8
        }
      return address >= access.address && address - access.address < length
    default: return false
    }
  }
}

extension Session {
  /// The next step, from 1, that is one that is sought, or the last before the one where the session stands. The session stands where it
  /// stood.
  ///
  /// - Returns: the step, or nil if there is none, or somebody did not want to wait.
  package func find(_ query: TimeQuery, isNext: Bool) -> Int? {
    if case .byte = query { return found(query, isNext: isNext)?.step }
    if case .look(let look) = query { return findChange(look.query, isNext: isNext) }
    if case .that(let predicate) = query { return findTruth(predicate, isNext: isNext) }
    let before = max(0, position - 1)
    if case .failed = query {
      return (isNext ? steps.first(.failed, from: position) : steps.last(.failed, before: before)).map { $0 + 1 }
    }
    func isOne(_ index: Int) -> Bool { query.matches(index, steps) }
    func search(_ indices: some Sequence<Int>) -> Int? {
      for index in indices {
        if index % 1024 == 0, isInterrupted() { return nil }
        if isOne(index) { return index + 1 }
      }
      return nil
    }
    return isNext ? search(position..<steps.count) : search((0..<before).reversed())
  }

  /// The same with what the step did.
  package func found(_ query: TimeQuery, isNext: Bool) -> (step: Int, text: String)? {
    if case .byte(let address) = query { return change(of: .bytes(address, count: 1), isNext: isNext) }
    return find(query, isNext: isNext).map { ($0, summary(ofStep: $0)) }
  }

  /// Steps that are done again at once on the way back.
  private static let pieceOfSearch = CheckpointPlaces.interval

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
