import Machine

/// KVM_RUN: entering a vCPU, and what KVM does for its exit.
extension KVMVirtualMachine {
  /// What the Host tells a vCPU at entry.
  enum EntryFlags {
    static let emulatedMMIO = RmiRecEnterFlags.table.emulMMIO.mask
    static let injectSEA = RmiRecEnterFlags.table.injectSEA.mask
    static let trapWFI = RmiRecEnterFlags.table.trapWFI.mask
    static let trapWFE = RmiRecEnterFlags.table.trapWFE.mask
  }

  /// One entry, or the rest of one that a debugger held; and what its exit leaves to user space.
  ///
  /// - Parameter instructions: the vCPU holds its PE after so many.
  func run(_ vcpu: Int, instructions: Int? = nil) throws(KVMError) -> KVMExit {
    guard !isRealm || state.realm == .active else {
      return try logging(.run, "vCPU \(vcpu)") { () throws(KVMError) in throw .outOfOrder(.run, state.realm) }
    }
    guard state.vcpus.indices.contains(vcpu) else { throw .noVCPU(.run, vcpu) }
    guard state.vcpus[vcpu].address != 0 else { throw .notFinalized(vcpu) }
    door.beginLayer("ioctl(\(KVMCall.run.name), vCPU \(vcpu))")
    defer { door.endLayer() }
    if state.held != nil, !door.isBusy(pe) {
      // Somebody else has let it go on. It left the Realm without us: what it wants is in its run granule.
      state.held = nil
      return try handle(door.exitRecord(state.vcpus[vcpu].run), vcpu)
    }
    let isHeld = state.held != nil
    if !isRealm { loadStage2Registers() }
    if !isHeld { prepareEntry(vcpu) }
    if let instructions { door.pause(after: instructions) }
    let began = door.now
    let answer = isHeld ? door.resume() : enter(state.vcpus[vcpu])
    state.executed &+= door.now &- began
    state.held = answer == nil ? vcpu : nil
    guard let answer else { return .held }
    guard answer[0] == 0 else {
      throw isRealm ? .refused("RMI_REC_ENTER", .vcpu(vcpu), status: answer[0]) : .notEntered(vcpu)
    }
    return try handle(door.exitRecord(state.vcpus[vcpu].run), vcpu)
  }

  private func enter(_ vcpu: VCPU) -> [UInt64]? {
    isRealm ? door.smc([UInt64(RECEnter.fid), vcpu.address, vcpu.run]) : door.enterVCPU(vcpu.address, run: vcpu.run)
  }

  /// Lets vCPUs go on that have an interrupt, or whose timer has come.
  func wake() {
    let now = door.now
    for n in state.vcpus.indices where state.vcpus[n].isWaiting {
      if state.gic.hasInterrupt(n) || state.vcpus[n].deadline.map({ $0 <= now }) == true { state.vcpus[n].isWaiting = false }
    }
  }

  /// List registers and flags for the entry; what stands in the run granule already is not written again.
  private func prepareEntry(_ number: Int) {
    let lists = state.gic.listRegisters(number)
    let vcpu = state.vcpus[number]
    for n in lists.indices where lists[n] != vcpu.lists[n] {
      door.write64(RmiRecEnter.table.gicv3LRs.address(in: vcpu.run, n), lists[n])
      state.vcpus[number].lists[n] = lists[n]
    }
    if vcpu.flags == nil { setFlags(number, 0) }
    state.vcpus[number].flags = nil
  }

  /// Flags of the next entry of a vCPU. WFI always comes to the Host; WFE when another vCPU could use the time.
  private func setFlags(_ vcpu: Int, _ flags: UInt64) {
    let others = state.vcpus.contains { $0.isOn && $0.address != state.vcpus[vcpu].address }
    door.write64(
      RmiRecEnter.table.flags.address(in: state.vcpus[vcpu].run), flags | EntryFlags.trapWFI | (others ? EntryFlags.trapWFE : 0))
    state.vcpus[vcpu].flags = flags
  }

  // MARK: What user space has done

  /// KVM_IRQ_LINE: the level of a shared interrupt.
  func setLine(spi: Int, _ isHigh: Bool) { state.gic.setLine(spi: spi, isHigh) }

  /// The access of ``KVMExit/mmio(_:)`` has been done, with what it loads.
  func completeMMIO(_ vcpu: Int, loaded value: UInt64? = nil) {
    if let value { door.write64(RmiRecEnter.table.gprs.address(in: state.vcpus[vcpu].run), value) }
    setFlags(vcpu, EntryFlags.emulatedMMIO)
  }

  /// KVM_SET_VCPU_EVENTS with ext_dabt_pending: nothing is where it accessed.
  func injectExternalAbort(_ vcpu: Int) { setFlags(vcpu, EntryFlags.injectSEA) }

  /// Where the registers of a host call's answer go.
  func hostCallAnswer(_ vcpu: Int) -> UInt64 { RmiRecEnter.table.gprs.address(in: state.vcpus[vcpu].run) }

  // MARK: Exits

  private func handle(_ exit: RunExit, _ vcpu: Int) throws(KVMError) -> KVMExit {
    state.exits[exit.reason, default: 0] += 1
    state.gic.noteExit(vcpu, exit)
    var deadline: UInt64?
    for timer in [exit.virtualTimer, exit.physicalTimer] where timer.control & 0b111 == 0b001 {
      deadline = min(deadline ?? timer.compare, timer.compare)
    }
    state.vcpus[vcpu].deadline = deadline
    switch exit.reason {
    case .irq, .fiq: return .interrupted
    case .sync: return try fault(exit, vcpu)
    case .ripasChange:
      try changeRIPAS(exit, vcpu)
      return .served
    case .psci: return try psci(exit, vcpu)
    case .hostCall: return .hostCall(immediate: exit.immediate, registers: exit.gprs)
    case .serror: return .serror
    }
  }

  private func fault(_ exit: RunExit, _ vcpu: Int) throws(KVMError) -> KVMExit {
    switch Syndrome.ec(exit.esr) {
    case Syndrome.ecDataAbort, Syndrome.ecInstructionAbort: return try abort(exit, vcpu)
    case Syndrome.ecSysreg:
      systemRegister(exit, vcpu)
      return .served
    case Syndrome.ecSMC, Syndrome.ecHVC: return answerCall(exit, vcpu)
    default:
      // WFI and WFE: another vCPU's turn.
      if exit.esr & 1 == 0 { state.vcpus[vcpu].isWaiting = true }
      return .waits
    }
  }

  /// A register that is trapped to the Host: ICC_SGI1R_EL1 makes an SGI. Nobody is there for those of other groups.
  private func systemRegister(_ exit: RunExit, _ vcpu: Int) {
    guard SystemEncoding(esr: exit.esr) == .iccSGI1R else { return }
    state.gic.sendSGI(from: vcpu, exit.gpr(0))
  }

  private func abort(_ exit: RunExit, _ vcpu: Int) throws(KVMError) -> KVMExit {
    let ipa = exit.ipa
    if !isRealm, Syndrome.isGranuleProtection(exit.esr) { throw .granuleProtectionFault(ipa, pa: state.given[ipa]) }
    // Half of a Realm's space is Protected; what it shares of its RAM is at the same place of the other half.
    let half: UInt64 = isRealm ? 1 << (ipaBits - 1) : 0
    if isRealm ? ipa < half : isRAM(ipa) {
      guard try give(ipa) else {
        state.vcpus[vcpu].missing = ipa
        return .stands
      }
      return .served
    }
    let isFetch = Syndrome.ec(exit.esr) == Syndrome.ecInstructionAbort
    if isReadOnly(ipa), isFetch || !Syndrome.isWrite(exit.esr) {
      try giveReadOnly(ipa)
      return .served
    }
    let isValid = exit.esr & Syndrome.isv != 0
    if isRealm, isRAM(ipa - half) { return try sharedAbort(exit, vcpu, isValid) }
    guard isValid else {
      // Of an instruction that loads or stores more than one register, and of a fetch, KVM knows too little.
      injectExternalAbort(vcpu)
      return .served
    }
    return access(exit, vcpu, ipa | exit.far & 0xFFF)
  }

  /// An abort where a Realm shares its RAM.
  private func sharedAbort(_ exit: RunExit, _ vcpu: Int, _ isValid: Bool) throws(KVMError) -> KVMExit {
    if !Syndrome.isPermission(exit.esr) {
      try share(exit.ipa)
    } else if isValid, Syndrome.isWrite(exit.esr) {
      // A page that is there to be read: as with ROM, nothing comes of the write.
      completeMMIO(vcpu)
    } else {
      injectExternalAbort(vcpu)
    }
    return .served
  }

  /// An access to a register of the interrupt controller's, or to one of user space's.
  private func access(_ exit: RunExit, _ vcpu: Int, _ address: UInt64) -> KVMExit {
    let size = Syndrome.size(exit.esr)
    let isWrite = Syndrome.isWrite(exit.esr)
    guard let register = gicFrames.place(of: address, vcpus: state.vcpus.count) else {
      return .mmio(KVMExit.MMIO(address: address, size: size, value: isWrite ? exit.gpr(0) : nil))
    }
    if isWrite {
      state.gic.write(register, size: size, exit.gpr(0))
      completeMMIO(vcpu)
    } else {
      completeMMIO(vcpu, loaded: state.gic.read(register, size: size))
    }
    return .served
  }
}
