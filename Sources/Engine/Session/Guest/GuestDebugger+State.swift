import Basics
import Host
import Machine

/// What a debugger looks at beyond general registers and memory, and what it may write.
extension GuestDebugger {
  package func vectors(_ vcpu: Int) -> [UInt64] {
    let place = vm.vcpus[vcpu].address
    return session.read { $0.guestVectors(place) }
  }

  package var systemRegisterNames: [String] { Machine.guestSystemRegisterNames }

  package func systemRegisters(_ vcpu: Int) -> [UInt64] {
    let place = vm.vcpus[vcpu].address
    return session.read { $0.guestSystemRegisters(place) }
  }

  package func mappings(_ vcpu: Int) -> [DebugMapping] {
    let place = vm.vcpus[vcpu].address
    return session.read { $0.guestMappings(place) }
  }

  package func monitor(_ text: String) -> String { session.monitor(text, vcpu: vm.vcpus[current].address) }

  // MARK: Writing

  /// Bits of PSTATE that may be written: flags, masks, and the level with its stack.
  private static let writablePSTATE: UInt64 = 0xF000_03CD

  package func setRegister(_ vcpu: Int, _ number: Int, _ value: UInt64) -> Bool {
    let address = vm.vcpus[vcpu].address
    guard allowsWrites, let place = session.read({ $0.guestRegisterPlace(address, number) }) else { return false }
    var value = value
    if number == 33 {
      let now = registers(vcpu).pstate
      value = now & ~Self.writablePSTATE | value & Self.writablePSTATE
      // EL0, or EL1 with either stack.
      guard [0b0000, 0b0100, 0b0101].contains(value & 0xF) else { return false }
    }
    let name = number < 31 ? "X\(number)" : ["SP", "pc", "PSTATE"][number - 31]
    return poke(place, (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }, "\(name) of vCPU \(vcpu): \(hex(value))")
  }

  /// An access of whoever owns the memory, by hand: a step of the session as one that is typed. What was taken back before stays as a
  /// branch.
  package func write(_ vcpu: Int, _ address: UInt64, _ bytes: [UInt8]) -> Bool {
    guard allowsWrites else { return false }
    let place = vm.vcpus[vcpu].address
    var pieces: [(pa: UInt64, bytes: ArraySlice<UInt8>)] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      let (at, overflow) = address.addingReportingOverflow(UInt64(bytes.count - rest.count))
      guard !overflow, let pa = session.read({ $0.guestMemory(place, at) }) else { return false }
      let piece = rest.prefix(Int(Granule.size - at % Granule.size))
      pieces.append((pa, piece))
      rest = rest.dropFirst(piece.count)
    }
    return pieces.allSatisfy { poke($0.pa, Array($0.bytes), "\($0.bytes.count) bytes at \(hex(address))") }
  }

  private func poke(_ pa: UInt64, _ bytes: [UInt8], _ what: String) -> Bool {
    guard ending == nil, let world = session.read({ $0.worldOfMemory(pa) }) else { return false }
    if session.position < session.steps.count { session.keepsUndone() }
    let result = session.perform(.action(.access(MemoryAccess(world: world, address: pa, kind: .bytes(bytes)))))
    guard case .ok = result.answer?.kind else { return false }
    let fork = session.branches.count > 1 ? " on branch \(session.branch.name)" : ""
    onWrite("the debugger wrote \(what), as step \(session.position)\(fork)")
    return true
  }
}
