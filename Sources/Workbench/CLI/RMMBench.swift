import Engine

/// Rates of RMI, RSI and token operations through the machine's door.
struct RMMBench {
  let rounds: Int
  /// Part of the names to measure; empty for all.
  let only: String

  // Where things lie in the 64 MiB of the default machine.
  private let rd: UInt64 = 0x8010_0000
  private let rec: UInt64 = 0x8010_2000
  private let params: UInt64 = 0x83F0_0000
  private let run: UInt64 = 0x83F0_1000
  private let source: UInt64 = 0x83F0_2000
  private let dataBase: UInt64 = 0x8040_0000

  func rows() -> [BenchRow] {
    let rows: [BenchRow?] = [
      row("delegate + undelegate", 2.2e6, delegatePair),
      row("RTT create + destroy", 0.63e6, tablePair),
      row("DATA_CREATE measured (SHA-256)", 35e3) { dataCreate($0, measured: true) },
      row("DATA_CREATE unmeasured", 0.32e6) { dataCreate($0, measured: false) },
      row("DATA_CREATE_UNKNOWN", 10e6) { unknown($0).create },
      row("DATA_DESTROY", 1.0e6) { unknown($0).destroy },
      row("RTT_READ_ENTRY", 13e6, readEntry),
      row("REC_ENTER, empty guest", 0.9e6) { enter($0, calls: 0) },
      row("REC_ENTER with one RSI_VERSION", 0.72e6) { enter($0, calls: 1) },
      row("RSI_VERSION inside a run", 4.9e6, insideRun),
      row("REC_ENTER with RSI_MEASUREMENT_EXTEND", 0.36e6) { enter($0, calls: 1, extend: true) },
      row("token, INIT to last CONTINUE", 340, token),
    ]
    return rows.compactMap { $0 }
  }

  private func row(_ name: String, _ reference: Double, _ body: (Bool) -> Double) -> BenchRow? {
    guard only.isEmpty || name.contains(only) else { return nil }
    var rate = 0.0
    var traced = 0.0
    for _ in 0..<rounds {
      rate = max(rate, body(false))
      traced = max(traced, body(true))
    }
    return BenchRow(name: name, rate: rate, traced: traced, reference: reference)
  }

  /// Operations per second of CPU of `count` operations.
  private func rate(_ count: Int, _ body: () -> Void) -> Double {
    let start = CPUClock.now
    body()
    return Double(count) / max(CPUClock.now - start, 1e-9)
  }

  private static func call(
    _ machine: inout Machine, _ fid: UInt32, _ a1: UInt64 = 0, _ a2: UInt64 = 0, _ a3: UInt64 = 0, _ a4: UInt64 = 0,
    _ a5: UInt64 = 0
  ) -> UInt64 {
    var x = InlineArray<18, UInt64>(repeating: 0)
    x[0] = UInt64(fid)
    x[1] = a1
    x[2] = a2
    x[3] = a3
    x[4] = a4
    x[5] = a5
    guard machine.perform(smc: &x, from: .normal) == .answered else { preconditionFailure("no answer") }
    return x[0]
  }

  private static func expect(_ x0: UInt64) { precondition(x0 == 0, "a benchmark's call failed: \(hex(x0))") }

  private func write(_ machine: inout Machine, _ address: UInt64, _ value: UInt64) {
    _ = machine.perform(.access(MemoryAccess(world: .normal, address: address, kind: .write64(value))))
  }

  private func delegate(_ machine: inout Machine, _ address: UInt64) { Self.expect(Self.call(&machine, 0xC400_0151, address)) }

  /// A machine with a Realm of 40 bits from level 0, tables to level 3 at IPA 0 and at the first Unprotected IPA.
  private func prepared(_ traced: Bool, activated: Bool = false) -> Machine {
    var machine = Machine(MachineConfiguration())
    machine.tracing = false
    let root = rd + 0x1000
    delegate(&machine, rd)
    delegate(&machine, root)
    let fields = RmiRealmParams.table
    for (field, value) in [
      (fields.s2sz, 40), (fields.numBPs, 1), (fields.numWPs, 1), (fields.vmid, 1), (fields.rttBase, root),
      (fields.rttNumStart, 1),
    ] { write(&machine, field.address(in: params), value) }
    Self.expect(Self.call(&machine, 0xC400_0158, rd, params))
    for level in 1...3 as ClosedRange<UInt64> {
      let table = rd + 0x80_000 + level * 0x1000
      delegate(&machine, table)
      Self.expect(Self.call(&machine, 0xC400_015D, rd, table, 0, level))
    }
    if activated {
      Self.expect(Self.call(&machine, 0xC400_0168, rd, 0, 0x20_0000))
      delegate(&machine, dataBase)
      Self.expect(Self.call(&machine, 0xC400_0153, rd, dataBase, 0, source, 1))
      delegate(&machine, rec)
      let fields = RmiRecParams.table
      write(&machine, fields.flags.address(in: params), RmiRecCreateFlags.table.runnable.mask)
      write(&machine, fields.mpidr.address(in: params), 0)
      write(&machine, fields.numAux.address(in: params), 16)
      for n in 0..<16 {
        let auxiliary = rec + 0x1000 + UInt64(n) << 12
        delegate(&machine, auxiliary)
        write(&machine, fields.aux.address(in: params, n), auxiliary)
      }
      Self.expect(Self.call(&machine, 0xC400_015A, rd, rec, params))
      Self.expect(Self.call(&machine, 0xC400_0157, rd))
    }
    machine.tracing = traced
    return machine
  }

  private func delegatePair(_ traced: Bool) -> Double {
    var machine = prepared(traced)
    let count = 100_000
    return rate(count) {
      for n in 0..<count {
        let address = dataBase + UInt64(n & 1023) << 12
        Self.expect(Self.call(&machine, 0xC400_0151, address))
        Self.expect(Self.call(&machine, 0xC400_0152, address))
      }
    }
  }

  private func tablePair(_ traced: Bool) -> Double {
    var machine = prepared(traced)
    let table = rd + 0x90_000
    delegate(&machine, table)
    let count = 50_000
    return rate(count) {
      for _ in 0..<count {
        Self.expect(Self.call(&machine, 0xC400_015D, rd, table, 0x20_0000, 3))
        Self.expect(Self.call(&machine, 0xC400_015E, rd, 0x20_0000, 3))
      }
    }
  }

  private func dataCreate(_ traced: Bool, measured: Bool) -> Double {
    var machine = prepared(traced)
    let count = 512
    for n in 0..<count { delegate(&machine, dataBase + UInt64(n) << 12) }
    for n in 0..<512 as Range<UInt64> { write(&machine, source + n * 8, n &* 0x9E37_79B9_7F4A_7C15) }
    return rate(count) {
      for n in 0..<UInt64(count) {
        Self.expect(Self.call(&machine, 0xC400_0153, rd, dataBase + n << 12, n << 12, source, measured ? 1 : 0))
      }
    }
  }

  private func unknown(_ traced: Bool) -> (create: Double, destroy: Double) {
    var machine = prepared(traced)
    let count = 512
    let passes = 40
    for n in 0..<count { delegate(&machine, dataBase + UInt64(n) << 12) }
    var create = 0.0
    var destroy = 0.0
    for _ in 0..<passes {
      create +=
        1
        / rate(count) {
          for n in 0..<UInt64(count) { Self.expect(Self.call(&machine, 0xC400_0154, rd, dataBase + n << 12, n << 12)) }
        }
      // As a guest would leave them: with contents to wipe.
      for n in 0..<UInt64(count) { machine.scribble(dataBase + n << 12) }
      destroy +=
        1
        / rate(count) {
          for n in 0..<UInt64(count) { Self.expect(Self.call(&machine, 0xC400_0155, rd, n << 12)) }
        }
    }
    return (Double(passes) / create, Double(passes) / destroy)
  }

  private func readEntry(_ traced: Bool) -> Double {
    var machine = prepared(traced)
    let count = 200_000
    return rate(count) {
      for n in 0..<UInt64(count) { Self.expect(Self.call(&machine, 0xC400_0161, rd, (n & 511) << 12, 3)) }
    }
  }

  private func enter(_ traced: Bool, calls: Int, extend: Bool = false) -> Double {
    var machine = prepared(traced, activated: true)
    let action =
      extend
      ? GuestAction(.smc, [0xC400_0193, 1, 32, 1, 2, 3, 4, 5, 6, 7, 8]) : GuestAction(.smc, [0xC400_0190, 0x1_0000])
    let count = 50_000
    return rate(count) {
      for _ in 0..<count {
        for _ in 0..<calls { _ = machine.perform(.guest(action)) }
        Self.expect(Self.call(&machine, 0xC400_015C, rec, run))
      }
    }
  }

  private func insideRun(_ traced: Bool) -> Double {
    var machine = prepared(traced, activated: true)
    let action = GuestAction(.smc, [0xC400_0190, 0x1_0000])
    let count = 256
    let passes = 80
    var seconds = 0.0
    for _ in 0..<passes {
      for _ in 0..<count { _ = machine.perform(.guest(action)) }
      seconds += Double(count) / rate(count) { Self.expect(Self.call(&machine, 0xC400_015C, rec, run)) }
    }
    return Double(count * passes) / seconds
  }

  private func token(_ traced: Bool) -> Double {
    var machine = prepared(traced, activated: true)
    let count = 40
    return rate(count) { for _ in 0..<count { mint(&machine) } }
  }

  private func mint(_ machine: inout Machine) {
    _ = machine.perform(.guest(GuestAction(.smc, [0xC400_0194, 1, 2, 3, 4, 5, 6, 7, 8])))
    for _ in 0..<4 { _ = machine.perform(.guest(GuestAction(.smc, [0xC400_0195, 0, 0, 1024]))) }
    Self.expect(Self.call(&machine, 0xC400_015C, rec, run))
  }

  /// One token, and the key its platform token is signed with.
  func minted() -> (token: MintedToken, key: PublicKey) {
    var machine = prepared(false, activated: true)
    mint(&machine)
    guard let token = machine.minted.last else { preconditionFailure("the benchmark's Realm got no token") }
    return (token, machine.platformPublicKey())
  }
}
