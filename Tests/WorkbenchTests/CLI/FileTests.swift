import Foundation
import Libc
import Testing

@testable import Workbench

/// Files that are read and written.
struct FileTests {
  /// A FIFO has nobody at its other end and a device no end: neither is waited for.
  @Test func whatIsNoFileIsRefusedAtOnce() throws {
    let folder = try TemporaryFolder()
    let fifo = folder.path + "/fifo"
    #expect(mkfifo(fifo, 0o600) == 0)
    let includes = try folder.write("includes", "include fifo\n")
    let boots = try folder.write("boots", "machine vcpu=code\nboot fifo\n")
    let describes = try folder.write("describes", "realm\ndata 0 file=fifo\n")
    let start = Date()
    for (arguments, code) in [
      (["run", includes], 65), (["run", boots], 65), (["boot", fifo], 66), (["boot", "/dev/zero"], 66),
      (["boot", "--initrd", fifo], 66), (["disassemble", fifo], 66), (["show", "trace", includes], 65),
    ] as [([String], Int32)] {
      let result = try Headless.run(arguments)
      #expect(result.code == code, "\(arguments): \(result.error)")
      #expect(result.error.contains("is a FIFO") || result.error.contains("is a device"), "\(arguments): \(result.error)")
    }
    let measured = try Headless.run(["measure", describes])
    #expect(measured.code == 65 && measured.error.contains("is a FIFO"), "\(measured.error)")
    #expect(Date().timeIntervalSince(start) < 10)
    let empty = try Headless.run(["boot", try folder.write("empty", "")])
    #expect(empty.code == 65 && empty.error.contains("the image is empty"), "\(empty.error)")
    // What a shell pipes in is a script like any other, to its first line.
    #expect(try Shell.run("workbench run <(printf 'smc RMI_VERSION 0x10000\\nexpect RMI_ERROR_INPUT\\n')").code == 1)
  }

  /// Where there is no room nothing is left behind, and it says where and why.
  @Test func aFileThatCannotBeWrittenIsNotLeftInPart() throws {
    let folder = try TemporaryFolder()
    let token = "\(OutputTests.sessions)/11-replayed-token.session"
    let path = folder.path + "/token"
    let result = try Shell.run("ulimit -f 1; workbench token export \(token) -o \(path)")
    #expect(result.code == 74)
    #expect(result.error.contains("cannot write \(path): File too large"), "\(result.error)")
    #expect(!FileManager.default.fileExists(atPath: path))
    let nowhere = try Headless.run(["token", "export", token, "-o", folder.path + "/none/token"])
    #expect(nowhere.code == 74 && nowhere.error.contains("cannot create \(folder.path)/none/token"), "\(nowhere.error)")
    // What is there is somebody's.
    #expect(try Headless.run(["token", "export", token, "-o", "/dev/full"]).code == 64)
  }

  /// Eight workbenches write their history at once: every line is there, whole.
  @Test func aHistoryOfEightAtOnce() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/workbench/history"
    DispatchQueue.concurrentPerform(iterations: 8) { writer in
      var history = CommandHistory(path)
      for n in 0..<40 { history.add("writer \(writer) line \(n)") }
      history.save()
    }
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 320)
    #expect(Set(lines).count == 320)
    for writer in 0..<8 {
      let own = lines.filter { $0.hasPrefix("writer \(writer) ") }
      #expect(own == (0..<40).map { "writer \(writer) line \($0)" })
    }
  }

  /// It is cut while others write, and keeps what was typed last.
  @Test func aHistoryIsCutToItsEnd() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("history", String(repeating: String(repeating: "x", count: 99) + "\n", count: 1400))
    DispatchQueue.concurrentPerform(iterations: 8) { writer in
      var history = CommandHistory(path)
      for n in 0..<20 { history.add("writer \(writer) line \(n)") }
      history.save()
    }
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    #expect(lines.count <= 500 + 160)
    #expect(Set(lines.filter { $0.hasPrefix("writer") }).count == 160)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["history"])
  }

  @Test func aHistoryIsKeptInNothingButAFile() throws {
    let folder = try TemporaryFolder()
    let other = try folder.write("other", "mine\n")
    let (link, fifo) = (folder.path + "/link", folder.path + "/fifo")
    symlink(other, link)
    mkfifo(fifo, 0o600)
    for (path, reason) in [(link, "is a symbolic link"), (fifo, "is a FIFO"), ("/dev/full", "is a device")] {
      var history = CommandHistory(path)
      #expect(history.trouble?.contains(reason) == true, "\(path)")
      history.add("RMI_VERSION")
      history.save()
      #expect(history.earlier(than: "") == "RMI_VERSION")
    }
    #expect(try String(contentsOfFile: other, encoding: .utf8) == "mine\n")
    // One that was torn does not take the next line with it.
    let torn = try folder.write("torn", "whole\nto")
    var history = CommandHistory(torn)
    history.add("next")
    #expect(try String(contentsOfFile: torn, encoding: .utf8) == "whole\nto\nnext\n")
  }
}
