import Host

/// Finds out what the Host's software knew at a step: from the last note before it, by having the hypervisor repeat the steps since.
extension GuestDebugger {
  /// Why it cannot be found out.
  private enum Obstacle: Error {
    /// It was interrupted: the session stands on the way.
    case interrupted
    case told(String)
  }

  /// Goes to a step; if that is in the middle of what the Host did for one entry, to before that entry.
  ///
  /// - Returns: why it is not known; nil if it has been done, or stopped on the way.
  func recall(at step: Int) -> String? {
    guard let note = session.hostNote(at: step) else {
      return "nothing is noted of what the guest's Host knew at step \(step)"
    }
    setTrail([])
    ending = nil
    let end = session.steps.count
    do throws(Obstacle) {
      try follow(note, to: step)
    } catch {
      setTrail([])
      if case .told(let problem) = error { return problem }
      halt = .interruptedOnTheWay
      return nil
    }
    let entry = session.position
    let isLost = session.steps[entry..<step].contains { if case .aside = $0.host { true } else { false } }
    guard !isLost else {
      // The next step may take the place of steps that the trail has.
      setTrail([])
      session.seek(step)
      return "what was done here was done in the middle of something the guest's Host does; go to step \(entry), and do it there"
    }
    // The entropy of the steps after this one comes again.
    let ended = ending
    leaveTrail(at: entry, vm.snapshot)
    _ = restore(trail.count - 1, leaving: end, nil)
    ending = ended
    retyping = session.typed(from: entry).map {
      Retyping(bytes: $0.bytes, time: $0.time, position: $0.position, moment: nil)
    }
    return nil
  }

  /// Puts the entries before the first of the trail, or before a step, in front of it, as far as the last note goes back. Of the trail
  /// the first stays: it is where they end.
  ///
  /// - Returns: how many there are; 0 at the guest's beginning, or if it was stopped on the way (``halt``).
  func remember(before step: Int) -> Int {
    let (here, host, known) = (session.position, vm.snapshot, trail)
    let (console, vcpu, how) = (vm.uart, current, ending)
    var limit = step
    var hasMoved = false
    if cameBy == nil { cameBy = trail }
    setTrail([])
    while trail.isEmpty, halt == nil, let note = session.hostNote(at: limit - 1) {
      hasMoved = true
      do throws(Obstacle) {
        try follow(note, to: step)
      } catch {
        setTrail([])
        guard case .interrupted = error else { break }
        halt = .interruptedOnTheWay
      }
      limit = note.position
    }
    let found = trail.count
    setTrail(found > 0 ? trail + known.prefix(1) : known)
    if found > 0 { retyping = known.dropFirst().compactMap { Retyping($0) } + retyping }
    if hasMoved, found == 0, halt == nil { session.seek(here) }
    vm.snapshot = host
    vm.uart = console
    (current, ending) = (vcpu, how)
    return found
  }

  /// Repeats the steps from a note up to a step, and keeps where each entry began.
  private func follow(_ note: Session.HostNotePlace, to end: Int) throws(Obstacle) {
    guard session.seek(note.position, isInterruptible: true) else { throw .interrupted }
    let known: HostNote
    do throws(HostNoteLine.Malformed) {
      known = try HostNote(note.lines, on: session.configuration)
    } catch {
      throw .told(error.message)
    }
    vm.recall(known, console: session.guestConsole(note))
    ending = nil
    while try followEntry(to: end) {}
  }

  /// - Returns: false if it is there, or in the middle of what the next entry does.
  private func followEntry(to end: Int) throws(Obstacle) -> Bool {
    session.passAsides(to: end)
    current = vm.lastTurn
    let start = session.position
    guard start < end else { return false }
    if session.isInterrupted() { throw .interrupted }
    let (known, time) = (vm.snapshot, session.now)
    if ending != nil { throw .told("the guest had ended at step \(start), and its Host did more") }
    session.following = Session.Following(end: end)
    let typed = session.typed(before: start)
    if let typed { vm.take(typed: typed.bytes, at: typed.time) }
    ending = vm.enter()
    let following = session.following
    session.following = nil
    guard following?.isOver != true, following?.problem == nil, session.position > start else {
      // The step lies in the middle of this entry.
      ending = nil
      vm.snapshot = known
      session.seek(start)
      guard following?.isOver != true else { return false }
      let problem = following?.problem ?? "it would have done nothing"
      throw .told("what the guest's Host knew is known up to step \(start): \(problem)")
    }
    leaveTrail(at: start, known, time: time, typed: typed)
    return true
  }
}
