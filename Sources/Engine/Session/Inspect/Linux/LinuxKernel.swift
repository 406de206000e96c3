import Basics
import Host
import Machine

/// A Linux kernel in a guest's memory, as somebody outside finds it who needs no file for it: its names (``KernelNames``), its structures
/// (``KernelTypes``), which task is current, who has called what (``KernelBackTrace``), its log (``PrintkRing``).
package final class LinuxKernel {
  /// What of a kernel stays the same as long as it runs.
  struct Image: Sendable {
    let names: KernelNames
    var types: KernelTypes
    /// Where the names were searched, by IPA.
    let start: UInt64
    /// By how much places that are asked for are above the lowest address.
    let places: [String: UInt64]
  }

  let memory: GuestPages
  let registers: KernelRegisters
  let image: Image
  /// The lowest address with a name.
  private let base: UInt64
  /// Words where the vCPU is: those of a process, if one runs.
  private let word: (UInt64) -> UInt64?

  /// How far before and behind the kernel's table its names and types are looked for.
  static let reach: (before: UInt64, behind: UInt64) = (48 << 20, 16 << 20)
  private static let places: Set<String> = ["prb", "__entry_task", "vmcoreinfo_data", "_stext", "modules", "el0t_64_sync"]
  /// Pages that are looked at for what it says for a dump, where no name tells.
  private static let mostPages: UInt64 = 1 << 18

  init?(
    _ memory: GuestPages, _ registers: KernelRegisters, known: Image?,
    reach: (before: UInt64, behind: UInt64) = LinuxKernel.reach, word: @escaping (UInt64) -> UInt64?
  ) {
    guard memory.hasTable else { return nil }
    (self.memory, self.registers, self.word) = (memory, registers, word)
    var image: Image
    if let known, Self.isThere(known, memory) {
      image = known
    } else if let found = Self.search(memory, reach) {
      image = found
    } else {
      return nil
    }
    base = GuestPages.number(Array(memory.bytes(ipa: image.start + UInt64(image.names.basePlace), 8)), 0, 8)
    guard base >> 63 == 1, memory.maps(base &+ (image.places["_stext"] ?? 0)) else { return nil }
    if image.types.release == nil { Self.askForDump(&image, memory, base) }
    self.image = image
  }

  private static func isThere(_ image: Image, _ memory: GuestPages) -> Bool {
    let place = image.start + UInt64(image.names.tokenPlace)
    return memory.bytes(ipa: place, image.names.mark.count).elementsEqual(image.names.mark)
  }

  private static func search(_ memory: GuestPages, _ reach: (before: UInt64, behind: UInt64)) -> Image? {
    let start = memory.table > reach.before ? memory.table - reach.before : 0
    let bytes = memory.span(start, Int(memory.table - start + reach.behind))
    guard let names = KernelNames(in: bytes) else { return nil }
    return Image(names: names, types: KernelTypes(in: bytes), start: start & ~4095, places: names.offsets(of: places))
  }

  /// What the kernel says for a dump, once it has said it.
  private static func askForDump(_ image: inout Image, _ memory: GuestPages, _ base: UInt64) {
    func take(_ text: [UInt8]?) -> Bool {
      guard let text, text.starts(with: KernelTypes.opening) else { return false }
      image.types.add(vmcoreinfo: text)
      return true
    }
    if let place = image.places["vmcoreinfo_data"] {
      _ = memory.number(base &+ place).map { take(memory.bytes($0, 4096)) }
      return
    }
    let first = memory.table & ~(1 << 30 - 1)
    let opening = GuestPages.number(KernelTypes.opening, 0, 8)
    for number in 0..<mostPages {
      let place = first + number << 12
      if memory.head(place) == opening, take(memory.look(at: place)) { return }
    }
  }

  /// That of a vCPU of a session.
  convenience init?(_ session: Session, _ vcpu: UInt64) {
    guard let registers = session.read({ $0.guestKernelRegisters(vcpu) }) else { return nil }
    let memory = GuestPages(
      ttbr1: registers.ttbr1, tcr: registers.tcr, { [unowned session] ipa in session.read { $0.guestPage(vcpu, ipa: ipa) } },
      head: { [unowned session] ipa in session.read { $0.guestPageHead(vcpu, ipa: ipa) } })
    self.init(memory, registers, known: session.kernelMemo.image) { [unowned session] address in
      if address >> 63 == 1 { return memory.number(address) }
      let bytes = session.read { $0.guestBytes(vcpu, address, 8) }
      return bytes.count == 8 ? GuestPages.number(bytes, 0, 8) : nil
    }
  }

  // MARK: Names

  /// What it has loaded besides.
  private lazy var modules: KernelModules? = image.places["modules"].map { KernelModules(memory, image.types, head: base &+ $0) }

  /// `schedule+0x1c`, or `virtblk_probe+0x40 [virtio_blk]`; nil for what is neither the kernel's own nor a module's.
  package func name(_ address: UInt64) -> String? {
    guard let place = place(address) else { return nil }
    let offset = address - place.start
    let name = place.name.isEmpty ? hex(address) : offset == 0 ? place.name : "\(place.name)+\(hex(offset))"
    return name + (place.module.map { " [\($0)]" } ?? "")
  }

  private func place(_ address: UInt64) -> (name: String, start: UInt64, module: String?)? {
    if address >= base, let own = image.names.place(address - base) { return (own.name, base + own.start, nil) }
    guard address >> 63 == 1 else { return nil }
    return modules?.place(address).map { ($0.name, $0.start, $0.module) }
  }

  private func start(_ address: UInt64) -> UInt64? { place(address)?.start }

  /// Its release, once it has said so.
  package var release: String? { image.types.release }
  /// How many of its places have names.
  package var nameCount: Int { image.names.count }

  // MARK: What it does

  /// The task its vCPU is about, and where that is; else why it is not known.
  package var task: String {
    guard let place = currentTask else {
      return registers.isInKernel
        ? "the current task is not known: SP_EL0 leads to none"
        : "the current task is not known: a process runs, and the kernel has no name for where it keeps its task"
    }
    guard let comm = image.types.offsets["task_struct.comm"], let pid = image.types.offsets["task_struct.pid"] else {
      return "task at \(hex(place)); what is in it is not known: the kernel has no types (CONFIG_DEBUG_INFO_BTF)"
    }
    guard let name = memory.bytes(place &+ UInt64(comm), 16), let number = memory.number(place &+ UInt64(pid), 4) else {
      return "the current task is not known: nothing is mapped at \(hex(place))"
    }
    let text = String(
      String.UnicodeScalarView(name.prefix { $0 != 0 }.map { (0x20..<0x7F).contains($0) ? Unicode.Scalar($0) : "?" }))
    let group = image.types.offsets["task_struct.tgid"].flatMap { memory.number(place &+ UInt64($0), 4) }
    let thread = group.map { $0 == number ? "" : ", a thread of \($0)" } ?? ""
    return
      "\(text), pid \(Int32(truncatingIfNeeded: number))\(thread), \(registers.isInKernel ? "in the kernel" : "in its program")"
  }

  /// SP_EL0 is the kernel's pointer to the current task (arch/arm64/include/asm/current.h); while a process runs it is that one's stack,
  /// and what a vCPU is to put there again is its own copy of `__entry_task`.
  private var currentTask: UInt64? {
    if registers.isInKernel { return memory.ipa(of: registers.spEL0) == nil ? nil : registers.spEL0 }
    guard let place = entryTask, let task = memory.number(place &+ registers.tpidrEL1), memory.ipa(of: task) != nil else {
      return nil
    }
    return task
  }

  /// `__entry_task`, by its name, or, of a kernel that names no data, by the code that puts what is there into SP_EL0 when a process has called
  /// it (kernel_entry of arch/arm64/kernel/entry.S): ADRP and ADD of one register, which MSR SP_EL0 takes later.
  private var entryTask: UInt64? {
    if let place = image.places["__entry_task"] { return base &+ place }
    let count = 128
    guard let place = image.places["el0t_64_sync"], case let start = base &+ place, let code = memory.bytes(start, 4 * count)
    else {
      return nil
    }
    let words = (0..<count).map { GuestPages.number(code, 4 * $0, 4) }
    guard let end = words.firstIndex(where: { $0 & 0xFFFF_FFE0 == 0xD518_4100 }), case let register = words[end] & 31,
      let add = words[..<end].lastIndex(where: { $0 & 0xFF80_03FF == 0x9100_0000 | register << 5 | register }),
      let page = words[..<add].lastIndex(where: { $0 & 0x9F00_001F == 0x9000_0000 | register })
    else { return nil }
    let distance = words[page] >> 29 & 3 | (words[page] >> 5 & 0x7FFFF) << 2
    let signed = UInt64(bitPattern: Int64(bitPattern: distance << 43) >> 43)
    return (start &+ UInt64(4 * page)) & ~4095 &+ signed << 12 &+ (words[add] >> 10 & 0xFFF)
      << (words[add] >> 22 & 1 == 1 ? 12 : 0)
  }

  /// Who has called what, from where the vCPU stands: a line a frame.
  ///
  /// - Parameter others: names of a process's places.
  package func backTrace(_ others: SymbolTable) -> [String] {
    let width = 64 - (registers.tcr >> 16 & 0x3F)
    let trace = KernelBackTrace(
      registers.general, width: width, stackFrame: image.types.offsets["pt_regs.stackframe"].map { UInt64($0) }, start: start,
      word: word)
    return trace.frames.enumerated().map { number, frame in
      // A call may be the last instruction of its function.
      let behind: UInt64 = frame.isReturn && frame.pc >= 4 ? 4 : 0
      let place = frame.pc &- behind
      let name = self.place(place).map { found in
        let text = found.name.isEmpty || frame.pc == found.start ? found.name : "\(found.name)+\(hex(frame.pc - found.start))"
        return [text, found.module.map { "[\($0)]" } ?? ""].filter { !$0.isEmpty }.joined(separator: " ")
      }
      let text = name ?? others.text(frame.pc)
      return "#\(number) \(hex(frame.pc))\(text.map { " \($0)" } ?? "")\(frame.isTaken ? " (an exception was taken here)" : "")"
    }
  }

  /// The last messages of its log; nil with the reason if it cannot be read.
  package func log(last count: Int = PrintkRing.most) -> (lines: [String], problem: String?) {
    guard let pointer = image.types.symbols["prb"] ?? image.places["prb"].map({ base &+ $0 }) else {
      return ([], "the kernel's log is not known: it has no name for it, and has not said yet where it is (VMCOREINFO)")
    }
    guard let ring = memory.number(pointer),
      let log = PrintkRing(memory, image.types, at: ring, limit: min(count, PrintkRing.most))
    else { return ([], "the kernel's log is not known: what is at \(hex(pointer)) is no printk_ringbuffer") }
    return (log.lines, nil)
  }
}
