/// Things that happen to a guest and that are no place in its code.
public enum DebugEvent: Hashable, Sendable {
  /// Before an SMC.
  case smc
  /// After an exit to the Host, of one kind or of any.
  case exit(ExitReason?)
  /// After an entry in which, or after which, the granule of a PA changed its state.
  case granule(UInt64)

  /// As one types it.
  public var text: String {
    switch self {
    case .smc: "smc"
    case .exit(nil): "exit"
    case .exit(let reason?): "exit \(reason.name)"
    case .granule(let address): "granule \(hex(address))"
    }
  }
}

extension GuestDebugger {
  /// What an event can be told from, before and after an entry.
  struct Circumstances {
    var exits: [ExitReason: Int]
    var granules: [UInt64: GuestDebugger.GranuleName]
  }
  typealias GranuleName = String

  func circumstances() -> Circumstances {
    var result = Circumstances(exits: vm.exits, granules: [:])
    for case .granule(let address) in events {
      result.granules[address] = session.read { $0.granuleState(address).name }
    }
    return result
  }

  /// The event that has come about since then.
  func event(since before: Circumstances) -> DebugStop? {
    let now = circumstances()
    for event in events {
      switch event {
      case .smc: continue
      case .exit(nil): if now.exits != before.exits { return .event("an exit to the Host") }
      case .exit(let reason?): if now.exits[reason] != before.exits[reason] { return .event("an exit: \(reason.name)") }
      case .granule(let address):
        guard let old = before.granules[address], let new = now.granules[address], old != new else { continue }
        return .event("granule \(hex(address)): \(old) became \(new)")
      }
    }
    return nil
  }

  /// Over a call: until the instruction behind it, in this vCPU or any; another instruction is a step.
  public func stepOver(_ vcpu: Int, limit: Int) -> DebugStop? {
    let pc = registers(vcpu).pc
    let word = read(vcpu, pc, 4).enumerated().reduce(UInt32(0)) { $0 | UInt32($1.element) << UInt32(8 * $1.offset) }
    // BL and BLR.
    guard word >> 26 == 0b100101 || word & 0xFFFF_FC1F == 0xD63F_0000 else { return step(vcpu) }
    let behind = DebugPoint.execute(pc &+ 4)
    guard !points.contains(behind) else { return goOn(limit: limit) }
    points.append(behind)
    defer { points.removeAll { $0 == behind } }
    let stop = goOn(limit: limit)
    return stop == .point(behind) ? .stepped : stop
  }
}
