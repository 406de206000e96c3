import Engine

extension WorldsModel {
  /// The Secure world's software: the SPMC, its partitions with what they have of others, and the TEE's applications.
  static func secureResidents(_ session: Session) -> [[Resident]] {
    session.read { machine in
      guard machine.control.secure != nil else { return [[], [], []] }
      let partitions = SecurePartition.all.indices.map { index in
        let (partition, endpoint) = (SecurePartition.all[index], machine.spm.endpoints[index + 1])
        let state = endpoint.state == .running ? "● runs on pe\(endpoint.pe)" : "\(endpoint.state)"
        let name = partition.name == "TEE" ? "TEE" : "partition \(partition.name)"
        return Resident(
          "\(name) \(hex(partition.id)) \(state)", short: partition.name, .secure, parts: memory(of: index + 1, machine))
      }
      let hasTEE = machine.hasCode(Machine.codePartition)
      return [
        hasTEE ? [Resident("hello, storage", short: "2 applications", .secure)] : [], partitions,
        [Resident("SPMC · FF-A 1.1", short: "SPMC", .secure)],
      ]
    }
  }

  /// What a partition has of others, and others of it: a line for each transaction and for what was donated.
  private static func memory(of index: Int, _ machine: borrowing Machine) -> [String] {
    let id = FFAEndpointIndex.id(index)
    let shares = machine.spm.shares.filter { $0.owner == index || $0.receivers.contains { $0.id == id } }.map { share in
      let count = "\(share.pages) page\(share.pages == 1 ? "" : "s")"
      let gpi = machine.gpi(share.constituents[0].base).name
      guard share.owner != index else { return "\(share.kind.name)s \(count), GPT \(gpi)" }
      let has = share.receivers.contains { $0.id == id && $0.granted != nil } ? "has" : "may have"
      return "\(has) \(count), \(share.kind.name), GPT \(gpi)"
    }
    let owned = machine.spm.owned.filter { $0.owner == index }.map { range in
      "owns \(range.range.pages) more, GPT \(machine.gpi(range.range.base).name)"
    }
    return shares + owned
  }
}
