import Foundation
import Testing

/// `workbench explore` and what is beside it, as a cluster runs them.
struct ExploreCommandTests {
  private static let search = ["explore", "--world", "tiny", "--depth", "7", "--workers", "1"]

  @Test func shardsOfACluster() throws {
    let folder = try TemporaryFolder()
    let files = (1...3).map { folder.path + "/\($0).jsonl" }
    for (n, file) in files.enumerated() {
      let environment = ["WORKBENCH_SHARDS": "3", "PARALLEL_SEQ": "\(n + 1)"]
      let result = try Headless.run(Self.search + ["-o", file, "--resume", file + ".search"], environment: environment)
      #expect(result.code == 0, "\(result.error)")
      // What is done is not done again.
      #expect(try Headless.run(Self.search + ["-o", file], environment: environment).output == "\(file) is there already\n")
    }
    let merged = try Headless.run(["explore", "merge"] + files.reversed() + files)
    #expect(merged.code == 0, "\(merged.error)")
    let one = try Headless.run(Self.search)
    func table(_ text: String) -> [Substring] { text.split(separator: "\n").filter { $0.hasPrefix(" ") } }
    #expect(table(merged.output).count == 8)
    #expect(table(merged.output) == table(one.output))
    #expect(merged.output.contains("every rule held in each"))
    let some = try Headless.run(["explore", "merge"] + files.dropLast())
    #expect(some.code == 65)
    #expect(some.error.contains("there is no result of shard 2"), "\(some.error)")
  }

  @Test func whatIsOfNoUseIsNotTriedAgain() throws {
    let shard = ["--shard", "0/2"]
    #expect(try Headless.run(Self.search + shard + ["--world", "/nonexistent"]).code == 42)
    #expect(try Headless.run(Self.search + shard + ["--without", "x.y"]).code == 42)
    #expect(try Headless.run(Self.search + ["--shard", "2/2"]).code == 42)
    #expect(try Headless.run(Self.search, environment: ["WORKBENCH_SHARDS": "2"]).code == 42)
    #expect(try Headless.run(["explore", "--memory", "1M"] + shard).code == 42)
    #expect(try Headless.run(["fuzz", "--calls", "0"] + shard).code == 42)
  }

  @Test func aBrokenRuleIsOneOfTheResults() throws {
    let folder = try TemporaryFolder()
    let file = folder.path + "/0.jsonl"
    let run = Self.search + ["--without", "RMI_REC_CREATE.rec_state", "--shard", "0/1", "-o", file]
    #expect(try Headless.run(run).code == 1)
    #expect(try Headless.run(run).code == 1)
    let merged = try Headless.run(["explore", "merge", file])
    #expect(merged.code == 1)
    #expect(merged.output.contains("broken after 4 moves"), "\(merged.output)")
  }

  @Test func randomRunsAreShared() throws {
    let folder = try TemporaryFolder()
    let files = (0..<2).map { folder.path + "/\($0)" }
    for (n, file) in files.enumerated() {
      let result = try Headless.run(["fuzz", "--calls", "300", "--shard", "\(n)/2", "-o", file])
      #expect(result.code == 0 && result.output.contains("seed \(n + 1)"), "\(result.output)")
    }
    let merged = try Headless.run(["explore", "merge"] + files)
    #expect(merged.code == 0)
    #expect(merged.output == "600 actions of 2 runs, 2 of 2 shards\nevery rule held\n")
  }

  @Test func aSearchGoesOnFromItsFile() throws {
    let folder = try TemporaryFolder()
    let file = folder.path + "/search"
    func run(_ depth: String) throws -> String {
      let result = try Headless.run(["explore", "--world", "tiny", "--depth", depth, "--resume", file])
      #expect(result.code == 0, "\(result.error)")
      return result.output
    }
    #expect(try run("4").contains("up to 4 moves"))
    #expect(try run("6").contains("up to 6 moves"))
    let other = try Headless.run(["explore", "--world", "small", "--depth", "6", "--resume", file])
    #expect(other.code == 64)
    #expect(other.error.contains("is another search"), "\(other.error)")
  }
}
