import Engine
import Testing

/// The tables of the structures in memory: against the specification, in themselves, and as what the RMM reads by them.
struct StructureTests {
  @Test func placesEqualTheSpecification() throws {
    let lines = try Project.text("Tests/EngineTests/Fixtures/structures.txt").split(separator: "\n").filter { !$0.hasPrefix("#") }
    var specified: [String: Set<String>] = [:]
    for line in lines {
      let words = line.split(separator: "\t").map(String.init)
      let table = try #require(StructureTables.named(words[1]), "\(line)")
      switch words[0] {
      case "size": #expect(table.facts.size == Int(words[2]), "\(line)")
      case "field":
        let field = try #require(table.fields.first { $0.name.description == words[2] }, "\(line)")
        #expect([hex(UInt64(field.offset)), "\(field.width)", "\(field.count)"] == words[3...], "\(line)")
        specified[table.name, default: []].insert(words[2])
      case "bits":
        let field = try #require(table.bits.first { $0.name.description == words[2] }, "\(line)")
        #expect(["\(field.high)", "\(field.low)"] == words[3...], "\(line)")
      default: Issue.record("unknown line \(line)")
      }
    }
    // What the specification has no field for is no field here.
    for (name, fields) in specified {
      #expect(StructureTables.named(name).map { Set($0.fields.map(\.name.description)) } == fields, "\(name)")
    }
  }

  @Test(arguments: StructureTables.all.map(\.name))
  func fieldsLieInTheirStructureAndBesideEachOther(_ name: String) throws {
    let table = try #require(StructureTables.named(name))
    #expect(!table.fields.isEmpty || !table.bits.isEmpty)
    var end = 0
    for field in table.fields.sorted(by: { $0.offset < $1.offset }) {
      #expect(field.offset >= end, "\(field.name) overlaps the field before it")
      #expect([1, 2, 4, 8].contains(field.width) || [.bytes, .structure].contains(field.kind), "\(field.name)")
      #expect(field.offset % min(field.width, 8) == 0, "\(field.name) is not aligned")
      end = field.range.upperBound
      #expect(end <= table.facts.size, "\(field.name) ends beyond the structure")
    }
    var used: UInt64 = 0
    for field in table.bits {
      #expect(used & field.mask == 0, "\(field.name) overlaps")
      used |= field.mask
    }
  }

  @Test func whatRowsReferToIsThere() {
    let ids = Set(
      Policy.personalities.flatMap { personality in
        var configuration = MachineConfiguration()
        configuration.policy = personality.policy
        let machine = Machine(configuration)
        return Commands.all.flatMap { $0.list(machine).map(\.id) }
      })
    for table in StructureTables.all {
      for rules in table.fields.map(\.rules) + table.bits.map(\.rules) {
        for rule in rules.description.split(separator: " ") { #expect(ids.contains(String(rule)), "\(table.name)") }
      }
      for type in table.fields.map(\.type.description) where !type.isEmpty {
        #expect(StructureTables.named(type) != nil, "\(table.name): \(type)")
      }
    }
    for command in Commands.all {
      for input in command.inputs where !input.structure.isEmpty {
        #expect(StructureTables.named(input.structure) != nil, "\(command.name): \(input.name)")
      }
    }
    #expect(RealmRegister.allCases.count <= RmmRec.table.sysregs.count)
  }

  // MARK: What the RMM reads is what was written by name

  private static let params: UInt64 = 0x83F0_0000

  private func lines(_ values: [(MemoryField, UInt64)], in base: UInt64) -> String {
    values.map { "ns.write64 \(hex($0.0.address(in: base))) \(hex($0.1))" }.joined(separator: "\n")
  }

  @Test func aRealmIsWhatItsParametersSay() throws {
    let fields = RmiRealmParams.table
    let script = Script()
    try script.run(
      (0...8).map { "smc RMI_GRANULE_DELEGATE \(hex(0x8010_0000 + UInt64($0) << 12))" }.joined(separator: "\n") + "\n"
        + lines(
          [
            (fields.flags, RmiRealmFlags.table.pmu.mask), (fields.s2sz, 33), (fields.numBPs, 1), (fields.numWPs, 1),
            (fields.pmuNumCtrs, 3), (fields.hashAlgo, 1), (fields.rpv, 0x1122), (fields.vmid, 77), (fields.rttBase, 0x8010_0000),
            (fields.rttLevelStart, 2), (fields.rttNumStart, 8),
          ], in: Self.params) + "\nsmc RMI_REALM_CREATE 0x80108000 \(hex(Self.params))\nexpect RMI_SUCCESS")
    #expect(script.runner.failures == [])
    script.session.read { machine in
      let realm = machine.realm(0x8010_8000)
      #expect(realm.state == .new && realm.hash == .sha512 && !realm.lpa2 && realm.pmu && realm.flags == 4)
      #expect(realm.ipaWidth == 33 && realm.startLevel == 2 && realm.rttCount == 8 && realm.rttBase == 0x8010_0000)
      #expect(realm.vmid == 77 && realm.pmuCounters == 3 && realm.rpv.prefix(3).elementsEqual([0x22, 0x11, 0]))
    }
  }

  @Test func aRECIsWhatItsParametersSay() throws {
    let fields = RmiRecParams.table
    var configuration = MachineConfiguration()
    configuration.recAuxCount = 2
    let script = Script(configuration)
    try script.run(
      Script.activeRealm.split(separator: "smc RMI_GRANULE_DELEGATE rec")[0] + "\nsmc RMI_GRANULE_DELEGATE rec\n"
        + "smc RMI_GRANULE_DELEGATE 0x80120000\nsmc RMI_GRANULE_DELEGATE 0x80121000\nns.fill \(hex(Self.params)) 0x1000 0\n"
        + lines(
          [
            (fields.flags, 1), (fields.mpidr, 0), (fields.pc, 0x1234), (fields.gprs, 0xAB), (fields.numAux, 2),
            (fields.aux, 0x8012_0000),
          ], in: Self.params)
        + "\nns.write64 \(hex(fields.gprs.address(in: Self.params, 7))) 0xcd"
        + "\nns.write64 \(hex(fields.aux.address(in: Self.params, 1))) 0x80121000"
        + "\nsmc RMI_REC_CREATE rd rec \(hex(Self.params))\nexpect RMI_SUCCESS")
    #expect(script.runner.failures == [])
    script.session.read { machine in
      let rec = machine.rec(0x8010_2000)
      #expect(rec.runnable && rec.owner == 0x8010_0000 && rec.pc == 0x1234 && rec.x(0) == 0xAB && rec.x(7) == 0xCD)
      #expect(rec.auxCount == 2 && rec.aux(0) == 0x8012_0000 && rec.aux(1) == 0x8012_1000)
    }
  }

  /// A byte-sized parameter with more beside it: 8 bits by the specification, 32 by TF-RMM (D26).
  @Test(arguments: [("spec-1.0", "RMI_SUCCESS"), ("tf-rmm-0.6", "RMI_ERROR_INPUT")])
  func aFieldIsAsWideAsThePersonalityTakesIt(_ personality: String, _ answer: String) throws {
    let script = Script()
    try script.run(
      """
      machine rmm=\(personality)
      smc RMI_GRANULE_DELEGATE 0x80100000
      smc RMI_GRANULE_DELEGATE 0x80101000
      ns.write64 0x83f00008 40
      ns.write64 0x83f00018 0x101
      ns.write64 0x83f00020 1
      ns.write64 0x83f00808 0x80101000
      ns.write64 0x83f00818 1
      smc RMI_REALM_CREATE 0x80100000 0x83f00000
      expect \(answer)
      """)
    #expect(script.runner.failures == [])
  }
}
