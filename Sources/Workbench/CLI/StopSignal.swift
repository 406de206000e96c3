import Libc

/// What the handlers of ``StopSignal`` see: single words, written before what they lead to is used.
private enum Seen {
  static let size = 512
  nonisolated(unsafe) static var received: Int32 = 0
  nonisolated(unsafe) static var isPatient = false
  nonisolated(unsafe) static let first = UnsafeMutablePointer<UInt8>.allocate(capacity: size)
  nonisolated(unsafe) static let second = UnsafeMutablePointer<UInt8>.allocate(capacity: size)
  nonisolated(unsafe) static var line = first
}

/// SIGINT and SIGTERM while a guest runs. What runs it asks between two entries whether one came; an entry that takes longer than it
/// may is not waited for: a line that was prepared says where the guest stood, and the program ends.
enum StopSignal {
  /// The one that came.
  static var pending: Int32? { Seen.received == 0 ? nil : Seen.received }

  static func name(_ number: Int32) -> String { number == SIGINT ? "SIGINT" : "SIGTERM" }

  /// Takes them from here on.
  ///
  /// - Parameter isPatient: an entry is waited for, however long it takes: there is something to save after it.
  static func take(isPatient: Bool) {
    (Seen.received, Seen.isPatient) = (0, isPatient)
    prepare { _ in }
    signal(SIGALRM) { _ in
      _ = write(2, Seen.line, strlen(UnsafeRawPointer(Seen.line).assumingMemoryBound(to: CChar.self)))
      _exit(128 + Seen.received)
    }
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        // The second one ends it at once.
        signal(number, SIG_DFL)
        Seen.received = number
        // 60 ms.
        if !Seen.isPatient { _ = ualarm(60_000, 0) }
      }
    }
    // Whoever started the program may have left them blocked, as a worker thread has.
    var ours = sigset_t()
    sigemptyset(&ours)
    for number in [SIGINT, SIGTERM, SIGALRM] { sigaddset(&ours, number) }
    pthread_sigmask(SIG_UNBLOCK, &ours, nil)
  }

  /// Writes what is said if the next entry is not waited for. That is before every entry, so it goes without a `String`.
  static func prepare(_ write: (inout Line) -> Void) {
    let next = Seen.line == Seen.first ? Seen.second : Seen.first
    var line = Line(bytes: next)
    write(&line)
    next[line.count] = 0
    Seen.line = next
  }

  /// A line that is being written; what does not fit is left out.
  struct Line {
    fileprivate let bytes: UnsafeMutablePointer<UInt8>
    fileprivate var count = 0

    fileprivate init(bytes: UnsafeMutablePointer<UInt8>) { self.bytes = bytes }

    private mutating func add(_ byte: UInt8) {
      guard count < Seen.size - 1 else { return }
      bytes[count] = byte
      count += 1
    }

    mutating func add(_ text: String) { for byte in text.utf8 { add(byte) } }

    mutating func add(_ number: UInt64, radix: UInt64 = 10) {
      if number >= radix { add(number / radix, radix: radix) }
      let digit = UInt8(number % radix)
      add(digit < 10 ? 0x30 + digit : 0x57 + digit)
    }
  }

  /// Leaves them to the system again.
  static func leave() {
    _ = ualarm(0, 0)
    for number in [SIGINT, SIGTERM, SIGALRM] { signal(number, SIG_DFL) }
  }
}
