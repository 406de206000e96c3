import Basics

/// Where a granule protection fault of a world below EL3 goes: SCR_EL3.GPF.
package enum GPFRouting: String, Sendable, CaseIterable {
  /// To the world itself, as an abort (SCR_EL3.GPF = 0). TF-A leaves it so.
  case world
  /// To EL3 (SCR_EL3.GPF = 1). BL31 has no handler for it, and reports an unhandled exception.
  case el3

  package var summary: String {
    switch self {
    case .world: "the world that caused it takes it as an abort"
    case .el3: "EL3 takes it, where BL31 reports an unhandled exception and the PE stops"
    }
  }
}

extension ProcessingElement {
  /// Whether it stands at EL3 for good: its stage of the boot has panicked, or BL31 took an exception it does not handle.
  package var hasStopped: Bool { world == .root }
}

extension Machine {
  /// Whether a PE of this machine can come to stand at EL3 for good.
  var canStop: Bool { !hasNormalWorld || configuration.gpf == .el3 }

  /// Whether the boot has come as far as the Normal world.
  package var hasNormalWorld: Bool { control.bootStages & BootStage.normal.mask != 0 }

  /// Why software of the present PE does nothing any more; nil if it may.
  package var stopReason: String? {
    guard control.pes[control.currentPE].hasStopped else { return nil }
    guard hasNormalWorld else {
      return "the machine has not booted: \(bootRecord.stopped ?? "")"
    }
    return "PE \(control.currentPE) has stopped at EL3: BL31 took a granule protection fault, for which it has no handler"
  }

  /// The same of an access that software of a world makes where it calls EL3 from.
  mutating func takeToEL3(_ fault: GranuleProtectionFault, ofCaller world: World, write: Bool) {
    takeToEL3(fault, from: Place(callerOf: world), write: write)
  }

  /// EL3 takes a granule protection fault of the PE: BL31 reports it, and the PE never leaves EL3.
  mutating func takeToEL3(_ fault: GranuleProtectionFault, from caller: Place, write: Bool) {
    let pe = control.currentPE
    if tracing { traceMove(caller, .el3) }
    say(.unhandledException, fault.syndrome(write: write), fault.address)
    control.pes[pe].world = .root
    control.pes[pe].exceptionLevel = 3
    control.busyPEs |= 1 << UInt8(pe)
  }
}
