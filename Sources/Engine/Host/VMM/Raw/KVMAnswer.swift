import Basics

/// What KVM has answered to a request.
package struct KVMAnswer: Equatable, Sendable {
  /// As strace has it: the ioctl, and 0 or the error number.
  package let line: String
  /// Why it did not do what it was asked for; nil if it did.
  package let error: KVMError?
  package let row: KVMErrnoRow?
  /// Why KVM_RUN came back.
  package let exit: KVMExit?

  package var errno: KVMErrno? { error?.errno }

  /// The layer that said no: the RMM, if it was that which refused. Nil if nobody did.
  package var layer: KVMErrnoRow.Layer? {
    switch error {
    case nil: nil
    case .refused?, .noProgress?: .rmm
    case _?: .kvm
    }
  }

  /// In words: who said no, and why.
  package var explanation: String? {
    guard let error, let layer else { return nil }
    return "\(layer.rawValue): \(error.sentence)"
  }

  init(_ call: String, _ arguments: String, _ row: KVMErrnoRow? = nil, error: KVMError? = nil, exit: KVMExit? = nil) {
    (self.error, self.row, self.exit) = (error, row, exit)
    let result = error.map { "-1 \($0.errno.rawValue)" } ?? "0"
    let reason = exit.map { ", \($0.text)" } ?? ""
    line = "ioctl(\(call)\(arguments.isEmpty ? "" : ", \(arguments)")) = \(result)\(reason)"
  }
}

extension KVMExit {
  /// As KVM's header calls the reasons; what KVM serves itself comes to user space here alone.
  package var text: String {
    switch self {
    case .interrupted: "KVM_EXIT_INTR"
    case .served: "served by KVM"
    case .mmio(let access):
      "KVM_EXIT_MMIO {phys_addr=\(hex(access.address)), len=\(access.size), is_write=\(access.value == nil ? 0 : 1)"
        + "\(access.value.map { ", data=\(hex($0))" } ?? "")}"
    case .hostCall(let immediate, _): "host call \(hex(immediate))"
    case .systemEvent(.shutdown): "KVM_EXIT_SYSTEM_EVENT shutdown"
    case .systemEvent(.reset): "KVM_EXIT_SYSTEM_EVENT reset"
    case .waits: "the vCPU waits for an interrupt"
    case .suspended: "the vCPU is suspended"
    case .off: "the vCPU is off"
    case .stands: "the vCPU stands at a page that is DESTROYED"
    case .held: "the vCPU keeps its PE"
    case .serror: "the vCPU took an SError"
    }
  }
}
