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

  @Test(arguments: SMCRoute.callers)
  func theTableIsWhatEL3Does(_ world: World) {
    for row in SMCRoute.table {
      for function in [row.functions.lowerBound, row.functions.upperBound] {
        var machine = Machine(MachineConfiguration())
        let (answer, said, events) = call(function, world, &machine)
        let enters = events.contains { $0.kind == .move && World(rawValue: UInt8($0.b >> 8)) == .realm && $0.b & 0xFF == 2 }
        let what = "\(row.name) \(hex(function)) from \(world.name)"
        switch row[world] {
        case .el3: #expect(answer != .max && said.isEmpty && (!enters || world == .realm), "\(what)")
        case .rmm: #expect(enters && said.isEmpty, "\(what)")
        case .refused, .service: #expect(answer == .max && said.count == 1 && said[0].hasPrefix("WARNING: RMMD: "), "\(what)")
        case .unknown, .trapped: #expect(answer == .max && said.isEmpty, "\(what)")
        }
      }
    }
    for function: UInt64 in [0x8400_0000, 0x8400_0063, 0xC400_014F, 0xC400_01D0, 0xC200_0101, 0xC400_0400] {
      var machine = Machine(MachineConfiguration())
      #expect(call(function, world, &machine).answer == .max)
    }
  }

  @Test func rowsDoNotOverlapAndAreFound() {
    for (n, row) in SMCRoute.table.enumerated() {
      for other in SMCRoute.table.dropFirst(n + 1) { #expect(!row.functions.overlaps(other.functions)) }
      #expect(SMCRoute.row(of: row.functions.upperBound)?.name == row.name)
    }
    #expect(SMCRoute.row(of: 0x8400_0063) == nil)
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
