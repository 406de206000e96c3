import Basics
import Engine
import Testing

@testable import Host
@testable import Session

/// Who wrote a byte of memory: down to the instruction of a guest.
struct StoreTests {
  /// The buffer that programs write to, by its IPA.
  private static let buffer = RealmVM.ramBase + 0x4000
  /// MOVZ X0, #0x8000, LSL #16; MOVK X0, #0x4000: where it is.
  private static let start: [UInt32] = [0xD2B0_0000, 0xF288_0000]
  /// MOVZ X0, #0x8400, LSL #16; MOVK X0, #8; SMC #0: PSCI_SYSTEM_OFF.
  private static let end: [UInt32] = [0xD2B0_8000, 0xF280_0100, 0xD400_0003]

  private static func guest(
    _ program: [UInt32], isRealm: Bool = true, _ engine: CodeEngine = .fast
  ) throws -> (session: Session, vm: RealmVM) {
    var configuration = MachineConfiguration()
    configuration.vcpu = .code
    configuration.recAuxCount = 0
    let session = Session(configuration)
    session.codeEngine = engine
    var options = RealmVM.Options()
    options.isRealm = isRealm
    let vm = RealmVM(session, options)
    let bytes = (start + program + end).flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) } }
    try vm.build(try BootImage(bytes, base: RealmVM.ramBase))
    return (session, vm)
  }

  /// What is said of a byte at an IPA at the end: the last step that changed it.
  private static func last(_ ipa: UInt64, _ session: Session, _ vm: RealmVM) throws -> (step: Int, text: String)? {
    let page = try #require(vm.hostAddress(of: ipa & ~4095))
    let (here, digest) = (session.position, session.digest())
    let found = session.change(of: .bytes(page | ipa & 4095, count: 1), isNext: false)
    #expect(session.position == here && session.digest() == digest, "looking changes nothing")
    return found
  }

  @Test(arguments: [true, false], CodeEngine.allCases)
  func anInstructionIsNamed(_ isRealm: Bool, _ engine: CodeEngine) throws {
    // MOVZ W1, #0x41; STRB W1, [X0]; MOVZ W2, #0x42; STRB W2, [X0]; STUR X2, [X0, #0xf8]; STP X1, X2, [X0, #0x20]; STRB W1, [X0, #8]
    let program: [UInt32] = [0x5280_0821, 0x3900_0001, 0x5280_0842, 0x3900_0002, 0xF80F_8002, 0xA902_0801, 0x3900_2001]
    let (session, vm) = try Self.guest(program, isRealm: isRealm, engine)
    #expect(vm.run(entries: 100) == .poweredOff)
    // What changes something is none of the steps before itself.
    session.perform(.action(.selectPE(0)))
    func told(_ offset: UInt64) throws -> String { try #require(try Self.last(Self.buffer + offset, session, vm)).text }
    func expect(_ offset: UInt64, _ byte: String, _ number: UInt64, _ code: String) throws {
      let text = try told(offset)
      let pc = hex(RealmVM.ramBase + 4 * number)
      #expect(text.contains(" 0x0 → \(byte), by vCPU 0 at pc \(pc): \(code), in "), "\(text)")
    }
    // The entry in which the first store faulted is not the one in which it was done.
    try expect(0, "0x42", 5, "strb w2, [x0]")
    try expect(0xF8, "0x42", 6, "stur x2, [x0, #0xf8]")
    try expect(0x28, "0x42", 7, "stp x1, x2, [x0, #0x20]")
    try expect(8, "0x41", 8, "strb w1, [x0, #0x8]")
    // What nobody wrote; and code, which the Host has loaded.
    #expect(try Self.last(Self.buffer + 0x30, session, vm) == nil)
    let code = try #require(try Self.last(RealmVM.ramBase + 3, session, vm)).text
    #expect(!code.contains("vCPU") && code.contains(isRealm ? "RMI_DATA_CREATE" : ", in ns.write"), "\(code)")
  }

  /// The other vCPU of two, against where a watchpoint stops.
  @Test func anotherVCPUIsNamed() throws {
    let (session, debugger) = try GuestDebuggerTests.debugger()
    // The variable that the second vCPU alone writes.
    let variable: UInt64 = 0x8000_8000
    debugger.points = [.write(variable, count: 8)]
    var pcs: [UInt64] = []
    var stop: DebugStop?
    for _ in 0..<100 where stop != .poweredOff {
      stop = debugger.goOn(limit: 1 << 20)
      if case .watched = stop { pcs.append(debugger.registers(1).pc - 4) }
    }
    #expect(pcs.count == 2)
    session.perform(.action(.selectPE(0)))
    let text = try #require(try Self.last(variable, session, debugger.vm)).text
    let pc = try #require(pcs.last)
    #expect(text.contains("by vCPU 1 at pc \(hex(pc)): st"), "\(text)")
  }

  /// What a statement and a key say of a device's write, of one of the Host's, and of a queued one.
  @Test func othersAreNamed() throws {
    let script = Script()
    try script.run("debug --rng devices 1\nuntil text:\"> \"\nexpect event\ntype \"rng\\n\"\nuntil text:\"> \"\nexpect event")
    #expect(script.runner.failures == [])
    let session = script.session
    var writes: [(step: Int, address: UInt64)] = []
    for index in session.steps.indices {
      guard case .device(.rng) = session.steps.host(index), case .action(.access(let access)) = session.steps.input(index) else {
        continue
      }
      writes.append((index + 1, access.address))
    }
    #expect(writes.count >= 3, "16 bytes, and two places of the ring of used buffers")
    for write in writes {
      session.seek(write.step - 1)
      let next = session.change(of: .bytes(write.address, count: 8), isNext: true)
      if let next, next.step == write.step { #expect(next.text.contains("by the guest's virtio rng device, in ns.write")) }
    }
    let first = try #require(writes.first)
    session.seek(first.step - 1)
    let random = try #require(session.change(of: .bytes(first.address, count: 8), isNext: true))
    #expect(random.step == first.step)
    session.seek(session.steps.count)
    try expectReplay(of: session)
    let again = try SessionText.performed(SessionText.whole(session).split(separator: "\n").map(String.init))
    #expect(again.difference == nil)
    if case .device(.rng) = again.session.steps.host(first.step - 1) {} else { Issue.record("the recording has lost the device") }

    let other = Script()
    var texts: [String] = []
    other.runner.onReport = { texts += [$0.result.text].compactMap(\.self) }
    try other.run(Script.activeRealm + "\nguest write64 0x8 0x1234\nguest write64 0x10 0x77")
    try other.run("RMI_REC_ENTER rec run\nRMI_VERSION 0x10000")
    try other.run("previous byte 0x80200008")
    #expect(texts.last?.contains("0x0 → 0x34, by what its vCPU was to do, ") == true, "\(texts)")
    #expect(texts.last?.contains("0x1234") == true)
    other.session.seek(0)
    try other.run("next byte 0x83f00008")
    #expect(texts.last?.contains("0x0 → 0x28, by the Host, in ns.write64 0x83f00008") == true, "\(texts)")
  }

  /// Random programs: the instruction that stored a byte last is the one after which, one at a time, it was another for the last time.
  @Test(arguments: 1...8 as ClosedRange<UInt64>) func whoStoredThis(_ seed: UInt64) throws {
    var numbers = SeededNumbers(seed: seed)
    var program: [UInt32] = []
    for value in 1...80 as ClosedRange<UInt32> {
      let both = value << 8 | value
      // MOVZ W1, #both; MOVK W1, #both, LSL #16; STRB, STRH, STR or STUR W1, [X0, #…]: with the MMU off they are aligned.
      program += [0x5280_0001 | both << 5, 0x72A0_0001 | both << 5]
      let place = UInt32(numbers.below(24))
      switch numbers.below(4) {
      case 0: program.append(0x3900_0001 | place << 10)
      case 1: program.append(0x7900_0001 | place / 2 << 10)
      case 2: program.append(0xB900_0001 | place / 4 << 10)
      default: program.append(0xB800_0001 | place / 4 * 4 << 12)
      }
    }
    let isRealm = seed % 2 == 0
    let (session, vm) = try Self.guest(program, isRealm: isRealm, seed % 4 < 2 ? .fast : .reference)
    #expect(vm.run(entries: 100) == .poweredOff)
    session.perform(.action(.selectPE(0)))
    // The same guest, one instruction after the other.
    let (slow, other) = try Self.guest(program, isRealm: isRealm)
    let debugger = GuestDebugger(slow, other)
    var stored = [UInt64?](repeating: nil, count: 32)
    var before = [UInt8](repeating: 0, count: 32)
    while case let pc = debugger.registers(0).pc, debugger.step(0) == .stepped {
      guard let page = other.hostAddress(of: Self.buffer) else { continue }
      let now = slow.read { m in (0..<32).map { UInt8(truncatingIfNeeded: m.readBytes(page + UInt64($0), 1)) } }
      for n in 0..<32 where now[n] != before[n] { stored[n] = pc }
      before = now
    }
    #expect(stored.compactMap(\.self).count > 16)
    for n in 0..<32 {
      let found = try Self.last(Self.buffer + UInt64(n), session, vm)
      let text = found?.text ?? ""
      #expect((found == nil) == (stored[n] == nil), "byte \(n)")
      if let pc = stored[n] { #expect(text.contains(" vCPU 0 at pc \(hex(pc)): st"), "byte \(n): \(hex(pc)), \(text)") }
    }
  }
}
