import Basics

/// What is wrong with the firmware of a machine. It is made so before reset; what follows from it the stages find out themselves.
package enum FirmwareFailure: String, Sendable, CaseIterable {
  case noRMM = "no-rmm"
  case unknownError = "rmm-error:-1"
  case interfaceVersion = "rmm-error:-2"
  case cpuCount = "rmm-error:-3"
  case cpuNumber = "rmm-error:-4"
  case sharedBuffer = "rmm-error:-5"
  case manifestVersion = "rmm-error:-6"
  case manifestData = "rmm-error:-7"
  case manifestChecksum = "bad-manifest-checksum"
  case gptOverlap = "gpt-overlap"
  case gptAlignment = "gpt-unaligned"
  case gptBlock = "gpt-block"
  case gptOverflow = "gpt-overflow"
  case gptBounds = "gpt-bounds"
  case gptOrder = "gpt-order"
  case gptTwice = "gpt-twice"
  case gptLevel0 = "gpt-l0"
  case gptMemory = "gpt-memory"

  /// What it is, for who chooses one.
  package var summary: String {
    switch self {
    case .noRMM: "BL2 hands BL31 no RMM image"
    case .unknownError: "the RMM gives up at its boot without a reason"
    case .interfaceVersion: "EL3 offers RMM-EL3 interface 2.0 to an RMM that asks for 0.3 or later of 0"
    case .cpuCount: "EL3 tells of 17 CPUs, one more than the RMM is built for"
    case .cpuNumber: "the RMM is entered on CPU 16 of 0 to 15"
    case .sharedBuffer: "the buffer EL3 and the RMM share is in the middle of a granule"
    case .manifestVersion: "the boot manifest is of version 1.0"
    case .manifestData: "a bank of DRAM in the boot manifest has no bytes"
    case .manifestChecksum: "the checksum of plat_dram is off by one"
    case .gptOverlap: "a further region of the GPT claims a granule of the RMM's"
    case .gptAlignment: "the RMM's region of the GPT ends in the middle of a granule"
    case .gptBlock: "the RMM's region of the GPT is to be a block, and is no gigabyte"
    case .gptOverflow: "a region of the GPT wraps around the end of the address space"
    case .gptBounds: "a region of the GPT begins where the protected space ends"
    case .gptOrder: "level 1 of the GPT is made before level 0"
    case .gptTwice: "a second call describes a gigabyte the first one has described"
    case .gptLevel0: "level 0 of the GPT begins in the middle of a granule"
    case .gptMemory: "there is room for one table of level 1"
    }
  }

  /// Whether it is one of the GPT: the stage that builds it panics, and no world is entered.
  package var isOfGPT: Bool { rawValue.hasPrefix("gpt-") }

  /// Puts it into the plan of a GPT.
  func misconfigure(_ plan: inout GPTPlan, _ map: MemoryMap) {
    let rmm = plan.calls[0].firstIndex { $0.gpi == .realm } ?? 0
    let base = plan.calls[0][rmm].base
    func add(_ region: PASRegion) { plan.calls[0].append(region) }
    switch self {
    case .gptOverlap: add(PASRegion("one too many", base, size: Granule.size, .nonSecure, .granules))
    case .gptAlignment: plan.calls[0][rmm].size -= Granule.size / 2
    case .gptBlock: plan.calls[0][rmm].mapping = .block
    case .gptOverflow: add(PASRegion("beyond the end", ~0 - Granule.size + 1, size: 2 * Granule.size, .nonSecure, .granules))
    case .gptBounds: add(PASRegion("beyond the space", 1 << plan.width, size: Granule.size, .nonSecure, .granules))
    case .gptOrder: plan.makesL0 = false
    case .gptTwice: plan.calls.append([PASRegion("once more", base, size: Granule.size, .realm, .granules)])
    case .gptLevel0: plan.l0 = plan.l0.lowerBound + Granule.size / 2..<plan.l0.upperBound
    case .gptMemory: plan.l1 = plan.l1.lowerBound..<plan.l1.lowerBound + GranuleProtectionTable.l1Size
    default: break
    }
  }
}
