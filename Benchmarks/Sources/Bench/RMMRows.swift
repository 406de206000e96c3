import Benchmark
import Engine

/// Rates of RMI, RSI and token operations through the machine's door.
struct RMMRows {
  var suite: BenchmarkSuite {
    let suite = BenchmarkSuite(name: "")
    /// - Parameters:
    ///   - reference: TF-RMM v0.6.0's rate.
    ///   - rate: operations per second of CPU, traced or not.
    func row(_ name: String, _ reference: Double, _ rate: @escaping (_ traced: Bool) -> Double) {
      suite.benchmark(name, settings: Reference(rate: reference)) { state in
        state.most(rate(false), "rate")
        state.most(rate(true), "traced")
      }
    }
    row("delegate + undelegate", 2.2e6, delegatePair)
    row("RTT create + destroy", 0.63e6, tablePair)
    row("DATA_CREATE measured (SHA-256)", 35e3) { dataCreate($0, measured: true) }
    row("DATA_CREATE unmeasured", 0.32e6) { dataCreate($0, measured: false) }
    row("DATA_CREATE_UNKNOWN", 10e6) { unknown($0).create }
    row("DATA_DESTROY", 1.0e6) { unknown($0).destroy }
    row("RTT_READ_ENTRY", 13e6, readEntry)
    row("REC_ENTER, empty guest", 0.9e6) { enter($0, calls: 0) }
    row("REC_ENTER with one RSI_VERSION", 0.72e6) { enter($0, calls: 1) }
    row("RSI_VERSION inside a run", 4.9e6, insideRun)
    row("REC_ENTER with RSI_MEASUREMENT_EXTEND", 0.36e6) { enter($0, calls: 1, extend: true) }
    row("token, INIT to last CONTINUE", 340, token)
    return suite
  }

  private static let version = GuestAction(.smc, [RSI.version, 0x1_0000])

  private func delegatePair(_ traced: Bool) -> Double {
    var realm = BareRealm(traced: traced)
    let count = 100_000
    return CPUClock.rate(count) {
      for n in 0..<count {
        let address = BareRealm.dataBase + UInt64(n & 1023) << 12
        realm.call(RMI.granuleDelegate, address)
        realm.call(RMI.granuleUndelegate, address)
      }
    }
  }

  private func tablePair(_ traced: Bool) -> Double {
    var realm = BareRealm(traced: traced)
    realm.delegate(BareRealm.spareTable)
    let count = 50_000
    return CPUClock.rate(count) {
      for _ in 0..<count {
        realm.call(RMI.rttCreate, BareRealm.rd, BareRealm.spareTable, 0x20_0000, 3)
        realm.call(RMI.rttDestroy, BareRealm.rd, 0x20_0000, 3)
      }
    }
  }

  private func dataCreate(_ traced: Bool, measured: Bool) -> Double {
    var realm = BareRealm(traced: traced)
    let count: UInt64 = 512
    for n in 0..<count { realm.delegate(BareRealm.dataBase + n << 12) }
    for n in 0..<512 as Range<UInt64> { realm.write(BareRealm.source + n * 8, n &* 0x9E37_79B9_7F4A_7C15) }
    return CPUClock.rate(Int(count)) {
      for n in 0..<count {
        realm.call(RMI.dataCreate, BareRealm.rd, BareRealm.dataBase + n << 12, n << 12, BareRealm.source, measured ? 1 : 0)
      }
    }
  }

  /// Pages a guest has written to are destroyed, so that there is something to wipe. Its first page is there from the beginning.
  private func unknown(_ traced: Bool) -> (create: Double, destroy: Double) {
    var realm = BareRealm(traced: traced, isActive: true)
    let pages: Range<UInt64> = 1..<512
    let passes = 40
    for n in pages { realm.delegate(BareRealm.dataBase + n << 12) }
    var create = 0.0
    var destroy = 0.0
    for _ in 0..<passes {
      look(at: pages, of: &realm)
      create += CPUClock.seconds {
        for n in pages { realm.call(RMI.dataCreateUnknown, BareRealm.rd, BareRealm.dataBase + n << 12, n << 12) }
      }
      for n in pages { realm.queue(GuestAction(.write64, [n << 12, n])) }
      realm.enter()
      look(at: pages, of: &realm)
      destroy += CPUClock.seconds {
        for n in pages { realm.call(RMI.dataDestroy, BareRealm.rd, n << 12) }
      }
      // What was destroyed becomes RAM again: the guest asks, the Host does it.
      realm.queue(GuestAction(.smc, [RSI.ipaStateSet, pages.lowerBound << 12, pages.upperBound << 12, 1, 1]))
      realm.enter()
      realm.call(RMI.rttSetRIPAS, BareRealm.rd, BareRealm.rec, pages.lowerBound << 12, pages.upperBound << 12)
    }
    let count = Double(pages.count * passes)
    return (count / max(create, 1e-9), count / max(destroy, 1e-9))
  }

  /// What a guest's run has put out of the processor's caches is brought back: it is not the next call's own.
  private func look(at pages: Range<UInt64>, of realm: inout BareRealm) {
    for n in pages { realm.call(RMI.rttReadEntry, BareRealm.rd, n << 12, 3) }
  }

  private func readEntry(_ traced: Bool) -> Double {
    var realm = BareRealm(traced: traced)
    let count = 200_000
    return CPUClock.rate(count) {
      for n in 0..<UInt64(count) { realm.call(RMI.rttReadEntry, BareRealm.rd, (n & 511) << 12, 3) }
    }
  }

  private func enter(_ traced: Bool, calls: Int, extend: Bool = false) -> Double {
    var realm = BareRealm(traced: traced, isActive: true)
    let action = extend ? GuestAction(.smc, [RSI.measurementExtend, 1, 32, 1, 2, 3, 4, 5, 6, 7, 8]) : Self.version
    let count = 50_000
    return CPUClock.rate(count) {
      for _ in 0..<count {
        for _ in 0..<calls { realm.queue(action) }
        realm.enter()
      }
    }
  }

  private func insideRun(_ traced: Bool) -> Double {
    var realm = BareRealm(traced: traced, isActive: true)
    let count = 256
    let passes = 80
    var seconds = 0.0
    for _ in 0..<passes {
      for _ in 0..<count { realm.queue(Self.version) }
      seconds += CPUClock.seconds { realm.enter() }
    }
    return Double(count * passes) / max(seconds, 1e-9)
  }

  private func token(_ traced: Bool) -> Double {
    var realm = BareRealm(traced: traced, isActive: true)
    let count = 40
    return CPUClock.rate(count) { for _ in 0..<count { realm.mint() } }
  }
}
