import Engine

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Appends a session to its file as it happens: what a person does is one write, so that whatever ends the program leaves whole lines.
///
/// What cannot be written waits, and is tried again: when there is room the file is complete.
final class Recorder {
  /// What keeps the file from being the whole recording at its path.
  enum Trouble: Equatable {
    /// It cannot be written, and why.
    case unwritable(String)
    /// It has no name any more: when the program ends it is gone.
    case removed
    /// What is at the path is another file, or none.
    case moved
  }

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
  /// Lines that are not in the file yet; never more than the session's steps have.
  private var waiting: [UInt8] = []
  /// How long the file is, in whole lines.
  private var size: off_t = 0
  private(set) var trouble: Trouble?

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
    append(Recording.header(configuration))
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
    // All of it in one write: what is there already when recording begins can be long.
    var lines = ""
    // A step taken after going back replaces what was there: the file goes back first.
    let kept = min(recordedSteps, firstNewStep ?? recordedSteps)
    if kept < recordedSteps || position != kept, firstNewStep != nil {
      if position != kept { lines += Recording.travelLine("goto \(kept)", seconds: seconds) }
      recordedSteps = kept
      position = kept
    }
    firstNewStep = nil
    while recordedSteps < session.steps.count {
      lines += Recording.lines(session.steps[recordedSteps], seconds: seconds)
      recordedSteps += 1
      position = recordedSteps
      sinceDigest += 1
    }
    if position != session.position {
      position = session.position
      lines += Recording.travelLine("goto \(position)", seconds: seconds)
    }
    if !lines.isEmpty { changed = true }
    if sinceDigest >= Recording.digestStride { lines += digestLine(session) }
    append(lines)
  }

  /// To be called before new steps are made: what is recorded beyond here is being replaced.
  func willPerform(at position: Int) {
    if position < recordedSteps || self.position != position { firstNewStep = position }
  }

  private func digestLine(_ session: Session) -> String {
    sinceDigest = 0
    return Recording.digestLine(session.digest())
  }

  /// The last lines: a digest of the state the person left.
  func finish(_ session: Session, now: Double) {
    record(session, now: now)
    if changed { append(digestLine(session)) }
  }

  /// Looks whether the file is where it was, and tries again to write what waits.
  func check() { append("") }

  private func append(_ text: String) {
    waiting += Array(text.utf8)
    if !waiting.isEmpty {
      let (count, failed) = writeAll(waiting[...], to: descriptor)
      var error = failed
      // Some file systems find out only now that there is no room; one that cannot do this at all is no trouble.
      if error == nil, fdatasync(descriptor) != 0, [EIO, ENOSPC, EDQUOT].contains(errno) { error = errno }
      if let error {
        trouble = .unwritable(String(cString: strerror(error)))
        // Nothing of a line without its end, whatever ends the program now. Where that fails, the rest follows what is there.
        if ftruncate(descriptor, size) != 0 {
          size += off_t(count)
          waiting.removeFirst(count)
        }
        return
      }
      size += off_t(waiting.count)
      waiting = []
    }
    trouble = whereabouts()
  }

  private func whereabouts() -> Trouble? {
    var here = stat()
    var there = stat()
    guard fstat(descriptor, &here) == 0 else { return .unwritable(String(cString: strerror(errno))) }
    if here.st_nlink == 0 { return .removed }
    return stat(path, &there) == 0 && there.st_ino == here.st_ino && there.st_dev == here.st_dev ? nil : .moved
  }

  /// The truth about the file, in a sentence.
  var account: String {
    switch trouble {
    case nil: "recorded in \(path)"
    case .unwritable(let reason): "\(path) cannot be written: \(reason); what was done since is not in it"
    case .removed: "\(path) was removed: nothing of the recording is left"
    case .moved: "the recording was moved away from \(path)"
    }
  }
}
