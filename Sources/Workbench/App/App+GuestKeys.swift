import Engine
import Views

/// The keyboard is the guest's: what is typed goes to its console, and while it waits time passes by the wall clock.
extension App {
  /// The key that gives the keyboard back.
  private static let giveBack: Key = "^]"
  static let keysAreItsOwn = "the keys are the guest's; \(giveBack.name) gives them back"
  /// Longest wait for a guest's timer before the screen is looked at again, in milliseconds.
  private static let longestWait = 200.0

  /// Gives the guest the keyboard, and lets it go on.
  func giveKeys() {
    state.guest.hasKeys = true
    guestRanUntil = CPUClock.wall
    guestCommand("continue")
    // What is wrong, or what has stopped it, has been said.
    state.guest.hasKeys = goingOn == .guest
    guard state.guest.hasKeys else { return }
    state.guest.consoleBack = 0
    state.message = .init(Self.keysAreItsOwn)
  }

  /// Takes what came in while the guest has the keyboard.
  ///
  /// - Returns: whether it was for the guest, or gave the keyboard back.
  func takeForGuest(_ input: TerminalInput) -> Bool {
    switch input {
    case .key(Self.giveBack):
      goingOn = nil
      state.guest.hasKeys = false
      state.message = .init("the keys are the workbench's again; \(state.bindings[.guestKeys]) gives them to the guest")
    case .key(let key): type(forGuest: key.bytes)
    case .pasteEnd:
      type(forGuest: pasted.utf8.map { $0 == 10 ? 13 : $0 })
      pasted = ""
    default: return false
    }
    return true
  }

  private func type(forGuest bytes: [UInt8]) {
    guard !bytes.isEmpty else { return }
    if let debugger = guestDebugger, debugger.typing.isEmpty, isGuestIdle {
      // Ticks of the guest's counter are nanoseconds.
      debugger.typingTime = debugger.vm.now &+ UInt64(max(0, CPUClock.wall - guestRanUntil) * 1e9)
    }
    guestCommand("type \(ConsoleText.quoted(bytes))")
    guard state.message?.isError != true else {
      state.guest.hasKeys = false
      return
    }
    goingOn = .guest
    state.message = .init(Self.keysAreItsOwn)
  }

  private var guestDebugger: GuestDebugger? { runner.guestControl.guest?.debugger }

  /// Whether there is nothing for the guest to do now.
  var isGuestIdle: Bool {
    guard let debugger = guestDebugger else { return true }
    return debugger.typing.isEmpty && !debugger.vm.isHeld && debugger.vm.readiness != .now
  }

  /// Whether it will do nothing more unless somebody types.
  private var waitsForKeys: Bool { guestDebugger.map { $0.typing.isEmpty && $0.vm.readiness == .never } ?? false }

  /// Milliseconds until the guest has something to do again.
  var guestPatience: Int {
    guard let debugger = guestDebugger, isGuestIdle else { return 0 }
    switch debugger.vm.readiness {
    case .now: return 0
    case .at(let time):
      let now = debugger.vm.now
      let left = Double(time > now ? time - now : 0) * 1e-6 - (CPUClock.wall - guestRanUntil) * 1e3
      return left < 0.5 ? 0 : Int(min(left, Self.longestWait).rounded(.up))
    case .never: return 1000
    }
  }

  /// After a run with the keyboard: whatever stops the guest gives it back.
  func noteGuestRun(_ kind: GuestControl.Outcome.Kind) {
    guard kind != .done else { return }
    guestRanUntil = CPUClock.wall
    if kind == .failed, waitsForKeys { goingOn = .guest }
    if goingOn == nil { state.guest.hasKeys = false }
  }
}
