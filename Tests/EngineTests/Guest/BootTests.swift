import Engine
import Foundation
import Testing

/// Real code in a Realm: an image built, booted and run to its end by the Host the project has.
struct BootTests {
  static func booted(_ properties: [(String, String)] = [], vcpus: Int = 2) throws -> (session: Session, vm: RealmVM, ending: RealmVM.Ending?) {
    var configuration = MachineConfiguration()
    configuration.vcpu = .code
    for (key, value) in properties { try configuration.set(key, value) }
    let session = Session(configuration)
    var options = RealmVM.Options()
    options.vcpus = vcpus
    let vm = RealmVM(session, options)
    let image = try Data(contentsOf: Project.root.appending(path: "Sessions/guests/tour.elf"))
    try vm.build(try BootImage(Array(image), base: RealmVM.ramBase))
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

  @Test func withOneVCPUItSaysSo() throws {
    let (_, vm, ending) = try Self.booted(vcpus: 1)
    #expect(ending == .poweredOff)
    #expect(String(decoding: vm.uart.output, as: UTF8.self).contains("there is no second vCPU"))
  }

  /// A recording of the boot needs neither image nor hypervisor: the same steps give the same state, to the instruction.
  @Test func theRecordingReplaysToTheSameDigest() throws {
    let (session, _, _) = try Self.booted()
    var text = Recording.header(session.origin)
    for step in session.steps { text += Recording.lines(step, seconds: 0) }
    text += Recording.digestLine(session.digest())
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let replayer = Replayer(Session(try Recording.configuration(of: lines)))
    for (index, line) in lines.enumerated() { try replayer.take(line, line: index + 1) }
    try replayer.finish()
    #expect(replayer.difference == nil)
    #expect(replayer.session.digest() == session.digest())
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
    ([UInt8]("MZ".utf8), "raw image"), ([0x7F, 0x45, 0x4C, 0x46, 1, 1], "ELF64"), ([0x7F, 0x45, 0x4C, 0x46], "ELF64"), ([], "empty"),
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
