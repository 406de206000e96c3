import Machine

/// What was called, answered and left in some steps, counted: what a predicate asks of the steps behind it.
package struct StepTally: Sendable {
  /// One call, by its function.
  package struct Call: Sendable {
    package var count = 0
    /// How many of them were refused.
    package var refused = 0
    /// What the last one was answered: X0 and up; empty if no answer is known.
    package var x: [UInt64] = []
    /// The condition that decided it.
    package var decidedBy: String?
  }

  /// Calls by function identifier.
  package private(set) var calls: [UInt32: Call] = [:]
  /// Exits of vCPUs, by reason.
  package private(set) var exits: [ExitReason: Int] = [:]
  /// Reads and writes that software made by hand, by world: those that went through, and those that took a granule protection fault.
  package private(set) var accesses: [World: (done: Int, faulted: Int)] = [:]
  /// What the last read by hand found, by world.
  package private(set) var lastRead: [World: UInt64] = [:]
  /// Machines that were made. With each the other counts begin anew.
  package private(set) var resets = 0

  package init() {}

  package mutating func add(_ step: Session.Step) { add(step.input, step.result, step.events) }

  mutating func add(_ input: Session.Step.Input, _ result: StatementResult, _ events: [Event]) {
    guard case .action(let action) = input else {
      let count = resets + 1
      self = StepTally()
      resets = count
      return
    }
    switch action {
    case .smc(_, let x): note(x[0], result.answer?.x ?? [], result.decidedBy, isAnswered: isAnswered(result))
    case .access(let access):
      var entry = accesses[access.world] ?? (0, 0)
      if case .gpf = result.answer?.kind { entry.faulted += 1 } else { entry.done += 1 }
      accesses[access.world] = entry
      if access.kind == .read64, case .ok = result.answer?.kind { lastRead[access.world] = result.answer?.x.first }
    default: break
    }
    if let reason = result.exit?.reason { exits[reason, default: 0] += 1 }
    noteGuests(result, events)
  }

  /// Counts what the Host of a session that keeps no steps did, of which there was no more to say.
  mutating func add(_ action: Action, _ answer: PlainAnswer, _ exit: ExitReason?) {
    switch action {
    case .smc(_, let x): note(x[0], answer.registers, nil, isAnswered: true)
    case .access(let access):
      accesses[access.world, default: (0, 0)].done += 1
      if access.kind == .read64 { lastRead[access.world] = answer.x[0] }
    default: break
    }
    if let exit { exits[exit, default: 0] += 1 }
  }

  private func isAnswered(_ result: StatementResult) -> Bool {
    if case .registers = result.answer?.kind { true } else { false }
  }

  private mutating func note(_ fid: UInt64, _ x: [UInt64], _ decidedBy: String?, isAnswered: Bool) {
    guard let entry = Calls.called(fid) else { return }
    var call = calls[entry.fid] ?? Call()
    call.count += 1
    if isAnswered {
      call.x = x
      call.decidedBy = decidedBy
      if decidedBy != nil { call.refused += 1 }
    }
    calls[entry.fid] = call
  }

  /// Calls of vCPUs: events have those of any, results the registers of those that were queued.
  private mutating func noteGuests(_ result: StatementResult, _ events: [Event]) {
    for event in events where event.kind == .call {
      let decision = result.decisions.last { $0.hasDecided && UInt64($0.fid) == event.a & 0xFFFF_FFFF }?.id
      note(event.a, [event.c], decision, isAnswered: event.detail == 0)
    }
    for guest in result.guestResults where guest.action.kind == .smc {
      guard case .registers(let x) = guest.value else { continue }
      let registers = (0...8).map { x[$0] }
      let fid = guest.action.x[0]
      if events.isEmpty {
        note(fid, registers, guest.decidedBy, isAnswered: true)
      } else if let entry = Calls.called(fid), var call = calls[entry.fid] {
        call.x = registers
        call.decidedBy = guest.decidedBy
        calls[entry.fid] = call
      } else {
        note(fid, registers, guest.decidedBy, isAnswered: true)
      }
    }
  }
}

extension Session {
  /// Counts steps of the line one stands on as they come, and anew where one has gone elsewhere.
  package struct TallyKeeper: Sendable {
    package private(set) var tally = StepTally()
    /// The step behind which it counts.
    package private(set) var first: Int
    private var counted: Int
    private var edition: Int

    /// - Parameter first: after how many steps it begins.
    package init(first: Int) {
      self.first = first
      counted = first
      edition = -1
    }

    /// Counts what is new.
    package mutating func follow(_ session: Session) {
      guard session.keepsHistory else {
        tally = session.batchTally
        return
      }
      if session.position < first { self = TallyKeeper(first: session.position) }
      if session.position < counted || session.branchEdition != edition {
        // What was done before a session kept its steps is not among them.
        tally = first == 0 ? session.batchTally : StepTally()
        counted = first
      }
      edition = session.branchEdition
      while counted < session.position {
        tally.add(session.steps[counted])
        counted += 1
      }
    }
  }
}
