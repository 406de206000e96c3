import Engine
import Testing

/// Why an access to memory passes or not: what the granule protection check finds, hop by hop.
struct AccessExplanationTests {
  private func why(_ lines: String...) throws -> (Session, Explanation) {
    let script = Script()
    try script.run(lines.joined(separator: "\n"))
    return (script.session, try #require(script.session.explanation(ofStep: script.session.steps.count)))
  }

  private func row(_ why: Explanation, _ id: String) throws -> ConditionVerdict { try #require(why.rows.first { $0.id == id }) }

  @Test func whatAWorldMayNotReadSaysWhoMadeItSo() throws {
    let (session, why) = try why("RMI_GRANULE_DELEGATE 0x80001000", "ns.read64 0x80001008")
    #expect(why.call == "Non-secure read of 8 bytes at 0x80001008, by the Normal world")
    #expect(why.rows.map(\.id) == ["pps", "gpt_l0", "gpt_l1", "gpi", "memory"])
    #expect(why.decidedBy == "gpi")
    #expect(try row(why, "gpi").now == "the GPI of granule 0x80001000 is REALM, the access is Non-secure")
    #expect(try row(why, "gpt_l1").now.hasSuffix("sixteen GPIs, bits 7:4 are this granule's"))
    #expect(try row(why, "memory").verdict == .notReached)
    #expect(
      why.status == "granule protection fault, level 1 (GPCSC 0xd), an abort of the Normal world")
    #expect(session.origins(of: why).map(\.step) == [1])
  }

  @Test func theDeviceIsStoppedByItsSMMUAlone() throws {
    let delegate = "RMI_GRANULE_DELEGATE 0x80001000"
    let stopped = try why("machine smmu=on", delegate, "dma.write64 0x80001000 1").1
    #expect(stopped.decidedBy == "gpi")
    #expect(stopped.status.hasSuffix("the SMMU ends the transaction with an abort"))
    let off = try why("machine smmu=off", delegate, "dma.write64 0x80001000 1").1
    #expect(off.decidedBy == nil)
    #expect(off.status == "the access passes")
    #expect(try row(off, "gpi").verdict == .overruled)
    let absent = try why("machine smmu=absent", delegate, "dma.write64 0x80001000 1").1
    #expect(try row(absent, "gpi").verdict == .notReached)
    #expect(try row(absent, "smmu").now == "smmu=absent: no SMMU, so nobody looks into the GPT")
  }

  @Test func aFaultThatIsEL3sSaysItsSyndrome() throws {
    let why = try why("machine gpf=el3", "RMI_GRANULE_DELEGATE 0x80001000", "ns.write8 0x80001000 1").1
    #expect(why.status == "granule protection fault, level 1 (GPCSC 0xd), taken to EL3 with ESR_EL3 0x7a034068")
  }

  @Test func aCheckThatIsOffSaysWhatItWouldHaveDone() throws {
    let why = try why("machine without=gpc.normal", "RMI_GRANULE_DELEGATE 0x80001000", "ns.read64 0x80001000").1
    #expect(why.decidedBy == nil)
    #expect(try row(why, "gpi").verdict == .overruled)
  }

  /// Over random accesses of all worlds and the device, also on machines on which software of Root has written into the GPT: the
  /// explanation decides what the access then does.
  @Test(arguments: [
    "machine", "machine smmu=on gpf=el3", "machine smmu=off", "machine map=qemu", "machine without=gpc.*", "machine secure=spmc",
  ])
  func whatIsExplainedIsWhatHappens(_ machine: String) throws {
    var random = SeededNumbers(seed: 7)
    let script = Script()
    try script.run("\(machine)\nrealm")
    let session = script.session
    let dram = session.configuration.dramBase
    for round in 0..<600 {
      let bases: [UInt64] = [0, 0x4000_0000, dram, dram, dram + 0x10_0000, 1 << 40, ~0 - 0x2000]
      let address = bases[Int(random.next() % 7)] &+ random.next() % 0x4_0000
      let kinds: [MemoryAccess.Kind] = [.read64, .write64(random.next()), .write8(3), .fill(random.next() % 0x3000, 9)]
      let kind = kinds[Int(random.next() % 4)]
      let world = World.allCases[Int(random.next() % (round < 400 ? 3 : 4))]
      let access =
        random.next() % 4 == 0
        ? MemoryAccess(device: address, kind: kind) : MemoryAccess(world: world, address: address, kind: kind)
      let why = session.read { $0.explain(access) }
      session.perform(.action(.access(access)))
      let isRefused = session.steps[session.steps.count - 1].hasFailed
      #expect((why.decidedBy != nil) == isRefused, "\(why.call): \(why.rows)")
    }
  }
}
