import Basics
import Host
import Machine

/// A client of the TEE in the Normal world: what GlobalPlatform's TEE Client API has it do, over FF-A, with messages as OP-TEE has them
/// (linux, `drivers/tee/optee/optee_msg.h` and `ffa_abi.c`).
struct TEEStatement: HelperStatement {
  enum Request: Sendable, Equatable {
    case load(String)
    case open(TrustedApplication)
    case invoke(session: UInt64, function: UInt64, [TEEParameter])
    case close(session: UInt64)
    case answer
  }

  let request: Request

  static let verbs = [
    Verb(
      "tee load", "[IMAGE]", 0...1, help: "puts the TEE's image into its partition, as BL2 does",
      details:
        "`tee`, the project's own, unless one is named. On a machine with `secure=tee`; the other statements do it where nobody has",
      examples: ["tee load", "tee load tee.elf"], places: .helpers
    ) { arguments in TEEStatement(request: .load(arguments.words.first?.text ?? image)) },
    Verb(
      "tee open", "APPLICATION", 1...1, help: "opens a session with a trusted application",
      details:
        "\(TrustedApplication.all.map { "`\($0.name)`" }.joined(separator: ", ")), or a UUID. The session is in X1, the client's shared memory at X2",
      examples: ["tee open hello", "tee open f4e750bb-1437-4fbf-8785-8d3580c34994"], places: .helpers
    ) { arguments throws(ScriptError) in
      guard let application = TrustedApplication(arguments[0].text) else {
        let names = TrustedApplication.all.map(\.name).joined(separator: ", ")
        throw arguments.error(arguments[0], "no application \"\(shown(arguments[0].text))\"; expected \(names), or a UUID")
      }
      return TEEStatement(request: .open(application))
    },
    Verb(
      "tee invoke", "SESSION COMMAND [PARAMETER ..]", 2...6, help: "has an application do something",
      details:
        "at most four parameters: `value=A[,B]` both ways, `in=HEX` and `text=WORDS` for reading, `from=PA,SIZE` what lies in the client's "
        + "shared memory, `out=SIZE` for writing. What comes back is in X1 and up: A of a value, the address of what was written",
      examples: ["tee invoke 1 0 value=42", "tee invoke 1 0 text=secret out=256", "tee invoke 2 1 from=0x80103000,54 out=256"],
      places: .helpers
    ) { arguments throws(ScriptError) in
      var parameters: [TEEParameter] = []
      for word in arguments.words.dropFirst(2) { parameters.append(try arguments.parameter(word)) }
      return TEEStatement(
        request: .invoke(session: try arguments.number(0), function: try arguments.number(1), parameters))
    },
    Verb("tee close", "SESSION", 1...1, help: "closes a session", examples: ["tee close 1"], places: .helpers) {
      arguments throws(ScriptError) in TEEStatement(request: .close(session: try arguments.number(0)))
    },
    Verb(
      "tee answer", "", 0...0, help: "what the TEE has answered to a request in which it was held",
      details: "the numbers are those of `tee open` or `tee invoke`", examples: ["tee answer"], places: .helpers
    ) { _ in TEEStatement(request: .answer) },
  ]

  private static let image = "tee"

  var text: String {
    switch request {
    case .load(let image): "tee load \(image)"
    case .open(let application): "tee open \(application.name)"
    case .invoke(let session, let function, let parameters):
      (["tee invoke \(session) \(function)"] + parameters.map(\.text)).joined(separator: " ")
    case .close(let session): "tee close \(session)"
    case .answer: "tee answer"
    }
  }

  func expand(_ expansion: Expansion) throws(Expansion.Stop) -> Expansion.Achievement {
    guard expansion.read({ $0.configuration.secure == .tee && $0.control.secure != nil }) else {
      throw .impossible("this machine has no TEE (machine secure=tee)")
    }
    switch request {
    case .load(let image): return try load(image, expansion)
    case .open(let application):
      let client = try TEEClient(expansion)
      let uuid = application.uuid
      func octets(_ range: Range<Int>) -> UInt64 { range.reversed().reduce(0) { $0 << 8 | UInt64(uuid[$1]) } }
      let answer = try client.request(0, metadata: [(octets(0..<8), octets(8..<16)), (0, 0)], [])
      return achievement(
        answer, answer.result == 0 ? "session \(answer.session) with \(application.name)" : application.name,
        [
          answer.session, client.base,
        ])
    case .invoke(let session, let function, let parameters):
      let client = try TEEClient(expansion)
      let answer = try client.request(1, session: session, function: function, parameters)
      return achievement(answer, answer.words.joined(separator: ", "), answer.values)
    case .close(let session):
      let client = try TEEClient(expansion)
      return achievement(try client.request(2, session: session, []), "session \(session)", [])
    case .answer:
      guard expansion.session.heldPartition == nil else { throw .held }
      let answer = try TEEClient(expansion).lastAnswer()
      let words = answer.words.isEmpty ? "session \(answer.session)" : answer.words.joined(separator: ", ")
      return achievement(answer, words, answer.values.isEmpty ? [answer.session] : answer.values)
    }
  }

  private func achievement(_ answer: TEEClient.Answer, _ words: String, _ values: [UInt64]) -> Expansion.Achievement {
    let name = Names.status(.tee, answer.result)
    return Expansion.Achievement(
      sentence: words.isEmpty ? name : "\(name): \(words)", values: [answer.result] + values, interface: .tee)
  }

  private func load(_ name: String, _ expansion: Expansion) throws(Expansion.Stop) -> Expansion.Achievement {
    let image: BootImage
    do throws(ScriptError) { image = try expansion.runner.guestControl.image(name, expansion.line.file) } catch {
      throw .impossible(error.message)
    }
    let memory = SecurePartition.all[Machine.codePartition - 1].memory
    guard image.fits(memory) else { throw .impossible("\(name): \(BootImage.noTEE(memory))") }
    for (address, bytes) in image.pieces { try expansion.run("secure.write \(hex(address)) \(hexBytes(bytes))") }
    let pc = RmmRec.table.pc.address(in: Machine.partitionVCPU)
    try expansion.run("secure.write64 \(hex(pc)) \(hex(image.entry))")
    // As the SPMC starts it: it runs until it waits for a message.
    try expansion.run("FFA_RUN \(hex(SecurePartition.all[Machine.codePartition - 1].id << 16))")
    return Expansion.Achievement(sentence: "the TEE's code begins at \(hex(image.entry))", values: [image.entry])
  }
}

/// A trusted application, by its UUID.
struct TrustedApplication: Sendable, Equatable {
  let name: String
  let uuid: [UInt8]

  /// Those in the project's TEE: OP-TEE's examples have the same UUIDs.
  static let all = [
    TrustedApplication(
      name: "hello",
      uuid: [0x8A, 0xAA, 0xF2, 0x00, 0x24, 0x50, 0x11, 0xE4, 0xAB, 0xE2, 0x00, 0x02, 0xA5, 0xD5, 0xC5, 0x1B]),
    TrustedApplication(
      name: "storage",
      uuid: [0xF4, 0xE7, 0x50, 0xBB, 0x14, 0x37, 0x4F, 0xBF, 0x87, 0x85, 0x8D, 0x35, 0x80, 0xC3, 0x49, 0x94]),
  ]

  private init(name: String, uuid: [UInt8]) { (self.name, self.uuid) = (name, uuid) }

  /// By a name, or a UUID as it is written.
  init?(_ text: String) {
    let text = text.lowercased()
    if let known = Self.all.first(where: { $0.name == text }) {
      self = known
      return
    }
    guard text.split(separator: "-", omittingEmptySubsequences: false).map(\.count) == [8, 4, 4, 4, 12],
      let uuid = [UInt8](hex: text.filter { $0 != "-" })
    else { return nil }
    self = Self.all.first { $0.uuid == uuid } ?? TrustedApplication(name: text, uuid: uuid)
  }
}

/// A parameter of an application's command.
enum TEEParameter: Sendable, Equatable {
  case value(UInt64, UInt64)
  case bytes([UInt8])
  /// What lies in the client's shared memory.
  case memory(UInt64, UInt64)
  case room(UInt64)

  var text: String {
    switch self {
    case .value(let a, let b): b == 0 ? "value=\(a)" : "value=\(a),\(b)"
    case .bytes(let bytes): "in=\(hexBytes(bytes))"
    case .memory(let address, let size): "from=\(hex(address)),\(size)"
    case .room(let size): "out=\(size)"
    }
  }
}

extension Arguments {
  fileprivate func parameter(_ word: Word) throws(ScriptError) -> TEEParameter {
    guard let (key, value) = pair(word) else {
      throw error(word, "found \"\(shown(word.text))\"; expected value=A, in=HEX, text=WORDS, from=PA,SIZE or out=SIZE")
    }
    func numbers() throws(ScriptError) -> [UInt64] {
      var found: [UInt64] = []
      for part in value.parts(",") { found.append(try number(part)) }
      return found
    }
    switch key.lowercased() {
    case "value":
      let numbers = try numbers()
      guard numbers.count < 3 else { throw error(value, "a value has two numbers") }
      return .value(numbers[0], numbers.count > 1 ? numbers[1] : 0)
    case "text": return .bytes(Array(value.text.utf8))
    case "in":
      guard let bytes = [UInt8](hex: value.text) else { throw error(value, "expected bytes in hexadecimal, without 0x") }
      return .bytes(bytes)
    case "from":
      let numbers = try numbers()
      guard numbers.count == 2 else { throw error(value, "expected PA,SIZE") }
      return .memory(numbers[0], numbers[1])
    case "out": return .room(try number(value))
    default: throw error(word, "no parameter \"\(shown(key))\"; there are value, in, text, from and out")
    }
  }
}
