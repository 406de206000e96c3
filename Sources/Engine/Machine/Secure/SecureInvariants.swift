import Basics

/// What must be true of a machine with an SPMC between any two actions, beside what ``Machine/invariantViolations()`` says of every one.
/// The rules `ffa_…` of ``ModelRule``.
///
/// Where software at S-EL2 or EL3 has moved memory by hand, `ffa_gpt` is not asked.
struct SecureInvariants {
  private(set) var violations: [InvariantViolation] = []

  private mutating func fail(_ rule: String, _ detail: String) {
    violations.append(InvariantViolation(rule: rule, detail: detail))
  }

  mutating func run(_ m: borrowing Machine) {
    guard m.control.secure != nil else { return }
    let state = m.spm
    checkLists(state)
    checkOnce(m, state)
    checkExclusive(state)
    checkRunning(m, state)
    if !state.isByHand, !m.control.isScribbled, m.configuration.protectsMemory { checkGPT(m, state) }
  }

  private mutating func checkLists(_ state: SecureState) {
    for (share, next) in zip(state.shares, state.shares.dropFirst()) where share.handle >= next.handle {
      fail("ffa_lists", "handle \(hex(share.handle)) before \(hex(next.handle))")
    }
    if let last = state.shares.last?.handle, last >= state.nextHandle {
      fail("ffa_lists", "handle \(hex(last)), the next would be \(hex(state.nextHandle))")
    }
    for (range, next) in zip(state.owned, state.owned.dropFirst()) where range.range.end > next.range.base {
      fail("ffa_lists", "\(hex(range.range.base)) and \(hex(next.range.base)) overlap")
    }
  }

  private mutating func checkOnce(_ m: borrowing Machine, _ state: SecureState) {
    let ranges = state.shares.flatMap { share in share.constituents.map { (range: $0, handle: share.handle) } }
      .sorted { $0.range.base < $1.range.base }
    for (one, next) in zip(ranges, ranges.dropFirst()) where one.range.overlaps(next.range) {
      fail("ffa_once", "\(hex(next.range.base)) is in transactions \(hex(one.handle)) and \(hex(next.handle))")
    }
    for share in state.shares {
      for range in share.constituents {
        var address = range.base
        while address < range.end {
          let (page, end) = m.ownership(address)
          if page.owner != share.owner {
            fail("ffa_once", "\(hex(address)) of transaction \(hex(share.handle)) is not its sender's")
          }
          address = end
        }
      }
    }
  }

  /// From the records alone: whoever has retrieved a page, and the owner if it is only shared.
  private mutating func checkExclusive(_ state: SecureState) {
    for share in state.shares where share.kind != .share {
      let others = state.shares.filter { $0.handle != share.handle }
      for range in share.constituents {
        let holders = others.filter { $0.constituents.contains(where: range.overlaps) }
          .flatMap { $0.receivers.filter { $0.granted != nil }.map(\.id) + ($0.kind == .share ? [$0.sender] : []) }
        if let holder = holders.first {
          fail("ffa_exclusive", "\(hex(range.base)), \(share.kind.name) of \(hex(share.sender)), is accessible to \(hex(holder))")
        }
      }
      if share.receivers.contains(where: { FFA.isNormalID($0.id) }) {
        fail("ffa_exclusive", "transaction \(hex(share.handle)) gives the Normal world what it has not")
      }
    }
  }

  /// All that the Normal world has given away must be out of its reach, granule by granule.
  private mutating func checkGPT(_ m: borrowing Machine, _ state: SecureState) {
    let lent = state.shares.filter(\.isProtected).flatMap(\.constituents)
    let donated = state.owned.filter { $0.owner != FFAEndpointIndex.normal && m.isDRAM($0.range.base) }.map(\.range)
    for range in lent + donated {
      for page in 0..<range.pages {
        let address = range.base + page << Granule.shift
        if m.granuleProtectionCheck(address, .nonSecure) == nil || m.gpi(address) != .secure {
          fail("ffa_gpt", "\(hex(address)) is a partition's, its GPT entry is \(m.gpi(address).name)")
        }
      }
    }
    for share in state.shares
    where share.kind != .share && share.owner == FFAEndpointIndex.normal && !share.isProtected {
      fail("ffa_gpt", "transaction \(hex(share.handle)) has left its memory in the Normal world's reach")
    }
  }

  private mutating func checkRunning(_ m: borrowing Machine, _ state: SecureState) {
    for (pe, partition) in state.running.enumerated() where partition != FFAEndpointIndex.normal {
      let endpoint = state.endpoints[partition]
      if endpoint.state != .running || endpoint.pe != pe {
        fail("ffa_running", "PE \(pe) runs partition \(partition), which is \(endpoint.state)")
      }
      if m.control.busyPEs >> UInt8(pe) & 1 == 0 { fail("ffa_running", "PE \(pe) runs a partition and is not busy") }
      if m.control.pes[pe].runningREC | m.control.pes[pe].runningVCPU != 0 { fail("ffa_running", "PE \(pe) runs two guests") }
    }
    for (index, endpoint) in state.endpoints.enumerated() where index != FFAEndpointIndex.normal {
      if endpoint.state == .running, state.running[endpoint.pe] != index {
        fail("ffa_running", "partition \(index) runs nowhere")
      }
      if [.waiting, .aborted].contains(endpoint.state) != (endpoint.model == .none) {
        fail("ffa_running", "partition \(index) is \(endpoint.state) with cycles of \(endpoint.model)")
      }
      if endpoint.callee != 0, state.endpoints[endpoint.callee].caller != index {
        fail("ffa_running", "partition \(endpoint.callee) does not work for \(index)")
      }
      if endpoint.caller != 0, state.endpoints[endpoint.caller].callee != index {
        fail("ffa_running", "partition \(endpoint.caller) knows nothing of \(index), which works for it")
      }
    }
  }
}

extension Machine {
  /// Whether the SPMC has a granule of DRAM in the Secure PAS: it leaves it by the SPMC alone.
  func isTakenBySPMC(_ address: UInt64) -> Bool { control.secure != nil && isDRAM(address) && spmcPAS(address) == .secure }
}
