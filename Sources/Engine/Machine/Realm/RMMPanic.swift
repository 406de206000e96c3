import Basics

/// The RMM met an address that is no memory of its own, where its data said there would be some, and stopped.
///
/// Only software of the Realm and of the Root world can bring that about, by writing to an RD, a REC, an RTT or the GPT. On
/// hardware R-EL2 takes an external abort or a granule protection fault from itself, and TF-RMM stops for good; EL3 (TF-A's
/// RMMD) answers SMC_UNK to the RMI calls of a Host for which there is no RMM. Here the RMM stops on all PEs at once, so that
/// no Realm goes on without its monitor. What it had written until then stays.
package struct RMMPanic: Sendable, Equatable {
  /// The physical address.
  package let address: UInt64

  package var text: String {
    "RMM panic: R-EL2 follows \(hex(address)), which is no memory of the RMM's; RMI answers SMC_UNK from here on"
  }
}

extension Machine {
  /// To be asked when the RMM has done something: whether it followed an address that leads nowhere. It then stops, and every PE
  /// that ran a REC is the Host's again.
  @inline(__always) mutating func panics() -> Bool {
    guard let address = memory.strayed else { return false }
    panic(address)
    return true
  }

  @inline(never) private mutating func panic(_ address: UInt64) {
    control.panic = RMMPanic(address: address)
    if tracing { emit(.panic, address, world: .realm) }
    for pe in control.pes.indices where runsREC(pe) && !control.pes[pe].hasStopped {
      control.pes[pe].runningREC = 0
      control.pes[pe].guestLeft = 0
      control.pes[pe].ichHCR &= ~GIC.enable
      control.busyPEs &= ~(1 << UInt8(pe))
      control.pes[pe].world = .normal
      control.pes[pe].exceptionLevel = 2
      control.pes[pe].scrEL3 = scr(.normal)
    }
  }

  /// Whether a PE is busy with a REC: where no check has looked, with one at address 0, too.
  private func runsREC(_ pe: Int) -> Bool {
    control.busyPEs >> UInt8(pe) & 1 == 1 && control.pes[pe].runningVCPU == 0 && !runsPartition(pe)
  }

  /// Where the RMM reads a granule of its own.
  @inline(__always) func ownPage(_ address: UInt64) -> UnsafeRawPointer {
    if control.isWary, !isOwn(address) { return UnsafeRawPointer(memory.noPage) }
    return memory.page(address)
  }

  /// Where the RMM writes a granule of its own.
  @inline(__always) mutating func ownWritablePage(_ address: UInt64) -> UnsafeMutableRawPointer {
    if control.isWary, !isOwn(address) { return memory.noPage }
    return memory.writablePage(address)
  }

  /// The same for a granule of which every byte is written.
  @inline(__always) mutating func ownOverwrittenPage(_ address: UInt64) -> UnsafeMutableRawPointer {
    if control.isWary, !isOwn(address) { return memory.noPage }
    return memory.overwrittenPage(address)
  }

  /// The RMM gives a granule up: it holds zeroes, and is DELEGATED.
  ///
  /// - Parameter state: what it is until then. The RMM's own data say so; where somebody has written to them they may be wrong, and
  ///   the RMM finds no such granule.
  @inline(__always) mutating func release(_ address: UInt64, _ state: GranuleState) {
    if control.isWary { return releaseWarily(address, state) }
    memory.wipe(address)
    setGranuleState(address, .delegated)
  }

  /// The same where the RMM's data may be wrong. A machine of the lab gives up a granule of any state: the check that would have looked is
  /// off.
  @inline(never) private mutating func releaseWarily(_ address: UInt64, _ state: GranuleState) {
    guard address.isGranuleAligned, isOwn(address), isLab || granuleIs(address, state) else { return memory.noteStray(address) }
    if applies(state.scrubbing) {
      memory.wipe(address)
    } else if state == .delegated, !Memory.isZero(memory.page(address)) {
      breaks(.leftovers, address)
    }
    setGranuleState(address, .delegated)
  }

  /// Whether the RMM may follow an address its own data has: a granule of the Realm PAS. Only asked once somebody has written there
  /// by hand; what it is not, is noted as an address that leads nowhere.
  func isOwn(_ address: UInt64) -> Bool {
    guard address < memory.limit, granuleProtectionCheckByWalk(address, .realm) == nil else {
      memory.noteStray(address)
      return false
    }
    return true
  }
}
