import Basics
import Engine
import Testing

@testable import Session

/// What is found of a Linux kernel in a guest's memory without a file of it.
struct LinuxKernelTests {
  @Test(arguments: [false, true])
  func namesAreReadFromTheKernelsOwnTables(_ isOld: Bool) throws {
    let kernel = try #require(FakeKernel(isOld: isOld).kernel())
    #expect(kernel.nameCount == FakeKernel.names.count)
    for (name, offset) in FakeKernel.names.prefix(20) + FakeKernel.names.suffix(400) {
      #expect(kernel.name(FakeKernel.address(offset)) == name)
    }
    #expect(kernel.name(FakeKernel.address(FakeKernel.code + 0x1004)) == "schedule+0x4")
    #expect(kernel.name(0x1000) == nil && kernel.name(FakeKernel.address(0x40_0001)) == nil)
  }

  @Test func theCurrentTaskIsWhereTheStackPointerOfEL0Leads() throws {
    #expect(try #require(FakeKernel().kernel()).task == "swapper/0, pid 42, in the kernel")
    #expect(try #require(FakeKernel().kernel(isUser: true)).task.contains("no name for where it keeps its task"))
    #expect(try #require(FakeKernel(hasTypes: false).kernel()).task.contains("CONFIG_DEBUG_INFO_BTF"))
  }

  /// While a process runs: what the kernel's own code would put into SP_EL0.
  @Test func theTaskOfAProcessIsWhereTheCodeLooksForIt() throws {
    let fake = FakeKernel()
    let code = FakeKernel.code + 0x7040
    // ADRP X28; ADD X28, X28, #0x2C8; MRS X20, TPIDR_EL1; LDR X28, [X28, X20]; MSR SP_EL0, X28
    let page = UInt64(0x1A_8000 - (code & ~4095)) >> 12
    for (n, word) in [0x9000_001C | (page & 3) << 29 | (page >> 2) << 5, 0x910B_239C, 0xD538_D094, 0xF874_6B9C, 0xD518_411C]
      .enumerated()
    {
      fake.put(code + 4 * n, word, 4)
    }
    fake.put(0x1A_82C8, FakeKernel.address(FakeKernel.task))
    #expect(try #require(fake.kernel(isUser: true)).task == "swapper/0, pid 42, in its program")
    fake.put(0x1A_82C8, 0)
    #expect(try #require(fake.kernel(isUser: true)).task.contains("no name for where it keeps its task"))
  }

  /// By its types, or by what it says for a dump.
  @Test(arguments: [true, false])
  func theLogIsThatOfTheRing(_ hasTypes: Bool) throws {
    let kernel = try #require(FakeKernel(hasTypes: hasTypes).kernel())
    #expect(kernel.release == (hasTypes ? nil : "6.16.12-fake"))
    let log = kernel.log()
    #expect(log.problem == nil)
    #expect(
      log.lines == [
        "[    0.000000] Booting Linux", "[    1.234567] a line", "[    1.234567] and another", "[    2.469134] ",
        "[    3.703701] the last: ?[31mred",
      ])
    #expect(kernel.log(last: 1).lines == ["[    3.703701] the last: ?[31mred"])
  }

  @Test func aBackTraceGoesThroughAnException() throws {
    let fake = FakeKernel()
    let stack = FakeKernel.stack
    // A frame of `schedule`, the registers of an exception in `secondary`, and a last frame.
    fake.put(stack, FakeKernel.address(stack + 0x200))
    fake.put(stack + 8, FakeKernel.address(FakeKernel.code + 0x2010))
    fake.put(stack + 0x210, 2)
    let registers = stack + 0x200 - 296
    fake.put(registers + 256, FakeKernel.address(FakeKernel.code + 0x3020))
    fake.put(registers + 8 * 29, FakeKernel.address(stack + 0x400))
    fake.put(stack + 0x400, FakeKernel.address(stack + 0x500))
    fake.put(stack + 0x408, FakeKernel.address(FakeKernel.code + 0x4000))
    fake.put(stack + 0x510, 1)
    func names(_ kernel: LinuxKernel?) throws -> [String] {
      try #require(kernel).backTrace(.none).map { $0.split(separator: " ").dropFirst(2).joined(separator: " ") }
    }
    let rest = ["do_idle+0x10", "secondary+0x20 (an exception was taken here)", "secondary+0x1000"]
    #expect(try names(fake.kernel()) == ["schedule+0x10"] + rest)
    // Before it has made its record its caller is in X30.
    #expect(
      try names(fake.kernel(pc: FakeKernel.code + 0x1004, link: FakeKernel.code + 0x3008))
        == ["schedule+0x4", "secondary+0x8"] + rest)
  }

  @Test func aBackTraceEndsWhereRecordsGoRound() throws {
    let fake = FakeKernel()
    fake.put(FakeKernel.stack, FakeKernel.address(FakeKernel.stack))
    fake.put(FakeKernel.stack + 8, FakeKernel.address(FakeKernel.code + 0x2010))
    #expect(try #require(fake.kernel()).backTrace(.none).count == 2)
    #expect(try #require(fake.kernel(frame: 0x39_0000)).backTrace(.none).count == 1)
  }

  /// Anything may stand in a guest's memory: what is said of it ends, and is bounded.
  @Test func anythingMayStandInItsMemory() {
    var numbers = SeededNumbers(seed: 5)
    var found = 0
    let places = [0x2_8000..<0x2_D000, 0x5_0000..<0x5_0300, FakeKernel.log..<FakeKernel.log + 0x3200, 0x30_0000..<0x30_3000]
    let sound = FakeKernel(hasTypes: true).image
    for _ in 0..<40 {
      let fake = FakeKernel()
      fake.image = sound
      for _ in 0..<1 + numbers.below(12) {
        let place = numbers.pick(places)
        fake.put(
          place.lowerBound + numbers.below(place.count - 8), numbers.chance(50) ? numbers.next() : UInt64(numbers.below(4096)),
          numbers.pick([1, 2, 4, 8]))
      }
      guard let kernel = fake.kernel() else { continue }
      found += 1
      #expect(kernel.task.utf8.count < 300)
      #expect(kernel.backTrace(.none).count <= 64)
      #expect(kernel.log().lines.count <= 4096)
      for _ in 0..<20 { _ = kernel.name(FakeKernel.address(numbers.below(4 << 20))) }
    }
    #expect(found > 5)
  }

  /// A guest that is no Linux has no kernel, and that is said.
  @Test func aGuestWithoutLinuxHasNone() throws {
    let script = Script()
    var printed: [String] = []
    script.runner.onReport = { printed += $0.result.console }
    try script.run("debug tour 1\ncontinue 1000\nkernel task\nkernel says Linux\nexpect no")
    #expect(script.runner.failures == [])
    #expect(printed.last == Session.noKernel)
  }
}
