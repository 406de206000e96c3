import Foundation
import Testing

@testable import Machine

/// The TEE of Sessions/secure and its applications, as code in the Secure state, and a client of the Normal world's.
struct TEETests {
  /// The machine with the TEE loaded, and a page of the Host's shared with it: OP-TEE's messages are in its beginning.
  final class Client {
    let script: SecureScript
    let page: UInt64 = 0x8200_0000
    /// Where memory parameters are.
    var data: UInt64 { page + 0x1000 }
    private(set) var handle: UInt64 = 0
    private(set) var printed = ""

    init(engine: CodeEngine = .fast, protects: Bool = true) throws {
      script = SecureScript(protects: protects, software: .tee, mapped: false)
      script.machine.codeEngine = engine
      script.machine.tracing = true
      try TEETests.load(&script.machine)
      #expect(script.map(0).status == "OK")
      // It starts, and waits for a message.
      #expect(call(0x8400_006D, [0x8001_0000]).x[0] == 0x8400_006B)
      var transaction = Transaction("share", 0, [0x8001], [])
      transaction.ranges = [(page, 3)]
      let answer = script.send("share", transaction, by: 0)
      #expect(answer.status == "OK")
      handle = answer.x[2]
    }

    func call(_ fid: UInt64, _ arguments: [UInt64]) -> SecureScript.Answer {
      let answer = script.smc(.normal, fid, arguments)
      for event in script.machine.events where event.kind == .partitionLog {
        let bytes = [event.a, event.b, event.c].flatMap { word in
          (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * UInt64($0))) }
        }
        printed += String(decoding: bytes.prefix(Int(event.detail)), as: UTF8.self)
      }
      return answer
    }

    func store(_ address: UInt64, _ bytes: [UInt8]) {
      _ = script.machine.perform(.access(MemoryAccess(world: .normal, address: address, kind: .bytes(bytes))))
    }

    /// A request with OP-TEE's message: W3 of the answer, and the message as it is then.
    func request(
      _ command: UInt64, function: UInt64 = 0, session: UInt64 = 0, _ parameters: [(UInt64, UInt64, UInt64, UInt64)]
    ) -> (w3: UInt64, result: UInt64, session: UInt64, parameters: [(a: UInt64, b: UInt64)]) {
      let little = Transaction.little
      var bytes = little(command, 4) + little(function, 4) + little(session, 4) + [UInt8](repeating: 0, count: 16)
      bytes += little(UInt64(parameters.count), 4)
      for one in parameters { bytes += little(one.0, 8) + little(one.1, 8) + little(one.2, 8) + little(one.3, 8) }
      store(page, bytes)
      let answer = call(0x8400_006F, [0x8001, 0, 0x8000_0000, handle & 0xFFFF_FFFF, handle >> 32, 0])
      let m = script.machine.bytes(page, 256)
      func word(_ at: Int, _ count: Int) -> UInt64 { (0..<count).reduce(0) { $0 | UInt64(m[at + $1]) << UInt64(8 * $1) } }
      let after = (0..<parameters.count).map { (a: word(32 + 32 * $0 + 8, 8), b: word(32 + 32 * $0 + 16, 8)) }
      return (answer.x.count > 3 ? answer.x[3] : ~0, word(20, 4), word(8, 4), after)
    }

    func open(_ uuid: [UInt8]) -> (result: UInt64, session: UInt64) {
      func octets(_ range: Range<Int>) -> UInt64 {
        range.reduce(0) { $0 | UInt64(uuid[$1]) << UInt64(8 * ($1 - range.lowerBound)) }
      }
      let answer = request(0, [(0x101, octets(0..<8), octets(8..<16), 0), (0x101, 0, 0, 0)])
      return (answer.result, answer.session)
    }

    func close(_ session: UInt64) -> UInt64 { request(2, session: session, []).result }

    /// A call with memory for reading and memory for writing: result and what was written.
    func transform(_ session: UInt64, _ function: UInt64, _ bytes: [UInt8], room: UInt64 = 512) -> (
      result: UInt64, bytes: [UInt8]
    ) {
      store(data, bytes)
      let answer = request(
        1, function: function, session: session, [(5, 0x1000, UInt64(bytes.count), handle), (6, 0x1800, room, handle)])
      return (answer.result, script.machine.bytes(page + 0x1800, Int(min(answer.parameters[1].b, room))))
    }
  }

  static let hello: [UInt8] = [0x8A, 0xAA, 0xF2, 0x00, 0x24, 0x50, 0x11, 0xE4, 0xAB, 0xE2, 0x00, 0x02, 0xA5, 0xD5, 0xC5, 0x1B]
  static let storage: [UInt8] = [0xF4, 0xE7, 0x50, 0xBB, 0x14, 0x37, 0x4F, 0xBF, 0x87, 0x85, 0x8D, 0x35, 0x80, 0xC3, 0x49, 0x94]

  /// Loads Sessions/secure/tee.elf into the partition's memory, and gives the partition its pc.
  static func load(_ machine: inout Machine) throws {
    var folder = URL(filePath: #filePath).resolvingSymlinksInPath()
    for _ in 0..<5 { folder.deleteLastPathComponent() }
    let image = Array(try Data(contentsOf: folder.appending(path: "Sessions/secure/tee.elf")))
    func word(_ at: Int, _ count: Int) -> UInt64 { (0..<count).reduce(0) { $0 | UInt64(image[at + $1]) << UInt64(8 * $1) } }
    for n in 0..<Int(word(56, 2)) {
      let header = Int(word(32, 8)) + n * 56
      guard word(header, 4) == 1 else { continue }
      let (offset, address, size) = (Int(word(header + 8, 8)), word(header + 24, 8), Int(word(header + 32, 8)))
      guard size > 0 else { continue }
      let access = MemoryAccess(world: .secure, address: address, kind: .bytes(Array(image[offset..<offset + size])))
      guard case .access(.ok) = machine.perform(.access(access)) else {
        Issue.record("no memory at \(address)")
        return
      }
    }
    let pc = RmmRec.table.pc.address(in: Machine.partitionVCPU)
    _ = machine.perform(.access(MemoryAccess(world: .secure, address: pc, kind: .write64(word(24, 8)))))
  }

  /// OP-TEE's first example: the words on both sides, and the number.
  @Test(arguments: CodeEngine.allCases)
  func helloIncrementsANumber(_ engine: CodeEngine) throws {
    let client = try Client(engine: engine)
    #expect(client.call(0x8400_006F, [0x8001, 0, 0]).x[3] == 1)
    let (result, session) = client.open(Self.hello)
    #expect(result == 0 && session == 1)
    let answer = client.request(1, session: session, [(3, 42, 0, 0)])
    #expect(answer.w3 == 0 && answer.result == 0 && answer.parameters[0].a == 43)
    #expect(client.request(1, function: 9, session: session, []).result == 0xFFFF_000A)
    #expect(client.close(session) == 0)
    #expect(client.request(1, session: session, []).result == 0xFFFF_0006)
    let words = "TEE: 2 applications\nHello World!\nGot value: 42 from NW\nIncrease value to: 43\nGoodbye!\n"
    #expect(client.printed == words)
    #expect(client.script.machine.invariantViolations() == [])
  }

  /// What was sealed is opened by the application after it was restarted; nobody else can, and what was changed is found.
  @Test func storageOutlivesTheApplication() throws {
    let client = try Client()
    let secret = Array("a device key, for the Secure world alone".utf8)
    let first = client.open(Self.storage)
    let sealed = client.transform(first.session, 0, secret)
    #expect(sealed.result == 0 && sealed.bytes.count == secret.count + 48)
    #expect(client.close(first.session) == 0)
    let second = client.open(Self.storage)
    #expect(client.transform(second.session, 1, sealed.bytes).bytes == secret)
    var changed = sealed.bytes
    changed[20] ^= 1
    #expect(client.transform(second.session, 1, changed).result == 0xF010_0001)
    #expect(client.transform(second.session, 1, []).result == 0xFFFF_0008)
    #expect(client.transform(second.session, 1, sealed.bytes, room: 8).result == 0xFFFF_0010)
    // Another platform has another key.
    let key = client.script.machine.bytes(Machine.hardwareKey, 32)
    #expect(Set(key).count > 8)
    guard
      case .access(.fault) = client.script.machine.perform(
        .access(MemoryAccess(world: .normal, address: Machine.hardwareKey, kind: .read64)))
    else {
      Issue.record("the Normal world reads the platform's key")
      return
    }
    #expect(client.script.machine.access(Machine.hardwareKey, of: 2) == nil)
  }

  /// An interrupt for the Host comes when the time of an entry is over; FFA_RUN lets the TEE go on where it was.
  @Test func theHostInterruptsTheTEE() throws {
    let client = try Client()
    let session = client.open(Self.storage).session
    client.script.machine.guestBudget = 5000
    client.store(client.data, [UInt8](repeating: 7, count: 256))
    var answer = client.request(
      1, function: 0, session: session, [(5, 0x1000, 256, client.handle), (6, 0x1800, 512, client.handle)])
    var entries = 1
    while client.script.machine.spm.endpoints[1].state == .preempted, entries < 1000 {
      answer.w3 = client.call(0x8400_006D, [0x8001_0000]).x[3]
      entries += 1
    }
    #expect(entries > 3 && answer.w3 == 0)
    #expect(client.script.machine.memory.load64(client.page + 0x1800) != 0)
  }

  /// Memory the client shares may become the Realm world's meanwhile: the TEE takes the fault and answers.
  @Test func theTEESurvivesAGranuleProtectionFault() throws {
    let client = try Client()
    let session = client.open(Self.hello).session
    #expect(client.script.smc(.normal, 0xC400_0151, [client.page]).x[0] == 0)
    let answer = client.call(0x8400_006F, [0x8001, 0, 0x8000_0000, client.handle, 0, 0])
    #expect(answer.x[3] == 0xFFFF_0006)
    #expect(client.script.smc(.normal, 0xC400_0152, [client.page]).x[0] == 0)
    #expect(client.request(1, session: session, [(3, 1, 0, 0)]).parameters[0].a == 2)
  }

  /// A partition that does what it cannot comes to an end, and its callers are told.
  @Test func aPartitionThatFaultsIsAborted() throws {
    let script = SecureScript(software: .tee, mapped: false)
    let pc = RmmRec.table.pc.address(in: Machine.partitionVCPU)
    _ = script.machine.perform(.access(MemoryAccess(world: .secure, address: pc, kind: .write64(0x1000))))
    #expect(script.smc(.normal, 0x8400_006D, [0x8001_0000]).status == "FFA_ABORTED")
    #expect(script.smc(.normal, 0x8400_006D, [0x8001_0000]).status == "FFA_ABORTED")
    #expect(script.machine.decisions.last?.id == "target_aborted")
    #expect(script.smc(.normal, 0x8400_006F, [0x8001]).status == "FFA_ABORTED")
    #expect(script.machine.invariantViolations() == [])
  }
}
