/// All structures that lie in memory, and the 64-bit values with parts that lie in them.
package enum StructureTables {
  package static let all = [
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
  ]

  private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

  package static func named(_ name: String) -> StructureTable? { byName[name] }

  /// By a name in any case.
  package static func find(_ name: String) -> StructureTable? { all.first { $0.name.lowercased() == name.lowercased() } }

  /// What an action gives somebody the address of: structures with the addresses they begin at. A Realm's are at IPAs.
  package static func given(by action: Action) -> [(base: UInt64, table: StructureTable)] {
    switch action {
    case .smc(.normal, let x): given(Commands.called(x[0])) { x[$0] }
    case .guest(let guest) where guest.kind == .smc: given(Commands.called(guest.x[0])) { $0 < guest.count ? guest.x[$0] : 0 }
    case .enterVCPU(let vcpu, let run):
      [(vcpu, RmmRec.about), (run, RmiRecRun.about)].compactMap { base, facts in
        named(facts.name.description).map { (base, $0) }
      }
    default: []
    }
  }

  /// What a call is given the address of.
  static func given(_ entry: CommandEntry?, _ x: (Int) -> UInt64) -> [(base: UInt64, table: StructureTable)] {
    guard let entry else { return [] }
    return entry.inputs.compactMap { input in named(input.structure).map { (x(input.register), $0) } }
  }
}
