import Basics
import Testing

@testable import Machine

/// A machine with an SPMC, and what software of both worlds does on it, as a test writes it.
final class SecureScript {
  /// W0 to W7 of whoever has the PE after a call; whether the call has not returned.
  struct Answer: Equatable {
    var x: [UInt64]
    var isRunning = false

    /// The error's name, `OK` if there is none.
    var status: String {
      if isRunning { return "running" }
      if x[0] == 0x8400_0060 { return Names.status(.ffa, x[2]) }
      return "OK"
    }
  }

  var machine: Machine
  private(set) var decisions: [(call: String, condition: String)] = []

  static let tee: UInt64 = 0x8001
  static let keys: UInt64 = 0x8002
  static let log: UInt64 = 0x8003
  /// Buffers: TX and RX of each.
  static let buffers: [UInt64: (tx: UInt64, rx: UInt64)] = [
    0: (0x8100_0000, 0x8100_1000), tee: (0x0620_0000, 0x0620_1000), keys: (0x0640_0000, 0x0640_1000),
    log: (0x0660_0000, 0x0660_1000),
  ]

  init(protects: Bool = true, dram: UInt64 = 64 << 20, software: SecureSoftware = .spmc, mapped: Bool = true) {
    var configuration = MachineConfiguration()
    configuration.secure = software
    configuration.protectsMemory = protects
    configuration.dramSize = dram
    machine = Machine(configuration)
    machine.tracing = false
    guard mapped else { return }
    for id in [0, Self.tee, Self.keys] as [UInt64] { #expect(map(id).status == "OK") }
  }

  func map(_ id: UInt64) -> Answer {
    guard let buffers = Self.buffers[id] else { return Answer(x: []) }
    return call(id, "FFA_RXTX_MAP", buffers.tx, buffers.rx, 1)
  }

  /// A call by its name. A partition is given the PE before, if it has none, and gives it back.
  @discardableResult
  func call(_ caller: UInt64, _ name: String, _ arguments: UInt64...) -> Answer {
    guard let entry = FFACalls.named(name) else { return Answer(x: []) }
    if caller == 0 { return smc(.normal, UInt64(entry.fid), arguments) }
    return asPartition(caller) { smc(.secure, UInt64(entry.fid), arguments) }
  }

  /// Has a partition do something with cycles of FFA_RUN, unless it has some.
  func asPartition(_ id: UInt64, _ body: () -> Answer) -> Answer {
    let hasPE = machine.spm.running[machine.control.currentPE] != 0
    if !hasPE { #expect(smc(.normal, 0x8400_006D, [id << 16]).isRunning) }
    let answer = body()
    if !hasPE { #expect(smc(.secure, 0x8400_006B, []).x[0] == 0x8400_006B) }
    return answer
  }

  func smc(_ world: World, _ fid: UInt64, _ arguments: [UInt64]) -> Answer {
    var x = InlineArray<18, UInt64>(repeating: 0)
    x[0] = fid
    for (n, value) in arguments.enumerated() { x[n + 1] = value }
    let disposition = machine.perform(smc: &x, from: world)
    decisions += machine.decisions.map { (FFACalls.withFID(UInt64($0.fid))?.name ?? "", $0.id) }
    if case .running = disposition { return Answer(x: [], isRunning: true) }
    return Answer(x: (0..<8).map { x[$0] })
  }

  func write(_ id: UInt64, _ bytes: [UInt8]) {
    let access = MemoryAccess(world: id == 0 ? .normal : .secure, address: Self.buffers[id]?.tx ?? 0, kind: .bytes(bytes))
    _ = machine.perform(.access(access))
  }

  func read(_ id: UInt64, _ count: Int) -> [UInt8] { machine.bytes(Self.buffers[id]?.rx ?? 0, count) }

  /// Sends memory by a descriptor that is as it should be.
  func send(_ kind: String, _ sender: UInt64, _ receivers: [UInt64], _ pages: [UInt64], clear: Bool = false) -> Answer {
    var transaction = Transaction(kind, sender, receivers, pages)
    if clear { transaction.flags = 1 }
    return send(kind, transaction, by: sender)
  }

  func send(_ kind: String, _ transaction: Transaction, by sender: UInt64) -> Answer {
    write(sender, transaction.bytes)
    let length = UInt64(transaction.bytes.count)
    return call(sender, "FFA_MEM_\(kind.uppercased())", length, length)
  }

  /// Retrieves, and releases the RX buffer again.
  func retrieve(_ handle: UInt64, _ receiver: UInt64, _ change: (inout Transaction) -> Void = { _ in }) -> Answer {
    let share = machine.spm.share(handle)
    var request = Transaction("retrieve", share?.sender ?? 0, share?.receivers.map(\.id) ?? [receiver], [])
    request.handle = handle
    request.tag = share?.tag ?? 0
    let isForOne = share.map { $0.kind != .share && $0.receivers.count == 1 } ?? true
    for n in request.receivers.indices { request.receivers[n].permissions = isForOne ? 0b0100 : 0 }
    change(&request)
    return retrieve(request, receiver)
  }

  func retrieve(_ request: Transaction, _ receiver: UInt64) -> Answer {
    write(receiver, request.bytes)
    let length = UInt64(request.bytes.count)
    let answer = call(receiver, "FFA_MEM_RETRIEVE_REQ", length, length)
    if receiver == 0 { _ = call(0, "FFA_RX_RELEASE", 0) }
    return answer
  }

  func relinquish(_ handle: UInt64, _ borrower: UInt64, flags: UInt64 = 0) -> Answer {
    write(
      borrower, Transaction.little(handle, 8) + Transaction.little(flags, 4) + [1, 0, 0, 0] + Transaction.little(borrower, 2))
    return call(borrower, "FFA_MEM_RELINQUISH")
  }

  func reclaim(_ handle: UInt64, _ owner: UInt64, flags: UInt64 = 0) -> Answer {
    call(owner, "FFA_MEM_RECLAIM", handle & 0xFFFF_FFFF, handle >> 32, flags)
  }
}

/// A memory transaction descriptor, laid out here by hand as FF-A 1.1 has it.
struct Transaction {
  var sender: UInt64
  var attributes: UInt64 = 0
  var flags: UInt64 = 0
  var handle: UInt64 = 0
  var tag: UInt64 = 0
  var accessSize: UInt64 = 16
  var accessCount: UInt64?
  var accessOffset: UInt64 = 48
  var reserved: UInt64 = 0
  var receiverReserved: UInt64 = 0
  var receivers: [(id: UInt64, permissions: UInt64)]
  var composite: [UInt64]?
  var pageCount: UInt64?
  var constituentCount: UInt64?
  var ranges: [(base: UInt64, pages: UInt64)]

  init(_ kind: String, _ sender: UInt64, _ receivers: [UInt64], _ pages: [UInt64]) {
    self.sender = sender
    let data: UInt64 = kind == "donate" || kind == "retrieve" ? 0 : 2
    self.receivers = receivers.map { ($0, data) }
    ranges = pages.map { ($0, 1) }
    if kind == "share" || kind == "lend" && receivers.count > 1 { attributes = 0x2F }
  }

  static func little(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
  }

  var bytes: [UInt8] {
    let little = Self.little
    var bytes = little(sender, 2) + little(attributes, 2) + little(flags, 4) + little(handle, 8) + little(tag, 8)
    bytes +=
      little(accessSize, 4) + little(accessCount ?? UInt64(receivers.count), 4) + little(accessOffset, 4) + little(reserved, 4)
    bytes += little(0, 8)
    let end = UInt64(48 + 16 * receivers.count)
    for (n, receiver) in receivers.enumerated() {
      let offset = composite.map { n < $0.count ? $0[n] : 0 } ?? (ranges.isEmpty ? 0 : end)
      bytes += little(receiver.id, 2) + little(receiver.permissions, 2) + little(offset, 4) + little(receiverReserved, 8)
    }
    guard !ranges.isEmpty else { return bytes }
    let sum = ranges.reduce(0) { $0 + $1.pages }
    bytes += little(pageCount ?? sum, 4) + little(constituentCount ?? UInt64(ranges.count), 4) + little(0, 8)
    for range in ranges { bytes += little(range.base, 8) + little(range.pages, 4) + little(0, 4) }
    return bytes
  }
}
