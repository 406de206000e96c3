import Engine
import SystemPackage
import Views

/// Reads a recording and performs it, as far as one likes at a time. A torn last line is dropped.
final class RecordingReader {
  let path: String
  let replayer: Replayer
  /// Bytes of the file that have been read.
  var count: Int { lines.consumed }
  /// Bytes of the file, if that is known.
  let size: Int?
  @exclusivity(unchecked) private var lines: LineReader
  @exclusivity(unchecked) private var line: [UInt8] = []
  private(set) var isWhole = false

  /// Lines between two questions whether to go on.
  private static let stride = 256

  /// Whether the last line was torn.
  var isTorn: Bool { !lines.lastWasWhole }

  /// Where recording and machine contradict each other first.
  var contradiction: Contradiction? { replayer.difference.map { Contradiction($0) } }

  /// How far it has come, for who waits.
  var progress: String {
    let steps = "\(replayer.session.allSteps) steps"
    guard let size, size > 0 else { return "reading: \(steps) so far; Esc ends it" }
    return "reading: \(steps), \(count * 100 / size) % of the file; Esc ends it"
  }

  convenience init(_ path: String, _ limits: RunLimits) throws(SessionLoader.Failure) {
    let lines: LineReader
    do throws(UnreadableFile) { lines = try LineReader(path) } catch { throw .unreadable(error) }
    try self.init(path, lines, limits)
  }

  /// Makes the machine that is said in the first line that is no comment.
  init(_ path: String, _ lines: consuming LineReader, _ limits: RunLimits) throws(SessionLoader.Failure) {
    var head: [String] = []
    while head.last?.hasPrefix("#") ?? true {
      let line = lines.next()
      guard lines.lastWasWhole, let line = try Self.text(line, path) else { break }
      head.append(line)
    }
    do throws(ScriptError) {
      replayer = Replayer(Session(try Recording.configuration(of: head)))
      replayer.session.limits = limits
      for (index, line) in head.enumerated() { try replayer.take(line, line: index + 1) }
    } catch {
      throw .malformed(error.description(in: path))
    }
    self.path = path
    self.lines = lines
    size = (try? Stat(FilePath(path))).map { Int($0.size) }
  }

  /// Reads on.
  ///
  /// - Parameter goesOn: asked now and then whether to.
  /// - Returns: whether it has read all.
  @discardableResult
  func read(while goesOn: () -> Bool) throws(SessionLoader.Failure) -> Bool {
    guard !isWhole else { return true }
    do throws(ScriptError) {
      while lines.lastWasWhole {
        if lines.number % Self.stride == 0, !goesOn() { return false }
        guard try readLine() else { break }
      }
      isWhole = true
      try replayer.finish(isTorn: isTorn)
    } catch {
      throw .malformed(error.description(in: path))
    }
    if let failure = unreadable { throw .unreadable(failure) }
    return true
  }

  private var unreadable: UnreadableFile?

  /// - Returns: whether there may be more.
  private func readLine() throws(ScriptError) -> Bool {
    switch lines.nextBytes(&line) {
    case .end: return false
    case .failed(let failure):
      unreadable = failure
      return false
    case .bad(let error): throw error
    case .text: break
    }
    guard lines.lastWasWhole else { return false }
    if try replayer.take(plain: line, line: lines.number) { return true }
    switch lines.decode(line) {
    case .text(let text): try replayer.take(text, line: lines.number)
    case .bad(let error): throw error
    case .failed: break
    }
    return true
  }

  /// Performs what was read, and reads no more.
  func stop() throws(SessionLoader.Failure) {
    isWhole = true
    do throws(ScriptError) { try replayer.finish() } catch { throw .malformed(error.description(in: path)) }
  }

  private static func text(_ line: LineReader.Line?, _ path: String) throws(SessionLoader.Failure) -> String? {
    switch line {
    case .text(let text): return text
    case .bad(let error): throw .malformed(error.description(in: path))
    case .failed(let failure): throw .unreadable(failure)
    case nil: return nil
    }
  }
}
