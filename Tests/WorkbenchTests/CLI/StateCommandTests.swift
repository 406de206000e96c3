import Foundation
import Testing

/// A machine's state in a file.
struct StateCommandTests {
  @Test func aStateIsSavedAndShown() throws {
    let folder = try TemporaryFolder()
    let script = try folder.write("a.session", "RMI_GRANULE_DELEGATE 0x80001000\nrealm.write64 0x80001000 7\n")
    let state = folder.path + "/a.state"
    #expect(try Headless.run(["state", "save", script, "-o", state]).code == 0)
    let shown = try Headless.run(["state", "show", state])
    #expect(shown.code == 0)
    #expect(shown.output.hasPrefix("machine dram=64M pe=2 rmm=spec-1.0\ndigest 0x"))
    // A file is never written over, a step must exist, and what is no state is refused.
    #expect(try Headless.run(["state", "save", script, "-o", state]).code == 64)
    let beyond = try Headless.run(["state", "save", script, "--at", "9", "-o", folder.path + "/b.state"])
    #expect(beyond.code == 64 && beyond.error.contains("has 0 to 2"))
    let wrong = try Headless.run(["state", "show", script])
    #expect(wrong.code == 65 && wrong.error.contains("not a state"))
  }
}
