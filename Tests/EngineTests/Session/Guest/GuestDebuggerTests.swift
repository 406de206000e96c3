import Engine
import Foundation
import Testing

/// Stopping, stepping and going back: what a debugger sees is what the guest does without one.
struct GuestDebuggerTests {
  static func debugger(_ guest: String = "tour", vcpus: Int = 2, isRealm: Bool = true) throws -> (
    session: Session, debugger: GuestDebugger
  ) {
    var configuration = MachineConfiguration()
    configuration.vcpu = .code
    let session = Session(configuration)
    var options = RealmVM.Options()
    options.vcpus = vcpus
    options.isRealm = isRealm
    let vm = RealmVM(session, options)
    let image = try Data(contentsOf: Project.root.appending(path: "Sessions/guests/\(guest).elf"))
    try vm.build(try BootImage(Array(image), base: RealmVM.ramBase))
    return (session, GuestDebugger(session, vm))
  }

  private func toTheEnd(_ debugger: GuestDebugger) -> DebugStop? {
    for _ in 0..<100 {
      if let stop = debugger.goOn(limit: 1 << 20) { return stop }
    }
    return nil
  }

  /// Steps forward and back over everything the tour does first, its MMU, its exits and its RSI calls.
  @Test(arguments: [true, false])
  func stepsGoForwardAndBack(_ isRealm: Bool) throws {
    let (session, debugger) = try Self.debugger(vcpus: 1, isRealm: isRealm)
    var seen = [debugger.registers(0)]
    for _ in 0..<400 {
      #expect(debugger.step(0) == .stepped)
      seen.append(debugger.registers(0))
    }
    let digest = session.digest()
    for index in (200..<400).reversed() {
      #expect(debugger.stepBack() == .stepped)
      #expect(debugger.registers(0) == seen[index])
    }
    for index in 201...400 {
      #expect(debugger.step(0) == .stepped)
      #expect(debugger.registers(0) == seen[index])
    }
    #expect(session.digest() == digest)
    debugger.points = []
    #expect(toTheEnd(debugger) == .poweredOff)
    #expect(String(decoding: debugger.vm.uart.output, as: UTF8.self).contains("Good bye."))
  }

  /// A breakpoint and a watchpoint, both ways; then the guest goes on, and a recording of it all replays.
  @Test func placesToStopAtAreFoundBothWays() throws {
    let (session, debugger) = try Self.debugger()
    // The call of main, the second vCPU's beginning, and the variable it alone writes.
    let points: [DebugPoint] = [.execute(0x8000_001C), .execute(0x8000_0028), .write(0x8000_8000, count: 8)]
    debugger.points = points
    var stops: [DebugStop] = []
    var pcs: [UInt64] = []
    while let stop = toTheEnd(debugger), stop != .poweredOff {
      stops.append(stop)
      pcs.append(debugger.registers(debugger.current).pc)
    }
    #expect(stops.prefix(2) == [.point(points[0]), .point(points[1])])
    #expect(stops.dropFirst(2).count == 2)
    #expect(stops.dropFirst(2).allSatisfy { $0 == .watched(points[2], address: 0x8000_8000) })
    let end = session.digest()
    for index in stops.indices.reversed() {
      #expect(debugger.goBack() == stops[index])
      #expect(debugger.registers(debugger.current).pc == pcs[index])
    }
    #expect(debugger.goBack() == .beginning)
    #expect(debugger.registers(0).pc == 0x8000_0000)
    debugger.points = []
    #expect(toTheEnd(debugger) == .poweredOff)
    #expect(session.digest() == end)
    let again = Session(session.origin)
    for step in session.steps { again.perform(step.input, entropy: step.entropy) }
    #expect(again.digest() == end)
  }

  /// Far back in a long entry, and by one from there: each place is the one it was.
  @Test func aLongEntryIsTakenBackInstructionByInstruction() throws {
    var configuration = MachineConfiguration()
    configuration.vcpu = .code
    let session = Session(configuration)
    let vm = RealmVM(session, RealmVM.Options())
    // ADD X0, X0, #1; B to it.
    let code: [UInt32] = [0x9100_0400, 0x17FF_FFFF]
    let bytes = code.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) } }
    try vm.build(try BootImage(bytes, base: RealmVM.ramBase))
    let debugger = GuestDebugger(session, vm)
    let start = debugger.registers(0).x[0]
    #expect(debugger.goOn(limit: 1 << 20) == nil)
    var count = debugger.registers(0).x[0] - start
    #expect(count > 100_000)
    for _ in 1...5000 {
      let wasBehindAdd = debugger.registers(0).pc == RealmVM.ramBase + 4
      #expect(debugger.stepBack() == .stepped)
      if wasBehindAdd { count -= 1 }
      #expect(debugger.registers(0).x[0] - start == count)
    }
    let steps = session.steps.count
    #expect(debugger.stepBack() == .stepped)
    #expect(session.steps.count <= steps + 4)
  }

  /// What a debugger writes is a step of the session, and what had been taken back stays as a branch.
  @Test(arguments: [true, false])
  func whatIsWrittenIsAStep(_ isRealm: Bool) throws {
    let (session, debugger) = try Self.debugger(vcpus: 1, isRealm: isRealm)
    for _ in 0..<20 { #expect(debugger.step(0) == .stepped) }
    let pc = debugger.registers(0).pc
    #expect(!debugger.setRegister(0, 3, 7))
    #expect(!debugger.write(0, pc, [0]))
    debugger.allowsWrites = true
    var told: [String] = []
    debugger.onWrite = { told.append($0) }
    let branches = session.branches.count
    for _ in 0..<5 { #expect(debugger.stepBack() == .stepped) }
    let before = debugger.registers(0)
    #expect(debugger.setRegister(0, 3, 0x1234))
    #expect(debugger.setRegister(0, 31, 0x8000_2000))
    #expect(debugger.registers(0).x[3] == 0x1234)
    #expect(debugger.registers(0).sp == 0x8000_2000)
    #expect(debugger.registers(0).pc == before.pc)
    #expect(session.branches.count == branches + 1)
    #expect(told.count == 2)
    #expect(told[0].contains("the debugger wrote X3 of vCPU 0: 0x1234"))
    #expect(told[0].hasSuffix(" on branch \(session.branch.name)"))
    // ADD X3, X3, #1, over the end of a page and back.
    #expect(debugger.write(0, before.pc, [0x63, 0x04, 0x00, 0x91]))
    #expect(debugger.read(0, before.pc, 4) == [0x63, 0x04, 0x00, 0x91])
    let edge = RealmVM.ramBase + 0xFFE
    let old = debugger.read(0, edge, 4)
    #expect(debugger.write(0, edge, [1, 2, 3, 4]))
    #expect(debugger.read(0, edge, 4) == [1, 2, 3, 4])
    #expect(debugger.write(0, edge, old))
    #expect(debugger.step(0) == .stepped)
    #expect(debugger.registers(0).x[3] == 0x1235)
    #expect(debugger.stepBack() == .stepped)
    #expect(debugger.registers(0).x[3] == 0x1234)
    // No level of its own, and nothing where nothing is.
    #expect(!debugger.setRegister(0, 33, 0x3C9))
    #expect(!debugger.write(0, 0x1_0000_0000_0000, [1]))
    #expect(debugger.setRegister(0, 33, 0xF000_03C5))
    #expect(debugger.registers(0).pstate >> 28 == 0xF)
    let again = Session(session.origin)
    for step in session.steps[..<session.position] { again.perform(step.input, entropy: step.entropy) }
    #expect(again.digest() == session.digest())
  }

  @Test(arguments: [true, false])
  func whereAGuestHasMemory(_ isRealm: Bool) throws {
    let (_, debugger) = try Self.debugger(vcpus: 1, isRealm: isRealm)
    let flat = debugger.mappings(0)
    #expect(flat.contains { $0.range.contains(RealmVM.ramBase) && $0.isWritable && $0.isExecutable })
    while !String(decoding: debugger.vm.uart.output, as: UTF8.self).contains("MMU on"), debugger.goOn(limit: 1) == nil {}
    let mapped = debugger.mappings(0)
    #expect(mapped.contains { $0.range.contains(debugger.registers(0).pc) && $0.isExecutable })
    #expect(zip(mapped, mapped.dropFirst()).allSatisfy { $0.range.upperBound <= $1.range.lowerBound })
    for mapping in mapped { #expect(debugger.read(0, mapping.range.lowerBound, 1).count == 1) }
    #expect(debugger.systemRegisterNames.count == debugger.systemRegisters(0).count)
    let names = debugger.systemRegisterNames
    #expect(Set(names).count == names.count)
    let sctlr = try #require(names.firstIndex(of: "SCTLR_EL1"))
    #expect(debugger.systemRegisters(0)[sctlr] & 1 == 1)
    #expect(debugger.vectors(0).count == 66)
  }

  @Test func aWayBackThatIsInterruptedLeadsNowhere() throws {
    let (session, debugger) = try Self.debugger(vcpus: 1)
    for _ in 0..<50 { #expect(debugger.step(0) == .stepped) }
    let (digest, registers) = (session.digest(), debugger.registers(0))
    for patience in [0, 3, 40] {
      var asked = 0
      debugger.isInterrupted = {
        asked += 1
        return asked > patience
      }
      let stop = debugger.goBack()
      debugger.isInterrupted = { false }
      guard stop == .interrupted else { continue }
      debugger.settle()
      #expect(session.digest() == digest)
      #expect(debugger.registers(0) == registers)
    }
    #expect(debugger.stepBack() == .stepped)
    #expect(debugger.step(0) == .stepped)
    #expect(session.digest() == digest)
  }

  /// An exclusive pair is stepped through as it is run through.
  @Test func theExclusiveMonitorOutlastsAStep() throws {
    var configuration = MachineConfiguration()
    configuration.vcpu = .code
    let session = Session(configuration)
    let vm = RealmVM(session, RealmVM.Options())
    // ADR X0, 0x100 on; LDXR X1, [X0]; ADD X1, X1, #1; STXR W2, X1, [X0]; B to itself.
    let code: [UInt32] = [0x1000_0800, 0xC85F_7C01, 0x9100_0421, 0xC802_7C01, 0x1400_0000]
    let bytes = code.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) } }
    try vm.build(try BootImage(bytes, base: RealmVM.ramBase))
    let debugger = GuestDebugger(session, vm)
    for _ in 0..<4 { #expect(debugger.step(0) == .stepped) }
    #expect(debugger.registers(0).x[2] == 0)
    #expect(debugger.read(0, 0x8000_0100, 8).first == 1)
    #expect(debugger.stepBack() == .stepped)
    #expect(debugger.step(0) == .stepped)
    #expect(debugger.registers(0).x[2] == 0)
  }
}
