import Basics
import Engine
import Testing

@testable import Machine
@testable import Session

/// The table of who answers an SMC, held to what EL3 does.
struct SMCRouteTests {
  /// X0 of an SMC, and what EL3 printed.
  private func call(
    _ function: UInt64, _ world: World, _ machine: inout Machine
  ) -> (answer: UInt64, said: [String], events: [Event]) {
    var x = InlineArray<18, UInt64>(repeating: 0)
    x[0] = function
    _ = machine.perform(smc: &x, from: world)
    return (x[0], machine.rootLines, machine.events)
  }

  private func machine(_ software: SecureSoftware) -> MachineConfiguration {
    var configuration = MachineConfiguration()
    configuration.secure = software
    return configuration
  }

  @Test(arguments: SMCRoute.callers, [SecureSoftware.none, .spmc])
  func theTableIsWhatEL3Does(_ world: World, _ software: SecureSoftware) {
    for row in SMCRoute.table(machine(software)) {
      let ends = [row.functions.lowerBound, row.functions.upperBound]
      let functions = row.hasSMC64 ? ends + ends.map { $0 | 1 << 30 } : ends
      for function in functions {
        var machine = Machine(machine(software))
        let (answer, said, events) = call(function, world, &machine)
        func enters(_ world: World) -> Bool {
          events.contains { $0.kind == .move && World(rawValue: UInt8($0.b >> 8)) == world && $0.b & 0xFF == 2 }
        }
        let error = answer == 0x8400_0060 ? machine.control.pes[0].x[2] : 0
        let what = "\(row.name) \(hex(function)) from \(world.name)"
        switch row[world] {
        case .el3: #expect(answer != .max && said.isEmpty && (!enters(.realm) || world == .realm), "\(what)")
        case .rmm: #expect(enters(.realm) && said.isEmpty, "\(what)")
        case .spmc: #expect(enters(.secure) && answer != .max && said.isEmpty, "\(what)")
        // Nobody of the Normal world waits.
        case .normal: #expect(answer == 0x8400_0060 && said.isEmpty, "\(what)")
        case .unsupported:
          #expect(answer == 0x8400_0060 && said.isEmpty && !(enters(.secure) && world == .normal), "\(what)")
          #expect(world != .normal || error == 0xFFFF_FFFF, "\(what)")
        case .refused, .service: #expect(answer == .max && said.count == 1 && said[0].hasPrefix("WARNING: RMMD: "), "\(what)")
        case .unknown, .trapped: #expect(answer == .max && said.isEmpty, "\(what)")
        }
      }
    }
    let others: [UInt64] = [0x8400_0000, 0xC400_014F, 0xC400_01D0, 0xC400_0400]
    for function in software == .none ? others + [0x8400_0063, 0xC200_0101] : others {
      var machine = Machine(machine(software))
      #expect(call(function, world, &machine).answer == .max)
    }
  }

  @Test func rowsDoNotOverlapAndAreFound() {
    let table = SMCRoute.table(machine(.spmc))
    for (n, row) in table.enumerated() {
      for other in table.dropFirst(n + 1) { #expect(!row.functions.overlaps(other.functions)) }
      #expect(SMCRoute.row(of: row.functions.upperBound, machine(.spmc))?.name == row.name)
    }
    #expect(SMCRoute.row(of: 0xC400_0066, machine(.spmc))?[.normal] == .spmc)
    #expect(SMCRoute.row(of: 0xC400_0066, machine(.spmc))?[.secure] == .unsupported)
    #expect(SMCRoute.row(of: 0x8400_0063, machine(.none)) == nil)
  }

  /// The words are those of TF-A's RMMD.
  @Test func whatEL3SaysOfCallsItRefuses() throws {
    let script = Script()
    try script.check(
      """
      secure.smc 0xc4000150 0x10000
      el3 says WARNING: RMMD: RMI invoked by secure world.
      expect yes
      smc 0xc40001b0 0x80000000
      el3 says WARNING: RMMD: RMM-EL3 call originated from secure or normal world
      expect yes
      undo
      el3 says RMM-EL3 call
      expect no
      """)
    #expect(script.session.rootConsole.last?.contains("secure world") == true)
  }
}
