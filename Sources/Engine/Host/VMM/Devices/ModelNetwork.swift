/// The network a guest's card is on. Nothing of it is outside of the model: there is one other host, which is router and server, answers
/// at once, and loses nothing.
///
/// It gives the guest an address (DHCP), answers ARP and ICMP echo requests, echoes what comes to port 7 (UDP and TCP), and serves HTTP
/// at port 80 (``ModelServer``).
struct ModelNetwork: Sendable {
  static let guestMAC: [UInt8] = [0x52, 0x54, 0x00, 0x12, 0x34, 0x56]
  private static let hostMAC: [UInt8] = [0x52, 0x55, 0x0A, 0x00, 0x02, 0x02]
  static let guestAddress: UInt32 = 0x0A00_020F
  static let hostAddress: UInt32 = 0x0A00_0202
  private static let mask: UInt32 = 0xFFFF_FF00

  enum Port {
    static let echo: UInt16 = 7
    static let bootpServer: UInt16 = 67
    static let bootpClient: UInt16 = 68
    static let http: UInt16 = 80
  }

  private enum EtherType {
    static let ip: UInt16 = 0x0800
    static let arp: UInt16 = 0x0806
  }
  private enum IPProtocol {
    static let icmp: UInt8 = 1
    static let tcp: UInt8 = 6
    static let udp: UInt8 = 17
  }

  private var server = ModelServer()
  /// Identification of the next datagram.
  private var datagrams: UInt16 = 0

  init() {}

  /// What comes back for a frame of the guest's. What is malformed, or for nobody here, is dropped.
  mutating func answers(to frame: [UInt8]) -> [[UInt8]] {
    var reader = PacketReader(frame[...])
    guard let target = reader.take(6), let source = reader.take(6), let type = reader.take16() else { return [] }
    let isBroadcast = target.allSatisfy { $0 == 0xFF }
    guard isBroadcast || target.elementsEqual(Self.hostMAC) else { return [] }
    let sender = Array(source)
    switch type {
    case EtherType.arp: return arp(&reader, sender)
    case EtherType.ip: return datagram(&reader, sender)
    default: return []
    }
  }

  private func frame(to target: [UInt8], _ type: UInt16, _ payload: [UInt8]) -> [UInt8] {
    var bytes = PacketBytes()
    bytes.bytes = target + Self.hostMAC
    bytes.put16(type)
    // The shortest that Ethernet has.
    return bytes.bytes + payload + [UInt8](repeating: 0, count: max(0, 46 - payload.count))
  }

  /// RFC 826: who has this address?
  private func arp(_ reader: inout PacketReader, _ sender: [UInt8]) -> [[UInt8]] {
    guard reader.take16() == 1, reader.take16() == EtherType.ip, reader.take16() == 0x0604, reader.take16() == 1,
      let hardware = reader.take(6), let address = reader.take32(), reader.take(6) != nil,
      reader.take32() == Self.hostAddress
    else { return [] }
    var reply = PacketBytes()
    for word in [1, EtherType.ip, 0x0604, 2] as [UInt16] { reply.put16(word) }
    reply.bytes += Self.hostMAC
    reply.put32(Self.hostAddress)
    reply.bytes += hardware
    reply.put32(address)
    return [frame(to: sender, EtherType.arp, reply.bytes)]
  }

  // MARK: IP

  private mutating func datagram(_ reader: inout PacketReader, _ sender: [UInt8]) -> [[UInt8]] {
    let packet = reader.rest
    guard let first = packet.first, first >> 4 == 4, case let header = Int(first & 15) * 4, header >= 20, packet.count >= header,
      Self.checksum(packet.prefix(header)) == 0
    else { return [] }
    var ip = PacketReader(packet)
    guard ip.take16() != nil, let length = ip.take16(), length >= header, length <= packet.count, ip.take16() != nil,
      let fragment = ip.take16(), fragment & 0x3FFF == 0, ip.take8() != nil, let kind = ip.take8(), ip.take16() != nil,
      let source = ip.take32(), let target = ip.take32()
    else { return [] }
    let body = Array(packet.prefix(Int(length)).dropFirst(header))
    if kind == IPProtocol.udp { return udp(body, source, target, sender) }
    guard target == Self.hostAddress else { return [] }
    switch kind {
    case IPProtocol.icmp: return echo(body, source, sender)
    case IPProtocol.tcp:
      guard Self.sum(of: body, IPProtocol.tcp, source, target) == 0 else { return [] }
      return server.take(body, from: source).map { segment in
        frame(to: sender, EtherType.ip, sent(IPProtocol.tcp, to: source, sealed(segment, IPProtocol.tcp, to: source, at: 16)))
      }
    default: return []
    }
  }

  private mutating func sent(_ kind: UInt8, to target: UInt32, _ payload: [UInt8]) -> [UInt8] {
    var header = PacketBytes()
    header.put16(0x4500)
    header.put16(UInt16(truncatingIfNeeded: 20 + payload.count))
    header.put16(datagrams)
    datagrams &+= 1
    header.put16(0)
    header.put8(64)
    header.put8(kind)
    header.put16(0)
    header.put32(Self.hostAddress)
    header.put32(target)
    var bytes = header.bytes
    Self.put(Self.checksum(bytes[...]), in: &bytes, at: 10)
    return bytes + payload
  }

  private mutating func echo(_ body: [UInt8], _ source: UInt32, _ sender: [UInt8]) -> [[UInt8]] {
    guard body.count >= 8, body[0] == 8, body[1] == 0, Self.checksum(body[...]) == 0 else { return [] }
    var reply = body
    reply[0] = 0
    Self.put(0, in: &reply, at: 2)
    Self.put(Self.checksum(reply[...]), in: &reply, at: 2)
    return [frame(to: sender, EtherType.ip, sent(IPProtocol.icmp, to: source, reply))]
  }

  private mutating func udp(_ body: [UInt8], _ source: UInt32, _ target: UInt32, _ sender: [UInt8]) -> [[UInt8]] {
    var reader = PacketReader(body[...])
    guard let from = reader.take16(), let to = reader.take16(), let length = reader.take16(), let sum = reader.take16(),
      length >= 8, Int(length) <= body.count,
      sum == 0 || Self.sum(of: Array(body.prefix(Int(length))), IPProtocol.udp, source, target) == 0
    else { return [] }
    let data = Array(body.prefix(Int(length)).dropFirst(8))
    let (answer, receiver, hardware): ([UInt8], UInt32, [UInt8])
    switch to {
    case Port.bootpServer:
      guard from == Port.bootpClient, let lease = lease(data) else { return [] }
      (answer, receiver, hardware) = (lease, .max, [UInt8](repeating: 0xFF, count: 6))
    case Port.echo where target == Self.hostAddress: (answer, receiver, hardware) = (data, source, sender)
    default: return []
    }
    var segment = PacketBytes()
    segment.put16(to)
    segment.put16(from)
    segment.put16(UInt16(truncatingIfNeeded: 8 + answer.count))
    segment.put16(0)
    let bytes = sealed(segment.bytes + answer, IPProtocol.udp, to: receiver, at: 6)
    return [frame(to: hardware, EtherType.ip, sent(IPProtocol.udp, to: receiver, bytes))]
  }

  /// RFC 2131: the answer to a DHCPDISCOVER or DHCPREQUEST, which is always the same address.
  private func lease(_ request: [UInt8]) -> [UInt8]? {
    guard request.count >= 240, request[0] == 1, request[236..<240].elementsEqual([99, 130, 83, 99]) else { return nil }
    var kind: UInt8?
    var options = PacketReader(request[240...])
    while let code = options.take8(), code != 255 {
      if code == 0 { continue }
      guard let count = options.take8(), let value = options.take(Int(count)) else { break }
      if code == 53 { kind = value.first }
    }
    let answer: UInt8
    switch kind {
    case 1: answer = 2
    case 3: answer = 5
    default: return nil
    }
    var reply = PacketBytes()
    reply.bytes = [2, 1, 6, 0] + request[4..<8] + [UInt8](repeating: 0, count: 4) + request[12..<16]
    reply.put32(Self.guestAddress)
    reply.put32(Self.hostAddress)
    reply.bytes += [0, 0, 0, 0] + request[28..<44] + [UInt8](repeating: 0, count: 192) + [99, 130, 83, 99]
    reply.bytes += [53, 1, answer]
    for (code, value) in [(54, Self.hostAddress), (51, 86400), (1, Self.mask), (3, Self.hostAddress)] as [(UInt8, UInt32)] {
      reply.bytes += [code, 4]
      reply.put32(value)
    }
    reply.put8(255)
    return reply.bytes
  }

  // MARK: Checksums

  /// RFC 1071.
  static func checksum(_ bytes: ArraySlice<UInt8>, _ start: UInt32 = 0) -> UInt16 {
    var sum = start
    var isHigh = true
    for byte in bytes {
      sum += isHigh ? UInt32(byte) << 8 : UInt32(byte)
      isHigh.toggle()
    }
    while sum >> 16 != 0 { sum = sum & 0xFFFF + sum >> 16 }
    return ~UInt16(sum)
  }

  /// With the pseudo header of TCP and UDP.
  static func sum(of segment: [UInt8], _ kind: UInt8, _ source: UInt32, _ target: UInt32) -> UInt16 {
    let pseudo = source >> 16 + source & 0xFFFF + target >> 16 + target & 0xFFFF + UInt32(kind) + UInt32(segment.count)
    return checksum(segment[...], pseudo)
  }

  private func sealed(_ segment: [UInt8], _ kind: UInt8, to target: UInt32, at place: Int) -> [UInt8] {
    var segment = segment
    let sum = Self.sum(of: segment, kind, Self.hostAddress, target)
    // Of UDP, zero says that there is none.
    Self.put(sum == 0 && kind == IPProtocol.udp ? 0xFFFF : sum, in: &segment, at: place)
    return segment
  }

  private static func put(_ value: UInt16, in bytes: inout [UInt8], at place: Int) {
    bytes[place] = UInt8(value >> 8)
    bytes[place + 1] = UInt8(truncatingIfNeeded: value)
  }

  // MARK: Known again

  var stateSize: Int { 2 + server.stateSize }

  func put(in bytes: inout PacketBytes) {
    bytes.put16(datagrams)
    server.put(in: &bytes)
  }

  init?(reading reader: inout PacketReader) {
    guard let datagrams = reader.take16(), let server = ModelServer(reading: &reader) else { return nil }
    (self.datagrams, self.server) = (datagrams, server)
  }
}
