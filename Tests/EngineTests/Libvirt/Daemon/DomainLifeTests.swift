import Basics
import Foundation
import Libvirt
import Testing

/// What becomes of domains while time passes, and what libvirt keeps of it.
struct DomainLifeTests {
  @Test func aGuestThatPowersOffIsGoneALittleLater() {
    let virsh = VirshInTests()
    virsh.hypervisor.guests = ["alpha": .powersOff]
    _ = virsh.shell.run("create alpha.xml; list; list; list; list --all")
    let tables = virsh.text.components(separatedBy: " Id   Name").dropFirst().map { $0.contains("alpha") }
    #expect(tables == [true, true, false, false])
  }

  @Test func aDomainThatIsKeptIsShutOffThen() {
    let virsh = VirshInTests()
    virsh.hypervisor.guests = ["beta": .powersOff]
    _ = virsh.shell.run("define beta.xml; start beta; list; list; domstate beta --reason")
    #expect(virsh.text.hasSuffix("shut off (shutdown)\n\n"))
    #expect(virsh.daemon.domain("beta")?.log.lines.last?.text.hasSuffix("+0000: shutting down, reason=shutdown") ?? false)
  }

  @Test func aProcessThatDiesIsACrash() throws {
    let virsh = VirshInTests()
    virsh.hypervisor.guests = ["beta": .crashes]
    _ = virsh.shell.run("define beta.xml; start beta; list; list; domstate beta --reason")
    #expect(virsh.text.hasSuffix("shut off (crashed)\n\n"))
    let beta = try #require(virsh.daemon.domain("beta"))
    #expect(beta.end == HypervisorEnd(layer: .kvm, explanation: "KVM_RUN failed"))
    #expect(beta.log.lines.contains { $0.text.hasSuffix("Z qemu-system-aarch64: cannot go on") && $0.isProblem })
  }

  @Test func aRebootEndsADomainThatIsToEndThen() {
    let xml = LibvirtFixtures.text("dialogues/beta.xml").replacing("<devices>", with: "<on_reboot>destroy</on_reboot><devices>")
    let virsh = VirshInTests(files: ["ends.xml": xml])
    virsh.hypervisor.guests = ["beta": .reboots]
    _ = virsh.shell.run("define ends.xml; start beta; list; list; domstate beta --reason; start beta")
    #expect(virsh.text.contains("shut off (shutdown)"))
    // Without it the domain goes on.
    let other = VirshInTests()
    other.hypervisor.guests = ["beta": .reboots]
    _ = other.shell.run("create beta.xml; list; list; list; list; domstate beta")
    #expect(other.text.hasSuffix("running\n\n"))
  }

  @Test func aRebootOnDemandResetsAGuestThatHasTurnedItselfOff() {
    let virsh = VirshInTests()
    virsh.hypervisor.guests = ["beta": .powersOff]
    _ = virsh.shell.run("define beta.xml; start beta; reboot beta; list; domstate beta")
    #expect(virsh.text.hasSuffix("running\n\n"))
    #expect(virsh.daemon.domain("beta")?.talk.lines.contains { $0.text.contains("system_reset") } ?? false)
  }

  @Test func timePassesByCommandsAndIsTheSameEveryTime() {
    let virsh = VirshInTests()
    _ = virsh.shell.run("create alpha.xml; list; list; destroy alpha")
    let slices = TimeSlices()
    #expect(virsh.hypervisor.passed == slices.start + 3 * slices.command)
    // A line that cannot be read takes none.
    _ = virsh.shell.run("list; foo")
    #expect(virsh.hypervisor.passed == slices.start + 3 * slices.command)
  }

  /// Commands and their order are those of a real libvirt 9.0 (its log of the monitor).
  @Test func theTalkWithTheMonitorIsLibvirts() throws {
    let virsh = VirshInTests()
    _ = virsh.shell.run("create delta.xml; suspend delta; resume delta; reset delta; shutdown delta; destroy delta --graceful")
    #expect(virsh.shell.lastError == nil)
    let kept = VirshInTests()
    _ = kept.shell.run("create delta.xml; suspend delta; resume delta; reset delta; shutdown delta")
    let talk = try #require(kept.daemon.domain("delta")).talk.lines
    let sent = talk.filter { $0.direction == .sent }.map(\.text)
    #expect(
      sent == [
        #"{"execute":"qmp_capabilities","id":"libvirt-1"}"#,
        #"{"execute":"query-migrate-capabilities","id":"libvirt-2"}"#,
        #"{"execute":"migrate-set-capabilities","arguments":{"capabilities":[{"capability":"events","state":true}]},"id":"libvirt-3"}"#,
        #"{"execute":"query-chardev","id":"libvirt-4"}"#,
        #"{"execute":"query-cpus-fast","id":"libvirt-5"}"#,
        #"{"execute":"query-iothreads","id":"libvirt-6"}"#,
        #"{"execute":"balloon","arguments":{"value":268435456},"id":"libvirt-7"}"#,
        #"{"execute":"query-balloon","id":"libvirt-8"}"#,
        #"{"execute":"query-named-block-nodes","arguments":{"flat":true},"id":"libvirt-9"}"#,
        #"{"execute":"qom-list","arguments":{"path":"/machine/peripheral"},"id":"libvirt-10"}"#,
        #"{"execute":"query-block","id":"libvirt-11"}"#,
        #"{"execute":"cont","id":"libvirt-12"}"#,
        #"{"execute":"stop","id":"libvirt-13"}"#,
        #"{"execute":"cont","id":"libvirt-14"}"#,
        #"{"execute":"system_reset","id":"libvirt-15"}"#,
        #"{"execute":"qom-list","arguments":{"path":"/machine/peripheral"},"id":"libvirt-16"}"#,
        #"{"execute":"query-block","id":"libvirt-17"}"#,
        #"{"execute":"system_powerdown","id":"libvirt-18"}"#,
      ])
    // The event comes before the answer of what it is an event of.
    let resumed = try #require(talk.firstIndex { $0.text.contains("RESUME") })
    #expect(talk[resumed + 1].text.contains(#""id": "libvirt-12""#))
  }

  @Test func theLogIsLibvirts() throws {
    let virsh = VirshInTests()
    _ = virsh.shell.run("define beta.xml; start beta; destroy beta")
    let lines = try #require(virsh.daemon.domain("beta")).log.lines.map(\.text)
    #expect(
      lines[0].hasPrefix("2026-11-28 16:01:04.133+0000: starting up libvirt version: 9.0.0, qemu version: 7.2.22, kernel: "))
    #expect(lines.contains("/usr/bin/qemu-system-aarch64 \\"))
    #expect(lines.contains("-name guest=beta,debug-threads=on \\"))
    #expect(lines.contains("-chardev socket,id=charmonitor,fd=5,server=on,wait=off \\"))
    #expect(lines.contains("-msg timestamp=on"))
    #expect(lines.contains("char device redirected to /dev/pts/0 (label charserial0)"))
    #expect(lines[lines.count - 2].hasSuffix("Z qemu-system-aarch64: terminating on signal 15 from pid 1 (libvirtd)"))
    #expect(lines.last?.hasSuffix("+0000: shutting down, reason=destroyed") ?? false)
  }

  // MARK: Who refused

  @Test func aRefusalSaysWhichLayerAndWhere() {
    let virsh = VirshInTests(files: [
      "bad.xml": "<domain type='qemu'>\n  <name>x</name>\n  <os>\n    <type>foo</type>\n  </os>\n</domain>\n"
    ])
    _ = virsh.shell.run("create bad.xml")
    #expect(virsh.shell.lastError?.layer == .libvirt)
    #expect(virsh.explanations == ["bad.xml:4:5: refused by libvirt\n"])
    _ = virsh.shell.run("create rme.xml")
    #expect(virsh.shell.lastError?.layer == .qemu)
    #expect(virsh.explanations.last == "refused by QEMU: this QEMU has no rme-guest\n")
  }

  @Test func findingsHaveTheFilesName() {
    let virsh = VirshInTests(files: [
      "odd.xml": LibvirtFixtures.text("dialogues/alpha.xml").replacing("<devices>", with: "<tpm/><devices>")
    ])
    _ = virsh.shell.run("create odd.xml")
    #expect(virsh.findings.count == 1)
    #expect(virsh.findings.first?.hasPrefix("odd.xml:") ?? false)
  }

  // MARK: Files

  @Test func strangersXMLReachesOnlyItsFolder() {
    for path in ["/etc/passwd", "../../../../../../../../etc/passwd", "/srv/other.img"] {
      let xml = LibvirtFixtures.text("dialogues/alpha.xml").replacing("spin.img", with: path)
      let virsh = VirshInTests(files: ["stranger.xml": xml])
      _ = virsh.shell.run("create stranger.xml")
      #expect(virsh.text.contains("error: unable to stat: \(path): No such file or directory"))
      #expect(virsh.hypervisor.processes.isEmpty)
    }
  }

  @Test func aPolicyHasFoldersAndNamedFiles() {
    struct Nothing: FileSource {
      func exists(_ file: PermittedFile) -> Bool { true }
      func read(_ file: PermittedFile) -> FileAnswer { .missing }
      func isFolder(_ path: String) -> Bool { false }
    }
    let policy = FilePolicy(folders: ["/a/b/"], named: ["/c/./d"], Nothing())
    #expect(policy.file("x", in: "/a/b") == PermittedFile(path: "/a/b/x", root: "/a/b"))
    #expect(policy.file("/a/b/../b/y", in: "/") == PermittedFile(path: "/a/b/y", root: "/a/b"))
    #expect(policy.file("../x", in: "/a/b") == nil)
    #expect(policy.file("/a/bc", in: "/") == nil)
    #expect(policy.file("/c/d", in: "/") == PermittedFile(path: "/c/d", root: nil))
    #expect(policy.allowing("/c").file("e", in: "/c") == PermittedFile(path: "/c/e", root: "/c"))
  }

  // MARK: Console

  private final class Terminal: VirshTerminal {
    let isLive = false
    var shown: [UInt8] = []
    var looks = 0
    var isOpen = false
    func begin() { isOpen = true }
    func end() { isOpen = false }
    func show(_ bytes: [UInt8]) { shown += bytes }
    func typed(waits: Bool) -> [UInt8] {
      looks += 1
      return looks < 3 ? Array("x".utf8) : [0x1D]
    }
  }

  @Test func aConsoleShowsWhatTheGuestSaysUntilItIsLeft() {
    let virsh = VirshInTests(mode: .interactive)
    let terminal = Terminal()
    virsh.shell.terminal = terminal
    _ = virsh.shell.run("create alpha.xml; console alpha; console alpha nope")
    #expect(String(decoding: terminal.shown, as: UTF8.self) == "hello\nxx")
    #expect(!terminal.isOpen)
    #expect(virsh.text.contains("Connected to domain 'alpha'\nEscape character is ^] (Ctrl + ])\n\n"))
    #expect(virsh.text.hasSuffix("error: internal error: cannot find character device nope\n\n"))
  }
}
