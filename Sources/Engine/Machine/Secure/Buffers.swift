import Basics

/// How the SPMC reaches the buffers of those that call it, and the memory of transactions: through a PAS it knows, and with the granule
/// protection check against it. A fault ends the call, not the SPMC (TF-A-Tests, "GPF in SPMC").
extension Machine {
  /// The PAS by which the SPMC has a page mapped.
  package func spmcPAS(_ address: UInt64) -> PAS {
    guard isDRAM(address) else { return .secure }
    let state = spm
    let isProtected =
      state.shares.contains { $0.isProtected && $0.contains(address) }
      || configuration.protectsMemory
        && state.owned.contains { $0.owner != FFAEndpointIndex.normal && $0.range.contains(address) }
    return isProtected ? .secure : .nonSecure
  }

  func spmcCanAccess(_ address: UInt64) -> Bool { granuleProtectionCheck(address, spmcPAS(address)) == nil }

  func bufferText(_ address: UInt64) -> String {
    "\(spmcPAS(address).name) access to \(hex(address)), GPT entry \(gpi(address).name)"
  }

  /// The first page of some ranges that the SPMC cannot access.
  func unreachable(_ ranges: [PageRange], _ pas: PAS) -> UInt64? {
    for range in ranges {
      var address = range.base
      while address < range.end {
        if granuleProtectionCheck(address, pas) != nil { return address }
        address += Granule.size
      }
    }
    return nil
  }

  /// What is in a caller's TX buffer.
  func message(_ endpoint: Int) -> FFAMessage { FFAMessage(bytes(spm.endpoints[endpoint].tx, Int(Granule.size))) }

  /// Writes to a receiver's RX buffer, which is the receiver's then until it releases it.
  mutating func fillRX(_ endpoint: Int, _ bytes: [UInt8]) {
    let rx = spm.endpoints[endpoint].rx
    memory.writablePage(rx).copyMemory(from: bytes, byteCount: min(bytes.count, Int(Granule.size)))
    if tracing { emit(.access, rx, UInt64(bytes.count), 1, world: .secure, detail: 2) }
    control.secure?.endpoints[endpoint].isRXFull = true
  }

  /// The SPMC zeroes the memory of a transaction.
  mutating func zero(_ ranges: [PageRange]) {
    for range in ranges {
      var address = range.base
      while address < range.end {
        memory.wipe(address)
        address += Granule.size
      }
    }
  }
}

/// A descriptor in a TX buffer, read once for all conditions of a call, and not at all where they are only listed.
final class SentRegion {
  fileprivate var region: FFARegion?
}

extension Machine {
  func region(_ c: Call, _ sent: SentRegion) -> FFARegion {
    if let region = sent.region { return region }
    let region = FFARegion(message(c.endpoint))
    sent.region = region
    return region
  }
}
