import Engine
import Foundation
import Testing
import Views

@testable import Workbench

/// Debian's installer in a Realm, as it is, and its first dialogs answered by keys: what `Scripts/linux-guest --installer FOLDER` has made, if
/// WORKBENCH_INSTALLER is that folder. The screens are text files in `Screens`; UPDATE_SCREENS=1 writes them anew.
struct InstallerTests {
  static let folder = ProcessInfo.processInfo.environment["WORKBENCH_INSTALLER"].flatMap {
    FileManager.default.fileExists(atPath: $0 + "/SHA256SUMS") ? $0 : nil
  }

  private static let boot = #"debug --mem 512M --append "console=ttyAMA0 TERM=vt102" --initrd initrd.gz Image 1"#
  private static let dialogs = [
    ("language", [boot, #"until text:"Choose the language" within 40G"#]),
    ("location", [#"type "\r""#, #"until text:"Country" within 8G"#]),
    ("keyboard", [#"type "\r""#, #"until text:"eymap" within 8G"#]),
  ]

  @Test(.enabled(if: folder != nil, "WORKBENCH_INSTALLER is no folder that Scripts/linux-guest --installer has made a guest in"))
  func itsDialogsAreAnsweredByKeys() throws {
    let session = Session(MachineConfiguration())
    session.limits = LimitChanges(instructions: 100 << 30, steps: 4_000_000, memory: 2 << 30).applied(to: RunLimits())
    let runner = ScriptRunner(session, language: .workbench)
    Includes.serve(runner)
    var console = ConsoleView()
    let file = try #require(Self.folder) + "/installer.session"
    for (name, lines) in Self.dialogs {
      // The last of a dialog's lines come behind the words that are waited for.
      for line in lines + ["expect event", "continue 400M"] { try runner.run(line: line, number: 1, file: file) }
      #expect(runner.failures == [])
      console.follow(session)
      let rows = console.grid.texts(width: 80, height: 24).map { String($0.reversed().drop { $0 == " " }.reversed()) + "\n" }
      try compare(rows.joined(), "installer-" + name)
    }
  }

  private func compare(_ text: String, _ name: String) throws {
    let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Screens/\(name).txt")
    if ProcessInfo.processInfo.environment["UPDATE_SCREENS"] != nil {
      return try text.write(to: url, atomically: true, encoding: .utf8)
    }
    #expect(text == (try String(contentsOf: url, encoding: .utf8)), "\(name) differs; UPDATE_SCREENS=1 writes it anew")
  }
}
