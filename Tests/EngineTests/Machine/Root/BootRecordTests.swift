import Basics
import Crypto
import Engine
import Testing

@testable import Machine
@testable import Session

/// What a boot leaves on record, held to what a machine has in memory and to what TF-A prints.
struct BootRecordTests {
  private func record(_ map: MemoryMapKind, _ failure: FirmwareFailure? = nil) -> BootRecord {
    var configuration = MachineConfiguration()
    configuration.take(map)
    configuration.firmware = failure
    return Machine(configuration).bootRecord
  }

  @Test(arguments: MemoryMapKind.allCases)
  func whatIsLoadedLiesInMemoryAndIsMeasured(_ kind: MemoryMapKind) {
    var configuration = MachineConfiguration()
    configuration.take(kind)
    let machine = Machine(configuration)
    let record = machine.bootRecord
    let loads = record.stages.flatMap(\.loads)
    for load in loads {
      #expect(Array(SHA256.hash(data: machine.bytes(load.address, Int(load.size)))) == load.digest, "\(load.image)")
    }
    // EL3's own log, of which the platform token is made, has the same digests.
    for (component, digest) in machine.bootMeasurements() {
      #expect(loads.first { $0.image == component.image }?.digest == digest, "\(component)")
    }
    for measurement in record.measurements where measurement.place != .pcr(1) {
      #expect(loads.first { $0.image.event == measurement.event }?.digest == measurement.digest, "\(measurement.event)")
    }
    #expect(record.stages.map(\.stage) == BootStage.software)
    // Every image is entered where it was loaded.
    for handover in record.stages.flatMap(\.handovers) where handover.entry != 0 {
      guard let load = loads.first(where: { $0.image.rawValue == handover.to.name }) else { continue }
      #expect(handover.entry == load.address)
    }
  }

  /// Which log has what: the FVP everything, QEMU neither BL2 nor the RMM, an RSE by slots.
  @Test func eachPlatformMeasuresItsOwn() {
    func events(_ map: MemoryMapKind) -> [String] { record(map).measurements.map { "\($0.event) \($0.place.text)" } }
    #expect(
      events(.fvp) == [
        "BL_2 PCR 0", "SECURE_RT_EL3 PCR 0", "HW_CONFIG PCR 0", "RMM PCR 0", "SECURE_RT_EL1_SPMD PCR 0", "BL_33 PCR 0",
        "CRITICAL DATA PCR 1",
      ])
    #expect(events(.qemu) == ["SECURE_RT_EL3 PCR 0", "SECURE_RT_EL1_SPMD PCR 0", "BL_33 PCR 0"])
    #expect(
      events(.model) == ["BL_2 RSE slot 10", "SECURE_RT_EL3 RSE slot 11", "HW_CONFIG RSE slot 12", "RMM RSE slot 14"])
    // A PCR is extended by one digest after the other.
    let qemu = record(.qemu)
    let value = qemu.measurements.reduce([UInt8](repeating: 0, count: 32)) { Array(SHA256.hash(data: $0 + $1.digest)) }
    #expect(qemu.pcrs.map(\.value) == [value])
    // An RMM of another personality is another image, and shows on the FVP.
    var other = MachineConfiguration()
    other.take(.fvp)
    let plain = Machine(other).bootRecord.pcrs[0].value
    other.policy = .tfRMM
    #expect(Machine(other).bootRecord.pcrs[0].value != plain)
  }

  /// The console of QEMU, as a real one shows it (TF-A v2.12, TF-RMM of the same time), but for versions, sizes, and who builds the GPT.
  @Test func theConsoleIsTFAs() throws {
    #expect(
      record(.qemu).console
        == """
        NOTICE:  Booting Trusted Firmware
        NOTICE:  BL1: v1.0(debug):workbench
        NOTICE:  BL1: Built : workbench
        INFO:    BL1: RAM 0xe001000 - 0xe100000
        INFO:    BL1: Loading BL2
        INFO:    Loading image id=1 at address 0xe05b000
        INFO:    Image id=1 loaded: 0xe05b000 - 0xe05c000
        NOTICE:  BL1: Booting BL2
        INFO:    Entry point address = 0xe05b000
        INFO:    SPSR = 0x3cd
        NOTICE:  BL2: v1.0(debug):workbench
        NOTICE:  BL2: Built : workbench
        INFO:    BL2: Doing platform setup
        INFO:    Reserved RMM memory [0x40100000, 0x418fffff] in Device tree
        INFO:    BL2: Loading image id 3
        INFO:    Loading image id=3 at address 0xe090000
        INFO:    Image id=3 loaded: 0xe090000 - 0xe091000
        INFO:    BL2: Loading image id 35
        INFO:    Loading image id=35 at address 0x40100000
        INFO:    Image id=35 loaded: 0x40100000 - 0x40101000
        INFO:    BL2: Loading image id 4
        INFO:    Loading image id=4 at address 0xe100000
        INFO:    Image id=4 loaded: 0xe100000 - 0xe101000
        INFO:    BL2: Loading image id 5
        INFO:    Loading image id=5 at address 0x60000000
        INFO:    Image id=5 loaded: 0x60000000 - 0x60001000
        NOTICE:  BL2: Booting BL31
        INFO:    Entry point address = 0xe090000
        INFO:    SPSR = 0x3cd
        INFO:    GPT: Boot Configuration
        INFO:      PPS/T:     0x2/40
        INFO:      PGS/P:     0x0/12
        INFO:      L0GPTSZ/S: 0x0/30
        INFO:      PAS count: 6
        INFO:      L0 base:   0xedfc000
        INFO:    Enabling Granule Protection Checks
        NOTICE:  BL31: v1.0(debug):workbench
        NOTICE:  BL31: Built : workbench
        INFO:    GICv3 without legacy support detected.
        INFO:    ARM GICv3 driver initialized in EL3
        INFO:    Maximum SPI INTID supported: 287
        INFO:    BL31: Initializing runtime services
        INFO:    SPM Core setup done.
        INFO:    RMM setup done.
        INFO:    BL31: Initializing BL32
        INFO:    BL31: Initializing RMM
        INFO:    RMM init start.
        Booting RMM v.1.0(debug) spec-1.0 Built with workbench
        RMM-EL3 Interface v.0.4
        Boot Manifest Interface v.0.3
        RMI/RSI ABI v.1.0/1.0 built: workbench
        INFO:    RMM init end.
        INFO:    BL31: Preparing for EL3 exit to normal world
        INFO:    Entry point address = 0x60000000
        INFO:    SPSR = 0x3c9
        """.split(separator: "\n").map(String.init))
    let fvp = record(.fvp).console
    #expect(fvp.contains("INFO:      L0 base:   0x405e000") && fvp.contains("INFO:      PAS count: 7"))
    let protected = try #require(fvp.firstIndex(of: "INFO:    Enabling Granule Protection Checks"))
    #expect(protected < (try #require(fvp.firstIndex(of: "NOTICE:  BL2: Built : workbench"))))
  }

  /// A boot makes no text, and takes no longer for it.
  @Test func aBootIsQuick() {
    let clock = ContinuousClock()
    for map in MemoryMapKind.allCases {
      var configuration = MachineConfiguration()
      configuration.take(map)
      let times = (0..<5).map { _ in clock.measure { _ = Machine(configuration) } }
      // A debug build on a busy machine; what a release build takes Benchmarks measures.
      #expect((times.min() ?? .zero) < .milliseconds(200), "\(map)")
    }
  }
}
