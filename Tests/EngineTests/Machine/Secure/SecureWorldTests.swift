import Testing

@testable import Machine

/// The Secure world beside the others: routing at EL3, interrupts, pages that two worlds want, and memory out of the Host's reach.
struct SecureWorldTests {
  private static let page: UInt64 = 0x8200_0000

  @Test func withoutAnSPMCNobodyKnowsFFA() {
    var machine = Machine(MachineConfiguration())
    var x = InlineArray<18, UInt64>(repeating: 0)
    x[0] = 0x8400_0063
    x[1] = 0x1_0001
    _ = machine.perform(smc: &x, from: .normal)
    #expect(x[0] == SMCCC.notSupported)
  }

  @Test func identitiesFollowFromWhoAsks() {
    let script = SecureScript()
    #expect(script.call(0, "FFA_ID_GET").x[2] == 0)
    #expect(script.call(0x8002, "FFA_ID_GET").x[2] == 0x8002)
    #expect(script.call(0, "FFA_SPM_ID_GET").x[2] == 0x8000)
    // Software at S-EL2 asks the SPMD.
    #expect(script.smc(.secure, 0x8400_0069, []).x[2] == 0x8000)
    #expect(script.smc(.secure, 0x8400_0085, []).x[2] == 0xFFFF)
    #expect(script.smc(.secure, 0x8400_0067, []).status == "FFA_NOT_SUPPORTED")
    #expect(script.smc(.secure, 0x8400_006B, []).status == "FFA_DENIED")
    // RMI is refused, and so is what nobody implements.
    #expect(script.smc(.secure, 0xC400_0151, [Self.page]).x[0] == SMCCC.notSupported)
    #expect(script.call(0, "FFA_FEATURES", 0xC400_0066).status == "OK")
    #expect(script.smc(.normal, 0x8400_008A, []).status == "FFA_NOT_SUPPORTED")
  }

  /// The SPMD forwards every call that has conditions but those it answers or refuses, and knows no other.
  @Test func eachCallHasARoute() {
    for call in FFACalls.all where call.interface == .ffa {
      #expect(SPMD.routes.contains { $0.fids.contains(UInt64(call.fid) & ~(1 << 30)) }, "\(call.name)")
    }
    #expect(SPMD.route(0x8400_006C, of: .normal) == .refuses)
    #expect(SPMD.route(0xC400_0066, of: .normal) == .forwards)
    #expect(SPMD.route(0x8400_0069, of: .secure) == .answers)
    #expect(SPMD.route(0x8400_007A, of: .normal) == .refuses)
  }

  @Test func partitionsAreToldOf() throws {
    let script = SecureScript()
    let answer = script.call(0, "FFA_PARTITION_INFO_GET")
    #expect(Array(answer.x[2...3]) == [3, 24])
    let bytes = script.read(0, 72)
    #expect(Array(bytes[..<8]) == [0x01, 0x80, 1, 0, 0x03, 0x01, 0, 0])
    #expect(Array(bytes[8..<24]) == SecurePartition.all[0].uuid)
    #expect(Array(bytes[48..<56]) == [0x03, 0x80, 1, 0, 0x00, 0x01, 0, 0])
    _ = script.call(0, "FFA_RX_RELEASE")
    // OP-TEE's UUID in registers, as a client asks for it.
    #expect(script.call(0, "FFA_PARTITION_INFO_GET", 0xE078_6148, 0xE311_F8E7, 0x0200_5EBC, 0x1BC5_D5A5, 1).x[2] == 1)
  }

  /// An interrupt for the Host stops a partition; FFA_RUN lets it go on where it was.
  @Test func anInterruptGivesThePEBack() {
    let script = SecureScript()
    #expect(script.smc(.normal, 0x8400_006F, [0x8001, 0, 42]).isRunning)
    #expect(script.machine.spm.running[0] == 1)
    _ = script.machine.perform(.setRegister("isr_el1", 0x80))
    // The call it was about to make is not made.
    let answer = script.smc(.secure, 0x8400_0070, [0x8001_0000])
    #expect(Array(answer.x[..<2]) == [0x8400_0062, 0x8001_0000])
    #expect(script.machine.spm.endpoints[1].state == .preempted)
    #expect(script.smc(.normal, 0x8400_006D, [0x8001_0000]).x[0] == 0x8400_0062)
    _ = script.machine.perform(.setRegister("isr_el1", 0))
    #expect(script.smc(.normal, 0x8400_006D, [0x8001_0000]).isRunning)
    #expect(Array(script.smc(.secure, 0x8400_0070, [0x8001_0000, 0, 43]).x[..<4]) == [0x8400_0070, 0x8001_0000, 0, 43])
    #expect(script.machine.invariantViolations() == [])
  }

  /// What is lent is out of the Host's reach and of the RMM's, until it is reclaimed.
  @Test func aLentPageIsTheBorrowersAlone() {
    let script = SecureScript()
    func reads(_ world: World) -> Bool {
      if case .access(.value) = script.machine.perform(.access(MemoryAccess(world: world, address: Self.page, kind: .read64))) {
        return true
      }
      return false
    }
    #expect(script.send("lend", 0, [0x8001], [Self.page]).status == "OK")
    #expect(!reads(.normal) && !reads(.realm) && reads(.secure))
    #expect(script.machine.access(Self.page, of: 0) == nil)
    #expect(script.machine.access(Self.page, of: 1) == nil)
    #expect(script.retrieve(1, 0x8001).status == "OK")
    #expect(script.machine.access(Self.page, of: 1)?.data == FFAPermissions.readWrite)
    #expect(script.machine.access(Self.page, of: 2) == nil)
    // EL3 does not give it to anybody else.
    #expect(script.smc(.normal, 0xC400_0151, [Self.page]).x[0] == 1)
    #expect(script.machine.decisions.last?.id == "gran_gpt")
    guard case .el3(.badPAS) = script.machine.perform(.assignGranule(Self.page, .nonSecure)) else {
      Issue.record("EL3 moved a granule the SPMC has taken")
      return
    }
    #expect(script.reclaim(1, 0).status == "FFA_DENIED")
    #expect(script.relinquish(1, 0x8001).status == "OK")
    #expect(script.reclaim(1, 0).status == "OK")
    #expect(reads(.normal) && !reads(.secure))
    #expect(script.smc(.normal, 0xC400_0151, [Self.page]).x[0] == 0)
  }

  /// The other way round: the RMM has it first, and the SPMC is refused by EL3; nothing has moved.
  @Test func aPageOfTheRMMIsNotLent() {
    let script = SecureScript()
    #expect(script.smc(.normal, 0xC400_0151, [Self.page + 0x1000]).x[0] == 0)
    #expect(script.send("lend", 0, [0x8001], [Self.page, Self.page + 0x1000]).status == "FFA_DENIED")
    #expect(script.machine.gpi(Self.page) == .nonSecure)
    #expect(script.machine.spm.shares == [])
  }

  /// Where EL3 moves nothing, what is lent stays in the Host's reach, and the records say so.
  @Test func withoutProtectionTheGPTStaysAsItIs() {
    let script = SecureScript(protects: false)
    #expect(script.send("lend", 0, [0x8001], [Self.page]).status == "OK")
    #expect(script.machine.gpi(Self.page) == .nonSecure)
    #expect(script.machine.invariantViolations() == [])
  }

  @Test func memoryIsZeroedWhereItWasAskedFor() {
    let script = SecureScript()
    _ = script.machine.perform(.access(MemoryAccess(world: .normal, address: Self.page, kind: .write64(7))))
    #expect(script.send("lend", 0, [0x8001], [Self.page], clear: true).status == "OK")
    #expect(script.machine.memory.load64(Self.page) == 0)
    #expect(script.retrieve(1, 0x8001) { $0.flags = 1 }.x[0] == 0x8400_0075)
    script.machine.memory.store64(Self.page, 9)
    #expect(script.relinquish(1, 0x8001, flags: 1).status == "OK")
    #expect(script.machine.memory.load64(Self.page) == 0)
  }

  /// The response says what was got: owner, permissions, pages, and whether they are Non-secure.
  @Test func theResponseTellsWhatWasRetrieved() {
    let script = SecureScript()
    #expect(script.send("share", 0, [0x8001], [Self.page, Self.page + 0x2000]).status == "OK")
    let request = { (request: inout Transaction) in request.flags = 1 << 3 }
    #expect(script.retrieve(1, 0x8001, request).x[1] == 112)
    let bytes = script.read(0x8001, 112)
    // Normal write-back inner shareable memory, Non-secure; a share; handle 1.
    #expect(Array(bytes[..<16]) == [0, 0, 0x6F, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0])
    #expect(Array(bytes[48..<56]) == [1, 0x80, 0b0110, 0, 64, 0, 0, 0])
    #expect(Array(bytes[64..<72]) == [2, 0, 0, 0, 2, 0, 0, 0])
    #expect(Array(bytes[96..<108]) == [0, 0x20, 0, 0x82, 0, 0, 0, 0, 1, 0, 0, 0])
  }

  /// The explanation of a call decides as the call does.
  @Test func explanationsDecideAsTheCallsDo() throws {
    let script = SecureScript()
    #expect(script.send("lend", 0, [0x8001], [Self.page]).status == "OK")
    let reclaim = try #require(FFACalls.named("ffa_mem_reclaim"))
    var x = InlineArray<18, UInt64>(repeating: 0)
    x[0] = UInt64(reclaim.fid)
    x[1] = 1
    #expect(script.machine.explain(reclaim, x, caller: 1).decidedBy == "owner")
    #expect(script.machine.explain(reclaim, x, caller: 1).status == "FFA_INVALID_PARAMETERS")
    #expect(script.machine.explain(reclaim, x, caller: 0).decidedBy == nil)
    #expect(script.machine.explain(reclaim, x, caller: 0).status == "FFA_SUCCESS")
    let verdicts = script.machine.explain(reclaim, x, caller: 1).rows.map(\.verdict)
    #expect(verdicts == [.held, .failed, .notReached, .notReached, .notReached])
  }
}
