import Basics
import Engine
import Testing

@testable import Machine
@testable import Session

/// Where memories lie, and what the GPT says of them when firmware has booted.
struct MemoryMapTests {
  private struct Region: Equatable {
    var from: UInt64
    var to: UInt64
    var gpi: String
  }

  /// The address space by what the GPT says, read from its descriptors.
  private func regions(_ machine: borrowing Machine) -> [Region] {
    var regions: [Region] = []
    func add(_ from: UInt64, _ size: UInt64, _ gpi: GPI?) {
      let name = gpi?.name ?? "none"
      if regions.last?.gpi == name {
        regions[regions.count - 1].to = from + size
      } else {
        regions.append(Region(from: from, to: from + size, gpi: name))
      }
    }
    for gigabyte in 0..<machine.gpt.limit >> 30 {
      let start = gigabyte << 30
      let walk = machine.gptWalk(start)
      guard walk.level == 1 else {
        add(start, 1 << 30, walk.gpi)
        continue
      }
      for entry in 0..<UInt64(16384) {
        let address = start + entry << 16
        let word = machine.gptWalk(address).l1Entry ?? 0
        let isUniform = word & 0xF == 1 || word == 0x1111_1111_1111_1111 &* (word & 0xF)
        for granule in 0..<(isUniform ? 1 : 16) as Range<UInt64> {
          let place = address + granule << 12
          add(place, isUniform ? 1 << 16 : 1 << 12, machine.gptWalk(place).gpi)
        }
      }
    }
    return regions
  }

  private func configuration(_ map: MemoryMapKind) -> MachineConfiguration {
    var configuration = MachineConfiguration()
    configuration.take(map)
    return configuration
  }

  @Test(arguments: [MemoryMapKind.fvp, .qemu])
  func theGPTIsThatOfTheTable(_ map: MemoryMapKind) throws {
    let table = try Project.text("Tests/EngineTests/Fixtures/gpt-maps.txt").split(separator: "\n").compactMap { line -> Region? in
      let words = line.split(separator: " ")
      guard words.first.map(String.init) == map.rawValue, let from = UInt64(words[1].dropFirst(2), radix: 16),
        let to = UInt64(words[2].dropFirst(2), radix: 16)
      else { return nil }
      return Region(from: from, to: to, gpi: String(words[3]))
    }
    #expect(table.count > 8)
    #expect(regions(Machine(configuration(map))) == table)
  }

  /// What firmware keeps lies in memory of its own, and the mirror beside DRAM's granules says what the tables do.
  @Test(arguments: MemoryMapKind.allCases)
  func whatFirmwareKeepsIsWhereItShouldBe(_ kind: MemoryMapKind) {
    let machine = Machine(configuration(kind))
    let map = machine.map
    func pas(_ address: UInt64) -> PAS? { map.memory(at: address)?.pas }
    #expect(pas(map.sharedBuffer) == .realm)
    #expect(pas(map.platformToken) == .realm)
    #expect(pas(map.measurementLog) == .root)
    #expect(pas(map.l0.lowerBound) == .root && pas(map.l1.lowerBound) == .root)
    var places: Set<UInt64> = [map.sharedBuffer, map.platformToken, map.measurementLog]
    for image in FirmwareImage.allCases {
      guard let place = map.place(image, machine.configuration) else { continue }
      #expect(places.insert(place).inserted, "\(image)")
      #expect(!map.l0.overlaps(place..<place + 4096) && !map.l1.overlaps(place..<place + 4096), "\(image)")
      #expect(map.memory(at: place) != nil || machine.isDRAM(place), "\(image)")
    }
    for (n, memory) in map.memories.enumerated() {
      #expect(!memory.range.overlaps(machine.configuration.dramBase..<machine.configuration.dramTop), "\(memory.name)")
      for other in map.memories.dropFirst(n + 1) { #expect(!memory.range.overlaps(other.range), "\(memory.name)") }
      for address in [memory.range.lowerBound, memory.range.upperBound - 4096] {
        let gpi = machine.gptWalk(address).gpi
        #expect(gpi == (memory.isFiltered ? .any : memory.pas.gpi), "\(memory.name) at \(hex(address))")
      }
    }
    for address in [machine.configuration.dramBase, machine.configuration.dramTop - 4096] {
      #expect(machine.gptWalk(address).gpi == .nonSecure && machine.gpi(address) == .nonSecure)
    }
    #expect(machine.control.nextL1Table <= map.l1.upperBound)
    #expect(machine.invariantViolations() == [])
  }

  /// A Realm is built and entered, and a guest's code runs in one, wherever DRAM is.
  @Test(arguments: MemoryMapKind.allCases)
  func aRealmRunsOnEachMap(_ map: MemoryMapKind) throws {
    let script = Script(configuration(map))
    try script.check(
      Script.activeRealm + """

        guest write64 0x0 0x1234
        guest smc PSCI_SYSTEM_OFF
        smc RMI_REC_ENTER rec run
        expect RMI_SUCCESS
        ns.read64 0x80200000
        expect gpf
        gpt 0x80200000
        expect REALM
        """)
    #expect(script.session.read { $0.invariantViolations() } == [])
    try expectReplay(of: script.session)
    var restored = try SavedState.machine(script.session.savedState())
    #expect(restored.digest() == script.session.digest())
    var code = configuration(map)
    code.vcpu = .code
    let guest = Script(code)
    try guest.check("boot tour\nexpect powered_off")
    #expect(guest.raw.contains { $0.hasPrefix("| ") })
  }

  /// Memory that the GPT lets everybody pass to answers its owner alone.
  @Test func aPlatformFiltersWhatTheGPTDoesNot() throws {
    let script = Script(configuration(.fvp))
    try script.check(
      """
      ns.read64 0x04003000
      expect gpf
      root.read64 0x04003000
      expect ok
      secure.read64 0x06000000
      expect ok
      ns.read64 0x06000000
      expect gpf
      realm.read64 0xfdc00000
      expect ok
      ns.write64 0xfffff000 1
      expect gpf
      RMI_GRANULE_DELEGATE 0xfdc00000
      expect RMI_ERROR_INPUT
      realm.read64 0x20000000000
      expect gpf
      """)
  }

  /// The model's own map, bit by bit: digests of machines before there was another one, with a granule delegated and a word written.
  @Test(
    arguments: [
      ("dram=64M", 0x8000_0000, 0x15a3_39c7_d519_8fd1), ("dram=1G", 0x8000_0000, 0x7a79_a9b6_504f_04a6),
      ("dram=3G", 0xC000_0000, 0x10f4_66b5_1583_18ab), ("dram=64M dram_base=0x87e00000", 0x87E0_0000, 0x4ba4_3d71_5217_b9c9),
      ("dram=100K", 0x8000_0000, 0xca5e_64fa_3090_b788),
      ("dram=2500M dram_base=0x88000000", 0x8800_0000, 0x8b95_ed4d_79e8_c267),
      ("pa_width=52 dram_base=0x1000000000000", 0x1_0000_0000_0000, 0x3bc5_a2af_2340_4e4b),
      ("pa_width=36", 0x8000_0000, 0x15a3_39c7_d519_8fd1), ("tf-rmm", 0x8000_0000, 0x62cc_bb22_24f9_b0f4),
      ("pe=8 patch=RMM dram=65M", 0x8000_0000, 0x2964_3d8c_5a20_fdcd),
    ] as [(String, UInt64, UInt64)])
  func theModelsOwnMapIsWhatItWas(_ machine: (words: String, base: UInt64, digest: UInt64)) throws {
    let script = Script()
    try script.check(
      "machine \(machine.words)\nRMI_GRANULE_DELEGATE \(machine.base + 0x1000)\nns.write64 \(machine.base + 0x2000) 7")
    #expect(script.session.digest() == machine.digest)
  }

  @Test func aMapSaysWhereDRAMIs() throws {
    func problem(_ words: String) throws -> String? {
      do {
        try Script().run("machine \(words)")
        return nil
      } catch let error as ScriptError { return error.message }
    }
    #expect(try problem("map=fvp") == nil)
    #expect(try problem("map=qemu dram=64M dram_base=0x80000000") == nil)
    #expect(try problem("map=fvp dram=2G")?.contains("from 0x80000000 to 0xfbffffff") == true)
    #expect(try problem("map=qemu dram_base=0x41800000")?.contains("from 0x41900000") == true)
    #expect(try problem("map=fvp pa_width=36")?.contains("pa_width must be 40 to 52") == true)
    #expect(try problem("map=juno")?.contains("model, fvp or qemu") == true)
    for text in ["map=fvp", "map=qemu dram=256M", "map=fvp firmware=no-rmm gpf=el3"] {
      let script = Script()
      try script.check("machine \(text)")
      let written = script.session.configuration.propertyText
      var again = MachineConfiguration()
      for word in written.split(separator: " ") {
        let parts = word.split(separator: "=", maxSplits: 1)
        try again.set(String(parts[0]), String(parts[1]))
      }
      #expect(again == script.session.configuration, "\(written)")
    }
  }
}
