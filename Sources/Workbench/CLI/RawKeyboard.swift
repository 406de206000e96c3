import Libc
import SystemPackage

/// The terminal's modes, while keys go to a guest as they are typed, and as they were before.
struct RawKeyboard {
  private var before = termios()

  /// Nil if standard input is no terminal.
  init?() { guard isTerminal(.standardInput), tcgetattr(0, &before) == 0 else { return nil } }

  /// - Returns: whether the terminal took them.
  @discardableResult func take() -> Bool {
    var raw = before
    cfmakeraw(&raw)
    // What the program itself says still ends as lines.
    raw.c_oflag |= tcflag_t(OPOST)
    return tcsetattr(0, TCSANOW, &raw) == 0
  }

  func giveBack() {
    var modes = before
    tcsetattr(0, TCSANOW, &modes)
  }
}

/// What comes by standard input within so many milliseconds: nil if nothing does, empty where it has ended.
func readStandardInput(most: Int, wait: Int32) -> [UInt8]? {
  var ready = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
  guard poll(&ready, 1, wait) > 0 else { return nil }
  var bytes = [UInt8](repeating: 0, count: most)
  let count = (try? bytes.withUnsafeMutableBytes { try FileDescriptor.standardInput.read(into: $0) }) ?? 0
  return Array(bytes[..<count])
}
