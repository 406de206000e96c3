/// The stages of a boot, each with what it leaves behind.
package enum BootStage: Int, Sendable, CaseIterable {
  case bl1 = 1, bl2, gpt, bl31, spmc, rmm, normal

  /// The stages that are software of their own, in the order in which they are entered.
  package static let software: [BootStage] = [.bl1, .bl2, .bl31, .spmc, .rmm, .normal]

  package var name: String {
    switch self {
    case .bl1: "BL1"
    case .bl2: "BL2"
    case .gpt: "GPT"
    case .bl31: "BL31"
    case .spmc: "BL32"
    case .rmm: "RMM"
    case .normal: "BL33"
    }
  }

  /// Its bit in ``ControlState/bootStages``.
  @inline(__always) package var mask: UInt64 { 1 << UInt64(rawValue) }

  package var summary: String {
    switch self {
    case .bl1: "boot ROM at EL3: measures and loads BL2"
    case .bl2: "measures and loads BL31, BL32, the RMM and BL33"
    case .gpt: "L0 and L1 tables, GPTBR_EL3, GPCCR_EL3: granule protection is on"
    case .bl31: "EL3 runtime: SMC routing, granule transitions, attestation services"
    case .spmc: "Secure partition manager at S-EL1, owner of Secure DRAM"
    case .rmm: "R-EL2: reads the boot manifest, answers RMM_BOOT_COMPLETE 0"
    case .normal: "NS-EL2: the Host's hypervisor; nothing is delegated"
    }
  }
}

extension Machine {
  /// From reset to the Normal world running, or as far as firmware comes. Every stage leaves an event.
  mutating func boot() {
    loadAndMeasure(.bl1)
    stage(.bl1)
    loadAndMeasure(.bl2)
    stage(.bl2)
    for image in [FirmwareImage.bl31, .bl32, .rmm, .hwConfig, .bl33] where image != .rmm || hasRMMImage { loadAndMeasure(image) }
    // Without an RMM its platform code ends BL31 before it has said a word.
    if map.demandsRMM, !hasRMMImage { return stopAll() }
    do throws(GPTMisconfiguration) {
      try buildGPT(GPTPlan(map, configuration))
    } catch {
      return stopAll()
    }
    stage(.gpt)
    stage(.bl31)
    movePE(to: .secure, 1)
    bootSPMC()
    stage(.spmc)
    movePE(to: .root, 3)
    if hasRMMImage { startRMM() }
    for pe in control.pes.indices {
      control.currentPE = pe
      movePE(to: .normal, 2)
    }
    control.currentPE = 0
    stage(.normal)
  }

  private var hasRMMImage: Bool { configuration.firmware != .noRMM }

  /// EL3 enters the RMM; one that refuses is never entered again.
  private mutating func startRMM() {
    writeManifest()
    movePE(to: .realm, 2)
    let result = bootRMM(RMMBootArguments(configuration, map))
    emit(.service, UInt64(ServiceFID.bootComplete), UInt64(bitPattern: result.rawValue), 0, world: .realm)
    if result == .success { stage(.rmm) }
    movePE(to: .root, 3)
  }

  /// A stage panics: no PE ever leaves EL3.
  private mutating func stopAll() { control.busyPEs = UInt8(truncatingIfNeeded: (1 << configuration.peCount) - 1) }

  private mutating func stage(_ stage: BootStage) {
    control.bootStages |= stage.mask
    emit(.boot, UInt64(stage.rawValue), world: control.pes[control.currentPE].world)
  }

  /// Whether the RMM has booted: without one EL3 answers RMI itself.
  @inline(__always) package var hasRMM: Bool { control.bootStages & BootStage.rmm.mask != 0 }
}
