import Engine
import Foundation
import Testing

/// Real code in a Realm: an image built, booted and run to its end by the Host the project has.
struct BootTests {
  static func booted(
    _ guest: String = "tour", vcpus: Int = 2, onHostCall: ((Session, RealmVM, UInt64, [UInt64]) -> Void)? = nil
  ) throws -> (session: Session, vm: RealmVM, ending: RealmVM.Ending?) {
    var configuration = MachineConfiguration()
    configuration.vcpu = .code
    let session = Session(configuration)
    var options = RealmVM.Options()
    options.vcpus = vcpus
    let vm = RealmVM(session, options)
    let image = try Data(contentsOf: Project.root.appending(path: "Sessions/guests/\(guest).elf"))
    try vm.build(try BootImage(Array(image), base: RealmVM.ramBase))
    if let onHostCall {
      vm.onHostCall = { [unowned vm] call in
        onHostCall(session, vm, call.immediate, call.registers)
        return []
      }
    }
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
    // RAM that is not there is the Host's to give, and the guest never knows.
    #expect(vm.pagesGiven == 2)
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

  /// A Host that takes a page away is found out: the Realm does not go on with another in its place.
  @Test func aDestroyedPageStopsTheRealm() throws {
    let (session, vm, ending) = try Self.booted("faults") { session, vm, immediate, registers in
      #expect(immediate == 1)
      #expect(session.smc([0xC400_0155, vm.rd, registers[0]])?.first == 0, "RMI_DATA_DESTROY")
    }
    guard case .failed(let why) = ending else {
      Issue.record("ended with \(String(describing: ending))")
      return
    }
    #expect(why.contains("is DESTROYED"))
    #expect(vm.exits[.sync, default: 0] > 0)
    #expect(session.read { $0.invariantViolations() } == [])
  }

  /// A shared page the Host takes the right to write from: what is written there exits, and can be emulated.
  @Test func aSharedPageThatIsReadOnlyExits() throws {
    var configuration = MachineConfiguration()
    configuration.vcpu = .code
    let session = Session(configuration)
    let vm = RealmVM(session, RealmVM.Options())
    // X0 = 0x1_8020_0000; LDR X3, [X0]; RSI_HOST_CALL; LDR X3, [X0]; STR X3, [X0]; B to itself.
    let code: [UInt32] = [
      0xD2B0_0400, 0xF2C0_0020, 0xF940_0003, 0x1000_07A1, 0xD280_3320, 0xF2B8_8000, 0xD400_0003, 0xD2B0_0400, 0xF2C0_0020,
      0xF940_0003, 0xF900_0003, 0x1400_0000,
    ]
    let bytes = code.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) } }
    try vm.build(try BootImage(bytes, base: RealmVM.ramBase))
    let shared: UInt64 = 0x1_8020_0000
    vm.onHostCall = { [unowned vm] _ in
      guard let page = vm.hostAddress(of: shared), let unmap = Commands.named("RMI_RTT_UNMAP_UNPROTECTED"),
        let map = Commands.named("RMI_RTT_MAP_UNPROTECTED")
      else { return [] }
      #expect(session.smc([UInt64(unmap.fid), vm.rd, shared, 3])?.first == 0)
      // S2AP 0b01: it can be read.
      #expect(session.smc([UInt64(map.fid), vm.rd, shared, 3, page | 0b110 << 2 | 0b01 << 6])?.first == 0)
      return []
    }
    guard case .failed = vm.run(entries: 100) else {
      Issue.record("this Host has no way to go on")
      return
    }
    let exit = try #require(session.steps.last { $0.result.exit?.reason == .sync }?.result.exit)
    let esr = try #require(exit.fields.first { $0.name == "esr" }?.value)
    // Data Abort from a lower level, ISV, WnR, permission fault at level 3.
    #expect(esr >> 26 == 0x24 && esr >> 24 & 1 == 1 && esr >> 6 & 1 == 1 && esr & 0x3F == 0x0F, "\(hex(esr))")
    #expect(exit.fields.first { $0.name == "hpfar" }?.value == (shared >> 12) << 4)
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
      #expect(session.perform(.perform(access)).answer?.text == "gpf")
    }
  }
}
