import Libc
import Views

/// Ends what takes long: Esc and ^C do, signals that end the program, a terminal that is gone, and having waited for a key for too
/// long. Other keys wait until it is over.
@MainActor
final class Interruption {
  /// Seconds without a key after which nothing goes on by itself.
  nonisolated static let patience = 600.0
  /// Seconds between two looks at the keyboard.
  private static let interval = 0.02

  private var inputs: [TerminalInput] = []
  private var signals: [Int32] = []
  private(set) var hasHungUp = false
  private var nextLook = 0.0
  private var lastInput = CPUClock.wall
  /// Somebody wants what is being done now to end.
  private(set) var isWanted = false

  /// Something begins that may take long.
  func begin() { isWanted = false }

  func noteInput() { lastInput = CPUClock.wall }

  /// Whether nobody has pressed a key for too long.
  var isUnattended: Bool { CPUClock.wall - lastInput > Self.patience }

  func nextInput() -> TerminalInput? { inputs.isEmpty ? nil : inputs.removeFirst() }
  func nextSignal() -> Int32? { signals.isEmpty ? nil : signals.removeFirst() }

  /// Looks, if it is time to, and says whether what is being done is to end.
  func isWanted(_ terminal: any Terminal) -> Bool {
    let now = CPUClock.wall
    guard !isWanted, now >= nextLook else { return isWanted }
    nextLook = now + Self.interval
    look(terminal)
    if isUnattended { isWanted = true }
    return isWanted
  }

  private func look(_ terminal: any Terminal) {
    switch terminal.wait(0) {
    case .timeout, .input: break
    case .signal(let number):
      signals.append(number)
      if ![SIGWINCH, SIGCONT, SIGTSTP].contains(number) { isWanted = true }
    case .hangup:
      hasHungUp = true
      isWanted = true
    }
    // Also keys that came in the same piece as the line itself: nothing waits at the terminal then.
    while !hasHungUp, let input = terminal.next() {
      if input == .key("esc") || input == .key("^C") { isWanted = true } else { inputs.append(input) }
    }
  }
}
