import Engine
import Foundation
import Testing

/// The sealed model (Sessions/guests/model): who gets its key, who does not and by which check, and what the Host sees of it.
struct ConfidentialModelTests {
  static let trusted: MachineConfiguration = {
    var configuration = MachineConfiguration()
    configuration.vcpu = .code
    return configuration
  }()

  static func file() throws -> [UInt8] {
    Array(try Data(contentsOf: Project.root.appending(path: "Sessions/guests/model.elf")))
  }

  /// What the published image says of itself on a trusted machine.
  static let reference = Result {
    try ConfidentialModel.reference(try BootImage(try file(), base: RealmVM.ramBase), RealmVM.Options(), trusted)
  }

  static func relyingParty() throws -> RelyingParty {
    var random = SeededBytes(seed: 1)
    return RelyingParty(modelKey: ConfidentialModel.key, reference: try reference.get()) { random.draw($0) }
  }

  /// One run of the guest, and everybody in it.
  struct Run {
    let session: Session
    let vm: RealmVM
    let scene: ConfidentialModel
    let party: RelyingParty
    let console: String
    var checks: [String] { party.objections.map(\.check) }

    /// - Parameter prepare: what the Host is up to.
    init(
      _ file: [UInt8]? = nil, _ configuration: MachineConfiguration = trusted, _ party: RelyingParty? = nil,
      prepare: (ConfidentialModel) -> Void = { _ in }
    ) throws {
      session = Session(configuration)
      vm = RealmVM(session, RealmVM.Options())
      try vm.build(try BootImage(try file ?? ConfidentialModelTests.file(), base: RealmVM.ramBase))
      let asked = try party ?? relyingParty()
      self.party = asked
      scene = ConfidentialModel(vm, session) { asked }
      prepare(scene)
      let ending = vm.run(entries: 10_000)
      console = String(decoding: vm.uart.output, as: UTF8.self).replacing("\r\n", with: "\n")
      #expect(ending == .poweredOff)
    }

    /// The guest got no key and answered nothing, and still nobody saw its page.
    func expectRefused(_ words: String) {
      let console = console.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
      #expect(console.contains(words), "\(console)")
      #expect(console.contains("The weights stay sealed."))
      #expect(!console.contains("this is a"))
      #expect(scene.peeks.allSatisfy { $0.value == nil })
      #expect(party.log.last?.hasPrefix("kept the key, because of ") == true)
    }
  }

  // MARK: The right Realm

  @Test func theRightImageGetsTheKeyAndAnswers() throws {
    let run = try Run()
    #expect(run.console == (try Project.text("Tests/EngineTests/Fixtures/model-console.txt")))
    #expect(run.checks == [])
    #expect(run.party.log.last?.hasPrefix("released the model key") == true)
    #expect(run.session.read { $0.invariantViolations() } == [])
    #expect(run.session.read { $0.control.guestInstructions } < 20_000_000)
  }

  /// Before the key is there, while the weights are open, after each answer: the Host never sees its page.
  @Test func everyPeekIsStopped() throws {
    let run = try Run()
    #expect(run.scene.peeks.map(\.operation) == [1, 2, 3, 3, 3, 3, 3, 3])
    #expect(run.scene.peeks.allSatisfy { $0.value == nil && $0.sentence.hasSuffix("granule protection fault") })
    let faults = run.session.steps.filter { $0.result.answer?.text == "gpf" }
    #expect(faults.count == run.scene.peeks.count)
  }

  /// All that crosses the Host's hands: no key in the clear, and nothing that is the same the next time.
  @Test func theHostCarriesNoSecret() throws {
    func carried() throws -> [[UInt8]] {
      var messages: [[UInt8]] = []
      _ = try Run { scene in
        scene.changeRequest = { _, message in
          messages.append(message)
          return message
        }
        scene.changeReply = { _, message in
          messages.append(message)
          return message
        }
      }
      return messages
    }
    let (first, second) = (try carried(), try carried())
    #expect(first.map(\.count) == second.map(\.count))
    #expect(first.map(\.count).suffix(1) == [RelyingParty.releaseLength])
    for message in first + second { #expect(!message.contains(ConfidentialModel.key)) }
    // The nonces are seeded here; the Realm's key pair is not, and so neither is anything sent under it.
    #expect(first[1] == second[1])
    #expect(first[2].prefix(32) != second[2].prefix(32))
    #expect(first[3].suffix(48) != second[3].suffix(48))
  }

  /// While the weights are open they are in the Realm's memory, past every check; when it is off, neither they nor the key are.
  @Test func nothingIsLeftBehind() throws {
    let run = try Run()
    let place = try #require(run.scene.peeks.last).address
    // Back to the last peek.
    let peek = try #require(run.session.steps.lastIndex { $0.result.answer?.text == "gpf" })
    run.session.seek(peek)
    let open = Self.content(run.session, place)
    #expect(open.contains { $0 != 0 })
    run.session.seek(run.session.steps.count)
    // Every page of the Realm is again what was loaded: stack, weights, token and messages are zero.
    let image = try BootImage(try Self.file(), base: RealmVM.ramBase)
    var compared = 0
    for segment in image.segments {
      for offset in stride(from: 0, to: Int(segment.size), by: 4096) {
        guard let page = run.vm.hostAddress(of: segment.address + UInt64(offset)),
          run.session.read({ $0.granuleState(page) }) == .data
        else { continue }
        // What the file does not have of a segment was zero.
        let room = min(4096, Int(segment.size) - offset)
        let loaded = segment.bytes.dropFirst(offset).prefix(room)
        let whole = Array(loaded) + [UInt8](repeating: 0, count: room - loaded.count)
        #expect(Self.content(run.session, page).prefix(room).elementsEqual(whole), "\(hex(page))")
        compared += 1
      }
    }
    #expect(compared > 8)
    #expect(Self.content(run.session, place).allSatisfy { $0 == 0 })
  }

  /// A granule as it is, whoever owns it.
  static func content(_ session: Session, _ page: UInt64) -> [UInt8] {
    (0..<512 as Range<UInt64>).flatMap { n in
      let word = session.answer(.peek64(page + n * 8)).answer?.x.first ?? 0
      return (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
    }
  }

  @Test func theRecordingReplaysToTheSameDigest() throws {
    try expectReplay(of: try Run().session)
  }

  // MARK: Others

  /// One byte of the image, in a text that changes nothing it does: another RIM, and no key.
  @Test func aPatchedImageGetsNoKey() throws {
    var file = try Self.file()
    let place = try #require(file.firstRange(of: Array("Good bye.".utf8)))
    file[place.lowerBound] ^= 0x20
    let run = try Run(file)
    #expect(run.checks == ["realm executables"])
    let rim = try #require(run.session.tokens.last.map { TokenDocument($0.token.bytes) }?.realm?.claims?.entry(44238)?.bytes)
    #expect(
      run.party.log.contains("objected, realm executables: RIM \(hexBytes(rim.prefix(8)))… is no reference value"))
    run.expectRefused("what it says (realm executables): RIM \(hexBytes(rim.prefix(8)))... is no reference value")
  }

  @Test(arguments: [0x1000, 0x2000, 0x4000, 0x50FF, 0x6000] as [UInt64])
  func aPlatformThatIsNotSecuredGetsNoKey(_ lifecycle: UInt64) throws {
    var configuration = Self.trusted
    configuration.lifecycle = lifecycle
    let run = try Run(nil, configuration)
    #expect(run.checks == ["platform instance-identity", "platform runtime-opaque", "platform storage-opaque"])
    let state = try #require(Lifecycle(claim: Int64(lifecycle))).name
    run.expectRefused("life cycle: \(state); accepted: secured")
  }

  @Test(arguments: Firmware.allCases)
  func patchedFirmwareGetsNoKey(_ firmware: Firmware) throws {
    var configuration = Self.trusted
    configuration.patched = [firmware]
    try Run(nil, configuration).expectRefused("what it says (platform executables): \(firmware.rawValue)")
  }

  @Test func aPlatformNobodyVouchesForGetsNoKey() throws {
    var configuration = Self.trusted
    configuration.instance = 2
    let run = try Run(nil, configuration)
    #expect(run.checks == ["platform_signature"])
    run.expectRefused("proves nothing to me (platform_signature): I know the key of no platform with this")
  }

  // MARK: A Host that interferes

  /// A token that was good once: with it the key would go to whoever has that Realm's private key.
  @Test func aReplayedTokenGetsNoKey() throws {
    let party = try Self.relyingParty()
    var old: [UInt8] = []
    let good = try Run(nil, Self.trusted, party) { scene in
      scene.changeRequest = { operation, message in
        if operation == RelyingParty.Operation.key.rawValue { old = message }
        return message
      }
    }
    #expect(good.checks == [])
    // At once, with no nonce open.
    #expect(party.answer(RelyingParty.Operation.key.rawValue, old).code == .unproven)
    #expect(party.objections.map(\.check) == ["nonce"])
    // In place of another Realm's, which has asked for a nonce.
    let run = try Run(nil, Self.trusted, party) { scene in
      scene.changeRequest = { operation, message in operation == RelyingParty.Operation.key.rawValue ? old : message }
    }
    #expect(run.checks == ["nonce", "freshness"])
    run.expectRefused("proves nothing to me (nonce, freshness)")
  }

  /// The token is the Realm's, the public key the Host's own: it would get the key for itself.
  @Test func anotherPublicKeyGetsNoKey() throws {
    let run = try Run { scene in
      scene.changeRequest = { operation, message in
        operation == RelyingParty.Operation.key.rawValue ? [9] + [UInt8](repeating: 0, count: 31) + message[32...] : message
      }
    }
    #expect(run.checks == ["public_key", "freshness"])
    run.expectRefused("proves nothing to me (public_key, freshness)")
  }

  @Test func aChangedTokenGetsNoKey() throws {
    let run = try Run { scene in
      scene.changeRequest = { operation, message in
        var message = message
        if operation == RelyingParty.Operation.key.rawValue { message[message.count - 1] ^= 1 }
        return message
      }
    }
    #expect(run.checks == ["realm_signature"])
    run.expectRefused("proves nothing to me (realm_signature)")
  }

  /// The Realm believes the Host nothing, either.
  @Test(arguments: [0, 32, 79])
  func aChangedAnswerOpensNothing(_ place: Int) throws {
    let run = try Run { scene in
      scene.changeReply = { operation, message in
        var message = message
        if operation == RelyingParty.Operation.key.rawValue { message[place] ^= 1 }
        return message
      }
    }
    #expect(run.checks == [])
    #expect(run.console.contains("The key was changed on its way."))
    #expect(!run.console.contains("this is a"))
  }

  // MARK: Requests that are none

  @Test func whatIsNoRequestIsSaidToBeNone() throws {
    let party = RelyingParty(modelKey: ConfidentialModel.key, reference: ReferenceValues()) { [UInt8](repeating: 7, count: $0) }
    #expect(party.answer(9, []).code == .malformed)
    #expect(party.answer(2, [UInt8](repeating: 9, count: 32)).code == .malformed)
    #expect(party.answer(1, []).bytes == [UInt8](repeating: 7, count: 32))
    let noToken = party.answer(2, [UInt8](repeating: 0xFF, count: 100))
    #expect(noToken.code == .unproven)
    #expect(party.objections.contains { $0.check == "cbor_wellformed" })
    #expect(noToken.bytes.allSatisfy { (0x20..<0x7F).contains($0) })
  }

  /// The same seed draws the same bytes, however they are asked for.
  @Test func seededBytesFollowFromTheirSeed() {
    var (first, second, other) = (SeededBytes(seed: 5), SeededBytes(seed: 5), SeededBytes(seed: 6))
    let drawn = first.draw(100)
    #expect(drawn == second.draw(100))
    #expect(drawn != other.draw(100))
    #expect(first.draw(32) != Array(drawn.prefix(32)))
  }
}
