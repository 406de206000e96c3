import Engine
import Testing

/// Whatever is typed, nothing traps: lines made from the grammar, with numbers at the edges.
struct RandomLineTests {
  private struct Dice: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      return mix(state)
    }
  }

  private static let numbers = [
    "0", "1", "7", "8", "30", "31", "32", "64", "4096", "4097", "0xfff", "0x7fffffff", "0xffffffff", "0x100000000", "99999999999",
    "0x7fffffffffffffff", "0x8000000000000000", "0xffffffffffffffff", "0xfffffffffffff000", "18446744073709551615", "1G",
    "0x80000000", "0x80000ff8", "0x80001000", "0x83fff000", "0x83ffffff", "0x84000000", "0x8000000", "0x40000000",
    "0x0ffffffffffff",
    "0x1000000000000", "-1", "(1 << 63)", "(0 - 4096)", "1/0", "99999999999999999999", "0x", "1_", "rd", "((((1))))", "v",
    "v+v*v",
  ]
  private static let words = [
    "ok", "any", "REALM", "root", "secure", "RMI_SUCCESS", "=", "enter", "x0=?v", "by=", "!1|2", "dram=1G",
  ]
  private static let verbs =
    Language.core.verbs.map(\.name).filter { !["boot", "debug", "include"].contains($0) } + Commands.all.map(\.name)
    + ["let v =", "vm"]
    + ProcessingElement.registerNames.map { "sysreg \($0)" } + RealmRegister.allCases.map { "guest setsys \($0.name)" }
    + ["dram", "dram_base", "pe", "pa_width", "rec_aux_count", "feature_register_0", "instance", "lifecycle"].map {
      "machine \($0)="
    }

  private func line(_ dice: inout Dice) -> String {
    let verb = Self.verbs.randomElement(using: &dice) ?? ""
    let count = Int.random(in: 0...4, using: &dice)
    let arguments = (0..<count).map { _ in
      (Int.random(in: 0..<8, using: &dice) == 0 ? Self.words : Self.numbers).randomElement(using: &dice) ?? ""
    }
    let gap = verb.hasSuffix("=") && !verb.hasPrefix("let") ? "" : " "
    return verb + gap + arguments.joined(separator: " ")
  }

  @Test(arguments: [1, 2] as [UInt64], [false, true])
  func randomLinesTrapNowhere(_ seed: UInt64, _ executesCode: Bool) throws {
    var dice = Dice(state: seed)
    let script = Script()
    script.session.limits = RunLimits()
    script.session.limits.memory = 16 << 20
    script.session.limits.instructions = 1 << 40
    try script.run(executesCode ? "debug tour 1" : Script.activeRealm)
    var done = 0
    for _ in 0..<1000 {
      do {
        try script.run(line(&dice))
        done += 1
      } catch is ScriptError {}
    }
    #expect(done > 200)
    _ = script.session.digest()
  }

  /// A guest that runs after the Host has waited until the end of time.
  @Test func theEndOfTimeTrapsNowhere() throws {
    let script = Script()
    try script.run(
      "debug irq 1\nstep 5\nidle 0xffffffffffffffff\nstep 3\nwatch 0xffffffffffffffff 4096\nwatch 0 1\ncontinue 100000")
    try script.run("guest pause 0xffffffffff\nback 2\nreverse")
  }
}
