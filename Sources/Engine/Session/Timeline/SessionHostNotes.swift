import Basics
import Host
import Machine

/// What the Host's software knew, kept with the steps now and then. What it knew at any other step follows from the note before it and
/// the steps since.
extension Session {
  /// What is kept with a step about the software of the Host.
  package enum HostMark: Sendable {
    /// What its hypervisor knew after it: lines of a recording.
    case knows(String)
    /// A person did it, and the hypervisor was not told.
    case aside
    /// The hypervisor did it for somebody outside the machine, who answers a host call.
    case outside
    /// The hypervisor did it as its own; bytes were typed into its guest before.
    case typed([UInt8])
    /// The hypervisor did it as its own; its guest had printed bytes before, on a console whose bytes pass through its memory.
    case printed([UInt8])
    /// The hypervisor did it as its own, for a device of its guest's.
    case device(VirtioKind)

    /// The lines of a recording.
    package var text: String {
      switch self {
      case .knows(let text): text
      case .aside: HostNote.aside
      case .outside: HostNote.outside
      case .typed(let bytes): HostNote.typed + hexBytes(bytes)
      case .printed(let bytes): HostNote.printed + hexBytes(bytes)
      case .device(let kind): HostNote.device + kind.name
      }
    }

    /// Whether it says what the hypervisor knew.
    var isNote: Bool { if case .knows = self { true } else { false } }

    var isTyped: Bool { if case .typed = self { true } else { false } }

    /// Whether the hypervisor did the step as its own.
    var isHosts: Bool {
      switch self {
      case .knows, .typed, .printed, .device: true
      case .aside, .outside: false
      }
    }
  }

  /// A note, and where it stands.
  struct HostNotePlace {
    /// How many steps had been done.
    let position: Int
    /// How many had been done when the machine was made.
    let machine: Int
    let text: String

    var lines: [String] { text.split(separator: "\n").map(String.init) }
  }

  /// The last note that is not later than a step, of the machine that was there then.
  func hostNote(at step: Int) -> HostNotePlace? { hostNotes(before: step, isFirst: false) }

  /// Where a hypervisor had built the guest that is there at a step; nil if none had.
  func hostBuilt(at step: Int) -> Int? { hostNotes(before: step, isFirst: true)?.position }

  private func hostNotes(before step: Int, isFirst: Bool) -> HostNotePlace? {
    guard step >= 0 else { return nil }
    let machine = machineStart(before: step)
    let kept = machine == 0 ? beginning.map { HostNotePlace(position: 0, machine: 0, text: $0.note) } : nil
    if isFirst, let kept { return kept }
    let found =
      isFirst
      ? steps.firstHost(from: machine, before: step, where: \.isNote)
      : steps.lastHost(from: machine, before: step, where: \.isNote)
    guard let found, case .knows(let text) = steps.host(found) else { return kept }
    return HostNotePlace(position: found + 1, machine: machine, text: text)
  }

  /// Whether a hypervisor had built a guest on the machine that was there at a step.
  func hasHostNote(at step: Int) -> Bool {
    hostNote(at: step) != nil
  }

  /// Whether a guest is built after a step, on the machine that is there.
  func isBuiltLater(than step: Int) -> Bool {
    let end = steps.first(.reset, from: step) ?? steps.count
    return steps.firstHost(from: step, before: end, where: \.isNote) != nil
  }

  /// What the guest of a machine had printed up to a step.
  func guestConsole(_ place: HostNotePlace) -> [UInt8] {
    console((place.machine == 0 ? 0 : printed.count(upTo: place.machine))..<printed.count(upTo: place.position))
  }

  // MARK: Marks

  /// Keeps with the last step who did it.
  func keepMark(_ mark: HostMark) {
    guard position > 0 else { return }
    if case .printed(let bytes) = mark { printed.append(bytes, position) }
    guard keepsHistory else { return }
    steps.setHost(position - 1, mark)
  }

  /// Keeps a note with the last step.
  func keepNote(_ text: String) {
    guard keepsHistory, following == nil, position > 0, case nil = steps.host(position - 1) else { return }
    steps.setHost(position - 1, .knows(text))
    noted = (position, text.utf8.count)
    hasHost = true
  }

  /// The mark of a step that is made now.
  func mark(of input: Step.Input) -> HostMark? {
    guard hasHost else { return nil }
    defer { serving = nil }
    if case .reset = input {
      hasHost = false
      printing = nil
      return nil
    }
    guard isHostActing else { return .aside }
    guard !isOutside else { return .outside }
    if let bytes = typed {
      typed = nil
      return .typed(bytes)
    }
    defer { printing = nil }
    return printing.map { .printed($0) } ?? serving.map { .device($0) }
  }

  /// What was typed before a step, and, if the step is waiting, until when.
  func typed(before step: Int) -> (bytes: [UInt8], time: UInt64?)? {
    var step = step
    // A pause that a debugger has put there.
    while steps.indices.contains(step), case nil = steps[step].host, case .action(.guestPause) = steps[step].input { step += 1 }
    guard steps.indices.contains(step), case .typed(let bytes) = steps[step].host else { return nil }
    if case .action(.idle(let time)) = steps[step].input { return (bytes, time) }
    return (bytes, nil)
  }

  /// What was typed before steps from one on, also those that were undone, to the end or another machine.
  func typed(from first: Int) -> [(position: Int, bytes: [UInt8], time: UInt64?)] {
    var found: [(position: Int, bytes: [UInt8], time: UInt64?)] = []
    let end = steps.first(.reset, from: first) ?? steps.count
    var next = first
    while let place = steps.firstHost(from: next, before: end, where: \.isTyped), let one = typed(before: place) {
      found.append((place, one.bytes, one.time))
      next = place + 1
    }
    return found
  }

  // MARK: Following

  /// The Host's software repeats its steps, to find out what it knew after them. It does nothing new.
  struct Following {
    /// Where it ends: this many steps have been done then.
    let end: Int
    /// It wanted to do more than was done by then.
    var isOver = false
    /// Why it cannot: the next step is not the one it wants to do.
    var problem: String?

    /// Whether there is more to repeat: time does not pass any further where there is not.
    ///
    /// - Parameter position: where the session stands.
    func goesOn(at position: Int) -> Bool { position < end && !isOver && problem == nil }
  }

  /// Repeats steps of others, up to a step.
  func passAsides(to end: Int) {
    while position < end, let mark = steps.host(position), !mark.isHosts { seek(position + 1) }
  }

  /// Repeats the next step, if that is what the Host's software wants to do.
  func follow(_ action: Action) -> StatementResult {
    guard let following, !following.isOver, following.problem == nil else { return StatementResult() }
    passAsides(to: following.end)
    // A debugger held the guest after so many instructions.
    if action.entersGuest, position < following.end, case .action(.guestPause) = steps.input(position) { seek(position + 1) }
    guard position < following.end else {
      self.following?.isOver = true
      return StatementResult()
    }
    let (done, wanted) = (steps[position].text, action.scriptText)
    guard done == wanted else {
      self.following?.problem =
        "step \(position + 1) is \"\(shown(done, limit: 60))\", where its Host would have done \"\(shown(wanted, limit: 60))\""
      return StatementResult()
    }
    seek(position + 1)
    return steps[position - 1].result
  }

  /// Values that were written next, to one word of 64 bits after the other.
  package func followed(writesFrom address: UInt64, most: Int) -> [UInt64] {
    guard let end = following?.end else { return [] }
    var values: [UInt64] = []
    while values.count < most {
      passAsides(to: end)
      guard position < end, case .action(.access(let access)) = steps.input(position), access.world == .normal,
        access.address == address + UInt64(values.count) * 8, case .write64(let value) = access.kind
      else { break }
      values.append(value)
      seek(position + 1)
    }
    return values
  }
}

extension Action {
  /// Whether it lets a guest run.
  var entersGuest: Bool {
    switch self {
    case .smc(.normal, let x): x[0] == UInt64(RECEnter.fid)
    case .enterVCPU, .resume: true
    default: false
    }
  }
}
