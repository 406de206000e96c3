import Basics

/// A boot in words, a line for each thing that happens.
extension BootRecord {
  package var lines: [String] {
    var lines: [String] = []
    for stage in stages {
      lines.append("\(stage.stage.name), \(stage.place)")
      for load in stage.loads {
        let verb = load.image.rawValue == stage.stage.name ? "is" : "loads \(load.image.rawValue)"
        lines.append("  \(verb) at \(hex(load.address)), \(hex(load.size)) bytes, sha-256 \(Self.start(of: load.digest))")
      }
      for measurement in stage.measurements {
        lines.append("  measures \(measurement.event) into \(measurement.place.text): \(Self.start(of: measurement.digest))")
      }
      for mapping in stage.mappings {
        lines.append("  maps \(mapping.name) \(Self.text(mapping.range)), \(mapping.pas.name)")
      }
      lines += stage.handovers.map { "  \($0.text)" }
    }
    if let rmm, rmm != .success {
      lines.append("The RMM does not run: \(rmm.name) (\(rmm.rawValue)); RMI answers SMC_UNK")
    } else if rmm == nil, stopped == nil {
      lines.append("There is no RMM; RMI answers SMC_UNK")
    }
    if let stopped { lines.append("The Normal world is never entered: \(stopped)") }
    for (number, value) in pcrs { lines.append("PCR \(number) = \(hexBytes(value))") }
    return lines
  }

  static func text(_ range: Range<UInt64>) -> String { "\(hex(range.lowerBound))..\(hex(range.upperBound - 1))" }

  private static func start(of digest: [UInt8]) -> String { hexBytes(digest[..<8]) + "…" }
}

extension BootRecord.Stage {
  /// Where it runs.
  package var place: String {
    switch stage {
    case .spmc: ProcessingElement.place(.secure, 1)
    case .rmm: ProcessingElement.place(.realm, 2)
    case .normal: ProcessingElement.place(.normal, 2)
    default: ProcessingElement.place(.root, 3)
    }
  }
}

extension BootRecord.Measured.Place {
  package var text: String {
    switch self {
    case .pcr(let number): "PCR \(number)"
    case .slot(let number): "RSE slot \(number)"
    }
  }
}

extension BootRecord.Handover {
  package var text: String {
    let place = ProcessingElement.place(world, level)
    let words = arguments.map { "\($0.register)=\(hex($0.value)) (\($0.meaning))" }
    let way =
      entry == 0
      ? "returns to \(to.name) at \(place)" : "enters \(to.name) at \(place), pc=\(hex(entry)) spsr=\(hex(spsr))"
    return ([way] + words).joined(separator: ", ")
  }
}

extension SMCRoute {
  /// The table of a machine, a line a row.
  package static func lines(_ configuration: MachineConfiguration) -> [String] {
    table(configuration).map { row in
      let range =
        row.functions.count == 1
        ? hex(row.functions.lowerBound) : "\(hex(row.functions.lowerBound))..\(hex(row.functions.upperBound))"
      return "\(row.name) \(range)\(row.hasSMC64 ? ", SMC64 too" : ""): "
        + callers.map { "\($0.name) → \(row[$0].text)" }.joined(separator: "; ")
    } + ["all others: SMC_UNK"]
  }
}

extension Machine {
  /// Memories outside DRAM, and the regions the GPT was built of.
  package var mapLines: [String] {
    let plan = GPTPlan(map, configuration)
    let dram = "DRAM \(BootRecord.text(dramBase..<configuration.dramTop)), Host, Non-secure"
    let memories = map.memories.map { memory in
      "\(memory.name) \(BootRecord.text(memory.range)), \(memory.owner), \(memory.pas.name)"
        + (memory.isFiltered ? " by the memory itself" : "")
    }
    let regions = plan.regions.enumerated().map { n, region in
      "PAS[\(n)] \(hex(region.base))..\(hex(region.end &- 1)) \(region.gpi.name), \(region.name)"
    }
    let rest = "all else \(plan.unnamed?.name ?? "no entry")"
    return ["map \(map.kind.rawValue): \(map.kind.summary)", dram] + memories + regions + [rest]
  }
}
