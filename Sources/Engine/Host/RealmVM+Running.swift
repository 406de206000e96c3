import Basics
import Machine

/// Entering vCPUs, and what each exit asks for.
extension RealmVM {
  /// What the Host tells a vCPU at entry: bits of RmiRecEnterFlags.
  enum EntryFlags {
    static let emulatedMMIO: UInt64 = 1 << 0
    static let injectSEA: UInt64 = 1 << 1
    static let trapWFI: UInt64 = 1 << 2
    static let trapWFE: UInt64 = 1 << 3
  }
  static let enterGPRs: UInt64 = 0x200
  /// WFI and WFE in a row, with a vCPU that stands, before the Host gives the guest up.
  private static let longestWait = 10_000
  static let enterLists: UInt64 = 0x308

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
  public func enter(instructions: Int? = nil) -> Ending? {
    defer { if door.wantsNote { note() } }
    do throws(Failure) {
      returnToPE()
      if state.isHeld, !door.isBusy(pe) {
        // Somebody else has let it go on. It left the Realm without us: what it wants is in its run granule.
        state.isHeld = false
        return try handle(door.exitRecord(state.vcpus[state.current].run), state.current)
      }
      let turn = state.isHeld ? state.current : try nextVCPU()
      beginTurn(turn)
      if !state.isHeld { prepareEntry(turn) }
      if let instructions { door.pause(after: instructions) }
      let vcpu = state.vcpus[turn]
      let began = door.now
      let answer = state.isHeld ? door.resume() : send(vcpu)
      state.executed &+= door.now &- began
      state.isHeld = answer == nil
      guard let answer else { return nil }
      guard answer[0] == 0 else {
        guard options.isRealm else { throw Failure(message: "vCPU \(turn) cannot be entered: the last step says why") }
        throw Failure(message: "RMI_REC_ENTER of vCPU \(turn) answered \(Names.status(.rmi, answer[0]))")
      }
      return try handle(door.exitRecord(vcpu.run), turn)
    } catch {
      return .failed(error.message)
    }
  }

  /// A vCPU that was not the last begins a slice of its own: as many ticks of the counter as the instructions of one entry.
  private func beginTurn(_ turn: Int) {
    if turn != state.current || state.sliceEnd == nil { state.sliceEnd = door.now &+ door.budget }
    state.current = turn
    lastTurn = turn
  }

  private func send(_ vcpu: VCPU) -> [UInt64]? {
    options.isRealm ? door.smc([UInt64(RECEnter.fid), vcpu.rec, vcpu.run]) : door.enterVCPU(vcpu.rec, run: vcpu.run)
  }

  /// Whose turn it will be; nil while all wait.
  package var nextTurn: Int? {
    if state.isHeld { return state.current }
    let order = state.vcpus.indices.map { (state.current + $0) % state.vcpus.count }
    return order.first { state.vcpus[$0].isReady }
  }

  /// The vCPU whose turn it is: the next that is on and not waiting. When all wait, time goes on to the first deadline.
  private func nextVCPU() throws(Failure) -> Int {
    let order = state.vcpus.indices.map { (state.current + $0) % state.vcpus.count }.filter { state.vcpus[$0].isOn }
    guard !order.isEmpty else { throw Failure(message: "no vCPU is on") }
    wake()
    if let turn = order.first(where: { state.vcpus[$0].isReady }) { return turn }
    if let page = order.compactMap({ state.vcpus[$0].missing }).first {
      throw Failure(message: Self.destroyed(page))
    }
    guard let deadline = order.compactMap({ state.vcpus[$0].deadline }).min() else {
      throw Failure(message: "every vCPU waits for an interrupt, and no timer is running")
    }
    door.idle(until: deadline)
    wake()
    guard let turn = order.first(where: { state.vcpus[$0].isReady }) else {
      throw Failure(message: "every vCPU waits, and no interrupt woke one at its timer's deadline")
    }
    return turn
  }

  package static func destroyed(_ page: UInt64) -> String {
    "the page at \(hex(page)) is DESTROYED: its content is gone, and only the Realm can make it RAM again"
  }

  /// Lets vCPUs go on that have an interrupt, or whose timer has come.
  private func wake() {
    let now = door.now
    for n in state.vcpus.indices where state.vcpus[n].isWaiting {
      if state.gic.hasInterrupt(n) || state.vcpus[n].deadline.map({ $0 <= now }) == true { state.vcpus[n].isWaiting = false }
    }
  }

  /// List registers and flags for the entry; what stands in the run granule already is not written again.
  private func prepareEntry(_ turn: Int) {
    let lists = state.gic.listRegisters(turn)
    let vcpu = state.vcpus[turn]
    for n in lists.indices where lists[n] != vcpu.lists[n] {
      door.write64(vcpu.run + Self.enterLists + UInt64(n) * 8, lists[n])
      state.vcpus[turn].lists[n] = lists[n]
    }
    if vcpu.flags == nil { setFlags(turn, 0) }
    state.vcpus[turn].flags = nil
  }

  /// Flags of the next entry of a vCPU. WFI always comes to the Host; WFE when another vCPU could use the time.
  private func setFlags(_ turn: Int, _ flags: UInt64) {
    let others = state.vcpus.contains { $0.isOn && $0.rec != state.vcpus[turn].rec }
    door.write64(state.vcpus[turn].run, flags | EntryFlags.trapWFI | (others ? EntryFlags.trapWFE : 0))
    state.vcpus[turn].flags = flags
  }

  private func handle(_ exit: RunExit, _ turn: Int) throws(Failure) -> Ending? {
    state.exits[exit.reason, default: 0] += 1
    state.gic.noteExit(turn, exit)
    try noteWaiting(exit)
    let timers = [exit.virtualTimer, exit.physicalTimer]
    state.vcpus[turn].deadline = timers.filter { $0.control & 0b111 == 0b001 }.map(\.compare).min()
    var ending: Ending?
    switch exit.reason {
    case .irq, .fiq: break
    case .sync: ending = try fault(exit, turn)
    case .ripasChange: try changeRIPAS(exit, turn)
    case .psci: ending = try psci(exit, turn)
    case .hostCall: hostCall(exit, turn)
    case .serror: ending = .failed("the guest took an SError")
    }
    if ending == nil, state.current == turn { endSlice(turn) }
    return ending
  }

  /// While a vCPU stands, the others may do no more than wait for it.
  private func noteWaiting(_ exit: RunExit) throws(Failure) {
    guard let page = state.vcpus.compactMap(\.missing).first, exit.reason == .sync, Syndrome.ec(exit.esr) == Syndrome.ecWFx else {
      state.waits = 0
      return
    }
    state.waits += 1
    if state.waits > Self.longestWait { throw Failure(message: Self.destroyed(page)) }
  }

  func passOn(_ turn: Int) {
    state.current = (turn + 1) % state.vcpus.count
    state.sliceEnd = nil
  }

  /// The turn is another's once the slice has been used, whatever the exit was for, and not before. A timer that is due has a vCPU
  /// leave before it has executed anything, with the interrupt in its list registers at the next entry: if an IRQ exit gave the turn
  /// away, the timer could be due again by then, and so on forever.
  private func endSlice(_ turn: Int) {
    guard let end = state.sliceEnd, door.now >= end else { return }
    wake()
    passOn(turn)
    state.current = nextTurn ?? turn
  }

  private func hostCall(_ exit: RunExit, _ turn: Int) {
    guard let answers = onHostCall[exit.immediate] else { return }
    let call = HostCall(registers: exit.gprs)
    let place = state.vcpus[turn].run + Self.enterGPRs
    guard let party, party.immediate == exit.immediate else { return write(answers(call), to: place) }
    if door.follows {
      // What came from outside came once.
      let answer = door.followed(writesFrom: place, most: 31)
      party.learn(call, answer)
    } else {
      door.isOutside = true
      let answer = answers(call)
      door.isOutside = false
      write(answer, to: place)
    }
  }

  private func write(_ answer: [UInt64], to place: UInt64) {
    for (n, value) in answer.prefix(31).enumerated() { door.write64(place + UInt64(n) * 8, value) }
  }

  private func fault(_ exit: RunExit, _ turn: Int) throws(Failure) -> Ending? {
    switch Syndrome.ec(exit.esr) {
    case Syndrome.ecDataAbort, Syndrome.ecInstructionAbort: try abort(exit, turn)
    case Syndrome.ecSysreg: systemRegister(exit, turn)
    case Syndrome.ecSMC, Syndrome.ecHVC: return answerCall(exit, turn)
    default:
      // WFI and WFE: another vCPU's turn.
      if exit.esr & 1 == 0 { state.vcpus[turn].isWaiting = true }
      passOn(turn)
    }
    return nil
  }

  /// ICC_SGI1R_EL1, the one register of the CPU interface that comes here.
  private func systemRegister(_ exit: RunExit, _ turn: Int) {
    // S3_0_C12_C11_5 without Rt and direction.
    guard exit.esr & 0x3F_FC1E == 0x3A_3016 else { return }
    state.gic.sendSGI(from: turn, exit.gpr(0))
  }

  private func abort(_ exit: RunExit, _ turn: Int) throws(Failure) {
    let ipa = exit.ipa
    let half = layout.half
    let device = layout.device(ipa)
    if !options.isRealm, Syndrome.isGranuleProtection(exit.esr) {
      let place = state.given[ipa].map { ", PA \(hex($0))" } ?? ""
      throw Failure(message: "granule protection fault at IPA \(hex(ipa))\(place): what it leads to is not Non-secure")
    }
    if options.isRealm ? ipa < half : isRAM(ipa) {
      guard try give(ipa) else {
        state.vcpus[turn].missing = ipa
        return passOn(turn)
      }
    } else if let device, device == PL011.base || state.gic.contains(device), exit.esr & Syndrome.isv != 0 {
      let address = device | exit.far & 0xFFF
      if Syndrome.isWrite(exit.esr) {
        store(address, exit)
      } else {
        door.write64(state.vcpus[turn].run + Self.enterGPRs, load(address, exit))
      }
      setFlags(turn, EntryFlags.emulatedMMIO)
    } else if options.isRealm, isRAM(ipa - half), !Syndrome.isPermission(exit.esr) {
      try share(ipa)
    } else if options.isRealm, isRAM(ipa - half), Syndrome.isWrite(exit.esr), exit.esr & Syndrome.isv != 0 {
      // A page that is there to be read: as with ROM, nothing comes of the write.
      setFlags(turn, EntryFlags.emulatedMMIO)
    } else {
      // Nothing is there.
      setFlags(turn, EntryFlags.injectSEA)
    }
  }

  private func isRAM(_ ipa: UInt64) -> Bool { (Self.ramBase..<Self.ramBase + options.memory).contains(ipa) }

  private func store(_ address: UInt64, _ exit: RunExit) {
    if address.granuleBase == PL011.base {
      if let byte = uart.write(address & 0xFFF, exit.gpr(0)), !door.follows { onConsole?(byte) }
    } else {
      state.gic.write(address, size: Syndrome.size(exit.esr), exit.gpr(0))
    }
  }

  private func load(_ address: UInt64, _ exit: RunExit) -> UInt64 {
    address.granuleBase == PL011.base
      ? uart.read(address & 0xFFF) : state.gic.read(address, size: Syndrome.size(exit.esr))
  }

  private func psci(_ exit: RunExit, _ turn: Int) throws(Failure) -> Ending? {
    let target = exit.gpr(1)
    func named(_ call: String) throws(Failure) -> Int {
      guard let index = state.vcpus.indices.first(where: { UInt64($0) == recIndex(target: target) }) else {
        throw Failure(message: "\(call) of \(hex(target)), which is no vCPU")
      }
      return index
    }
    switch UInt32(truncatingIfNeeded: exit.gpr(0)) {
    case PSCISystemOff.fid: return .poweredOff
    case PSCISystemReset.fid: return .reset
    case PSCICPUOff.fid:
      state.vcpus[turn].isOn = false
      passOn(turn)
    case PSCICPUOn.fid, PSCICPUOn.fid & ~0x4000_0000:
      let index = try named("PSCI_CPU_ON")
      try call("RMI_PSCI_COMPLETE", state.vcpus[turn].rec, state.vcpus[index].rec, 0)
      state.vcpus[index].isOn = true
    case PSCIAffinityInfo.fid, PSCIAffinityInfo.fid & ~0x4000_0000:
      let index = try named("PSCI_AFFINITY_INFO")
      try call("RMI_PSCI_COMPLETE", state.vcpus[turn].rec, state.vcpus[index].rec, 0)
    default:
      // PSCI_CPU_SUSPEND: an interrupt lets it go on.
      state.vcpus[turn].isWaiting = true
      passOn(turn)
    }
    return nil
  }
}
