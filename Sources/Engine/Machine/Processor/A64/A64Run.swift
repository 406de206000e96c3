/// How a Realm's code is executed.
public enum CodeEngine: String, CaseIterable, Sendable {
  /// Decoded pages in place, and compiled once a guest has executed enough to be worth it.
  case adaptive
  /// Code of the host's processor, made of decoded pages; where the host has no place for it, as `fast`.
  case compiled
  /// Decoded pages in place; what is rare is left to the reference engine.
  case fast
  /// One instruction after the other.
  case reference
}

/// Running a vCPU's code: slices of instructions between the moments at which an interrupt can come.
extension Machine {
  /// Exceptions that code takes in one entry, and how often it has all translations forgotten: each takes as long as hundreds of
  /// instructions, and a guest that does nothing else has to give its PE back as soon as any other.
  static let mostExceptions = 1 << 15
  var hasTakenLong: Bool { progress.exceptions + progress.flushes >= Machine.mostExceptions }

  /// Runs a guest's code from its registers until it takes an exception to EL2 of its world, or a debugger holds it.
  ///
  /// - Parameters:
  ///   - address: its REC, or a granule of the Host's of the same layout.
  ///   - stage2: the tables of a VM that is no Realm; those of the REC's Realm without it.
  mutating func runCode(_ address: UInt64, _ stage2: Stage2Regime? = nil) -> RealmException {
    let workspace = workspace ?? A64Workspace(configuration.cpu)
    self.workspace = workspace
    workspace.beginRun()
    if let debugging { workspace.code.setStops(debugging.places) }
    progress.vcpu = address
    let rec: REC
    let regime: Stage2Regime
    if let stage2 {
      rec = mutableHostVCPU(address)
      regime = stage2
    } else {
      rec = mutableREC(address)
      regime = .realm(realm(rec.owner))
    }
    var core = A64Core(rec, regime, workspace)
    core.monitor = rec.monitor
    let result = run(&core)
    core.save()
    if core.hasVectors { control.vectors[address] = Array(UnsafeBufferPointer(start: core.v, count: VectorUnit.wordCount)) }
    if case .keepsRunning = result { rec.monitor = core.monitor } else { rec.monitor = nil }
    updateTimers(rec, now: control.guestInstructions)
    if tracing, case .sync(let esr, let far, let hpfar) = result { emit(.exception, esr, far, hpfar, world: core.stage2.world) }
    return result
  }

  /// ``ProcessingElement/guestLeft`` of the PE.
  private var guestLeft: Int {
    get { control.pes[control.currentPE].guestLeft }
    set { control.pes[control.currentPE].guestLeft = newValue }
  }

  private mutating func run(_ core: inout A64Core) -> RealmException {
    while true {
      // The PE is held where it stands: what is pending is taken when it goes on.
      if control.guestPause == 0 {
        control.guestPause = nil
        return .keepsRunning
      }
      let now = control.guestInstructions
      if timerInterrupts(core.rec, now: now) { return .irq }
      if virtualCPUInterface.maintenance != 0 { return .irq }
      takeVirtualInterrupt(&core)
      guard guestLeft > 0 else { return .irq }
      var slice = min(guestLeft, control.guestPause ?? .max)
      if let ticks = ticksToTimer(core.rec, now: now) { slice = Int(clamping: min(UInt64(slice), ticks)) }
      core.isPending = core.rec.virtualSError || virtualCPUInterface.signalled() != nil
      core.slice = slice
      core.left = slice
      core.began = now
      let stop = runSlice(&core)
      let done = core.slice - core.left
      guestLeft -= done
      if let pause = control.guestPause { control.guestPause = pause - done }
      control.guestInstructions &+= UInt64(done)
      if stop != nil { progress.exceptions += 1 }
      // The Host's timer, as after the last instruction of an entry.
      if hasTakenLong { guestLeft = 0 }
      switch stop {
      case nil: break
      case .toEL1(let esr, let far):
        if tracing { emit(.injection, esr, far ?? 0, core.pc, world: core.stage2.world) }
        core.takeException(esr: esr, far: far, kind: 0, returnTo: core.pc)
      case .toEL2(let exception): return exception
      case .toEL3(let fault, let write): return .toEL3(fault, write: write)
      case .held:
        control.guestPause = nil
        return .keepsRunning
      }
    }
  }

  /// Instructions until the slice is used up, or one does not complete.
  private mutating func runSlice(_ core: inout A64Core) -> A64Stop? {
    if debugging != nil, debugging?.vcpu == nil || debugging?.vcpu == progress.vcpu { return runDebugged(&core) }
    if codeEngine != .reference, core.left >= FastContext.longestStretch, let stop = runFast(&core) { return stop }
    do throws(A64Stop) {
      if core.features.contains(.bti) {
        while core.left > 0 { try stepCode(&core) }
      } else {
        while core.left > 0 { try stepUnguarded(&core) }
      }
      return nil
    } catch {
      return error
    }
  }

  /// Takes what is pending and not masked: a virtual SError, FIQ or IRQ.
  private mutating func takeVirtualInterrupt(_ core: inout A64Core) {
    if core.rec.virtualSError, !core.pstate.bit(8) {
      core.rec.virtualSError = false
      let esr = 0x2F << 26 | Syndrome.il | core.rec[.vsesrEL2] & 0x1FF_FFFF
      core.takeException(esr: esr, far: nil, kind: 0x180, returnTo: core.pc)
      if tracing { emit(.interrupt, esr, world: core.stage2.world) }
      return
    }
    guard let (index, group) = virtualCPUInterface.signalled(), !core.pstate.bit(group == 0 ? 6 : 7) else { return }
    if tracing {
      emit(
        .virtualInterrupt, VirtualCPUInterface.LR.intid(control.pes[control.currentPE].ichLR[index]), core.pc,
        world: core.stage2.world)
    }
    core.takeException(esr: nil, far: nil, kind: group == 0 ? 0x100 : 0x80, returnTo: core.pc)
  }
}
