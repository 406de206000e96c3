import Machine

/// What the guest and the Host show each other.
extension RealmVM {
  /// The PA of a page of the guest's: a Protected one it was given, or a shared one of the Host's.
  package func hostAddress(of ipa: UInt64) -> UInt64? { kvm.hostAddress(of: ipa) }

  /// Where it finds its UART.
  package var uartAddress: UInt64 { layout.uart.lowerBound }

  /// Bytes at a shared IPA; nil where nothing is shared.
  package func readShared(_ ipa: UInt64, _ count: Int) -> [UInt8]? {
    var bytes: [UInt8] = []
    while bytes.count < count {
      let at = ipa + UInt64(bytes.count)
      guard let page = kvm.sharedPage(at: at),
        let piece = door.read(page | at & 0xFFF, min(count - bytes.count, Int(Granule.size - (at & 0xFFF))))
      else { return nil }
      bytes += piece
    }
    return bytes
  }

  /// Writes to a shared IPA; false where nothing is shared.
  package func writeShared(_ ipa: UInt64, _ bytes: [UInt8]) -> Bool {
    var done = 0
    while done < bytes.count {
      let at = ipa + UInt64(done)
      guard let page = kvm.sharedPage(at: at) else { return false }
      let count = min(bytes.count - done, Int(Granule.size - (at & 0xFFF)))
      door.write(page | at & 0xFFF, Array(bytes[done..<done + count]))
      done += count
    }
    return true
  }

  /// The Host tries to read 8 bytes of its guest: what it got, or nil for a granule protection fault.
  package func peek(_ ipa: UInt64) -> UInt64? { hostAddress(of: ipa).flatMap { door.read64($0) } }
}
