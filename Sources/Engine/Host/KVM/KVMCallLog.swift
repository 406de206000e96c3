import Basics

/// The calls a VMM has made, and what KVM answered: the last of them.
package struct KVMCallLog: Equatable, Sendable {
  package struct Entry: Equatable, Sendable {
    package let call: KVMCall
    /// What it was about, in words; empty if it has no argument.
    package let argument: String
    /// Nil: it did what it was asked for.
    package let errno: KVMErrno?

    /// As strace has it.
    package var line: String {
      "ioctl(\(call.name)\(argument.isEmpty ? "" : ", \(argument)")) = \(errno.map { "-1 \($0.rawValue)" } ?? "0")"
    }
  }

  /// Entries that are kept.
  package static let limit = 1024

  package private(set) var entries: [Entry] = []

  mutating func note(_ call: KVMCall, _ argument: String, _ errno: KVMErrno?) {
    entries.append(Entry(call: call, argument: argument, errno: errno))
    if entries.count > Self.limit { entries.removeFirst() }
  }
}
