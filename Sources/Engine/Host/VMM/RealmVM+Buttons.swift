import Machine

/// What somebody outside does to the guest's machine: keys that are typed, buttons that are pressed.
extension RealmVM {
  /// The PL011's interrupt, on the workbench's own machine as on QEMU's.
  static let serialSPI = 1

  /// Bytes for the guest's UART; they arrive when the guest takes what does. Beyond 4096 that wait they are lost.
  package func type(_ bytes: [UInt8]) { serial.type(bytes) }
  package func hasRoomToType(_ count: Int) -> Bool { serial.hasRoom(for: count) }

  /// Whether somebody in the guest takes what is typed.
  package var isListening: Bool { typesToVirtio ? virtioListens : serial.isListening(isIdle: isIdle) }
  /// Whether all vCPUs wait.
  var isIdle: Bool { nextTurn == nil }
  /// What its counter shows.
  package var now: UInt64 { door.now }

  /// Types as much as the UART has room for, before the next entry, if its guest takes it: none while a vCPU is in the middle of an entry,
  /// and while nobody in the guest listens.
  ///
  /// - Parameter time: what the counter shows when it is typed, if all vCPUs wait until then.
  /// - Returns: how many bytes were typed.
  package func type(_ bytes: some Collection<UInt8>, at time: UInt64? = nil) -> Int {
    let room = isHeld || !isListening ? 0 : typesToVirtio ? SerialInput.room : serial.room
    guard room > 0, !bytes.isEmpty else { return 0 }
    let now = Array(bytes.prefix(room))
    door.hear(typed: now)
    take(typed: now, at: time)
    return now.count
  }

  /// What was typed when this was done before.
  package func take(typed bytes: [UInt8], at time: UInt64?) {
    kvm.returnToPE()
    // Time is to be seen at the first step of what is typed.
    if typesToVirtio {
      if let time, time > door.now { door.idle(until: time) }
      return type(toVirtio: bytes)
    }
    serial.deliver(bytes)
    if let time, time > door.now { door.idle(until: time) }
  }

  /// The PL061's interrupt on QEMU's virt machine, and its line that the power button is at (gpio-keys).
  static let gpioSPI = 7
  private static let powerLine = 3

  /// Presses the power button for so many ticks. What the guest makes of it is its own affair: one that listens to no interrupt of it
  /// does nothing.
  package func pressPowerButton(for ticks: UInt64) {
    guard let gpio else { return }
    gpio.setInput(Self.powerLine, true)
    buttonRelease = door.now &+ ticks
  }

  /// Lets go of it when the time has come.
  func releaseButton() {
    guard let time = buttonRelease, door.now >= time else { return }
    buttonRelease = nil
    gpio?.setInput(Self.powerLine, false)
  }

  /// The reset button of an ordinary guest: vCPUs as at the start, images where they were loaded, devices anew; RAM keeps the rest.
  package func reset(_ plan: RealmPlan) throws(Failure) {
    guard !isRealm else { throw Failure(message: "the vCPUs of a Realm cannot be reset") }
    flash.forEach { $0.reset() }
    // What flash of its own has, it keeps; firmware that was given as a ROM is loaded again.
    for piece in plan.pieces where !piece.isFlash {
      piece.forEachPage { ipa, bytes in
        if let page = hostAddress(of: ipa) { door.write(page, bytes) }
      }
    }
    kvm.resetVCPUs()
    gpio?.reset()
    rtc?.reset()
    schedule = Schedule()
  }
}
