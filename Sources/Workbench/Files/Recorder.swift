import Engine
import SystemPackage

/// Appends a session to its file as it happens: what a person does is one write, so that whatever ends the program leaves whole lines. That
/// it comes to the disk, nobody waits for (``DiskSync``) but who leaves.
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
  private let descriptor: FileDescriptor
  private let start: Double
  private var feed = RecordingFeed()
  /// When ``keepUp(_:now:)`` writes again.
  private var nextKeepUp = 0.0
  private var changed = false
  /// Lines that are not in the file yet; never more than the session's steps have.
  private var waiting: [UInt8] = []
  /// How long the file is, in whole lines.
  private var size: Int64 = 0
  private(set) var trouble: Trouble?
  /// Whether something was written of which it is not known that there was room for it on the disk.
  private var isUnsettled = false
  private let sync = DiskSync()
  /// Nothing was done, and so there is no file.
  private var isRemovedEmpty = false

  struct CannotCreate: Error {
    var message: String
  }

  /// Creates a new file.
  ///
  /// - Parameters:
  ///   - now: the clock, so that the file shows when things were done.
  ///   - folder: where; nil if there is no such place.
  init(_ configuration: MachineConfiguration, now: Double, in folder: String?) throws(CannotCreate) {
    guard let folder else { throw CannotCreate(message: "neither XDG_STATE_HOME nor HOME is set") }
    do throws(Errno) {
      try FilePath(folder).makeFolders()
    } catch {
      throw CannotCreate(message: "cannot create \(folder): \(error)")
    }
    (path, descriptor) = try Self.create(in: folder)
    start = now
    append(Recording.header(configuration))
  }

  /// Goes on with a recording that is there, of which the session is the replay.
  ///
  /// - Parameter seconds: the time of its last line.
  init(goingOnWith path: String, _ session: Session, now: Double, seconds: Double) throws(CannotCreate) {
    self.path = path
    start = now - seconds
    do throws(UnreadableFile) {
      descriptor = try PlainFile.open(path, .readWrite, options: .append, followsLink: false)
    } catch {
      throw CannotCreate(message: error.message)
    }
    guard descriptor.tryLock() else { throw CannotCreate(message: "another workbench is at \(path)") }
    do {
      size = try Stat(descriptor).size
      // Half a line that was left is dropped, as it was when the file was read.
      var last: UInt8 = 0x0A
      while size > 0 {
        guard try withUnsafeMutableBytes(of: &last, { try descriptor.read(fromAbsoluteOffset: size - 1, into: $0) }) == 1 else {
          break
        }
        if last == 0x0A { break }
        size -= 1
      }
      try descriptor.resize(to: size)
    } catch {
      throw CannotCreate(message: "cannot go on with \(path): \(error)")
    }
    _ = feed.lines(session, seconds: 0)
    changed = true
  }

  /// A file that was not there, named after the time of day.
  private static func create(in folder: String) throws(CannotCreate) -> (String, FileDescriptor) {
    let stamp = LocalTime.stamp
    for number in 0..<1000 {
      let candidate = "\(folder)/\(stamp)\(number == 0 ? "" : "-\(number)").session"
      do {
        let descriptor = try FileDescriptor.open(
          FilePath(candidate), .writeOnly, options: [.create, .exclusiveCreate, .append, .closeOnExec],
          permissions: .ownerReadWrite)
        // Nobody goes on with it meanwhile.
        _ = descriptor.tryLock()
        return (candidate, descriptor)
      } catch Errno.fileExists {
        continue
      } catch {
        throw CannotCreate(message: "cannot create \(candidate): \(error)")
      }
    }
    throw CannotCreate(message: "\(folder) has a thousand recordings of this second")
  }

  deinit { try? descriptor.close() }

  /// Brings the file up to the session: the travel, if there was any, and the steps that are new.
  func record(_ session: Session, now: Double) {
    // All of it in one write: what is there already when recording begins can be long.
    append(feed.lines(session, seconds: now - start), session)
  }

  /// While something takes long: the steps that are new so far, so that little is left to write when it ends. On a way back or forth
  /// nothing is written before the end of it.
  func keepUp(_ session: Session, now: Double) {
    // How many steps a statement makes that stands for others is known at its end.
    guard session.position == session.steps.count, now >= nextKeepUp, !session.isInGroup else { return }
    append(feed.lines(session, seconds: now - start, most: Self.piece), session, isSettled: false)
    // As long as it took: what is made in that time is less than a piece, and at the end little is left.
    nextKeepUp = CPUClock.wall + max(0.02, CPUClock.wall - now)
  }

  /// Bytes of steps that are written at once while something takes long: few enough that Esc need not wait for them.
  private static let piece = 1 << 20

  private func append(_ lines: String, _ session: Session, isSettled: Bool = true) {
    if !lines.isEmpty { changed = true }
    append(lines + (feed.wantsDigest ? feed.digest(session) : ""), isSettled: isSettled)
  }

  /// The last lines: a digest of the state the person left. A recording of nothing is not kept.
  func finish(_ session: Session, now: Double) {
    // From here on somebody else may go on with it.
    defer { descriptor.unlock() }
    record(session, now: now)
    if changed {
      append(feed.lastDigests(session, seconds: now - start))
      sync.end(descriptor)
      if let failure = sync.failure { trouble = .unwritable("\(failure)") }
    } else if trouble == nil {
      FilePath(path).remove()
      isRemovedEmpty = true
    }
  }

  /// Looks whether the file is where it was, and tries again to write what waits.
  func check() { append("") }

  /// - Parameter isSettled: whether to wait until it is on the disk.
  private func append(_ text: String, isSettled: Bool = true) {
    waiting += Array(text.utf8)
    if sync.failure != nil { isUnsettled = true }
    if !waiting.isEmpty || isSettled && isUnsettled {
      let (count, error) = writeAll(waiting[...], to: descriptor)
      if let error {
        trouble = .unwritable("\(error)")
        // Nothing of a line without its end, whatever ends the program now. Where that fails, the rest follows what is there.
        if (try? descriptor.resize(to: size)) == nil {
          size += Int64(count)
          waiting.removeFirst(count)
        }
        return
      }
      size += Int64(waiting.count)
      waiting = []
      isUnsettled = !isSettled
      if isSettled { sync.begin(descriptor) }
    }
    // Some file systems find out only then that there is no room.
    trouble = sync.failure.map { .unwritable("\($0)") } ?? whereabouts()
  }

  private func whereabouts() -> Trouble? {
    do throws(Errno) {
      let here = try Stat(descriptor)
      if here.linkCount == 0 { return .removed }
      guard let there = try? Stat(FilePath(path)) else { return .moved }
      return here.isSameFile(as: there) ? nil : .moved
    } catch {
      return .unwritable("\(error)")
    }
  }

  /// The truth about the file, in a sentence.
  var account: String {
    switch trouble {
    case nil where isRemovedEmpty: "nothing was done, and nothing is recorded"
    case nil: "recorded in \(path)"
    case .unwritable(let reason): "\(path) cannot be written: \(reason); what was done since is not in it"
    case .removed: "\(path) was removed: nothing of the recording is left"
    case .moved: "the recording was moved away from \(path)"
    }
  }
}
