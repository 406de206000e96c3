import Attestation
import Basics
import Machine
import Testing

@testable import Host

/// RIMs predicted from command lines, compared with those that cca-realm-measurements (08aaf5a) states in its own tests.
struct RIMPredictionTests {
  /// A file each: what the tool's tests write, and the header of an arm64 Image.
  private static var files: GuestFiles {
    GuestFiles { (name) throws(GuestFiles.Unreadable) in
      switch name {
      case "firmware": return Array("FW CONTENT".utf8)
      case "initrd": return Array("INITRD CONTENT".utf8)
      case "Image": return image
      default: throw GuestFiles.Unreadable(message: "\(name): no such file")
      }
    }
  }

  /// The first 256 bytes of a Linux, as the tool has it among its test data.
  private static let image: [UInt8] = {
    var bytes = [UInt8](repeating: 0, count: 256)
    for (offset, text) in [
      (0x00, "4d5a40fa3bf47314"), (0x12, "d102"), (0x18, "0a"), (0x38, "41524d6440"), (0x40, "5045000064aa02"),
      (0x54, "a80006020b020214"), (0x5E, "e201"), (0x62, "ee"), (0x68, "2ca7d901"), (0x6E, "01"), (0x7A, "01"), (0x7D, "02"),
      (0x84, "03"), (0x92, "d102"), (0x96, "01"), (0x9C, "0a000001"), (0xC4, "07"), (0xF8, "98c9ea011c"),
    ] { for (n, byte) in ([UInt8](hex: text) ?? []).enumerated() { bytes[offset + n] = byte } }
    return bytes
  }()

  private func rim(_ words: String, _ host: HostCapabilities, tree: [UInt8]? = nil) throws -> String {
    hexBytes(try RealmPrediction(words.split(separator: " ").map(String.init), host, tree: tree, Self.files).plan.rim)
  }

  private static func host(ipaBits: Int? = nil, pmuCounters: Int? = nil, pmu: Bool? = nil) -> HostCapabilities {
    var host = HostCapabilities()
    (host.breakpoints, host.watchpoints, host.ipaBits, host.pmuCounters, host.pmu) = (6, 6, ipaBits, pmuCounters, pmu)
    return host
  }

  // MARK: kvmtool

  @Test(arguments: [
    "", " --debug --debug-single-step --debug-mmio --force-pci --no-pvtime --vcpu-affinity AFF --disable-mte",
  ])
  func kvmtoolWithoutAnImage(_ more: String) throws {
    let tree = ToolTree.kvmtool(cpus: 1, memory: 512 << 20)
    #expect(
      try rim("lkvm run --realm -c 1 -m 512M" + more, Self.host(), tree: tree)
        .hasPrefix("998dfdf6401d69f73ed88ac53d62d5ea2cfac6320b887ce4599aa8671791d4d"))
  }

  @Test func kvmtoolWithFirmware() throws {
    let tree = ToolTree.kvmtool(cpus: 1, memory: 512 << 20)
    #expect(
      try rim("lkvm run --realm --firmware firmware -c 1 -m 512M", Self.host(), tree: tree)
        == "cf37146fce0ad50e1be1a04580c1024e5449b430b0dd96b6ef5c9a2b73767bf5")
  }

  @Test func whatKvmtoolCannotBeWithout() throws {
    for (words, message) in [
      ("lkvm run --realm", "number of vCPUs is not known"), ("lkvm run --realm -c 1", "default guest RAM size is not known"),
    ] {
      #expect { try rim(words, Self.host()) } throws: { ($0 as? RealmPrediction.Failure)?.message.contains(message) == true }
    }
    #expect { try rim("lkvm run --realm -c 1 -m 512M", HostCapabilities()) } throws: {
      ($0 as? RealmPrediction.Failure)?.message.contains("num_wps is not known") == true
    }
  }

  // MARK: QEMU

  private static let usual = host(ipaBits: 52, pmuCounters: 6)

  @Test(arguments: ["", " -cpu pmu=off", " -M virt,gic-version=3", " -M virt,gic-version=host", " -M virt,gic-version=max"])
  func qemuWithoutAnImage(_ more: String) throws {
    #expect(
      try rim("qemu" + more, Self.usual, tree: ToolTree.qemu())
        == "cf409055d866eea6c8d5e7862b540ff1cac9b11f125d088587d5ae97a0e3341667cf8fb3983e7377bca5c01d037bd97081ebf3b4dcb648442149749f4d65eeb0"
    )
  }

  @Test(arguments: [
    (
      "-cpu pmu=on",
      "8120ef921a987a3f8b9d4bb5e40f8489e2b4fc69c5e1b17b1a9b040884a1211d99b2bddc3fddcc99ec99f4244743fe3dcd3d9020583b47f7b66a2ec66bb897b9"
    ),
    (
      "-cpu pmu=on,num-pmu-counters=2",
      "ef4e6f78ea9630f66146b33a405a07b669ef94dd9aca6935d4fd23fea32f98f964241a2f9a9c20c9fcd74e20031c51c4beb8e577873e0348e891ee2d727e2807"
    ),
  ])
  func qemuWithAPMU(_ row: (arguments: String, rim: String)) throws {
    #expect(try rim("qemu " + row.arguments, Self.usual, tree: ToolTree.qemu(pmu: true)) == row.rim)
  }

  @Test func aHostsPMUCanBeTurnedOff() throws {
    let without = try rim("qemu", Self.usual, tree: ToolTree.qemu())
    #expect(try rim("qemu -cpu pmu=off", Self.host(ipaBits: 52, pmuCounters: 6, pmu: true), tree: ToolTree.qemu()) == without)
  }

  private static let guest = """
    qemu -M confidential-guest-support=rme0 -object rme-guest,id=rme0,measurement-algorithm=sha256 -cpu host -M virt -enable-kvm \
    -smp 2 -m 1G -nographic
    """

  @Test(arguments: [
    ("-bios firmware", nil, false, "cbf533a94009dfa6b83016a89b428d1d910fb3593856bb386d7b2bd07a1bc834"),
    // With firmware, the kernel comes through fw_cfg.
    ("-bios firmware -kernel Image", nil, false, "cbf533a94009dfa6b83016a89b428d1d910fb3593856bb386d7b2bd07a1bc834"),
    (
      "-bios firmware -kernel Image -append root=/dev/vda2", "root=/dev/vda2", false,
      "fd3ce1072c3e95cd3a4d1a07729756564f260f9f7e95014418b416673a268b7a"
    ),
    ("-kernel Image", nil, false, "e8862e21b8eb6b4bdeeff244dc59d2935c26d92c52d346f06e224fe712267a6"),
    ("-kernel Image -initrd initrd", nil, true, "9af47a8e4d6ac775e05f8a8893f9e383694688719d1bbb4281ed1c25056e0911"),
    (
      "-kernel Image -initrd initrd -append root=/dev/vda2", "root=/dev/vda2", true,
      "22d398e695e776385bc268454587b418dde16e34bc69d9a24fc96abb3050a24e"
    ),
  ])
  func qemuWithImages(_ row: (arguments: String, text: String?, hasDisk: Bool, rim: String)) throws {
    let disk = row.hasDisk ? 0x4800_0000..<0x4800_000E as Range<UInt64> : nil
    let tree = ToolTree.qemu(cpus: 2, memory: 1 << 30, arguments: row.text, disk: disk)
    #expect(try rim(Self.guest + " " + row.arguments, Self.usual, tree: tree).hasPrefix(row.rim))
  }

  @Test func theLastObjectAndALongerHash() throws {
    let words = Self.guest.replacing("sha256", with: "sha512") + " -dtb output.dtb -bios firmware"
    let tree = ToolTree.qemu(cpus: 2, memory: 1 << 30)
    let files = GuestFiles { (name) throws(GuestFiles.Unreadable) in name == "output.dtb" ? tree : try Self.files.load(name) }
    #expect(
      hexBytes(try RealmPrediction(words.split(separator: " ").map(String.init), Self.usual, files).plan.rim)
        == "3175b3c0c201081ad410defe6c32e145fd77ff03e63518a9f00831b12b6ec2070f743f43f0ff3290902ecebd4e6bea8d5926dca19dc1a06fb8d51d551a4a2b79"
    )
  }

  // MARK: Pieces of it

  /// As the tool's tests have them.
  @Test(arguments: [
    (52, 0, 1), (49, 0, 1), (48, 0, 1), (44, 0, 1), (43, 1, 16), (40, 1, 2), (39, 1, 1), (35, 1, 1), (34, 2, 16), (33, 2, 8),
    (32, 2, 4),
  ])
  func theWalkBeginsAt(_ row: (bits: UInt64, level: Int, tables: UInt64)) {
    #expect(KVMStage2.startLevel(ipaBits: row.bits) == row.level)
    #expect(KVMStage2.startTables(ipaBits: row.bits) == (row.bits > 48 ? 1 << (row.bits - 48) : row.tables))
  }

  @Test(
    arguments: [
      (0x8000_1000, 0x8020_0000, 0x1000), (0x8000_0000, 0x8020_0000, 0x20_0000), (0x620_0000, 0x7000_0000, 0x20_0000),
      (0x630_0000, 0x7000_0000, 0x1000), (0x40_0000, 0x50_0000, 0x1000), (0x1_0000_0000, 0x1_4000_0000, 0x4000_0000),
      (0, 0x4000_0000, 0x4000_0000),
    ] as [(UInt64, UInt64, UInt64)])
  func theLargestEntryIsFirst(_ row: (base: UInt64, top: UInt64, size: UInt64)) throws {
    let entries = Array(KVMStage2.entries(of: row.base..<row.top, ipaBits: 40))
    #expect(entries.first == row.base..<row.base + row.size)
    #expect(entries.last?.upperBound == row.top)
    #expect(zip(entries, entries.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
  }

  @Test(
    arguments: [
      ("", 0x40_0000_0000, 0x40_1000_0000, 0x80_0000_0000, 41),
      (",maxmem=1T", 0x100_8000_0000, 0x100_9000_0000, 0x180_0000_0000, 42),
      (",maxmem=256T,slots=12", 0x1_0003_8000_0000, 0x1_0003_9000_0000, 0x1_0080_0000_0000, 50),
    ] as [(String, UInt64, UInt64, UInt64, Int)])
  func whatLiesAboveRAM(_ row: (more: String, redistributors: UInt64, ecam: UInt64, memory: UInt64, bits: Int)) throws {
    let map = VirtMap(try QEMUCommandLine(["-m", "1" + row.more]).memory)
    #expect(map.highRedistributors.base == row.redistributors)
    #expect(map.ecam.base == row.ecam)
    #expect(map.highPCIeMemory.base == row.memory)
    #expect(map.realmBits == row.bits)
  }

  @Test func anEventLogIsMeasuredByItsPlaceAlone() throws {
    let words = "qemu -object rme-guest,id=rme0,measurement-log=on -kernel Image -m 256M"
    let plan = try RealmPrediction(words.split(separator: " ").map(String.init), Self.usual, Self.files).plan
    let tree = try #require(plan.pieces.last)
    #expect(plan.unmeasured == [tree.address + 0x10_0000..<tree.address + 0x11_0000])
    var last: MeasurementStep?
    plan.measure { last = $0 }
    #expect(last?.input == .data(ipa: tree.address + 0x10_F000, flags: 0, content: nil))
  }

  // MARK: Capabilities

  @Test func aFileOfCapabilities() throws {
    let host = try HostCapabilities(lines: [
      "# FVP", "ipa_bits = 48", "num_bps = 16", "num_wps=2 # RMM", "", "sve_vl = 512", "pmu = true",
    ])
    #expect(host.ipaBits == 48 && host.breakpoints == 16 && host.watchpoints == 2 && host.sveLength == 512 && host.pmu == true)
    #expect(host.pmuCounters == nil && host.lpa2 == nil)
  }

  @Test(arguments: [
    ("ipa_bits 48", "expected NAME = VALUE"), ("ipa_bits = 60", "ipa_bits is 32 to 52"), ("sve_vl = 100", "a multiple of 128"),
    ("num_bps = 1", "a count from 2 to 64"), ("pmu = yes", "true or false"), ("foo = 1", "there is no capability \"foo\""),
  ])
  func aWrongLineIsTold(_ row: (line: String, words: String)) {
    #expect { try HostCapabilities(lines: ["", row.line]) } throws: { error in
      guard let error = error as? HostCapabilities.Malformed else { return false }
      return error.line == 2 && error.message.contains(row.words)
    }
  }
}
