import Engine
import Testing

@testable import Host

/// KVM's calls have an order, and each condition its error number, as KVM with Realms answers them. Where KVM itself says no, nothing is
/// done to the machine.
struct KVMOrderTests {
  private static let ram: UInt64 = 0x8000_0000
  /// MOVZ X0, #0x8400, LSL #16; MOVK X0, #8; SMC #0: PSCI_SYSTEM_OFF.
  private static let powerOff: [UInt32] = [0xD2B0_8000, 0xF280_0100, 0xD400_0003]

  private final class Host {
    let session: Session
    let kvm: KVMVirtualMachine

    init(_ kind: KVMVirtualMachine.Kind = .realm, dram: UInt64 = 64 << 20) {
      var configuration = MachineConfiguration()
      configuration.vcpu = .code
      configuration.recAuxCount = 0
      configuration.dramSize = dram
      session = Session(configuration, keepsHistory: false)
      kvm = KVMVirtualMachine(session, kind, ipaBits: 33, gicFrames: GuestLayout.standard.gic)
    }

    /// Memory, vCPUs, and a Realm that has been created.
    func create(vcpus: Int = 1) throws(KVMError) {
      try kvm.setMemoryRegion(ram, size: 4 << 20)
      for _ in 0..<vcpus { try kvm.createVCPU(pc: ram) }
      try kvm.createRealm()
    }

    /// Ready to run.
    func activate(_ code: [UInt32] = powerOff) throws(KVMError) {
      try create()
      try kvm.initRIPAS(ram, size: 4 << 20)
      try kvm.populate(ram, page(code), .measure)
      try kvm.finalizeVCPU(0)
      try kvm.activate()
    }

    /// Somebody else on this Host makes an RMI call.
    func smc(_ name: String, _ arguments: UInt64...) { #expect(kvm.send(name, arguments)[0] == 0) }
  }

  private static func page(_ code: [UInt32] = []) -> [UInt8] {
    let bytes = code.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) } }
    return bytes + [UInt8](repeating: 0, count: 4096 - bytes.count)
  }

  /// What KVM answers; nil if it does what is asked for.
  private func errno(_ host: Host, _ call: (KVMVirtualMachine) throws(KVMError) -> Void) -> KVMErrno? {
    do throws(KVMError) {
      try call(host.kvm)
      return nil
    } catch {
      #expect(error.sentence.contains(error.errno.rawValue) || [.enxio, .enomem, .efault].contains(error.errno))
      return error.errno
    }
  }

  /// The same, of a call that KVM itself turns down.
  private func refusal(_ host: Host, _ call: (KVMVirtualMachine) throws(KVMError) -> Void) -> KVMErrno? {
    let before = host.session.position
    defer { #expect(host.session.position == before) }
    return errno(host, call)
  }

  // MARK: Whole lives

  @Test func aRealmRunsByKVMsCallsAlone() throws {
    let host = Host()
    try host.activate()
    #expect(try host.kvm.run(0) == .systemEvent(.shutdown))
    #expect(host.session.read { $0.invariantViolations() } == [])
  }

  @Test func anOrdinaryVMHasNoneOfARealmsCalls() throws {
    let host = Host(.ordinary)
    try host.kvm.setMemoryRegion(Self.ram, size: 4 << 20)
    for call in [
      { $0.configure }, { $0.personalize }, { $0.create }, { $0.ripas }, { $0.populate }, { $0.finalize }, { $0.activate },
    ] as [(Calls) -> Call] {
      #expect(refusal(host, call(Calls())) == .einval)
    }
    try host.kvm.fill(Self.ram, Self.page(Self.powerOff))
    try host.kvm.createVCPU(pc: Self.ram)
    host.kvm.loadStage2()
    #expect(try host.kvm.run(0) == .systemEvent(.shutdown))
    #expect(host.kvm.state.realm == .none)
  }

  // MARK: Order

  private typealias Call = (KVMVirtualMachine) throws(KVMError) -> Void

  /// Each call with arguments that can be.
  private struct Calls {
    let configure: Call = { (kvm) throws(KVMError) in try kvm.configure(hash: 1) }
    let personalize: Call = { (kvm) throws(KVMError) in try kvm.configure(personalization: [UInt8](repeating: 1, count: 64)) }
    let create: Call = { (kvm) throws(KVMError) in try kvm.createRealm() }
    let ripas: Call = { (kvm) throws(KVMError) in try kvm.initRIPAS(ram, size: 4 << 20) }
    let populate: Call = { (kvm) throws(KVMError) in try kvm.populate(ram, page(), .measure) }
    let finalize: Call = { (kvm) throws(KVMError) in try kvm.finalizeVCPU(0) }
    let activate: Call = { (kvm) throws(KVMError) in try kvm.activate() }
    let run: Call = { (kvm) throws(KVMError) in _ = try kvm.run(0) }
    let vcpu: Call = { (kvm) throws(KVMError) in try kvm.createVCPU() }
  }

  @Test func beforeTheRealmIsThere() throws {
    let host = Host()
    try host.kvm.setMemoryRegion(Self.ram, size: 4 << 20)
    try host.kvm.createVCPU(pc: Self.ram)
    let calls = Calls()
    #expect(refusal(host, calls.ripas) == .eperm)
    #expect(refusal(host, calls.populate) == .eperm)
    #expect(refusal(host, calls.finalize) == .enoent)
    #expect(refusal(host, calls.activate) == .einval)
    #expect(refusal(host, calls.run) == .einval)
    #expect(errno(host, calls.configure) == nil)
    #expect(errno(host, calls.personalize) == nil)
  }

  @Test func onceTheRealmIsNew() throws {
    let host = Host()
    try host.create()
    let calls = Calls()
    #expect(refusal(host, calls.configure) == .ebusy)
    #expect(refusal(host, calls.personalize) == .ebusy)
    #expect(refusal(host, calls.create) == .eexist)
    #expect(refusal(host, calls.vcpu) == .ebusy)
    #expect(refusal(host, calls.run) == .einval)
    #expect(errno(host, calls.ripas) == nil)
    #expect(errno(host, calls.populate) == nil)
    #expect(errno(host, calls.finalize) == nil)
    #expect(refusal(host, calls.finalize) == .ebusy)
    #expect(refusal(host) { (kvm) throws(KVMError) in try kvm.finalizeVCPU(1) } == .einval)
    #expect(errno(host, calls.activate) == nil)
  }

  @Test func onceTheRealmIsActive() throws {
    let host = Host()
    try host.activate()
    let calls = Calls()
    #expect(refusal(host, calls.configure) == .ebusy)
    #expect(refusal(host, calls.create) == .eexist)
    #expect(refusal(host, calls.ripas) == .eperm)
    #expect(refusal(host, calls.populate) == .eperm)
    #expect(refusal(host, calls.finalize) == .enoent)
    #expect(refusal(host, calls.activate) == .einval)
    #expect(refusal(host) { (kvm) throws(KVMError) in _ = try kvm.run(1) } == .einval)
  }

  @Test func aVCPUWithoutARECDoesNotRun() throws {
    let host = Host()
    try host.create(vcpus: 2)
    try host.kvm.finalizeVCPU(0)
    try host.kvm.activate()
    #expect(refusal(host) { (kvm) throws(KVMError) in _ = try kvm.run(1) } == .eperm)
  }

  // MARK: Arguments

  @Test func hashAndPersonalizationThatCannotBe() {
    let host = Host()
    #expect(refusal(host) { (kvm) throws(KVMError) in try kvm.configure(hash: 2) } == .einval)
    #expect(refusal(host) { (kvm) throws(KVMError) in try kvm.configure(hash: 256) } == .einval)
    #expect(refusal(host) { (kvm) throws(KVMError) in try kvm.configure(personalization: [1]) } == .einval)
  }

  /// What a Realm was configured with is what its descriptor has.
  @Test func aRealmIsCreatedAsConfigured() throws {
    let host = Host()
    let value = (0..<64).map { UInt8($0) }
    try host.kvm.configure(hash: 1)
    try host.kvm.configure(personalization: value)
    try host.create()
    let summary = try #require(host.session.read { $0.realmSummaries().first })
    #expect(summary.hash == .sha512)
    #expect(host.session.read { Array($0.realm(host.kvm.rd).rpv) } == value)
  }

  @Test func regionsThatCannotBe() throws {
    let host = Host()
    func region(_ base: UInt64, _ size: UInt64) -> KVMErrno? {
      refusal(host) { (kvm) throws(KVMError) in try kvm.setMemoryRegion(base, size: size) }
    }
    try host.kvm.setMemoryRegion(Self.ram, size: 4 << 20)
    #expect(region(Self.ram + 0x1000, 0x1000) == .eexist)
    #expect(region(0x1001, 0x1000) == .einval)
    #expect(region(0x1000, 0x800) == .einval)
    #expect(region(0x1000, 0) == .einval)
    #expect(region(~0xFFF, 0x2000) == .einval)
    #expect(region(1 << 32, 0x1000) == .einval, "the upper half of a Realm's space is shared")
    #expect(region(Self.ram + 4 << 20, 0x1000) == nil)
  }

  @Test func pagesThatCannotBePopulated() throws {
    let host = Host()
    try host.create()
    try host.kvm.setMemoryRegion(0x9000_0000, size: 0x2000)
    func populate(_ base: UInt64, _ size: Int, _ flags: UInt64 = 1) -> KVMErrno? {
      refusal(host) { (kvm) throws(KVMError) in
        try kvm.populate(base, [UInt8](repeating: 0, count: size), KVMVirtualMachine.PopulateFlags(rawValue: flags))
      }
    }
    #expect(populate(Self.ram + 8, 4096) == .einval)
    #expect(populate(Self.ram, 4095) == .einval)
    #expect(populate(Self.ram, 4096, 2) == .einval)
    #expect(populate(~0xFFF, 8192) == .einval)
    #expect(populate(0x9000_1000, 8192) == .einval, "the end of the region is in between")
    #expect(populate(0x9000_2000, 4096) == .efault)
    #expect(refusal(host) { (kvm) throws(KVMError) in try kvm.initRIPAS(~0xFFF, size: 8192) } == .einval)
  }

  /// Pages are populated one after the other, measured or not.
  @Test func populatingChangesTheRIM() throws {
    func rim(_ flags: KVMVirtualMachine.PopulateFlags, _ bytes: [UInt8]) throws -> [UInt8] {
      let host = Host()
      try host.create()
      try host.kvm.initRIPAS(Self.ram, size: 4 << 20)
      try host.kvm.populate(Self.ram, bytes, flags)
      return Array(try #require(host.session.read { $0.realmSummaries().first?.measurements.first }))
    }
    let (zeroes, ones) = ([UInt8](repeating: 0, count: 8192), [UInt8](repeating: 1, count: 8192))
    #expect(try rim(.measure, zeroes) != rim(.measure, ones))
    #expect(try rim([], zeroes) == rim([], ones))
    #expect(try rim([], zeroes) != rim([], Array(zeroes[..<4096])))
  }

  // MARK: Somebody else

  @Test func whatTheRMMRefuses() throws {
    let create = Host()
    create.smc("RMI_GRANULE_DELEGATE", create.kvm.state.granules.next)
    #expect(errno(create, Calls().create) == .enxio)
    #expect(create.kvm.state.realm == .none)

    let new = Host()
    try new.create(vcpus: 2)
    try new.kvm.initRIPAS(Self.ram, size: 4 << 20)
    #expect(errno(new) { (kvm) throws(KVMError) in try kvm.finalizeVCPU(1) } == .enxio, "RECs are made in order")
    try new.kvm.populate(Self.ram, Self.page(), .measure)
    #expect(errno(new, Calls().populate) == .enxio, "the page is there")
    #expect(errno(new) { (kvm) throws(KVMError) in try kvm.initRIPAS(Self.ram, size: 0x1000) } == .enxio, "the page is there")
    new.smc("RMI_REALM_ACTIVATE", new.kvm.rd)
    #expect(errno(new, Calls().activate) == .enxio)
    #expect(new.kvm.state.realm == .new)

    let active = Host()
    try active.activate()
    active.smc("RMI_GRANULE_DELEGATE", active.kvm.vcpus[0].run)
    #expect(errno(active, Calls().run) == .enxio)
  }

  @Test func aHostWithoutMemory() throws {
    let host = Host(dram: (1 << 20) + 4 * 4096)
    #expect(errno(host) { (_) throws(KVMError) in try host.create(vcpus: 1) } == .enomem)
  }

  /// LDR X0, [X1] of an IPA that has RIPAS RAM and is in no region.
  @Test func aPageOutsideOfTheGuestsMemory() throws {
    let host = Host()
    try host.create()
    try host.kvm.initRIPAS(Self.ram, size: 8 << 20)
    // MOVZ X1, #0x8060, LSL #16.
    try host.kvm.populate(Self.ram, Self.page([0xD2B0_0C01, 0xF940_0020]), .measure)
    try host.kvm.finalizeVCPU(0)
    try host.kvm.activate()
    #expect(errno(host, Calls().run) == .efault)
  }

  /// The table that callers of KVM rely on.
  @Test func callsOutOfOrderHaveTheNumbersOfKVM() {
    let table: [(KVMCall, KVMErrno)] = [
      (.configure, .ebusy), (.createRealm, .eexist), (.initRIPAS, .eperm), (.populate, .eperm), (.finalizeVCPU, .enoent),
      (.activate, .einval), (.run, .einval),
    ]
    for (call, errno) in table { #expect(KVMError.outOfOrder(call, .none).errno == errno) }
  }
}
