import Engine
import Testing

/// Prints of states: the same for what is alike, and different for what is not.
struct StatePrinterTests {
  private static let world = ExploredWorld(name: "prints")

  private func machine(_ lines: [String]) throws -> Session {
    let session = Session(Self.world.configuration)
    let runner = ScriptRunner(session)
    for (index, line) in lines.enumerated() { try runner.run(line: line, number: index + 1, file: "x") }
    return session
  }

  private func print(_ lines: [String], isSymmetric: Bool = true) throws -> UInt64 {
    var printer = StatePrinter(base: Self.world.base, count: 7, isSymmetric: isSymmetric)
    return try machine(lines).read {
      printer.lookAtAll($0)
      return printer.fingerprint($0)
    }
  }

  private func realm(rd: Int, rtt: Int) -> [String] {
    let base = Self.world.base
    func granule(_ n: Int) -> String { "0x\(String(base + UInt64(n) << 12, radix: 16))" }
    return [
      "RMI_GRANULE_DELEGATE \(granule(rd))", "RMI_GRANULE_DELEGATE \(granule(rtt))",
      "fill RmiRealmParams 0x100101000 s2sz=32 rtt_base=\(granule(rtt))", "RMI_REALM_CREATE \(granule(rd)) 0x100101000",
    ]
  }

  @Test func whichGranuleItIsMakesNoDifference() throws {
    let one = try print(realm(rd: 0, rtt: 1))
    #expect(try print(realm(rd: 5, rtt: 2)) == one)
    #expect(try print(realm(rd: 0, rtt: 1), isSymmetric: false) != print(realm(rd: 5, rtt: 2), isSymmetric: false))
    // What was asked for before leaves registers, which are no part of it.
    #expect(try print(realm(rd: 0, rtt: 1) + ["RMI_VERSION 0x10000"]) == one)
  }

  @Test func whatIsDifferentHasAnotherPrint() throws {
    let ways: [[String]] = [
      [], ["RMI_GRANULE_DELEGATE 0x100000000"], ["ns.write64 0x100000000 1"], ["gpt.set 0x100000000 secure"],
      ["gpt.set 0x100000000 root"], realm(rd: 0, rtt: 1), realm(rd: 0, rtt: 1) + ["RMI_REALM_ACTIVATE 0x100000000"],
      realm(rd: 0, rtt: 1) + ["RMI_RTT_INIT_RIPAS 0x100000000 0 0x40000000"],
      realm(rd: 0, rtt: 1) + ["gpt.set 0x100004000 secure"],
      ["RMI_GRANULE_DELEGATE 0x100000000", "gpt.set 0x100004000 secure"],
    ]
    let prints = try ways.map { try print($0) }
    #expect(Set(prints).count == ways.count)
  }
}
