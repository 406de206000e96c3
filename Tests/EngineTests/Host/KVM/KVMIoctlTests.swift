import Engine
import Testing

@testable import Host
@testable import Machine

/// KVM by its numbers and structures: what each call answers, what is logged of it, and what is left when a VM ends.
struct KVMIoctlTests {
  private static let ram: UInt64 = 0x8000_0000
  private typealias Command = KVMRealmCapability.Command

  private final class Host {
    let session: Session
    let kvm: KVMVirtualMachine

    init(_ kind: KVMVirtualMachine.Kind = .realm, features: UInt64? = nil) {
      var configuration = MachineConfiguration()
      configuration.vcpu = .code
      if let features { configuration.featureRegister0 = features }
      session = Session(configuration, keepsHistory: false)
      kvm = KVMVirtualMachine(session, kind, ipaBits: 41, gicFrames: GuestLayout.standard.gic)
      kvm.userMemory = { _, count in [UInt8](repeating: 1, count: count) }
    }

    /// Up to a state.
    @discardableResult
    func reach(_ state: KVMRealmState) throws(KVMError) -> Host {
      try kvm.setMemoryRegion(ram, size: 4 << 20)
      try kvm.createVCPU(pc: ram)
      if state == .none { return self }
      try kvm.enableCap(Command.create.rawValue)
      if state == .new { return self }
      try kvm.enableCap(Command.initRIPAS.rawValue, KVMArgument.initRIPAS(base: ram, size: 4 << 20))
      try kvm.enableCap(Command.populate.rawValue, KVMArgument.populate(base: ram, size: 0x2000, flags: 1))
      try kvm.finalize(0, feature: KVMRealmCapability.recFeature)
      try kvm.enableCap(Command.activate.rawValue)
      return self
    }

    func errno(_ command: Command, _ argument: [UInt8]? = []) -> KVMErrno? {
      errno { (kvm) throws(KVMError) in try kvm.enableCap(command.rawValue, argument) }
    }

    func errno(_ call: (KVMVirtualMachine) throws(KVMError) -> Void) -> KVMErrno? {
      do throws(KVMError) {
        try call(kvm)
        return nil
      } catch {
        return error.errno
      }
    }
  }

  private static let hash = KVMArgument.configure(hash: 1)
  private static let ripas = KVMArgument.initRIPAS(base: ram, size: 0x1000)
  private static func populate(_ base: UInt64, _ size: UInt64, _ flags: UInt32 = 1) -> [UInt8] {
    KVMArgument.populate(base: base, size: size, flags: flags)
  }

  @Test func anyCall() throws {
    let ordinary = Host(.ordinary)
    for command in Command.allCases { #expect(ordinary.errno(command) == .einval) }
    let realm = try Host().reach(.none)
    for command in [Command.configure, .initRIPAS, .populate] {
      #expect(realm.errno(command, nil) == .efault)
      #expect(realm.errno(command, [0]) == .efault)
    }
    #expect(realm.errno { (kvm) throws(KVMError) in try kvm.enableCap(5) } == .einval)
    #expect(realm.errno { (kvm) throws(KVMError) in try kvm.enableCap(1, capability: 240) } == .einval, "another tree's number")
  }

  @Test func configuring() throws {
    let realm = try Host().reach(.none)
    #expect(realm.errno(.configure, Self.hash) == nil)
    #expect(realm.errno(.configure, KVMArgument.configure(personalization: [UInt8](repeating: 1, count: 64))) == nil)
    #expect(realm.errno(.configure, KVMArgument.configure(hash: 2)) == .einval)
    // Kunpeng's.
    #expect(realm.errno(.configure, [2] + [UInt8](repeating: 0, count: 259)) == .einval)
    let poor = try Host(features: 0x281_FC10_4130).reach(.none)
    #expect(poor.errno(.configure, Self.hash) == .einval, "this RMM has no SHA-512")
    #expect(poor.errno(.configure, KVMArgument.configure(hash: 0)) == nil)
    #expect(try Host().reach(.new).errno(.configure, Self.hash) == .ebusy)
  }

  @Test func creatingAndRIPAS() throws {
    #expect(try Host().reach(.none).errno(.initRIPAS, Self.ripas) == .eperm)
    let new = try Host().reach(.new)
    #expect(new.errno(.create) == .eexist)
    #expect(new.errno(.initRIPAS, KVMArgument.initRIPAS(base: .max - 0xFFF, size: 0x2000)) == .einval)
    #expect(new.errno(.initRIPAS, KVMArgument.initRIPAS(base: 1 << 40, size: 0x1000)) == .enxio, "the shared half has no RIPAS")
    #expect(new.errno(.initRIPAS, Self.ripas) == nil)
    #expect(try Host().reach(.active).errno(.initRIPAS, Self.ripas) == .eperm)
  }

  @Test func populating() throws {
    #expect(try Host().reach(.none).errno(.populate, Self.populate(Self.ram, 0x1000)) == .eperm)
    let new = try Host().reach(.new)
    for argument in [
      Self.populate(Self.ram + 1, 0x1000), Self.populate(Self.ram, 0x800), Self.populate(Self.ram, 0x1000, 2),
      Self.populate(Self.ram, .max - 0xFFF),
      Self.populate(Self.ram + (4 << 20) - 0x1000, 0x2000),
    ] { #expect(new.errno(.populate, argument) == .einval) }
    #expect(new.errno(.populate, Self.populate(0x4000_0000, 0x1000)) == .efault, "no memslot")
    new.kvm.userMemory = { _, _ in nil }
    #expect(new.errno(.populate, Self.populate(Self.ram, 0x1000)) == .efault, "no page")
    new.kvm.userMemory = { _, count in [UInt8](repeating: 0, count: count) }
    #expect(new.errno(.populate, Self.populate(Self.ram, 0x1000)) == nil)
    #expect(new.errno(.populate, Self.populate(Self.ram, 0x1000)) == .enxio, "the RMM has it already")
  }

  @Test func finalizingActivatingRunning() throws {
    func finalize(_ host: Host, _ vcpu: Int = 0) -> KVMErrno? {
      host.errno { (kvm) throws(KVMError) in try kvm.finalize(vcpu, feature: KVMRealmCapability.recFeature) }
    }
    #expect(finalize(try Host().reach(.none)) == .enoent)
    let new = try Host().reach(.new)
    #expect(new.errno { (kvm) throws(KVMError) in try kvm.finalize(0, feature: 4) } == .einval)
    #expect(finalize(new) == nil)
    #expect(finalize(new) == .ebusy)
    let host = Host()
    try host.kvm.setMemoryRegion(Self.ram, size: 4 << 20)
    try host.kvm.createVCPU(features: [])
    try host.kvm.createVCPU(features: [.psci02, .pmuV3])
    try host.kvm.createVCPU()
    #expect(try Host().reach(.none).errno(.activate) == .einval)
    #expect(host.errno(.create) == nil)
    #expect(finalize(host) == .einval, "no PSCI 0.2")
    #expect(finalize(host, 1) == .einval, "a PMU, and the Realm has none")
    #expect(finalize(host, 2) == .enxio, "RECs are made in order")
    #expect(host.errno { (kvm) throws(KVMError) in _ = try kvm.run(0) } == .einval)
    #expect(host.errno(.activate) == nil)
    #expect(host.errno(.activate) == .einval)
  }

  /// As strace shows them of a real VMM.
  @Test func numbers() {
    #expect(KVMCall.createVCPU.ioctl.rawValue == 0xAE41 && KVMCall.run.ioctl.rawValue == 0xAE80)
    #expect(KVMCall.setMemoryRegion.ioctl.rawValue == 0x4020_AE46 && KVMCall.populate.ioctl.rawValue == 0x4068_AEA3)
    #expect(KVMCall.finalizeVCPU.ioctl.rawValue == 0x4004_AEC2 && KVMCall.finalizeVCPU.name == "KVM_ARM_VCPU_FINALIZE(REC)")
    #expect(KVMArgument.populate(base: 0x1000, size: 0x2000, flags: 1).count == 32)
  }

  @Test func whatWasAskedForIsLogged() throws {
    let host = try Host().reach(.active)
    #expect(host.errno(.create) == .eexist)
    #expect(
      host.kvm.callLog.entries.map(\.line) == [
        "ioctl(KVM_ENABLE_CAP(CREATE_REALM)) = 0", "ioctl(KVM_ENABLE_CAP(INIT_RIPAS), {base=0x80000000, size=0x400000}) = 0",
        "ioctl(KVM_ENABLE_CAP(POPULATE), {base=0x80000000, size=0x2000}) = 0", "ioctl(KVM_ARM_VCPU_FINALIZE(REC), vCPU 0) = 0",
        "ioctl(KVM_ENABLE_CAP(ACTIVATE)) = 0", "ioctl(KVM_ENABLE_CAP(CREATE_REALM)) = -1 EEXIST",
      ])
    for _ in 0..<KVMCallLog.limit { _ = host.errno(.create) }
    #expect(host.kvm.callLog.entries.count == KVMCallLog.limit)
  }

  // MARK: The end

  /// Granules of the Host's that are not its own any more.
  private func missing(_ host: Host) -> [UInt64] {
    let dram = host.session.dram
    return stride(from: dram.lowerBound, to: host.kvm.state.granules.next, by: 4096).filter { granule in
      host.session.read { $0.gpi(granule) != .nonSecure }
    }
  }

  @Test func everythingIsGivenBack() throws {
    let host = try Host().reach(.active)
    #expect(!missing(host).isEmpty)
    host.kvm.destroy()
    #expect(host.kvm.leaked == [] && host.kvm.state.realm == .dead)
    #expect(missing(host) == [] && host.session.read { $0.realmSummaries().isEmpty && $0.invariantViolations() == [] })
    #expect(host.errno { (kvm) throws(KVMError) in _ = try kvm.run(0) } == .einval)
    #expect(host.kvm.kernelLog.lines == [])
    // Half made, too.
    let new = try Host().reach(.new)
    new.kvm.destroy()
    #expect(new.kvm.leaked == [] && missing(new) == [])
  }

  /// Somebody else has destroyed a REC: KVM warns, and leaves the Realm as it is.
  @Test func whatCannotBeGivenBackIsLeaked() throws {
    let host = try Host().reach(.active)
    let rec = host.kvm.vcpus[0].address
    #expect(host.kvm.send("RMI_REC_DESTROY", [rec])[0] == 0)
    host.kvm.destroy()
    #expect(host.kvm.leaked.contains(rec) && Set(missing(host)).isSubset(of: host.kvm.leaked))
    #expect(host.kvm.kernelLog.lines.contains { $0.text.hasSuffix("WARNING: arch/arm64/kvm/rme.c: rec_destroy failed") })
    #expect(host.session.read { $0.realmSummaries().count } == 1)
  }

  /// Two Realms, and an ordinary VM, each in memory of its own.
  @Test func severalAtOnce() throws {
    var configuration = MachineConfiguration()
    configuration.vcpu = .code
    let session = Session(configuration, keepsHistory: false)
    let base = session.dram.lowerBound
    let code = QEMURunTests.kernel(uart: 1 << 40 | 0x900_0000)
    let files = GuestFiles { (_) throws(GuestFiles.Unreadable) in code }
    let guests = try (0..<2 as Range<UInt64>).map { number in
      try QEMUProcess(
        QEMUCommandLine(
          "-M virt,confidential-guest-support=r -accel kvm -object rme-guest,id=r -m 16M -kernel Image".split(separator: " ").map(
            String.init)),
        session, HostCapabilities(features: configuration.featureRegister0), files,
        memory: base + number << 24..<base + (number + 1) << 24, vmid: number + 1)
    }
    #expect(session.read { $0.realmSummaries().count } == 2)
    for guest in guests {
      _ = guest.run(entries: 100)
      #expect(guest.exitCode == 0 && guest.vm.uart.output == [33])
      guest.vm.kvm.destroy()
      #expect(guest.vm.kvm.leaked == [])
    }
    #expect(session.read { $0.realmSummaries().isEmpty && $0.invariantViolations() == [] })
  }
}
