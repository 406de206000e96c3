import Basics

extension StructureTable {
  /// The field that lies at an address, of a structure that begins at `base`; nil where it has none.
  package func place(_ base: UInt64, at address: UInt64) -> FieldPlace? {
    guard address >= base, address - base < UInt64(facts.size), let (field, index) = field(at: Int(address - base)) else {
      return nil
    }
    if field.kind == .structure, let inner = StructureTables.named(field.type.description) {
      return inner.place(field.address(in: base), at: address)
    }
    return place(field, index, base)
  }

  private func place(_ field: MemoryField, _ index: Int, _ base: UInt64) -> FieldPlace {
    FieldPlace(
      structure: name, base: base, field: field.name(index),
      offset: field.offset + index * field.width, width: field.width, meaning: field.meaning.description)
  }

  /// The fields a failure condition looks at, with their values; of several those that are not zero.
  func values(for rule: String, _ base: UInt64, _ machine: borrowing Machine) -> [FieldValue] {
    var values: [FieldValue] = []
    for field in parts {
      guard let inner = StructureTables.named(field.type.description) else { continue }
      values += inner.values(for: rule, field.address(in: base), machine)
    }
    for field in lookedAt[rule] ?? [] {
      for index in 0..<field.count {
        let value = machine.readBytes(field.address(in: base, index), min(field.width, 8))
        guard field.count == 1 || value != 0 else { continue }
        values.append(FieldValue(place: place(field, index, base), value: value, text: field.kind.text(value)))
      }
    }
    return values
  }
}

extension StructureTable {
  /// The fields of a structure that begins at `base` and what they hold, in their order: those that are zero are left out.
  func contents(_ base: UInt64, _ machine: borrowing Machine) -> [String] {
    fields.flatMap { field -> [String] in
      let inner = field.kind == .structure ? StructureTables.named(field.type.description) : nil
      if let inner, !inner.fields.isEmpty { return inner.contents(field.address(in: base), machine) }
      return (0..<field.count).compactMap { index in
        let bytes = machine.bytes(field.address(in: base, index), field.width)
        guard bytes.contains(where: { $0 != 0 }) else { return nil }
        if field.kind == .bytes { return "\(field.name(index)) \(hexBytes(bytes.prefix(8)))\(bytes.count > 8 ? "…" : "")" }
        return "\(field.name(index)) \(field.kind.text(machine.readBytes(field.address(in: base, index), min(field.width, 8))))"
      }
    }
  }
}

extension Machine {
  /// What the structure that the RMM keeps in a granule holds; nil where it keeps none with fields.
  package func keptContents(_ granule: UInt64) -> (structure: String, fields: [String])? {
    guard let (base, facts) = keptStructure(at: granule), base == granule, facts.name.description != RTT.about.name.description,
      let table = StructureTables.named(facts.name.description)
    else { return nil }
    return (table.name, table.contents(base, self))
  }

  /// What a granule would hold as a structure of that name.
  package func contents(_ base: UInt64, as table: StructureTable) -> [String] { table.contents(base, self) }

  /// The field that lies at an address of what the RMM and EL3 keep; nil where they keep nothing of the kind.
  package func fieldPlace(at address: UInt64) -> FieldPlace? {
    guard let (base, facts) = keptStructure(at: address) else { return nil }
    return StructureTables.named(facts.name.description)?.place(base, at: address)
  }

  private func keptStructure(at address: UInt64) -> (base: UInt64, facts: StructureFacts)? {
    typealias GPT = GranuleProtectionTable
    if isDRAM(address) {
      switch granuleState(address.granuleBase) {
      case .rd: return (address.granuleBase, RmmRealm.about)
      case .rec: return (address.granuleBase, RmmRec.about)
      case .rtt: return (address.granuleBase, RTT.about)
      case .undelegated, .delegated, .recAux, .data: return nil
      }
    }
    let manifest = map.sharedBuffer
    let bank = manifest + UInt64(BootManifest.about.size)
    let l1 = gpt.l1Base
    if (manifest..<bank).contains(address) { return (manifest, BootManifest.about) }
    if (bank..<bank + UInt64(DRAMBank.about.size)).contains(address) { return (bank, DRAMBank.about) }
    if (gpt.l0Base..<gpt.l0Base + (gpt.limit >> GPT.regionShift) * 8).contains(address) {
      return (gpt.l0Base, GPTLevel0.about)
    }
    if (l1..<control.nextL1Table).contains(address) { return (l1 + (address - l1) / GPT.l1Size * GPT.l1Size, GPTLevel1.about) }
    return nil
  }

  /// The fields in memory that the deciding condition of a call looks at, as far as there is such a structure where it is told.
  func fieldValues(_ entry: CommandEntry, _ call: Call, decidedBy rule: String) -> [FieldValue] {
    StructureTables.given(entry) { call.x[$0] }.flatMap { base, table -> [FieldValue] in
      guard isReadable(base, table) else { return [] }
      return table.values(for: rule, base, self)
    }
  }

  private func isReadable(_ base: UInt64, _ table: StructureTable) -> Bool {
    guard base.isGranuleAligned, isDRAM(base) else { return false }
    switch table.name {
    case RmmRealm.about.name.description: return granuleIs(base, .rd)
    case RmmRec.about.name.description: return granuleIs(base, .rec)
    case RsiRealmConfig.about.name.description, RsiHostCall.about.name.description: return false
    default: return true
    }
  }
}

extension [FieldValue] {
  /// A line for each structure: where it is, and its fields with value and offset.
  package var lines: [String] {
    var bases: [UInt64] = []
    for value in self where !bases.contains(value.place.base) { bases.append(value.place.base) }
    return bases.compactMap { base in
      let own = filter { $0.place.base == base }
      guard let first = own.first else { return nil }
      let words = own.map { "\($0.place.field) = \($0.text) at \(hex(UInt64($0.place.offset)))" }
      return "in \(first.place.structure) at \(hex(base)): \(words.joined(separator: ", "))"
    }
  }
}
