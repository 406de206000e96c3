import Engine
import Foundation
import Libc
import Testing

@testable import Attestation
@testable import Host
@testable import Machine
@testable import Session
@testable import Workbench

/// The socket: one client at a time, an interrupt while the guest runs, and clients that go in every way.
struct GDBListenerTests {
  /// A listener and its server in a thread of their own; what became of each client.
  private final class Service: @unchecked Sendable {
    let listener: GDBListener
    private let target = FakeDebugTarget()
    private let lock = NSCondition()
    private var endings: [GDBListener.Ending] = []

    init(isEndless: Bool) throws {
      listener = try GDBListener(port: 0)
      target.isEndless = isEndless
      Thread.detachNewThread { [self] in
        let server = GDBServer(target: target)
        while let ending = try? listener.serve(server) {
          lock.withLock { endings.append(ending) }
          if ending == .killed { return }
        }
      }
    }

    func endings(_ count: Int) -> [GDBListener.Ending] {
      let deadline = Date().addingTimeInterval(20)
      while Date() < deadline, lock.withLock({ endings.count }) < count { usleep(1000) }
      return lock.withLock { endings }
    }
  }

  private static func framed(_ body: String) -> String { String(decoding: GDBPacket.framed(Array(body.utf8)), as: UTF8.self) }

  private final class Client {
    private let descriptor: Int32

    init(_ port: UInt16) {
      descriptor = socket(AF_INET, streamSocket, 0)
      var place = sockaddr_in()
      place.sin_family = sa_family_t(AF_INET)
      place.sin_port = port.bigEndian
      place.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      let size = socklen_t(MemoryLayout<sockaddr_in>.size)
      _ = withUnsafePointer(to: &place) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
      }
    }

    deinit { close(descriptor) }

    func send(_ text: String) { _ = text.utf8CString.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count - 1) } }

    func packet(_ body: String) { send(GDBListenerTests.framed(body)) }

    /// What comes until `wanted` has, the connection is closed, or ten seconds are over.
    func until(_ wanted: String) -> String {
      var text = ""
      var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      var buffer = [UInt8](repeating: 0, count: 4096)
      while !text.hasSuffix(wanted) || wanted.isEmpty, poll(&polled, 1, 10000) > 0 {
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0 else { break }
        text += String(decoding: buffer[..<count], as: UTF8.self)
      }
      return text
    }
  }

  @Test func aClientInterruptsTheGuestAndLeavesIt() throws {
    let service = try Service(isEndless: true)
    let client = Client(service.listener.port)
    client.packet("vCont;c")
    #expect(client.until("+") == "+")
    // Somebody else is turned away while the guest runs.
    #expect(Client(service.listener.port).until("") == "")
    client.send("\u{3}")
    let interrupted = Self.framed("T02thread:1;")
    #expect(client.until(interrupted) == interrupted)
    // Packets in one write, with an interrupt that belongs to the first.
    client.packet("QStartNoAckMode")
    #expect(client.until("#9a") == "+$OK#9a")
    client.send("+" + Self.framed("qC") + Self.framed("vCont;c") + "\u{3}")
    #expect(client.until(interrupted) == Self.framed("QC1") + interrupted)
    client.packet("D")
    #expect(client.until("") == "$OK#9a")
    #expect(service.endings(1) == [.detached])
    Client(service.listener.port).packet("k")
    #expect(service.endings(2) == [.detached, .killed])
  }

  @Test func whatIsNoPacketIsRefusedAndWhatWasNotUnderstoodIsSentAgain() throws {
    let service = try Service(isEndless: false)
    let client = Client(service.listener.port)
    client.send("$qC#00")
    #expect(client.until("-") == "-")
    client.packet("qC")
    #expect(client.until("#c5") == "+$QC1#c5")
    client.send("-")
    #expect(client.until("#c5") == "$QC1#c5")
    client.send("$" + String(repeating: "m", count: 20000) + "#00")
    #expect(client.until("-") == "-")
    client.packet("k")
    #expect(client.until("") == "+")
    #expect(service.endings(1) == [.killed])
  }

  @Test func clientsThatGoAreNoticed() throws {
    let service = try Service(isEndless: true)
    var client: Client? = Client(service.listener.port)
    client?.packet("qC")
    client = nil
    #expect(service.endings(1) == [.gone])
    // While the guest runs.
    client = Client(service.listener.port)
    client?.packet("vCont;c")
    #expect(client?.until("+") == "+")
    client = nil
    #expect(service.endings(2) == [.gone, .gone])
    // One that sends ahead without end.
    client = Client(service.listener.port)
    client?.packet("vCont;c")
    for _ in 0..<100 { client?.packet("g") }
    #expect(service.endings(3).count == 3)
    client = Client(service.listener.port)
    client?.packet("k")
    #expect(service.endings(4).last == .killed)
  }

  @Test func aPeerThatIsNoDebuggerIsLeft() throws {
    let service = try Service(isEndless: true)
    let page = Client(service.listener.port)
    page.send("POST / HTTP/1.1\r\nHost: localhost\r\n\r\n" + Self.framed("P20=1000000000000000") + Self.framed("k"))
    #expect(page.until("") == "")
    #expect(service.endings(1) == [.gone])
    // Noise of one that began well ends with the connection, not with the program.
    var random = SeededNumbers(seed: 11)
    var noisy: Client? = Client(service.listener.port)
    for _ in 0..<200 {
      let text = (0..<500).map { _ in Character(UnicodeScalar(UInt8.random(in: 1...127, using: &random))) }
      noisy?.send("+" + String(text))
    }
    noisy = nil
    #expect(service.endings(2).count == 2)
    let client = Client(service.listener.port)
    client.packet("p20")
    let register = "+" + Self.framed("0000000000000000")
    #expect(client.until(register) == register)
    // An interrupt of a guest that stands is nothing, and not kept for later.
    client.send("+\u{3}")
    client.packet("vCont;c")
    client.packet("vCont?")
    client.send("\u{3}")
    let answers = Self.framed("T02thread:1;") + Self.framed("vCont;c;C;s;S;t")
    #expect(client.until(answers).hasSuffix(answers))
    client.packet("k")
    #expect(service.endings(3).last == .killed)
  }

  @Test func theEndOfTheGuestIsTheEndOfTheSession() throws {
    let service = try Service(isEndless: false)
    var client: Client? = Client(service.listener.port)
    client?.packet("c")
    client?.packet("c")
    #expect(client?.until("#b7").contains("$W00#b7") == true)
    client = nil
    #expect(service.endings(1) == [.exited])
    Client(service.listener.port).packet("vKill;1")
    #expect(service.endings(2).last == .killed)
  }

  @Test func placesThatCannotBeListenedOn() throws {
    let listener = try GDBListener(port: 0)
    #expect(listener.port != 0)
    #expect(listener.place == "127.0.0.1:\(listener.port)")
    if let other = try? GDBListener(port: 0, address: "::1") { #expect(other.place == "[::1]:\(other.port)") }
    #expect(throws: GDBListener.Failure.self) { try GDBListener(port: listener.port) }
    #expect(throws: GDBListener.Failure.self) { try GDBListener(port: 0, address: "localhost; rm") }
    #expect(throws: GDBListener.Failure.self) { try GDBListener(port: 0, address: "192.0.2.1") }
  }
}
