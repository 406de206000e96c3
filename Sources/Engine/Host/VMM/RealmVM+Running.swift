import Basics
import Machine

/// Running vCPUs in turn, and serving what comes to user space.
extension RealmVM {
  /// WFI and WFE in a row, with a vCPU that stands, before the Host gives the guest up.
  private static let longestWait = 10_000
  /// Registers of an answer to a host call.
  private static let hostCallRegisters = 31

  /// Enters vCPUs in turn until the guest ends, or `entries` times.
  ///
  /// - Returns: how it ended; nil if it has not.
  public func run(entries: Int) -> Ending? {
    for _ in 0..<entries {
      if let ending = enter() { return ending }
    }
    return nil
  }

  /// One entry, or the rest of one that a debugger held; and what its exit asks for.
  ///
  /// - Parameter instructions: a vCPU holds its PE after so many.
  package func enter(instructions: Int? = nil) -> Ending? {
    defer { if door.wantsNote, canNote { note() } }
    do throws(Failure) {
      kvm.returnToPE()
      releaseButton()
      rtc?.look()
      serial.attend(isIdle: isIdle)
      let turn = isHeld ? schedule.current : try nextVCPU()
      beginTurn(turn)
      return try serve(try run(turn, instructions), turn)
    } catch {
      return .failed(error.message)
    }
  }

  private func run(_ vcpu: Int, _ instructions: Int?) throws(Failure) -> KVMExit {
    do throws(KVMError) {
      return try kvm.run(vcpu, instructions: instructions)
    } catch {
      throw Failure(message: error.sentence)
    }
  }

  // MARK: Whose turn it is

  /// A vCPU that was not the last begins a slice of its own: as many ticks of the counter as the instructions of one entry.
  private func beginTurn(_ turn: Int) {
    if turn != schedule.current || schedule.sliceEnd == nil { schedule.sliceEnd = door.now &+ door.budget }
    schedule.current = turn
    lastTurn = turn
  }

  /// When a vCPU can be entered.
  package enum Readiness: Equatable {
    case now
    /// When the first timer of those that wait is due.
    case at(UInt64)
    /// Nothing in the guest will wake one.
    case never
  }

  package var readiness: Readiness {
    if !isHeld { kvm.wake() }
    if nextTurn != nil { return .now }
    let deadlines = kvm.state.vcpus.filter { $0.isOn && $0.missing == nil }.compactMap(\.deadline)
    return (deadlines + [deviceDeadline].compactMap { $0 }).min().map { .at($0) } ?? .never
  }

  /// Whether nothing is to come that any vCPU waits for. One that stands at a page that is DESTROYED does not wait.
  package var isAsleep: Bool { readiness == .never && !kvm.state.vcpus.contains { $0.missing != nil } }

  /// Destroys it: what it had of the machine is the Host's again.
  package func destroy() { kvm.destroy() }

  /// Whose turn it will be; nil while all wait.
  package var nextTurn: Int? {
    if isHeld { return schedule.current }
    let count = kvm.state.vcpus.count
    return (0..<count).lazy.map { (self.schedule.current + $0) % count }.first { self.kvm.state.vcpus[$0].isReady }
  }

  /// The vCPU whose turn it is: the next that is on and not waiting. When all wait, time goes on to the first deadline.
  private func nextVCPU() throws(Failure) -> Int {
    kvm.wake()
    let current = schedule.current
    if kvm.state.vcpus.indices.contains(current), kvm.state.vcpus[current].isReady { return current }
    let count = kvm.state.vcpus.count
    let order = (0..<count).map { (schedule.current + $0) % count }.filter { kvm.state.vcpus[$0].isOn }
    guard !order.isEmpty else { throw Failure(message: "no vCPU is on") }
    if let turn = order.first(where: { kvm.state.vcpus[$0].isReady }) { return turn }
    if let page = order.compactMap({ kvm.state.vcpus[$0].missing }).first {
      throw Failure(message: Self.destroyed(page))
    }
    guard let deadline = (order.compactMap { kvm.state.vcpus[$0].deadline } + [deviceDeadline].compactMap { $0 }).min() else {
      throw Failure(message: "every vCPU waits for an interrupt, and no timer is running")
    }
    door.idle(until: deadline)
    rtc?.look()
    kvm.wake()
    guard let turn = order.first(where: { kvm.state.vcpus[$0].isReady }) else {
      throw Failure(message: "every vCPU waits, and no interrupt woke one at its timer's deadline")
    }
    return turn
  }

  package static func destroyed(_ page: UInt64) -> String {
    "the page at \(hex(page)) is DESTROYED: its content is gone, and only the Realm can make it RAM again"
  }

  private func passOn(_ turn: Int) {
    schedule.current = (turn + 1) % kvm.state.vcpus.count
    schedule.sliceEnd = nil
  }

  /// The turn is another's once the slice has been used, whatever the exit was for, and not before. A timer that is due has a vCPU
  /// leave before it has executed anything, with the interrupt in its list registers at the next entry: if an IRQ exit gave the turn
  /// away, the timer could be due again by then, and so on forever.
  private func endSlice(_ turn: Int) {
    guard let end = schedule.sliceEnd, door.now >= end else { return }
    kvm.wake()
    passOn(turn)
    schedule.current = nextTurn ?? turn
  }

  /// While a vCPU stands, the others may do no more than wait for it.
  private func noteWaiting(_ exit: KVMExit) throws(Failure) {
    guard case .waits = exit, let page = kvm.state.vcpus.lazy.compactMap(\.missing).first else {
      schedule.waits = 0
      return
    }
    schedule.waits += 1
    if schedule.waits > Self.longestWait { throw Failure(message: Self.destroyed(page)) }
  }

  // MARK: Exits

  private func serve(_ exit: KVMExit, _ turn: Int) throws(Failure) -> Ending? {
    if case .held = exit { return nil }
    try noteWaiting(exit)
    switch exit {
    case .held, .interrupted, .served: break
    case .mmio(let access): serve(access, turn)
    case .hostCall(let immediate, let registers): hostCall(immediate, HostCall(registers: registers), turn)
    case .systemEvent(.shutdown): return .poweredOff
    case .systemEvent(.reset): return .reset
    case .waits, .suspended, .off, .stands: passOn(turn)
    case .serror: return .failed("the guest took an SError")
    }
    if schedule.current == turn { endSlice(turn) }
    return nil
  }

  private func serve(_ access: KVMExit.MMIO, _ turn: Int) {
    guard let device = bus.device(at: access.address) else { return kvm.injectExternalAbort(turn) }
    served += 1
    let offset = access.address - device.range.lowerBound
    if let value = access.value {
      device.write(offset, size: access.size, value)
      kvm.completeMMIO(turn)
    } else {
      kvm.completeMMIO(turn, loaded: device.read(offset, size: access.size))
    }
  }

  private func hostCall(_ immediate: UInt64, _ call: HostCall, _ turn: Int) {
    guard let answers = onHostCall[immediate] else { return }
    let place = kvm.hostCallAnswer(turn)
    guard let party, party.immediate == immediate else { return write(answers(call), to: place) }
    if door.follows {
      // What came from outside came once.
      let answer = door.followed(writesFrom: place, most: Self.hostCallRegisters)
      party.learn(call, answer)
    } else {
      door.isOutside = true
      let answer = answers(call)
      door.isOutside = false
      write(answer, to: place)
    }
  }

  private func write(_ answer: [UInt64], to place: UInt64) {
    for (n, value) in answer.prefix(Self.hostCallRegisters).enumerated() { door.write64(place + UInt64(n) * 8, value) }
  }
}
