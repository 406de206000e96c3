extension Machine {
  /// The granule protection fault that a call ends with: an access of the SPMC's own, to a buffer or to pages it is to zero.
  func spmcFault(_ call: Call) -> GranuleProtectionFault? {
    let address: UInt64?
    switch call.decidedBy?.description {
    case "tx_gpf": address = spm.endpoints[call.endpoint].tx
    case "rx_gpf": address = spm.endpoints[call.endpoint].rx
    case "clear_gpf": address = unreachable(pagesToZero(call))
    default: return nil
    }
    return address.flatMap { granuleProtectionCheckByWalk($0, spmcPAS($0)) }
  }

  /// The pages of the transaction a call is about.
  private func pagesToZero(_ call: Call) -> [PageRange] {
    switch UInt32(truncatingIfNeeded: call.x[0] & ~SMCCC.smc64) {
    case FFAMemReclaim.fid: spm.share(call.x[1] | call.x[2] << 32)?.constituents ?? []
    case FFAMemRelinquish.fid: spm.share(relinquish(call).handle)?.constituents ?? []
    default: region(call, SentRegion()).constituents
    }
  }
}
