import Basics
import Testing

@testable import Session

/// Names of a Linux kernel's modules, from its list of them.
struct KernelModulesTests {
  private static let (head, first, second, table, symbols, strings, code) =
    (0x1B_0000, 0x1B_1000, 0x1B_2000, 0x1B_3000, 0x1B_3100, 0x1B_4000, 0x1C_0000)

  private static func types(isOld: Bool = false) -> KernelTypes {
    let (member, structure) = isOld ? ("core_layout", "module_layout") : ("mem", "module_memory")
    var types = KernelTypes()
    let places = [
      "module.list": 8, "module.name": 24, "module.\(member)": 0x100, "\(structure).base": 0, "\(structure).size": 8,
      "module.kallsyms": 0x200, "mod_kallsyms.symtab": 0, "mod_kallsyms.num_symtab": 8, "mod_kallsyms.strtab": 16,
    ]
    types.add(vmcoreinfo: Array(places.map { "OFFSET(\($0.key))=\($0.value)\n" }.joined().utf8))
    return types
  }

  /// Two modules, of which the first has four symbols.
  private static func fake() -> FakeKernel {
    let fake = FakeKernel()
    fake.put(head, FakeKernel.address(first + 8))
    for (module, next, name, place) in [(first, second + 8, "virtio_blk", code), (second, head, "other", code + 0x4000)] {
      fake.put(module + 8, FakeKernel.address(next))
      fake.put(module + 24, Array(name.utf8) + [0])
      fake.put(module + 0x100, FakeKernel.address(place))
      fake.put(module + 0x108, 0x2000, 4)
      fake.put(module + 0x200, FakeKernel.address(table))
    }
    fake.put(table, FakeKernel.address(symbols))
    fake.put(table + 8, 5, 4)
    fake.put(table + 16, FakeKernel.address(strings))
    fake.put(strings, Array("\0$x\0probe\0remove\0away\0".utf8))
    for (n, (name, section, value)) in [(0, 0, 0), (1, 1, 0x100), (4, 1, 0x100), (10, 1, 0x300), (17, 0, 0x310)].enumerated() {
      fake.put(symbols + 24 * n, UInt64(name), 4)
      fake.put(symbols + 24 * n + 6, UInt64(section), 2)
      fake.put(symbols + 24 * n + 8, FakeKernel.address(code + value))
    }
    return fake
  }

  private static func modules(_ fake: FakeKernel, isOld: Bool = false) throws -> KernelModules {
    KernelModules(try #require(fake.kernel()).memory, types(isOld: isOld), head: FakeKernel.address(head))
  }

  @Test(arguments: [false, true])
  func aPlaceHasTheNearestNameBeforeIt(_ isOld: Bool) throws {
    let modules = try Self.modules(Self.fake(), isOld: isOld)
    #expect(modules.count == 2)
    func text(_ place: Int) -> String? {
      modules.place(FakeKernel.address(place)).map { "\($0.name) \(hex($0.start - FakeKernel.base)) \($0.module)" }
    }
    #expect(text(Self.code + 0x100) == "probe 0x1c0100 virtio_blk" && text(Self.code + 0x2FC) == "probe 0x1c0100 virtio_blk")
    #expect(text(Self.code + 0x1000) == "remove 0x1c0300 virtio_blk")
    #expect(text(Self.code) == " 0x1c0000 virtio_blk", "before the first of its names")
    #expect(text(Self.code + 0x4010) == " 0x1c4000 other", "none of the symbols is its")
    #expect(text(Self.code + 0x2000) == nil && text(0x1000) == nil)
  }

  /// Lists that go round, names that are none, numbers that cannot be.
  @Test func anythingMayStandThere() throws {
    let round = Self.fake()
    round.put(Self.second + 8, FakeKernel.address(Self.first + 8))
    #expect(try Self.modules(round).count == 2)
    let endless = Self.fake()
    endless.put(Self.table + 8, 0xFFFF_FFFF, 4)
    #expect(try Self.modules(endless).place(FakeKernel.address(Self.code + 0x100))?.name == "")
    var numbers = SeededNumbers(seed: 3)
    for _ in 0..<200 {
      let fake = Self.fake()
      for _ in 0..<1 + numbers.below(6) {
        fake.put(
          numbers.pick([Self.head, Self.first, Self.table, Self.symbols]) + numbers.below(0x208),
          numbers.next() >> UInt64(numbers.below(64)))
      }
      let modules = try Self.modules(fake)
      #expect(modules.count <= 512)
      for _ in 0..<4 { _ = modules.place(FakeKernel.address(Self.code + numbers.below(0x8000))) }
    }
  }
}
