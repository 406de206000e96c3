import Basics
import Host
import Machine

/// What was found last of a Linux kernel in a guest, and where none was found: at which step, of which vCPU.
struct KernelMemo: Sendable {
  var image: LinuxKernel.Image?
  var missed: (position: Int, vcpu: UInt64)?
}

extension Session {
  var kernelMemo: KernelMemo {
    get { memos[ObjectIdentifier(KernelMemo.self)] as? KernelMemo ?? KernelMemo() }
    set { memos[ObjectIdentifier(KernelMemo.self)] = newValue }
  }

  /// Most messages of a kernel's log that are told.
  static let mostKernelMessages = PrintkRing.most

  /// The Linux kernel a vCPU runs, where the session stands; nil if it runs none that has got as far as knowing where it is.
  ///
  /// - Parameter vcpu: where its registers are; nil: the one that ran last.
  package func linuxKernel(_ vcpu: UInt64? = nil) -> LinuxKernel? {
    guard let vcpu = vcpu ?? lastGuest()?.now.address else { return nil }
    if let missed = kernelMemo.missed, missed == (position, vcpu) { return nil }
    guard let kernel = LinuxKernel(self, vcpu) else {
      kernelMemo.missed = (position, vcpu)
      return nil
    }
    kernelMemo.image = kernel.image
    return kernel
  }

  /// The same, if one was found before: for who looks often.
  package func knownKernel(_ vcpu: UInt64) -> LinuxKernel? { kernelMemo.image == nil ? nil : linuxKernel(vcpu) }

  /// What is to be said where there is none.
  package static let noKernel =
    "no Linux kernel is found where the vCPU stands: it runs none, or has not set up its memory yet"

  /// The current task and who has called what, a line each, for who looks at a guest that has stopped.
  package func kernelLines(_ vcpu: UInt64?) -> [String] {
    guard let kernel = linuxKernel(vcpu) else { return [] }
    return [kernel.task] + kernel.backTrace(guestSymbols)
  }

  /// Names of places of the program that was booted last.
  package var guestSymbols: SymbolTable { programs.log.last?.symbols ?? .none }
}
