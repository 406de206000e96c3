/// The other end of a guest's TCP connections (RFC 9293): an echo service at port 7, and a small HTTP server at port 80. What it sends is
/// never lost, so it repeats nothing but what it is asked for again.
struct ModelServer: Sendable {
  private struct Key: Hashable, Comparable, Sendable {
    var port: UInt16
    var peer: UInt16
    static func < (a: Key, b: Key) -> Bool { (a.port, a.peer) < (b.port, b.peer) }
  }

  private struct Connection: Sendable {
    /// What is expected next, and what is sent next.
    var received: UInt32
    var sent: UInt32
    /// What the peer has acknowledged, and how much more it takes from there.
    var acknowledged: UInt32
    var window: UInt32
    /// The peer's largest segment.
    var segment: UInt16
    /// What has been asked, as far as it is not answered.
    var request: [UInt8] = []
    /// What is still to be sent.
    var outgoing: [UInt8] = []
    var peerHasEnded = false
    /// It sends no more once all is sent.
    var ends = false
    var hasEnded = false
  }

  /// Connections at a time, bytes of a request, and bytes that wait to be sent.
  static let mostConnections = 64
  private static let longestRequest = 4096
  static let mostOutgoing = 1 << 17
  private static let window: UInt16 = 0xFFFF
  private static let usualSegment: UInt16 = 536
  private static let longestSegment: UInt16 = 1460

  private enum Flag {
    static let fin: UInt8 = 1
    static let syn: UInt8 = 2
    static let reset: UInt8 = 4
    static let push: UInt8 = 8
    static let ack: UInt8 = 16
  }

  private var connections: [Key: Connection] = [:]

  init() {}

  // MARK: Segments

  /// What it answers to a segment of the guest's, without checksums.
  mutating func take(_ segment: [UInt8], from source: UInt32) -> [[UInt8]] {
    var reader = PacketReader(segment[...])
    guard let peer = reader.take16(), let port = reader.take16(), let number = reader.take32(), let ack = reader.take32(),
      let offset = reader.take8(), let flags = reader.take8(), let window = reader.take16(),
      case let header = Int(offset >> 4) * 4, (20...segment.count).contains(header)
    else { return [] }
    let key = Key(port: port, peer: peer)
    let data = Array(segment[header...])
    guard flags & Flag.reset == 0 else {
      connections[key] = nil
      return []
    }
    if flags & Flag.syn != 0 { return begin(key, number, window, Array(segment[20..<header])) }
    guard var connection = connections[key], flags & Flag.ack != 0 else {
      let length = UInt32(data.count) + (flags & Flag.fin != 0 ? 1 : 0)
      return [Self.segment(key, flags & Flag.ack != 0 ? ack : 0, number &+ length, Flag.reset | Flag.ack, [])]
    }
    // What it has acknowledged lies between what was known and what was sent.
    if ack &- connection.acknowledged <= connection.sent &- connection.acknowledged {
      connection.acknowledged = ack
      connection.window = UInt32(window)
    }
    var isNews = false
    if number == connection.received, !connection.peerHasEnded {
      connection.received &+= UInt32(data.count)
      isNews = !data.isEmpty
      hear(data, &connection, port)
      if flags & Flag.fin != 0 {
        connection.received &+= 1
        connection.peerHasEnded = true
        connection.ends = true
        isNews = true
      }
    } else {
      // Something that has come before, or out of its order: it is told what is expected.
      isNews = !data.isEmpty || flags & Flag.fin != 0
    }
    let answers = answer(key, &connection, isNews)
    let isOver = connection.hasEnded && connection.peerHasEnded && connection.acknowledged == connection.sent
    connections[key] = isOver ? nil : connection
    return answers
  }

  private mutating func begin(_ key: Key, _ number: UInt32, _ window: UInt16, _ options: [UInt8]) -> [[UInt8]] {
    guard [ModelNetwork.Port.echo, ModelNetwork.Port.http].contains(key.port),
      connections[key] != nil || connections.count < Self.mostConnections
    else { return [Self.segment(key, 0, number &+ 1, Flag.reset | Flag.ack, [])] }
    var segment = Self.usualSegment
    var reader = PacketReader(options[...])
    while let kind = reader.take8(), kind != 0 {
      if kind == 1 { continue }
      guard let count = reader.take8(), count >= 2, let value = reader.take(Int(count) - 2) else { break }
      if kind == 2, value.count == 2, let first = value.first, let last = value.last {
        segment = UInt16(first) << 8 | UInt16(last)
      }
    }
    // Where it begins follows from the peer's number: the same boot sees the same.
    let first = number &* 0x9E37_79B1 ^ 0x5DEE_CE66
    connections[key] = Connection(
      received: number &+ 1, sent: first &+ 1, acknowledged: first, window: UInt32(window),
      segment: min(max(segment, 88), Self.longestSegment))
    return [Self.segment(key, first, number &+ 1, Flag.syn | Flag.ack, [], options: [2, 4, 0x05, 0xB4])]
  }

  /// Takes what the peer has said.
  private func hear(_ data: [UInt8], _ connection: inout Connection, _ port: UInt16) {
    guard !data.isEmpty, !connection.ends else { return }
    if port == ModelNetwork.Port.echo {
      connection.outgoing += data.prefix(Self.mostOutgoing - connection.outgoing.count)
      return
    }
    connection.request += data.prefix(Self.longestRequest - connection.request.count)
    guard let answer = Self.page(connection.request, isWhole: connection.request.count == Self.longestRequest) else { return }
    connection.request = []
    connection.outgoing += answer
    connection.ends = true
  }

  /// As much as the peer takes.
  private func answer(_ key: Key, _ connection: inout Connection, _ isNews: Bool) -> [[UInt8]] {
    var answers: [[UInt8]] = []
    while true {
      let inFlight = connection.sent &- connection.acknowledged
      let room = connection.window > inFlight ? connection.window - inFlight : 0
      let count = min(connection.outgoing.count, Int(connection.segment), Int(room))
      let isLast = connection.ends && !connection.hasEnded && count == connection.outgoing.count
      guard count > 0 || isLast else { break }
      let data = Array(connection.outgoing.prefix(count))
      connection.outgoing.removeFirst(count)
      answers.append(
        Self.segment(key, connection.sent, connection.received, Flag.ack | Flag.push | (isLast ? Flag.fin : 0), data))
      connection.sent &+= UInt32(count) + (isLast ? 1 : 0)
      if isLast { connection.hasEnded = true }
    }
    if answers.isEmpty, isNews { answers = [Self.segment(key, connection.sent, connection.received, Flag.ack, [])] }
    return answers
  }

  private static func segment(
    _ key: Key, _ number: UInt32, _ ack: UInt32, _ flags: UInt8, _ data: [UInt8], options: [UInt8] = []
  ) -> [UInt8] {
    var bytes = PacketBytes()
    bytes.put16(key.port)
    bytes.put16(key.peer)
    bytes.put32(number)
    bytes.put32(ack)
    bytes.put8(UInt8((20 + options.count) / 4) << 4)
    bytes.put8(flags)
    bytes.put16(window)
    bytes.put32(0)
    return bytes.bytes + options + data
  }

  // MARK: HTTP

  /// The largest page of `/bytes/N`.
  private static let largestPage = 64 << 10

  /// The answer to a request, once its header has ended, or no more of it is read.
  private static func page(_ request: [UInt8], isWhole: Bool) -> [UInt8]? {
    let text = String(decoding: request, as: UTF8.self)
    guard text.contains("\r\n\r\n") || isWhole else { return nil }
    let words = (text.split(separator: "\r\n").first ?? "").split(separator: " ")
    guard words.count == 3, words[2].hasPrefix("HTTP/1.") else { return answer("400 Bad Request", Array("Bad request\n".utf8)) }
    guard words[0] == "GET" || words[0] == "HEAD" else {
      return answer("405 Method Not Allowed", Array("This server knows GET and HEAD.\n".utf8))
    }
    let path = words[1]
    let body: [UInt8]
    if path == "/" {
      body = Array("A page of the model's network. /bytes/N has N bytes, up to \(largestPage).\n".utf8)
    } else if path.hasPrefix("/bytes/"), let count = Int(path.dropFirst(7)), (0...largestPage).contains(count) {
      body = (0..<count).map { UInt8(truncatingIfNeeded: $0 % 64 == 63 ? 10 : 0x20 + $0 % 64) }
    } else {
      return answer("404 Not Found", Array("There is no such page.\n".utf8))
    }
    return answer("200 OK", body, isHead: words[0] == "HEAD")
  }

  private static func answer(_ status: String, _ body: [UInt8], isHead: Bool = false) -> [UInt8] {
    let header = "HTTP/1.0 \(status)\r\nServer: workbench\r\nContent-Type: text/plain\r\nContent-Length: \(body.count)\r\n\r\n"
    return Array(header.utf8) + (isHead ? [] : body)
  }

  // MARK: Known again

  private static let fixedSize = 29
  var stateSize: Int {
    connections.values.reduce(2) { $0 + Self.fixedSize + $1.request.count + $1.outgoing.count }
  }

  func put(in bytes: inout PacketBytes) {
    bytes.put16(UInt16(connections.count))
    for (key, connection) in connections.sorted(by: { $0.key < $1.key }) {
      bytes.put16(key.port)
      bytes.put16(key.peer)
      for word in [connection.received, connection.sent, connection.acknowledged, connection.window] { bytes.put32(word) }
      bytes.put16(connection.segment)
      bytes.put8((connection.peerHasEnded ? 1 : 0) | (connection.ends ? 2 : 0) | (connection.hasEnded ? 4 : 0))
      bytes.put16(UInt16(connection.request.count))
      bytes.put32(UInt32(connection.outgoing.count))
      bytes.bytes += connection.request + connection.outgoing
    }
  }

  init?(reading reader: inout PacketReader) {
    guard let count = reader.take16(), count <= Self.mostConnections else { return nil }
    for _ in 0..<count {
      guard let port = reader.take16(), let peer = reader.take16(), let received = reader.take32(), let sent = reader.take32(),
        let acknowledged = reader.take32(), let window = reader.take32(), window <= 0xFFFF, let segment = reader.take16(),
        (88...Self.longestSegment).contains(segment), let flags = reader.take8(), let asked = reader.take16(),
        asked < Self.longestRequest, let left = reader.take32(), left <= Self.mostOutgoing,
        let request = reader.take(Int(asked)), let outgoing = reader.take(Int(left))
      else { return nil }
      var connection = Connection(
        received: received, sent: sent, acknowledged: acknowledged, window: window, segment: segment, request: Array(request),
        outgoing: Array(outgoing))
      (connection.peerHasEnded, connection.ends, connection.hasEnded) = (flags & 1 != 0, flags & 2 != 0, flags & 4 != 0)
      connections[Key(port: port, peer: peer)] = connection
    }
  }
}
