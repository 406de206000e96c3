import Foundation
import Testing

/// The images in Sessions are what their sources make.
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
    for guest in [
      "tour.elf", "faults.elf", "kernel.elf", "irq.elf", "model.elf", "devices.elf", "flash.elf", "fdt.img", "cloud.img",
      "tee.elf",
    ] {
      let made = try Data(contentsOf: URL(filePath: "\(folder.path)/\(guest)"))
      let home = ["cloud.img": "hosts", "tee.elf": "secure"][guest] ?? "guests"
      let kept = try Data(contentsOf: PseudoTerminal.root.appending(path: "Sessions/\(home)/\(guest)"))
      #expect(made == kept, "\(guest): run Sessions/guests/build")
      #expect(made.count < 100_000)
      // Nothing of the machine it was made on.
      #expect(made.range(of: Data("/Sessions/".utf8)) == nil)
    }
  }

  /// What the sealed model computes with, compiled for this machine, gives what FIPS 180-4, RFC 7748 and RFC 8439 say.
  @Test(.enabled(if: compiler != nil, "the toolchain has no clang"))
  func theModelsCryptographyGivesThePublishedVectors() throws {
    let folder = try TemporaryFolder()
    let sources = PseudoTerminal.root.appending(path: "Sessions/guests/model")
    let files = ["tests/vectors", "bytes", "sha256", "x25519", "chachapoly"].map { sources.appending(path: "\($0).c").path }
    let compiler = try #require(Self.compiler)
    #expect(try Self.run(compiler, ["-O2", "-fno-builtin", "-o", "\(folder.path)/vectors"] + files).code == 0)
    let result = try Self.run("\(folder.path)/vectors", [])
    #expect(result.code == 0, "\(result.output)")
    #expect(result.output.split(separator: "\n").filter { $0.hasPrefix("ok") }.count == 10)
  }

  private static func run(_ program: String, _ arguments: [String]) throws -> (code: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }
}
