import Basics
import Machine

/// What the driver of a TEE does for its clients: memory the two share, messages in it, and direct requests until one is answered.
struct TEEClient {
  struct Answer {
    var result: UInt64
    var session: UInt64
    /// Of each parameter that comes back: A of a value, where the bytes lie.
    var values: [UInt64] = []
    var words: [String] = []
  }

  /// Pages of the memory: the first for messages, and one for each of four parameters.
  private static let pages: UInt64 = 5
  /// Entries of the TEE until one request is answered, at most: it may be interrupted again and again.
  private static let mostEntries = 100_000
  /// Bytes of a page that are shown.
  private static let shownBytes = 16

  private let expansion: Expansion
  /// The memory it shares with the TEE.
  let base: UInt64
  private let handle: UInt64

  /// The client of this machine: what it has shared with the TEE before, or what it shares now.
  init(_ expansion: Expansion) throws(Expansion.Stop) {
    self.expansion = expansion
    if !expansion.read({ $0.hasCode(Machine.codePartition) }) { try expansion.run("tee load") }
    let tee = SecurePartition.all[Machine.codePartition - 1].id
    func shared() -> (base: UInt64, handle: UInt64)? {
      expansion.read { machine in
        machine.spm.shares.first { share in
          share.kind == .share && share.owner == FFAEndpointIndex.normal && share.receivers.contains { $0.id == tee }
            && share.constituents.first.map { $0.pages >= Self.pages } == true
        }.map { ($0.constituents[0].base, $0.handle) }
      }
    }
    if shared() == nil {
      let spare = expansion.read { $0.spareGranules(Int(Self.pages)) }
      guard let first = spare.first, spare.last == first + (Self.pages - 1) * Granule.size else {
        throw .impossible("the client needs \(Self.pages) pages side by side; there are none")
      }
      try expansion.run("ffa share \(hex(first))..\(hex(first + Self.pages * Granule.size)) to=tee")
    }
    guard let found = shared() else { throw .impossible("nothing is shared with the TEE") }
    (base, handle) = found
  }

  /// Sends a message, and reads what has become of it.
  ///
  /// - Parameter metadata: parameters before the application's, such as its UUID.
  func request(
    _ command: UInt64, session: UInt64 = 0, function: UInt64 = 0, metadata: [(UInt64, UInt64)] = [], _ parameters: [TEEParameter]
  ) throws(Expansion.Stop) -> Answer {
    var message = TEEMessage(command: command, session: session, function: function)
    for (a, b) in metadata { message.add(TEEMessage.metadata | TEEMessage.valueIn, a, b, 0) }
    let places = places(parameters)
    for (parameter, place) in zip(parameters, places) { try add(parameter, place, &message) }
    try expansion.run("ns.write \(hex(base)) \(hexBytes(message.bytes))")
    let code = try send()
    guard code == 0 else { return Answer(result: code, session: 0) }
    let bytes = expansion.read { $0.bytes(base, message.bytes.count) }
    return answer(TEEMessage(bytes), parameters, places, skipping: metadata.count)
  }

  /// What has become of the message that was sent last: the call that sent it did not see the answer, because the TEE was held in it.
  func lastAnswer() throws(Expansion.Stop) -> Answer {
    let message = TEEMessage(expansion.read { $0.bytes(base, Int(Granule.size)) })
    guard message.parameterCount <= Self.mostParameters else { throw .impossible("what lies at \(hex(base)) is no message") }
    var answer = Answer(result: message.result, session: message.session)
    for n in 0..<message.parameterCount {
      let (a, b) = message.parameter(n)
      switch message.attribute(n) {
      case TEEMessage.valueBoth: take(.value(a, b), 0, a, b, &answer)
      case TEEMessage.memoryOut: take(.room(Granule.size), base &+ a, a, b, &answer)
      default: break
      }
    }
    return answer
  }

  /// Parameters of an application, and those before them.
  private static let mostParameters = 6

  /// Where each parameter's bytes are: a page of its own, and none in which others lie that the client names.
  private func places(_ parameters: [TEEParameter]) -> [UInt64] {
    var free = (1..<Self.pages).map { base + $0 * Granule.size }
    for case .memory(let address, let size) in parameters {
      free.removeAll { $0 < address &+ size && address < $0 + Granule.size }
    }
    return parameters.indices.map { n in
      let own = base + (UInt64(n) + 1) * Granule.size
      let place = free.contains(own) ? own : free.first ?? own
      free.removeAll { $0 == place }
      return place
    }
  }

  private func add(_ parameter: TEEParameter, _ place: UInt64, _ message: inout TEEMessage) throws(Expansion.Stop) {
    switch parameter {
    case .value(let a, let b): message.add(TEEMessage.valueBoth, a, b, 0)
    case .bytes(let bytes):
      guard bytes.count <= Int(Granule.size) else { throw .impossible("a parameter has a page at most") }
      if !bytes.isEmpty { try expansion.run("ns.write \(hex(place)) \(hexBytes(bytes))") }
      message.add(TEEMessage.memoryIn, place - base, UInt64(bytes.count), handle)
    case .memory(let address, let size):
      guard address >= base, size <= Granule.size, address <= base + Self.pages * Granule.size - size else {
        throw .impossible(
          "\(hex(address)) is not in the memory the client shares, \(hex(base)) to \(hex(base + Self.pages * Granule.size - 1))")
      }
      message.add(TEEMessage.memoryIn, address - base, size, handle)
    case .room(let size):
      guard size <= Granule.size else { throw .impossible("a parameter has a page at most") }
      message.add(TEEMessage.memoryOut, place - base, size, handle)
    }
  }

  /// A direct request, and FFA_RUN as often as the Host had an interrupt meanwhile.
  ///
  /// - Returns: what the TEE says of the message, apart from what is in it.
  private func send() throws(Expansion.Stop) -> UInt64 {
    let tee = SecurePartition.all[Machine.codePartition - 1].id
    var answer = try expansion.run(
      "FFA_MSG_SEND_DIRECT_REQ ids=\(hex(tee)) flags=0 data3=\(hex(TEEMessage.callWithArgument)) data4=\(hex(handle & 0xFFFF_FFFF)) "
        + "data5=\(hex(handle >> 32)) data6=0"
    ).answer
    var entries = 1
    while let x = answer?.x, x.count > 1, x[0] == FFA.interrupt {
      guard entries < Self.mostEntries else { throw .impossible("the TEE has not answered after \(entries) entries") }
      answer = try expansion.run("FFA_RUN \(hex(x[1]))").answer
      entries += 1
    }
    guard let x = answer?.x, x.count > 3 else { throw .held }
    return x[3]
  }

  private func answer(_ message: TEEMessage, _ parameters: [TEEParameter], _ places: [UInt64], skipping: Int) -> Answer {
    var answer = Answer(result: message.result, session: message.session)
    for (n, parameter) in parameters.enumerated() {
      let (a, b) = message.parameter(skipping + n)
      take(parameter, places[n], a, b, &answer)
    }
    return answer
  }

  /// What has come back in a parameter.
  private func take(_ parameter: TEEParameter, _ place: UInt64, _ a: UInt64, _ b: UInt64, _ answer: inout Answer) {
    switch parameter {
    case .value:
      answer.values.append(a)
      answer.words.append("value \(a)" + (b == 0 ? "" : ", \(b)"))
    case .room(let room):
      answer.values += [place, b]
      let bytes = expansion.read { $0.bytes(place, Int(min(b, room, Granule.size))) }
      let shown = hexBytes(bytes.prefix(Self.shownBytes)) + (bytes.count > Self.shownBytes ? "…" : "")
      let isText = !bytes.isEmpty && bytes.allSatisfy { (0x20..<0x7F).contains($0) }
      answer.words.append("\(b) bytes at \(hex(place)): \(isText ? "\"\(String(decoding: bytes, as: UTF8.self))\"" : shown)")
    case .bytes, .memory: break
    }
  }
}

/// A message: struct optee_msg_arg.
struct TEEMessage {
  /// Kinds of parameters (OPTEE_MSG_ATTR_TYPE_…), and what marks those that are not the application's.
  static let valueIn: UInt64 = 1
  static let valueBoth: UInt64 = 3
  static let memoryIn: UInt64 = 5
  static let memoryOut: UInt64 = 6
  static let metadata: UInt64 = 0x100
  /// W3 of a direct request: a message is at an offset of shared memory (OPTEE_FFA_YIELDING_CALL_WITH_ARG).
  static let callWithArgument: UInt64 = 0x8000_0000
  private static let header = 32
  private static let step = 32

  private(set) var bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  init(command: UInt64, session: UInt64, function: UInt64) {
    bytes = [UInt8](repeating: 0, count: Self.header)
    put(0, 4, command)
    put(4, 4, function)
    put(8, 4, session)
  }

  mutating func add(_ attribute: UInt64, _ a: UInt64, _ b: UInt64, _ c: UInt64) {
    let base = bytes.count
    bytes += [UInt8](repeating: 0, count: Self.step)
    for (n, value) in [attribute, a, b, c].enumerated() { put(base + 8 * n, 8, value) }
    put(28, 4, UInt64((bytes.count - Self.header) / Self.step))
  }

  var result: UInt64 { value(20, 4) }
  var session: UInt64 { value(8, 4) }

  var parameterCount: Int { Int(value(28, 4)) }
  func attribute(_ n: Int) -> UInt64 { value(Self.header + n * Self.step, 8) }

  func parameter(_ n: Int) -> (a: UInt64, b: UInt64) {
    let base = Self.header + n * Self.step
    return (value(base + 8, 8), value(base + 16, 8))
  }

  private mutating func put(_ at: Int, _ width: Int, _ value: UInt64) {
    for n in 0..<width { bytes[at + n] = UInt8(truncatingIfNeeded: value >> UInt64(8 * n)) }
  }

  private func value(_ at: Int, _ width: Int) -> UInt64 {
    guard at + width <= bytes.count else { return 0 }
    return (0..<width).reduce(0) { $0 | UInt64(bytes[at + $1]) << UInt64(8 * $1) }
  }
}
