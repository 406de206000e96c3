import CPseudoTerminal
import Foundation
import Libc
import Testing

/// Runs the built program in a pseudo-terminal, types at it and reads what it writes.
final class PseudoTerminal {
  private var primary: Int32
  private let replica: Int32
  let pid: pid_t
  private(set) var output: [UInt8] = []
  private let before: termios
  private var status: Int32?

  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  static let program = root.appending(path: ".build/debug/workbench").path

  struct Trouble: Error, CustomStringConvertible {
    var description: String
  }

  /// - Parameter shell: commands of a shell that becomes the program then.
  init(
    _ arguments: [String] = [], environment: [String: String] = [:], columns: UInt16 = 120, rows: UInt16 = 36,
    shell: String? = nil
  ) throws {
    var variables = ["TERM": "xterm-256color", "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin", "HOME": "/dev/null"]
    variables["LD_LIBRARY_PATH"] = ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"]
    variables.merge(environment) { $1 }
    let words = [Self.program] + arguments
    let command = shell.map { ["/bin/sh", "-c", "\($0); exec \"$@\"", "sh"] + words } ?? words
    let argv: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
    let envp: [UnsafeMutablePointer<CChar>?] = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for pointer in argv + envp { free(pointer) } }
    var ends: (Int32, Int32) = (-1, -1)
    pid = pt_start(command[0], argv, envp, Int32(columns), Int32(rows), &ends.0, &ends.1)
    primary = ends.0
    replica = ends.1
    var modes = termios()
    tcgetattr(replica, &modes)
    before = modes
    guard pid > 0 else { throw Trouble(description: "cannot start \(Self.program) in a pseudo-terminal") }
  }

  deinit {
    if status == nil {
      kill(pid, SIGKILL)
      var ignored: Int32 = 0
      waitpid(pid, &ignored, 0)
    }
    close(primary)
    close(replica)
  }

  /// What the program has written, as text.
  var text: String { String(decoding: output, as: UTF8.self) }

  private func drain() {
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = read(primary, &buffer, buffer.count)
      guard count > 0 else { return }
      output += buffer[..<count]
    }
  }

  /// Waits until the program has written `wanted` since `mark`.
  func until(_ wanted: String, since mark: Int = 0, seconds: Double = 20) throws {
    let deadline = Date().addingTimeInterval(seconds)
    while Date() < deadline {
      drain()
      if String(decoding: output[min(mark, output.count)...], as: UTF8.self).contains(wanted) { return }
      usleep(3000)
    }
    throw Trouble(description: "\"\(wanted)\" did not come; the end of the output is \(text.suffix(600))")
  }

  /// Waits until the program has written anything since `mark`.
  func untilMore(since mark: Int, seconds: Double = 20) throws {
    let deadline = Date().addingTimeInterval(seconds)
    while Date() < deadline {
      if self.mark > mark { return }
      usleep(3000)
    }
    throw Trouble(description: "nothing came; the end of the output is \(text.suffix(600))")
  }

  /// Where the output stands: for ``until(_:since:seconds:)``.
  var mark: Int {
    drain()
    return output.count
  }

  /// The same once the frame is whole: nothing more has come for a tenth of a second.
  var markOfWholeFrame: Int {
    var last = mark
    while true {
      usleep(100_000)
      if mark == last { return last }
      last = mark
    }
  }

  func type(_ text: String) {
    let bytes = Array(text.utf8)
    var offset = 0
    while offset < bytes.count {
      let count = bytes[offset...].withUnsafeBytes { write(primary, $0.baseAddress, $0.count) }
      if count > 0 { offset += count } else { usleep(1000) }
    }
  }

  func resize(_ columns: UInt16, _ rows: UInt16) {
    var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(primary, UInt(TIOCSWINSZ), &size)
    kill(pid, SIGWINCH)
  }

  /// The terminal is closed, as by a window or a connection that goes.
  func hangUp() {
    close(primary)
    primary = -1
  }

  /// Lets the program's files grow no further than `bytes`; nil lets them grow again.
  func limitFiles(to bytes: Int?) { #expect(pt_limit_files(pid, bytes.map { Int64($0) } ?? -1) == 0) }

  /// The program's stack grows no further: whatever needs more of it finds that it is exhausted.
  func exhaustStack() { #expect(pt_limit_stack(pid) == 0) }

  /// Waits for the end: the exit code, or 128 plus the signal that killed it.
  func exitCode(seconds: Double = 20) throws -> Int32 {
    let deadline = Date().addingTimeInterval(seconds)
    while Date() < deadline {
      drain()
      var value: Int32 = 0
      if waitpid(pid, &value, WNOHANG) == pid {
        drain()
        let code = value & 0x7F == 0 ? (value >> 8) & 0xFF : 128 + (value & 0x7F)
        status = code
        return code
      }
      usleep(3000)
    }
    throw Trouble(description: "the program did not end")
  }

  /// Whether the terminal's modes are as they were found.
  var modesAreRestored: Bool {
    var now = termios()
    tcgetattr(replica, &now)
    return now.c_lflag == before.c_lflag && now.c_iflag == before.c_iflag && now.c_oflag == before.c_oflag
  }
}

/// Runs the built program without a terminal.
enum Headless {
  static func run(_ arguments: [String], input: String = "", environment: [String: String] = [:]) throws -> (
    code: Int32, output: String, error: String
  ) {
    let process = Process()
    process.executableURL = URL(filePath: PseudoTerminal.program)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let (input_, output, error) = (Pipe(), Pipe(), Pipe())
    process.standardInput = input_
    process.standardOutput = output
    process.standardError = error
    try process.run()
    input_.fileHandleForWriting.write(Data(input.utf8))
    try input_.fileHandleForWriting.close()
    let out = output.fileHandleForReading.readDataToEndOfFile()
    let err = error.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: out, as: UTF8.self), String(decoding: err, as: UTF8.self))
  }
}

/// Runs a line of the shell; `workbench` is the built program.
enum Shell {
  static func run(_ line: String) throws -> (code: Int32, output: String, error: String) {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/bash")
    process.arguments = ["-c", "set -o pipefail; workbench() { \"\(PseudoTerminal.program)\" \"$@\"; }; \(line)"]
    let (output, error) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = error
    try process.run()
    let out = output.fileHandleForReading.readDataToEndOfFile()
    let err = error.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: out, as: UTF8.self), String(decoding: err, as: UTF8.self))
  }
}

/// A folder that is gone when the test is over.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "workbench-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ name: String, _ text: String) throws -> String {
    let file = path + "/" + name
    try FileManager.default.createDirectory(
      at: URL(filePath: file).deletingLastPathComponent(), withIntermediateDirectories: true)
    try text.write(toFile: file, atomically: true, encoding: .utf8)
    return file
  }

  /// The recordings of a program whose state folder this is.
  var recordings: [String] {
    let folder = path + "/workbench/sessions"
    return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted().map { folder + "/" + $0 }
  }
}
