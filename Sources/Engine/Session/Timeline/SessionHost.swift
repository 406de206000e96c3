import Host
import Machine

/// Normal-world software acts through a session: every call it makes is a step.
extension Session: HostDoor {
  /// A step of the Host's software: a new one, or, while it follows what was done before, the next of those.
  @discardableResult
  private func act(_ action: Action) -> StatementResult {
    guard !follows else { return follow(action) }
    isHostActing = true
    defer { isHostActing = false }
    return perform(.action(action))
  }

  /// The same for a step of which mostly nothing but its answer matters.
  ///
  /// - Returns: the result; nil if ``plainAnswer`` is all there is to say of it.
  private func actPlainly(_ action: Action) -> StatementResult? {
    guard !keepsHistory, !follows else { return act(action) }
    isHostActing = true
    defer { isHostActing = false }
    return performUnkept(action)
  }

  package func smc(_ arguments: [UInt64]) -> [UInt64]? {
    var x = InlineArray<18, UInt64>(repeating: 0)
    for n in 0..<min(18, arguments.count) { x[n] = arguments[n] }
    guard let result = actPlainly(.smc(.normal, x)) else { return plainAnswer.registers }
    return answer(result)
  }

  package func atStart(_ arguments: [UInt64]) -> [UInt64] {
    var machine = Machine(configuration)
    machine.tracing = false
    var x = InlineArray<18, UInt64>(repeating: 0)
    for (n, value) in arguments.prefix(18).enumerated() { x[n] = value }
    // On a machine that has not come to the Normal world no kernel starts.
    guard case .answered = machine.perform(smc: &x, from: .normal) else {
      return [SMCCC.notSupported] + [UInt64](repeating: 0, count: 17)
    }
    return (0..<18).map { x[$0] }
  }

  package func enterVCPU(_ vcpu: UInt64, run: UInt64) -> [UInt64]? {
    guard let result = actPlainly(.enterVCPU(vcpu, run: run)) else { return plainAnswer.registers }
    return answer(result)
  }

  package var listRegisters: Int { read { $0.features.listRegisters } }

  package func setRegister(_ name: String, _ value: UInt64) { act(.setRegister(name, value)) }
  package func register(_ name: String) -> UInt64 { read { $0.control.pes[$0.control.currentPE].register(name) ?? 0 } }

  package var pe: Int { read { $0.control.currentPE } }
  package func selectPE(_ pe: Int) { act(.selectPE(pe)) }

  package func isBusy(_ pe: Int) -> Bool { read { $0.control.pes[pe].runningREC | $0.control.pes[pe].runningVCPU != 0 } }

  package func resume() -> [UInt64]? { answer(act(.resume(pe))) }

  /// X0 and up, filled to 18; nil if there is no answer yet; 1 if there will be none.
  private func answer(_ result: StatementResult) -> [UInt64]? {
    guard let x = result.answer?.x, !x.isEmpty else {
      let pe = read { $0.control.pes[$0.control.currentPE] }
      return pe.runningREC | pe.runningVCPU == 0 || pe.hasStopped ? [1] + [UInt64](repeating: 0, count: 17) : nil
    }
    return x + [UInt64](repeating: 0, count: max(0, 18 - x.count))
  }

  package func pause(after instructions: Int) { act(.guestPause(instructions)) }

  package func write(_ address: UInt64, _ bytes: [UInt8]) {
    _ = actPlainly(.access(MemoryAccess(world: .normal, address: address, kind: .bytes(bytes))))
  }

  package func write64(_ address: UInt64, _ value: UInt64) {
    _ = actPlainly(.access(MemoryAccess(world: .normal, address: address, kind: .write64(value))))
  }

  package func read64(_ address: UInt64) -> UInt64? {
    guard let result = actPlainly(.access(MemoryAccess(world: .normal, address: address, kind: .read64))) else {
      return plainAnswer.x[0]
    }
    guard case .ok = result.answer?.kind else { return nil }
    return result.answer?.x.first
  }

  package func read(_ address: UInt64, _ count: Int) -> [UInt8]? { read { $0.hostBytes(address, count) } }

  package func exitRecord(_ run: UInt64) -> RunExit {
    let record = RmiRecRun.table.exit
    return RunExit(read(record.address(in: run), record.width) ?? [UInt8](repeating: 0, count: record.width))
  }

  package var dram: Range<UInt64> { configuration.dramBase..<configuration.dramTop }

  public var now: UInt64 { read { $0.control.guestInstructions } }

  package var budget: UInt64 { read { UInt64($0.guestBudget) } }

  package func idle(until time: UInt64) { act(.idle(time)) }

  package var follows: Bool { following != nil }

  package func beginLayer(_ what: @autoclosure () -> String) { if namesLayers { groups.begin(what(), at: position) } }
  package func endLayer() { if namesLayers { groups.end(at: position) } }
  /// Layers have their names while a whole host acts, and none again where it only finds out what it knew.
  private var namesLayers: Bool { isStackActing && keepsHistory && !follows }

  package var wantsNote: Bool {
    keepsHistory && !follows && !isStackActing
      && position - noted.position >= max(hostNoteStride, noted.bytes * hostNoteStride >> 16)
  }

  package func hear(typed bytes: [UInt8]) { if !follows { typed = bytes } }

  package func hear(printed bytes: [UInt8]) {
    guard !follows else { return }
    // It belongs to the step that gives the buffer back.
    printed.append(bytes, position + 1)
    if keepsHistory { printing = (printing ?? []) + bytes }
  }

  package func hear(device kind: UInt32) { if !follows { serving = VirtioKind(rawValue: kind) } }

  package func hear(refusal row: String) { kvmRefusals.insert(row) }

  package func note(_ text: @autoclosure () -> String) {
    if keepsHistory, !isStackActing { keepNote(text()) }
  }
}

extension RealmVM {
  /// A VMM whose Host acts on a session: each of its calls is a step.
  public convenience init(_ session: Session, _ options: Options) { self.init(session, options, pe: nil) }
}

extension Machine {
  /// What the Normal world reads; nil if the granule protection check stops it.
  fileprivate func hostBytes(_ address: UInt64, _ count: Int) -> [UInt8]? {
    guard check(address, UInt64(count), .nonSecure) == nil else { return nil }
    return bytes(address, count)
  }
}
