import Engine
import Foundation
import Testing

/// Real code in a Realm: an image built, booted and run to its end by the Host the project has.
struct BootTests {
  static func booted(
    _ guest: String = "tour", vcpus: Int = 2
  ) throws -> (session: Session, vm: RealmVM, ending: RealmVM.Ending?) {
    var configuration = MachineConfiguration()
    configuration.vcpu = .code
    let session = Session(configuration)
    var options = RealmVM.Options()
    options.vcpus = vcpus
    let vm = RealmVM(session, options)
    let image = try Data(contentsOf: Project.root.appending(path: "Sessions/guests/\(guest).elf"))
    try vm.build(try BootImage(Array(image), base: RealmVM.ramBase))
    Tampering.offer(to: vm)
    return (session, vm, vm.run(entries: 10_000))
  }

  @Test func theTourRunsToItsEnd() throws {
    let (session, vm, ending) = try Self.booted()
    #expect(ending == .poweredOff)
    let console = String(decoding: vm.uart.output, as: UTF8.self).replacing("\r\n", with: "\n")
    let golden = try Project.text("Tests/EngineTests/Fixtures/tour-console.txt")
    #expect(console == golden)
    #expect(session.read { $0.invariantViolations() } == [])
    // Its token verifies, and says what the guest has read of itself.
    let token = try #require(session.tokens.first)
    let document = TokenDocument(token.token.bytes)
    let report = VerificationReport(document, VerificationOptions(platformKey: token.platformKey))
    #expect(report.verdict == .accepted, "\(report.summary)")
    let rim = try #require(document.realm?.claims?.entry(RealmClaim.initialMeasurement.rawValue)?.bytes)
    #expect(console.contains("RIM \(hexBytes(rim))"))
    // Every page of the image is a measured step: the RIM can be told from its construction.
    #expect(session.provenance(token.token.rd, 0).last?.measurement.value == Array(rim))
  }

  /// Both engines come to the same state, step for step: what one has done, with what came through the entropy door, is done again
  /// with the other.
  @Test(arguments: ["tour", "faults", "irq"])
  func bothEnginesRunAGuestAlike(_ guest: String) throws {
    expectBothEnginesAlike(try Self.booted(guest).session)
  }

  /// What each kind of access to each kind of memory comes to (DEN0137 A5.2, A5.5): what the guest takes itself stands on its console.
  @Test func everyFaultHasItsOutcome() throws {
    let (session, vm, ending) = try Self.booted("faults")
    #expect(ending == .poweredOff)
    let console = String(decoding: vm.uart.output, as: UTF8.self).replacing("\r\n", with: "\n")
    #expect(console == (try Project.text("Tests/EngineTests/Fixtures/faults-console.txt")))
    #expect(session.read { $0.invariantViolations() } == [])
    // RAM that is not there is the Host's to give, and the guest never knows: two pages, and two that were DESTROYED.
    #expect(vm.pagesGiven == 4)
    // What the Host sees of the rest: class, ISV, WnR and status of ESR_EL2, and the page.
    let aborts = session.steps.compactMap { step -> String? in
      guard let exit = step.result.exit, exit.reason == .sync else { return nil }
      let fields = Dictionary(exit.fields.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
      guard let esr = fields["esr"], let hpfar = fields["hpfar"], (hpfar >> 4) << 12 != 0x1_0100_0000 else { return nil }
      return "\(hex(esr & 0xFF00_007F)) \(hex((hpfar >> 4) << 12))"
    }
    #expect(
      aborts == [
        // RAM that is not there, to read and to fetch.
        "0x90000006 0x80f00000", "0x80000007 0x80f01000",
        // Shared and not mapped, to write; mapped to be read only; not mapped, to read, and nothing is there.
        "0x93000046 0x18000a000", "0x9300004f 0x18000a000", "0x93000006 0x1c0000000",
        // DESTROYED and then RAM, to read and to fetch.
        "0x90000007 0x80008000", "0x90000007 0x80008000", "0x80000007 0x80009000", "0x80000007 0x80009000",
      ])
  }

  /// Two processes under a kernel of their own, and what the GICv3 and the timers do: their consoles are told by the guests themselves.
  @Test(arguments: ["kernel", "irq"])
  func aGuestSaysWhatItShould(_ guest: String) throws {
    let (session, vm, ending) = try Self.booted(guest)
    #expect(ending == .poweredOff)
    let console = String(decoding: vm.uart.output, as: UTF8.self).replacing("\r\n", with: "\n")
    #expect(console == (try Project.text("Tests/EngineTests/Fixtures/\(guest)-console.txt")))
    #expect(session.read { $0.invariantViolations() } == [])
  }

  /// A Host that takes a page away is found out: a Realm without another vCPU does not go on.
  @Test func aDestroyedPageStopsTheRealm() throws {
    let (session, _, ending) = try Self.booted("faults", vcpus: 1)
    guard case .failed(let why) = ending else {
      Issue.record("ended with \(String(describing: ending))")
      return
    }
    #expect(why.contains("is DESTROYED"))
    #expect(session.read { $0.invariantViolations() } == [])
  }

  @Test func withOneVCPUItSaysSo() throws {
    let (_, vm, ending) = try Self.booted(vcpus: 1)
    #expect(ending == .poweredOff)
    #expect(String(decoding: vm.uart.output, as: UTF8.self).contains("there is no second vCPU"))
  }

  /// A recording of the boot needs neither image nor hypervisor: the same steps give the same state, to the instruction.
  @Test func theRecordingReplaysToTheSameDigest() throws {
    try expectReplay(of: try Self.booted().session)
  }

  /// Going back restores the guest, too.
  @Test func goingBackAndOnAgain() throws {
    let (session, _, _) = try Self.booted()
    let end = session.digest()
    let middle = session.steps.count / 2
    session.seek(middle)
    let half = session.digest()
    session.seek(session.steps.count)
    #expect(session.digest() == end)
    session.seek(middle)
    #expect(session.digest() == half)
  }

  @Test(arguments: [
    ([UInt8]("MZ".utf8), "raw image"), ([0x7F, 0x45, 0x4C, 0x46, 1, 1], "ELF64"), ([0x7F, 0x45, 0x4C, 0x46], "ELF64"),
    ([], "empty"),
  ])
  func imagesThatAreNone(_ bytes: [UInt8], _ words: String) {
    do throws(BootImage.Malformed) {
      let image = try BootImage(bytes, base: RealmVM.ramBase)
      #expect(image.kind == words)
    } catch {
      #expect(error.message.contains(words))
    }
  }

  /// What the Host cannot read stays so while the guest runs: the pages of the image, and the REC.
  @Test func theHostCannotReadTheGuest() throws {
    let (session, _, _) = try Self.booted()
    let owned = session.read { machine in
      stride(from: machine.configuration.dramBase, to: machine.configuration.dramTop, by: 4096).filter {
        [.data, .rec, .rd, .rtt].contains(machine.granuleState($0))
      }
    }
    #expect(owned.count > 10)
    for address in owned {
      let access = Action.access(MemoryAccess(world: .normal, address: address, kind: .read64))
      #expect(session.perform(.action(access)).answer?.text == "gpf")
    }
  }
}
