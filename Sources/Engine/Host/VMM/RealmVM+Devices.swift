import Basics
import Machine

/// Devices with memory of the guest's: virtio on the bus, what they reach, and what passed through them.
extension RealmVM {
  /// Most disks of a guest.
  package static let mostDisks = 4
  /// SPI of the first virtio device, as on QEMU's virt machine; one each.
  static let virtioSPI = 16

  /// What the options ask for: disks, a network card, random numbers, a console, sockets, a folder.
  static func virtioFunctions(_ options: Options) -> [any VirtioFunction] {
    var functions: [any VirtioFunction] = options.disks.map { VirtioDisk($0) }
    if options.hasNetwork { functions.append(VirtioNetwork()) }
    if options.hasRNG { functions.append(VirtioRNG(seed: options.rngSeed)) }
    if options.hasConsole { functions.append(VirtioConsole()) }
    if options.hasSockets { functions.append(VirtioSocket()) }
    if let share = options.share { functions.append(VirtioFiles(share)) }
    return functions
  }

  // MARK: Consoles on virtio

  /// That the guest printed on last, if it was not its UART.
  private var typedDevice: VirtioDevice? { talkers.first { ($0.function as? any VirtioTyped)?.isInUse ?? false } }

  /// Whether what is typed goes there, and not to the UART.
  var typesToVirtio: Bool { typedDevice != nil }

  /// Whether its driver has a buffer for what is typed.
  var virtioListens: Bool {
    guard let function = typedDevice?.function as? any VirtioTyped else { return false }
    return function.isEmpty && function.hasBuffer
  }

  func type(toVirtio bytes: [UInt8]) {
    guard let device = typedDevice, var function = device.function as? any VirtioTyped else { return }
    function.type(bytes)
    device.function = function
    device.serve(0)
  }

  /// The guest has printed, on one of them or at its UART: the others are not in use any more.
  func leaveConsoles(but device: VirtioDevice?) {
    for other in talkers where other !== device {
      guard var function = other.function as? any VirtioTyped, function.isInUse else { continue }
      function.isInUse = false
      other.function = function
    }
  }

  /// What the guest prints there comes to the same console as what its UART sends.
  func printed(_ bytes: [UInt8]) {
    door.hear(printed: bytes)
    for byte in bytes {
      serial.uart.write(0, UInt64(byte))
      tell(byte)
    }
  }

  /// What it does again was heard.
  func tell(_ byte: UInt8) { if hearsAgain || !door.follows { onConsole?(byte) } }

  /// How one reaches memory: as the Host may.
  func virtioMemory(of kind: VirtioKind) -> VirtioMemory {
    VirtioMemory(
      read: { [unowned self] address, count in readForDevice(address, count) },
      write: { [unowned self] address, bytes in writeForDevice(kind, address, bytes) })
  }

  /// The page of the Host's that a driver's address means. A Realm's shared memory is meant with the shared bit or without it, as kernels
  /// differ; it is the Host's from the first access on, whoever makes it.
  ///
  /// - Returns: nil if there is none; `isGuests` if it is the Realm's own.
  private func devicePage(_ address: UInt64) -> (page: UInt64, isGuests: Bool)? {
    let ipa = address.granuleBase
    guard isRealm else {
      // Flash is no memory to write to.
      guard kvm.isRAM(ipa) else { return nil }
      if let page = kvm.hostAddress(of: ipa) { return (page, false) }
      guard (try? kvm.give(ipa)) == true else { return nil }
      return kvm.hostAddress(of: ipa).map { ($0, false) }
    }
    let alias = ipa | layout.half
    if let page = kvm.sharedPage(at: alias) { return (page, false) }
    guard kvm.isRAM(alias & ~layout.half) else { return nil }
    if ipa != alias { return kvm.hostAddress(of: ipa).map { ($0, true) } }
    do throws(KVMError) { try kvm.share(alias) } catch { return nil }
    return kvm.sharedPage(at: alias).map { ($0, false) }
  }

  private func readForDevice(_ address: UInt64, _ count: Int) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    while bytes.count < count {
      let at = address &+ UInt64(bytes.count)
      guard let (page, isGuests) = devicePage(at) else { return nil }
      let offset = at & (Granule.size - 1)
      // The attempt is a step, and its fault is seen.
      if isGuests, door.read64(page | offset & ~7) == nil { return nil }
      guard let piece = door.read(page | offset, min(count - bytes.count, Int(Granule.size - offset))) else { return nil }
      bytes += piece
    }
    return bytes
  }

  private func writeForDevice(_ kind: VirtioKind, _ address: UInt64, _ bytes: [UInt8]) -> Bool {
    var done = 0
    while done < bytes.count {
      let at = address &+ UInt64(done)
      guard let (page, isGuests) = devicePage(at) else { return false }
      let offset = at & (Granule.size - 1)
      let count = min(bytes.count - done, Int(Granule.size - offset))
      if isGuests, door.read64(page | offset & ~7) == nil { return false }
      door.hear(device: kind.rawValue)
      door.write(page | offset, Array(bytes[done..<done + count]))
      done += count
    }
    return true
  }

  // MARK: Known again

  /// Most bytes of all devices that a note has.
  package static let mostNoted = 16 << 20

  /// What the devices know, if it is not too much for a note.
  package var canNote: Bool { knownBytes <= Self.mostNoted }
  package var knownBytes: Int { virtio.reduce(0) { $0 + $1.function.stateSize } }

  struct DeviceState: Sendable {
    var transport: VirtioDevice.State
    var function: any VirtioFunction
  }

  var deviceStates: [DeviceState] {
    get { virtio.map { DeviceState(transport: $0.state, function: $0.function) } }
    set {
      for (device, state) in zip(virtio, newValue) {
        device.state = state.transport
        device.function = state.function
      }
      // The images are the options', of which a note has the names.
      for (device, image) in zip(virtio, options.disks) {
        guard var disk = device.function as? VirtioDisk else { continue }
        disk.image = image
        device.function = disk
      }
      if let share = options.share { virtio.last?.function = VirtioFiles(share) }
    }
  }

  // MARK: For who looks

  /// A device, and what passed through it.
  package struct DeviceLook: Sendable {
    package let kind: VirtioKind
    package let address: UInt64
    package let counts: VirtioCounts
    /// What is wrong with it.
    package let trouble: String?
    /// Whether its driver lets every buffer pass through memory that is shared: it has accepted VIRTIO_F_ACCESS_PLATFORM.
    package let bounces: Bool

    package var text: String {
      let traffic = "\(counts.buffers) buffers, \(counts.read) bytes read and \(counts.written) written by the Host"
      return "virtio \(kind.name) at \(hex(address)): \(traffic)" + (trouble.map { "; stopped: \($0)" } ?? "")
    }
  }

  package var deviceLooks: [DeviceLook] {
    virtio.map {
      DeviceLook(
        kind: $0.function.kind, address: $0.range.lowerBound, counts: $0.state.counts, trouble: $0.trouble,
        bounces: $0.bounces)
    }
  }

  /// Pages of the guest's RAM that the Host has as well: shared by a Realm; nil of a VM whose memory is the Host's.
  package var sharedPages: Int? { isRealm ? kvm.state.shared.count : nil }
}
