/// All structures that lie in memory, and the 64-bit values with parts that lie in them.
package enum StructureTables {
  package static let all =
    [
      StructureTable(RmiRealmParams.self), StructureTable(RmiRealmFlags.self), StructureTable(RmiRecParams.self),
      StructureTable(RmiRecCreateFlags.self), StructureTable(RmiRecMpidr.self), StructureTable(RmiRecRun.self),
      StructureTable(RmiRecEnter.self), StructureTable(RmiRecEnterFlags.self), StructureTable(RmiRecExit.self),
      StructureTable(RsiRealmConfig.self), StructureTable(RsiHostCall.self), StructureTable(RmmRealm.self),
      StructureTable(RmmRec.self), StructureTable(RTT.self), StructureTable(Stage2Descriptor.self),
      StructureTable(Stage2Address52.self), StructureTable(RTTNotValid.self), StructureTable(RttUnprotectedDescriptor.self),
      StructureTable(RmmMeasurementDescriptor.self), StructureTable(RmmMeasurementDescriptorData.self),
      StructureTable(RmmMeasurementDescriptorRec.self), StructureTable(RmmMeasurementDescriptorRipas.self),
      StructureTable(BootManifest.self), StructureTable(DRAMBank.self), StructureTable(GPTLevel0.self),
      StructureTable(GPTBlock.self), StructureTable(GPTTable.self), StructureTable(GPTLevel1.self),
      StructureTable(GPTContiguous.self), StructureTable(GPTGranules.self),
    ] + FFAStructures.all

  private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

  package static func named(_ name: String) -> StructureTable? { byName[name] }

  /// By a name in any case.
  package static func find(_ name: String) -> StructureTable? { all.first { $0.name.lowercased() == name.lowercased() } }

  /// Whose software writes a structure that calls are given the address of.
  package enum Author: Sendable {
    /// At a PA of its own.
    case host
    /// At an IPA.
    case realm
  }

  /// The structures that software writes, each with whose: all others are the RMM's or EL3's.
  package static let written: [(table: StructureTable, author: Author)] = [
    (StructureTable(RmiRealmParams.self), .host), (StructureTable(RmiRecParams.self), .host),
    (StructureTable(RmiRecRun.self), .host), (StructureTable(RsiHostCall.self), .realm),
  ]

  /// The structures that lie in granules of the RMM's: the Host can access none of them.
  package static let ofRMM = [RmmRealm.about, RmmRec.about, RTT.about].map(\.name.description)

  /// What an action gives somebody the address of: structures with the addresses they begin at. A Realm's are at IPAs.
  package static func given(by action: Action) -> [(base: UInt64, table: StructureTable)] {
    switch action {
    case .smc(.normal, let x): given(Calls.called(x[0])) { x[$0] }
    case .guest(let guest) where guest.kind == .smc: given(Calls.called(guest.x[0])) { $0 < guest.count ? guest.x[$0] : 0 }
    case .enterVCPU(let vcpu, let run):
      [(vcpu, RmmRec.about), (run, RmiRecRun.about)].compactMap { base, facts in
        named(facts.name.description).map { (base, $0) }
      }
    default: []
    }
  }

  /// What a call is given the address of by one of its arguments, if software writes that.
  package static func written(at input: Input) -> StructureTable? {
    written.first { $0.table.name == input.structure }?.table
  }

  /// What a call is given the address of.
  static func given(_ entry: CommandEntry?, _ x: (Int) -> UInt64) -> [(base: UInt64, table: StructureTable)] {
    guard let entry else { return [] }
    return entry.inputs.compactMap { input in named(input.structure).map { (x(input.register), $0) } }
  }
}

extension StructureTable {
  /// A field that software writes, and where: from the beginning of the structure.
  package struct Written: Sendable {
    package let field: MemoryField
    package let offset: Int
    /// Bytes from each value of it to what comes behind it: of several that is their width.
    package let room: Int
  }

  /// The fields that software writes. Of a structure of two halves, one of them the RMM's, those of the other.
  package var writable: [Written] {
    guard parts.isEmpty else {
      return parts.filter { $0.type.description != RmiRecExit.about.name.description }.flatMap { part in
        (StructureTables.named(part.type.description)?.writable ?? []).map {
          Written(field: $0.field, offset: part.offset + $0.offset, room: $0.room)
        }
      }
    }
    return fields.enumerated().map { index, field in
      let next = index + 1 < fields.count ? fields[index + 1].offset : facts.size
      return Written(field: field, offset: field.offset, room: field.count > 1 ? field.width : next - field.offset)
    }
  }

  /// One of them by its name, with its index where there are several: `aux[3]`.
  package func writable(named name: String) -> (row: Written, index: Int)? {
    let parts = name.split(separator: "[", maxSplits: 1)
    guard let first = parts.first, let row = writable.first(where: { $0.field.name.description == first.lowercased() }) else {
      return nil
    }
    guard row.field.count > 1 else { return parts.count == 1 ? (row, 0) : nil }
    guard parts.count == 2, parts[1].hasSuffix("]"), let index = Int(parts[1].dropLast()), (0..<row.field.count).contains(index)
    else { return nil }
    return (row, index)
  }
}
