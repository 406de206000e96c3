import Foundation
import Testing

/// The images in Sessions/guests are what their sources make.
struct GuestImageTests {
  static let compiler: String? = {
    let swift = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/swift" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
    guard let swift else { return nil }
    let folder = URL(filePath: swift).resolvingSymlinksInPath().deletingLastPathComponent()
    let clang = folder.appending(path: "clang").path
    return FileManager.default.isExecutableFile(atPath: clang) ? clang : nil
  }()

  @Test(.enabled(if: compiler != nil, "the toolchain has no clang"))
  func imagesAreBuiltFromTheirSources() throws {
    let folder = try TemporaryFolder()
    let build = Process()
    build.executableURL = PseudoTerminal.root.appending(path: "Sessions/guests/build")
    build.arguments = [folder.path]
    try build.run()
    build.waitUntilExit()
    #expect(build.terminationStatus == 0)
    for guest in ["tour", "faults"] {
      let made = try Data(contentsOf: URL(filePath: "\(folder.path)/\(guest).elf"))
      let kept = try Data(contentsOf: PseudoTerminal.root.appending(path: "Sessions/guests/\(guest).elf"))
      #expect(made == kept, "\(guest).elf: run Sessions/guests/build")
    }
  }
}
