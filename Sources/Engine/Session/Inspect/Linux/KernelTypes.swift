/// Where members of a Linux kernel's structures are, from the types it carries for itself (CONFIG_DEBUG_INFO_BTF;
/// Documentation/bpf/btf.rst) or from what it says for a dump (VMCOREINFO; Documentation/admin-guide/kdump/vmcoreinfo.rst).
struct KernelTypes: Sendable, Equatable {
  /// Offsets by `structure.member`, sizes by `structure`.
  private(set) var offsets: [String: Int] = [:]
  private(set) var sizes: [String: Int] = [:]
  /// Addresses by name, and the kernel's release.
  private(set) var symbols: [String: UInt64] = [:]
  private(set) var release: String?

  init() {}

  /// What is looked for.
  static let wanted: [String: Set<String>] = [
    "task_struct": ["comm", "pid", "tgid"], "pt_regs": ["stackframe"], "printk_ringbuffer": ["desc_ring", "text_data_ring"],
    "prb_desc_ring": ["count_bits", "descs", "infos", "head_id", "tail_id"], "prb_desc": ["state_var", "text_blk_lpos"],
    "module": ["list", "name", "mem", "core_layout", "kallsyms"], "module_memory": ["base", "size"],
    "module_layout": ["base", "size"], "mod_kallsyms": ["symtab", "num_symtab", "strtab"],
    "prb_data_blk_lpos": ["begin", "next"], "printk_info": ["ts_nsec", "text_len"], "prb_data_ring": ["size_bits", "data"],
  ]

  // MARK: BTF

  /// Magic number, version 1, no flags, a header of 24 bytes.
  private static let header: [UInt8] = [0x9F, 0xEB, 1, 0, 24, 0, 0, 0]
  private static let mostBytes = 64 << 20

  /// - Parameter bytes: of the kernel's image as it lies in memory.
  init(in bytes: [UInt8]) {
    var at = 0
    while let place = Self.place(in: bytes, from: at) {
      at = place + 1
      if read(bytes, place) { return }
    }
  }

  private static func place(in bytes: [UInt8], from start: Int) -> Int? {
    bytes.withUnsafeBufferPointer { bytes in
      var at = start
      while at < bytes.count - 24 {
        if bytes[at] == header[0], bytes[at + 1] == header[1], (2..<8).allSatisfy({ bytes[at + $0] == header[$0] }) { return at }
        at += 1
      }
      return nil
    }
  }

  /// Bytes behind a type's first twelve, by its kind: so many, and so many for each member.
  private static func tail(_ kind: UInt64) -> (fixed: Int, each: Int)? {
    switch kind {
    case 1, 14, 17: (4, 0)
    case 2, 7, 8, 9, 10, 11, 12, 16, 18: (0, 0)
    case 3: (12, 0)
    case 4, 5, 15, 19: (0, 12)
    case 6, 13: (0, 8)
    default: nil
    }
  }

  /// - Returns: whether all of it was as it has to be; what it says counts only then.
  private mutating func read(_ bytes: [UInt8], _ place: Int) -> Bool {
    func number(_ at: Int, _ count: Int) -> UInt64 { GuestPages.number(bytes, at, count) }
    let types = place + 24 + Int(number(place + 8, 4))
    let typesEnd = types + Int(number(place + 12, 4))
    let strings = place + 24 + Int(number(place + 16, 4))
    let stringsEnd = strings + Int(number(place + 20, 4))
    guard typesEnd - types < Self.mostBytes, stringsEnd - strings < Self.mostBytes, typesEnd <= strings, types < typesEnd,
      strings < stringsEnd, stringsEnd <= bytes.count, bytes[strings] == 0
    else { return false }
    func text(_ offset: UInt64) -> String? {
      guard offset < UInt64(stringsEnd - strings) else { return nil }
      let rest = bytes[(strings + Int(offset))..<stringsEnd].prefix(64)
      return rest.firstIndex(of: 0).map { String(decoding: rest[..<$0], as: UTF8.self) }
    }
    // Only a name that begins as one that is wanted is made a text.
    let initials = Set(Self.wanted.keys.compactMap(\.utf8.first))
    var found = KernelTypes()
    var at = types
    while at < typesEnd {
      guard at + 12 <= typesEnd else { return false }
      let info = number(at + 4, 4)
      let count = Int(info & 0xFFFF)
      guard let tail = Self.tail(info >> 24 & 31), case let next = at + 12 + tail.fixed + tail.each * count, next <= typesEnd
      else {
        return false
      }
      let name = number(at, 4)
      if info >> 24 & 31 == 4, name < UInt64(stringsEnd - strings), initials.contains(bytes[strings + Int(name)]),
        let structure = text(name), let members = Self.wanted[structure], found.sizes[structure] == nil
      {
        found.sizes[structure] = Int(number(at + 8, 4))
        for n in 0..<count {
          let member = at + 12 + 12 * n
          guard let name = text(number(member, 4)), members.contains(name) else { continue }
          let bits = number(member + 8, 4)
          found.offsets["\(structure).\(name)"] = Int(info >> 31 == 1 ? bits & 0xFF_FFFF : bits) / 8
        }
      }
      at = next
    }
    self = found
    return true
  }

  // MARK: VMCOREINFO

  /// How its text begins.
  static let opening = Array("OSRELEASE=".utf8)

  /// Adds what a kernel says for a dump, which counts before what was known; lines of `NAME=VALUE`.
  mutating func add(vmcoreinfo text: [UInt8]) {
    for line in text.prefix(while: { $0 != 0 }).split(separator: 10) {
      guard let sign = line.firstIndex(of: 0x3D) else { continue }
      let key = String(decoding: line[..<sign], as: UTF8.self)
      let value = String(decoding: line[(sign + 1)...], as: UTF8.self)
      if key == "OSRELEASE" {
        release = String(value.unicodeScalars.filter { (0x21..<0x7F).contains($0.value) }.prefix(64).map(Character.init))
        continue
      }
      guard key.hasSuffix(")"), let open = key.firstIndex(of: "(") else { continue }
      let name = String(key[key.index(after: open)...].dropLast())
      switch key[..<open] {
      case "OFFSET": if let number = Int(value), (0..<1 << 20).contains(number) { offsets[name] = number }
      case "SIZE": if let number = Int(value), (1..<1 << 20).contains(number) { sizes[name] = number }
      case "SYMBOL": symbols[name] = UInt64(value, radix: 16)
      default: break
      }
    }
  }
}
