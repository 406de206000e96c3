import Engine
import Foundation
import Testing

@testable import Session

/// From a line of virsh to the last RMI call: domains of XML become guests on one machine, and give everything back.
struct HostStackTests {
  private static let hosts = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../../Sessions/hosts")
    .standardizedFileURL.path

  /// Plain files, whatever they are called.
  private struct Files: FileSource {
    var made: [String: [UInt8]] = [:]

    func exists(_ file: PermittedFile) -> Bool { made[file.path] != nil || FileManager.default.fileExists(atPath: file.path) }
    func read(_ file: PermittedFile) -> FileAnswer {
      if let bytes = made[file.path] { return .bytes(bytes) }
      return FileManager.default.contents(atPath: file.path).map { .bytes(Array($0)) } ?? .missing
    }
    func isFolder(_ path: String) -> Bool { false }
  }

  /// A host, a libvirt on it, and virsh.
  private final class Host {
    let stack: HostStack
    let daemon: LibvirtDaemon
    private(set) var said = ""
    private(set) var explanations = ""
    private var shell: VirshShell?

    var session: Session { stack.session }

    init(made: [String: String] = [:], firmware: FirmwareFailure? = nil) {
      let files = Files(made: Dictionary(uniqueKeysWithValues: made.map { ("\(hosts)/\($0.key)", Array($0.value.utf8)) }))
      var configuration = MachineConfiguration()
      (configuration.vcpu, configuration.dramSize, configuration.firmware) = (.code, 256 << 20, firmware)
      stack = HostStack(Session(configuration, keepsHistory: false))
      daemon = LibvirtDaemon(stack, EmulatorCapabilities(), files: FilePolicy(files))
      let xmlFiles = FilePolicy(folders: ["/"], files)
      shell = VirshShell(daemon, mode: .commands, folder: hosts, xmlFiles: xmlFiles) { [unowned self] output in
        switch output {
        case .out(let text), .error(let text): said += text
        case .explanation(let text), .finding(let text): explanations += text
        }
      }
    }

    @discardableResult
    func virsh(_ line: String) -> String {
      said = ""
      explanations = ""
      _ = shell?.run(line)
      return said
    }

    func console(_ name: String) -> String {
      String(decoding: daemon.domain(name)?.process?.takeConsole("serial0") ?? [], as: UTF8.self)
    }

    var realms: [RealmSummary] { session.read { $0.realmSummaries() } }
    /// Granules that are not simply the Host's.
    var taken: Int { session.read { $0.piecesInUse(of: Granule.size).count } }
  }

  private static func domain(_ name: String, cca: Bool = true, memory: Int = 16, vcpus: Int = 1) -> String {
    """
    <domain type='kvm'><name>\(name)</name><memory unit='MiB'>\(memory)</memory><vcpu>\(vcpus)</vcpu>
      <os><type arch='aarch64' machine='virt'>hvm</type><kernel>cloud.img</kernel></os><features><gic version='3'/></features>
      <cpu mode='host-passthrough'/>
      <devices><emulator>/usr/bin/qemu-system-aarch64</emulator><controller type='usb' model='none'/><console type='pty'/>
      <memballoon model='none'/></devices>\(cca ? "<launchSecurity type='cca'/>" : "")</domain>
    """
  }

  @Test func aDomainIsARealmFromCreateToDestroyAndEverythingComesBack() throws {
    let host = Host()
    let before = host.taken
    #expect(host.virsh("create openeuler.xml") == "Domain 'openeuler' created from openeuler.xml\n\n")
    let realm = try #require(host.realms.first)
    #expect(realm.state == .active)
    #expect(realm.recs.count == 2)
    #expect(host.virsh("list").contains(" 1    openeuler   running\n"))
    host.virsh("domstate openeuler")
    let console = host.console("openeuler")
    #expect(console.contains("Hello from a Realm."))
    #expect(console.contains("RIM \(hexBytes(realm.measurements[0]))"))
    #expect(console.contains("report: "))
    #expect(console.hasSuffix("I stay until I am destroyed.\r\n"))
    // It waits for nothing, and time goes on.
    host.virsh("dominfo openeuler")
    #expect(host.virsh("destroy openeuler") == "Domain 'openeuler' destroyed\n\n")
    #expect(host.realms.isEmpty)
    #expect(host.taken == before)
    #expect(host.session.read { $0.invariantViolations() } == [])
    #expect(!host.virsh("list --all").contains("openeuler"))
  }

  /// Two Realms and an ordinary VM side by side: each has memory, a VMID and a PE of its own.
  @Test func severalDomainsRunSideBySide() throws {
    let host = Host(made: [
      "a.xml": Self.domain("a"), "b.xml": Self.domain("b"), "c.xml": Self.domain("c", cca: false),
    ])
    host.virsh("create a.xml; create b.xml; create c.xml; list; list")
    #expect(host.console("a").contains("Hello from a Realm."))
    #expect(host.console("b").contains("Hello from a Realm."))
    #expect(host.console("c").contains("not from a Realm"))
    #expect(Set(host.realms.map(\.vmid)).count == 2)
    #expect(host.session.read { $0.invariantViolations() } == [])
    // What one gives back the next one has.
    host.virsh("destroy a; create a.xml; list")
    #expect(host.realms.count == 2)
    #expect(host.console("a").contains("Hello from a Realm."))
    host.virsh("destroy a; destroy b; destroy c")
    #expect(host.realms.isEmpty)
  }

  @Test func whatIsRefusedSaysByWhom() throws {
    let host = Host(made: [
      "no-kernel.xml": Self.domain("n").replacing("cloud.img", with: "nowhere.img"),
      "large.xml": Self.domain("large", memory: 1 << 20),
    ])
    #expect(host.virsh("create no-kernel.xml").contains("nowhere.img"))
    #expect(host.explanations.contains("refused by libvirt"))
    #expect(host.virsh("create large.xml").contains("qemu unexpectedly closed the monitor"))
    #expect(host.explanations.contains("refused by QEMU"))
    #expect(host.realms.isEmpty)
    #expect(host.virsh("list --all") == " Id   Name   State\n--------------------\n\n")
  }

  /// Somebody asks about the vCPUs of a guest that has not begun; then it runs, on all of them.
  @Test func aGuestThatHasNotBegunHasUsedNoTime() {
    let host = Host()
    host.virsh("create --paused openeuler.xml")
    #expect(host.virsh("vcpuinfo openeuler").hasPrefix("VCPU:           0\n"))
    #expect(!host.virsh("vcpuinfo openeuler").contains("CPU time"))
    host.virsh("resume openeuler; list; list")
    #expect(host.console("openeuler").contains("Hello from a Realm."))
  }

  /// Firmware without an RMM: KVM refuses the Realm, QEMU ends, and libvirt says so. What is no Realm starts.
  @Test func withoutAnRMMKVMRefusesTheRealm() throws {
    let host = Host(made: ["a.xml": Self.domain("a"), "c.xml": Self.domain("c", cca: false)], firmware: .manifestChecksum)
    #expect(
      host.virsh("create a.xml").contains(
        "qemu unexpectedly closed the monitor: qemu-system-aarch64: -accel kvm: failed to initialize kvm: Operation not permitted"
      ))
    #expect(host.explanations.contains("refused by KVM"))
    #expect(host.explanations.contains("KVM_CREATE_VM"))
    #expect(host.virsh("create c.xml") == "Domain 'c' created from c.xml\n\n")
    host.virsh("list; list")
    #expect(host.console("c").contains("not from a Realm"))
  }

  /// The same lines, the same machine.
  @Test func aDialogueIsTheSameEveryTime() throws {
    func digest() -> UInt64 {
      let host = Host()
      host.virsh("create openeuler.xml; list; dominfo openeuler; list")
      return host.session.digest()
    }
    #expect(digest() == digest())
  }
}
