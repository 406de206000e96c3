import Engine
import Foundation
import Testing

/// The same guests outside a Realm: memory, stage 2 and vCPUs are the Host's, and the RMM has no part in it.
struct NormalVMTests {
  static func machine(_ image: BootImage, vcpus: Int = 2) throws -> (session: Session, vm: RealmVM) {
    var configuration = MachineConfiguration()
    configuration.vcpu = .code
    configuration.paWidth = 44
    let session = Session(configuration)
    var options = RealmVM.Options()
    options.vcpus = vcpus
    options.isRealm = false
    let vm = RealmVM(session, options)
    try vm.build(image)
    return (session, vm)
  }

  static func image(_ guest: String) throws -> BootImage {
    let file = try Data(contentsOf: Project.root.appending(path: "Sessions/guests/\(guest).elf"))
    return try BootImage(Array(file), base: RealmVM.ramBase)
  }

  static func booted(_ guest: String, vcpus: Int = 2) throws -> (session: Session, vm: RealmVM, ending: RealmVM.Ending?) {
    let (session, vm) = try machine(try image(guest), vcpus: vcpus)
    return (session, vm, vm.run(entries: 10_000))
  }

  private func console(_ vm: RealmVM) -> String {
    String(decoding: vm.uart.output, as: UTF8.self).replacing("\r\n", with: "\n")
  }

  private func fixture(_ name: String) throws -> String { try Project.text("Tests/EngineTests/Fixtures/\(name)-console.txt") }

  // MARK: Booting

  /// A guest that asks for nothing of a Realm finds no difference; the others say that they are in none.
  @Test(
    arguments: [
      ("kernel", "kernel"), ("irq", "irq"), ("tour", "tour-normal"), ("faults", "faults-normal"),
    ])
  func aGuestSaysWhatItShould(_ guest: (name: String, fixture: String)) throws {
    let (session, vm, ending) = try Self.booted(guest.name)
    #expect(ending == .poweredOff)
    #expect(console(vm) == (try fixture(guest.fixture)))
    #expect(String(decoding: session.console, as: UTF8.self).replacing("\r\n", with: "\n") == console(vm))
    #expect(session.read { $0.invariantViolations() } == [])
  }

  @Test func withOneVCPUItSaysSo() throws {
    let (_, vm, ending) = try Self.booted("tour", vcpus: 1)
    #expect(ending == .poweredOff)
    #expect(console(vm).contains("there is no second vCPU"))
  }

  /// No call goes to the RMM or to EL3, no granule leaves the Normal world, and every event is its own.
  @Test func nothingLeavesTheNormalWorld() throws {
    let (session, _, _) = try Self.booted("tour")
    for step in session.steps {
      if case .action(.smc) = step.input { Issue.record("\(step.text)") }
      for event in step.events where event.world != .normal { Issue.record("\(step.text): \(event.layer) \(event.text)") }
    }
    let last = try #require(session.steps.last { $0.guest != nil })
    #expect(last.text.hasPrefix("vm enter "))
    #expect(last.guest?.isInRealm == false)
    #expect(last.events.first?.text.hasPrefix("NS-EL2 → NS-EL1") == true)
    #expect(last.events.contains { $0.layer == "NS-EL1" && $0.text.contains("to NS-EL2") })
    #expect(last.events.contains { $0.layer == "NS-EL2" && $0.text.hasPrefix("vCPU ") })
    session.read { machine in
      #expect(machine.control.realms.isEmpty && machine.control.recs.isEmpty)
      for address in stride(from: machine.configuration.dramBase, to: machine.configuration.dramTop, by: 4096) {
        #expect(machine.gpi(address) == .nonSecure)
      }
    }
  }

  @Test(arguments: ["tour", "faults", "irq"])
  func bothEnginesRunAGuestAlike(_ guest: String) throws {
    expectBothEnginesAlike(try Self.booted(guest).session)
  }

  @Test func theRecordingReplaysToTheSameDigest() throws {
    try expectReplay(of: try Self.booted("tour").session)
  }

  @Test func goingBackAndOnAgain() throws {
    let session = try Self.booted("tour").session
    let end = session.digest()
    session.seek(session.steps.count / 2)
    let half = session.digest()
    session.seek(session.steps.count)
    #expect(session.digest() == end)
    session.seek(session.steps.count / 2)
    #expect(session.digest() == half)
  }

  /// Whatever random code does, the Host keeps its own memory, and both engines come to the same state.
  @Test func randomCodeStaysInItsVM() {
    let fast = RandomGuest.perform(instructions: 200_000, seed: 5, isRealm: false)
    #expect(fast.problem == nil)
    #expect(fast.guests > 3)
    let reference = RandomGuest.perform(instructions: 200_000, seed: 5, engine: .reference, isRealm: false)
    #expect(fast.digest == reference.digest)
  }

  // MARK: What the Host sees

  /// The difference a Realm makes: the same bytes of the same image, read by the same Host.
  @Test func theHostReadsWhatARealmWouldHide() throws {
    let image = try Self.image("tour")
    let secret = Array("Do not tell him\0".utf8)
    let (session, vm, _) = try Self.booted("tour")
    let words = try #require(console(vm).split(separator: "my secret lies at 0x").last?.prefix(8))
    let address = try #require(UInt64(words, radix: 16))
    let low = try #require(vm.peek(address))
    let high = try #require(vm.peek(address + 8))
    #expect([low, high].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } } == secret)
    #expect(session.lastStep?.text == "ns.read64 \(hex(try #require(vm.hostAddress(of: address + 8))))")
    for segment in image.segments where segment.address == image.entry {
      let page = try #require(vm.hostAddress(of: segment.address))
      #expect(session.read(page, 64) == Array(segment.bytes.prefix(64)))
    }
    let realm = try BootTests.booted("tour").vm
    #expect(realm.hostAddress(of: address) != nil)
    #expect(realm.peek(address) == nil)
  }

  /// It can also change it, and the guest does not know.
  @Test func theHostWritesWhatItLikes() throws {
    let (session, vm) = try Self.machine(try Self.image("tour"))
    let greeting = Array("Hello, but".utf8)
    let image = try Self.image("tour")
    let segment = try #require(image.segments.first { $0.bytes.firstRange(of: greeting) != nil })
    let place = try #require(segment.bytes.firstRange(of: greeting)?.lowerBound)
    session.write(try #require(vm.hostAddress(of: segment.address + UInt64(place))), Array("HELLO".utf8))
    #expect(vm.run(entries: 10_000) == .poweredOff)
    #expect(console(vm).contains("HELLO, but not from a Realm."))
  }

  // MARK: Granule protection and stage 2

  /// LDR X0, [X1] of the second page of RAM, then HVC #0.
  private static let reader: [UInt32] = [0xD280_0001, 0xF2B0_0001, 0x9140_0421, 0xF940_0020, 0xD400_0002]

  /// A VM whose code is these words; its one vCPU, and the addresses of registers and run page.
  private func bare(_ words: [UInt32] = reader) throws -> (session: Session, vm: RealmVM, vcpu: UInt64, run: UInt64) {
    var bytes = words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) } }
    bytes += [UInt8](repeating: 0, count: 8192 - bytes.count)
    let (session, vm) = try Self.machine(try BootImage(bytes, base: RealmVM.ramBase), vcpus: 1)
    // The pages of the image and the tables come before them: the vCPU's registers and its run page are the last two.
    let registers = session.steps.compactMap { step -> UInt64? in
      guard case .action(.access(let access)) = step.input, case .bytes(let bytes) = access.kind, bytes.count == 4096 else {
        return nil
      }
      return access.address
    }
    let vcpu = try #require(registers.last)
    return (session, vm, vcpu, vcpu + 4096)
  }

  /// Enters once: ESR_EL2, FAR_EL2 and the IPA of HPFAR_EL2.
  private func enter(_ session: Session, _ vcpu: UInt64, _ run: UInt64) throws -> (esr: UInt64, far: UInt64, ipa: UInt64) {
    _ = try #require(session.enterVCPU(vcpu, run: run)).first
    let exit = session.exitRecord(run)
    #expect(exit.reason == .sync)
    return (exit.esr, exit.far, exit.ipa)
  }

  /// The address of the entry of level 3 for an IPA.
  private func entry(_ session: Session, _ ipa: UInt64) throws -> UInt64 {
    var table = session.read { $0.control.pes[0].vttbrEL2 } & 0x0000_FFFF_FFFF_F000
    for shift in [30, 21] as [UInt64] { table = try #require(session.read64(table + (ipa >> shift & 511) * 8)) & ~0xFFF }
    return table + (ipa >> 12 & 511) * 8
  }

  private let second = RealmVM.ramBase + 0x1000

  @Test func anAllowedReadGoesThrough() throws {
    let (session, _, vcpu, run) = try bare()
    #expect(try enter(session, vcpu, run).esr == 0x16 << 26 | 1 << 25)
    // After an HVC the next instruction is next.
    #expect(session.read64(vcpu + 0x20) == RealmVM.ramBase + 20)
  }

  /// A page the Host has given away below its VM: the access is Non-secure, the granule is not. HCR_EL2.GPF decides who is told.
  @Test func aDelegatedPageIsAGranuleProtectionFault() throws {
    let (session, vm, vcpu, run) = try bare()
    let page = try #require(vm.hostAddress(of: second))
    #expect(session.smc([0xC400_0151, page])?.first == 0)
    let fault = try enter(session, vcpu, run)
    // Data Abort from a lower level, ISV, 64 bits to X0, DFSC 0x28.
    #expect(fault.esr == 0x93C0_8028)
    #expect(fault.far == second && fault.ipa == second)
    #expect(
      vm.run(entries: 3)
        == .failed("granule protection fault at IPA 0x80001000, PA \(hex(page)): what it leads to is not Non-secure"))
    #expect(session.read { $0.invariantViolations() } == [])

    let without = try bare()
    #expect(without.session.smc([0xC400_0151, page])?.first == 0)
    without.session.setRegister("hcr_el2", without.session.read { $0.control.pes[0].hcrEL2 } & ~(1 << 48))
    _ = try enter(without.session, without.vcpu, without.run)
    let taken = try #require(without.session.lastStep?.events.first { $0.kind == .injection })
    #expect(taken.a == 0x9600_0028 && taken.b == second && taken.world == .normal)
  }

  @Test func aDelegatedTableIsAGranuleProtectionFaultOnTheWalk() throws {
    for (level, code) in [(3, 0x27), (1, 0x25)] as [(Int, UInt64)] {
      let (session, _, vcpu, run) = try bare()
      let table =
        level == 3 ? try entry(session, second) & ~0xFFF : session.read { $0.control.pes[0].vttbrEL2 } & 0xFFFF_FFFF_F000
      #expect(session.smc([0xC400_0151, table])?.first == 0)
      #expect(try enter(session, vcpu, run).esr == 0x20 << 26 | 1 << 25 | code)
    }
  }

  /// Registers and run page are the Host's to write: if they are not, it takes the fault itself.
  @Test func aDelegatedVCPUCannotBeEntered() throws {
    let (session, vm, vcpu, run) = try bare()
    #expect(session.smc([0xC400_0151, run])?.first == 0)
    #expect(session.perform(.action(.enterVCPU(vcpu, run: run))).answer?.text == "gpf")
    guard case .failed = vm.run(entries: 1) else {
      Issue.record("it ran")
      return
    }
  }

  /// Bits of the descriptor of the page that are cleared, that are set, and the fault status of a read.
  @Test(
    arguments: [
      (1, 0, 0x07), (2, 0, 0x07), (0x400, 0, 0x0B), (0xC0, 0, 0x0F), (0x40, 0, 0x0F), (0, 1 << 44, 0x03),
    ] as [(UInt64, UInt64, UInt64)])
  func descriptorsOfStage2(_ change: (clear: UInt64, set: UInt64, status: UInt64)) throws {
    let (session, _, vcpu, run) = try bare()
    let at = try entry(session, second)
    session.write64(at, try #require(session.read64(at)) & ~change.clear | change.set)
    #expect(try enter(session, vcpu, run).esr == 0x93C0_8000 | change.status)
  }

  /// XN in bit 54 stops a fetch, a page that can only be read stops a store; blocks of levels 1 and 2 translate.
  @Test func whatAPageIsFor() throws {
    let never = try bare()
    let at = try entry(never.session, RealmVM.ramBase)
    never.session.write64(at, try #require(never.session.read64(at)) | 1 << 54)
    #expect(try enter(never.session, never.vcpu, never.run).esr == 0x8200_000F)
    // STR X0, [X1] in place of LDR.
    let store = try bare(Self.reader.map { $0 == 0xF940_0020 ? 0xF900_0020 : $0 })
    let page = try entry(store.session, second)
    store.session.write64(page, try #require(store.session.read64(page)) & ~0x80)
    #expect(try enter(store.session, store.vcpu, store.run).esr == 0x93C0_804F)
    // The root's entry for the gigabyte of RAM becomes a block: the IPA is the PA, where the code lies in another page.
    let block = try bare()
    let code = try #require(block.vm.hostAddress(of: RealmVM.ramBase))
    let root = block.session.read { $0.control.pes[0].vttbrEL2 } & 0xFFFF_FFFF_F000
    block.session.write64(root + 2 * 8, 0x8000_0000 | 0x7FD)
    block.session.write64(block.vcpu + 0x20, code)
    #expect(try enter(block.session, block.vcpu, block.run).esr == 0x16 << 26 | 1 << 25)
  }

  // MARK: The statement

  @Test(
    arguments: [
      ("hcr_el2", 0, "HCR_EL2"), ("hcr_el2", 1, "HCR_EL2"), ("vtcr_el2", 0x4000 | 31 | 1 << 6, "TG0"),
      ("vtcr_el2", 0, "T0SZ"), ("vtcr_el2", 16 | 0 << 6, "begin at level 2"),
    ] as [(String, UInt64, String)])
  func registersThatCannotBe(_ register: (name: String, value: UInt64, words: String)) throws {
    let (session, _, vcpu, run) = try bare()
    session.setRegister(register.name, register.value)
    let text = session.perform(.action(.enterVCPU(vcpu, run: run))).answer?.text ?? ""
    #expect(text.contains(register.words), "\(text)")
  }

  @Test func whatIsNoVCPUIsRefused() throws {
    let (session, _, vcpu, run) = try bare()
    func refused(_ vcpu: UInt64, _ run: UInt64, _ words: String) {
      let text = session.perform(.action(.enterVCPU(vcpu, run: run))).answer?.text ?? ""
      #expect(text.contains(words), "\(text)")
      #expect(session.read { $0.invariantViolations() } == [])
    }
    refused(vcpu + 8, run, "two granules of DRAM")
    refused(vcpu, vcpu, "two granules of DRAM")
    refused(0, run, "two granules of DRAM")
    for pstate in [0xC, 0x8, 0x9, 0x10, 0x1F, 0x3CD] as [UInt64] {
      session.write64(vcpu + 0x28, pstate)
      refused(vcpu, run, "illegal exception return")
    }
    let queue = Session(MachineConfiguration())
    #expect(queue.perform(.action(.enterVCPU(vcpu, run: run))).answer?.text.contains("vcpu=code") == true)
  }

  /// Registers and run page are the Host's memory: whatever it has written there, an entry ends, and no rule breaks.
  @Test func whateverTheHostWrites() throws {
    var random = SeededWords(7)
    let (session, _, vcpu, run) = try bare()
    for round in 0..<200 {
      session.write(vcpu, (0..<4096).map { _ in UInt8(truncatingIfNeeded: random.next()) })
      session.write(run, (0..<2048).map { _ in UInt8(truncatingIfNeeded: random.next()) })
      // What an ERET can return with, and where there is code; now and then stage 1 is off.
      if round % 8 != 0 { session.write64(vcpu + 0x28, random.next() & 0xF000_03C0 | [0, 4, 5][round % 3]) }
      if round % 4 != 0 { session.write64(vcpu + 0x20, RealmVM.ramBase) }
      if round % 2 != 0 { session.write64(vcpu + 0x400 + 8 * 8, 0) }
      _ = session.enterVCPU(vcpu, run: run)
      #expect(session.read { $0.invariantViolations() } == [])
      #expect(session.read { $0.control.pes[0].runningVCPU } == 0)
    }
  }

  /// A debugger holds it in the middle: its PE is at NS-EL1, and its Host has to wait.
  @Test func aVCPUCanBeHeld() throws {
    let (session, vm) = try Self.machine(try Self.image("tour"))
    #expect(vm.enter(instructions: 40) == nil)
    #expect(session.read { $0.control.pes[0].place } == "NS-EL1")
    #expect(session.read { $0.control.guestInstructions } == 40)
    #expect(session.lastGuest()?.now.isInRealm == false)
    #expect(
      session.perform(.action(.smc(.normal, InlineArray(repeating: 0)))).answer?.text.contains("busy: this PE runs a VM") == true
    )
    #expect(session.read { $0.invariantViolations() } == [])
    #expect(vm.run(entries: 10_000) == .poweredOff)
    #expect(console(vm) == (try fixture("tour-normal")))
    #expect(session.read { $0.control.pes[0].place } == "NS-EL2")
  }

  @Test(arguments: ["vm enter 0x80110000 0x80111000", "sysreg vttbr_el2 0x1000080100000", "sysreg vtcr_el2 0x8005355f"])
  func statementsComeBackAsTheyWere(_ line: String) throws {
    let statement = try StatementParser(line: 1, names: ScriptNames()).parse(line)
    #expect(statement?.action?.scriptText == line)
  }

  @Test(arguments: ["vm", "vm enter", "vm enter 1", "vm leave 1 2", "vm enter 1 2 3"])
  func linesThatAreNone(_ line: String) {
    #expect(throws: ScriptError.self) { try StatementParser(line: 1, names: ScriptNames()).parse(line) }
  }
}

/// Numbers that follow from a seed (SplitMix64).
private struct SeededWords {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    let first = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
    let second = (first ^ first >> 27) &* 0x94D0_49BB_1331_11EB
    return second ^ second >> 31
  }
}
