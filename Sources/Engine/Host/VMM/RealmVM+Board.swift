import Machine

/// What else is on QEMU's board than what one talks to: flash, a clock.
extension RealmVM.Options {
  /// Flash is a device, and no memory that could be measured: a Realm has none.
  var hasFlash: Bool { machine.name == "qemu" && !isRealm }
}

extension RealmVM {
  static let rtcSPI = 2

  // MARK: Flash

  /// Two banks, whose content is the Host's pages behind them: in the beginning zeroes.
  static func flashBanks(_ options: Options, _ door: any HostDoor, _ kvm: KVMVirtualMachine) -> [NORFlash] {
    let content = VirtioMemory(
      read: { [unowned door, unowned kvm] address, count in
        pieces(address, count).reduce(into: [UInt8]?([])) { bytes, piece in
          guard let page = kvm.hostAddress(of: piece.lowerBound.granuleBase) else {
            bytes?.append(contentsOf: [UInt8](repeating: 0, count: piece.count))
            return
          }
          guard let found = door.read(page | piece.lowerBound & 0xFFF, piece.count) else { return bytes = nil }
          bytes?.append(contentsOf: found)
        }
      },
      write: { [unowned door, unowned kvm] address, bytes in
        pieces(address, bytes.count).allSatisfy { piece in
          guard let page = try? kvm.backing(piece.lowerBound.granuleBase) else { return false }
          let start = Int(piece.lowerBound - address)
          door.write(page | piece.lowerBound & 0xFFF, Array(bytes[start..<start + piece.count]))
          return true
        }
      })
    return (0..<GuestMachine.flashBanks).map { number in
      NORFlash(at: UInt64(number) * NORFlash.size, isWritable: !options.readOnlyFlash.contains(number), content)
    }
  }

  /// So many bytes from an address on, page by page.
  private static func pieces(_ address: UInt64, _ count: Int) -> [Range<UInt64>] {
    var pieces: [Range<UInt64>] = []
    let end = address + UInt64(count)
    var from = address
    while from < end {
      let to = min(end, from.granuleBase + Granule.size)
      pieces.append(from..<to)
      from = to
    }
    return pieces
  }

  /// What the guest reads there is memory, as long as it is in read-array mode.
  func connectFlash() {
    for bank in flash {
      bank.onMode = { [unowned self] isArray in
        if isArray { kvm.readOnly.append(bank.range) } else { kvm.removeReadOnly(bank.range) }
      }
    }
    followFlash()
  }

  /// What the banks know. With it all of the machine becomes another: tables of stage 2 are as they were then.
  var flashStates: [NORFlash.State] {
    get { flash.map(\.state) }
    set {
      for (bank, state) in zip(flash, newValue) { bank.state = state }
      followFlash()
    }
  }

  private func followFlash() { kvm.readOnly = flash.filter(\.isArray).map(\.range) }

  // MARK: The clock

  func connectClock() {
    rtc?.counter = { [unowned self] in door.now }
    rtc?.onInterrupt = { [unowned self] isHigh in kvm.setLine(spi: Self.rtcSPI, isHigh) }
  }

  /// When a device will make an interrupt, if nothing else happens.
  var deviceDeadline: UInt64? { rtc?.alarm }
}
