import Basics
import Host
import Machine

/// Who wrote to memory: an instruction of a guest, a device, or whose software.
extension Session {
  /// Who wrote bytes in a step after which they are others; nil where the step says it by itself. The session stands elsewhere then.
  ///
  /// - Parameters:
  ///   - bytes: physical addresses in one granule.
  ///   - step: from 1.
  func author(of bytes: Range<UInt64>, inStep step: Int) -> String? {
    guard case .action(let action) = steps.input(step - 1) else { return nil }
    if case .access(let access) = action { return author(of: access, inStep: step) }
    let done = steps[step - 1]
    if let guest = done.guest, let store = store(to: bytes, inStep: step) {
      let place = programs.log.reversed().lazy.compactMap { $0.symbols.text(store.pc) }.first
      let code = store.word.map { Disassembler.text($0, at: store.pc).replacing("\t", with: " ") } ?? "not mapped any more"
      return "\(name(ofVCPU: store.vcpu, guest)) at \(place.map { "\($0), " } ?? "")pc \(hex(store.pc)): \(code)"
    }
    if let queued = queuedStore(to: bytes, inStep: step, done.result.guestResults) {
      return "what its vCPU was to do, \(Decoder.action(queued))"
    }
    return action.entersGuest ? "\(done.guest?.isInRealm == false ? "the Host" : "the RMM"), not the guest" : nil
  }

  private func name(ofVCPU address: UInt64, _ guest: GuestRegisters) -> String {
    if address == Machine.partitionVCPU { return "the partition" }
    return address == guest.address ? "vCPU \(guest.vcpu)" : "the vCPU at \(hex(address))"
  }

  private func author(of access: MemoryAccess, inStep step: Int) -> String? {
    if access.isDevice { return "a device's DMA" }
    guard access.world == .normal else { return nil }
    switch steps.host(step - 1) {
    case .device(let kind): return "the guest's virtio \(kind.name) device"
    // The buffer of what it has printed is given back.
    case .printed: return "the guest's virtio \(VirtioKind.console.name) device"
    case .aside: return "somebody who acts as the Host"
    case .outside: return "the Host, for somebody outside the machine"
    case .knows, .typed, nil: return hasHostNote(at: step) ? "the guest's hypervisor" : "the Host"
    }
  }

  /// The last instruction that stores to bytes in a step: it is done again, with a look at each store to their page. That is one entry of a
  /// vCPU, at most ``Machine/guestBudget`` instructions.
  private func store(to bytes: Range<UInt64>, inStep step: Int) -> CodeDebugging.Store? {
    guard machine.debugging == nil, seek(step - 1, isInterruptible: true) else { return nil }
    var debugging = CodeDebugging([], onlyNotes: true)
    debugging.memory = bytes
    machine.debugging = debugging
    defer { machine.debugging = nil }
    seek(step)
    return machine.debugging?.stored
  }

  /// The last queued action of a step that wrote to bytes.
  private func queuedStore(to bytes: Range<UInt64>, inStep step: Int, _ results: [GuestResult]) -> GuestAction? {
    let writes = results.filter { $0.action.kind == .write64 }
    guard !writes.isEmpty, seek(step, isInterruptible: true) else { return nil }
    return writes.last { write in
      guard case .ok = write.value, let place = machine.guestPlace(write.rec, write.action.x[0]) else { return false }
      return (place..<place + 8).overlaps(bytes)
    }?.action
  }
}
