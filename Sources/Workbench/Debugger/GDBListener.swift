import Engine
import Libc

/// A TCP socket at which one debugger at a time may have a guest.
final class GDBListener {
  struct Failure: Error {
    var message: String
  }

  /// How a client went.
  enum Ending {
    /// It let the guest go.
    case detached
    /// It wanted the guest gone.
    case killed
    /// It had heard that the guest is no more.
    case exited
    /// It just went away, or sent or took nothing sensible any more.
    case gone
  }

  let address: String
  /// What was asked for, or the free port that was found.
  let port: UInt16

  /// Where a debugger finds it, as a person writes it.
  var place: String { address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)" }

  private let descriptor: Int32

  /// - Parameters:
  ///   - port: 0 for any that is free.
  ///   - address: an address of this machine as a number, IPv4 or IPv6.
  init(port: UInt16, address: String = "127.0.0.1") throws(Failure) {
    signal(SIGPIPE, SIG_IGN)
    self.address = address
    var hints = addrinfo()
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE
    hints.ai_socktype = streamSocket
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(address, String(port), &hints, &list) == 0, let place = list?.pointee else {
      throw Failure(message: "\(address) is not an address to listen on")
    }
    defer { freeaddrinfo(list) }
    descriptor = socket(place.ai_family, place.ai_socktype, place.ai_protocol)
    Self.set(descriptor, SOL_SOCKET, SO_REUSEADDR, Int32(1))
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    guard descriptor >= 0, bind(descriptor, place.ai_addr, place.ai_addrlen) == 0, listen(descriptor, 1) == 0 else {
      let reason = String(cString: strerror(errno))
      if descriptor >= 0 { close(descriptor) }
      throw Failure(message: "cannot listen on \(address), port \(port): \(reason)")
    }
    self.port = Self.port(of: descriptor)
  }

  deinit { close(descriptor) }

  /// Waits for a client, and gives it the guest until it goes.
  func serve(_ server: GDBServer) throws(Failure) -> Ending {
    var client: Int32
    repeat { client = accept(descriptor, nil, nil) } while client < 0 && [EINTR, ECONNABORTED].contains(errno)
    guard client >= 0 else { throw Failure(message: "cannot take a connection: \(String(cString: strerror(errno)))") }
    Self.set(client, Int32(IPPROTO_TCP), TCP_NODELAY, Int32(1))
    Self.set(client, SOL_SOCKET, SO_KEEPALIVE, Int32(1))
    Self.set(client, SOL_SOCKET, SO_SNDTIMEO, timeval(tv_sec: 10, tv_usec: 0))
    _ = fcntl(client, F_SETFD, FD_CLOEXEC)
    server.attach()
    server.target.isInterrupted = { [client] in Self.wantsInterrupt(client) }
    defer { server.target.isInterrupted = { false } }
    var conversation = GDBConversation(client: client, listener: descriptor, server: server)
    let ending = conversation.run()
    server.detach()
    return ending
  }

  /// Whether a client has sent Control-C, or is gone, while something takes long. It stays to be read.
  private static func wantsInterrupt(_ client: Int32) -> Bool {
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = recv(client, &bytes, bytes.count, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
    return count == 0 || count > 0 && bytes[..<count].contains(3)
  }

  private static func set<Value>(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Value) {
    withUnsafePointer(to: value) { _ = setsockopt(descriptor, level, option, $0, socklen_t(MemoryLayout<Value>.size)) }
  }

  private static func port(of descriptor: Int32) -> UInt16 {
    var place = sockaddr_in6()
    var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
    return withUnsafeMutableBytes(of: &place) { bytes in
      guard let start = bytes.baseAddress, getsockname(descriptor, start.assumingMemoryBound(to: sockaddr.self), &size) == 0
      else { return 0 }
      // IPv4 and IPv6 have the port at the same place.
      return UInt16(bytes[2]) << 8 | UInt16(bytes[3])
    }
  }
}

/// One client, from its coming to its going.
private struct GDBConversation: ~Copyable {
  /// Instructions between two looks at the client.
  private static let slice = 100_000
  /// Most packets a client may send ahead.
  private static let queueLimit = 64

  private let client: Int32
  private let listener: Int32
  private let server: GDBServer
  private var parser = GDBParser()
  private var packets: [[UInt8]] = []
  private var wantsInterrupt = false
  private var hasBegun = false
  private var lastSent: [UInt8] = []
  private var isGone = false
  private var buffer = [UInt8](repeating: 0, count: 1 << 14)

  init(client: Int32, listener: Int32, server: GDBServer) {
    self.client = client
    self.listener = listener
    self.server = server
  }

  deinit { close(client) }

  mutating func run() -> GDBListener.Ending {
    while !isGone {
      look()
      if server.isRunning, !isGone {
        send(server.goOn(limit: Self.slice))
        // It may have stopped because of what stands to be read.
        if !server.isRunning { look(waits: false) }
      }
      while !server.isRunning, !packets.isEmpty {
        let reply = server.respond(packets.removeFirst())
        send(reply.packets)
        switch reply.next {
        case .listen, .run: break
        case .detached: return sayingGoodbye(.detached)
        case .killed: return sayingGoodbye(.killed)
        }
      }
      if wantsInterrupt { send(server.interrupt()) }
      wantsInterrupt = false
    }
    return server.hasExited ? .exited : .gone
  }

  /// Milliseconds in which a client has to say its first word; a debugger speaks at once.
  private static let patience: Int32 = 10_000

  /// Takes what the client has sent; waits for it if there is nothing else to do. Other clients are turned away, unless this one has not
  /// said a word yet: then it goes.
  private mutating func look(waits: Bool = true) {
    var polled = [client, listener].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    let isBusy = server.isRunning || !packets.isEmpty
    let ready = poll(&polled, nfds_t(polled.count), isBusy || !waits ? 0 : hasBegun ? -1 : Self.patience)
    guard ready > 0 else {
      if ready == 0, !hasBegun { isGone = true }
      return
    }
    if polled[0].revents != 0 {
      receive()
    } else if polled[1].revents != 0, !hasBegun {
      isGone = true
    } else if polled[1].revents != 0 {
      let other = accept(listener, nil, nil)
      if other >= 0 { close(other) }
    }
  }

  private mutating func receive() {
    let count = read(client, &buffer, buffer.count)
    guard count > 0 else {
      isGone = count == 0 || ![EINTR, EAGAIN].contains(errno)
      return
    }
    // A debugger begins with a packet or a `+`. A web page that posts to this port does not, and may not touch the guest.
    guard hasBegun || "+-$\u{3}".utf8.contains(buffer[0]) else {
      isGone = true
      return
    }
    hasBegun = true
    var wantsAgain = false
    for byte in buffer[..<count] {
      switch parser.take(byte) {
      case .packet(let packet):
        if server.acknowledges { transmit(GDBPacket.acknowledgement) }
        packets.append(packet)
        if packets.count > Self.queueLimit { isGone = true }
      case .malformed:
        if server.acknowledges { transmit(GDBPacket.refusal) } else { send(GDBReply.malformed.packets) }
      case .refused: wantsAgain = server.acknowledges
      // One that comes when the guest has stopped already is not meant for what the client says next.
      case .interrupt: wantsInterrupt = server.isRunning || !packets.isEmpty
      case .acknowledged, nil: break
      }
    }
    if wantsAgain { transmit(lastSent) }
  }

  private mutating func send(_ packets: [[UInt8]]) {
    for packet in packets {
      lastSent = GDBPacket.framed(packet)
      transmit(lastSent)
    }
  }

  private mutating func transmit(_ bytes: [UInt8]) {
    var offset = 0
    while offset < bytes.count, !isGone {
      let written = bytes[offset...].withUnsafeBytes { write(client, $0.baseAddress, $0.count) }
      if written > 0 { offset += written } else if errno != EINTR { isGone = true }
    }
  }

  /// Closing with something unread would take back what was sent last; so this reads on for as long as a second.
  private mutating func sayingGoodbye(_ ending: GDBListener.Ending) -> GDBListener.Ending {
    shutdown(client, Int32(SHUT_WR))
    var polled = pollfd(fd: client, events: Int16(POLLIN), revents: 0)
    let deadline = ContinuousClock.now + .seconds(1)
    while ContinuousClock.now < deadline, poll(&polled, 1, 200) > 0, read(client, &buffer, buffer.count) > 0 {}
    return ending
  }
}
