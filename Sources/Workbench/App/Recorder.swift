import Engine

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Where the program keeps its files.
enum Paths {
  /// `$XDG_STATE_HOME/workbench`, else `~/.local/state/workbench`.
  static var state: String? {
    if let state = environment("XDG_STATE_HOME"), state.hasPrefix("/") { return state + "/workbench" }
    return environment("HOME").map { $0 + "/.local/state/workbench" }
  }
  static var sessions: String? { state.map { $0 + "/sessions" } }
  static var history: String? { state.map { $0 + "/history" } }

  static func environment(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
  }

  /// Makes a folder and those above it, for its owner alone. False if that is not possible.
  static func make(_ path: String) -> Bool {
    var made = ""
    for part in path.split(separator: "/") {
      made += "/" + part
      if mkdir(made, 0o700) != 0, errno != EEXIST { return false }
    }
    return true
  }
}

/// write(2), by a name that the recorder's own method does not hide.
private func appendBytes(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int { write(descriptor, bytes, count) }

/// Appends a session to its file as it happens: what a person does is one write, so that whatever ends the program leaves whole lines.
final class Recorder {
  let path: String
  private let descriptor: Int32
  private let start: Double
  private var sinceDigest = 0
  /// The step the file stands at, to notice that the person has travelled.
  private var position = 0
  private var recordedSteps = 0
  /// Index of the first step that is not the one the file has; set before steps are recorded.
  private var firstNewStep: Int?
  private var changed = false
  /// Why writing failed, once it has.
  private(set) var failure: String?

  struct CannotCreate: Error {
    var message: String
  }

  /// Creates a new file in the state folder.
  ///
  /// - Parameter seconds: the clock, so that the file shows when things were done.
  init(_ configuration: MachineConfiguration, now: Double) throws(CannotCreate) {
    guard let folder = Paths.sessions else { throw CannotCreate(message: "neither XDG_STATE_HOME nor HOME is set") }
    guard Paths.make(folder) else {
      throw CannotCreate(message: "cannot create \(folder): \(String(cString: strerror(errno)))")
    }
    let stamp = Recorder.stamp()
    var number = 0
    while true {
      let candidate = "\(folder)/\(stamp)\(number == 0 ? "" : "-\(number)").session"
      let opened = open(candidate, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o600)
      if opened >= 0 {
        path = candidate
        descriptor = opened
        break
      }
      guard errno == EEXIST, number < 1000 else {
        throw CannotCreate(message: "cannot create \(candidate): \(String(cString: strerror(errno)))")
      }
      number += 1
    }
    start = now
    write(Recording.header(configuration))
  }

  deinit { close(descriptor) }

  private static func stamp() -> String {
    var now = time(nil)
    var parts = tm()
    localtime_r(&now, &parts)
    func two(_ n: Int32) -> String { n < 10 ? "0\(n)" : "\(n)" }
    return
      "\(parts.tm_year + 1900)\(two(parts.tm_mon + 1))\(two(parts.tm_mday))-\(two(parts.tm_hour))\(two(parts.tm_min))\(two(parts.tm_sec))"
  }

  /// Brings the file up to the session: the travel, if there was any, and the steps that are new.
  func record(_ session: Session, now: Double) {
    let seconds = now - start
    // A step taken after going back replaces what was there: the file goes back first.
    let kept = min(recordedSteps, firstNewStep ?? recordedSteps)
    if kept < recordedSteps || position != kept, firstNewStep != nil {
      if position != kept { write(Recording.travelLine("goto \(kept)", seconds: seconds)) }
      recordedSteps = kept
      position = kept
    }
    firstNewStep = nil
    // All of it in one write: what is there already when recording begins can be long.
    var lines = ""
    while recordedSteps < session.steps.count {
      lines += Recording.lines(session.steps[recordedSteps], seconds: seconds)
      recordedSteps += 1
      position = recordedSteps
      sinceDigest += 1
      changed = true
    }
    if !lines.isEmpty { write(lines) }
    if position != session.position {
      position = session.position
      write(Recording.travelLine("goto \(position)", seconds: seconds))
      changed = true
    }
    if sinceDigest >= Recording.digestStride { writeDigest(session) }
  }

  /// To be called before new steps are made: what is recorded beyond here is being replaced.
  func willPerform(at position: Int) {
    if position < recordedSteps || self.position != position { firstNewStep = position }
  }

  private func writeDigest(_ session: Session) {
    sinceDigest = 0
    write(Recording.digestLine(session.digest()))
  }

  /// The last lines: a digest of the state the person left.
  func finish(_ session: Session, now: Double) {
    record(session, now: now)
    if changed { writeDigest(session) }
  }

  private func write(_ text: String) {
    guard failure == nil else { return }
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { appendBytes(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        failure = String(cString: strerror(errno))
        return
      }
      bytes = bytes.dropFirst(count)
    }
    fdatasync(descriptor)
  }
}
