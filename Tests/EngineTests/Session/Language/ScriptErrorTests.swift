import Engine
import Testing

/// Whatever is wrong with a line is said with its place, and nothing happens.
struct ScriptErrorTests {
  @Test(arguments: [
    ("foo 1", 1, "unknown statement"),
    ("smc", 1, "smc has 0 arguments"),
    ("smc RMI_NONSENSE", 5, "unknown name"),
    ("smc 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19", 50, "smc has 19 arguments"),
    ("ns.write64 0x10", 1, "expected: ns.write64 PA VALUE"),
    ("ns.write64 0x 1", 12, "hexadecimal digits"),
    ("ns.write64 0x1ffffffffffffffff 1", 12, "more than 64 bits"),
    ("ns.write64 18446744073709551616 1", 12, "more than 64 bits"),
    ("ns.write64 20000000000G 1", 12, "more than 64 bits"),
    ("ns.read64 12x", 11, "bad number"),
    ("let = 1", 1, "expected: let NAME = EXPR"),
    ("let 1a = 1", 5, "not a name"),
    ("let RMI_VERSION = 1", 5, "already stands for a number"),
    ("let a = 1 / 0", 14, "division by zero"),
    ("let a = (1 + 2", 15, "not closed"),
    ("print 1 +", 10, "end of the line"),
    ("expect", 1, "expect needs a status"),
    ("expect RMI_BOGUS", 8, "unknown name"),
    ("expect ERROR_INPUT", 8, "did you mean RMI_ERROR_INPUT or RSI_ERROR_INPUT?"),
    ("expect RMI_SUCESS", 8, "did you mean RMI_SUCCESS?"),
    ("expect ok y0=1", 11, "expected a register"),
    ("guest", 1, "guest needs an action"),
    ("guest fly", 7, "unknown guest action"),
    ("guest setreg 31 0", 14, "expected 0 to 30"),
    ("guest sync 1 2", 7, "sync ESR [FAR HPFAR]"),
    ("guest setsys nothing 1", 14, "unknown register"),
    ("gpt.set 0x80000000 moon", 20, "expected nonsecure"),
    ("sysreg nothing", 8, "unknown register"),
    ("machine dram=3", 1, "multiple of 4K"),
    ("machine dram=999999999999G", 14, "more than 64 bits"),
    ("machine pe=9", 1, "1 to 8"),
    ("machine rmm=linux", 9, "unknown personality"),
    ("machine moon", 9, "unknown machine"),
    ("RMI_GRANULE_DELEGATE ad=1", 22, "has no argument"),
    ("ns.fill 0x80000000 512M 1", 1, "too large"),
    ("case", 1, "case needs a name"),
    ("smc \u{1}", 5, "control character"),
    ("include ../etc/passwd", 9, "cannot include"),
  ])
  func aBadLineIsRefusedWithItsPlace(_ line: String, _ column: Int, _ message: String) throws {
    var configuration = MachineConfiguration()
    configuration.dramSize = 1 << 30
    let script = Script(configuration)
    let before = script.session.digest()
    let error = #expect(throws: ScriptError.self) { try script.run(line) }
    #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    #expect(error?.line == 1)
    #expect(error?.column == column, "\(line)")
    #expect(script.session.digest() == before)
  }

  @Test func numbersAreReadInEveryForm() throws {
    let script = Script()
    try script.run("let a = 007 + 0x_1F * 2 - (3 << 1)\nprint a\nprint 64K\nprint -3\nprint 0XfF\nprint 1_000")
    #expect(script.takeRaw() == ["0x3f", "0x10000", "0xfffffffffffffffd", "0xff", "0x3e8"])
  }

  @Test func expectationsSayWhatCame() throws {
    let script = Script()
    try script.run(
      """
      smc RMI_VERSION 0x10000
      expect RMI_SUCCESS x1=?v x2=?v x1!=0 x1&0xffff=0
      smc RMI_GRANULE_DELEGATE 0x80000001
      expect RMI_SUCCESS
      expect !RMI_SUCCESS
      expect RMI_ERROR_INPUT|RMI_ERROR_RTT:2
      """)
    #expect(script.runner.failures.map(\.line) == [4])
    #expect(script.runner.failures.first?.message.contains("got RMI_ERROR_INPUT (decided by gran_align)") == true)
  }

  @Test func aGuestActionThatNeverStartsFailsItsExpectation() throws {
    let script = Script()
    try script.run("guest smc RSI_VERSION 0x10000\nguest expect RSI_SUCCESS\ncase next")
    #expect(script.runner.failures.count == 1)
  }
}
