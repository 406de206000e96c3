import Engine

/// What the server says to a packet, and what comes then.
struct GDBReply: Equatable {
  enum Next {
    case listen
    /// The guest runs: ``GDBServer/goOn(limit:)`` until it has stopped.
    case run
    /// The debugger let go of the guest.
    case detached
    /// The debugger wants the guest gone.
    case killed
  }

  var packets: [[UInt8]] = []
  var next = Next.listen

  static func text(_ text: String) -> GDBReply { GDBReply(packets: [Array(text.utf8)]) }
  static let ok = text("OK")
  /// What a packet is answered that the server does not know.
  static let unknown = text("")
  /// EINVAL.
  static let malformed = text("E16")
  /// EFAULT.
  static let noMemory = text("E0e")
}

/// GDB's remote serial protocol for a ``DebugTarget``: bodies of packets in, bodies of packets out. It knows no socket.
///
/// Threads are vCPUs, and count from 1.
final class GDBServer {
  let target: any DebugTarget

  /// Whether packets are acknowledged, as at the beginning of each connection.
  private(set) var acknowledges = true
  /// Whether the guest was told to go and has not stopped.
  var isRunning: Bool { resumption != nil }
  /// Whether the last thing said of the guest was that it is no more.
  var hasExited = false

  /// What runs: every vCPU as the target has it, or some in turn while the others stand.
  enum Resumption {
    case all
    case only([Int])
  }

  /// A `Z` packet: what kind of point, and where.
  struct Inserted: Equatable {
    var kind: UInt64
    var point: DebugPoint
  }

  var resumption: Resumption?
  /// The vCPU whose registers and memory are meant.
  var thread = 0
  /// The vCPU that `c` and `s` mean; nil for all.
  var motionThread: Int?
  var inserted: [Inserted] = []
  var knowsBreakReasons = false
  /// Whether threads are named with their process, which is always 1.
  var namesProcesses = false
  /// Whether it stands before the instruction with which the guest ends, because it has come to its end.
  var isBeforeEnd = false
  /// Files the debugger has open, by their numbers.
  var files: [Int: [UInt8]] = [:]
  /// How much of the console the debugger has.
  var shown = 0

  init(target: any DebugTarget) {
    self.target = target
    attach()
  }

  /// A debugger comes: nothing is left of the one before.
  func attach() {
    acknowledges = true
    hasExited = false
    resumption = nil
    thread = target.current
    motionThread = nil
    knowsBreakReasons = false
    namesProcesses = false
    isBeforeEnd = false
    files = [:]
    shown = target.consoleCount
    detach()
  }

  /// The debugger goes, and its points with it.
  func detach() {
    resumption = nil
    inserted = []
    target.points = []
  }

  func respond(_ packet: [UInt8]) -> GDBReply {
    var reader = GDBReader(packet)
    guard let kind = reader.byte() else { return .unknown }
    return answer(Character(UnicodeScalar(kind)), &reader) ?? .malformed
  }

  /// Nil for a packet that is not as it should be.
  private func answer(_ kind: Character, _ reader: inout GDBReader) -> GDBReply? {
    switch kind {
    case "?":
      thread = target.current
      return GDBReply(packets: [stopReply(5)])
    case "g": return GDBReply(packets: [GDBHex.text(registerBytes(target.registers(thread)))])
    case "G": return setRegisters(reader.rest)
    case "p":
      guard let number = reader.lastNumber(), let bytes = registerBytes(number) else { return nil }
      return GDBReply(packets: [GDBHex.text(bytes)])
    case "P": return setRegister(&reader)
    case "m": return readMemory(&reader)
    case "M", "X": return writeMemory(&reader, isText: kind == "M")
    case "Z", "z": return point(&reader, isNew: kind == "Z")
    case "H": return choose(&reader)
    case "T":
      guard case .one = threads(&reader), reader.isAtEnd else { return nil }
      return .ok
    case "c", "C", "s", "S": return move(kind, &reader)
    case "b": return back(&reader)
    case "v": return multiLetter(&reader)
    case "D":
      detach()
      return GDBReply(packets: GDBReply.ok.packets, next: .detached)
    case "k":
      detach()
      return GDBReply(next: .killed)
    case "Q":
      guard reader.skip("StartNoAckMode"), reader.isAtEnd else { return .unknown }
      acknowledges = false
      return .ok
    case "q": return query(&reader)
    default: return .unknown
    }
  }

  private func multiLetter(_ reader: inout GDBReader) -> GDBReply? {
    if reader.skip("Cont?") { return .text("vCont;c;C;s;S;t") }
    if reader.skip("Cont") { return move(&reader) }
    if reader.skip("File:") { return file(&reader) }
    guard reader.skip("Kill") else { return .unknown }
    detach()
    return GDBReply(packets: GDBReply.ok.packets, next: .killed)
  }

  private func query(_ reader: inout GDBReader) -> GDBReply? {
    if reader.skip("Supported") {
      let features = String(decoding: reader.rest, as: UTF8.self).split { ":;".contains($0) }
      knowsBreakReasons = features.contains("swbreak+") && features.contains("hwbreak+")
      namesProcesses = features.contains("multiprocess+")
      return .text(Self.features + (namesProcesses ? ";multiprocess+" : ""))
    }
    if reader.skip("C"), reader.isAtEnd { return .text("QC\(threadID(thread))") }
    if reader.skip("fThreadInfo") { return .text("m" + (0..<target.vcpuCount).map(threadID).joined(separator: ",")) }
    if reader.skip("sThreadInfo") { return .text("l") }
    if reader.skip("ThreadExtraInfo,") {
      guard case .one(let vcpu) = threads(&reader), reader.isAtEnd else { return nil }
      return GDBReply(packets: [GDBHex.text("vCPU \(vcpu) (\(target.isOn(vcpu) ? "on" : "off"))".utf8)])
    }
    if reader.skip("Attached") { return .text("1") }
    if reader.skip("Symbol:") { return .ok }
    if reader.skip("Rcmd,") { return GDBHex.bytes(reader.rest).map(monitor) }
    if reader.skip("Xfer:features:read:") { return description(&reader) }
    return .unknown
  }

  /// What the target says to a line; in front of the answer proper if that is too much for one packet.
  private func monitor(_ line: [UInt8]) -> GDBReply {
    var answer = target.monitor(String(decoding: line, as: UTF8.self))
    if answer.isEmpty { return .ok }
    if !answer.hasSuffix("\n") { answer += "\n" }
    return GDBReply(packets: Self.output(Array(answer.utf8)) + GDBReply.ok.packets)
  }

  // MARK: Threads

  func threadID(_ vcpu: Int) -> String { (namesProcesses ? "p1." : "") + String(vcpu + 1, radix: 16) }

  private func vcpu(_ number: UInt64) -> Int? {
    number > 0 && number <= UInt64(target.vcpuCount) ? Int(number) - 1 : nil
  }

  /// A thread of a packet, or all of them, which is also what `0` for any of them comes to.
  enum Threads: Equatable {
    case all
    case one(Int)
  }

  func threads(_ reader: inout GDBReader) -> Threads? {
    if reader.skip("p") {
      // The process is 1, or any; without a thread it is all of them.
      guard reader.skip("-1") || reader.number().map({ $0 <= 1 }) == true else { return nil }
      guard reader.skip(".") else { return .all }
    }
    if reader.skip("-1") { return .all }
    guard let number = reader.number() else { return nil }
    return number == 0 ? .all : vcpu(number).map { .one($0) }
  }

  private func choose(_ reader: inout GDBReader) -> GDBReply? {
    guard let operation = reader.byte(), let threads = threads(&reader), reader.isAtEnd else { return nil }
    switch (operation, threads) {
    case (UInt8(ascii: "g"), .all): thread = target.current
    case (UInt8(ascii: "g"), .one(let vcpu)): thread = vcpu
    case (UInt8(ascii: "c"), .all): motionThread = nil
    case (UInt8(ascii: "c"), .one(let vcpu)): motionThread = vcpu
    default: return nil
    }
    return .ok
  }

  // MARK: Registers

  private func setRegister(_ reader: inout GDBReader) -> GDBReply? {
    guard let number = reader.number(), let range = Self.place(number), reader.skip("="),
      let bytes = GDBHex.bytes(reader.rest), bytes.count == range.count
    else { return nil }
    return set(Int(number), bytes) ? .ok : .malformed
  }

  private func setRegisters(_ text: ArraySlice<UInt8>) -> GDBReply? {
    let now = registerBytes(target.registers(thread))
    guard let bytes = GDBHex.bytes(text), bytes.count == now.count else { return nil }
    for (number, range) in Self.places.enumerated() where bytes[range] != now[range] {
      guard set(number, Array(bytes[range])) else { return nil }
    }
    return .ok
  }

  /// The debugger sees 32 bits of PSTATE; the others stay.
  private func set(_ number: Int, _ bytes: [UInt8]) -> Bool {
    let kept = bytes.count == 4 ? target.registers(thread).pstate & ~0xFFFF_FFFF : 0
    return target.setRegister(thread, number, kept | GDBHex.value(littleEndian: bytes))
  }

  // MARK: Memory

  private func readMemory(_ reader: inout GDBReader) -> GDBReply? {
    guard let (address, wanted) = reader.pair(), reader.isAtEnd else { return nil }
    let count = Int(min(wanted, UInt64(GDBPacket.limit / 2), UInt64.max - address))
    guard count > 0 else { return wanted == 0 ? .text("") : .noMemory }
    let bytes = target.read(thread, address, count)
    return bytes.isEmpty ? .noMemory : GDBReply(packets: [GDBHex.text(bytes)])
  }

  private func writeMemory(_ reader: inout GDBReader, isText: Bool) -> GDBReply? {
    guard let (address, count) = reader.pair(), reader.skip(":") else { return nil }
    guard let bytes = isText ? GDBHex.bytes(reader.rest) : Array(reader.rest), UInt64(bytes.count) == count,
      count <= UInt64.max - address
    else { return nil }
    return bytes.isEmpty || target.write(thread, address, bytes) ? .ok : .noMemory
  }
}
