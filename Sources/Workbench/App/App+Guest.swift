import Engine
import Views

/// Booting a guest in the open workbench, stopping it, stepping it, and letting it go on.
extension App {
  /// Instructions a command executes at most before the screen is drawn again.
  static let instructionsAtOnce = 100_000_000

  /// `boot [--normal] [IMAGE [VCPUS]]`: a fresh machine of the same kind whose vCPUs execute code, a Realm (or a VM of the Normal
  /// world) built from the image, and its run. `debug` and the same: it stands before its first instruction.
  func boot(_ line: [String]) {
    let words = line.filter { $0 != "--normal" }
    guard words.count <= 3, let vcpus = words.count == 3 ? Int(words[2]) : 2 else {
      state.message = .init("expected \(words[0]) [--normal] [IMAGE [VCPUS]], such as \(words[0]) tour", isError: true)
      return
    }
    let name = words.count > 1 ? words[1] : GuestImages.tour
    var configuration = session.configuration
    configuration.vcpu = .code
    var options = RealmVM.Options()
    options.vcpus = vcpus
    options.isRealm = words.count == line.count
    let image: BootImage
    let relyingParty: () -> RelyingParty?
    do throws(TokenFile.Failure) {
      image = try GuestImages.load(name)
      relyingParty = try GuestImages.relyingParty(trusting: nil, options, configuration)
    } catch {
      state.message = .init(error.message, isError: true)
      return
    }
    startRecording()
    recorder?.willPerform(at: session.position)
    session.perform(.reset(configuration, name: nil))
    let vm = RealmVM(session, options)
    ConfidentialModel(vm, session, relyingParty)
    Tampering.offer(to: vm)
    do throws(RealmVM.Failure) {
      try vm.build(image)
    } catch {
      recorder?.record(session, now: CPUClock.wall)
      state.message = .init("\(name): \(error.message)", isError: true)
      return
    }
    let debugger = GuestDebugger(session, vm)
    guest = (debugger, session.position)
    state.guest = GuestViewState(symbols: image.symbols)
    state.guest.rec = debugger.registers(debugger.current).rec
    state.screen = .guest
    if words[0].lowercased() == "debug" {
      recorder?.record(session, now: CPUClock.wall)
      state.traceStep = nil
      afterChange()
      state.message = .init("it stands before its first instruction: s steps, r runs, B sets a breakpoint")
    } else {
      move { $0.goOn(limit: App.instructionsAtOnce) }
    }
  }

  /// The commands for a guest that was booted here.
  nonisolated static let guestCommands = ["continue", "step", "over", "out", "back", "reverse", "break", "watch", "delete"]

  func guestCommand(_ words: [String]) {
    let verb = words[0].lowercased()
    let count = words.count == 2 ? Int(words[1]) : words.count == 1 ? nil : -1
    switch verb {
    case "break": setBreakpoint(Array(words.dropFirst()))
    case "watch": watch(Array(words.dropFirst()))
    case "delete": deletePoints(Array(words.dropFirst()))
    case _ where words.count > 2 || (words.count == 2 && (count ?? 0) <= 0):
      state.message = .init("expected \(verb) [N] with a positive number", isError: true)
    case "continue": move { $0.goOn(limit: min(count ?? Self.instructionsAtOnce, Self.instructionsAtOnce)) }
    case "step": move { Self.times(count) { $0.step($0.current) }($0) }
    case "over": move { Self.times(count) { $0.stepOver($0.current, limit: App.instructionsAtOnce) }($0) }
    case "out": move { $0.runToExit() }
    case "back": move { Self.times(count) { $0.stepBack() }($0) }
    default: move { $0.goBack() }
    }
  }

  /// So often, or until something else stops it.
  private static func times(
    _ count: Int?, _ body: @escaping (GuestDebugger) -> DebugStop?
  ) -> (GuestDebugger) -> DebugStop? {
    { debugger in
      var stop: DebugStop?
      for _ in 0..<min(count ?? 1, 1_000_000) {
        stop = body(debugger)
        guard stop == .stepped else { break }
      }
      return stop
    }
  }

  /// Whether nothing but what one did to it lies between a guest's last motion and now: the hostile Host may act in between.
  private func isInForce(_ position: Int) -> Bool {
    guard position <= session.position else { return false }
    return !session.steps[position..<session.position].contains { if case .reset = $0.deed { true } else { false } }
  }

  /// One motion of the guest, recorded, and what stopped it.
  private func move(_ motion: (GuestDebugger) -> DebugStop?) {
    guard let guest, isInForce(guest.position) else {
      state.message = .init(
        guest == nil
          ? "no guest was booted here; boot IMAGE or debug IMAGE boots one"
          : "its Host was last at step \(guest?.position ?? 0): go there first, with end or goto",
        isError: true)
      return
    }
    let debugger = guest.debugger
    startRecording()
    let (start, before) = (CPUClock.now, session.now)
    let stop = motion(debugger)
    let seconds = CPUClock.now - start
    if let first = debugger.firstNewStep { recorder?.willPerform(at: first) }
    recorder?.record(session, now: CPUClock.wall)
    self.guest = (debugger, session.position)
    state.guest.points = debugger.points
    state.guest.rec = debugger.registers(debugger.current).rec
    let instructions = session.now > before ? session.now - before : 0
    state.guest.speed =
      instructions > 1_000_000 ? "\(BenchRow.fixed((Double(instructions) / seconds / 1e5).rounded() / 10)) MIPS" : nil
    state.traceStep = nil
    afterChange()
    state.message = message(stop, debugger)
  }

  private func message(_ stop: DebugStop?, _ debugger: GuestDebugger) -> ViewState.Message {
    let pc = debugger.registers(debugger.current).pc
    let place = "vCPU \(debugger.current) at \(state.guest.symbols.text(pc) ?? hex(pc))"
    switch stop {
    case nil: return .init("\(place), still running: r goes on")
    case .stepped: return .init(place)
    case .point: return .init("breakpoint: \(place)")
    case .watched(_, let address): return .init("\(hex(address)) was accessed: \(place)")
    case .event(let words): return .init("\(words); \(place)")
    case .beginning: return .init("this is where the guest began")
    case .poweredOff: return .init("the guest turned itself off; S goes back an instruction, < and > through its exits")
    case .reset: return .init("the guest asked for a reset")
    case .failed(let why): return .init(why, isError: true)
    }
  }

  // MARK: Places to stop at

  private func setBreakpoint(_ words: [String]) {
    guard let guest else {
      state.message = .init("no guest was booted here; boot IMAGE or debug IMAGE boots one", isError: true)
      return
    }
    let debugger = guest.debugger
    switch words.first?.lowercased() {
    case "smc" where words.count == 1: debugger.events.insert(.smc)
    case "exit" where words.count == 1: debugger.events.insert(.exit(nil))
    case "exit" where words.count == 2:
      guard let reason = ExitReason.allCases.first(where: { $0.name == words[1].uppercased() }) else {
        state.message = .init(
          "no exit \(shown(words[1])); there are \(ExitReason.allCases.map(\.name).joined(separator: ", "))", isError: true)
        return
      }
      debugger.events.insert(.exit(reason))
    case "granule" where words.count == 2:
      guard let address = number(words[1]), address % Granule.size == 0 else { return expectPlace("break granule PA") }
      debugger.events.insert(.granule(address))
    default:
      guard words.count == 1, let address = state.guest.symbols.address(of: words[0]) ?? number(words[0]), address % 4 == 0 else {
        return expectPlace("break ADDRESS, a name of the ELF, smc, exit [REASON] or granule PA")
      }
      if !debugger.points.contains(.execute(address)) { debugger.points.append(.execute(address)) }
    }
    showPoints(debugger)
  }

  private func watch(_ words: [String]) {
    guard let guest else {
      state.message = .init("no guest was booted here; boot IMAGE or debug IMAGE boots one", isError: true)
      return
    }
    guard (1...2).contains(words.count), let address = state.guest.symbols.address(of: words[0]) ?? number(words[0]),
      let count = words.count == 2 ? number(words[1]) : 8, (1...4096).contains(count)
    else { return expectPlace("watch ADDRESS [BYTES], with 1 to 4096 bytes") }
    guest.debugger.points.append(.write(address, count: count))
    showPoints(guest.debugger)
  }

  private func deletePoints(_ words: [String]) {
    guard let debugger = guest?.debugger else { return }
    if words.isEmpty {
      debugger.points = []
      debugger.events = []
    } else {
      guard let address = state.guest.symbols.address(of: words[0]) ?? number(words[0]) else {
        return expectPlace("delete [ADDRESS]; without one, every place to stop at")
      }
      debugger.points.removeAll { point in
        switch point {
        case .execute(let place), .write(let place, _), .read(let place, _), .access(let place, _): place == address
        }
      }
      debugger.events.remove(.granule(address))
    }
    showPoints(debugger)
  }

  private func showPoints(_ debugger: GuestDebugger) {
    state.guest.points = debugger.points
    let places = debugger.points.map { point in
      switch point {
      case .execute(let address): state.guest.symbols.text(address) ?? hex(address)
      case .write(let address, _), .read(let address, _), .access(let address, _): "access to \(hex(address))"
      }
    }
    let all = places + debugger.events.map(\.text).sorted()
    state.message = .init(all.isEmpty ? "it stops nowhere" : "it stops at \(all.joined(separator: ", "))")
  }

  private func number(_ word: String) -> UInt64? {
    word.hasPrefix("0x") ? UInt64(word.dropFirst(2), radix: 16) : UInt64(word, radix: 10)
  }

  private func expectPlace(_ what: String) { state.message = .init("expected \(what)", isError: true) }
}
