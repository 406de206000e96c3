import Engine

/// Places to stop at, going both ways, and what is said when the guest has stopped.
extension GDBServer {
  /// Most `Z` packets in force.
  private static let pointLimit = 1024
  /// Bytes of a watched range that are compared.
  private static let watchLimit: UInt64 = 4096
  /// Steps of some vCPUs between two looks at the client.
  private static let stepLimit = 1000

  func point(_ reader: inout GDBReader, isNew: Bool) -> GDBReply? {
    guard let kind = reader.number(), reader.skip(","), let (address, count) = reader.pair() else { return nil }
    // A condition or commands for a point are not promised in qSupported.
    guard reader.isAtEnd else { return nil }
    let point: DebugPoint
    switch kind {
    case 0, 1: point = .execute(address)
    case 2: point = .write(address, count: count)
    case 3: point = .read(address, count: count)
    case 4: point = .access(address, count: count)
    default: return .unknown
    }
    guard kind < 2 || count > 0 && count <= UInt64.max - address else { return nil }
    let entry = Inserted(kind: kind, point: point)
    return isNew ? insert(entry) : remove(entry)
  }

  /// Two kinds of breakpoint at one place are one point of the target.
  private func insert(_ entry: Inserted) -> GDBReply? {
    guard !inserted.contains(entry) else { return .ok }
    guard inserted.count < Self.pointLimit else { return nil }
    if !inserted.contains(where: { $0.point == entry.point }) { target.points.append(entry.point) }
    inserted.append(entry)
    return .ok
  }

  private func remove(_ entry: Inserted) -> GDBReply {
    guard let index = inserted.firstIndex(of: entry) else { return .ok }
    inserted.remove(at: index)
    if !inserted.contains(where: { $0.point == entry.point }) { target.points.removeAll { $0 == entry.point } }
    return .ok
  }

  // MARK: Going

  /// `c`, `s`, and with a signal, which a guest has no use for: `C`, `S`.
  func move(_ kind: Character, _ reader: inout GDBReader) -> GDBReply? {
    let vcpu = motionThread ?? target.current
    var hasAddress = !reader.isAtEnd
    if kind == "C" || kind == "S" {
      guard reader.number() != nil else { return nil }
      hasAddress = reader.skip(";")
    }
    if hasAddress {
      guard let address = reader.lastNumber(), target.setRegister(vcpu, 32, address) else { return nil }
    }
    guard reader.isAtEnd else { return nil }
    if kind == "s" || kind == "S" { return step(vcpu) }
    return run(motionThread.map { .only([$0]) } ?? .all)
  }

  private enum Action {
    case go
    case step
    case stand
  }

  /// `vCont`: actions, each for a thread or for those no action before it was for.
  func move(_ reader: inout GDBReader) -> GDBReply? {
    var actions: [Action?] = Array(repeating: nil, count: target.vcpuCount)
    while reader.skip(";") {
      guard let action = action(&reader) else { return nil }
      var threads = Threads.all
      if reader.skip(":") {
        guard let some = self.threads(&reader) else { return nil }
        threads = some
      }
      for vcpu in actions.indices where actions[vcpu] == nil && (threads == .all || threads == .one(vcpu)) {
        actions[vcpu] = action
      }
    }
    guard reader.isAtEnd else { return nil }
    let stepping = actions.indices.filter { actions[$0] == .step }
    if let vcpu = stepping.contains(target.current) ? target.current : stepping.first { return step(vcpu) }
    let going = actions.indices.filter { actions[$0] == .go }
    if going.isEmpty { return actions.contains(.stand) ? GDBReply(packets: [stopReply(0)]) : nil }
    return run(going.count == actions.count ? .all : .only(going))
  }

  private func action(_ reader: inout GDBReader) -> Action? {
    switch reader.byte() {
    case UInt8(ascii: "c"): .go
    case UInt8(ascii: "s"): .step
    case UInt8(ascii: "t"): .stand
    case UInt8(ascii: "C"): reader.number().map { _ in .go }
    case UInt8(ascii: "S"): reader.number().map { _ in .step }
    default: nil
    }
  }

  private func run(_ resumption: Resumption) -> GDBReply {
    self.resumption = resumption
    return GDBReply(next: .run)
  }

  private func step(_ vcpu: Int) -> GDBReply { GDBReply(packets: stopped(target.step(vcpu), vcpu)) }

  func back(_ reader: inout GDBReader) -> GDBReply? {
    let stop: DebugStop
    switch reader.word(before: ";") {
    case "s": stop = target.stepBack()
    case "c": stop = lastWatched() ?? target.goBack()
    default: return .unknown
    }
    if stop == .interrupted { target.settle() }
    isBeforeEnd = false
    return GDBReply(packets: report(stop, target.current))
  }

  /// Whether the last instruction changed what is watched: GDB is to hear of it here, and takes that instruction back itself.
  private func lastWatched() -> DebugStop? {
    var watched: [(point: DebugPoint, address: UInt64, bytes: [UInt8])] = []
    for entry in inserted {
      switch entry.point {
      case .write(let address, let count), .access(let address, let count):
        watched.append((entry.point, address, target.read(thread, address, Int(min(count, Self.watchLimit)))))
      case .execute, .read: break
      }
    }
    guard !watched.isEmpty else { return nil }
    let last = target.stepBack()
    guard last == .stepped else { return last == .interrupted ? last : nil }
    let changed = watched.first { target.read(thread, $0.address, $0.bytes.count) != $0.bytes }
    _ = target.step(target.current)
    return changed.map { .watched($0.point, address: $0.address) }
  }

  /// The guest runs for about `limit` instructions. What it printed, and the stop reply if it stopped.
  func goOn(limit: Int) -> [[UInt8]] {
    switch resumption {
    case nil: return []
    case .all:
      guard let stop = target.goOn(limit: limit) else { return printed() }
      return stopped(stop, target.current)
    case .only(let vcpus):
      for _ in 0..<min(limit, Self.stepLimit) {
        let on = vcpus.filter { target.isOn($0) }
        let vcpu = on.first { $0 > target.current } ?? on.first ?? vcpus[0]
        let stop = target.step(vcpu)
        if stop != .stepped { return stopped(stop, vcpu) }
        let here = DebugPoint.execute(target.registers(vcpu).pc)
        if inserted.contains(where: { $0.point == here }) { return stopped(.point(here), vcpu) }
      }
      return printed()
    }
  }

  /// The debugger wants the guest to stop.
  func interrupt() -> [[UInt8]] {
    guard isRunning else { return [] }
    resumption = nil
    thread = target.current
    return printed() + [stopReply(2)]
  }

  // MARK: Stopping

  /// For GDB a watchpoint of this architecture stops before the access: once it has heard of it, it steps over the instruction.
  private func stopped(_ stop: DebugStop, _ vcpu: Int) -> [[UInt8]] {
    switch stop {
    case .watched: if target.stepBack() == .interrupted { target.settle() }
    case .poweredOff, .reset:
      // An inferior that has exited has no state to go back from: it stands at its last instruction first.
      guard !isBeforeEnd, target.stepBack() == .stepped else { break }
      isBeforeEnd = true
      let said = printed()
      thread = target.current
      resumption = nil
      shown = min(shown, target.consoleCount)
      return said + Self.output(Array("the guest ends with this instruction; go on once more, or back\n".utf8)) + [stopReply(5)]
    default: break
    }
    isBeforeEnd = false
    return printed() + report(stop, vcpu)
  }

  private func report(_ stop: DebugStop, _ vcpu: Int) -> [[UInt8]] {
    resumption = nil
    thread = vcpu
    shown = min(shown, target.consoleCount)
    hasExited = stop == .poweredOff || stop == .reset
    switch stop {
    case .stepped: return [stopReply(5)]
    case .point(let point), .watched(let point, address: _): return [stopReply(5, reason(stop, point))]
    case .event(let words): return Self.output(Array("\(words)\n".utf8)) + [stopReply(5)]
    case .beginning: return [stopReply(5, "replaylog:begin;")]
    case .failed(let why): return Self.output(Array("the guest cannot go on: \(why)\n".utf8)) + [stopReply(6)]
    case .interrupted: return [stopReply(2)]
    case .poweredOff: return [exitReply("W00")]
    case .reset: return Self.output(Array("the guest wants a reset\n".utf8)) + [exitReply("W01")]
    }
  }

  private func exitReply(_ status: String) -> [UInt8] { Array((status + (namesProcesses ? ";process:1" : "")).utf8) }

  func stopReply(_ signal: Int, _ reason: String = "") -> [UInt8] {
    Array("T0\(signal)\(reason)thread:\(threadID(thread));".utf8)
  }

  private func reason(_ stop: DebugStop, _ point: DebugPoint) -> String {
    let (word, start, count): (String, UInt64, UInt64)
    switch point {
    case .execute:
      guard knowsBreakReasons else { return "" }
      return inserted.contains(Inserted(kind: 0, point: point)) ? "swbreak:;" : "hwbreak:;"
    case .write(let address, let bytes): (word, start, count) = ("watch", address, bytes)
    case .read(let address, let bytes): (word, start, count) = ("rwatch", address, bytes)
    case .access(let address, let bytes): (word, start, count) = ("awatch", address, bytes)
    }
    // An access may begin before what is watched; GDB looks for an address inside.
    guard case .watched(_, let address) = stop, address >= start, address - start < count else {
      return "\(word):\(String(start, radix: 16));"
    }
    return "\(word):\(String(address, radix: 16));"
  }

  /// What the console has since the last look, as the program shows it in a terminal.
  private func printed() -> [[UInt8]] {
    let new = target.console(from: shown)
    shown = target.consoleCount
    return Self.output(
      new.compactMap { byte in
        byte == 13 ? nil : byte == 10 || (0x20..<0x7F).contains(byte) ? byte : 0x3F
      })
  }
}
