import Basics
import Host
import Machine

/// A VM that somebody makes call by call.
struct StackRawVM {
  let vm: RawVM
  let pe: Int
  let memory: Range<UInt64>
  let vmid: UInt64
  /// How many of the kernel's lines about it have been heard.
  var heard = 0
}

/// KVM of this host for who wants to call it himself.
extension HostStack {
  /// Memory of the Host's for a VM of that kind.
  private static let rawMemory: UInt64 = 16 << 20

  /// Calls KVM for a VM: `NAME CALL ARGUMENT…`, such as `a CREATE_VM realm`, then `a CREATE_VCPU`. The VM of a domain that runs has the
  /// domain's name.
  package func kvm(_ words: [String]) throws(KVMRequest.Malformed) -> KVMAnswer {
    guard let name = words.first else {
      throw KVMRequest.Malformed(message: "expected the name of a VM, and a call of KVM's")
    }
    return try kvm(name, KVMRequest(Array(words.dropFirst())))
  }

  package func kvm(_ name: String, _ request: KVMRequest) throws(KVMRequest.Malformed) -> KVMAnswer {
    if case .createVM(let kind, let bits) = request { return try createVM(name, kind, bits) }
    if let found = raw[name] {
      let answer = found.vm.perform(request)
      hear(found.vm.kvm.kernelLog, from: &raw[name, default: found].heard)
      if request == .close {
        raw[name] = nil
        takeBack(found.vmid, of: found.vm.kvm)
      }
      return answer
    }
    guard let process = processes.first(where: { Self.domain(of: $0) == name && $0.end == nil }) else {
      throw KVMRequest.Malformed(message: "there is no VM \(shown(name)); CREATE_VM makes one")
    }
    guard let kvm = process.vm?.kvm else {
      throw KVMRequest.Malformed(message: "the guest of \(shown(name)) has not begun: its QEMU makes the VM when it is let run")
    }
    guard request != .close else {
      throw KVMRequest.Malformed(message: "the VM of a domain is closed by its QEMU: destroy the domain")
    }
    return RawVM(of: kvm).perform(request)
  }

  private static func domain(of process: any StackGuest) -> String? { (process as? StackProcess)?.domain }

  private func createVM(
    _ name: String, _ kind: KVMVirtualMachine.Kind, _ bits: UInt64
  ) throws(KVMRequest.Malformed) -> KVMAnswer {
    guard raw[name] == nil, !processes.contains(where: { Self.domain(of: $0) == name && $0.end == nil }) else {
      throw KVMRequest.Malformed(message: "there is a VM \(shown(name)) already; CLOSE ends it")
    }
    do throws(KVMError) {
      guard let memory = memory(ofExactly: Self.rawMemory) else { throw .outOfMemory }
      let (vmid, pe) = (freeVMID, freePE)
      let vm = try RawVM(
        session, kind, ipaBits: bits, pe: pe, memory: memory, vmid: vmid, unusable: leaked.filter(memory.contains))
      raw[name] = StackRawVM(vm: vm, pe: pe, memory: memory, vmid: vmid)
      return RawVM.created(kind, bits)
    } catch {
      return RawVM.created(kind, bits, error)
    }
  }
}
