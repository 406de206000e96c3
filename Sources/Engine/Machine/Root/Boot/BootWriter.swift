import Basics
import Crypto

/// Writes down a boot: see ``BootRecord``.
struct BootWriter {
  let configuration: MachineConfiguration
  let map: MemoryMap
  let plan: GPTPlan
  let misconfiguration: GPTMisconfiguration?
  let rmm: RMMBootError?
  private(set) var stopped: String?
  private var loads: [FirmwareImage: BootRecord.Load] = [:]

  init(
    _ configuration: MachineConfiguration, _ map: MemoryMap, _ plan: GPTPlan, _ misconfiguration: GPTMisconfiguration?,
    _ rmm: RMMBootError?, _ machine: borrowing Machine
  ) {
    self.configuration = configuration
    (self.map, self.plan, self.misconfiguration, self.rmm) = (map, plan, misconfiguration, rmm)
    for image in FirmwareImage.allCases where image != .rmm || hasRMM {
      guard let address = map.place(image, configuration) else { continue }
      loads[image] = BootRecord.Load(
        image: image, address: address, size: UInt64(FirmwareImage.size), digest: digest(image, address, machine))
    }
  }

  /// Of the bytes that lie in memory; the sample platform has none there, and its token the digests of another machine's.
  private func digest(_ image: FirmwareImage, _ address: UInt64, _ machine: borrowing Machine) -> [UInt8] {
    configuration.platform == .model
      ? Array(SHA256.hash(data: machine.bytes(address, FirmwareImage.size)))
      : SamplePlatform.measurement(of: image) ?? Array(SHA256.hash(data: image.bytes(configuration)))
  }

  var hasRMM: Bool { configuration.firmware != .noRMM }
  /// The stage that builds the GPT.
  private var builder: BootStage { map.isBuiltByBL31 ? .bl31 : .bl2 }

  mutating func write() -> [BootRecord.Stage] {
    var stages = [bl1(), bl2()]
    if let misconfiguration, builder == .bl2 {
      stopped = Self.panic(.bl2, misconfiguration)
      return stages
    }
    if map.demandsRMM, !hasRMM {
      stopped = "BL31 panics: its platform code demands an RMM image"
      stages.append(BootRecord.Stage(stage: .bl31, console: crash(.bl31)))
      return stages
    }
    stages.append(bl31())
    if let misconfiguration {
      stopped = Self.panic(.bl31, misconfiguration)
      return stages
    }
    stages.append(BootRecord.Stage(stage: .spmc, mappings: memories(of: "SPMC")))
    if hasRMM { stages.append(rmmStage()) }
    stages.append(BootRecord.Stage(stage: .normal, mappings: dram, console: secondaries()))
    return stages
  }

  private static func panic(_ stage: BootStage, _ misconfiguration: GPTMisconfiguration) -> String {
    "\(stage.name) panics: \(misconfiguration.lines.map { $0.trimming }.joined(separator: ", "))"
  }

  // MARK: Stages

  private func bl1() -> BootRecord.Stage {
    BootRecord.Stage(
      stage: .bl1, loads: [.bl1, .bl2].compactMap { loads[$0] }, measurements: measured([.bl2], by: .bl1),
      mappings: mapped(.root), handovers: [handover(.bl2, .bl2, .root, 3, spsr: Self.el3h)], console: bl1Console())
  }

  private func bl2() -> BootRecord.Stage {
    let isEnd = misconfiguration != nil && builder == .bl2
    return BootRecord.Stage(
      stage: .bl2, loads: isEnd ? [] : order.compactMap { loads[$0] }, measurements: isEnd ? [] : measured(order, by: .bl2),
      mappings: isEnd ? mapped(.root) : mapped(.root) + mapped(.secure) + mapped(.realm) + dram,
      handovers: isEnd ? [] : [handover(.bl31, .bl31, .root, 3, spsr: Self.el3h)], console: bl2Console())
  }

  /// Images in the order in which BL2 loads them. What the Host's software is on the model's own map nobody loads.
  private var order: [FirmwareImage] { [.bl31, .hwConfig, .rmm, .bl32, .bl33].filter { loads[$0] != nil } }

  private func bl31() -> BootRecord.Stage {
    let shared = BootRecord.Mapping(
      name: "shared buffer", range: map.sharedBuffer..<map.sharedBuffer + Granule.size, pas: .realm)
    let isEnd = misconfiguration != nil
    let rmmEntry = handover(.rmm, .rmm, .realm, 2, spsr: Self.el2h, rmmArguments())
    let next = [handover(.spmc, .bl32, .secure, 1, spsr: Self.el1h)] + (hasRMM ? [rmmEntry] : [])
    return BootRecord.Stage(
      stage: .bl31, mappings: mapped(.root) + (hasRMM ? [shared] : []),
      handovers: isEnd ? [] : next + [handover(.normal, .bl33, .normal, 2, spsr: Self.el2h)], console: bl31Console())
  }

  private func rmmStage() -> BootRecord.Stage {
    let answer = BootRecord.Handover.Argument(
      register: "x1", value: UInt64(bitPattern: rmm?.rawValue ?? 0), meaning: "RMM_BOOT_COMPLETE: \(rmm?.name ?? "")")
    return BootRecord.Stage(
      stage: .rmm, mappings: mapped(.realm),
      handovers: [
        BootRecord.Handover(
          to: .bl31, world: .root, level: 3, entry: 0, spsr: 0,
          arguments: [.init(register: "x0", value: UInt64(ServiceFID.bootComplete), meaning: "function"), answer])
      ], console: rmmConsole())
  }

  private func rmmArguments() -> [BootRecord.Handover.Argument] {
    let arguments = RMMBootArguments(configuration, map)
    return [
      .init(register: "x0", value: arguments.cpu, meaning: "this CPU"),
      .init(
        register: "x1", value: arguments.version,
        meaning: "RMM-EL3 interface \(arguments.version >> 16).\(arguments.version & 0xFFFF)"),
      .init(register: "x2", value: arguments.cpuCount, meaning: "CPUs"),
      .init(register: "x3", value: arguments.sharedBuffer, meaning: "shared buffer, with the boot manifest"),
    ]
  }

  private func handover(
    _ to: BootStage, _ image: FirmwareImage, _ world: World, _ level: UInt8, spsr: UInt64,
    _ arguments: [BootRecord.Handover.Argument] = []
  ) -> BootRecord.Handover {
    BootRecord.Handover(
      to: to, world: world, level: level, entry: entry(image), spsr: spsr, arguments: arguments)
  }

  /// Where an image begins; on the model's own map the Secure world's software and the Host's have none.
  func entry(_ image: FirmwareImage) -> UInt64 {
    loads[image]?.address
      ?? (image == .bl32 ? map.memories.first { $0.pas == .secure }?.range.lowerBound : nil) ?? configuration.dramBase
  }

  /// Exceptions masked, the level's own stack.
  static let el3h: UInt64 = 0x3CD
  static let el2h: UInt64 = 0x3C9
  static let el1h: UInt64 = 0x3C5

  // MARK: Memory

  private func mapped(_ pas: PAS) -> [BootRecord.Mapping] {
    map.memories.filter { $0.pas == pas }.map { .init(name: $0.name, range: $0.range, pas: pas) }
  }

  private func memories(of owner: String) -> [BootRecord.Mapping] {
    map.memories.filter { $0.owner == owner }.map { .init(name: $0.name, range: $0.range, pas: $0.pas) }
  }

  private var dram: [BootRecord.Mapping] {
    mapped(.nonSecure) + [.init(name: "DRAM", range: configuration.dramBase..<configuration.dramTop, pas: .nonSecure)]
  }

  func load(_ image: FirmwareImage) -> BootRecord.Load? { loads[image] }

  // MARK: Measurements

  /// What a stage measures of the images it loads. The FVP logs all it loads, QEMU neither BL2 nor the RMM (its table has no entry for
  /// them), and the model tells an RSE, as TF-A's reference design RD-V3 does.
  private func measured(_ images: [FirmwareImage], by stage: BootStage) -> [BootRecord.Measured] {
    let measured = images.compactMap { image -> BootRecord.Measured? in
      guard let load = loads[image], let event = image.event else { return nil }
      let place: BootRecord.Measured.Place
      switch map.kind {
      case .model:
        guard let slot = Self.slots[image] else { return nil }
        place = .slot(slot)
      case .fvp: place = .pcr(0)
      case .qemu:
        guard ![.bl2, .rmm, .hwConfig].contains(image) else { return nil }
        place = .pcr(0)
      }
      return BootRecord.Measured(event: event, place: place, digest: load.digest)
    }
    guard map.kind == .fvp, stage == .bl2 else { return measured }
    let critical = Array(SHA256.hash(data: PlatformModel.config(configuration)))
    return measured + [BootRecord.Measured(event: "CRITICAL DATA", place: .pcr(1), digest: critical)]
  }

  /// Slots of the RSE (plat/arm/board/neoverse_rd/platform/rdv3).
  private static let slots: [FirmwareImage: Int] = [.bl2: 10, .bl31: 11, .hwConfig: 12, .rmm: 14]
}

extension String {
  fileprivate var trimming: String { String(drop { $0 == " " }) }
}
