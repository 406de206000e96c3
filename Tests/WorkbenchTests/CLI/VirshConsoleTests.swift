import Foundation
import Testing

/// virsh's console at a terminal, with a guest that says what is typed until it hears Ctrl-D, and powers itself off then.
struct VirshConsoleTests {
  /// An arm64 Image: a loop that reads the PL011 at 0x9000000 and writes to it, and SYSTEM_OFF after byte 4.
  private static let image: [UInt32] = [
    0x1400_0010, 0, 0, 0, 0x1000, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0x644D_5241, 0,
    0xD2A1_2001, 0x5280_6022, 0xB900_3022, 0xB940_1822, 0x3727_FFE2, 0xB940_0023, 0xB900_0023, 0x7100_107F, 0x54FF_FF61,
    0x5280_0100, 0x72B0_8000, 0xD400_0002, 0x17FF_FFF7,
  ]
  private static let domain = """
    <domain type='kvm'>
      <name>echo</name>
      <memory unit='MiB'>64</memory><vcpu>1</vcpu>
      <os><type arch='aarch64' machine='virt'>hvm</type><kernel>echo.img</kernel></os>
      <features><gic version='3'/></features><cpu mode='host-passthrough'/>
      <devices><console type='pty'/></devices>
    </domain>

    """

  /// As a real virsh with the same guest under QEMU: the words, the bytes of control keys, and what the guest printed last.
  @Test func keysGoToTheGuestUntilItEndsOrIsLeft() throws {
    let folder = try TemporaryFolder()
    var bytes: [UInt8] = []
    for word in Self.image { for n in 0..<4 as Range<UInt32> { bytes.append(UInt8(truncatingIfNeeded: word >> (8 * n))) } }
    try Data(bytes).write(to: URL(filePath: "\(folder.path)/echo.img"))
    _ = try folder.write("echo.xml", Self.domain)
    let virsh = try PseudoTerminal(["virsh"], shell: "cd \(folder.path)")
    func say(_ text: String, until wanted: String) throws {
      let mark = virsh.mark
      virsh.type(text)
      try virsh.until(wanted, since: mark)
    }
    try virsh.until("virsh # ")
    try say("create echo.xml --console\n", until: "Escape character is ^] (Ctrl + ])\r\n")
    try say("hello", until: "hello")
    // Neither ends virsh: they are the guest's.
    try say("\u{3}\u{1A}", until: "\u{3}\u{1A}")
    try say("bye\u{4}", until: "bye\u{4}\r\nvirsh # ")
    try say("list --all\n", until: "--------------------\r\n\r\nvirsh # ")
    try say("create echo.xml\n", until: "created from echo.xml\r\n\r\nvirsh # ")
    try say("console echo\n", until: "Escape character is ^] (Ctrl + ])\r\n")
    try say("again", until: "again")
    try say("\u{1D}", until: "\r\nvirsh # ")
    #expect(virsh.modesAreRestored)
    try say("list\n", until: " 2    echo   running\r\n\r\nvirsh # ")
    virsh.type("quit\n")
    #expect(try virsh.exitCode() == 0)
  }
}
