import Attestation
import Basics
import Machine

/// A virtual machine in a Realm (or, to compare, in the Normal world), built and run as KVM and a VMM do it: granules delegated, the Realm created, RIPAS initialized, the
/// image copied and measured page by page, RECs created, the Realm activated; then entered again and again, every exit handled.
public final class RealmVM {
  public struct Options: Sendable {
    /// Bytes of RAM, a multiple of 2 MiB, up to ``RealmVM/mostMemory``.
    public var memory: UInt64 = 16 << 20
    public var vcpus = 1
    public var hash = HashAlgorithm.sha256
    /// Whether it is a Realm; else it is a VM of the Normal world, all of whose memory is the Host's.
    public var isRealm = true
    /// Whether the guest is given a device tree, and its address in X0. Nil: if it is an arm64 Linux Image, or there are arguments or
    /// an initial RAM disk for it.
    public var deviceTree: Bool?
    /// The kernel's command line, in the tree.
    public var bootArguments: String?
    /// The initial RAM disk, of which the tree tells where it is.
    public var initrd: [UInt8] = []
    /// The tree has random numbers that follow from this; nil: it has none.
    public var treeSeed: UInt64?
    /// What the image is called, for who wants the names of its places later.
    public var image = ""
    /// The image a relying party trusts, if it is not the one it would.
    public var trusts = ""

    public init() {}
  }

  /// Where RAM begins, as kvmtool has it.
  public static let ramBase: UInt64 = 0x8000_0000
  /// As much RAM as a guest can have: 6 GiB.
  public static let mostMemory = GuestLayout.widest.mostMemory
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
  public struct HostCall: Sendable {
    /// The 31 registers of the message.
    public let registers: [UInt64]
  }

  /// A table of stage 2 the Host has made: what its entry is in, and the IPA above what that level translates.
  struct TableKey: Hashable, Sendable {
    let level: Int
    let region: UInt64
  }

  package struct VCPU: Sendable {
    /// Its REC, or the granule of the Host's with its registers.
    package let rec: UInt64
    let run: UInt64
    package var isOn: Bool
    /// It executed WFI: an interrupt, or its timer, lets it go on.
    var isWaiting = false
    /// It needs a page that is DESTROYED: only the Realm, by another vCPU, can let it go on.
    package var missing: UInt64?
    /// It can be entered, and there is something for it to do.
    var isReady: Bool { isOn && !isWaiting && missing == nil }
    /// When its timer is next asserted, as its last exit had it.
    var deadline: UInt64?
    /// List registers as they stand in its run granule.
    var lists: [UInt64] = []
    /// Flags of the next entry, if they are written.
    var flags: UInt64?
    /// Whether the next entry completes the instruction it left at: emulated, or an external abort.
    package var completes: Bool { (flags ?? 0) & (EntryFlags.emulatedMMIO | EntryFlags.injectSEA) != 0 }
  }

  /// All the hypervisor knows, so that a debugger can go back.
  package struct State: Sendable {
    var nextGranule: UInt64
    /// Granules of the Host's that were the guest's; the last is used again first.
    var free: [UInt64] = []
    var rd: UInt64 = 0
    /// Stage 2 of a VM of the Normal world: the first table, and those below.
    var root: UInt64 = 0
    var tables: [TableKey: UInt64] = [:]
    package var vcpus: [VCPU] = []
    var current = 0
    /// What the counter shows when the slice of the vCPU whose turn it is has been used; nil before its first entry.
    var sliceEnd: UInt64?
    /// Instructions the guest's vCPUs have executed.
    var executed: UInt64 = 0
    /// Host pages by the shared IPA they are mapped at, and Protected pages by their IPA.
    var shared: PageMap = [:]
    var given: PageMap = [:]
    var gic: VirtualGIC
    var exits: [ExitReason: Int] = [:]
    var pagesGiven = 0
    /// A vCPU is in the middle of an entry: a debugger holds it.
    package var isHeld = false
    /// WFI and WFE in a row while a vCPU stands.
    var waits = 0
  }

  package var state: State
  public package(set) var uart = PL011()
  /// The vCPU that was entered last.
  package var lastTurn = 0

  /// Everything that changes while it runs; of the console, which only grows, no more than how long it is.
  package struct Snapshot: Sendable {
    fileprivate var state: State
    fileprivate var consoleCount: Int
    fileprivate var lastTurn: Int
    fileprivate var party: PartyMemory?

    /// ``VCPU/completes`` of the vCPU whose turn it is.
    package var completes: Bool { state.vcpus[state.current].completes }

    /// About how many bytes it has for itself, next to the one that was taken before it.
    package func cost(after other: Snapshot?) -> Int {
      var bytes = 1500 + 300 * state.vcpus.count
      guard let other else { return bytes }
      if state.given.count != other.state.given.count { bytes += state.given.copyCost }
      if state.shared.count != other.state.shared.count { bytes += state.shared.copyCost }
      if state.tables.count != other.state.tables.count { bytes += 48 * state.tables.count }
      return bytes
    }
  }

  package var snapshot: Snapshot {
    get { Snapshot(state: state, consoleCount: uart.count, lastTurn: lastTurn, party: party?.memory) }
    set {
      (state, lastTurn) = (newValue.state, newValue.lastTurn)
      uart.truncate(to: newValue.consoleCount)
      if let memory = newValue.party { party?.memory = memory }
    }
  }
  /// What the Host does at a host call, by its immediate, before the Realm goes on: it answers with registers of the message.
  public var onHostCall: [UInt64: (HostCall) -> [UInt64]] = [:]
  /// Calls the Host makes for one change of RIPAS before it lets the Realm go on; one piece may take it past that by the calls for
  /// 512 pages.
  package var callsForRIPAS = 4096
  /// Hears each byte the guest sends, also those the UART does not keep.
  public var onConsole: ((UInt8) -> Void)?
  /// Who answers host calls from outside of the machine.
  package weak var party: (any OutsideParty)?

  let door: any HostDoor
  /// The PE the hypervisor runs on, with its registers of stage 2.
  let pe: Int
  package let options: Options
  let layout: GuestLayout
  private let scratch: UInt64
  private let params: UInt64

  /// The PA of the Realm's descriptor; 0 without a Realm.
  public var rd: UInt64 { state.rd }
  public var isRealm: Bool { options.isRealm }
  /// Exits by reason, and pages given on demand.
  public var exits: [ExitReason: Int] { state.exits }
  public var pagesGiven: Int { state.pagesGiven }
  /// Instructions its vCPUs have executed.
  public var executed: UInt64 { state.executed }
  /// The address of the registers of the vCPU that was entered last, and its number.
  public var lastVCPU: (number: Int, registers: UInt64) { (lastTurn, state.vcpus[lastTurn].rec) }

  /// - Parameter pe: the PE it runs on; nil for the present one.
  public init(_ door: any HostDoor, _ options: Options, pe: Int? = nil) {
    self.door = door
    self.pe = pe ?? door.pe
    self.options = options
    layout = GuestLayout(memory: options.memory)
    scratch = door.dram.lowerBound + 0x1000
    params = door.dram.lowerBound + 0x2000
    state = State(
      nextGranule: door.dram.lowerBound + 0x10_0000,
      gic: VirtualGIC(vcpus: max(options.vcpus, 1), listRegisters: 0))
  }

  /// The PE is the hypervisor's own again, if a person has worked on another one.
  func returnToPE() { if door.pe != pe { door.selectPE(pe) } }

  // MARK: Building

  /// A Host's granule, aligned to `count` of them. One that was the guest's is used again before one that never was.
  func allocate(_ count: UInt64 = 1) throws(Failure) -> UInt64 {
    if count == 1, let granule = state.free.popLast() { return granule }
    let size = count * Granule.size
    let address = (state.nextGranule + size - 1) & ~(size - 1)
    guard address + size <= door.dram.upperBound else {
      throw Failure(message: "the Host is out of memory; give the machine more dram")
    }
    state.nextGranule = address + size
    return address
  }

  @discardableResult
  func call(_ name: String, _ arguments: UInt64...) throws(Failure) -> [UInt64] {
    let answer = send(name, arguments)
    guard answer[0] == 0 else {
      throw Failure(
        message: "\(name) \(arguments.map(hex).joined(separator: " ")) answered \(Names.status(.rmi, answer[0]))")
    }
    return answer
  }

  func send(_ name: String, _ arguments: [UInt64]) -> [UInt64] {
    guard let entry = Commands.named(name) else { preconditionFailure("no command \(name)") }
    return door.smc([UInt64(entry.fid)] + arguments) ?? [UInt64](repeating: 0, count: 18)
  }

  func delegated(_ count: UInt64 = 1) throws(Failure) -> UInt64 {
    let address = try allocate(count)
    for n in 0..<count { try call("RMI_GRANULE_DELEGATE", address + n * Granule.size) }
    return address
  }

  /// Everything up to RMI_REALM_ACTIVATE, or up to the first entry of a VM that is no Realm.
  public func build(_ image: BootImage) throws(Failure) {
    try makeRealm(image)
    note()
  }

  private func makeRealm(_ image: BootImage) throws(Failure) {
    guard options.memory > 0, options.memory % Self.block == 0, options.memory <= Self.mostMemory else {
      throw Failure(message: "the guest's memory must be a multiple of 2M, up to \(Self.mostMemory >> 30)G")
    }
    guard (1...8).contains(options.vcpus) else { throw Failure(message: "1 to 8 vCPUs") }
    let top = Self.ramBase + options.memory
    let image = try prepared(image)
    try check(image, top)
    guard options.isRealm else { return try buildNormal(image) }
    state.rd = try delegated()
    let listRegisters = Int(try call("RMI_FEATURES", 0)[1].bits(37, 34)) + 1
    state.gic = VirtualGIC(vcpus: options.vcpus, listRegisters: listRegisters)
    // The walk begins at level 2, with tables side by side.
    let tables = layout.tables
    let root = try delegated(tables)
    for (offset, value) in [
      (0x08, layout.width), (0x18, 1), (0x20, 1), (0x30, UInt64(options.hash.rawValue)), (0x800, 1), (0x808, root), (0x810, 2),
      (0x818, tables),
    ] as [(UInt64, UInt64)] { door.write64(params + offset, value) }
    try call("RMI_REALM_CREATE", rd, params)
    try initRIPAS(to: top)
    try image.forEachPage { (page) throws(Failure) in
      door.write(scratch, page.bytes)
      let data = try delegated()
      state.given[page.address] = data
      let answer = send("RMI_DATA_CREATE", [rd, data, page.address, scratch, 1])
      if answer[0] & 0xFF == Status.rmiRTT.value {
        try makeTable(page.address)
        try call("RMI_DATA_CREATE", rd, data, page.address, scratch, 1)
      } else if answer[0] != 0 {
        throw Failure(message: "RMI_DATA_CREATE at \(hex(page.address)) answered \(Names.status(.rmi, answer[0]))")
      }
    }
    let auxCount = try call("RMI_REC_AUX_COUNT", rd)[1]
    for number in 0..<UInt64(options.vcpus) {
      let rec = try delegated()
      let run = try allocate()
      door.write(params + 0x1000, [UInt8](repeating: 0, count: 4096))
      door.write64(params + 0x1000, number == 0 ? 1 : 0)
      door.write64(params + 0x1100, number)
      door.write64(params + 0x1200, number == 0 ? image.entry : 0)
      if number == 0, image.x0 != 0 { door.write64(params + 0x1300, image.x0) }
      door.write64(params + 0x1800, auxCount)
      for n in 0..<auxCount { door.write64(params + 0x1808 + n * 8, try delegated()) }
      try call("RMI_REC_CREATE", rd, rec, params + 0x1000)
      state.vcpus.append(
        VCPU(rec: rec, run: run, isOn: number == 0, lists: [UInt64](repeating: 0, count: listRegisters)))
    }
    try call("RMI_REALM_ACTIVATE", rd)
  }

  /// Whether the guest has RAM for all of the image, and it begins in it.
  private func check(_ image: BootImage, _ top: UInt64) throws(Failure) {
    let ram = "RAM is \(hex(Self.ramBase)) to \(hex(top))"
    for segment in image.segments
    where !(Self.ramBase...top).contains(segment.address) || segment.size > top - segment.address {
      throw Failure(message: "the image wants \(hex(segment.address)) to \(hex(segment.address &+ segment.size)); \(ram)")
    }
    // Each is within RAM, and there are 64 at most.
    let size = image.segments.reduce(0) { $0 + $1.size }
    guard size <= options.memory else {
      throw Failure(message: "the image's segments have \(size) bytes, more than the guest's \(options.memory) of RAM")
    }
    guard image.segments.contains(where: { image.entry >= $0.address && image.entry - $0.address < $0.size }) else {
      throw Failure(message: "the image begins at \(hex(image.entry)), which is in none of its segments; \(ram)")
    }
  }

  /// RIPAS RAM for all of the guest's memory: a call does no more than one table of level 2, and says how far it came.
  private func initRIPAS(to top: UInt64) throws(Failure) {
    var base = Self.ramBase
    while base < top {
      let next = try call("RMI_RTT_INIT_RIPAS", rd, base, top)[1]
      guard next > base else { throw Failure(message: "RMI_RTT_INIT_RIPAS at \(hex(base)) made no progress") }
      base = next
    }
  }

  private func prepared(_ image: BootImage) throws(Failure) -> BootImage {
    do throws(BootImage.Malformed) {
      return try image.prepared(for: options)
    } catch {
      throw Failure(message: error.message)
    }
  }

  /// The table of level 3 for the 2 MiB around an IPA.
  func makeTable(_ ipa: UInt64) throws(Failure) {
    try call("RMI_RTT_CREATE", rd, try delegated(), ipa & ~(Self.block - 1), 3)
  }
}
