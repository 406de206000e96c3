/// Normal-world software acts through a session: every call it makes is a step.
extension Session: HostDoor {
  public func smc(_ arguments: [UInt64]) -> [UInt64] {
    var x = InlineArray<18, UInt64>(repeating: 0)
    for (n, value) in arguments.prefix(18).enumerated() { x[n] = value }
    let answer = perform(.perform(.smc(.normal, x))).answer?.x ?? []
    return answer + [UInt64](repeating: 0, count: max(0, 18 - answer.count))
  }

  public func write(_ address: UInt64, _ bytes: [UInt8]) {
    perform(.perform(.access(MemoryAccess(world: .normal, address: address, kind: .bytes(bytes)))))
  }

  public func write64(_ address: UInt64, _ value: UInt64) {
    perform(.perform(.access(MemoryAccess(world: .normal, address: address, kind: .write64(value)))))
  }

  public func exitRecord(_ run: UInt64) -> ExitFields { read { $0.exitFields(run) } }

  public var stoppedBy: UInt32? { read { $0.control.guestStop } }

  public var dram: Range<UInt64> { configuration.dramBase..<configuration.dramTop }
}
