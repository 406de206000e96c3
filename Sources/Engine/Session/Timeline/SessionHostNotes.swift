import Basics
import Host
import Machine

/// What the Host's software knew, kept with the steps: from a note, and the steps after it, follows what it knew at any of them.
extension Session {
  /// What is kept with a step about the software of the Host.
  public enum HostMark: Sendable {
    /// What its hypervisor knew after it: lines of a recording.
    case knows(String)
    /// A person did it, and the hypervisor that was there was not told.
    case aside
    /// The hypervisor did it for somebody outside the machine, who answers a host call.
    case outside

    /// The lines of a recording.
    public var text: String {
      switch self {
      case .knows(let text): text
      case .aside: HostNote.aside
      case .outside: HostNote.outside
      }
    }

    /// Whether the hypervisor did the step as its own.
    var isHosts: Bool { if case .knows = self { true } else { false } }
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
    var found: (position: Int, text: String)?
    var position = step
    while position > 0, !steps[position - 1].isReset {
      if found == nil || isFirst, case .knows(let text) = steps[position - 1].host { found = (position, text) }
      position -= 1
    }
    return found.map { HostNotePlace(position: $0.position, machine: position, text: $0.text) }
  }

  /// Whether a hypervisor of the model has built a guest in the last of the steps.
  public var hasHypervisor: Bool { hasHost }

  /// Whether a hypervisor had built a guest on the machine that was there at a step.
  func hasHostNote(at step: Int) -> Bool {
    for earlier in steps[..<step].reversed() {
      if earlier.isReset { return false }
      if case .knows = earlier.host { return true }
    }
    return false
  }

  /// Whether a guest is built after a step, on the machine that is there.
  func isBuiltLater(than step: Int) -> Bool {
    for later in steps[step...] {
      if later.isReset { return false }
      if case .knows = later.host { return true }
    }
    return false
  }

  /// What the guest of a machine had printed up to a step.
  func guestConsole(_ place: HostNotePlace) -> [UInt8] {
    console(printed.count(upTo: place.machine)..<printed.count(upTo: place.position))
  }

  // MARK: Marks

  /// Keeps with the last step whose doing it was.
  func keepMark(_ mark: HostMark) {
    guard keepsHistory, position > 0 else { return }
    steps[position - 1].host = mark
  }

  /// Keeps a note with the last step.
  func keepNote(_ text: String) {
    guard keepsHistory, following == nil, position > 0, case nil = steps[position - 1].host else { return }
    steps[position - 1].host = .knows(text)
    noted = (position, text.utf8.count)
    hasHost = true
  }

  /// The mark of a step that is made now.
  func mark(of deed: Step.Deed) -> HostMark? {
    guard hasHost else { return nil }
    if case .reset = deed {
      hasHost = false
      return nil
    }
    guard isHostActing else { return .aside }
    return isOutside ? .outside : nil
  }

  // MARK: Following

  /// What a Host's software does again, to find out what it knew: nothing is done that was not done before.
  struct Following {
    /// The step that is not done any more.
    let end: Int
    /// It was to do more than was done up to there.
    var isOver = false
    /// What was done was something else.
    var problem: String?
  }

  /// Does again what others did, up to a step.
  func passAsides(to end: Int) {
    while position < end, let mark = steps[position].host, !mark.isHosts { seek(position + 1) }
  }

  /// What the Host's software wants done: the next of the steps, if it is that.
  func follow(_ action: Action) -> StatementResult {
    guard let following, !following.isOver, following.problem == nil else { return StatementResult() }
    passAsides(to: following.end)
    // How far a debugger let it go.
    if action.entersGuest, position < following.end, case .perform(.guestPause) = steps[position].deed { seek(position + 1) }
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
  public func followed(writesFrom address: UInt64, most: Int) -> [UInt64] {
    guard let end = following?.end else { return [] }
    var values: [UInt64] = []
    while values.count < most {
      passAsides(to: end)
      guard position < end, case .perform(.access(let access)) = steps[position].deed, access.world == .normal,
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
