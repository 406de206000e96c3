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
  /// Registers of a REC's vCPU, or of a VM's, as they are while it does not run: see ``registerName(_:)``.
  case registers(UInt64, [Int])
  /// Some bytes of memory, 1 to 8, whoever writes them.
  case bytes(UInt64, count: Int)

  /// X0 to X30 by their numbers, then these.
  package static let (sp, pc, pstate) = (31, 32, 33)

  package static func registerName(_ number: Int) -> String {
    switch number {
    case sp: "sp"
    case pc: "pc"
    case pstate: "PSTATE"
    default: "x\(number)"
    }
  }

  /// How a step that changes it is noted, and at which granule; none where nothing is noted of it.
  fileprivate var ways: [GranuleHistory.Change] {
    switch self {
    case .granule: [.granule]
    case .realm: [.realm, .granule]
    case .measurement: [.measurement]
    case .rec: [.exit, .granule]
    case .entry: [.entry, .granule]
    case .registers, .bytes: []
    }
  }

  fileprivate var granule: UInt64 {
    switch self {
    case .granule(let address), .realm(let address), .measurement(let address, _), .rec(let address), .registers(let address, _):
      address
    case .entry(let address), .bytes(let address, _): address.granuleBase
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
    case .registers(let vcpu, let all): "\(all.map(Self.registerName).joined(separator: " and ")) of \(hex(vcpu))"
    case .bytes(let address, let count): count == 1 ? "the byte at \(hex(address))" : "the \(count) bytes at \(hex(address))"
    }
  }

  // MARK: By events

  /// Tells from the events of a step whether something is another after it. What became something and then again what it was, in one step,
  /// did not change.
  fileprivate struct Effect {
    let subject: Changing
    /// The event that tells of it; the last if there are several.
    private(set) var event: Event?
    /// Whether something happened that is a change by itself.
    private var isSure = false
    /// Values by the kind of their events: the first before the step, and the last.
    private var values: [Event.Kind: (before: UInt64, after: UInt64)] = [:]

    init(on subject: Changing) { self.subject = subject }

    var isChange: Bool { isSure || values.values.contains { $0.before != $0.after } }

    mutating func take(_ event: Event) {
      switch (subject, event.kind) {
      case (.granule(let address), .granule), (.granule(let address), .gpi): value(event, event.a == address)
      case (.realm(let rd), .realmState), (.realm(let rd), .granule): value(event, event.a == rd)
      case (.rec(let rec), .granule): value(event, event.a == rec)
      case (.entry(let entry), .rttEntry): value(event, event.a == entry)
      // A new table says what the entry above it said.
      case (.entry(let entry), .granule): value(event, event.a == entry.granuleBase)
      case (.rec(let rec), .exit): happened(event, event.a == rec)
      case (.measurement(let rd, let index), .measurement): happened(event, event.a == rd && event.b == UInt64(index))
      default: break
      }
    }

    private mutating func value(_ event: Event, _ isMeant: Bool) {
      guard isMeant else { return }
      self.event = event
      values[event.kind] = (values[event.kind]?.before ?? event.b, event.c)
    }

    private mutating func happened(_ event: Event, _ isMeant: Bool) {
      guard isMeant else { return }
      self.event = event
      isSure = true
    }
  }

  /// The event of a step that tells of it, if it is another after the step.
  fileprivate func change(of index: Int, in steps: StepList) -> Event? {
    var effect = Effect(on: self)
    steps.forEachEvent(of: index) { effect.take($0) }
    return effect.isChange ? effect.event : nil
  }

  // MARK: By looking

  /// What bytes of memory it is, in one granule.
  fileprivate var memory: Range<UInt64>? {
    guard case .bytes(let address, let count) = self else { return nil }
    return address..<address + min(UInt64(count), 8, Granule.size - (address - address.granuleBase))
  }

  /// What it is on a machine; empty where it is not there.
  fileprivate func look(_ machine: borrowing Machine) -> [UInt64] {
    switch self {
    case .bytes: return memory.map { [machine.readBytes($0.lowerBound, $0.count)] } ?? []
    case .registers(let vcpu, let all):
      guard let now = machine.guestRegisters(vcpu) else { return [] }
      return all.map { number in
        switch number {
        case Self.sp: now.sp
        case Self.pc: now.pc
        case Self.pstate: now.pstate
        default: now.x.indices.contains(number) ? now.x[number] : 0
        }
      }
    default: return []
    }
  }

  /// What it has become, from what was seen before and after a step.
  fileprivate func text(_ before: [UInt64], _ after: [UInt64]) -> String {
    if case .registers(let vcpu, let all) = self {
      guard !after.isEmpty else { return "\(hex(vcpu)) is no vCPU any more" }
      return all.indices.filter { before.isEmpty || before[$0] != after[$0] }.map { n in
        "\(Self.registerName(all[n])) \(before.isEmpty ? "" : "\(hex(before[n])) → ")\(hex(after[n]))"
      }.joined(separator: ", ")
    }
    return "\(name) \(before.map(hex).joined()) → \(after.map(hex).joined())"
  }
}

extension Session {
  /// Whether the last step in force changed something; registers, when the vCPU ran.
  package func lastStepChanges(_ subject: Changing) -> Bool {
    if case .registers(let rec, _) = subject { return lastStepChanges(.rec(rec)) }
    return position > 0 && subject.change(of: position - 1, in: steps) != nil
  }

  /// The next step, from 1, after which something is another than before it, or the last before the step where the session stands; and what
  /// it does to it. What nothing is noted of is looked for on the present machine, by doing steps again; ``isInterrupted`` ends that. The
  /// session stands where it stood.
  package func change(of subject: Changing, isNext: Bool) -> (step: Int, text: String)? {
    guard !subject.ways.isEmpty else {
      let here = position
      defer { seek(here) }
      return isNext ? changeSeen(after: here, subject) : changeSeen(before: here, subject)
    }
    func isChange(_ index: Int) -> Bool { subject.change(of: index, in: steps) != nil }
    let index =
      isNext
      ? granuleHistory.first(subject.ways, of: subject.granule, from: position, in: steps, step: isChange)
      : granuleHistory.last(subject.ways, of: subject.granule, before: max(0, position - 1), in: steps, step: isChange)
    guard let index, let event = subject.change(of: index, in: steps) else { return nil }
    return (index + 1, told(event.text, by: index + 1))
  }

  private func told(_ what: String, by step: Int, author: String? = nil) -> String {
    labels.text("\(what), by \(author.map { "\($0), in " } ?? "")\(steps[step - 1].call)")
  }

  /// Where a stretch of steps ends that begins at a place: at the next checkpoint, or with the last step.
  ///
  /// - Returns: its end, and whether the granule is written to on it, as far as that is known.
  private func stretch(from step: Int, _ granule: UInt64, end: Int) -> (end: Int, isWritten: Bool) {
    let span = checkpoints.all.partitionPoint { $0.position > step } - 1
    guard span >= 0, span + 1 < checkpoints.all.count, checkpoints.all[span + 1].position <= end else { return (end, true) }
    return (checkpoints.all[span + 1].position, machine.memory.isSaved(granule, between: span))
  }

  private func changeSeen(after start: Int, _ subject: Changing) -> (step: Int, text: String)? {
    let end = steps.first(.reset, from: start) ?? steps.count
    while position < end {
      if isInterrupted() { return nil }
      let (stop, isWritten) = stretch(from: position, subject.granule, end: end)
      guard isWritten else {
        seek(stop)
        continue
      }
      if let found = changesSeen(to: stop, subject, isFirst: true) { return found }
    }
    return nil
  }

  private func changeSeen(before start: Int, _ subject: Changing) -> (step: Int, text: String)? {
    var end = start - 1
    let first = machineStart(before: start)
    while end > first {
      if isInterrupted() { return nil }
      let span = checkpoints.all.partitionPoint { $0.position >= end } - 1
      let begin = max(first, span >= 0 ? checkpoints.all[span].position : first)
      if span + 1 == checkpoints.all.count || machine.memory.isSaved(subject.granule, between: max(0, span)) {
        seek(begin)
        if let found = changesSeen(to: end, subject, isFirst: false) { return found }
      }
      end = begin
    }
    return nil
  }

  /// Goes on to a step, and sees the first or the last change on the way.
  private func changesSeen(to end: Int, _ subject: Changing, isFirst: Bool) -> (step: Int, text: String)? {
    var last = subject.look(machine)
    var found: (step: Int, before: [UInt64], after: [UInt64])?
    while position < end, !(isFirst && found != nil) {
      if position % 1024 == 0, isInterrupted() { return nil }
      seek(position + 1)
      let now = subject.look(machine)
      if now != last { found = (position, last, now) }
      last = now
    }
    guard let (step, before, after) = found else { return nil }
    let author = subject.memory.flatMap { self.author(of: $0, inStep: step) }
    return (step, told(subject.text(before, after), by: step, author: author))
  }
}
