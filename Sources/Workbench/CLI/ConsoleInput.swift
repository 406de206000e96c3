import Engine
import Libc
import SystemPackage

/// What is typed into a guest's console: standard input, line by line from a terminal.
final class ConsoleInput {
  private var isOpen: Bool
  private let isTyped = isTerminal(.standardInput)

  /// - Parameter isUsed: whether standard input is the console's; else it is another's, and nothing is taken.
  init(isUsed: Bool) { isOpen = isUsed }

  /// Whether somebody may still type: what comes through a pipe is there already, or is waited for by nobody.
  var canCome: Bool { isOpen && isTyped }

  private static let most = 256

  /// Types what there is now into a guest, as long as it has room for it.
  ///
  /// - Parameter wait: milliseconds to wait for it, at most.
  func type(into vm: RealmVM, wait: Int32 = 0) {
    guard isOpen, vm.hasRoomToType(Self.most) else { return }
    var ready = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
    guard poll(&ready, 1, wait) > 0 else { return }
    var bytes = [UInt8](repeating: 0, count: Self.most)
    let count = (try? bytes.withUnsafeMutableBytes { try FileDescriptor.standardInput.read(into: $0) }) ?? 0
    isOpen = count > 0
    vm.type(Array(bytes[..<count]))
  }
}
