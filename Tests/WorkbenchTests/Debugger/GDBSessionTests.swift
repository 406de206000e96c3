import Foundation
import Libc
import Testing

/// A real GDB at a real guest: the tour, its addresses as Sessions/guests/tour/start.S and link.ld give them.
@Suite(.serialized)
struct GDBSessionTests {
  static let gdb: String? = ["/usr/bin", "/usr/local/bin", "/bin"].map { "\($0)/gdb-multiarch" }
    .first { FileManager.default.isExecutableFile(atPath: $0) }

  /// The call of main, after the stack and the vectors.
  private static let callOfMain = 0x8000_001C
  /// Where the second vCPU begins, with its context in X0.
  private static let secondaryStart = 0x8000_0028
  /// Where the variable `visits` is, which only the second vCPU writes.
  private static let visits = 0x8000_8000

  private struct Result {
    var gdb: String
    var error: String
    var code: Int32
  }

  /// Boots the tour, or raw code, under a GDB that gets some commands after it has connected; with `interrupting`, somebody types Control-C
  /// soon after it has written "going".
  private func debug(
    _ commands: [String], vcpus: Int = 2, image: [UInt8]? = nil, session: String? = nil, interrupting: Bool = false
  ) throws -> Result {
    let folder = try TemporaryFolder()
    var guest = PseudoTerminal.root.appending(path: "Sessions/guests/tour.elf").path
    if let image {
      guest = "\(folder.path)/guest.bin"
      try Data(image).write(to: URL(filePath: guest))
    }
    let program = try start(
      PseudoTerminal.program,
      session.map { ["run", PseudoTerminal.root.appending(path: $0).path, "--raw", "--gdb", "0"] }
        ?? ["boot", guest, "--gdb", "0", "--vcpus", "\(vcpus)"],
      try folder.write("program", ""))
    defer { if program.isRunning { kill(program.processIdentifier, SIGKILL) } }
    let place = "gdb: listening on 127.0.0.1:"
    let line = try wait(20) { try read(folder, "program").split(separator: "\n").first { $0.hasPrefix(place) } }
    let port = try #require(line).dropFirst(place.count)
    let all = ["set confirm off", "set pagination off", "set width 0", "set tcp connect-timeout 10", "target remote :\(port)"]
    let gdb = try start(
      try #require(Self.gdb), ["-nx", "-batch"] + (all + commands).flatMap { ["-ex", $0] }, try folder.write("gdb", ""))
    defer { if gdb.isRunning { kill(gdb.processIdentifier, SIGKILL) } }
    if interrupting {
      _ = try wait(20) { try read(folder, "gdb").contains("going") ? true : nil }
      usleep(300_000)
      gdb.interrupt()
    }
    _ = try wait(60) { gdb.isRunning ? nil : true }
    _ = try wait(60) { program.isRunning ? nil : true }
    let result = Result(
      gdb: try read(folder, "gdb"), error: try read(folder, "program"), code: program.isRunning ? -1 : program.terminationStatus)
    try #require(!gdb.isRunning && !program.isRunning, "no end: \(result)")
    return result
  }

  private func start(_ path: String, _ arguments: [String], _ output: String) throws -> Process {
    let process = Process()
    process.executableURL = URL(filePath: path)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(["LC_ALL": "C"]) { $1 }
    let file = try FileHandle(forWritingTo: URL(filePath: output))
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = file
    process.standardError = file
    // This thread may block signals, and what it starts would never hear of a Control-C.
    var (none, before) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    try process.run()
    return process
  }

  private func read(_ folder: TemporaryFolder, _ name: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(filePath: "\(folder.path)/\(name)")), as: UTF8.self)
  }

  /// Looks again and again; nil if `seconds` are over.
  private func wait<Value>(_ seconds: Double, _ look: () throws -> Value?) throws -> Value? {
    let deadline = Date().addingTimeInterval(seconds)
    while Date() < deadline {
      if let value = try look() { return value }
      usleep(3000)
    }
    return nil
  }

  private func expect(_ result: Result, _ parts: [String], location: SourceLocation = #_sourceLocation) {
    var rest = result.gdb[...]
    for part in parts {
      guard let found = rest.range(of: part) else {
        Issue.record("\"\(part)\" is not there, or not after what is before it, in:\n\(result.gdb)", sourceLocation: location)
        return
      }
      rest = rest[found.upperBound...]
    }
  }

  private func place(_ address: Int) -> String { "0x" + String(address, radix: 16) }

  @Test(.enabled(if: gdb != nil, "there is no gdb-multiarch"))
  func itGoesBothWays() throws {
    let result = try debug([
      "break *\(place(Self.callOfMain))", "continue", "info registers", "x/4i $pc",
      "printf \"pc %lx x1 %lx sp %lx\\n\", $pc, $x1, $sp", "p/x $cpsr & 0xf",
      "x/i $pc", "x/wx $pc", "reverse-stepi", "printf \"back %lx\\n\", $pc", "stepi", "printf \"again %lx\\n\", $pc",
      "stepi", "printf \"lr %lx\\n\", $x30", "reverse-continue", "printf \"there %lx\\n\", $pc", "delete", "reverse-continue",
      "printf \"first %lx\\n\", $pc", "continue",
      "printf \"last %lx\\n\", $pc", "reverse-stepi", "continue", "continue",
    ])
    expect(
      result,
      [
        "0x0000000080000000 in", "hit Breakpoint 1, 0x000000008000001c", "\nx0 ", "\nx30 ", "\nsp             0x80007000",
        "\npc             0x8000001c", "EL=1", "=> 0x8000001c:\tbl\t", "0x80000020:\twfi", "0x80000024:\tb\t0x80000020",
        "0x80000028:", "pc 8000001c x1 80001000 sp 80007000", "= 0x5",
        "=> 0x8000001c:\tbl\t", "0x8000001c:\t0x94", "back 80000018", "again 8000001c", "lr 80000020",
        "hit Breakpoint 1, 0x000000008000001c", "there 8000001c", "No more reverse-execution history.", "first 80000000",
        "Hello from a Realm.", "Good bye.", "the guest ends with this instruction", "last 80000820",
        "the guest ends with this instruction",
        "exited normally",
      ])
    #expect(result.code == 0, "\(result.error)")
    #expect(result.error.contains("the guest powered off"))
  }

  @Test(.enabled(if: gdb != nil, "there is no gdb-multiarch"))
  func aWatchpointFindsTheOtherVCPU() throws {
    let result = try debug([
      "info threads", "hbreak *\(place(Self.secondaryStart))", "continue", "info threads", "printf \"context %ld\\n\", $x0",
      "watch *(unsigned long *)\(place(Self.visits))", "continue", "continue", "reverse-continue", "reverse-continue",
      "delete", "rwatch *(unsigned long *)\(place(Self.visits))", "continue", "delete",
      "printf \"value %ld\\n\", *(unsigned long *)\(place(Self.visits))", "detach",
    ])
    expect(
      result,
      [
        "Thread 1.1 (vCPU 0 (on))", "Thread 1.2 (vCPU 1 (off))", "Thread 2 hit Breakpoint 1, 0x0000000080000028", "(vCPU 0 (on))",
        "* 2", "(vCPU 1 (on))", "context 41", "Thread 2 hit Hardware watchpoint 2", "Old value = 0", "New value = 41",
        "Thread 2 hit Hardware watchpoint 2", "Old value = 41", "New value = 42", "Thread 2 hit Hardware watchpoint 2",
        "Old value = 42", "New value = 41", "Thread 2 hit Hardware watchpoint 2", "Old value = 41", "New value = 0",
        "hit Hardware read watchpoint 3", "detached",
      ])
    #expect(result.code == 0, "\(result.error)")
  }

  @Test(.enabled(if: gdb != nil, "there is no gdb-multiarch"))
  func registersAndMemoryAreNotWritten() throws {
    let result = try debug(
      [
        "set $x5 = 1", "set *(unsigned int *)0x80006000 = 1", "x/wx 0x10", "info registers cpsr", "stepi 3", "info threads",
        "monitor translate 80000000", "kill",
      ], vcpus: 1)
    expect(
      result,
      [
        "Cannot access memory at address 0x80006000", "Cannot access memory at address 0x10", "EL=1", "0x000000008000000c",
        "Thread 1.1 (vCPU 0 (on))", "VA 0x80000000: the MMU is off: IPA 0x80000000, stage 2 PA", "killed",
      ])
  }

  /// A core of the guest is read again by a GDB without a guest: its memory, and the registers of each vCPU.
  @Test(.enabled(if: gdb != nil, "there is no gdb-multiarch"))
  func aCoreIsSaved() throws {
    let folder = try TemporaryFolder()
    let core = "\(folder.path)/core"
    // Of a program's file GDB knows what a core of it is like.
    let file = PseudoTerminal.root.appending(path: "Sessions/guests/tour.elf").path
    let result = try debug(
      [
        "file \(file)",
        "break *\(place(Self.callOfMain))", "continue", "info registers sp pc cpsr", "info registers VBAR_EL1", "p/x $fpcr",
        "generate-core-file \(core)",
        "kill",
      ])
    expect(result, ["VBAR_EL1       0x80001000", "= 0x0", "Saved corefile"])
    let output = try folder.write("read", "")
    let gdb = try start(
      try #require(Self.gdb),
      [
        "-nx", "-batch", "-ex", "set osabi GNU/Linux", "-ex", "file \(file)", "-ex", "core-file \(core)", "-ex",
        "x/wx 0x8000001c", "-ex", "info threads", "-ex",
        "info registers sp pc cpsr",
      ], output)
    _ = try wait(60) { gdb.isRunning ? nil : true }
    let text = try read(folder, "read")
    #expect(text.contains("0x8000001c <_start+28>:\t0x94"), "\(text)")
    #expect(text.contains("LWP 1") && text.contains("LWP 2"), "\(text)")
    // Without names of places, which the core has none of.
    func registers(_ text: String) -> [String] {
      text.split(separator: "\n").map { $0.split(separator: " ").prefix(2).joined(separator: " ") }
        .filter { line in ["sp ", "pc ", "cpsr "].contains { line.hasPrefix($0) } }
    }
    #expect(registers(text).count == 3 && registers(result.gdb) == registers(text), "\(result.gdb) \(text)")
  }

  @Test(.enabled(if: gdb != nil, "there is no gdb-multiarch"))
  func controlCStopsAGuestThatNeverEnds() throws {
    let result = try debug(
      [
        "shell echo going", "continue", "printf \"at %lx\\n\", $pc", "stepi", "stepi", "printf \"still %lx\\n\", $pc",
        "monitor nonsense", "kill",
      ], image: [0x1F, 0x20, 0x03, 0xD5, 0x00, 0x00, 0x00, 0x14], interrupting: true)
    expect(result, ["received signal SIGINT", "at 80000004", "still 80000004", "monitor translate ADDRESS", "killed"])
    #expect(result.code == 1, "\(result.error)")
  }

  /// The TEE of a session, which is done again as GDB lets it go on: at S-EL1 by the names of its image, and an application at S-EL0.
  @Test(.enabled(if: gdb != nil, "there is no gdb-multiarch"))
  func theTEEGoesBothWays() throws {
    let result = try debug(
      [
        "file \(PseudoTerminal.root.appending(path: "Sessions/secure/tee.elf").path)",
        "printf \"first %lx\\n\", $pc", "p/x $cpsr & 0xf", "break *tee_main", "continue", "info registers sp", "stepi",
        "reverse-stepi", "printf \"main %d\\n\", (long)$pc == (long)&tee_main", "hbreak *0x06300000", "continue",
        "p/x $cpsr & 0xf", "x/i $pc", "stepi", "reverse-stepi", "printf \"application %lx\\n\", $pc", "reverse-continue",
        "printf \"again %d\\n\", (long)$pc == (long)&tee_main", "delete", "set $x0 = 1", "continue", "monitor info", "detach",
      ], session: "Sessions/secure/01-hello.session")
    expect(
      result,
      [
        "first 6200000", "= 0x5", "Breakpoint 1, ", "tee_main", "main 1", "Breakpoint 2, 0x0000000006300000", "= 0x0",
        "0x6300000:", "application 6300000", "Breakpoint 1, ", "again 1", "Got value", "the Normal world has its PE again",
        "digest",
      ])
    #expect(result.code == 0, "\(result.error)")
  }
}
