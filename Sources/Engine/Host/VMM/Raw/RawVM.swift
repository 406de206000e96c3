import Basics
import Machine

/// A VM whose user space is whoever types: each call is made as it is asked for, in whatever order.
package final class RawVM {
  package let kvm: KVMVirtualMachine
  /// Memory of user space's that is the guest's: what was written, by page; all else are zeroes.
  private var pages: [UInt64: [UInt8]] = [:]
  private var absent: [Range<UInt64>] = []

  /// Bytes that user space has pages for in one POPULATE: beyond them there is none.
  package static let mostPopulated = 16 << 20
  /// Pages that may have been written.
  package static let mostPages = 4096

  /// KVM_CREATE_VM.
  ///
  /// - Parameters:
  ///   - pe: the PE it runs on.
  ///   - memory: the Host's for it.
  package init(
    _ door: any HostDoor, _ kind: KVMVirtualMachine.Kind, ipaBits: UInt64, pe: Int, memory: Range<UInt64>, vmid: UInt64,
    unusable: Set<UInt64>
  ) throws(KVMError) {
    // The walk of an ordinary VM begins at level 1.
    guard (32...(kind == .realm ? 48 : 39)).contains(ipaBits) else { throw .ipaSize(ipaBits) }
    kvm = KVMVirtualMachine(
      door, kind, ipaBits: ipaBits, gicFrames: GuestLayout.standard.gic, pe: pe, memory: memory, vmid: vmid, unusable: unusable)
    kvm.userMemory = { [unowned self] base, count in content(base, count) }
    try kvm.demandRealms()
  }

  /// The VM of another user space, for a call that it does not make itself.
  package init(of kvm: KVMVirtualMachine) {
    self.kvm = kvm
    isReady = true
  }

  private func content(_ base: UInt64, _ count: Int) -> [UInt8]? {
    guard count <= Self.mostPopulated, !absent.contains(where: { $0.overlaps(base..<base + UInt64(count)) }) else { return nil }
    var bytes = [UInt8](repeating: 0, count: count)
    for (page, content) in pages where page >= base && page < base + UInt64(count) {
      bytes.replaceSubrange(Int(page - base)..<Int(page - base) + content.count, with: content)
    }
    return bytes
  }

  // MARK: Requests

  /// Makes a call.
  package func perform(_ request: KVMRequest) -> KVMAnswer {
    kvm.returnToPE()
    switch request {
    case .createVM(let kind, let bits): return Self.created(kind, bits)
    case .setMemoryRegion(let base, let size, let isAbsent):
      return answer(.setMemoryRegion, "{guest_phys_addr=\(hex(base)), memory_size=\(hex(size))}") { () throws(KVMError) in
        try kvm.setMemoryRegion(base, size: size)
        if isAbsent { absent.append(base..<base + size) }
      }
    case .write(let ipa, let bytes): return write(ipa, bytes)
    case .createVCPU(let pc, let x0, let features):
      return answer(.createVCPU, String(kvm.vcpus.count)) { () throws(KVMError) in
        try kvm.createVCPU(pc: pc, x0: x0, features: features)
      }
    case .configureHash(let number): return enable(.configure, KVMArgument.configure(hash: number))
    case .configurePersonalization(let bytes):
      return bytes.count == KVMVirtualMachine.personalizationLength
        ? enable(.configure, KVMArgument.configure(personalization: bytes))
        : answer(.configure, "{cfg=0}") { () throws(KVMError) in try kvm.configure(personalization: bytes) }
    case .configureItem(let number): return enable(.configure, KVMArgument.configure(item: number))
    case .createRealm: return enable(.create, [])
    case .initRIPAS(let base, let size): return enable(.initRIPAS, KVMArgument.initRIPAS(base: base, size: size))
    case .populate(let base, let size, let flags):
      return enable(.populate, KVMArgument.populate(base: base, size: size, flags: flags))
    case .activate: return enable(.activate, [])
    case .unreadable(let command): return enable(command, nil)
    case .enableCap(let command, let capability):
      return answer { () throws(KVMError) in try kvm.enableCap(command, capability: capability) }
    case .finalize(let vcpu, let feature):
      return answer { () throws(KVMError) in try kvm.finalize(vcpu, feature: feature) }
    case .run(let vcpu): return run(vcpu)
    case .close:
      kvm.destroy()
      return KVMAnswer("close", "")
    }
  }

  /// KVM_CREATE_VM has been done when there is a VM.
  package static func created(_ kind: KVMVirtualMachine.Kind, _ bits: UInt64, _ error: KVMError? = nil) -> KVMAnswer {
    KVMAnswer(KVMCall.createVM.name, hex(bits | (kind == .realm ? 1 << 8 : 0)), error: error)
  }

  private func enable(_ command: KVMRealmCapability.Command, _ argument: [UInt8]?) -> KVMAnswer {
    answer { () throws(KVMError) in try kvm.enableCap(command.rawValue, argument) }
  }

  /// Of a call that KVM logs: its line is the log's.
  private func answer(_ body: () throws(KVMError) -> Void) -> KVMAnswer {
    do throws(KVMError) {
      try body()
      return KVMAnswer(kvm.callLog, nil)
    } catch {
      return KVMAnswer(kvm.callLog, error)
    }
  }

  private func answer<T>(_ call: KVMCall, _ arguments: String, _ body: () throws(KVMError) -> T) -> KVMAnswer {
    do throws(KVMError) {
      _ = try body()
      return KVMAnswer(call.name, arguments)
    } catch {
      return KVMAnswer(call.name, arguments, KVMErrnoRow(call, error), error: error)
    }
  }

  private func write(_ ipa: UInt64, _ bytes: [UInt8]) -> KVMAnswer {
    let size = Int(Granule.size)
    var rest = bytes[...]
    var address = ipa
    while !rest.isEmpty {
      let (page, offset) = (address.granuleBase, Int(address & 0xFFF))
      guard pages.count < Self.mostPages || pages[page] != nil else { break }
      let piece = rest.prefix(size - offset)
      pages[page, default: [UInt8](repeating: 0, count: size)].replaceSubrange(offset..<offset + piece.count, with: piece)
      rest = rest.dropFirst(piece.count)
      address = page &+ Granule.size
    }
    return KVMAnswer("write", "\(hex(ipa)), \(bytes.count) bytes")
  }

  // MARK: Running

  private var isReady = false

  /// One entry. What it leaves to user space is done: a load reads zero, a store goes nowhere.
  private func run(_ vcpu: Int) -> KVMAnswer {
    let arguments = "vCPU \(vcpu)"
    do throws(KVMError) {
      if !kvm.isRealm, !isReady { try prepare() }
      // Its thread sleeps until another turns it on.
      if !kvm.isRealm, kvm.vcpus.indices.contains(vcpu), !kvm.vcpus[vcpu].isOn {
        return KVMAnswer(KVMCall.run.name, arguments, exit: .off)
      }
      kvm.wake()
      let exit = try kvm.run(vcpu)
      if case .mmio(let access) = exit { kvm.completeMMIO(vcpu, loaded: access.value == nil ? 0 : nil) }
      return KVMAnswer(KVMCall.run.name, arguments, exit: exit)
    } catch {
      return KVMAnswer(KVMCall.run.name, arguments, KVMErrnoRow(.run, error), error: error)
    }
  }

  /// An ordinary VM has what user space has written.
  private func prepare() throws(KVMError) {
    guard !kvm.vcpus.isEmpty else { throw .noVCPU(.run, 0) }
    for (page, content) in pages.sorted(by: { $0.key < $1.key }) where kvm.isRAM(page) && kvm.hostAddress(of: page) == nil {
      try kvm.fill(page, content)
    }
    kvm.loadStage2()
    isReady = true
  }
}

extension KVMAnswer {
  /// The last entry of a log, which this call has made.
  fileprivate init(_ log: KVMCallLog, _ error: KVMError?) {
    let entry = log.entries.last
    line = entry?.line ?? ""
    (self.error, exit) = (error, nil)
    row = if let error, let entry { KVMErrnoRow(entry.call, error) } else { nil }
  }
}
