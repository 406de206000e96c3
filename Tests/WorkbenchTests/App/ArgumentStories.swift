import Engine
import Testing
import Views

@testable import Workbench

/// Calls with arguments too many or too few: whoever types them is told, a script is warned.
@MainActor
struct ArgumentStories {
  @Test(arguments: [
    ("RMI_VERSION", "RMI_VERSION reads req (X1,"),
    ("RMI_GRANULE_DELEGATE", "RMI_GRANULE_DELEGATE reads addr (X1, PA of the granule), too; smc RMI_GRANULE_DELEGATE"),
    ("RMI_REALM_CREATE 0x80001000", "RMI_REALM_CREATE reads params_ptr (X2,"),
    ("RMI_GRANULE_DELEGATE 0x80001000 7", "RMI_GRANULE_DELEGATE has addr; nobody reads 7 in X2"),
    ("RSI_VERSION", "guest smc RSI_VERSION … makes it as it stands"),
  ])
  func aLineIsNotExecutedButSaid(_ line: String, _ message: String) throws {
    let story = try Story(size: (200, 60))
    story.types(line)
    story.sees(message)
    // It can be corrected.
    story.sees(": \(line)")
    #expect(story.session.steps.count == 0)
  }

  /// What an SMC has in its registers anybody may say.
  @Test func anSMCIsMadeAsItStands() throws {
    let story = try Story()
    story.types("smc RMI_VERSION")
    #expect(story.session.steps.count == 1)
  }

  /// Bytes that are left out are zero.
  @Test func bytesMayBeLeftOut() throws {
    let story = try Story()
    story.types("RSI_MEASUREMENT_EXTEND index=1 size=8 value_0=1")
    #expect(story.session.steps.count == 1)
  }

  @Test func aScriptIsWarned() throws {
    let folder = try TemporaryFolder()
    let script = try folder.write("odd.session", "RMI_VERSION\nRMI_VERSION 0x10000 2\nRMI_VERSION 0x10000\n")
    let result = try Headless.run(["run", script])
    #expect(result.code == 0)
    #expect(result.error.contains("odd.session:1: warning: RMI_VERSION reads req"))
    #expect(result.error.contains("odd.session:2: warning: RMI_VERSION has req; nobody reads 2 in X2"))
    #expect(!result.error.contains("odd.session:3"))
  }
}
