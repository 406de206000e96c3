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
    prepare("")
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

  /// What is said if the next entry is not waited for.
  static func prepare(_ text: String) {
    let next = Seen.line == Seen.first ? Seen.second : Seen.first
    var line = text.isEmpty ? text : text + "\n"
    let count = line.withUTF8 { bytes in
      let part = bytes.prefix(Seen.size - 1)
      for (n, byte) in part.enumerated() { next[n] = byte }
      return part.count
    }
    next[count] = 0
    Seen.line = next
  }

  /// Leaves them to the system again.
  static func leave() {
    _ = ualarm(0, 0)
    for number in [SIGINT, SIGTERM, SIGALRM] { signal(number, SIG_DFL) }
  }
}
