import Attestation
import Basics
import Machine

/// A virtual machine in a Realm (or, to compare, in the Normal world) as its VMM has it: what it consists of and where a guest finds
/// that, its image in its memory, its devices, and whose turn it is of its vCPUs. The rest is KVM's (``KVMVirtualMachine``).
public final class RealmVM {
  public struct Options: Sendable {
    /// Bytes of RAM, a multiple of 2 MiB, up to ``RealmVM/mostMemory``.
    public var memory: UInt64 = 16 << 20
    public var vcpus = 1
    public var hash = HashAlgorithm.sha256
    /// Whose machine it is.
    package var machine = GuestMachine.own
    /// Whether it is a Realm; else it is a VM of the Normal world, all of whose memory is the Host's.
    public var isRealm = true
    /// Whether the guest is given a device tree, and its address in X0. Nil: if it is an arm64 Linux Image, or there are arguments or
    /// an initial RAM disk for it.
    public var deviceTree: Bool?
    /// The kernel's command line, in the tree.
    public var bootArguments: String?
    /// The initial RAM disk, of which the tree tells where it is.
    public var initrd: [UInt8] = []
    /// Disks on virtio, in their order.
    package var disks: [DiskImage] = []
    /// Whether it has a card on the network of the model.
    package var hasNetwork = false
    /// Whether it has a device for random numbers, and what they follow from.
    package var hasRNG = false
    package var rngSeed: UInt64 = 1
    /// Whether it has a console on virtio beside its UART.
    package var hasConsole = false
    /// Whether it has sockets that lead to services of the model.
    package var hasSockets = false
    /// A folder it may read.
    package var share: SharedFolder?
    /// Whether virtio devices offer VIRTIO_F_ACCESS_PLATFORM: without it drivers hand out addresses that no Host can reach in a Realm.
    package var hasAccessPlatform = true
    /// Whether a Realm's device tree has the devices at addresses with the shared bit; nil: as the kernel wants it.
    package var treeHasSharedBit: Bool?
    /// The tree has random numbers that follow from this; nil: it has none.
    package var treeSeed: UInt64?
    /// Banks of flash whose content the guest cannot change.
    package var readOnlyFlash: Set<Int> = []
    /// What the image is called, for who wants the names of its places later.
    package var image = ""
    /// The image a relying party trusts, if it is not the one it would.
    package var trusts = ""

    public init() {}

    /// What is wrong with them, or nil.
    public var problem: String? {
      let unit = machine == .own ? RealmVM.block : Granule.size
      guard memory > 0, memory % unit == 0, memory <= RealmVM.mostMemory else {
        return "the guest's memory must be a multiple of \(sizeText(unit)), up to \(RealmVM.mostMemory >> 30)G"
      }
      guard disks.count <= RealmVM.mostDisks else { return "a guest has up to \(RealmVM.mostDisks) disks" }
      return (1...RealmVM.mostVCPUs).contains(vcpus) ? nil : "a guest has 1 to \(RealmVM.mostVCPUs) vCPUs"
    }

    /// Bytes of DRAM for a guest with so much RAM, which it can share all of, and for the Host; 0: the machine's own is enough.
    package var hostMemory: UInt64 {
      guard memory > 48 << 20 else { return 0 }
      return 2 * min(memory, RealmVM.mostMemory) + 64 << 20
    }
  }

  /// Where RAM begins.
  public static let ramBase = GuestLayout.standard.ramBase
  /// As much RAM as a guest can have: 8 GiB.
  package static let mostMemory: UInt64 = 8 << 30
  /// As many vCPUs as a guest can have.
  package static let mostVCPUs = KVMVirtualMachine.mostVCPUs
  static let block: UInt64 = 2 << 20

  /// How a run ended.
  public enum Ending: Equatable, Sendable {
    case poweredOff
    case reset
    /// Nothing the Host could do would let it go on.
    case failed(String)
  }

  public struct Failure: Error {
    public let message: String

    package init(message: String) {
      self.message = message
    }
  }

  /// A message of the Realm to the Host, RsiHostCall.
  package struct HostCall: Sendable {
    /// The 31 registers of the message.
    package let registers: [UInt64]
  }

  /// Whose turn it is.
  struct Schedule: Sendable {
    var current = 0
    /// What the counter shows when the slice of the vCPU whose turn it is has been used; nil before its first entry.
    var sliceEnd: UInt64?
    /// WFI and WFE in a row while a vCPU stands.
    var waits = 0
  }

  package let kvm: KVMVirtualMachine
  var schedule = Schedule()
  let serial: SerialPort
  private(set) var bus: DeviceBus
  private(set) var virtio: [VirtioDevice] = []
  /// Those of them that print.
  private(set) var talkers: [VirtioDevice] = []
  /// Where a power button is.
  let gpio: PL061?
  /// A clock.
  let rtc: PL031?
  /// Flash of an ordinary guest on QEMU's machine.
  let flash: [NORFlash]
  /// When the power button is let go.
  var buttonRelease: UInt64?
  /// The vCPU that was entered last.
  package var lastTurn = 0
  /// Accesses that devices of user space have served, since this object is there.
  package internal(set) var served = 0

  /// What the Host does at a host call, by its immediate, before the Realm goes on: it answers with registers of the message.
  package var onHostCall: [UInt64: (HostCall) -> [UInt64]] = [:]
  /// Hears each byte the guest sends, also those the UART does not keep.
  public var onConsole: ((UInt8) -> Void)?
  /// Whether bytes come again where the Host only finds out what it knew.
  package var hearsAgain = false
  /// Who answers what comes to the relying party's port (``SocketService``).
  package var onRequest: (_ operation: UInt64, _ message: [UInt8]) -> (code: UInt64, bytes: [UInt8])? = { _, _ in nil }
  /// Who answers host calls from outside of the machine.
  package weak var party: (any OutsideParty)?

  let door: any HostDoor
  package let options: Options
  let layout: GuestLayout

  /// The PA of the Realm's descriptor; 0 without a Realm.
  public var rd: UInt64 { kvm.rd }
  package var isRealm: Bool { options.isRealm }
  /// Exits by reason, and pages given on demand.
  package var exits: [ExitReason: Int] { kvm.state.exits }
  package var pagesGiven: Int { kvm.state.pagesGiven }
  /// Instructions its vCPUs have executed.
  public var executed: UInt64 { kvm.state.executed }
  /// The address of the registers of the vCPU that was entered last, and its number.
  package var lastVCPU: (number: Int, registers: UInt64) { (lastTurn, kvm.vcpus[lastTurn].address) }
  package var vcpus: [KVMVirtualMachine.VCPU] { kvm.vcpus }
  /// A vCPU is in the middle of an entry: a debugger holds it.
  package var isHeld: Bool { kvm.held != nil }
  /// Calls the Host makes for one change of RIPAS before it lets the Realm go on.
  package var callsForRIPAS: Int {
    get { kvm.callsForRIPAS }
    set { kvm.callsForRIPAS = newValue }
  }
  /// What the guest has sent.
  package var uart: PL011 {
    get { serial.uart }
    set { serial.uart = newValue }
  }

  /// - Parameters:
  ///   - pe: the PE it runs on; nil for the present one.
  ///   - memory: the Host's for it; nil: all of it.
  ///   - unusable: granules in there that guests before it have leaked.
  package init(
    _ door: any HostDoor, _ options: Options, pe: Int? = nil, memory: Range<UInt64>? = nil, vmid: UInt64 = 1,
    unusable: Set<UInt64> = []
  ) {
    self.door = door
    self.options = options
    layout = GuestLayout(options)
    kvm = KVMVirtualMachine(
      door, options.isRealm ? .realm : .ordinary, ipaBits: layout.width, gicFrames: layout.gic, pe: pe, memory: memory,
      vmid: vmid, unusable: unusable)
    serial = SerialPort(at: layout.uart, options.machine.serialKind)
    flash = options.hasFlash ? Self.flashBanks(options, door, kvm) : []
    let others: [any Device] = options.machine.otherDevices(layout) + flash
    bus = DeviceBus([serial] + others)
    gpio = others.lazy.compactMap { $0 as? PL061 }.first
    rtc = others.lazy.compactMap { $0 as? PL031 }.first
    connectClock()
    connectFlash()
    serial.onByte = { [unowned self] byte in
      leaveConsoles(but: nil)
      tell(byte)
    }
    // kvmtool's is looked at, and interrupts nobody.
    if serial.kind == .pl011 { serial.onInterrupt = { [unowned self] isHigh in kvm.setLine(spi: Self.serialSPI, isHigh) } }
    gpio?.onInterrupt = { [unowned self] isHigh in kvm.setLine(spi: Self.gpioSPI, isHigh) }
    for (n, function) in Self.virtioFunctions(options).enumerated() {
      let device = VirtioDevice(
        at: layout.virtio(n), function, hasAccessPlatform: options.hasAccessPlatform, virtioMemory(of: function.kind))
      device.onInterrupt = { [unowned self] isHigh in kvm.setLine(spi: Self.virtioSPI + n, isHigh) }
      device.onOutput = { [unowned self, unowned device] bytes in
        leaveConsoles(but: device)
        printed(bytes)
      }
      device.onRequest = { [unowned self] operation, message in onRequest(operation, message) }
      virtio.append(device)
      if function is any VirtioTyped { talkers.append(device) }
    }
    if !virtio.isEmpty { bus = DeviceBus([serial] + others + virtio) }
  }
}
