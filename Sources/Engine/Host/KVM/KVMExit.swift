/// Why KVM_RUN comes back to user space: what is left to do there, or that the vCPU has nothing to do for now.
///
/// On a machine each vCPU has a thread, which KVM puts to sleep while its vCPU waits. Here user space takes the vCPUs in turn, so it is
/// told.
package enum KVMExit: Equatable, Sendable {
  /// An access to an address where KVM has nothing, and of which it knows size and register.
  package struct MMIO: Equatable, Sendable {
    let address: UInt64
    /// Bytes.
    let size: UInt64
    /// What is stored; nil for a load.
    let value: UInt64?
  }

  package enum SystemEvent: Equatable, Sendable {
    case shutdown
    case reset
  }

  /// An interrupt of the Host's ended it, or its time is over.
  case interrupted
  /// KVM has served it.
  case served
  case mmio(MMIO)
  /// RSI_HOST_CALL, with its immediate and its 31 registers.
  case hostCall(immediate: UInt64, registers: [UInt64])
  case systemEvent(SystemEvent)
  /// It executed WFI, or WFE.
  case waits
  /// PSCI_CPU_SUSPEND.
  case suspended
  /// PSCI_CPU_OFF.
  case off
  /// The page it needs is DESTROYED.
  case stands
  /// A debugger holds it in the middle.
  case held
  /// It took an SError.
  case serror
}
