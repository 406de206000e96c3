import Engine

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How fast code runs in a Realm: the programs of Benchmarks/guests, and the same ones under qemu-aarch64 user mode.
struct GuestBench {
  let rounds: Int

  /// Instructions per second of CPU. The Realm's have stage 1, stage 2 and the granule protection check active; building the Realm is
  /// outside the clock. Starting and translating are inside qemu's.
  struct Row: Encodable {
    var name: String
    var instructions: UInt64
    var fast: Double
    var reference: Double
    /// Nil where qemu-aarch64 is not installed.
    var qemu: Double?
  }

  static let programs = ["crc32", "sieve", "copy", "sha256", "branchy"]

  /// Nil if the programs are not below the working directory or beside the folders the program lies in.
  func rows() -> [Row]? {
    let rows = Self.programs.compactMap(row)
    return rows.count == Self.programs.count ? rows : nil
  }

  /// The geometric mean of a column.
  static func mean(_ values: [Double]) -> Double {
    exp(values.map { log($0) }.reduce(0, +) / Double(values.count))
  }

  private func row(_ name: String) -> Row? {
    guard let image = try? GuestImages.load(GuestImages.benchmark("\(name).elf")) else { return nil }
    var row = Row(name: name, instructions: 0, fast: 0, reference: 0)
    for round in 0..<rounds {
      for engine in CodeEngine.allCases where engine == .fast || round < 2 {
        let session = Session(Self.configuration, keepsHistory: false)
        session.codeEngine = engine
        let vm = RealmVM(session, RealmVM.Options())
        guard (try? vm.build(image)) != nil else { return nil }
        let start = CPUClock.now
        guard vm.run(entries: .max) == .poweredOff else { return nil }
        let seconds = max(CPUClock.now - start, 1e-9)
        row.instructions = session.read { $0.control.guestInstructions }
        let rate = Double(row.instructions) / seconds
        if engine == .fast { row.fast = max(row.fast, rate) } else { row.reference = max(row.reference, rate) }
      }
      if let used = Child.run(["qemu-aarch64", GuestImages.benchmark("\(name).linux")])?.cpu {
        row.qemu = max(row.qemu ?? 0, Double(row.instructions) / max(used, 1e-9))
      }
    }
    return row
  }

  private static var configuration: MachineConfiguration {
    var configuration = MachineConfiguration()
    configuration.vcpu = .code
    return configuration
  }

  /// What an entry costs, and a whole boot.
  func measures() -> [MeasureRow] {
    var rows: [MeasureRow] = []
    // B to itself.
    if let image = try? BootImage([0x00, 0x00, 0x00, 0x14], base: RealmVM.ramBase) {
      let count = 20_000
      var best = Double.infinity
      for _ in 0..<rounds {
        let session = Session(Self.configuration, keepsHistory: false)
        session.setGuestBudget(1)
        let vm = RealmVM(session, RealmVM.Options())
        guard (try? vm.build(image)) != nil else { break }
        let start = CPUClock.now
        _ = vm.run(entries: count)
        best = min(best, (CPUClock.now - start) / Double(count))
      }
      rows.append(MeasureRow(name: "REC entry, one instruction, exit by IRQ, hypervisor", value: best * 1e9, unit: "ns"))
    }
    let tour = (0..<rounds).compactMap { _ in Child.run(["/proc/self/exe", "boot", "tour"]) }.filter { $0.code == 0 }.map(\.wall)
      .min()
    if let tour {
      rows.append(MeasureRow(name: "workbench boot tour, from start to end of the process", value: tour * 1e3, unit: "ms"))
    }
    return rows
  }
}
