import Foundation
import Testing

/// QEMU's command line at the program itself.
struct VMMCommandTests {
  @Test func aDeviceTreeIsDumpedToANewFile() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/tree.dtb"
    let arguments = ["qemu", "-M", "virt,gic-version=3,dumpdtb=\(path)", "-smp", "2", "-nographic"]
    let first = try Headless.run(arguments)
    #expect(first.code == 0)
    #expect(first.error.contains("qemu-system-aarch64: info: dtb dumped to \(path). Exiting."))
    let tree = try Data(contentsOf: URL(filePath: path))
    #expect(Array(tree.prefix(4)) == [0xD0, 0x0D, 0xFE, 0xED])
    #expect(tree.range(of: Data("cpu@1".utf8)) != nil)
    // What is there is not written over.
    let second = try Headless.run(arguments)
    #expect(second.code == 1)
    #expect(second.error.contains("exists already"))
    #expect(try Data(contentsOf: URL(filePath: path)) == tree)
  }

  /// A stranger's session writes no file.
  @Test func aSessionDumpsNone() throws {
    let folder = try TemporaryFolder()
    let script = try folder.write("dump.session", "qemu -M virt,dumpdtb=tree.dtb -nographic\n")
    let done = try Headless.run(["run", script])
    #expect(done.output.contains("Failed dumping dtb to tree.dtb"))
    #expect(done.output.contains("a session writes no files"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["dump.session"])
  }

  /// A guest that sends back what it reads: keys go to it as they are typed, Control-C as well.
  @Test func keysGoToTheGuestUntilControlAAndX() throws {
    let folder = try TemporaryFolder()
    // MOVZ X1, UART; again: LDR W2, [X1, #UARTFR]; TBNZ W2, #RXFE, again; LDR W3, [X1]; STR W3, [X1]; B again
    let echo: [UInt32] = [0xD2A1_2001, 0xB940_1822, 0x3727_FFE2, 0xB940_0023, 0xB900_0023, 0x17FF_FFFC]
    let path = "\(folder.path)/echo"
    let image = echo.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) } }
    try Data(image).write(to: URL(filePath: path))
    let terminal = try PseudoTerminal(
      ["qemu", "-M", "virt,gic-version=3", "-cpu", "host", "-accel", "kvm", "-m", "64M", "-nographic", "-kernel", path])
    try terminal.until("Ctrl-a x ends it.")
    let mark = terminal.mark
    terminal.type("a\u{3}b")
    try terminal.until("b", since: mark)
    terminal.type("\u{1}\u{1}c")
    try terminal.until("c", since: mark)
    terminal.type("\u{1}x")
    #expect(try terminal.exitCode() == 0)
    #expect(terminal.modesAreRestored)
  }
}
