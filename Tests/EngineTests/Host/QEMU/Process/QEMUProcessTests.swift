import Basics
import Engine
import Testing

@testable import Host
@testable import Machine

/// A QEMU from its command line to its end, with a client at its monitor.
struct QEMUProcessTests {
  private static let guest =
    "-M virt,confidential-guest-support=rme0 -accel kvm -cpu host -m 16M -object rme-guest,id=rme0 -kernel Image"

  private static func process(_ arguments: String, _ session: Session) throws -> QEMUProcess {
    let files = GuestFiles { (_) throws(GuestFiles.Unreadable) in QEMURunTests.kernel(uart: 1 << 40 | 0x900_0000) }
    let host = HostCapabilities(features: session.configuration.featureRegister0)
    return try QEMUProcess(QEMUCommandLine(arguments.split(separator: " ").map(String.init)), session, host, files)
  }

  private static func command(_ process: QEMUProcess, _ name: String) -> [String] { process.take("{\"execute\":\"\(name)\"}\n") }

  @Test func aRealmIsMadeWhenItIsLetRun() throws {
    let session = QEMURunTests.session()
    let qemu = try Self.process("-S -no-shutdown " + Self.guest, session)
    #expect(qemu.run(entries: 10) == [] && !qemu.isBuilt)
    _ = Self.command(qemu, "qmp_capabilities")
    #expect(session.read { $0.realmSummaries().isEmpty })
    let lines = Self.command(qemu, "cont")
    #expect(lines.count == 2 && lines.first?.contains("\"event\": \"RESUME\"") == true)
    #expect(session.read { $0.realmSummaries().first?.measurements.first.map { Array($0) } } == qemu.plan.rim)
    let events = qemu.run(entries: 1000)
    #expect(events.count == 2 && events[0].contains(#""event": "SHUTDOWN", "data": {"guest": true, "reason": "guest-shutdown"}"#))
    #expect(events[1].contains(#""event": "STOP""#))
    #expect(qemu.vm.uart.output == [33] && qemu.exitCode == nil)
    #expect(Self.command(qemu, "query-status") == [#"{"return": {"status": "shutdown", "singlestep": false, "running": false}}"#])
    #expect(Self.command(qemu, "cont").first?.contains("Resetting the Virtual Machine is required") == true)
    _ = Self.command(qemu, "quit")
    #expect(qemu.exitCode == 0 && Self.command(qemu, "query-status") == [])
  }

  @Test func withoutAMonitorItRunsAndEnds() throws {
    let qemu = try Self.process(Self.guest, QEMURunTests.session())
    #expect(qemu.run(entries: 1000) == [] && qemu.exitCode == 0)
  }

  @Test func aSignalEndsIt() throws {
    let qemu = try Self.process("-S " + Self.guest, QEMURunTests.session())
    _ = Self.command(qemu, "qmp_capabilities")
    #expect(qemu.terminate(by: 7, named: "libvirtd").first?.contains(#""reason": "host-signal""#) == true)
    #expect(qemu.errors == [LogLine("qemu-system-aarch64: terminating on signal 15 from pid 7 (libvirtd)")] && qemu.exitCode == 0)
  }

  @Test func whatItDiesOfAtItsStart() {
    #expect { try Self.process("-M virt -accel kvm -object rme-guest,id=r", QEMURunTests.session()) } throws: {
      ($0 as? VMMRefusal)?.message == "missing -machine confidential-guest-support parameter"
    }
  }

  /// The Host has not the memory: QEMU dies of what KVM answers, and the client's connection with it.
  @Test func whatItDiesOfWhenTheRealmIsMade() throws {
    let qemu = try Self.process("-S " + Self.guest, QEMURunTests.session(dram: (1 << 20) + 6 * 4096))
    _ = Self.command(qemu, "qmp_capabilities")
    #expect(Self.command(qemu, "cont") == [] && qemu.exitCode == 1)
    #expect(qemu.errors.first?.text.hasPrefix("qemu-system-aarch64: RME: ") == true, "\(qemu.errors)")
  }

  // MARK: What waits, buttons

  private static func words(_ code: [UInt32]) -> [UInt8] {
    code.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) } }
  }

  /// An arm64 Image of some instructions.
  private static func image(_ code: [UInt32]) -> [UInt8] {
    var header = [UInt32](repeating: 0, count: 16)
    (header[0], header[4], header[14]) = (0x1400_0010, 0x8000, 0x644D_5241)
    return words(header + code)
  }

  /// Of a guest that is an image.
  private static func process(_ arguments: String, image: [UInt8]) throws -> QEMUProcess {
    let session = QEMURunTests.session()
    let host = HostCapabilities(features: session.configuration.featureRegister0)
    let files = GuestFiles { (_) throws(GuestFiles.Unreadable) in image }
    return try QEMUProcess(QEMUCommandLine(arguments.split(separator: " ").map(String.init)), session, host, files)
  }

  /// WFI for ever: a QEMU waits with it, until somebody ends it.
  @Test func aGuestThatWaitsForEverIsNoFailure() throws {
    let qemu = try Self.process("-S " + Self.guest, image: Self.image([0xD503_207F, 0x17FF_FFFF]))
    _ = Self.command(qemu, "qmp_capabilities")
    _ = Self.command(qemu, "cont")
    #expect(qemu.run(entries: 1000) == [] && qemu.isAsleep && qemu.errors == [])
    #expect(Self.command(qemu, "query-status") == [#"{"return": {"status": "running", "singlestep": false, "running": true}}"#])
    _ = Self.command(qemu, "quit")
    #expect(qemu.exitCode == 0)
  }

  /// A guest that looks at the power button's line: an edge at line 3 of the PL061, seen in GPIOMIS; then PSCI_SYSTEM_OFF.
  private static func listener(shared: UInt32) -> [UInt8] {
    image([
      0xD2A1_2061, 0xF2C0_0001 | shared << 5,  // MOV X1, #0x903_0000, and the shared bit
      0x5280_0100, 0xB904_0C20, 0xB904_1020,  // MOV W0, #8; STR W0, [X1, GPIOIEV]; STR W0, [X1, GPIOIE]
      0xB944_1822, 0x34FF_FFE2,  // LDR W2, [X1, GPIOMIS]; CBZ W2, -4
      0xD2B0_8000, 0xF280_0100, 0xD400_0003,
    ])
  }

  @Test func thePowerButtonReachesTheGuest() throws {
    let qemu = try Self.process("-S " + Self.guest, image: Self.listener(shared: 0x100))
    _ = Self.command(qemu, "qmp_capabilities")
    _ = Self.command(qemu, "cont")
    #expect(qemu.run(entries: 100) == [])
    #expect(Self.command(qemu, "system_powerdown").first?.contains(#""event": "POWERDOWN""#) == true)
    #expect(qemu.run(entries: 100).first?.contains(#""guest": true, "reason": "guest-shutdown""#) == true)
    #expect(qemu.exitCode == 0)
  }

  /// A guest that prints what is typed: it looks at UARTFR, loads UARTDR, stores it there.
  @Test func whatIsTypedReachesTheGuest() throws {
    let qemu = try Self.process(
      Self.guest,
      image: Self.image([
        0xD2A1_2001, 0xF2C0_2001,  // MOV X1, #0x900_0000, and the shared bit
        0xB940_1822, 0x3727_FFE2,  // LDR W2, [X1, UARTFR]; TBNZ W2, #4, -4
        0xB940_0023, 0xB900_0023, 0x17FF_FFFC,  // LDR W3, [X1]; STR W3, [X1]; B -16
      ]))
    _ = qemu.run(entries: 50)
    #expect(qemu.vm.uart.output == [])
    qemu.vm.type(Array("hello".utf8))
    _ = qemu.run(entries: 100)
    #expect(qemu.vm.uart.output == Array("hello".utf8))
  }

  /// The vCPUs of a Realm are not QEMU's to reset: it ends, or stands still if it is told to stay.
  @Test func aRealmIsNotReset() throws {
    for stays in [false, true] {
      let qemu = try Self.process((stays ? "-no-shutdown " : "") + "-S " + Self.guest, image: Self.listener(shared: 0x100))
      _ = Self.command(qemu, "qmp_capabilities")
      _ = Self.command(qemu, "cont")
      let lines = Self.command(qemu, "system_reset")
      #expect(lines.first?.contains(#""event": "SHUTDOWN", "data": {"guest": false, "reason": "host-qmp-system-reset"}"#) == true)
      #expect(qemu.errors == [LogLine("qemu-system-aarch64: cpus are not resettable, terminating", isProblem: true)])
      #expect(qemu.exitCode == (stays ? nil : 0) && lines.contains { $0.contains("STOP") } == stays)
    }
  }

  /// An ordinary guest begins anew, its images as they were: it adds to a word of its own, prints it, and waits.
  @Test func anOrdinaryGuestIsReset() throws {
    // ADR X3, #0x1C; LDR W0, [X3]; ADD W0, W0, #1; STR W0, [X3]; MOV X1, #0x900_0000; STR W0, [X1]; WFI; .word 0x40
    let code: [UInt32] = [
      0x1000_00E3, 0xB940_0060, 0x1100_0400, 0xB900_0060, 0xD2A1_2001, 0xB900_0020, 0xD503_207F, 0x40,
    ]
    let qemu = try Self.process("-S -M virt -accel kvm -cpu host -m 16M -kernel Image", image: Self.image(code))
    _ = Self.command(qemu, "qmp_capabilities")
    _ = Self.command(qemu, "cont")
    _ = qemu.run(entries: 100)
    #expect(Self.command(qemu, "system_reset").first?.contains(#""event": "RESET""#) == true)
    _ = qemu.run(entries: 100)
    #expect(qemu.vm.uart.output == [0x41, 0x41] && qemu.errors == [] && qemu.isAsleep)
  }

  /// One QEMU, whoever asks.
  @Test func itHasOneVersion() { #expect(EmulatorCapabilities.qemuVersion == QEMUVersion.text) }

  // MARK: The event log

  @Test func theLogTellsHowTheRealmWasMade() throws {
    let arguments = Self.guest.replacing("id=rme0 ", with: "id=rme0,measurement-algorithm=sha256,measurement-log=on ")
    let session = QEMURunTests.session()
    let qemu = try Self.process(arguments, session)
    let log = qemu.plan.unmeasuredContent
    // The header of every log with SHA-256 (TCG PC Client Platform Firmware Profile 10.2.1).
    let header = "0000000003000000" + String(repeating: "00", count: 20) + "21000000" + "53706563204944204576656e74303300"
    #expect(hexBytes(log.prefix(65)) == header + "0000000000026a0201000000" + "0b00200000")
    let events = try Self.events(log)
    #expect(events.map(\.kind) == [3, 6, 6, 0x13, 0x13, 6, 0x13])
    #expect(events.map(\.name) == ["VM VERSION", "1", "2", "KERNEL", "DTB", "3", "LOG"])
    #expect(events.map { $0.digest.isEmpty } == [true, true, true, false, false, true, true])
    // The Realm has it in its memory, and where is in the tree.
    let place = try #require(qemu.load.log?.lowerBound)
    #expect(qemu.vm.hostAddress(of: place) != nil)
    let page = try #require(qemu.vm.hostAddress(of: place))
    #expect(session.read { $0.memory.load64(page + 0x20) } == 0x2044_4920_6365_7053)
  }

  private struct Event {
    let kind: Int
    let digest: [UInt8]
    let name: String
  }

  /// TCG_PCR_EVENT2 by TCG_PCR_EVENT2, behind the header.
  private static func events(_ log: [UInt8]) throws -> [Event] {
    var at = 65
    func number(_ count: Int) -> Int {
      defer { at += count }
      return log[at..<at + count].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
    var events: [Event] = []
    while at < log.count {
      #expect(number(4) == 0)
      let kind = number(4)
      var digest: [UInt8] = []
      for _ in 0..<number(4) {
        #expect(number(2) == 0x0B)
        digest = Array(log[at..<at + 32])
        at += 32
      }
      let size = number(4)
      let event = log[at..<at + size]
      at += size
      let text = kind == 3 ? event.prefix { $0 != 0 } : event.dropFirst().prefix(Int(event.first ?? 0))
      events.append(
        Event(kind: kind, digest: digest, name: kind == 6 ? "\(event.first ?? 0)" : String(decoding: text, as: UTF8.self)))
    }
    return events
  }
}
