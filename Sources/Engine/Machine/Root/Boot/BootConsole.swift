import Basics

/// What each stage prints, as a debug build of TF-A (LOG_LEVEL 40) prints it, and TF-RMM.
extension BootWriter {
  /// What stands for version and build in the banners.
  private static let version = "v\(Firmware.version)(debug):workbench"

  private func banner(_ stage: BootStage) -> [String] {
    [RootMessage.notice("\(stage.name): \(Self.version)"), RootMessage.notice("\(stage.name): Built : workbench")]
  }

  private func loading(_ image: FirmwareImage) -> [String] {
    guard let load = load(image), let number = image.number else { return [] }
    return [
      RootMessage.info("Loading image id=\(number) at address \(hex(load.address))"),
      RootMessage.info("Image id=\(number) loaded: \(hex(load.address)) - \(hex(load.address + load.size))"),
    ]
  }

  private func jump(_ image: FirmwareImage, spsr: UInt64) -> [String] {
    [
      RootMessage.info("Entry point address = \(hex(entry(image)))"),
      RootMessage.info("SPSR = \(hex(spsr))"),
    ]
  }

  /// How a stage ends that panics. Only BL31 has a crash report.
  func crash(_ stage: BootStage) -> [String] {
    let pc = load(stage == .bl31 ? .bl31 : .bl2)?.address ?? 0
    guard stage == .bl31 else {
      return ["PANIC at PC : 0x" + String(repeating: "0", count: 16 - String(pc, radix: 16).count) + String(pc, radix: 16)]
    }
    return ["PANIC in EL3.", RootMessage.register("x30", pc)]
  }

  func bl1Console() -> [String] {
    let ram = map.memories.first { $0.pas == .root && $0.range.contains(load(.bl2)?.address ?? 0) }?.range ?? 0..<0
    return [RootMessage.notice("Booting Trusted Firmware")] + banner(.bl1) + [
      RootMessage.info("BL1: RAM \(hex(ram.lowerBound)) - \(hex(ram.upperBound))"), RootMessage.info("BL1: Loading BL2"),
    ] + loading(.bl2) + [RootMessage.notice("BL1: Booting BL2")] + jump(.bl2, spsr: Self.el3h)
  }

  func bl2Console() -> [String] {
    var lines = map.isBuiltByBL31 ? [] : gptConsole()
    if misconfiguration != nil, !map.isBuiltByBL31 { return lines + crash(.bl2) }
    lines += banner(.bl2) + [RootMessage.info("BL2: Doing platform setup")]
    if map.kind == .qemu, let rmm = map.memories.first(where: { $0.pas == .realm })?.range {
      lines.append(
        RootMessage.info("Reserved RMM memory [\(hex(rmm.lowerBound)), \(hex(rmm.upperBound - 1))] in Device tree"))
    }
    // QEMU itself puts its device tree into memory.
    for image in [FirmwareImage.bl31, .hwConfig, .rmm, .bl32, .bl33] where load(image) != nil {
      guard map.kind != .qemu || image != .hwConfig, let number = image.number else { continue }
      lines += [RootMessage.info("BL2: Loading image id \(number)")] + loading(image)
    }
    return lines + [RootMessage.notice("BL2: Booting BL31")] + jump(.bl31, spsr: Self.el3h)
  }

  /// What the GPT library prints, and who calls it.
  private func gptConsole() -> [String] {
    let configuration = [
      "GPT: Boot Configuration", "  PPS/T:     \(hex(pps))/\(plan.width)", "  PGS/P:     0x0/12", "  L0GPTSZ/S: 0x0/30",
      "  PAS count: \(plan.calls[0].count)", "  L0 base:   \(hex(plan.l0.lowerBound))",
    ].map(RootMessage.info)
    guard let misconfiguration else { return configuration + [RootMessage.info("Enabling Granule Protection Checks")] }
    // A second call has the first one behind it.
    let before = if case .touched = misconfiguration { configuration } else { [String]() }
    return before + (misconfiguration.lines + ["\(misconfiguration.function)() failed!"]).map(RootMessage.error)
  }

  /// GPCCR_EL3.PPS for the width, or for the next one there is.
  private var pps: UInt64 { UInt64([32, 36, 40, 42, 44, 48, 52].firstIndex { $0 >= plan.width } ?? 6) }

  func bl31Console() -> [String] {
    var lines = map.isBuiltByBL31 ? gptConsole() : []
    if misconfiguration != nil { return lines + crash(.bl31) }
    lines += banner(.bl31)
    if map.kind != .model {
      lines += ["GICv3 without legacy support detected.", "ARM GICv3 driver initialized in EL3"].map(RootMessage.info)
      lines.append(RootMessage.info("Maximum SPI INTID supported: \(map.kind == .qemu ? 287 : 255)"))
    }
    lines += ["BL31: Initializing runtime services", "SPM Core setup done."].map(RootMessage.info)
    lines += hasRMM ? [RootMessage.info("RMM setup done.")] : Self.noRMM
    lines.append(RootMessage.info("BL31: Initializing BL32"))
    if hasRMM { lines += rmmInit() }
    return lines + [RootMessage.info("BL31: Preparing for EL3 exit to normal world")] + jump(.bl33, spsr: Self.el2h)
  }

  private static let noRMM = [
    RootMessage.warning(
      "No RMM image provided by BL2 boot loader, Booting device without RMM initialization. SMCs destined for RMM will return SMC_UNK"
    ),
    RootMessage.warning("RMMD setup failed. Continuing boot."),
  ]

  private func rmmInit() -> [String] {
    let lines = [RootMessage.info("BL31: Initializing RMM"), RootMessage.info("RMM init start.")]
    guard let rmm, rmm != .success else { return lines + [RootMessage.info("RMM init end.")] }
    return lines + [
      RootMessage.error("RMM init failed: \(rmm.rawValue)"), RootMessage.warning("BL31: RMM initialization failed"),
    ]
  }

  /// An RMM that refuses its boot has not come to its banner.
  func rmmConsole() -> [String] {
    guard rmm == .success else { return [] }
    let arguments = RMMBootArguments(configuration, map)
    return [
      "Booting RMM v.\(Firmware.version)(debug) \(configuration.policy.name) Built with workbench",
      "RMM-EL3 Interface v.\(arguments.version >> 16).\(arguments.version & 0xFFFF)",
      "Boot Manifest Interface v.0.\(BootManifest.version)", "RMI/RSI ABI v.1.0/1.0 built: workbench",
    ]
  }

  /// What EL3 prints when the Host turns further PEs on (PSCI_CPU_ON) and there is no RMM for them.
  func secondaries() -> [String] {
    guard rmm != .success else { return [] }
    return (1..<max(1, configuration.peCount)).map { RootMessage.error("RMM Failed to initialize. Ignoring for CPU\($0)") }
  }
}
