import Engine
import SystemPackage

/// Who types into a guest that was booted: a file, or a person at the terminal, whose keys go to the guest once it listens.
final class BootSeat {
  /// Ctrl-], which gives the keyboard back.
  static let escape: UInt8 = 0x1D
  private static let most = 1024

  private var waiting: ArraySlice<UInt8>
  /// The terminal somebody sits at.
  private let keyboard: RawKeyboard?
  var isManned: Bool { keyboard != nil }
  /// Whether the guest has the keyboard.
  private(set) var isTaken = false
  /// Whether somebody has pressed Ctrl-], or has gone.
  private(set) var isLeft = false

  /// - Parameters:
  ///   - bytes: what is typed before anything else.
  ///   - isManned: whether the terminal's keys are for the guest.
  init(_ bytes: [UInt8], isManned: Bool) {
    waiting = bytes[...]
    keyboard = isManned ? RawKeyboard() : nil
  }

  /// The terminal is as it was.
  func leave() {
    guard isTaken else { return }
    isTaken = false
    keyboard?.giveBack()
  }

  /// To be called before an entry: takes what was typed, waits as the wall clock has it while nothing is to do, and types.
  ///
  /// - Parameter debugger: who enters the guest, if not its VMM alone.
  func attend(_ vm: RealmVM, _ debugger: GuestDebugger?, _ console: BootConsole) {
    if isManned { sit(vm, debugger, console) }
    type(vm, debugger, at: nil)
  }

  private func sit(_ vm: RealmVM, _ debugger: GuestDebugger?, _ console: BootConsole) {
    if !isTaken {
      guard vm.isListening else { return }
      take(console)
    }
    read(wait: 0)
    guard waiting.isEmpty, !isLeft else { return }
    let start = CPUClock.wall
    let now = vm.now
    while waiting.isEmpty, !isLeft, StopSignal.pending == nil {
      let left: Double
      switch vm.readiness {
      case .now: return
      // Ticks of the guest's counter are nanoseconds.
      case .at(let time): left = Double(time > now ? time - now : 0) * 1e-9 - (CPUClock.wall - start)
      case .never: left = 1
      }
      guard left > 0.0005 else { return }
      console.flush()
      read(wait: Int32(min(left, 0.2) * 1000 + 0.999))
    }
    // A key in the middle of a pause ends it there.
    type(vm, debugger, at: now &+ UInt64((CPUClock.wall - start) * 1e9))
  }

  private func type(_ vm: RealmVM, _ debugger: GuestDebugger?, at time: UInt64?) {
    guard !waiting.isEmpty else { return }
    if let debugger {
      let count = min(waiting.count, GuestDebugger.mostTyping - debugger.typing.count)
      if debugger.typing.isEmpty { debugger.typingTime = time }
      debugger.type(waiting.prefix(count))
      waiting = waiting.dropFirst(count)
    } else {
      waiting = waiting.dropFirst(vm.type(waiting, at: time))
    }
  }

  private func take(_ console: BootConsole) {
    guard keyboard?.take() == true else { return }
    isTaken = true
    console.flush()
    console.filter = ConsoleFilter()
    var error = Output(.standardError)
    error.line("| The keyboard is the guest's; Ctrl-] gives it back and ends the boot.")
    error.flush()
  }

  private func read(wait: Int32) {
    guard waiting.count < Self.most, let typed = readStandardInput(most: Self.most, wait: wait) else { return }
    // A terminal that is gone lets the guest go.
    guard !typed.isEmpty, !typed.contains(Self.escape) else {
      isLeft = true
      return
    }
    waiting += typed
  }
}
