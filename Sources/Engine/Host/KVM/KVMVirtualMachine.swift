import Attestation
import Basics
import Machine

/// A virtual machine as the Host's kernel has it (KVM): its memory's stage 2, its vCPUs and what their exits ask for, their interrupt
/// controller. For a Realm that is what RMI calls make of it; for an ordinary VM it is tables and registers in memory of the Host's.
///
/// What it is used by makes it step by step, runs one vCPU at a time, and serves the exits that come to user space (``KVMExit``).
package final class KVMVirtualMachine {
  /// The kind of VM, of KVM_CREATE_VM.
  package enum Kind: Sendable {
    case realm
    /// One of the Normal world, all of whose memory is the Host's.
    case ordinary
  }

  /// A table of stage 2 the Host has made: what its entry is in, and the IPA above what that level translates.
  struct TableKey: Hashable, Sendable {
    let level: Int
    let region: UInt64
  }

  package struct VCPU: Sendable {
    /// Its REC, or the granule of the Host's with its registers; 0 before it has one.
    package internal(set) var address: UInt64
    var run: UInt64
    package var isOn: Bool
    /// It executed WFI, or called PSCI_CPU_SUSPEND: an interrupt, or its timer, lets it go on.
    package internal(set) var isWaiting = false
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

  /// All that KVM knows of it, so that a debugger can go back.
  struct State: Sendable {
    /// How far a Realm is; an ordinary VM stays at NONE.
    var realm = KVMRealmState.none
    var granules: GranuleAllocator
    var rd: UInt64 = 0
    /// Stage 2 of an ordinary VM: the first table, and those below.
    var root: UInt64 = 0
    var tables: [TableKey: UInt64] = [:]
    var vcpus: [VCPU] = []
    /// Instructions its vCPUs have executed.
    var executed: UInt64 = 0
    /// Host pages by the shared IPA they are mapped at, and Protected pages by their IPA.
    var shared: PageMap = [:]
    var given: PageMap = [:]
    var gic: VirtualGIC
    var exits: [ExitReason: Int] = [:]
    /// Pages that were given on demand.
    var pagesGiven = 0
    /// The vCPU in the middle of an entry: a debugger holds it.
    var held: Int?
  }

  /// Where vCPUs start that are not turned on by another: KVM_SET_ONE_REG before the first KVM_RUN.
  struct Start {
    var pc: UInt64 = 0
    var x0: UInt64 = 0
    var features = VCPUFeatures.psci02
  }

  /// What KVM_ARM_VCPU_INIT gives a vCPU.
  package struct VCPUFeatures: OptionSet, Sendable {
    package let rawValue: UInt32
    package static let psci02 = VCPUFeatures(rawValue: 1 << 2)
    package static let pmuV3 = VCPUFeatures(rawValue: 1 << 3)

    package init(rawValue: UInt32) { self.rawValue = rawValue }
  }

  let door: any HostDoor
  /// The PE it runs on, with its registers of stage 2.
  let pe: Int
  let kind: Kind
  /// Width of the IPA space in bits; of a Realm's, the upper half is shared.
  let ipaBits: UInt64
  /// Where the guest finds the frames of its interrupt controller.
  let gicFrames: VGICFrames
  var state: State

  /// Memory the guest has: KVM_SET_USER_MEMORY_REGION.
  var regions: [Range<UInt64>] = []
  /// Memory it has to be read (KVM_MEM_READONLY): stores go to user space.
  var readOnly: [Range<UInt64>] = []
  /// What a Realm is created with.
  var hash = HashAlgorithm.sha256
  /// Its personalization value; nil: zeroes.
  var personalization: [UInt8]?
  /// Breakpoints, watchpoints, PMU and SVE, as the registers of its vCPUs have them; nil: as few as there can be.
  var features: MeasurementStep.RealmParameters?
  var starts: [Start] = []
  /// Tables side by side that the walk of a Realm begins with, and the auxiliary granules of the RECs by their vCPUs' numbers.
  var startTables: Range<UInt64> = 0..<0
  var auxiliaryGranules: [Int: [UInt64]] = [:]
  /// Granules that the RMM did not give back: nobody uses them again.
  package internal(set) var leaked: [UInt64] = []
  /// Whether the RMM has kept its Realm when it ended, and with it the VMID.
  package internal(set) var isStuck = false
  /// Auxiliary granules of each REC, once the RMM has told.
  var auxiliaries: UInt64?
  /// Calls for one change of RIPAS before the Realm goes on; one piece may take it past that by the calls for 512 pages.
  var callsForRIPAS = 4096

  /// What it was asked for by its interface (``enableCap(_:_:capability:)``, ``finalize(_:feature:)``), and entries it did not make.
  package internal(set) var callLog = KVMCallLog()
  /// Memory of user space's that is the guest's: what it has at an IPA; nil where it has no page.
  package var userMemory: (UInt64, Int) -> [UInt8]? = { _, _ in nil }
  /// What the kernel has printed of it.
  package internal(set) var kernelLog = KernelLog()
  /// Memory of the Host's that it is made of.
  let memory: Range<UInt64>
  /// What tells its translations apart.
  let vmid: UInt64
  /// A page that is copied from, and those with RmiRealmParams and RmiRecParams of what is made.
  let scratch: UInt64
  let params: UInt64
  let recParams: UInt64

  /// Memory at the beginning that has what the Host itself writes.
  static let reserved: UInt64 = 0x10_0000

  var isRealm: Bool { kind == .realm }
  package var rd: UInt64 { state.rd }
  package var isOrdinary: Bool { !isRealm }
  package var vcpus: [VCPU] { state.vcpus }
  /// How far KVM is with the Realm.
  package var realmState: KVMRealmState { state.realm }
  /// The vCPU in the middle of an entry, if there is one.
  package var held: Int? { state.held }

  /// KVM_CREATE_VM, and an interrupt controller for it.
  ///
  /// - Parameters:
  ///   - pe: the PE it runs on; nil for the present one.
  ///   - memory: the Host's for it; nil: all of it.
  ///   - unusable: granules in there that guests before it have leaked.
  init(
    _ door: any HostDoor, _ kind: Kind, ipaBits: UInt64, gicFrames: VGICFrames, pe: Int? = nil, memory: Range<UInt64>? = nil,
    vmid: UInt64 = 1, unusable: Set<UInt64> = []
  ) {
    self.door = door
    self.kind = kind
    self.ipaBits = ipaBits
    self.gicFrames = gicFrames
    self.pe = pe ?? door.pe
    let memory = memory ?? door.dram
    (self.memory, self.vmid) = (memory, vmid)
    scratch = memory.lowerBound + 0x1000
    params = memory.lowerBound + 0x2000
    recParams = memory.lowerBound + 0x3000
    state = State(
      granules: GranuleAllocator(next: memory.lowerBound + Self.reserved, unusable: unusable),
      gic: VirtualGIC(vcpus: 1, listRegisters: 0))
  }

  /// The PE is the hypervisor's own again, if a person has worked on another one.
  func returnToPE() { if door.pe != pe { door.selectPE(pe) } }

  // MARK: Granules and calls

  /// Granules of the Host's side by side, aligned to all of them.
  func allocate(_ count: UInt64 = 1) throws(KVMError) -> UInt64 {
    guard let granule = state.granules.take(count, below: memory.upperBound) else { throw .outOfMemory }
    return granule
  }

  /// A Host's granule that reads as zeroes: what another guest had in it is nobody's to see.
  func zeroed() throws(KVMError) -> UInt64 {
    let granule = try allocate()
    if let bytes = door.read(granule, Int(Granule.size)), bytes.contains(where: { $0 != 0 }) {
      door.write(granule, [UInt8](repeating: 0, count: bytes.count))
    }
    return granule
  }

  /// So many side by side, delegated: all of them, or none.
  func delegated(_ count: UInt64 = 1) throws(KVMError) -> UInt64 {
    let address = try allocate(count)
    let granules = (0..<count).map { address + $0 * Granule.size }
    for (n, granule) in granules.enumerated() {
      do throws(KVMError) {
        try call("RMI_GRANULE_DELEGATE", granule)
      } catch {
        for granule in granules[..<n] { undelegate(granule) }
        for granule in granules[n...] { state.granules.giveBack(granule) }
        throw error
      }
    }
    return address
  }

  /// Has something done with granules that were delegated for it; where it fails, they are the Host's again.
  func using<T>(_ granules: [UInt64], _ body: () throws(KVMError) -> T) throws(KVMError) -> T {
    do throws(KVMError) {
      return try body()
    } catch {
      for granule in granules.reversed() { undelegate(granule) }
      throw error
    }
  }

  /// An RMI call that has to succeed.
  @discardableResult
  func call(_ name: String, _ arguments: UInt64...) throws(KVMError) -> [UInt64] {
    let answer = send(name, arguments)
    guard answer[0] == 0 else { throw .refused(name, .arguments(arguments), status: answer[0]) }
    return answer
  }

  func send(_ name: String, _ arguments: [UInt64]) -> [UInt64] {
    guard let entry = Commands.named(name) else { preconditionFailure("no command \(name)") }
    return door.smc([UInt64(entry.fid)] + arguments) ?? [UInt64](repeating: 0, count: 18)
  }

  /// An RMI call about an IPA; where the walk ends above level 3, once more with the next table there.
  func callMakingTable(_ name: String, at ipa: UInt64, _ arguments: [UInt64]) throws(KVMError) {
    while true {
      let answer = send(name, arguments)
      if answer[0] == 0 { return }
      guard let level = Self.missingLevel(answer[0]) else { throw .refused(name, .ipa(ipa), status: answer[0]) }
      try makeTable(ipa, level: level)
    }
  }

  /// The level of the table that an answer says is missing: RMI_ERROR_RTT has the level at which the walk ended.
  static func missingLevel(_ status: UInt64) -> Int? {
    guard status & 0xFF == Status.rmiRTT.value, status >> 8 < 3 else { return nil }
    return Int(status >> 8) + 1
  }

  /// A table for what an entry of the level above covers.
  func makeTable(_ ipa: UInt64, level: Int) throws(KVMError) {
    let table = try delegated()
    try using([table]) { () throws(KVMError) -> Void in
      try call("RMI_RTT_CREATE", rd, table, ipa & ~(rttEntrySize(level - 1) - 1), UInt64(level))
    }
  }
}
