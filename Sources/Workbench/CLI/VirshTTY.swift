import Engine
import SystemPackage

/// The terminal virsh runs in: while a console is shown, keys go to the guest as they are typed.
final class VirshTTY: VirshTerminal {
  private let keyboard: RawKeyboard
  var isLive: Bool { true }

  /// Nil if standard input or output is no terminal.
  init?() {
    guard isTerminal(.standardOutput), let keyboard = RawKeyboard() else { return nil }
    self.keyboard = keyboard
  }

  func begin() { keyboard.take() }

  func end() { keyboard.giveBack() }

  func show(_ bytes: [UInt8]) {
    guard !bytes.isEmpty else { return }
    var out = Output()
    out.append(bytes)
    out.flush()
  }

  func typed(waits: Bool) -> [UInt8] {
    guard let bytes = readStandardInput(most: 256, wait: waits ? 10 : 0) else { return [] }
    // A terminal that is gone lets the console go.
    return bytes.isEmpty ? [VirshShell.escape] : bytes
  }
}
