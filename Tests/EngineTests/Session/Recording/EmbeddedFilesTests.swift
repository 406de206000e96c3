import Basics
import Engine
import Foundation
import Testing

@testable import Session

/// Files that come with a script or a recording.
struct EmbeddedFilesTests {
  private static func lines(_ name: String, _ bytes: [UInt8], perLine: Int = 100) -> [String] {
    [EmbeddedFiles.head(name, bytes)]
      + stride(from: 0, to: bytes.count, by: perLine).map {
        "#data " + Data(bytes[$0..<min(bytes.count, $0 + perLine)]).base64EncodedString()
      }
  }

  private static func tour() throws -> [UInt8] {
    Array(try Data(contentsOf: Project.root.appending(path: "Sessions/guests/tour.elf")))
  }

  /// What it boots and includes is there, although nothing can be loaded, and no caption says so.
  @Test func whatIsNamedIsFound() throws {
    let runner = ScriptRunner(Session(MachineConfiguration()))
    let lines =
      Self.lines("mytour", try Self.tour(), perLine: 30_000) + Self.lines("parts/a.session", Array("RMI_VERSION 0x10000\n".utf8))
      + Self.lines("nothing", []) + ["include parts/a.session", "debug mytour", "step 20"]
    for (index, line) in lines.enumerated() { try runner.run(line: line, number: index + 1, file: "test") }
    #expect(runner.session.steps.first?.text == "smc RMI_VERSION 0x10000")
    #expect(runner.guestControl.subject != nil && runner.session.captions.all.isEmpty)
    #expect(try runner.session.file("nothing") == [])
    #expect(throws: ScriptError.self) { try runner.run(line: "debug other", number: 99, file: "test") }
  }

  @Test func aRecordingHasFilesToo() throws {
    let file = Self.lines("disk.img", [UInt8](repeating: 7, count: 1000))
    let replayer = Replayer(Session(MachineConfiguration()))
    let lines = ["#workbench 5", "machine dram=64M"] + file + ["RMI_GRANULE_DELEGATE 0x80001000"]
    for (index, line) in lines.enumerated() {
      if try replayer.take(plain: Array(line.utf8), line: index + 1) { continue }
      try replayer.take(line, line: index + 1)
    }
    try replayer.finish()
    #expect(replayer.difference == nil && replayer.session.captions.all.isEmpty)
    #expect(try replayer.session.file("disk.img") == [UInt8](repeating: 7, count: 1000))
    #expect(try replayer.session.file("other") == nil)
  }

  /// Whatever is not as it should be is said with its line, or where the file is named.
  @Test func whatIsWrongIsSaid() throws {
    let good = Self.lines("a", [UInt8](repeating: 1, count: 250))
    func message(_ lines: [String]) -> String {
      let runner = ScriptRunner(Session(MachineConfiguration()))
      do throws(ScriptError) {
        for (index, line) in lines.enumerated() { try runner.run(line: line, number: index + 1, file: "test") }
        return "none"
      } catch { return "\(error.line) \(error.message)" }
    }
    #expect(message(good) == "none")
    var changed = good
    changed[1] = "#data " + Data([UInt8](repeating: 2, count: 100)).base64EncodedString()
    #expect(message(changed) == "4 the file \"a\" of line 1 is not what its length and its hash say")
    #expect(message(good.dropLast() + ["include a"]).contains("the file \"a\" of line 1 has 200 of 250 bytes"))
    #expect(message(good.dropLast() + Self.lines("b", [1])).hasPrefix("4 the file \"a\" of line 1 has 200 of 250 bytes"))
    #expect(message(good + good) == "5 there is a file \"a\" already")
    #expect(message([good[0], "#data %%%"]) == "2 expected bytes of \"a\" in base64 behind #data")
    #expect(message([good[0], "#data "]) == "2 expected bytes of \"a\" in base64 behind #data")
    #expect(message(["#file 3 abcd a"]).hasPrefix("1 expected #file BYTES SHA256 NAME"))
    let hash = String(repeating: "0", count: 64)
    #expect(message(["#file \(1 << 40) \(hash) a"]).hasPrefix("1 files have at most 256M in all"))
    #expect(message(["#file -1 \(hash) a"]).hasPrefix("1 expected #file BYTES SHA256 NAME"))
    #expect(message(["#data abc", "# nothing is open: a comment"]) == "none")
  }
}
