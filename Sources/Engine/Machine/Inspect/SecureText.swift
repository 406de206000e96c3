import Basics

/// The Secure world in words.
extension Machine {
  /// Who takes part in FF-A, a line each.
  package var partitionLines: [String] {
    guard control.secure != nil else { return ["the Secure world has no software"] }
    return (0..<FFAEndpointIndex.count).map { index in
      let endpoint = spm.endpoints[index]
      let buffers =
        endpoint.tx == 0 ? "no buffers" : "TX \(hex(endpoint.tx)), RX \(hex(endpoint.rx))\(endpoint.isRXFull ? ", full" : "")"
      guard index != FFAEndpointIndex.normal else { return "0 host, \(buffers)" }
      let partition = SecurePartition.all[index - 1]
      let code = hasCode(index) ? ", executes code" : ""
      let place = endpoint.state == .running ? " on PE \(endpoint.pe)" : ""
      let range = "\(hex(partition.memory.lowerBound))..\(hex(partition.memory.upperBound - 1))"
      return "\(hex(partition.id)) \(partition.name.lowercased()), \(endpoint.state)\(place)\(code), memory \(range), \(buffers)"
    }
  }

  /// Memory transactions, and memory with another owner than in the beginning: what the SPMC says of it beside what the GPT does.
  package var sharedMemoryLines: [String] {
    guard control.secure != nil else { return ["the Secure world has no software"] }
    let shares = spm.shares.map { share in
      let receivers = share.receivers.map { receiver in
        "\(partyName(receiver.id)) \(receiver.granted.map { "has it, \($0.words)" } ?? "may have it, \(receiver.permissions.words)")"
      }
      return "handle \(hex(share.handle)): \(share.kind.name) of \(partyName(share.sender)), \(rangesText(share.constituents)); "
        + receivers.joined(separator: "; ")
    }
    let owned = spm.owned.map { range in
      "\(rangesText([range.range])) is \(partyName(FFAEndpointIndex.id(range.owner)))'s\(range.isReadOnly ? ", read-only" : "")"
    }
    let all = shares + owned
    return all.isEmpty ? ["all memory is whose it was in the beginning"] : all
  }

  /// A page as FF-A has it: a line for each endpoint that owns it or may use it. Empty without an SPMC.
  package func endpointLines(_ address: UInt64) -> [String] {
    guard control.secure != nil else { return [] }
    return (0..<FFAEndpointIndex.count).compactMap { index in
      let state = pageState(address, for: index).state
      guard state != .unmapped else { return nil }
      let access = access(address, of: index).map { "access: \($0.words)" } ?? "no access"
      return "\(partyName(FFAEndpointIndex.id(index))): \(state.rawValue), \(access)"
    }
  }

  private func partyName(_ id: UInt64) -> String {
    id == 0 ? "host" : SecurePartition.all.first { $0.id == id }?.name.lowercased() ?? hex(id)
  }

  /// Ranges with the GPI of their granules.
  private func rangesText(_ ranges: [PageRange]) -> String {
    ranges.prefix(4).map { range in
      let gpis = Set((0..<min(range.pages, 512)).map { gpi(range.base + $0 * Granule.size).name }).sorted()
      let end = range.pages == 1 ? "" : "..\(hex(range.end - 1))"
      return "\(hex(range.base))\(end) (GPT \(gpis.joined(separator: ", ")))"
    }.joined(separator: ", ") + (ranges.count > 4 ? " and \(ranges.count - 4) more" : "")
  }
}

extension FFAPermissions {
  /// `read and write, not executed`.
  package var words: String {
    let data = ["", "read", "read and write", "reserved"][Int(self.data)]
    let instruction = ["", "not executed", "executed", "reserved"][Int(self.instruction)]
    let parts = [data, instruction].filter { !$0.isEmpty }
    return parts.isEmpty ? "as much as its owner" : parts.joined(separator: ", ")
  }
}
