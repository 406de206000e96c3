import Basics
import Engine
import Testing

@testable import Host
@testable import Machine
@testable import Session

/// Machines whose firmware is not sound: how far they come, what is printed, and what the Host finds.
struct FirmwareFailureTests {
  private func configuration(_ failure: FirmwareFailure?, _ map: MemoryMapKind = .model) -> MachineConfiguration {
    var configuration = MachineConfiguration()
    configuration.take(map)
    configuration.firmware = failure
    return configuration
  }

  /// What TF-A prints of each, between what it prints anyway (services/std_svc/rmmd/rmmd_main.c, bl31/bl31_main.c).
  private static let answers: [FirmwareFailure: Int64] = [
    .unknownError: -1, .interfaceVersion: -2, .cpuCount: -3, .cpuNumber: -4, .sharedBuffer: -5, .manifestVersion: -6,
    .manifestData: -7, .manifestChecksum: -7,
  ]

  @Test(arguments: answers.sorted { $0.key.rawValue < $1.key.rawValue }, [MemoryMapKind.model, .fvp, .qemu])
  func anRMMThatRefusesItsBootIsNeverEnteredAgain(_ failure: (key: FirmwareFailure, value: Int64), _ map: MemoryMapKind) throws {
    let script = Script(configuration(failure.key, map))
    #expect(script.session.read { $0.bootRecord.rmm?.rawValue } == failure.value)
    #expect(script.session.read { $0.hasNormalWorld && !$0.hasRMM })
    let console = script.session.rootConsole
    let start = try #require(console.firstIndex(of: "INFO:    RMM init start."))
    #expect(
      console[(start + 1)...].prefix(3) == [
        "ERROR:   RMM init failed: \(failure.value)", "WARNING: BL31: RMM initialization failed",
        "INFO:    BL31: Preparing for EL3 exit to normal world",
      ])
    #expect(console.last == "ERROR:   RMM Failed to initialize. Ignoring for CPU1")
    try script.check(
      """
      RMI_VERSION
      expect SMCCC_NOT_SUPPORTED
      el3 says WARNING: RMMD: Failed to boot up RMM. Ignoring RMI call
      expect yes
      RMI_GRANULE_DELEGATE 0x80001000
      expect SMCCC_NOT_SUPPORTED
      gpt 0x80001000
      expect NS
      smc SMCCC_VERSION
      expect 0x10005
      """)
    #expect(script.session.read { $0.invariantViolations() } == [])
    try expectReplay(of: script.session)
    var restored = try SavedState.machine(script.session.savedState())
    #expect(restored.digest() == script.session.digest())
  }

  /// The RMM is not there at all: RMMD says so while it is set up, and BL31 goes on.
  @Test(arguments: [MemoryMapKind.model, .fvp])
  func withoutAnImageTheNormalWorldBootsAllTheSame(_ map: MemoryMapKind) throws {
    let script = Script(configuration(.noRMM, map))
    let console = script.session.rootConsole
    #expect(console.contains("WARNING: RMMD setup failed. Continuing boot."))
    #expect(console.contains { $0.hasPrefix("WARNING: No RMM image provided by BL2 boot loader, Booting device without RMM") })
    #expect(!console.contains { $0.contains("RMM init start") || $0.contains("image id=35") })
    #expect(console.contains("INFO:    BL31: Preparing for EL3 exit to normal world"))
    try script.check("RMI_VERSION\nexpect SMCCC_NOT_SUPPORTED\nns.read64 0x80000000\nexpect ok")
    #expect(script.session.read { $0.control.realms.isEmpty && $0.bootRecord.rmm == nil })
    try expectReplay(of: script.session)
  }

  /// On QEMU the platform's own code ends BL31 before that.
  @Test func qemusBL31DemandsAnRMM() throws {
    let script = Script(configuration(.noRMM, .qemu))
    #expect(script.session.rootConsole.suffix(2).first == "PANIC in EL3.")
    try script.check("RMI_VERSION")
    #expect(script.raw.last?.contains("the machine has not booted: BL31 panics") == true)
  }

  /// What the GPT library finds, with its words, and the function that fails (lib/gpt_rme/gpt_rme.c).
  private static let misconfigurations: [(FirmwareFailure, [String])] = [
    (.gptOverlap, ["ERROR:   GPT: PAS[7] overlaps with PAS[2]", "ERROR:   gpt_init_pas_l1_tables() failed!"]),
    (.gptAlignment, ["ERROR:   GPT: PAS[2] is not granule-aligned!", "ERROR:   gpt_init_pas_l1_tables() failed!"]),
    (.gptBlock, ["ERROR:   GPT: PAS[2] is not block-aligned!", "ERROR:   gpt_init_pas_l1_tables() failed!"]),
    (.gptOverflow, ["ERROR:   GPT: Address overflow in PAS[7]!", "ERROR:   gpt_init_pas_l1_tables() failed!"]),
    (.gptBounds, ["ERROR:   GPT: PAS[7] is invalid!", "ERROR:   gpt_init_pas_l1_tables() failed!"]),
    (.gptOrder, ["ERROR:   GPT: L0 tables must be initialized first!", "ERROR:   gpt_init_pas_l1_tables() failed!"]),
    (.gptTwice, ["ERROR:   GPT: PAS[0] overlaps with previous L0[3]!", "ERROR:   gpt_init_pas_l1_tables() failed!"]),
    (.gptLevel0, ["ERROR:   GPT: Invalid L0 base address: 0x405e800", "ERROR:   gpt_init_l0_tables() failed!"]),
    (
      .gptMemory,
      [
        "ERROR:   GPT: Inadequate L1 GPTs memory", "ERROR:         Expected 0x100000 bytes, got 0x20000",
        "ERROR:   gpt_init_pas_l1_tables() failed!",
      ]
    ),
  ]

  @Test func eachMisconfigurationHasItsWords() {
    #expect(
      Self.misconfigurations.map(\.0.rawValue).sorted() == FirmwareFailure.allCases.filter(\.isOfGPT).map(\.rawValue).sorted())
    for (failure, lines) in Self.misconfigurations {
      let script = Script(configuration(failure, .fvp))
      let console = script.session.rootConsole
      #expect(console.filter { $0.hasPrefix("ERROR:") } == lines, "\(failure)")
      #expect(console.last == "PANIC at PC : 0x0000000004032000", "\(failure)")
      #expect(
        !console.contains { $0.contains("Enabling Granule Protection Checks") || $0.hasPrefix("NOTICE:  BL2:") }, "\(failure)")
      // What is read off the plan is what the machine came to.
      #expect(script.session.read { !$0.hasNormalWorld && $0.control.bootStages == 1 << 1 | 1 << 2 }, "\(failure)")
      #expect(script.session.read { $0.control.pes.allSatisfy(\.hasStopped) && $0.invariantViolations().isEmpty }, "\(failure)")
    }
  }

  /// On QEMU it is BL31 that builds the GPT, and has a crash report.
  @Test(arguments: FirmwareFailure.allCases.filter(\.isOfGPT), MemoryMapKind.allCases)
  func aMachineWithoutAGPTDoesNothing(_ failure: FirmwareFailure, _ map: MemoryMapKind) throws {
    let script = Script(configuration(failure, map))
    let record = script.session.read { $0.bootRecord }
    #expect(record.stages.last?.stage == (map == .qemu ? .bl31 : .bl2))
    #expect(record.console.contains { $0.hasPrefix(map == .qemu ? "PANIC in EL3." : "PANIC at PC") })
    #expect(record.stopped?.contains("panics: GPT: ") == true)
    let before = script.session.digest()
    for line in ["RMI_VERSION", "ns.read64 0x80000000", "root.read64 0x80000000", "gpt.set 0x80000000 secure", "resume 0"] {
      try script.check(line)
      #expect(script.takeRaw().last?.contains("the machine has not booted") == true || line == "resume 0", "\(line)")
    }
    try script.check("pe 1\nRMI_VERSION")
    #expect(script.takeRaw().last?.contains("has not booted") == true)
    try script.check("pe 0")
    #expect(script.session.digest() == before)
    try expectReplay(of: script.session)
    var restored = try SavedState.machine(script.session.savedState())
    #expect(restored.digest() == script.session.digest())
  }

  /// A file that says that a machine has an RMM where it has none is none of that machine.
  @Test func aStateCannotClaimAnotherBoot() throws {
    let session = Session(configuration(.noRMM))
    session.perform(.action(.access(MemoryAccess(world: .normal, address: 0x8000_0000, kind: .write64(1)))))
    var text = session.savedState()
    let word = Array("firmware=no-rmm".utf8)
    let at = try #require(text.indices.first { Array(text[$0...].prefix(word.count)) == word })
    text.replaceSubrange(at..<at + word.count, with: Array("firmware=none".utf8))
    #expect(throws: SavedState.Malformed.self) { _ = try SavedState.machine(text) }
  }

  // MARK: The Host

  @Test func kvmMakesNoRealmsWithoutAnRMM() throws {
    let session = Session(configuration(.manifestChecksum))
    let start = KVMStart(session)
    #expect(start.realms == .noRMM && start.lines == [])
    #expect(session.position == 0)
    let sound = KVMStart(Session(configuration(nil)))
    #expect(sound.hasRealms && sound.lines == ["kvm [1]: RMI ABI version 1.0"])
    let vm = RealmVM(session, RealmVM.Options())
    let error = #expect(throws: RealmVM.Failure.self) { try vm.build(try Self.image()) }
    #expect(error?.message.hasPrefix("KVM_CREATE_VM answered EPERM: ") == true)
    #expect(session.position == 0)
    // A VM that is no Realm needs no RMM.
    var options = RealmVM.Options()
    options.isRealm = false
    var code = configuration(.manifestChecksum)
    code.vcpu = .code
    try RealmVM(Session(code), options).build(try Self.image())
  }

  /// The whole stack: QEMU dies of what KVM answers, and libvirt is told which layer it was.
  @Test func qemuEndsWithWhatKVMAnswers() throws {
    var code = configuration(.noRMM)
    code.vcpu = .code
    let commandLine = try QEMUCommandLine(
      [
        "-M", "virt,confidential-guest-support=rme0", "-object", "rme-guest,id=rme0", "-accel", "kvm", "-cpu", "host", "-m",
        "64M",
      ])
    let files = GuestFiles { _ throws(GuestFiles.Unreadable) in throw GuestFiles.Unreadable(message: "there is none") }
    let refusal = #expect(throws: VMMRefusal.self) {
      _ = try QEMUProcess(commandLine, Session(code), HostCapabilities(features: code.featureRegister0), files)
    }
    #expect(refusal?.line == "qemu-system-aarch64: -accel kvm: failed to initialize kvm: Operation not permitted")
    #expect(refusal?.isOfKVM == true && refusal?.advice?.contains("EPERM") == true)
  }

  /// What the reference says of each is what the program takes.
  @Test func theDocumentNamesEachFailure() throws {
    let text = try Project.text("Documentation/Boot.md")
    for failure in FirmwareFailure.allCases { #expect(text.contains("| `\(failure.rawValue)` |"), "\(failure)") }
  }

  private static func image() throws -> BootImage {
    let code: [UInt8] = [0x00, 0x00, 0x00, 0x14]
    return try BootImage(code + [UInt8](repeating: 0, count: 4092), base: RealmVM.ramBase)
  }
}
