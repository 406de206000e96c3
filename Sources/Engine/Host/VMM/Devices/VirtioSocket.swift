import Basics

/// A socket device (virtio 1.2, 5.10): stream connections of the guest's to services inside the model (``SocketService``). Nothing leads
/// out of it. Nobody connects to the guest.
struct VirtioSocket: VirtioTyped {
  /// Context identifiers: the Host's is always 2.
  static let guestCID: UInt64 = 3
  static let hostCID: UInt64 = 2
  private static let (receiving, transmitting) = (0, 1)

  /// Connections at a time, bytes of one that wait to be sent, and packets without bytes that do.
  static let mostConnections = 64
  static let mostOutgoing = 1 << 17
  static let mostControl = 256
  /// Bytes that a peer may send before they are consumed.
  private static let credit: UInt32 = 1 << 16

  private enum Operation {
    static let request: UInt16 = 1
    static let response: UInt16 = 2
    static let reset: UInt16 = 3
    static let shutdown: UInt16 = 4
    static let bytes: UInt16 = 5
    static let creditUpdate: UInt16 = 6
    static let creditRequest: UInt16 = 7
  }
  private static let stream: UInt16 = 1

  /// virtio_vsock_hdr.
  private struct Header {
    static let size = 44
    var source: UInt64 = VirtioSocket.hostCID
    var target: UInt64 = VirtioSocket.guestCID
    var sourcePort: UInt32
    var targetPort: UInt32
    var length: UInt32 = 0
    var type = VirtioSocket.stream
    var operation: UInt16
    var flags: UInt32 = 0
    var credit: UInt32
    var consumed: UInt32

    init(_ operation: UInt16, _ key: Key, consumed: UInt32) {
      (sourcePort, targetPort) = (key.service, key.guest)
      (self.operation, self.consumed, credit) = (operation, consumed, VirtioSocket.credit)
    }

    init?(_ bytes: [UInt8]) {
      var reader = LittleEndianReader(bytes[...])
      guard bytes.count == Self.size, let source = reader.number(8), let target = reader.number(8),
        let sourcePort = reader.number(4), let targetPort = reader.number(4), let length = reader.number(4),
        let type = reader.number(2), let operation = reader.number(2), let flags = reader.number(4),
        let credit = reader.number(4), let consumed = reader.number(4)
      else { return nil }
      (self.source, self.target, self.length) = (source, target, UInt32(length))
      (self.sourcePort, self.targetPort) = (UInt32(sourcePort), UInt32(targetPort))
      (self.type, self.operation) = (UInt16(type), UInt16(operation))
      (self.flags, self.credit, self.consumed) = (UInt32(flags), UInt32(credit), UInt32(consumed))
    }

    var bytes: [UInt8] {
      var result = LittleEndianBytes()
      for value in [source, target] { result.put(value, 8) }
      for value in [sourcePort, targetPort, length] { result.put(UInt64(value), 4) }
      for value in [type, operation] { result.put(UInt64(value), 2) }
      for value in [flags, credit, consumed] { result.put(UInt64(value), 4) }
      return result.bytes
    }
  }

  private struct Key: Hashable, Comparable, Sendable {
    var guest: UInt32
    var service: UInt32
    static func < (a: Key, b: Key) -> Bool { (a.guest, a.service) < (b.guest, b.service) }
  }

  private struct Connection: Sendable {
    /// How many bytes the peer takes before it has consumed some, how many it has, and how many were sent.
    var room: UInt32
    var consumedByPeer: UInt32
    var sent: UInt32 = 0
    /// Bytes of the peer's that were consumed.
    var consumed: UInt32 = 0
    /// What has been asked, as far as it is not answered, and what is still to be sent.
    var request: [UInt8] = []
    var outgoing: [UInt8] = []
    /// The peer sends no more: once all is sent it is over.
    var ends = false
  }

  private var connections: [Key: Connection] = [:]
  /// The connection to the session's console that something came by last, while the guest has printed nowhere else.
  private var talking: Key?
  private(set) var hasBuffer = false
  /// Packets without bytes that wait for a buffer.
  private var control: [[UInt8]] = []

  var kind: VirtioKind { .socket }
  /// Receiving, transmitting, events; of the last there are none.
  var queueCount: Int { 3 }
  var features: UInt64 { 0 }
  var configuration: [UInt8] {
    var bytes = LittleEndianBytes()
    bytes.put(Self.guestCID, 8)
    return bytes.bytes
  }

  mutating func serve(_ queue: Int, on device: VirtioDevice) throws(VirtioFault) {
    if queue == Self.transmitting {
      while let chain = try device.next(queue) {
        guard let header = Header(try device.read(chain, from: 0, Header.size)) else {
          throw .malformed("a packet that is shorter than its header")
        }
        let bytes = try device.read(chain, from: Header.size, min(Int(header.length), chain.length - Header.size))
        try device.give(queue, chain, written: 0)
        take(header, bytes, device)
      }
    }
    try deliver(device)
    hasBuffer = control.isEmpty ? try device.hasNext(Self.receiving) : false
  }

  // MARK: Somebody types

  var isInUse: Bool {
    get { talking.map { connections[$0]?.ends == false } ?? false }
    set { if !newValue { talking = nil } }
  }

  var isEmpty: Bool { talking.flatMap { connections[$0]?.outgoing.isEmpty } ?? true }

  mutating func type(_ bytes: some Collection<UInt8>) {
    guard let talking, let count = connections[talking]?.outgoing.count else { return }
    connections[talking]?.outgoing += bytes.prefix(VirtioConsole.mostWaiting - min(count, VirtioConsole.mostWaiting))
  }

  // MARK: Packets

  private mutating func send(_ operation: UInt16, _ key: Key) {
    guard control.count < Self.mostControl else { return }
    control.append(Header(operation, key, consumed: connections[key]?.consumed ?? 0).bytes)
  }

  private mutating func end(_ key: Key) {
    send(Operation.reset, key)
    connections[key] = nil
  }

  private mutating func take(_ header: Header, _ bytes: [UInt8], _ device: VirtioDevice) {
    guard header.source == Self.guestCID, header.target == Self.hostCID else { return }
    let key = Key(guest: header.sourcePort, service: header.targetPort)
    guard header.type == Self.stream else { return send(Operation.reset, key) }
    if header.operation == Operation.request {
      guard SocketService(rawValue: key.service) != nil, connections[key] == nil, connections.count < Self.mostConnections else {
        return end(key)
      }
      connections[key] = Connection(room: header.credit, consumedByPeer: header.consumed)
      return send(Operation.response, key)
    }
    guard var connection = connections[key] else {
      if header.operation != Operation.reset { send(Operation.reset, key) }
      return
    }
    (connection.room, connection.consumedByPeer) = (header.credit, header.consumed)
    switch header.operation {
    case Operation.reset: connections[key] = nil
    case Operation.shutdown:
      // Who wants nothing any more gets nothing any more; who only has nothing more to say gets the rest.
      connection.ends = true
      if header.flags & 1 != 0 { connection.outgoing = [] }
      connections[key] = connection
    case Operation.bytes:
      guard bytes.count == Int(header.length), !connection.ends, hear(bytes, &connection, key, device) else { return end(key) }
      connections[key] = connection
      if connection.outgoing.isEmpty { send(Operation.creditUpdate, key) }
    case Operation.creditUpdate: connections[key] = connection
    case Operation.creditRequest:
      connections[key] = connection
      send(Operation.creditUpdate, key)
    default: end(key)
    }
  }

  /// - Returns: false if that is more than the service takes.
  private mutating func hear(_ bytes: [UInt8], _ connection: inout Connection, _ key: Key, _ device: VirtioDevice) -> Bool {
    switch SocketService(rawValue: key.service) {
    case .console:
      connection.consumed &+= UInt32(bytes.count)
      talking = key
      device.onOutput(Array(bytes.prefix(VirtioConsole.longest)))
    case .echo:
      connection.outgoing += bytes
    case .party:
      connection.consumed &+= UInt32(bytes.count)
      connection.request += bytes
      while let (operation, message) = SocketService.takeRequest(&connection.request) {
        guard let answer = device.onRequest(operation, message) else { return false }
        connection.outgoing += SocketService.answer(answer.code, answer.bytes)
        guard connection.outgoing.count <= Self.mostOutgoing else { return false }
      }
      guard connection.request.count <= SocketService.longestRequest + 8 else { return false }
    case nil: return false
    }
    return connection.outgoing.count <= Self.mostOutgoing
  }

  private mutating func deliver(_ device: VirtioDevice) throws(VirtioFault) {
    while true {
      for key in connections.keys.sorted() where connections[key]?.ends == true && connections[key]?.outgoing.isEmpty == true {
        end(key)
      }
      let next = connections.keys.sorted().first { key in
        connections[key].map { !$0.outgoing.isEmpty && $0.sent &- $0.consumedByPeer < $0.room } ?? false
      }
      guard !control.isEmpty || next != nil, let chain = try device.next(Self.receiving) else { return }
      guard chain.room >= Header.size else { throw .malformed("a buffer for packets with \(chain.room) bytes") }
      var packet: [UInt8] = []
      if !control.isEmpty {
        packet = control.removeFirst()
      } else if let key = next, var connection = connections[key] {
        let room = Int(connection.room - (connection.sent &- connection.consumedByPeer))
        let bytes = Array(connection.outgoing.prefix(min(room, chain.room - Header.size, 4096)))
        connection.outgoing.removeFirst(bytes.count)
        connection.sent &+= UInt32(bytes.count)
        // An echo is consumed when it is on its way.
        if SocketService(rawValue: key.service) == .echo { connection.consumed &+= UInt32(bytes.count) }
        var header = Header(Operation.bytes, key, consumed: connection.consumed)
        header.length = UInt32(bytes.count)
        packet = header.bytes + bytes
        connections[key] = connection
      }
      try device.write(chain, at: 0, packet)
      try device.give(Self.receiving, chain, written: packet.count)
    }
  }

  mutating func reset() { self = VirtioSocket() }

  // MARK: Known again

  var stateSize: Int {
    control.count * Header.size + connections.values.reduce(8) { $0 + 33 + $1.request.count + $1.outgoing.count } + 9
  }

  var state: [UInt8] {
    var bytes = LittleEndianBytes()
    bytes.put(UInt64(control.count), 4)
    for packet in control { bytes.put(packet) }
    bytes.put(UInt64(connections.count), 4)
    for (key, connection) in connections.sorted(by: { $0.key < $1.key }) {
      for value in [
        key.guest, key.service, connection.room, connection.consumedByPeer, connection.sent, connection.consumed,
        UInt32(connection.request.count), UInt32(connection.outgoing.count),
      ] { bytes.put(UInt64(value), 4) }
      bytes.put(connection.ends ? 1 : 0, 1)
      bytes.put(connection.request)
      bytes.put(connection.outgoing)
    }
    // No connection has a service 0.
    bytes.put(UInt64(talking?.guest ?? 0), 4)
    bytes.put(UInt64(talking?.service ?? 0), 4)
    bytes.put(hasBuffer ? 1 : 0, 1)
    return bytes.bytes
  }

  mutating func restore(_ bytes: [UInt8]) -> Bool {
    guard !bytes.isEmpty else { return true }
    var reader = LittleEndianReader(bytes[...])
    guard let packets = reader.number(4), packets <= UInt64(Self.mostControl) else { return false }
    var known = VirtioSocket()
    for _ in 0..<packets {
      guard let packet = reader.take(Header.size) else { return false }
      known.control.append(Array(packet))
    }
    guard let count = reader.number(4), count <= UInt64(Self.mostConnections) else { return false }
    for _ in 0..<count {
      let numbers = (0..<8).compactMap { _ in reader.number(4).map { UInt32($0) } }
      guard numbers.count == 8, let ends = reader.number(1), ends <= 1, SocketService(rawValue: numbers[1]) != nil,
        Int(numbers[6]) <= SocketService.longestRequest + 8, Int(numbers[7]) <= Self.mostOutgoing,
        let request = reader.take(Int(numbers[6])), let outgoing = reader.take(Int(numbers[7]))
      else { return false }
      var connection = Connection(room: numbers[2], consumedByPeer: numbers[3])
      (connection.sent, connection.consumed, connection.ends) = (numbers[4], numbers[5], ends == 1)
      (connection.request, connection.outgoing) = (Array(request), Array(outgoing))
      guard known.connections.updateValue(connection, forKey: Key(guest: numbers[0], service: numbers[1])) == nil else {
        return false
      }
    }
    guard let guest = reader.number(4), let service = reader.number(4), let buffer = reader.number(1), buffer <= 1,
      reader.rest.isEmpty
    else { return false }
    known.hasBuffer = buffer == 1
    if service != 0 {
      known.talking = Key(guest: UInt32(guest), service: UInt32(service))
      guard service == UInt64(SocketService.console.rawValue) else { return false }
    }
    self = known
    return true
  }
}

/// Who listens at a port of the Host's.
enum SocketService: UInt32, Sendable {
  /// What comes is printed on the session's console, and what is typed there goes back, as with a console of its own.
  case console = 1
  /// Sends back what comes.
  case echo = 7
  /// The relying party (``RelyingParty``). A request is its operation and how many bytes follow, 32 bits each, the lowest byte first, then
  /// these; an answer the same with a code.
  case party = 4433

  /// Bytes of a request to the relying party.
  static let longestRequest = 16384

  /// The next request that has come whole; nil if there is none.
  static func takeRequest(_ bytes: inout [UInt8]) -> (operation: UInt64, message: [UInt8])? {
    var reader = LittleEndianReader(bytes[...])
    guard let operation = reader.number(4), let count = reader.number(4), count <= UInt64(longestRequest),
      let message = reader.take(Int(count))
    else { return nil }
    bytes = Array(reader.rest)
    return (operation, Array(message))
  }

  static func answer(_ code: UInt64, _ message: [UInt8]) -> [UInt8] {
    var bytes = LittleEndianBytes()
    bytes.put(code, 4)
    bytes.put(UInt64(message.count), 4)
    bytes.put(message)
    return bytes.bytes
  }
}
