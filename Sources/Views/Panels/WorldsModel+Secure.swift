import Engine

extension WorldsModel {
  /// The Secure world's software: the SPMC, its partitions with what they have of others, and the TEE's applications.
  static func secureResidents(_ session: Session) -> [[Resident]] {
    session.read { machine in
      guard machine.control.secure != nil else { return [[], [], []] }
      let partitions = SecurePartition.all.indices.map { index in
        let (partition, endpoint) = (SecurePartition.all[index], machine.spm.endpoints[index + 1])
        let state = endpoint.state == .running ? "● runs on pe\(endpoint.pe)" : "\(endpoint.state)"
        let narrow = "\(partition.name) \(hex(partition.id)) \(state)"
        return Resident(
          partition.name == "TEE" ? narrow : "partition \(narrow)", short: partition.name, narrow: narrow, .secure,
          parts: memory(of: index + 1, machine))
      }
      let hasTEE = machine.hasCode(Machine.codePartition)
      return [
        hasTEE ? [Resident("hello, storage", short: "2 applications", .secure)] : [], partitions,
        [Resident("SPMC · FF-A 1.1", short: "SPMC", .secure)],
      ]
    }
  }

  /// What a partition has of others, and others of it: a line for each transaction and for what was donated.
  private static func memory(of index: Int, _ machine: borrowing Machine) -> [(text: String, narrow: String)] {
    let id = FFAEndpointIndex.id(index)
    let shares = machine.spm.shares.filter { $0.owner == index || $0.receivers.contains { $0.id == id } }.map { share in
      let count = "\(share.pages) page\(share.pages == 1 ? "" : "s")"
      let gpi = machine.gpi(share.constituents[0].base).name
      let has = share.receivers.contains { $0.id == id && $0.granted != nil } ? "has" : "may have"
      let narrow = share.owner == index ? "\(share.kind.name)s \(count)" : "\(has) \(count), \(share.kind.name)"
      return (text: "\(narrow), GPT \(gpi)", narrow: narrow)
    }
    let owned = machine.spm.owned.filter { $0.owner == index }.map { range in
      let narrow = "owns \(range.range.pages) more"
      return (text: "\(narrow), GPT \(machine.gpi(range.range.base).name)", narrow: narrow)
    }
    return shares + owned
  }
}
