import Engine
import FoundationEssentials
import SystemPackage

/// The file of how far somebody is in lessons: read whole, and replaced whole under a lock, so that several workbenches can be open.
struct ProgressFile {
  let path: String

  /// Beside recordings and history.
  init?(in folder: String?) {
    guard let folder else { return nil }
    path = folder + "/progress"
  }

  /// Whether there is none yet.
  var isMissing: Bool { (try? Stat(FilePath(path), followTargetSymlink: false)) == nil }

  func read() throws(SessionLoader.Failure) -> CourseProgress {
    guard !isMissing else { return CourseProgress() }
    let lines: [String]
    do throws(UnreadableFile) { lines = try HistoryFile(path: path).lines() } catch { throw .unreadable(error) }
    do throws(ScriptError) { return try CourseProgress(lines) } catch {
      throw .malformed("\(path):\(error.line): \(error.message)")
    }
  }

  /// Changes what it has. A file that cannot be read stays as it is.
  func change(_ body: (inout CourseProgress) -> Void) throws(SessionLoader.Failure) {
    let file = HistoryFile(path: path)
    do throws(Errno) { try FilePath(path).removingLastComponent().makeFolders() } catch {
      throw .unreadable(UnreadableFile(path: path, reason: "\(error)"))
    }
    let isKept: Bool? = try file.locked { () throws(SessionLoader.Failure) in
      var progress = try read()
      body(&progress)
      return file.replace(with: progress.lines)
    }
    if isKept != true { throw .unreadable(UnreadableFile(path: path, reason: "cannot be written")) }
  }
}
