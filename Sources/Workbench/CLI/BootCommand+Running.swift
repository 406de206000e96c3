import ArgumentParser
import Engine
import SystemPackage
import Views

/// While the guest runs, and afterwards.
extension BootCommand {
  /// What happened outside of the guest, a sentence each: the first thousand.
  final class Outside {
    var sentences: [String] = []
    static let most = 1000
  }

  func tellers(_ boot: Boot, _ console: BootConsole) -> Outside {
    let outside = Outside()
    let tell = { (sentence: String) in
      if outside.sentences.count < Outside.most { outside.sentences.append(sentence) }
      guard !json, !open else { return }
      // What the guest said before comes before.
      console.flush()
      var error = output(.standardError)
      error.line("| \(sentence)")
      error.flush()
    }
    boot.scene.tell = tell
    boot.scene.trusted = relyingParty ?? ConfidentialModel.guest
    Tampering.offer(to: boot.vm, tell: tell)
    return outside
  }

  /// Enters its vCPUs until something ends it.
  func run(
    _ boot: Boot, _ console: BootConsole, _ debugger: GuestDebugger?, _ recording: SessionWriter?, _ seat: BootSeat
  ) -> BootEnd {
    let (session, vm) = (boot.session, boot.vm)
    // Read once: between entries there is little time.
    let (entries, until, open, keepsHistory) = (entries, until, open, keepsHistory)
    let mostInstructions = limit ?? .max
    let mostSpent: UInt64 = limit != nil ? .max : boot.isLarge ? 10_000_000_000 : 500_000_000
    var health = GuestHealth()
    StopSignal.take(isPatient: record != nil)
    defer { StopSignal.leave() }
    var entered = 0
    // What the guest says stands on standard output; a line of ours would stand in it.
    var progress = ProgressLine(
      "instructions", of: limit.map { Int(clamping: $0) }, isShown: isTerminal(.standardError) && !isTerminal(.standardOutput))
    while true {
      if let number = StopSignal.pending { return .signal(number) }
      if entered == entries { return .entries(entered) }
      seat.attend(vm, open ? debugger : nil, console)
      if seat.isLeft { return .left }
      if vm.executed >= mostInstructions || session.spentInstructions >= mostSpent { return .instructions(vm.executed) }
      if keepsHistory, session.position >= Self.mostSteps { return .history(session.position) }
      if let place = GuestPlace(vm, session, boot.symbols) {
        StopSignal.prepare { line in
          line.add("the guest was stopped in the middle of an entry; it began with vCPU ")
          line.add(UInt64(place.vcpu))
          line.add(" at pc 0x")
          line.add(place.pc, radix: 16)
          if let name = place.name {
            line.add(" (")
            line.add(name)
            line.add(")")
          }
          line.add(", after ")
          line.add(vm.executed)
          line.add(" instructions\n")
        }
      }
      let before = vm.exits
      // Who opens it afterwards goes back in it.
      let ending = open ? debugger?.run(entries: 1) : vm.run(entries: 1)
      entered += 1
      if let ending { return .guest(ending) }
      if let until, until.happened(vm, session, console, before) { return .event(until) }
      if entered % 16 == 0, let why = health.look(at: vm, session) { return .sick(why) }
      if entered % 64 == 0 {
        progress.update(Int(clamping: vm.executed))
        console.flush()
        recording?.keepUp()
      }
    }
  }

  /// Serves GDB until it lets the guest go.
  ///
  /// - Returns: how the guest ended, if it has.
  func debug(_ debugger: GuestDebugger, _ port: UInt16) throws -> RealmVM.Ending? {
    let end = try serveGDB(debugger, port, gdbAddress)
    return end == .killed ? debugger.ending ?? .failed("GDB killed it") : debugger.ending
  }

  /// Writes the guest to a file, if it can go on.
  func keep(_ boot: Boot, _ end: BootEnd, in path: String) throws {
    if case .guest = end {
      complain("--snapshot: the guest has ended, and there is nothing to go on from; --until says where to stop before that")
      throw Exit.badData
    }
    try orComplain { () throws(NewFile.Failure) in try SnapshotFile.write(boot.session, boot.vm, to: path) }
  }

  func openWorkbench(_ boot: Boot, _ debugger: GuestDebugger?) throws {
    let control = GuestControl(boot.session)
    if let debugger { control.adopt(debugger, boot.symbols) }
    try OpenCommand.parse(["--no-record"]).run(on: boot.session, control) { state in
      state.screen = .guest
      state.name = fileName(image)
    }
  }
}
