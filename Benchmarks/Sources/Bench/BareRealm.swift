import Benchmark
import Engine

/// Function identifiers of the calls that are measured.
enum RMI {
  static let granuleDelegate: UInt32 = 0xC400_0151
  static let granuleUndelegate: UInt32 = 0xC400_0152
  static let dataCreate: UInt32 = 0xC400_0153
  static let dataCreateUnknown: UInt32 = 0xC400_0154
  static let dataDestroy: UInt32 = 0xC400_0155
  static let realmActivate: UInt32 = 0xC400_0157
  static let realmCreate: UInt32 = 0xC400_0158
  static let recCreate: UInt32 = 0xC400_015A
  static let recEnter: UInt32 = 0xC400_015C
  static let rttCreate: UInt32 = 0xC400_015D
  static let rttDestroy: UInt32 = 0xC400_015E
  static let rttReadEntry: UInt32 = 0xC400_0161
  static let rttInitRIPAS: UInt32 = 0xC400_0168
  static let rttSetRIPAS: UInt32 = 0xC400_0169
}

/// The same of the Realm's.
enum RSI {
  static let version: UInt64 = 0xC400_0190
  static let measurementExtend: UInt64 = 0xC400_0193
  static let attestationTokenInit: UInt64 = 0xC400_0194
  static let attestationTokenContinue: UInt64 = 0xC400_0195
  static let ipaStateSet: UInt64 = 0xC400_0197
}

/// A default machine of 64 MiB with a Realm of 40 bits from level 0, tables to level 3 at IPA 0 and at the first Unprotected IPA. Its
/// Host is whoever calls, by the machine's door and nothing else.
struct BareRealm: ~Copyable {
  static let rd: UInt64 = 0x8010_0000
  static let rec: UInt64 = 0x8010_2000
  /// A granule for one more table.
  static let spareTable = rd + 0x90_000
  /// The first of the granules that become the Realm's.
  static let dataBase: UInt64 = 0x8040_0000
  /// The Host's own pages: parameters, RmiRecRun, what goes into the Realm.
  private static let params: UInt64 = 0x83F0_0000
  private static let run: UInt64 = 0x83F0_1000
  static let source: UInt64 = 0x83F0_2000

  var machine = Machine(MachineConfiguration())

  /// - Parameter isActive: with its first 2 MiB RAM, one page of it there, a REC, and activated.
  init(traced: Bool, isActive: Bool = false) {
    machine.tracing = false
    let root = Self.rd + 0x1000
    delegate(Self.rd)
    delegate(root)
    for (field, value) in [
      ("s2sz", 40), ("num_bps", 1), ("num_wps", 1), ("vmid", 1), ("rtt_base", root), ("rtt_num_start", 1),
    ] { set(field, of: "RmiRealmParams", value) }
    call(RMI.realmCreate, Self.rd, Self.params)
    for level in 1...3 as ClosedRange<UInt64> {
      let table = Self.rd + 0x80_000 + level * 0x1000
      delegate(table)
      call(RMI.rttCreate, Self.rd, table, 0, level)
    }
    if isActive { activate() }
    machine.tracing = traced
  }

  private mutating func activate() {
    call(RMI.rttInitRIPAS, Self.rd, 0, 0x20_0000)
    delegate(Self.dataBase)
    call(RMI.dataCreate, Self.rd, Self.dataBase, 0, Self.source, 1)
    delegate(Self.rec)
    // Bit 0: it can run.
    set("flags", of: "RmiRecParams", 1)
    set("mpidr", of: "RmiRecParams", 0)
    set("num_aux", of: "RmiRecParams", 16)
    for n in 0..<16 {
      let auxiliary = Self.rec + 0x1000 + UInt64(n) << 12
      delegate(auxiliary)
      set("aux", of: "RmiRecParams", auxiliary, n)
    }
    call(RMI.recCreate, Self.rd, Self.rec, Self.params)
    call(RMI.realmActivate, Self.rd)
  }

  /// Makes a call that must succeed.
  mutating func call(_ fid: UInt32, _ a1: UInt64, _ a2: UInt64 = 0, _ a3: UInt64 = 0, _ a4: UInt64 = 0, _ a5: UInt64 = 0) {
    var x = InlineArray<18, UInt64>(repeating: 0)
    x[0] = UInt64(fid)
    x[1] = a1
    x[2] = a2
    x[3] = a3
    x[4] = a4
    x[5] = a5
    guard machine.perform(smc: &x, from: .normal) == .answered else { preconditionFailure("no answer") }
    precondition(x[0] == 0, "a benchmark's call failed: \(hex(x[0]))")
  }

  mutating func delegate(_ address: UInt64) { call(RMI.granuleDelegate, address) }

  mutating func write(_ address: UInt64, _ value: UInt64) {
    _ = machine.perform(.access(MemoryAccess(world: .normal, address: address, kind: .write64(value))))
  }

  /// Writes a field of the parameters.
  private mutating func set(_ field: String, of structure: String, _ value: UInt64, _ index: Int = 0) {
    guard let offset = StructureReference.offset(of: field, in: structure, index) else {
      preconditionFailure("\(structure) has no field \(field)")
    }
    write(Self.params + offset, value)
  }

  /// Queues something for the guest to do.
  mutating func queue(_ action: GuestAction) { _ = machine.perform(.guest(action)) }

  /// Runs the guest until it has nothing left to do, or needs its Host.
  mutating func enter() { call(RMI.recEnter, Self.rec, Self.run) }

  /// Has the guest get a token.
  mutating func mint() {
    queue(GuestAction(.smc, [RSI.attestationTokenInit, 1, 2, 3, 4, 5, 6, 7, 8]))
    for _ in 0..<4 { queue(GuestAction(.smc, [RSI.attestationTokenContinue, 0, 0, 1024])) }
    enter()
  }

  /// One token, and the key its platform token is signed with.
  static func minted() -> (token: MintedToken, key: PublicKey) {
    var realm = BareRealm(traced: false, isActive: true)
    realm.mint()
    guard let token = realm.machine.minted.last else { preconditionFailure("the benchmark's Realm got no token") }
    return (token, realm.machine.platformPublicKey())
  }
}
