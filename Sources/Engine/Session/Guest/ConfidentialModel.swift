import Attestation
import Basics
import Crypto
import Host
import Machine

/// The scene of the sealed model: a Realm, a Host that carries its messages to a relying party and tries to read along, and the
/// relying party.
///
/// The Host has everything that crosses its hands: nonce, token, public key, wrapped key. It may change all of it. And at each
/// host call it reads where the Realm says it opens its weights.
package final class ConfidentialModel {
  /// The immediate of the guest's host calls, "KR".
  package static let immediate: UInt64 = 0x4B52
  /// Which guest has the sealed weights, of those in Sessions/guests.
  package static let guest = "model"
  /// Which key the weights of Sessions/guests/model are sealed with: as public as they are, so nothing but an example.
  package static let key = Array(SHA256.hash(data: Array("Workbench model key".utf8)))

  /// A look of the Host at the page with the weights.
  package struct Peek: Sendable, Equatable {
    /// The guest's operation in which the Host had its turn.
    package let operation: UInt64
    package let ipa: UInt64
    package let address: UInt64
    /// What it read; nil if the granule protection check stopped it.
    package let value: UInt64?

    package var sentence: String {
      let place = operation == report ? "where the weights lie open" : "where the weights will be"
      return "reads \(hex(address)), \(place): \(value.map { hex($0) } ?? "granule protection fault")"
    }
  }

  /// The guest's third operation: it reports how far it is, and the relying party has no part in that.
  static let report: UInt64 = 3

  /// Comes in with the first message to it; nil if this Host knows none.
  package private(set) lazy var relyingParty = madeParty()
  package private(set) var peeks: [Peek] = []
  /// What the Host makes of a request on its way to the relying party.
  package var changeRequest: (_ operation: UInt64, _ message: [UInt8]) -> [UInt8] = { $1 }
  /// What it makes of the answer on its way back.
  package var changeReply: (_ operation: UInt64, _ message: [UInt8]) -> [UInt8] = { $1 }
  /// Hears what happens outside the Realm while it happens, a sentence each.
  package var tell: (_ sentence: String) -> Void = { _ in }

  /// What the image is called that it is to trust.
  package var trusted = ConfidentialModel.guest
  private var hasToldOfNobody = false

  private let makeParty: () -> RelyingParty?
  private var told = 0
  /// Owns the scene by its ``RealmVM/onHostCall``.
  private unowned let vm: RealmVM
  private let door: any HostDoor

  /// Puts itself between a Realm and the relying party. A guest that makes no such host calls does not notice.
  ///
  /// - Parameter relyingParty: is asked for once, when a guest makes the first such call.
  @discardableResult
  package init(_ vm: RealmVM, _ door: any HostDoor, _ relyingParty: @escaping () -> RelyingParty?) {
    self.vm = vm
    self.door = door
    makeParty = relyingParty
    vm.onHostCall[Self.immediate] = { self.answer($0) }
    vm.onRequest = { self.answer($0, $1) }
    vm.party = self
  }

  /// Answers what comes by a socket; nil if there is nobody.
  private func answer(_ operation: UInt64, _ message: [UInt8]) -> (code: UInt64, bytes: [UInt8])? {
    guard let relyingParty else { return nil }
    let reply = relyingParty.answer(operation, changeRequest(operation, message))
    tellLog(relyingParty)
    return (reply.code.rawValue, changeReply(operation, reply.bytes))
  }

  private func tellLog(_ party: RelyingParty) {
    for sentence in party.log[told...] { tell("The relying party \(sentence)\(sentence.hasSuffix("…") ? "" : ".")") }
    told = party.log.count
  }

  /// What it remembers until it comes in.
  private var remembered = PartyMemory()
  private var isIn = false

  private func madeParty() -> RelyingParty? {
    let party = makeParty()
    party?.memory = remembered
    isIn = party != nil
    return party
  }

  /// Answers one host call: code in X0, length of what was put into the shared buffer in X1.
  private func answer(_ call: RealmVM.HostCall) -> [UInt64] {
    let (operation, buffer, length) = (call.registers[0], call.registers[1], call.registers[2])
    peek(operation, call.registers[3])
    // Code 0 and nothing with it: nobody answered.
    guard operation != Self.report else { return [0, 0] }
    guard let relyingParty else {
      if !hasToldOfNobody { tell("Nobody answers: there is no image \"\(shown(trusted))\" here for a relying party to trust.") }
      hasToldOfNobody = true
      return [0, 0]
    }
    guard length <= Granule.size, let message = vm.readShared(buffer, Int(length)) else {
      return [RelyingParty.Code.malformed.rawValue, 0]
    }
    let reply = relyingParty.answer(operation, changeRequest(operation, message))
    tellLog(relyingParty)
    let bytes = changeReply(operation, reply.bytes)
    guard vm.writeShared(buffer, bytes) else { return [RelyingParty.Code.malformed.rawValue, 0] }
    return [reply.code.rawValue, UInt64(bytes.count)]
  }

  /// The Host tries to read the weights; of each kind of operation the first try is told.
  private func peek(_ operation: UInt64, _ ipa: UInt64) {
    guard let address = vm.hostAddress(of: ipa) else { return }
    let peek = Peek(operation: operation, ipa: ipa, address: address, value: door.read64(address))
    if !peeks.contains(where: { $0.sentence == peek.sentence }) { tell("The Host \(peek.sentence).") }
    peeks.append(peek)
  }
}

// MARK: What is remembered

extension ConfidentialModel: OutsideParty {
  package var immediate: UInt64 { Self.immediate }

  package var memory: PartyMemory {
    get { isIn ? relyingParty?.memory ?? remembered : remembered }
    set {
      remembered = newValue
      if isIn { relyingParty?.memory = newValue }
    }
  }

  /// A nonce is what was sent, and the key went with a draw of its own.
  package func learn(_ call: RealmVM.HostCall, _ answer: [UInt64]) {
    guard answer.count == 2, let operation = RelyingParty.Operation(rawValue: call.registers[0]) else { return }
    let isGranted = answer[0] == RelyingParty.Code.granted.rawValue
    switch operation {
    case .nonce where isGranted && answer[1] == UInt64(RelyingParty.keyLength):
      memory = PartyMemory(nonce: vm.readShared(call.registers[1], RelyingParty.keyLength), draws: memory.draws + 1)
    case .nonce: break
    case .key: memory = PartyMemory(nonce: nil, draws: memory.draws + (isGranted && answer[1] > 0 ? 1 : 0))
    }
  }
}

// MARK: Whom the relying party trusts

extension ConfidentialModel {
  /// A relying party that releases the model key to an image as it was published, on a platform as it was delivered.
  ///
  /// - Parameters:
  ///   - options: how the Realm is built; its RIM depends on that.
  ///   - configuration: the kind of machine. What somebody can have done to it since does not count.
  ///   - seed: its nonces and keys follow from it, so that a run is the same each time.
  package static func party(
    trusting image: BootImage, _ options: RealmVM.Options, _ configuration: MachineConfiguration, seed: UInt64 = 1
  ) throws(RealmVM.Failure) -> RelyingParty {
    RelyingParty(
      modelKey: key, reference: try reference(image, options, delivered(configuration)), random: SeededBytes(seed: seed))
  }

  /// The machine as it was delivered: the unit that is known, secured, with its firmware as it was released.
  static func delivered(_ configuration: MachineConfiguration) -> MachineConfiguration {
    var delivered = configuration
    let plain = MachineConfiguration()
    delivered.instance = plain.instance
    delivered.lifecycle = plain.lifecycle
    delivered.patched = plain.patched
    delivered.attestation = true
    delivered.vcpu = .code
    return delivered
  }

  /// What a relying party expects of a platform and a Realm: what they say of themselves where nobody interferes. The image is
  /// run on a machine of its own up to its token, as `workbench token endorse` is given one.
  ///
  /// - Parameters:
  ///   - image: the guest as it was published.
  ///   - configuration: the machine as it is trusted.
  package static func reference(
    _ image: BootImage, _ options: RealmVM.Options, _ configuration: MachineConfiguration
  ) throws(RealmVM.Failure) -> ReferenceValues {
    let session = Session(configuration)
    // What is trusted is a Realm, whatever asks.
    var options = options
    options.isRealm = true
    let vm = RealmVM(session, options)
    try vm.build(image)
    var random = SeededBytes(seed: 0)
    // It trusts nobody: the guest gets a nonce, makes its token, and ends.
    let nobody = RelyingParty(modelKey: key, reference: ReferenceValues()) { random.draw($0) }
    ConfidentialModel(vm, session) { nobody }
    guard vm.run(entries: 10_000) == .poweredOff, let token = session.tokens.last else {
      throw RealmVM.Failure(message: "the guest made no token to take reference values from")
    }
    return ReferenceValues(TokenDocument(token.token.bytes), key: token.platformKey)
  }
}
