import Engine
import SystemPackage
import Views

/// Booting a guest in the open workbench, stopping it, stepping it, and letting it go on.
extension App {
  /// Images for what is typed, and for scripts that are included; and what a script has booted before the workbench opened.
  func serveGuests() {
    Includes.serve(runner)
    runner.guestControl.instructionsAtOnce = 100_000_000
    runner.guestControl.isEnough = { [unowned self] in
      CPUClock.wall > runEnds || state.guest.hasKeys && isGuestIdle
    }
    session.isInterrupted = { [unowned self] in
      session.keepUp()
      recorder?.keepUp(session, now: CPUClock.wall)
      return interruption.isWanted(terminal)
    }
    runner.guestControl.load = { name, file throws(ScriptError) in
      // What is typed may name any file.
      guard file == App.commandLine else { return try GuestImages.load(name, from: file) }
      do throws(TokenFile.Failure) {
        return try GuestImages.load(name)
      } catch {
        throw ScriptError(message: error.message)
      }
    }
    let scriptFile = runner.guestControl.loadFile
    runner.guestControl.loadFile = { name, file throws(ScriptError) in
      file == App.commandLine ? try GuestImages.file(name) : try scriptFile(name, file)
    }
    runner.stackControl.isEnough = { [unowned self] in CPUClock.wall > runEnds }
    let scripts = runner.stackControl.place
    runner.stackControl.place = { file in
      guard file == App.commandLine, let here = try? FilePath(".").real().string else { return scripts(file) }
      let files = HostFiles()
      return StackControl.Place(folder: here, xml: FilePolicy(folders: ["/"], files), images: FilePolicy(files))
    }
    if session.beginning != nil { try? runner.guestControl.find() }
    if runner.guestControl.subject != nil { showGuest() }
  }

  /// Where the statements come from that are typed.
  nonisolated static let commandLine = "."

  /// A command for a guest, recorded, and what came of it.
  ///
  /// - Parameter isTyped: whether the line is to be corrected if something is wrong with it.
  func guestCommand(_ text: String, isTyped: Bool = false) {
    if standsUnattended(goesOn: "\(state.bindings[.run])") { return }
    startRecording()
    beginStatement()
    // Without a number it goes on by itself after a look; with one it is done after that.
    let words = text.lowercased().split(separator: " ")
    let isOpen = words == ["continue"] || words.first == "boot"
    runEnds = CPUClock.wall + (isOpen ? 0.1 : 10)
    goingOn = nil
    let position = session.position
    let start = CPUClock.now
    let edition = runner.guestControl.subject?.identity
    var trouble: ScriptError?
    do throws(ScriptError) {
      try runner.run(line: text, number: 1, file: App.commandLine)
    } catch {
      trouble = error
    }
    let seconds = CPUClock.now - start
    record()
    if let trouble {
      if session.position != position { afterChange() }
      state.message = .init(trouble.message, isError: true)
      if isTyped { openCommandLine(.command, text: text) }
      return
    }
    guard let outcome = runner.lastOutcome else { return }
    if runner.guestControl.subject?.identity != edition { state.guest = GuestViewState() }
    showGuest()
    if outcome.kind != .done {
      state.guest.speed =
        outcome.instructions > 1_000_000
        ? "\((Double(outcome.instructions) / seconds / 1e5).rounded() / 10) MIPS" : nil
    }
    if session.position != position || runner.guestControl.firstNewStep != nil {
      state.traceStep = nil
      afterChange()
    }
    goingOn =
      isOpen && outcome.kind == .running && (state.guest.hasKeys || !runner.guestControl.wasInterrupted) ? .guest : nil
    if state.guest.hasKeys { noteGuestRun(outcome.kind) }
    if let hit = runner.takeWatchHit() {
      goingOn = nil
      state.message = .init(hit)
      return
    }
    state.message = .init(
      isGuestRunning
        ? (state.guest.hasKeys ? Self.keysAreItsOwn : "it runs; any key stops it") : outcome.message + hint(outcome.kind),
      isError: outcome.kind == .failed && !isGuestRunning)
  }

  /// Stops a guest that goes on by itself.
  ///
  /// - Returns: whether it was a key, which has done that and no more.
  func pauseGuest(_ input: TerminalInput) -> Bool {
    let key = goingOn == .host ? ":wait" : "\(state.bindings[.run])"
    goingOn = nil
    guard case .key = input else { return false }
    state.message = .init("it stands: \(key) goes on")
    return true
  }

  /// Whether nobody has looked for long: then nothing goes on by itself.
  private func standsUnattended(goesOn key: String) -> Bool {
    guard goingOn != nil, interruption.isUnattended else { return false }
    goingOn = nil
    state.message = .init("it stands: no key for \(Int(Interruption.patience / 60)) minutes; \(key) goes on")
    return true
  }

  /// A command for the host. Without a time, `wait` goes on by itself after a look.
  func hostCommand(_ text: String) {
    if standsUnattended(goesOn: ":wait") { return }
    let isOpen = text.lowercased() == "wait"
    runEnds = CPUClock.wall + (isOpen ? 0.1 : 10)
    goingOn = nil
    executeStatement(text)
    if let result = lastReport?.result {
      state.showHost(printed: result.console.count)
      let isRefused = result.decidedBy != nil
      let lines = result.console.filter { !$0.isEmpty } + [result.text].compactMap(\.self)
      let first = isRefused ? lines.first { $0.hasPrefix("error:") } ?? lines.first : lines.first
      state.message = .init((isRefused ? "\(result.text ?? "refused"): " : "") + (first ?? "done"), isError: isRefused)
    }
    if let hit = runner.takeWatchHit() {
      state.message = .init(hit)
      return
    }
    if isOpen, runner.isHostRunning, state.command == nil, !interruption.isWanted {
      goingOn = .host
      state.message = .init("guests run; any key stops them")
    }
  }

  /// Defines the domain of an XML file, and offers to start it.
  func define(domain path: String) {
    let isPlain = path.allSatisfy { $0.isLetter || $0.isNumber || "/._-+,:".contains($0) }
    let quoted = path.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
    hostCommand("virsh define \(isPlain ? path : "'\(quoted)'")")
    guard state.message?.isError != true, let name = session.stackPicture?.guests.last(where: { $0.domain != nil })?.name else {
      return state.showHost(printed: .max)
    }
    state.showHost(printed: 0)
    state.name = name
    openCommandLine(.command, text: "virsh start \(name)")
    state.command?.help =
      "\(name) is defined. Enter starts it; Esc looks around first. workbench measure \(path) predicts its RIM."
  }

  /// The keys that lead on.
  private func hint(_ kind: GuestControl.Outcome.Kind) -> String {
    let keys = state.bindings
    return switch kind {
    case .running: ": \(keys[.run]) goes on"
    case .poweredOff: "; \(keys[.stepBack]) steps back, \(keys[.earlier]) and \(keys[.later]) go ten steps"
    case .stands: ": \(keys[.step]) steps, \(keys[.run]) runs, \(keys[.breakpoint]) sets a breakpoint"
    default: ""
    }
  }

  /// The guest view is about the guest that was booted, or the TEE.
  func showGuest() {
    guard let subject = runner.guestControl.subject else { return }
    state.show(subject)
    state.screen = .guest
  }
}

extension ViewState {
  /// Names, places to stop at, and the vCPU of a guest that was booted in the session, or of the TEE.
  mutating func show(_ subject: GuestControl.DebugSubject?) {
    guard let subject else { return }
    if guest.symbols != subject.symbols { guest = GuestViewState(symbols: subject.symbols) }
    guest.points = subject.points
    guest.vcpu = subject.vcpu
  }
}
