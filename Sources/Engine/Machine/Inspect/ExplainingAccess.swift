import Basics

extension Machine {
  /// Why an access to memory passes or not: the granule protection check hop by hop in the present state, changing nothing, at the
  /// address that decides (Arm ARM, "Granule protection checks"; Arm System MMU with RME for the device).
  package func explain(_ access: MemoryAccess) -> Explanation {
    let pas = access.world.ownPAS
    let fault = fault(of: access)
    let address = fault?.address ?? (foreignAddress(access.address, access.length, pas) ?? access.address)
    var rows: [ConditionVerdict] = []
    var decidedBy: String?
    func look(_ id: String, _ text: String, _ now: String, _ fails: Bool) {
      var row = ConditionVerdict(id: id, text: text, status: fault.map { isOf($0) } ?? "", now: now, verdict: .held)
      if decidedBy != nil {
        row.verdict = .notReached
      } else if fails {
        let isOff = access.isDevice && configuration.smmu == .off || isOff(access.isDevice ? .gpcSMMU : pas.protection)
        let decides = id == "memory" || isChecked(access) && !isOff
        row.verdict = decides ? .failed : isOff ? .overruled : .notReached
        if decides { decidedBy = id }
      }
      rows.append(row)
    }
    if access.isDevice {
      look(
        "smmu", "",
        "smmu=\(configuration.smmu.rawValue): \(configuration.smmu.summary)"
          + (configuration.smmu == .on ? "" : ", so nobody looks into the GPT"), false)
    }
    let walk = gptWalk(address)
    let isBeyond = address >= gpt.limit
    look(
      "pps", "it lies beyond what the GPT protects, and is not Non-secure",
      "address \(hex(address)), the GPT protects what lies below \(hex(gpt.limit)) (GPCCR_EL3.PPS)", isBeyond && pas != .nonSecure
    )
    if !isBeyond {
      look(
        "gpt_l0", "the level 0 descriptor is not valid",
        "L0 entry \(hex(walk.l0Address)) = \(hex(walk.l0Entry)): "
          + (walk.level == 1 ? "a table" : walk.gpi == nil ? "not valid" : "a block of 1 GiB"), walk.gpi == nil && walk.level == 0
      )
      if let l1Address = walk.l1Address, let l1Entry = walk.l1Entry {
        look(
          "gpt_l1", "the level 1 descriptor is not valid",
          "L1 entry \(hex(l1Address)) = \(hex(l1Entry)): " + (walk.gpi == nil ? "not valid" : "\(granule(address, l1Entry))"),
          walk.gpi == nil)
      }
      if let gpi = walk.gpi {
        look(
          "gpi", "the GPI does not admit a \(pas.name) access",
          "the GPI of granule \(hex(address.granuleBase)) is \(gpi.name), the access is \(pas.name)", !gpi.admits(pas))
      }
    }
    look(
      "memory", "no memory answers there",
      isBacked(access.address, access.length, pas) ? "memory is there" : "no memory is there",
      !isBacked(access.address, access.length, pas))
    return Explanation(
      entry: nil, section: access.isDevice ? "Arm System MMU, RME" : "Arm ARM, granule protection checks", call: text(of: access),
      rows: rows, decidedBy: decidedBy, status: fault.map { "\(isOf($0)), \(taken($0, access))" } ?? "the access passes",
      subjects: decidedBy == "gpi" && isDRAM(address) ? [.granule(address.granuleBase)] : [])
  }

  /// "Non-secure read of 8 bytes at 0x80000000, by the device".
  private func text(of access: MemoryAccess) -> String {
    let bytes = access.length == 1 ? "a byte" : "\(access.length) bytes"
    return "\(access.world.ownPAS.name) \(access.kind.isWrite ? "write" : "read") of \(bytes) at \(hex(access.address)), by "
      + (access.isDevice ? "the device" : "the \(access.world.name) world")
  }

  /// How a level 1 descriptor says what a granule is.
  private func granule(_ address: UInt64, _ entry: UInt64) -> String {
    guard GPTContiguous.table.type.of(entry) != GPTContiguous.typeValue else { return "contiguous" }
    return "sixteen GPIs, bits \(address.bits(15, 12) * 4 + 3):\(address.bits(15, 12) * 4) are this granule's"
  }

  private func isOf(_ fault: GranuleProtectionFault) -> String {
    switch fault.kind {
    case .addressSize: "refused by the bus"
    case .walk: "granule protection fault on the walk, level \(fault.level) (GPCSC \(hex(UInt64(fault.gpcsc))))"
    case .protection: "granule protection fault, level \(fault.level) (GPCSC \(hex(UInt64(fault.gpcsc))))"
    }
  }

  private func taken(_ fault: GranuleProtectionFault, _ access: MemoryAccess) -> String {
    if access.isDevice {
      return fault.kind == .addressSize ? "the device gets an error" : "the SMMU ends the transaction with an abort"
    }
    return isTakenToEL3(fault, of: access)
      ? "taken to EL3 with ESR_EL3 \(hex(fault.syndrome(write: access.kind.isWrite)))"
      : "an abort of the \(access.world.name) world"
  }
}
