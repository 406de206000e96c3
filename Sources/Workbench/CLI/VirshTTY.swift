import Engine
import Libc
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
    var ready = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
    guard poll(&ready, 1, waits ? 10 : 0) > 0 else { return [] }
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = (try? bytes.withUnsafeMutableBytes { try FileDescriptor.standardInput.read(into: $0) }) ?? 0
    // A terminal that is gone lets the console go.
    return count == 0 ? [VirshShell.escape] : Array(bytes[..<count])
  }
}
