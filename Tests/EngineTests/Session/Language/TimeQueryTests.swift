import Engine
import Testing

@testable import Session

/// Steps at which something was so.
struct TimeQueryTests {
  private static func script() throws -> Script {
    let script = Script()
    try script.run(
      """
      smc RMI_GRANULE_DELEGATE 0x80101000
      smc RMI_GRANULE_DELEGATE 0x80101000
      ns.write64 0x80200008 7
      smc RMI_GRANULE_UNDELEGATE 0x80101000
      ns.write64 0x80200008 8
      smc RMI_GRANULE_DELEGATE 0x80101000
      """)
    return script
  }

  @Test func thereAndBack() throws {
    let script = try Self.script()
    let session = script.session
    func steps(_ what: String, from start: Int, _ way: String) throws -> [Int] {
      try script.run("goto \(start)")
      var found: [Int] = []
      while (try? script.run("\(way) \(what)")) != nil { found.append(session.position) }
      return found
    }
    for (what, expected) in [
      ("failed", [2]), ("granule 0x80101000", [1, 4, 6]), ("granule", [1, 4, 6]), ("granule 0x80102000", []),
      ("address 0x80101000", [1, 2, 4, 6]), ("address 0x80200008", [3, 5]), ("state 0x80101000", [1, 4, 6]),
      ("peek64 0x80200008", [3, 5]), ("exit", []), ("realm", []),
    ] {
      #expect(try steps(what, from: 0, "next") == expected, "\(what)")
      let before = expected.filter { $0 < 6 }
      #expect(try steps(what, from: 6, "previous") == before.reversed(), "\(what)")
    }
  }

  @Test func exitsByTheirReason() throws {
    let script = Script()
    try script.run("realm\nsmc RMI_REC_ENTER rec run\nguest smc PSCI_SYSTEM_OFF\nsmc RMI_REC_ENTER rec run\ngoto 0")
    try script.run("next exit irq")
    let first = script.session.position
    try script.run("next exit PSCI")
    #expect(script.session.position > first)
    #expect(throws: ScriptError.self) { try script.run("next exit moon") }
    #expect(throws: ScriptError.self) { try script.run("next moon") }
    #expect(throws: ScriptError.self) { try script.run("next address") }
    // Where nothing is found one stays where one was.
    #expect(throws: ScriptError.self) { try script.run("next failed") }
    #expect(script.session.position == script.session.steps.count)
  }

  /// A look far back is found as it is by looking at each step.
  @Test func aLookAcrossCheckpoints() throws {
    let script = Script()
    for n in 0..<300 { try script.run("ns.write64 0x80200000 \(n / 70)") }
    var found: [Int] = []
    while (try? script.run("previous peek64 0x80200000")) != nil { found.append(script.session.position) }
    #expect(found == [281, 211, 141, 71])
  }
}
