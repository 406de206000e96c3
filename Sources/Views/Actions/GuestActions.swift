import Engine

/// The guest that was booted here, or is to be.
extension UserAction {
  package static let boot: UserAction = UserAction(
    "boot", ["b"], "Boot a guest", "Opens the command line with boot IMAGE: builds a Realm from an image and runs its code.",
    label: "boot"
  ) { $0.ask(.open(.command, text: "boot tour")) }

  package static let debug: UserAction = UserAction(
    "debug", ["D"], "Debug a guest",
    "Opens the command line with debug IMAGE: as boot, but it stands before its first instruction.", label: "debug"
  ) { $0.ask(.open(.command, text: "debug tour")) }

  package static let run: UserAction = UserAction(
    "run", ["r"], "Run the guest", "The booted guest goes on until something stops it.", label: "run",
    unless: cannotGoOn
  ) { $0.ask(.guest("continue")) }

  package static let step: UserAction = UserAction(
    "step", ["s"], "Step", "Executes one instruction of the booted guest.", unless: cannotGoOn
  ) { $0.ask(.guest("step")) }

  package static let stepBack: UserAction = UserAction(
    "step-back", ["S"], "Step back", "Takes the guest's last instruction back.", label: "back",
    unless: hasNoGuest
  ) { $0.ask(.guest("back")) }

  package static let stepOver: UserAction = UserAction(
    "step-over", ["f"], "Step over", "Executes one instruction of the guest; a call with all it does.", label: "over",
    unless: cannotGoOn
  ) { $0.ask(.guest("over")) }

  package static let runToExit: UserAction = UserAction(
    "run-to-exit", ["e"], "Run to the exit", "The booted guest runs until it leaves the Realm.", label: "to exit",
    unless: cannotGoOn
  ) { $0.ask(.guest("out")) }

  package static let runBack: UserAction = UserAction(
    "run-back", ["R"], "Run back", "Back to the place before that would have stopped the guest, or to its beginning.",
    unless: hasNoGuest
  ) { $0.ask(.guest("reverse")) }

  package static let breakpoint: UserAction = UserAction(
    "breakpoint", ["B"], "Breakpoint", "Opens the command line with break: an address, a name, smc, exit, or a granule.",
    label: "break", unless: hasNoGuest
  ) { $0.ask(.open(.command, text: "break ")) }

  @Sendable static func hasNoGuest(_ session: Session, _ state: ViewState) -> String? {
    state.guest.vcpu == nil && !session.hasHost && session.configuration.secure != .tee
      ? "no guest was booted here; \(state.bindings[.boot]) boots one" : nil
  }

  /// Why no guest goes on: there is none, or it is off.
  @Sendable static func cannotGoOn(_ session: Session, _ state: ViewState) -> String? {
    if let why = hasNoGuest(session, state) { return why }
    guard session.configuration.secure != .tee, let vcpu = state.guest.vcpu ?? session.lastGuest()?.now.address else {
      return nil
    }
    let realm = session.read { $0.realmSummaries() }.first { $0.recs.contains { $0.address == vcpu } }
    let isOff = realm?.state == .systemOff || session.isVMOff
    return isOff ? "the guest turned itself off; \(state.bindings[.stepBack]) steps back" : nil
  }
}
