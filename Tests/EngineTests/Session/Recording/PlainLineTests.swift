import Engine
import Testing

@testable import Session

/// Lines of recordings that are read as bytes are read as the language reads them.
struct PlainLineTests {
  private static func recording(seed: UInt64, _ count: Int) -> [String] {
    let configuration = RandomDriver.configuration(.spec)
    let session = Session(configuration)
    var driver = RandomDriver(seed: seed, configuration)
    var text = Recording.header(configuration)
    for n in 1...count {
      session.perform(.action(session.read { driver.next($0) }))
      text += Recording.lines(session, n, seconds: Double(n))
      if n % Recording.digestStride == 0 { text += Recording.digestLine(session.digest()) }
    }
    return text.split(separator: "\n").map(String.init)
  }

  /// - Returns: how many lines were read as bytes.
  private static func replayed(_ lines: [String], asBytes: Bool) throws -> (replayer: Replayer, plain: Int) {
    let replayer = Replayer(Session(try Recording.configuration(of: lines)))
    var plain = 0
    for (index, line) in lines.enumerated() {
      if asBytes, try replayer.take(plain: Array(line.utf8), line: index + 1) {
        plain += 1
      } else {
        try replayer.take(line, line: index + 1)
      }
    }
    try replayer.finish()
    return (replayer, plain)
  }

  @Test func aRecordingIsTheSameEitherWay() throws {
    let lines = Self.recording(seed: 21, 1500)
    let (fast, plain) = try Self.replayed(lines, asBytes: true)
    let (slow, none) = try Self.replayed(lines, asBytes: false)
    #expect(plain > lines.count / 2 && none == 0)
    #expect(fast.difference == nil && slow.difference == nil)
    #expect(fast.session.digest() == slow.session.digest())
    #expect(fast.answersCompared == slow.answersCompared && fast.digestsCompared == slow.digestsCompared)
    for (step, other) in zip(fast.session.steps, slow.session.steps) {
      #expect(String(reflecting: step) == String(reflecting: other))
    }
    for index in fast.session.steps.indices {
      #expect(fast.session.steps.glance(index..<index + 1) == slow.session.steps.glance(index..<index + 1))
    }
    #expect(fast.session.steps.weight == slow.session.steps.weight)
  }

  /// What a Host reads, writes and fills, and calls of others than the RMM, read as bytes and as texts.
  @Test(arguments: [Recording.version, 4], [false, true])
  func everyKindOfLineIsTheSameEitherWay(_ version: Int, isMalformed: Bool) throws {
    let lines = [
      "#workbench \(version)", "machine dram=64M", "ns.write 0x80001000 00ff17A0", "=> ok", "ns.write 0x80001004 0",
      "ns.write 0x80001008 \(String(repeating: "5a", count: 4096))", "=> ok", "ns.read64 0x80001000", "=> -> 0xa017ff00",
      "ns.write64 0x80001010 0x7", "=> ok", "ns.fill 0x80002000 0x1000 0xff", "=> ok", "smc FFA_VERSION 0x10002", "=> 0x10002",
      "smc RMI_GRANULE_DELEGATE 0x80002000", "=> RMI_SUCCESS", "ns.read64 0x80002000", "=> gpf", "smc PSCI_VERSION",
      "=> 0xffffffffffffffff", "smc RMI_RTT_READ_ENTRY 0x80002000 0x0 0x3", "=> RMI_ERROR_INPUT", "@0.1 VERSION 0x10000",
      "=> x1=0x10000 x2=0x10000", "@0.2 PSCI_VERSION", "=> ok",
    ].filter { isMalformed || $0 != "ns.write 0x80001004 0" }
    func end(_ asBytes: Bool) -> String {
      do {
        let replayer = try Self.replayed(lines, asBytes: asBytes).replayer
        return "\(String(describing: replayer.difference)) \(replayer.answersCompared) \(replayer.session.digest()) "
          + replayer.session.steps.map { String(reflecting: $0) }.joined()
      } catch { return "\(error)" }
    }
    #expect(end(true) == end(false))
    #expect(end(true).contains("expected bytes in hexadecimal") == isMalformed)
  }

  /// Lines of steps that are written as bytes are those of the others.
  @Test(arguments: [3, 4, 5] as [UInt64]) func aRecordingIsWrittenTheSameEitherWay(_ seed: UInt64) throws {
    let session = Session(RandomDriver.configuration(.spec))
    var driver = RandomDriver(seed: seed, session.configuration)
    for _ in 0..<800 { session.perform(.action(session.read { driver.next($0) })) }
    let dram = session.configuration.dramBase
    for kind in [MemoryAccess.Kind.write64(0), .fill(0x1000, 0), .fill(8, 0xFF), .read64, .write8(0), .bytes([0, 0x1F])] {
      session.perform(.action(.access(MemoryAccess(world: .normal, address: dram + 0x1F_0000, kind: kind))))
      session.perform(.action(.access(MemoryAccess(world: .secure, address: dram, kind: kind))))
    }
    var whole = Recording.header(session.origin)
    for (n, step) in session.steps.enumerated() { whole += Recording.lines(step, seconds: n == 0 ? 0 : nil) }
    var feed = RecordingFeed()
    let written = Recording.header(session.origin) + feed.lines(session, seconds: 0)
    #expect(written == whole)
    // In pieces, and with words between.
    var pieces = RecordingFeed()
    var text = ""
    while case let more = pieces.lines(session, seconds: 0, most: 300), !more.isEmpty { text += more }
    #expect(Recording.header(session.origin) + text == whole)
  }

  /// Whatever is wrong with a line: both say the same of it, or find the same difference.
  @Test func aChangedRecordingIsTheSameEitherWay() throws {
    let good = Self.recording(seed: 22, 60)
    var numbers = SeededNumbers(seed: 5)
    var differences = 0
    var errors = 0
    for _ in 0..<600 {
      var lines = good
      let index = 2 + numbers.below(lines.count - 2)
      var line = Array(lines[index].utf8)
      let place = numbers.below(line.count)
      switch numbers.below(5) {
      case 0: line.remove(at: place)
      case 1: line.insert(numbers.pick(Array(" 0x=>@#%f9\tA".utf8)), at: place)
      case 2: line[place] = numbers.pick(Array(" 01xXfF-+_.\u{7F}".utf8))
      case 3: line = Array(line[..<place])
      default: line += Array(numbers.pick([" ", " 0x0", "  x1=0x1", " #", "0"]).utf8)
      }
      lines[index] = String(decoding: line, as: UTF8.self)
      func outcome(_ asBytes: Bool) -> String {
        do {
          let replayer = try Self.replayed(lines, asBytes: asBytes).replayer
          if replayer.difference != nil { differences += 1 }
          return "\(String(describing: replayer.difference)) \(replayer.session.digest())"
        } catch {
          errors += 1
          return "\(error)"
        }
      }
      #expect(outcome(true) == outcome(false), "\(lines[index])")
    }
    #expect(differences > 100 && errors > 100)
  }
}
