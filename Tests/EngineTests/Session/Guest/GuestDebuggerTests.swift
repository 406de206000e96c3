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
