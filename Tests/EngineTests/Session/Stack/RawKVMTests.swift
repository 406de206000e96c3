import Engine
import Testing

@testable import Session

/// VMs that are made call by call, on one machine: every error number KVM has for them, whose it is, and what becomes of the memory.
struct RawKVMTests {
  /// MOVZ X0, #0x8400, LSL #16; MOVK X0, #8; SMC #0: PSCI_SYSTEM_OFF.
  private static let powerOff = "0080b0d2000180f2030000d4"
  private static let region = "SET_USER_MEMORY_REGION 0x80000000 0x400000"

  private final class Host {
    let stack: HostStack
    var session: Session { stack.session }

    init(features: UInt64? = nil, pes: Int = 2) {
      var configuration = MachineConfiguration()
      (configuration.vcpu, configuration.dramSize, configuration.peCount) = (.code, 256 << 20, pes)
      if let features { configuration.featureRegister0 = features }
      stack = HostStack(Session(configuration, keepsHistory: false))
    }

    @discardableResult
    func kvm(_ line: String) throws -> KVMAnswer { try stack.kvm(line.split(separator: " ").map(String.init)) }

    /// Lines for one VM, the last one's answer.
    @discardableResult
    func kvm(_ name: String, _ lines: [String]) throws -> KVMAnswer? {
      var answer: KVMAnswer?
      for line in lines { answer = try kvm("\(name) \(line)") }
      return answer
    }

    /// Somebody else on this Host makes an RMI call.
    func smc(_ name: String, _ arguments: UInt64...) {
      guard let entry = Commands.named(name) else { return }
      #expect(session.smc([UInt64(entry.fid)] + arguments)?.first == 0)
    }

    func vm(_ name: String) throws -> KVMVirtualMachine { try #require(stack.raw[name]?.vm.kvm) }
    /// Granules that are not simply the Host's.
    var taken: [UInt64] {
      session.read { $0.piecesInUse(of: Granule.size) }.map { session.dram.lowerBound + $0 * Granule.size }
    }
  }

  private static let new = ["CREATE_VM realm", region, "CREATE_VCPU pc=0x80000000", "CREATE_REALM"]
  private static let ready =
    new + ["INIT_RIPAS 0x80000000 0x400000", "WRITE 0x80000000 \(powerOff)", "POPULATE 0x80000000 0x1000", "VCPU_FINALIZE 0"]

  @Test func aRealmFromItsFirstCallToItsLast() throws {
    let host = Host()
    let before = host.taken
    #expect(try host.kvm("a", Self.ready + ["ACTIVATE"])?.line == "ioctl(KVM_ENABLE_CAP(ACTIVATE)) = 0")
    #expect(try host.kvm("a RUN 0").line == "ioctl(KVM_RUN, vCPU 0) = 0, KVM_EXIT_SYSTEM_EVENT shutdown")
    #expect(try host.kvm("a CLOSE").error == nil)
    #expect(host.taken == before && host.stack.leaked.isEmpty)
    #expect(host.stack.kernelLines == [LogLine("[    0.000000] kvm [1]: RMI ABI version 1.0")])
    #expect(throws: KVMRequest.Malformed.self) { try host.kvm("a RUN 0") }
  }

  // MARK: Error numbers

  /// How each row is come to: what is done before, the call, and the row; it says number and layer.
  private static let rows: [(row: KVMErrnoRow, before: [String], call: String)] = [
    (.noRealm, ["CREATE_VM ordinary"], "CREATE_REALM"), (.noRealm, ["CREATE_VM ordinary"], "ENABLE_CAP 5"),
    (.unreadable, new, "INIT_RIPAS unreadable"), (.configureCreated, new, "CONFIG_REALM hash=sha256"),
    (.unknownHash, ["CREATE_VM realm"], "CONFIG_REALM hash=2"), (.createCreated, new, "CREATE_REALM"),
    (.ripasOrder, ["CREATE_VM realm"], "INIT_RIPAS 0 0x1000"), (.ripasWraps, new, "INIT_RIPAS 0xfffffffffffff000 0x2000"),
    (.ripasRefused, new, "INIT_RIPAS 0x10000000000 0x1000"), (.populateOrder, ["CREATE_VM realm"], "POPULATE 0 0x1000"),
    (.populateAlignment, new, "POPULATE 0x80000001 0x1000"), (.populateFlags, new, "POPULATE 0x80000000 0x1000 flags=2"),
    (.populateWraps, new, "POPULATE 0x80000000 0xfffffffffffff000"), (.populateCrosses, new, "POPULATE 0x80000000 0x401000"),
    (.populateNoSlot, new, "POPULATE 0x40000000 0x1000"),
    (.populateNoPage, new + ["SET_USER_MEMORY_REGION 0x40000000 0x1000 absent"], "POPULATE 0x40000000 0x1000"),
    (.populateRefused, new + ["POPULATE 0x80000000 0x1000"], "POPULATE 0x80000000 0x1000"),
    (.finalizeOrder, ["CREATE_VM realm", "CREATE_VCPU"], "VCPU_FINALIZE 0"),
    (.finalized, ready, "VCPU_FINALIZE 0"),
    (.noPSCI, ["CREATE_VM realm", "CREATE_VCPU no-psci", "CREATE_REALM"], "VCPU_FINALIZE 0"),
    (.otherPMU, ["CREATE_VM realm", "CREATE_VCPU pmu", "CREATE_REALM"], "VCPU_FINALIZE 0"),
    (.finalizeRefused, ["CREATE_VM realm", "CREATE_VCPU", "CREATE_VCPU", "CREATE_REALM"], "VCPU_FINALIZE 1"),
    (.activateOrder, ["CREATE_VM realm"], "ACTIVATE"), (.runOrder, new, "RUN 0"),
  ]

  @Test func everyErrorNumberIsReachedAndSaysWhose() throws {
    var reached: Set<String> = []
    for (row, before, call) in Self.rows {
      let host = Host()
      try host.kvm("a", before)
      let answer = try host.kvm("a \(call)")
      #expect(answer.row == row && answer.errno == row.errno && answer.layer == row.layer, "\(call): \(answer)")
      #expect(answer.line.hasSuffix("= -1 \(row.errno.rawValue)") && answer.explanation?.hasPrefix(row.layer.rawValue) == true)
      #expect(host.session.kvmRefusals.contains(row.rawValue))
      reached.formUnion(host.session.kvmRefusals)
    }
    // What takes another RMM, or somebody else.
    let poor = Host(features: 0x281_FC10_4130)
    #expect(try poor.kvm("a", ["CREATE_VM realm", "CONFIG_REALM hash=sha512"])?.row == .hashNotSupported)
    let late = Host()
    try late.kvm("a", Self.ready)
    late.smc("RMI_REALM_ACTIVATE", try late.vm("a").rd)
    #expect(try late.kvm("a ACTIVATE").row == .activateRefused)
    let early = Host()
    try early.kvm("a CREATE_VM realm")
    early.smc("RMI_GRANULE_DELEGATE", try early.vm("a").ledger.taken.upperBound)
    #expect(try early.kvm("a CREATE_REALM").row == .createRefused)
    for host in [poor, late, early] { reached.formUnion(host.session.kvmRefusals) }
    #expect(reached == Set(KVMErrnoRow.allCases.map(\.rawValue)))
  }

  @Test func coverageNamesTheRowsThatAreMissing() {
    var coverage = Coverage()
    #expect(coverage.missingRows.count == KVMErrnoRow.allCases.count)
    coverage.note(refusals: [KVMErrnoRow.runOrder.rawValue], in: "a/b.session")
    #expect(!coverage.missingRows.contains("KVM_RUN not_active"))
    let table = coverage.table()
    #expect(table.contains { $0.hasPrefix("KVM_RUN not_active") && $0.contains("EINVAL KVM") && $0.hasSuffix("b.session") })
    #expect(table.contains { $0.hasPrefix("POPULATE refused") && $0.contains("ENXIO RMM") && $0.hasSuffix("-") })
    #expect(table.dropLast().last == "1 of \(KVMErrnoRow.allCases.count) rows of KVM's error numbers reached")
  }

  @Test func whatCannotBeAVM() throws {
    let host = Host()
    #expect(try host.kvm("a CREATE_VM realm ipa=31").errno == .einval)
    #expect(try host.kvm("a CREATE_VM ordinary ipa=48").errno == .einval)
    try host.kvm("a CREATE_VM realm")
    #expect(throws: KVMRequest.Malformed.self) { try host.kvm("a CREATE_VM realm") }
    // As many as there is memory for.
    for n in 1..<16 { try host.kvm("v\(n) CREATE_VM realm") }
    #expect(try host.kvm("w CREATE_VM realm").errno == .enomem)
    for _ in 0..<KVMVirtualMachine.mostVCPUs { #expect(try host.kvm("a CREATE_VCPU").error == nil) }
    #expect(try host.kvm("a CREATE_VCPU").errno == .einval)
  }

  // MARK: Memory

  /// What the RMM refuses leaves no granule delegated, and none that the Host has lost.
  @Test func aRefusedCallGivesBackWhatItHadDelegated() throws {
    let host = Host()
    try host.kvm("a CREATE_VM realm")
    // The second of its four tables, which lie side by side, is somebody else's.
    let second = try host.vm("a").ledger.taken.upperBound + 5 * Granule.size
    host.smc("RMI_GRANULE_DELEGATE", second)
    #expect(try host.kvm("a CREATE_REALM").row == .createRefused)
    #expect(host.taken == [second])
    host.smc("RMI_GRANULE_UNDELEGATE", second)
    try host.kvm("a", [Self.region, "CREATE_VCPU", "CREATE_VCPU", "CREATE_REALM"])
    let before = host.session.read { $0.control.recs.count }
    let granules = host.taken
    #expect(try host.kvm("a VCPU_FINALIZE 1").row == .finalizeRefused)
    #expect(host.taken == granules && host.session.read { $0.control.recs.count } == before)
    // A page that is there already.
    try host.kvm("a POPULATE 0x80000000 0x1000")
    #expect(try host.kvm("a POPULATE 0x80000000 0x1000").row == .populateRefused)
    #expect(host.session.read { machine in host.taken.allSatisfy { machine.granuleState($0) != .delegated } })
    try host.kvm("a CLOSE")
    #expect(host.taken.isEmpty && host.stack.leaked.isEmpty)
  }

  /// Two ordinary VMs on one PE in turn: each executes its own code.
  @Test func eachVMHasItsOwnTables() throws {
    let host = Host(pes: 1)
    // MOV X1, #0x900_0000; MOV W0, #n; STR W0, [X1]; B -4.
    for (name, byte) in [("a", "20088052"), ("b", "40088052")] {
      try host.kvm(
        name,
        [
          "CREATE_VM ordinary", Self.region, "WRITE 0x80000000 0120a1d2\(byte)200000b9feffff17", "CREATE_VCPU pc=0x80000000",
        ])
    }
    for _ in 0..<2 {
      #expect(try host.kvm("a RUN 0").line.contains("data=0x41"))
      #expect(try host.kvm("b RUN 0").line.contains("data=0x42"))
    }
  }

  /// Memory that was a guest's has nothing of it when another gets it.
  @Test func memoryThatIsUsedAgainIsEmpty() throws {
    let host = Host()
    // MOV X1, #0x80000000; ADD X1, X1, #1, LSL #12: the second page; LDR X0, [X1]; STR W0 at the UART.
    let next = "21044091"
    func run(_ code: String) throws -> String {
      try host.kvm(
        "a", ["CREATE_VM ordinary", Self.region, "WRITE 0x80000000 \(code)", "CREATE_VCPU pc=0x80000000"])
      var line = ""
      for _ in 0..<8 where !line.contains("MMIO") { line = try host.kvm("a RUN 0").line }
      try host.kvm("a CLOSE")
      return line
    }
    let (move, load, uart) = ("0100b0d2", "200040f9", "0220a1d2400000b9")
    // MOV W0, #0x55; STR X0, [X1].
    let store = "a00a8052200000f9"
    let stores = (0..<4).map { _ in next + store }.joined()
    #expect(try run(move + stores + uart).contains("data=0x55"))
    let loads = (0..<4).map { _ in next + "230040f90000038b" }.joined()  // LDR X3, [X1]; ADD X0, X0, X3
    #expect(try run(move + next + load + loads + uart).contains("data=0x0"))
  }

  /// What one guest has leaked no other gets.
  @Test func whatIsLeakedIsNeverUsedAgain() throws {
    let host = Host()
    try host.kvm("a", Self.ready + ["ACTIVATE"])
    host.smc("RMI_REC_DESTROY", try host.vm("a").vcpus[0].address)
    try host.kvm("a CLOSE")
    let leaked = host.stack.leaked
    #expect(!leaked.isEmpty && Set(host.taken).isSubset(of: leaked))
    #expect(host.stack.kernelLines.contains { $0.text.hasSuffix("are leaked") && $0.isProblem })
    // Its VMID is taken as well.
    try host.kvm("b", Self.ready + ["ACTIVATE"])
    #expect(try host.kvm("b RUN 0").exit == .systemEvent(.shutdown))
    #expect(Set(try host.vm("b").ledger.entries.map(\.granule)).isDisjoint(with: leaked))
    #expect(host.session.read { $0.invariantViolations() } == [])
  }

  /// Somebody else has destroyed the Realm: KVM warns, and does not go through its whole space for tables.
  @Test func aRealmThatIsGoneIsLeakedAtOnce() throws {
    let host = Host()
    try host.kvm("a", Self.new)
    host.smc("RMI_REALM_DESTROY", try host.vm("a").rd)
    let before = host.session.position
    try host.kvm("a CLOSE")
    #expect(host.session.position - before < 10)
    #expect(
      Set(host.taken).isSubset(of: host.stack.leaked)
        && host.stack.kernelLines.contains { $0.text.contains("realm_destroy failed") && $0.isProblem })
  }

  @Test func aVMThatIsNotThere() throws {
    let host = Host()
    #expect(throws: KVMRequest.Malformed(message: "there is no VM a; CREATE_VM makes one")) { try host.kvm("a RUN 0") }
    #expect(throws: KVMRequest.Malformed.self) { try host.stack.kvm([]) }
  }
}
