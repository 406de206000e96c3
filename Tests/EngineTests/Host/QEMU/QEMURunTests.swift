import Basics
import Engine
import Testing

@testable import Host

/// Guests of QEMU's and kvmtool's command lines in a Realm of the machine: what runs is what was predicted.
struct QEMURunTests {
  /// An arm64 Image that prints a character at the UART and turns itself off.
  static func kernel(uart: UInt64, filler: Int = 0) -> [UInt8] {
    func movk(_ register: UInt32, _ value: UInt64, _ place: UInt32) -> UInt32 {
      let half = UInt32(truncatingIfNeeded: value >> UInt64(16 * place)) & 0xFFFF
      return (place == 0 ? 0xD280_0000 : 0xF280_0000) | place << 21 | half << 5 | register
    }
    // X1 is the UART; W0 is "!", and is stored there; PSCI_SYSTEM_OFF by SMC.
    let code: [UInt32] =
      (0..<3).map { movk(1, uart, $0) } + [0x5280_0420, 0xB900_0020, 0xD2B0_8000, 0xF280_0100, 0xD400_0003]
    var words = [UInt32](repeating: 0, count: 16)
    // A branch over the header, the size, the magic number.
    (words[0], words[4], words[14]) = (0x1400_0010, 0x8000, 0x644D_5241)
    let bytes = (words + code).flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) } }
    return bytes + (0..<filler).map { UInt8(truncatingIfNeeded: $0) }
  }

  static func session(dram: UInt64 = 64 << 20) -> Session {
    var configuration = MachineConfiguration()
    configuration.vcpu = .code
    configuration.recAuxCount = 1
    configuration.dramSize = dram
    return Session(configuration, keepsHistory: false)
  }

  private static func files(_ uart: UInt64, filler: Int, disk: Int) -> GuestFiles {
    GuestFiles { (name) throws(GuestFiles.Unreadable) in
      switch name {
      case "Image": return kernel(uart: uart, filler: filler)
      case "disk": return [UInt8](repeating: 7, count: disk)
      default: return [UInt8](kernel(uart: uart, filler: filler)[64...])
      }
    }
  }

  private static func host(_ session: Session) -> HostCapabilities {
    HostCapabilities(features: session.configuration.featureRegister0)
  }

  private static func rim(_ session: Session) -> [UInt8]? {
    session.read { $0.realmSummaries().first?.measurements.first }.map { Array($0) }
  }

  /// - Returns: what the guest printed, and the RIM it had beside the predicted one.
  private static func run(_ words: [String], filler: Int, disk: Int) throws -> (
    console: String, rim: [UInt8]?, predicted: [UInt8]
  ) {
    let session = session()
    let isQEMU = words.first == "qemu"
    // Half of the IPA space is shared: 41 bits are wide enough for the virt machine, 33 for kvmtool's.
    let files = files(isQEMU ? 1 << 40 | 0x900_0000 : 1 << 32 | 0x100_0000, filler: filler, disk: disk)
    let predicted = try RealmPrediction(words, host(session), files).plan.rim
    let vm: RealmVM
    if isQEMU {
      let load = try QEMULoad(try QEMUCommandLine(Array(words.dropFirst())), host(session), files)
      vm = RealmVM(session, load.options)
      try vm.build(try load.plan())
    } else {
      let load = try KvmtoolLoad(try KvmtoolCommandLine(Array(words.dropFirst(2))), host(session), files)
      vm = RealmVM(session, load.options)
      try vm.build(try load.plan())
    }
    let rim = rim(session)
    #expect(vm.run(entries: 1000) == .poweredOff)
    #expect(session.read { $0.invariantViolations() } == [])
    return (String(decoding: vm.uart.output, as: UTF8.self), rim, predicted)
  }

  private static let qemu = "qemu -M virt,gic-version=3,confidential-guest-support=rme0 -accel kvm -cpu host"

  @Test func firmwareIsMemoryInThePlaceOfTheFlash() throws {
    let words = (Self.qemu + " -object rme-guest,id=rme0 -bios firmware -kernel Image").split(separator: " ").map(String.init)
    let run = try Self.run(words, filler: 5000, disk: 0)
    #expect(run.console == "!")
    #expect(run.rim == run.predicted)
  }

  /// The same machine without rme-guest: all of its memory is the Host's, and its devices are where the tree says.
  @Test func anOrdinaryGuestRunsToo() throws {
    let session = Self.session()
    let files = Self.files(0x900_0000, filler: 0, disk: 0)
    let line = try QEMUCommandLine(
      "-M virt,gic-version=3 -accel kvm -cpu host -m 32M -smp 2 -kernel Image".split(separator: " ").map(String.init))
    let load = try QEMULoad(line, Self.host(session), files)
    let vm = RealmVM(session, load.options)
    try vm.build(try load.plan())
    #expect(vm.run(entries: 1000) == .poweredOff)
    #expect(String(decoding: vm.uart.output, as: UTF8.self) == "!")
    #expect(vm.peek(0x4000_0000) != nil)
    #expect(session.read { $0.realmSummaries().isEmpty })
  }

  /// Made up: each option there or not, sizes of images and of RAM.
  @Test(arguments: 0..<25 as Range<UInt64>)
  func theRIMOfTheRunIsThePredictedOne(_ seed: UInt64) throws {
    var numbers = SeededNumbers(seed: seed)
    for _ in 0..<8 {
      let words = numbers.chance(50) ? Self.qemuWords(&numbers) : Self.kvmtoolWords(&numbers)
      let run = try Self.run(
        words.split(separator: " ").map(String.init), filler: numbers.below(9000), disk: 1 + numbers.below(9000))
      #expect(run.console == "!", "\(words)")
      #expect(run.rim == run.predicted, "\(words)")
    }
  }

  private static func qemuWords(_ numbers: inout SeededNumbers) -> String {
    var words = qemu + " -smp \(1 + numbers.below(4)) -m \(numbers.pick(["16M", "64", "100", "1G", "1.5G", "3G", "20488k"]))"
    words += " -object rme-guest,id=rme0"
    if numbers.chance(60) { words += ",measurement-algorithm=\(numbers.pick(["sha256", "sha512"]))" }
    if numbers.chance(30) { words += ",measurement-log=on" }
    if numbers.chance(30) { words += ",personalization-value=" + String(repeating: "QUJD", count: 21) + "QQ==" }
    if numbers.chance(40) { words += " -cpu host,pmu=\(numbers.pick(["on", "off"])),num-pmu-counters=\(numbers.below(32))" }
    if numbers.chance(30) { words += " -M its=off" }
    if numbers.chance(20) { return words + " -bios firmware" }
    words += " -kernel Image"
    if numbers.chance(40) { words += " -initrd disk" }
    if numbers.chance(40) { words += " -append console=ttyAMA0" }
    return words
  }

  private static func kvmtoolWords(_ numbers: inout SeededNumbers) -> String {
    var words = "lkvm run --realm -c \(1 + numbers.below(4)) -m \(numbers.pick(["16M", "64", "100", "1G", "2G"]))"
    if numbers.chance(60) { words += " --measurement-algo \(numbers.pick(["sha256", "sha512"]))" }
    if numbers.chance(50) { words += " --irqchip=\(numbers.pick(["gicv3", "gicv3-its"]))" }
    if numbers.chance(30) { words += " --measurement-log" }
    if numbers.chance(30) { words += " --pmu --pmu-counters \(numbers.below(32))" }
    if numbers.chance(30) { words += " --realm-pv teapot" }
    if numbers.chance(20) { return words + " --firmware firmware" }
    words += " -k Image"
    if numbers.chance(40) { words += " -i disk" }
    if numbers.chance(40) { words += " -p quiet" }
    return words
  }
}
