import ArgumentParser
import Engine
import SystemPackage

/// The file a search is kept in, to go on with another time.
final class SearchFile {
  private let path: String
  private var kept = CPUClock.wall
  /// Seconds from one time it is kept to the next.
  private static let seconds = 600.0

  init(path: String) { self.path = path }

  /// The search that is in it; nil if there is no such file. It has to be the one that is asked for.
  func read(_ world: ExploredWorld, _ options: Explorer.Options, workers: Int) throws -> Explorer? {
    guard FilePath(path).isThere else { return nil }
    let bytes = try orComplain { () throws(TokenFile.Failure) in
      try TokenFile.bytes(path, limit: Explorer.fileLimit, isPlain: true)
    }
    let explorer: Explorer
    do throws(Explorer.Malformed) {
      explorer = try Explorer.read(bytes, workers: workers, depth: options.depth, memory: options.memory)
    } catch {
      complain("\(shown(path, limit: .max)): \(error.message)")
      throw Exit.badData
    }
    guard explorer.world == world, explorer.options == options else {
      throw ValidationError(
        "\(shown(path, limit: .max)) is another search: world, symmetry, conditions and shard have to be those it was begun with")
    }
    return explorer
  }

  /// If it was not for some time. That it cannot be written is told at the end.
  func keepNowAndThen(_ explorer: Explorer) {
    guard CPUClock.wall - kept > Self.seconds else { return }
    do throws(NewFile.Failure) { try keep(explorer) } catch { kept = CPUClock.wall }
  }

  /// Keeps it: the file is the old one or the new one, never a part of one.
  func keep(_ explorer: Explorer) throws(NewFile.Failure) {
    let new = FilePath(path + ".new")
    new.remove()
    try NewFile.write(explorer.saved(), to: new.string)
    guard new.replace(FilePath(path)) else {
      new.remove()
      throw NewFile.Failure(message: "cannot write \(shown(path, limit: .max))")
    }
    kept = CPUClock.wall
  }
}
