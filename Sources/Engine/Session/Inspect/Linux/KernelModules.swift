/// Modules that a Linux kernel has loaded, and the names of their code: each has a table of symbols of its own (kernel/module/kallsyms.c),
/// whose place, and where their code is, the kernel's types tell.
struct KernelModules {
  /// As many as are looked at, symbols of one, and bytes of a name.
  private static let most = (modules: 512, symbols: 1 << 14, name: 128)
  /// A symbol of an ELF file: name, kind, section, value, size.
  private static let symbolSize: UInt64 = 24

  private struct Module {
    let name: String
    let code: Range<UInt64>
    /// Its `struct mod_kallsyms`.
    let symbols: UInt64
  }

  private let memory: GuestPages
  private let types: KernelTypes
  private var modules: [Module] = []

  var count: Int { modules.count }

  /// - Parameter head: the kernel's list of them (`modules`).
  init(_ memory: GuestPages, _ types: KernelTypes, head: UInt64) {
    (self.memory, self.types) = (memory, types)
    guard let list = offset("module.list"), let name = offset("module.name"), let symbols = offset("module.kallsyms"),
      let (base, size, sizeBytes) = code
    else { return }
    var place = memory.number(head)
    var seen: Set<UInt64> = []
    while let next = place, next != head, modules.count < Self.most.modules, seen.insert(next).inserted {
      let module = next &- list
      guard let text = text(module &+ name), let start = memory.number(module &+ base),
        let length = memory.number(module &+ size, sizeBytes), let table = memory.number(module &+ symbols)
      else { return }
      let (end, wraps) = start.addingReportingOverflow(length)
      if !wraps, length < 1 << 30, table != 0 { modules.append(Module(name: text, code: start..<end, symbols: table)) }
      place = memory.number(next)
    }
  }

  private func offset(_ name: String) -> UInt64? { types.offsets[name].map { UInt64($0) } }

  /// Where a module says where its code is: the first of its memories, before 6.4 its layout.
  private var code: (base: UInt64, size: UInt64, sizeBytes: Int)? {
    for (member, structure) in [("module.mem", "module_memory"), ("module.core_layout", "module_layout")] {
      guard let place = offset(member), let base = offset(structure + ".base"), let size = offset(structure + ".size") else {
        continue
      }
      return (place + base, place + size, 4)
    }
    return nil
  }

  /// A name; nil if it is none that could be one.
  private func text(_ place: UInt64) -> String? {
    var bytes: [UInt8] = []
    while bytes.count < Self.most.name, let byte = memory.number(place &+ UInt64(bytes.count), 1), byte != 0 {
      guard (0x21..<0x7F).contains(byte) else { return nil }
      bytes.append(UInt8(byte))
    }
    return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
  }

  /// The name a place in a module's code belongs to, where that begins, and which module it is; of one whose symbols cannot be read its
  /// beginning.
  func place(_ address: UInt64) -> (name: String, start: UInt64, module: String)? {
    guard let module = modules.first(where: { $0.code.contains(address) }) else { return nil }
    guard let found = symbol(of: module, at: address) else { return ("", module.code.lowerBound, module.name) }
    return (found.name, found.start, module.name)
  }

  private func symbol(of module: Module, at address: UInt64) -> (name: String, start: UInt64)? {
    guard let table = pointer(module, "symtab"), let names = pointer(module, "strtab"),
      let count = offset("mod_kallsyms.num_symtab").flatMap({ memory.number(module.symbols &+ $0, 4) }),
      count <= UInt64(Self.most.symbols)
    else { return nil }
    var best: (name: UInt64, start: UInt64)?
    for number in 0..<count {
      guard let symbol = memory.bytes(table &+ number &* Self.symbolSize, Int(Self.symbolSize)) else { return nil }
      let start = GuestPages.number(symbol, 8, 8)
      let name = GuestPages.number(symbol, 0, 4)
      // Defined, in the code, and not before one that is nearer; the assembler's own begin with $.
      guard name != 0, GuestPages.number(symbol, 6, 2) != 0, module.code.contains(start), start <= address,
        best.map({ start > $0.start }) ?? true, memory.number(names &+ name, 1).map({ $0 != 0x24 && $0 != 0 }) ?? false
      else { continue }
      best = (name, start)
    }
    return best.flatMap { best in text(names &+ best.name).map { ($0, best.start) } }
  }

  private func pointer(_ module: Module, _ member: String) -> UInt64? {
    offset("mod_kallsyms." + member).flatMap { memory.number(module.symbols &+ $0) }
  }
}
