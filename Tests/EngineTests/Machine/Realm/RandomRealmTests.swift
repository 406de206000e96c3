import Crypto
import Engine
import Foundation
import Testing

/// Hundreds of random Realms: what the machine measures, what its steps say, and a computation of the tests' own agree.
struct RandomRealmTests {
  /// DEN0137 A7.1 once more, on plain bytes.
  struct Oracle {
    let is512: Bool
    let isPadded: Bool
    var values = [Data](repeating: Data(count: 64), count: 5)

    func hash(_ data: Data) -> Data { is512 ? Data(SHA512.hash(data: data)) : Data(SHA256.hash(data: data)) }
    func widened(_ data: Data) -> Data { data + Data(count: 64 - data.count) }

    static func put(_ value: UInt64, at offset: Int, in data: inout Data) {
      for n in 0..<8 { data[offset + n] = UInt8(truncatingIfNeeded: value >> UInt64(8 * n)) }
    }

    mutating func create(_ fields: [(Int, UInt64)]) {
      var params = Data(count: 4096)
      for (offset, value) in fields { Self.put(value, at: offset, in: &params) }
      values[0] = widened(hash(params))
    }

    private mutating func extend(_ type: UInt8, _ words: [(Int, UInt64)], _ content: (Int, Data)? = nil) {
      var descriptor = Data(count: 256)
      descriptor[0] = type
      Self.put(256, at: 8, in: &descriptor)
      descriptor.replaceSubrange(16..<80, with: values[0])
      for (offset, value) in words { Self.put(value, at: offset, in: &descriptor) }
      if let (offset, bytes) = content { descriptor.replaceSubrange(offset..<offset + bytes.count, with: bytes) }
      values[0] = widened(hash(descriptor))
    }

    mutating func ripas(_ base: UInt64, _ top: UInt64) { extend(2, [(0x50, base), (0x58, top)]) }
    mutating func data(_ ipa: UInt64, _ page: Data?) {
      extend(0, [(0x50, ipa), (0x58, page == nil ? 0 : 1)], page.map { (0x60, hash($0)) })
    }
    mutating func rec(_ pc: UInt64, _ gprs: [UInt64]) {
      var params = Data(count: 4096)
      Self.put(1, at: 0, in: &params)
      Self.put(pc, at: 0x200, in: &params)
      for (n, value) in gprs.enumerated() { Self.put(value, at: 0x300 + 8 * n, in: &params) }
      extend(1, [], (0x50, hash(params)))
    }
    mutating func rem(_ index: Int, _ value: Data) {
      let length = is512 ? 64 : 32
      values[index] = widened(
        hash(isPadded ? values[index] + widened(value) : values[index].prefix(length) + value))
    }
    func value(_ index: Int) -> [UInt8] { Array(values[index].prefix(is512 ? 64 : 32)) }
  }

  /// A machine and how the Host speaks to it.
  final class Host {
    let session: Session
    init(_ configuration: MachineConfiguration) { session = Session(configuration) }

    func call(_ name: String, _ arguments: UInt64...) throws {
      var x = InlineArray<18, UInt64>(repeating: 0)
      x[0] = UInt64(try #require(Commands.named(name)).fid)
      for (n, value) in arguments.enumerated() { x[n + 1] = value }
      let result = session.perform(.action(.smc(.normal, x)))
      #expect(result.answer?.x.first == 0, "\(name) \(arguments.map(hex))")
    }
    func write(_ address: UInt64, _ value: UInt64) {
      session.perform(.action(.access(MemoryAccess(world: .normal, address: address, kind: .write64(value)))))
    }
    func delegate(_ address: UInt64) throws { try call("RMI_GRANULE_DELEGATE", address) }
  }

  @Test(arguments: 0..<10)
  func machineStepsAndOracleAgree(_ block: Int) throws {
    for n in 0..<25 {
      var random = SplitMix(seed: UInt64(block * 25 + n))
      try realm(&random, is512: random.below(2) == 1, personality: random.below(2) == 0 ? "spec-1.0" : "tf-rmm-0.6")
    }
  }

  private func realm(_ random: inout SplitMix, is512: Bool, personality: String) throws {
    var configuration = MachineConfiguration()
    configuration.recAuxCount = 0
    configuration.policy = try #require(Policy(named: personality))
    configuration.featureRegister0 |= 15 << 14 | 15 << 20
    let host = Host(configuration)
    var oracle = Oracle(is512: is512, isPadded: personality == "spec-1.0")
    let rd: UInt64 = 0x8010_0000
    let params: UInt64 = 0x83F0_0000
    let (width, start) = [(32, 1), (36, 1), (39, 1), (40, 0), (48, 0)][random.below(5)] as (UInt64, UInt64)
    try host.delegate(rd)
    try host.delegate(rd + 0x1000)
    let fields: [(Int, UInt64)] = [
      (0x08, width), (0x18, UInt64(random.below(15) + 1)), (0x20, UInt64(random.below(15) + 1)), (0x30, is512 ? 1 : 0),
    ]
    for (offset, value) in fields { host.write(params + UInt64(offset), value) }
    host.write(params + 0x800, 1)
    host.write(params + 0x808, rd + 0x1000)
    host.write(params + 0x810, start)
    host.write(params + 0x818, 1)
    try host.call("RMI_REALM_CREATE", rd, params)
    oracle.create(fields)
    for level in start + 1...3 {
      try host.delegate(rd + 0x10_000 + level * 0x1000)
      try host.call("RMI_RTT_CREATE", rd, rd + 0x10_000 + level * 0x1000, 0, level)
    }
    // Some pages entry by entry at level 3, some blocks at level 2.
    let pages = UInt64(random.below(12) + 1)
    try host.call("RMI_RTT_INIT_RIPAS", rd, 0, pages << 12)
    for page in 0..<pages { oracle.ripas(page << 12, (page + 1) << 12) }
    let blocks = UInt64(random.below(4))
    if blocks > 0 {
      let base: UInt64 = 0x20_0000
      try host.call("RMI_RTT_INIT_RIPAS", rd, base, base + blocks << 21)
      for block in 0..<blocks { oracle.ripas(base + block << 21, base + (block + 1) << 21) }
    }
    let source: UInt64 = 0x83F1_0000
    var order = Array(0..<pages)
    for index in order.indices { order.swapAt(index, random.below(order.count)) }
    for (index, page) in order.prefix(random.below(6)).enumerated() {
      var content = Data(count: 4096)
      for word in 0..<512 {
        let value = random.below(4) == 0 ? random.next() : 0
        Oracle.put(value, at: word * 8, in: &content)
        host.write(source + UInt64(word * 8), value)
      }
      let isMeasured = random.below(4) > 0
      let data = 0x8020_0000 + UInt64(index) << 12
      try host.delegate(data)
      try host.call("RMI_DATA_CREATE", rd, data, page << 12, source, isMeasured ? 1 : 0)
      oracle.data(page << 12, isMeasured ? content : nil)
    }
    let recs = UInt64(random.below(3) + 1)
    for number in 0..<recs {
      let isRunnable = number == 0 || random.below(2) == 0
      let pc = random.next() & ~3
      let gprs = (0..<8).map { _ in random.next() }
      host.write(params + 0x1000, isRunnable ? 1 : 0)
      host.write(params + 0x1100, number)
      host.write(params + 0x1200, pc)
      for (n, value) in gprs.enumerated() { host.write(params + 0x1300 + UInt64(8 * n), value) }
      try host.delegate(rd + 0x20_000 + number << 12)
      try host.call("RMI_REC_CREATE", rd, rd + 0x20_000 + number << 12, params + 0x1000)
      if isRunnable { oracle.rec(pc, gprs) }
    }
    try host.call("RMI_REALM_ACTIVATE", rd)
    for _ in 0..<random.below(5) {
      let index = random.below(4) + 1
      let size = random.below(65)
      let words = (0..<8).map { _ in random.next() }
      host.session.perform(
        .action(.guest(GuestAction(.smc, [0xC400_0193, UInt64(index), UInt64(size)] + words))))
      var value = Data(count: 64)
      for (n, word) in words.enumerated() { Oracle.put(word, at: n * 8, in: &value) }
      oracle.rem(index, value.prefix(size))
    }
    try host.call("RMI_REC_ENTER", rd + 0x20_000, params + 0x2000)
    let summary = try #require(host.session.read { $0.realmSummaries() }.first)
    for index in 0...4 {
      #expect(summary.measurements[index] == oracle.value(index), "measurement \(index), \(personality)")
      // The steps the session kept, done again without a machine, give the same values all the way.
      let steps = host.session.provenance(rd, index)
      var again = RealmMeasurements(is512 ? .sha512 : .sha256, padsREM: personality == "spec-1.0")
      for step in steps {
        #expect(again.take(step.measurement.input, index: index, rd: rd).value == step.measurement.value)
      }
      #expect(again[index] == oracle.value(index))
    }
  }
}

/// Random numbers that follow from a seed.
struct SplitMix {
  private var state: UInt64
  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
  mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }
}
