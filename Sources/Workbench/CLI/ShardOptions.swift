import ArgumentParser
import Engine
import SystemPackage

/// What a command has that can be shared among several programs: which part is this one's, and where what it came to goes.
struct ShardOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Which part of the work this program does, such as 2/8 for the third of eight. Without it what an array job of Slurm, an Indexed Job of \
      Kubernetes or GNU parallel says in the environment, for the latter two with WORKBENCH_SHARDS, how many there are; 0/1 for all of it.
      """, valueName: "shard"))
  var shard: String?

  /// The shard that is asked for, or that the environment says.
  func chosen() throws -> Shard? {
    do throws(Shard.Malformed) {
      guard let shard else { return try Shard.ofEnvironment(environmentVariable) }
      return try Shard(shard)
    } catch {
      complain(error.message)
      throw Exit.pointless
    }
  }

  /// Does what a shard has to. Whoever starts shards again that fail is told with 42 where that is of no use: what is asked for cannot be.
  static func run(_ shard: Shard?, _ body: () throws -> Void) throws {
    guard shard != nil else { return try body() }
    do {
      try body()
    } catch let error as ValidationError {
      complain(error.message)
      throw Exit.pointless
    } catch let code as ExitCode where [Exit.usage, Exit.badData, Exit.noInput].contains(code) {
      throw Exit.pointless
    }
  }

  /// Whether a shard has been done before, as its result is there. Ends the program with 1 if that is bad.
  static func isDone(_ shard: Shard?, _ output: String?) throws -> Bool {
    guard shard != nil, let output, output != "-", FilePath(output).isThere else { return false }
    let result = try ResultFiles.read([output])
    var out = Output()
    out.line("\(output) is there already")
    out.flush()
    if result.isBroken { throw Exit.difference }
    return true
  }
}

/// Files of what shards came to.
enum ResultFiles {
  static func read(_ files: [String]) throws -> ShardResult {
    var all: ShardResult?
    for file in files {
      let bytes = try orComplain { () throws(TokenFile.Failure) in
        try TokenFile.bytes(file, limit: ShardResult.sizeLimit, isPlain: true)
      }
      do throws(ShardResult.Malformed) {
        let result = try ShardResult(String(decoding: bytes, as: UTF8.self))
        if var known = all {
          try known.add(result)
          all = known
        } else {
          all = result
        }
      } catch {
        complain("\(shown(file, limit: .max)): \(error.message)")
        throw Exit.badData
      }
    }
    guard let all else { throw ValidationError("no file") }
    return all
  }

  static func write(_ result: ShardResult, to path: String) throws {
    try NewFile.writeOrComplain(Array((result.jsonLines.joined(separator: "\n") + "\n").utf8), to: path)
  }
}

struct ExploreMergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge", abstract: "Puts together what shards of explore or of fuzz came to.",
    discussion: """
      The files can be given in any order, and one can be given twice. The exit code is 0 if every rule held, 1 if one is broken, and 65 if \
      a shard is missing.
      """)

  @Argument(help: ArgumentHelp("Files that shards have written.", valueName: "file"), completion: .file())
  var files: [String]

  @Option(
    name: .shortAndLong, help: ArgumentHelp("A new file for all of it, in lines of JSON.", valueName: "path"), completion: .file()
  )
  var output: String?

  func run() throws {
    let result = try ResultFiles.read(files)
    var out = Output()
    if output != "-" { for line in result.lines { out.line(line) } }
    out.flush()
    if let output { try ResultFiles.write(result, to: output) }
    if result.isBroken { throw Exit.difference }
    if !result.missing.isEmpty {
      complain("there is no result of shard \(result.missing.prefix(16).map(String.init).joined(separator: ", "))")
      throw Exit.badData
    }
  }
}

struct ExploreTableCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "table", abstract: "Prints what a search with --each-condition came to as a table, in Markdown.",
    discussion: "The first file says in which world. What that does not reach is told from files of other worlds.")

  @Argument(help: ArgumentHelp("Files that --each-condition has written.", valueName: "file"), completion: .file())
  var files: [String]

  func run() throws {
    var results: [Necessity] = []
    for file in files {
      guard case .necessity(let result) = try ResultFiles.read([file]) else {
        complain("\(shown(file, limit: .max)): this is no result of --each-condition")
        throw Exit.badData
      }
      guard let known = results.firstIndex(where: { $0.isOfSameSearch(as: result) }) else {
        results.append(result)
        continue
      }
      do throws(ShardResult.Malformed) { try results[known].add(result) } catch {
        complain("\(shown(file, limit: .max)): \(error.message)")
        throw Exit.badData
      }
    }
    guard let first = results.first else { throw ValidationError("no file") }
    var out = Output()
    for line in NecessityTable.lines(first, beside: Array(results.dropFirst())) { out.line(line) }
    out.flush()
  }
}
