import Engine
import Foundation
import Testing
import Views

/// The Secure world on screens: who is there and what they have, and the code of the TEE.
struct SecureScreenTests {
  private static func session(_ lines: String...) throws -> Session {
    let session = Session(MachineConfiguration())
    let runner = ScriptRunner(session)
    let images = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sessions/secure")
    runner.guestControl.load = { name, _ throws(ScriptError) in
      guard let bytes = try? Data(contentsOf: images.appending(path: "\(name).elf")),
        let image = try? BootImage(Array(bytes), base: RealmVM.ramBase)
      else { throw ScriptError(message: "no image \(name)") }
      return image
    }
    for (n, line) in lines.enumerated() { try runner.run(line: line, number: n + 1, file: "secure.session") }
    #expect(runner.failures == [])
    return session
  }

  /// A client has spoken to the hello application; a page is lent to another partition, which has retrieved it, and the Host was refused.
  private static func lent() throws -> Session {
    try session(
      "machine secure=tee smmu=off", "realm", "tee open hello", "tee invoke 1 0 value=42", "ffa lend 0x82000000 to=keys",
      "ffa retrieve 2", "ffa lend 0x82000000 to=log")
  }

  @Test(arguments: ["overview", "why"], ScreenTests.sizes)
  func theWorldsShowPartitions(_ name: String, _ size: (Int, Int)) throws {
    let session = try Self.lent()
    var state = ViewState()
    state.name = "secure.session"
    state.why = session.explanation(ofStep: session.steps.count)
    state.focus = .worlds
    state.screen = try #require(Panel.named(name))
    state.screen.prepare(session, &state)
    let text = Screens(session, state).draw(width: size.0, height: size.1).plainText
    try ScreenTests().compare(text, "secure-\(name)-\(size.0)x\(size.1)")
  }

  /// What the device is refused is explained hop by hop, with the step that made the granule what it is.
  @Test(arguments: ScreenTests.sizes)
  func anAccessIsExplained(_ size: (Int, Int)) throws {
    let session = try Self.session("machine smmu=on", "realm", "dma.write64 0x80100000 1")
    var state = ViewState.reading(session, name: "dma.session")
    state.screen = .why
    state.screen.prepare(session, &state)
    try ScreenTests().compare(
      Screens(session, state).draw(width: size.0, height: size.1).plainText, "access-why-\(size.0)x\(size.1)")
  }

  /// The TEE's console, registers and code are those of any guest.
  @Test(arguments: ScreenTests.sizes)
  func theTEEIsLookedAtAsAGuest(_ size: (Int, Int)) throws {
    let session = try Self.session("machine secure=tee", "tee open hello", "tee invoke 1 0 value=42")
    var state = ViewState()
    state.name = "secure.session"
    state.screen = .guest
    try ScreenTests().compare(
      Screens(session, state).draw(width: size.0, height: size.1).plainText, "secure-guest-\(size.0)x\(size.1)")
  }
}
