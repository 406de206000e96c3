import Engine
import FoundationEssentials
import Synchronization

/// Where the sessions of attacks lie, and what is in them.
enum AttackFiles {
  /// Paths of all, in their order: of the folder below the working directory, beside the folders the program lies in, or where it was
  /// installed to. None if there is no such folder.
  private static var paths: [String] {
    for folder in GuestImages.projectFolders("attacks") {
      let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter {
        $0.hasPrefix("a") && $0.hasSuffix(".session")
      }
      if !names.isEmpty { return names.sorted().map { folder + "/" + $0 } }
    }
    return []
  }

  /// The same; that there are none ends the program.
  static func all() throws -> [String] {
    let paths = paths
    guard paths.isEmpty else { return paths }
    complain("there are no attacks here; expected Sessions/attacks below the working directory or the program")
    throw Exit.noInput
  }

  /// What tells whether a file is as it was when it was read.
  private struct Stamp: Equatable {
    let path: String
    let changed: Date?
    let size: UInt64?

    init(_ path: String) {
      let attributes = try? FileManager.default.attributesOfItem(atPath: path)
      self.path = path
      changed = attributes?[.modificationDate] as? Date
      size = attributes?[.size] as? UInt64
    }
  }

  private struct Kept {
    var stamps: [Stamp] = []
    var trials: [(path: String, attack: AttackTrial)] = []
  }

  private static let kept = Mutex(Kept())

  /// Those that can be tried in the workbench, in their order. They are asked for at each key, so files are read only where one of them has
  /// changed, come or gone.
  static var trials: [(path: String, attack: AttackTrial)] { trials(in: paths) }

  /// Those of some files.
  static func trials(in paths: [String]) -> [(path: String, attack: AttackTrial)] {
    let stamps = paths.map { Stamp($0) }
    return kept.withLock { kept in
      if kept.stamps != stamps {
        kept.stamps = stamps
        kept.trials = stamps.compactMap { stamp in
          guard let text = try? SessionLoader.read(stamp.path, isPlain: true) else { return nil }
          return AttackTrial(text.lines).map { (stamp.path, $0) }
        }
      }
      return kept.trials
    }
  }

  /// The path of one that is named by its number or its file.
  static func path(of word: String) throws -> String {
    guard let first = word.first, first == "a" || first == "A" || first.isNumber,
      let number = Int(first.isNumber ? word[...] : word.dropFirst()), number >= 0
    else { return word }
    let all = try all()
    let begin = number < 10 ? "a0\(number)-" : "a\(number)-"
    guard let path = all.first(where: { $0.split(separator: "/").last?.hasPrefix(begin) ?? false }) else {
      complain("there is no attack A\(number); there are A1 to A\(all.count)")
      throw Exit.usage
    }
    return path
  }

  static func head(_ path: String) throws(SessionLoader.Failure) -> Attack.Head {
    guard let head = Attack.Head(try SessionLoader.read(path, isPlain: true).lines) else {
      throw .malformed("\(path): an attack begins with \"# A1. Title\", \"# Wants: …\" and \"# Stopped by: …\"")
    }
    return head
  }

  static func run(_ path: String) throws(SessionLoader.Failure) -> Attack {
    let lines = try SessionLoader.read(path, isPlain: true).lines
    do throws(ScriptError) { return try Attack(lines, file: path, prepare: Includes.serve) } catch {
      throw .malformed(error.description(in: path))
    }
  }

  /// A session that stands where an attack begins, on the machine as it is.
  static func begun(_ path: String, _ attack: AttackTrial) throws(SessionLoader.Failure) -> SessionLoader.Loaded {
    let runner = ScriptRunner(Session(MachineConfiguration()))
    Includes.serve(runner)
    runner.session.limits = RunLimits()
    do throws(ScriptError) {
      for line in attack.asItIs.setup { try runner.run(line: line.text, number: line.number, file: path) }
    } catch {
      throw .malformed(error.description(in: path))
    }
    runner.session.limits = .person
    return SessionLoader.Loaded(
      session: runner.session, names: runner.names, guestControl: runner.guestControl, stackControl: runner.stackControl,
      attack: SessionLoader.AttackUnderWay(path: path, attack: attack, runner: runner))
  }
}
