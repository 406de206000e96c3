import Engine
import SystemPackage

/// What is typed into the console of a guest that QEMU or kvmtool runs: standard input. Keys of a terminal go to the guest as they are typed;
/// Ctrl-a x ends the guest, and Ctrl-a twice is one Ctrl-a for it, as both have it.
final class ConsoleInput {
  private static let escape: UInt8 = 0x01
  private static let most = 256

  private var isOpen: Bool
  private let keyboard: RawKeyboard?
  /// Whether Ctrl-a was pressed, and nothing since.
  private var isEscaped = false
  /// Whether somebody has pressed Ctrl-a x.
  private(set) var isLeft = false

  /// - Parameters:
  ///   - console: what the guest prints.
  ///   - isUsed: whether standard input is the console's; else it is another's, and nothing is taken.
  init(_ console: BootConsole, isUsed: Bool) {
    isOpen = isUsed
    keyboard = isUsed ? RawKeyboard() : nil
    guard keyboard?.take() == true else { return }
    console.filter = ConsoleFilter()
    var error = Output(.standardError)
    error.line("| The keyboard is the guest's; Ctrl-a x ends it.")
    error.flush()
  }

  /// The terminal is as it was.
  func leave() { keyboard?.giveBack() }

  /// Whether somebody may still type: what comes through a pipe is there already, or is waited for by nobody.
  var canCome: Bool { isOpen && keyboard != nil }

  /// Types what there is now into a guest, as long as it has room for it.
  ///
  /// - Parameter wait: milliseconds to wait for it, at most.
  func type(into vm: RealmVM, wait: Int32 = 0) {
    guard isOpen, vm.hasRoomToType(Self.most), let bytes = readStandardInput(most: Self.most, wait: wait) else { return }
    isOpen = !bytes.isEmpty
    vm.type(keyboard == nil ? bytes : keys(bytes))
  }

  /// Those that are for the guest.
  private func keys(_ typed: [UInt8]) -> [UInt8] {
    var keys: [UInt8] = []
    for key in typed {
      if isEscaped {
        isEscaped = false
        if key == Self.escape { keys.append(key) }
        if key == UInt8(ascii: "x") { isLeft = true }
      } else if key == Self.escape {
        isEscaped = true
      } else {
        keys.append(key)
      }
    }
    return keys
  }
}
