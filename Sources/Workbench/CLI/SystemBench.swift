import Engine

/// Figures of the machine as a whole: checkpoints, seeking, memory.
struct SystemBench {
  let rounds: Int

  func rows() -> [MeasureRow] { checkpoint() + seeking() + memory() }

  private func checkpoint() -> [MeasureRow] {
    var machine = Machine(MachineConfiguration())
    machine.tracing = false
    let count = 100_000
    var start = CPUClock.now
    for _ in 0..<count { _ = machine.checkpoint() }
    let empty = (CPUClock.now - start) / Double(count)
    var changing = Machine(MachineConfiguration())
    changing.tracing = false
    start = CPUClock.now
    let steps = 20_000
    for n in 0..<steps {
      _ = changing.checkpoint()
      _ = changing.perform(
        .access(MemoryAccess(world: .normal, address: 0x8000_0000 + UInt64(n & 4095) << 12, kind: .write64(UInt64(n)))))
    }
    let one = (CPUClock.now - start) / Double(steps)
    return [
      MeasureRow(name: "checkpoint, nothing changed", value: empty * 1e9, unit: "ns"),
      MeasureRow(name: "checkpoint and a write to one granule", value: one * 1e9, unit: "ns"),
    ]
  }

  private func seeking() -> [MeasureRow] {
    let session = Session(MachineConfiguration())
    let steps = 100_000
    let start = CPUClock.now
    for n in 0..<steps {
      var x = InlineArray<18, UInt64>(repeating: 0)
      x[0] = n & 1 == 0 ? 0xC400_0151 : 0xC400_0152
      x[1] = 0x8000_0000 + UInt64(n >> 1 & 8191) << 12
      session.perform(.action(.smc(.normal, x)))
    }
    let made = CPUClock.now - start
    func seek(_ target: Int) -> Double {
      let start = CPUClock.now
      session.seek(target)
      return CPUClock.now - start
    }
    let undo = seek(steps - 1)
    let back = seek(steps / 2)
    let first = seek(0)
    let forward = seek(steps)
    return [
      MeasureRow(name: "session of 100,000 steps, per step", value: made / Double(steps) * 1e6, unit: "us"),
      MeasureRow(name: "undo of the last of 100,000 steps", value: undo * 1e3, unit: "ms"),
      MeasureRow(name: "seek from step 99,999 to 50,000", value: back * 1e3, unit: "ms"),
      MeasureRow(name: "seek from step 50,000 to 0", value: first * 1e3, unit: "ms"),
      MeasureRow(name: "seek from step 0 to 100,000", value: forward * 1e3, unit: "ms"),
    ]
  }

  private func memory() -> [MeasureRow] {
    var rows: [MeasureRow] = []
    for (name, size) in [("64 MiB", 64 << 20), ("1 TiB", 1 << 40)] as [(String, UInt64)] {
      var configuration = MachineConfiguration()
      configuration.dramSize = size
      let before = ResidentMemory.bytes
      let start = CPUClock.now
      let machine = Machine(configuration)
      let time = CPUClock.now - start
      let after = ResidentMemory.bytes
      rows.append(MeasureRow(name: "memory of an idle machine of \(name)", value: Double(after - before) / 1024, unit: "KiB"))
      rows.append(MeasureRow(name: "building and booting a machine of \(name)", value: time * 1e3, unit: "ms"))
      _ = consume machine
    }
    return rows
  }
}
