/// A virtual machine in a Realm, built and run as KVM and a VMM do it: granules delegated, the Realm created, RIPAS initialized, the
/// image copied and measured page by page, RECs created, the Realm activated; then entered again and again, every exit handled.
public final class RealmVM {
  public struct Options: Sendable {
    /// Bytes of RAM, a multiple of 2 MiB.
    public var memory: UInt64 = 16 << 20
    public var vcpus = 1
    public var hash = HashAlgorithm.sha256

    public init() {}
  }

  /// Where RAM begins, as kvmtool has it.
  public static let ramBase: UInt64 = 0x8000_0000
  /// Width of the IPA space; the upper half is shared.
  static let ipaWidth: UInt64 = 33
  private static let block: UInt64 = 2 << 20

  /// How a run ended.
  public enum Ending: Equatable, Sendable {
    case poweredOff
    case reset
    /// Nothing the Host could do would let it go on.
    case failed(String)
    /// An instruction the model does not have.
    case stopped(UInt32)
  }

  public struct Failure: Error {
    public let message: String
  }

  public private(set) var uart = PL011()
  /// Exits by reason, and pages given on demand.
  public private(set) var exits: [ExitReason: Int] = [:]
  public private(set) var pagesGiven = 0
  /// What the Host does at a host call, before the Realm goes on: the immediate, and X0 to X30 of the message.
  public var onHostCall: (_ immediate: UInt64, _ registers: [UInt64]) -> Void = { _, _ in }

  private let door: any HostDoor
  private let options: Options
  private var nextGranule: UInt64
  private let scratch: UInt64
  private let params: UInt64
  /// The PA of the Realm's descriptor.
  public private(set) var rd: UInt64 = 0
  private var recs: [VCPU] = []
  private var current = 0
  private var shared: [UInt64: UInt64] = [:]

  private struct VCPU {
    let rec: UInt64
    let run: UInt64
    var isOn: Bool
  }

  public init(_ door: any HostDoor, _ options: Options) {
    self.door = door
    self.options = options
    scratch = door.dram.lowerBound + 0x1000
    params = door.dram.lowerBound + 0x2000
    nextGranule = door.dram.lowerBound + 0x10_0000
  }

  /// A message of the Host to one vCPU's run granule for the next entry.
  private enum Entry {
    static let emulatedMMIO: UInt64 = 1 << 0
    static let injectSEA: UInt64 = 1 << 1
  }

  // MARK: Building

  /// A Host's granule, aligned to `count` of them.
  private func allocate(_ count: UInt64 = 1) throws(Failure) -> UInt64 {
    let size = count * Granule.size
    let address = (nextGranule + size - 1) & ~(size - 1)
    guard address + size <= door.dram.upperBound else {
      throw Failure(message: "the Host is out of memory; give the machine more dram")
    }
    nextGranule = address + size
    return address
  }

  @discardableResult
  private func call(_ name: String, _ arguments: UInt64...) throws(Failure) -> [UInt64] {
    let answer = send(name, arguments)
    guard answer[0] == 0 else {
      throw Failure(
        message: "\(name) \(arguments.map(hex).joined(separator: " ")) answered \(Names.status(.rmi, answer[0]))")
    }
    return answer
  }

  private func send(_ name: String, _ arguments: [UInt64]) -> [UInt64] {
    guard let entry = Commands.named(name) else { preconditionFailure("no command \(name)") }
    return door.smc([UInt64(entry.fid)] + arguments)
  }

  private func delegated(_ count: UInt64 = 1) throws(Failure) -> UInt64 {
    let address = try allocate(count)
    for n in 0..<count { try call("RMI_GRANULE_DELEGATE", address + n * Granule.size) }
    return address
  }

  /// Everything up to RMI_REALM_ACTIVATE.
  public func build(_ image: BootImage) throws(Failure) {
    guard options.memory > 0, options.memory % Self.block == 0, options.memory <= 1 << 31 else {
      throw Failure(message: "the guest's memory must be a multiple of 2M, up to 2G")
    }
    guard (1...8).contains(options.vcpus) else { throw Failure(message: "1 to 8 vCPUs") }
    let top = Self.ramBase + options.memory
    for segment in image.segments
    where segment.address < Self.ramBase || segment.address + UInt64(segment.bytes.count) > top {
      throw Failure(
        message:
          "the image wants \(hex(segment.address)) to \(hex(segment.address + UInt64(segment.bytes.count))); RAM is \(hex(Self.ramBase)) to \(hex(top))"
      )
    }
    // A starting level of 2 with eight tables, for an IPA space of 33 bits.
    rd = try delegated()
    let tables: UInt64 = 8
    let root = try delegated(tables)
    for (offset, value) in [
      (0x08, Self.ipaWidth), (0x18, 1), (0x20, 1), (0x30, UInt64(options.hash.rawValue)), (0x800, 1), (0x808, root), (0x810, 2),
      (0x818, tables),
    ] as [(UInt64, UInt64)] { door.write64(params + offset, value) }
    try call("RMI_REALM_CREATE", rd, params)
    try call("RMI_RTT_INIT_RIPAS", rd, Self.ramBase, top)
    for page in image.pages {
      door.write(scratch, page.bytes)
      let data = try delegated()
      let answer = send("RMI_DATA_CREATE", [rd, data, page.address, scratch, 1])
      if answer[0] & 0xFF == Status.rmiRTT.value {
        try makeTable(page.address)
        try call("RMI_DATA_CREATE", rd, data, page.address, scratch, 1)
      } else if answer[0] != 0 {
        throw Failure(message: "RMI_DATA_CREATE at \(hex(page.address)) answered \(Names.status(.rmi, answer[0]))")
      }
    }
    let auxCount = try call("RMI_REC_AUX_COUNT", rd)[1]
    for number in 0..<UInt64(options.vcpus) {
      let rec = try delegated()
      let run = try allocate()
      door.write(params + 0x1000, [UInt8](repeating: 0, count: 4096))
      door.write64(params + 0x1000, number == 0 ? 1 : 0)
      door.write64(params + 0x1100, number)
      door.write64(params + 0x1200, number == 0 ? image.entry : 0)
      door.write64(params + 0x1800, auxCount)
      for n in 0..<auxCount { door.write64(params + 0x1808 + n * 8, try delegated()) }
      try call("RMI_REC_CREATE", rd, rec, params + 0x1000)
      recs.append(VCPU(rec: rec, run: run, isOn: number == 0))
    }
    try call("RMI_REALM_ACTIVATE", rd)
  }

  /// The table of level 3 for the 2 MiB around an IPA.
  private func makeTable(_ ipa: UInt64) throws(Failure) {
    try call("RMI_RTT_CREATE", rd, try delegated(), ipa & ~(Self.block - 1), 3)
  }

  // MARK: Running

  /// Enters RECs in turn until the guest ends, or `entries` times.
  ///
  /// - Returns: how it ended; nil if it has not.
  public func run(entries: Int) -> Ending? {
    for _ in 0..<entries {
      do throws(Failure) {
        if let ending = try enter() { return ending }
      } catch {
        return .failed(error.message)
      }
    }
    return nil
  }

  /// One REC entry, and what its exit asks for.
  private func enter() throws(Failure) -> Ending? {
    guard let turn = (0..<recs.count).map({ (current + $0) % recs.count }).first(where: { recs[$0].isOn }) else {
      return .failed("no vCPU is on")
    }
    let vcpu = recs[turn]
    try call("RMI_REC_ENTER", vcpu.rec, vcpu.run)
    let exit = door.exitRecord(vcpu.run)
    exits[exit.reason, default: 0] += 1
    door.write64(vcpu.run, 0)
    if let word = door.stoppedBy { return .stopped(word) }
    switch exit.reason {
    case .irq, .fiq: current = (turn + 1) % recs.count
    case .sync: try fault(exit, vcpu)
    case .ripasChange: try changeRIPAS(exit, vcpu)
    case .psci: return try psci(exit, turn)
    case .hostCall: onHostCall(field(exit, "imm"), (0...30).map { field(exit, "gpr\($0)") })
    case .serror: return .failed("the Realm took an SError")
    }
    return nil
  }

  private func field(_ exit: ExitFields, _ name: String) -> UInt64 { exit.fields.first { $0.name == name }?.value ?? 0 }

  private func fault(_ exit: ExitFields, _ vcpu: VCPU) throws(Failure) {
    let esr = field(exit, "esr")
    let ipa = field(exit, "hpfar").bits(43, 4) << 12
    guard Syndrome.ec(esr) == Syndrome.ecDataAbort || Syndrome.ec(esr) == Syndrome.ecInstructionAbort else {
      // WFI and WFE: another vCPU's turn.
      current = (current + 1) % recs.count
      return
    }
    if ipa < 1 << (Self.ipaWidth - 1) {
      try give(ipa)
    } else if ipa == PL011.base, esr & Syndrome.isv != 0 {
      let offset = field(exit, "far") & 0xFFF
      if Syndrome.isWrite(esr) {
        uart.write(offset, field(exit, "gpr0"))
      } else {
        door.write64(vcpu.run + 0x200, uart.read(offset))
      }
      door.write64(vcpu.run, Entry.emulatedMMIO)
    } else if (Self.ramBase..<Self.ramBase + options.memory).contains(ipa - 1 << (Self.ipaWidth - 1)) {
      try share(ipa)
    } else {
      // Nothing is there.
      door.write64(vcpu.run, Entry.injectSEA)
    }
  }

  /// A page of the guest's RAM, on demand.
  private func give(_ ipa: UInt64) throws(Failure) {
    guard (Self.ramBase..<Self.ramBase + options.memory).contains(ipa) else {
      throw Failure(message: "the guest wants \(hex(ipa)), which is no RAM of its own")
    }
    // X4 of RMI_RTT_READ_ENTRY is the RIPAS.
    guard try call("RMI_RTT_READ_ENTRY", rd, ipa, 3)[4] != UInt64(RIPAS.destroyed.rawValue) else {
      throw Failure(
        message: "the page at \(hex(ipa)) is DESTROYED: its content is gone, and only the Realm can make it RAM again")
    }
    let data = try delegated()
    let answer = send("RMI_DATA_CREATE_UNKNOWN", [rd, data, ipa])
    if answer[0] & 0xFF == Status.rmiRTT.value {
      try makeTable(ipa)
      try call("RMI_DATA_CREATE_UNKNOWN", rd, data, ipa)
    } else if answer[0] != 0 {
      throw Failure(message: "RMI_DATA_CREATE_UNKNOWN at \(hex(ipa)) answered \(Names.status(.rmi, answer[0]))")
    }
    pagesGiven += 1
  }

  /// A page of the Host's, where the guest shares.
  private func share(_ ipa: UInt64) throws(Failure) {
    let page: UInt64
    if let known = shared[ipa] {
      page = known
    } else {
      page = try allocate()
      shared[ipa] = page
    }
    // MemAttr 0b110, Normal write-back with FWB, in bits 4:2; S2AP 0b11, readable and writable, in bits 7:6.
    let descriptor = page | 0b110 << 2 | 0b11 << 6
    let answer = send("RMI_RTT_MAP_UNPROTECTED", [rd, ipa, 3, descriptor])
    if answer[0] & 0xFF == Status.rmiRTT.value {
      try makeTable(ipa)
      try call("RMI_RTT_MAP_UNPROTECTED", rd, ipa, 3, descriptor)
    } else if answer[0] != 0 {
      throw Failure(message: "RMI_RTT_MAP_UNPROTECTED at \(hex(ipa)) answered \(Names.status(.rmi, answer[0]))")
    }
  }

  /// Does what the Realm asked for, to the end; pages that become EMPTY are taken back.
  private func changeRIPAS(_ exit: ExitFields, _ vcpu: VCPU) throws(Failure) {
    var base = field(exit, "ripas_base")
    let top = field(exit, "ripas_top")
    let isRAM = field(exit, "ripas_value") == 1
    let first = base
    while base < top {
      let answer = send("RMI_RTT_SET_RIPAS", [rd, vcpu.rec, base, top])
      if answer[0] == 0 {
        guard answer[1] > base else { throw Failure(message: "RMI_RTT_SET_RIPAS at \(hex(base)) made no progress") }
        base = answer[1]
      } else if answer[0] & 0xFF == Status.rmiRTT.value {
        try makeTable(base)
      } else {
        throw Failure(message: "RMI_RTT_SET_RIPAS at \(hex(base)) answered \(Names.status(.rmi, answer[0]))")
      }
    }
    guard !isRAM else { return }
    for ipa in stride(from: first, to: top, by: Int(Granule.size)) {
      let answer = send("RMI_DATA_DESTROY", [rd, ipa])
      if answer[0] == 0 { try call("RMI_GRANULE_UNDELEGATE", answer[1]) }
    }
  }

  private func psci(_ exit: ExitFields, _ turn: Int) throws(Failure) -> Ending? {
    switch UInt32(truncatingIfNeeded: field(exit, "gpr0")) {
    case PSCISystemOff.fid: return .poweredOff
    case PSCISystemReset.fid: return .reset
    case PSCICPUOff.fid:
      recs[turn].isOn = false
      current = (turn + 1) % recs.count
    case PSCICPUOn.fid, PSCICPUOn.fid & ~0x4000_0000:
      let target = field(exit, "gpr1")
      guard let index = recs.indices.first(where: { UInt64($0) == recIndex(target: target) }) else {
        return .failed("PSCI_CPU_ON of \(hex(target)), which is no vCPU")
      }
      try call("RMI_PSCI_COMPLETE", recs[turn].rec, recs[index].rec, 0)
      recs[index].isOn = true
    case PSCIAffinityInfo.fid, PSCIAffinityInfo.fid & ~0x4000_0000:
      let target = field(exit, "gpr1")
      guard let index = recs.indices.first(where: { UInt64($0) == recIndex(target: target) }) else {
        return .failed("PSCI_AFFINITY_INFO of \(hex(target)), which is no vCPU")
      }
      try call("RMI_PSCI_COMPLETE", recs[turn].rec, recs[index].rec, 0)
    default: current = (turn + 1) % recs.count
    }
    return nil
  }
}
