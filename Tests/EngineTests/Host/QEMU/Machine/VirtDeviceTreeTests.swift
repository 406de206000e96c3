import Basics
import Crypto
import Foundation
import Testing

@testable import Host

/// The virt machine's device tree beside those of a real QEMU.
struct VirtDeviceTreeTests {
  private static let options = "-M virt,gic-version=3 -cpu cortex-a57"
  private static let fixtures = "Tests/EngineTests/Fixtures/QEMU/"

  /// What the trees were dumped with: a kernel of which only the header counts, a RAM disk, firmware.
  private static func files() -> GuestFiles {
    GuestFiles { (name) throws(GuestFiles.Unreadable) in
      switch name {
      case "kernel.img":
        var kernel = [UInt8](repeating: 0, count: 16052)
        // Text offset 0x80000, 0x9000 bytes in memory, the magic number of an arm64 Image.
        (kernel[10], kernel[17]) = (8, 0x90)
        kernel.replaceSubrange(56..<60, with: Array("ARMd".utf8))
        return kernel
      case "initrd.img": return [UInt8](repeating: 1, count: 9000)
      default: return [UInt8](repeating: 0, count: 5000)
      }
    }
  }

  private static func load(_ arguments: String) throws -> QEMULoad {
    var host = HostCapabilities()
    host.pmu = true
    let words = (options + " " + arguments).split(separator: " ").map(String.init)
    return try QEMULoad(try QEMUCommandLine(words), host, files())
  }

  /// With its seeds blanked, as those of the fixtures are.
  private static func text(_ load: QEMULoad) -> String {
    DTSText.of(VirtDeviceTree(load).blob).replacing(/(rng-seed|kaslr-seed) = <[^>]*>/) { "\($0.1) = <0x00>" }
  }

  // MARK: Dumps

  struct Change: CustomTestStringConvertible {
    let arguments: String
    var lines: [String] = []
    var testDescription: String { arguments }
  }

  static let changes: [Change] = {
    let text = (try? Project.text(fixtures + "virt-changes.txt")) ?? ""
    return text.split(separator: "\n", omittingEmptySubsequences: false).reduce(into: []) { changes, line in
      if line.hasPrefix("## ") {
        changes.append(Change(arguments: String(line.dropFirst(3))))
      } else if !changes.isEmpty, !line.isEmpty {
        changes[changes.count - 1].lines.append(String(line))
      }
    }
  }()

  @Test func theFixturesAreThere() { #expect(Self.changes.count >= 20) }

  @Test func withoutOptions() throws {
    #expect(Self.text(try Self.load("")) == (try Project.text(Self.fixtures + "virt.dts")))
  }

  @Test(arguments: changes)
  func asQEMUDumpsIt(_ change: Change) throws {
    let tree = Self.text(try Self.load(change.arguments))
    if let first = change.lines.first, first.hasPrefix("sha256 ") {
      #expect(hexBytes(SHA256.hash(data: Array(tree.utf8))) == first.dropFirst(7))
    } else {
      #expect(tree == Self.applying(change.lines, to: try Project.text(Self.fixtures + "virt.dts")))
    }
  }

  /// A text with changes as diff(1) has them: `5a6,7`, `5,6d4`, `5c5`, with the new lines behind `> `.
  private static func applying(_ changes: [String], to text: String) -> String {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var shift = 0
    var at = 0
    for line in changes {
      if let hunk = line.wholeMatch(of: /([0-9]+)(?:,([0-9]+))?([acd])[0-9,]+/), let first = Int(hunk.1) {
        let last = hunk.2.flatMap { Int($0) } ?? first
        guard hunk.3 != "a" else {
          at = first + shift
          continue
        }
        lines.removeSubrange(first - 1 + shift..<last + shift)
        at = first - 1 + shift
        shift -= last - first + 1
      } else if line.hasPrefix(">") {
        lines.insert(String(line.dropFirst(2)), at: at)
        at += 1
        shift += 1
      }
    }
    return lines.joined(separator: "\n")
  }

  // MARK: Live

  private static let programs = ["/usr/bin/qemu-system-aarch64", "/usr/bin/dtc"]
  private static let isInstalled = programs.allSatisfy { FileManager.default.isExecutableFile(atPath: $0) }

  /// Options made up, and what the QEMU that is installed makes of them.
  @Test(.enabled(if: isInstalled, "QEMU or dtc is not installed"), arguments: 0..<6 as Range<UInt64>)
  func asTheInstalledQEMUDumpsIt(_ seed: UInt64) throws {
    var numbers = SeededNumbers(seed: seed)
    let folder = FileManager.default.temporaryDirectory.appending(path: "\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var arguments =
      "-m \(64 << numbers.below(4))M -smp \(numbers.pick(["1", "2", "5", "8,threads=2", "6,sockets=3", "20,clusters=5"]))"
    if numbers.chance(50) { arguments += " -M its=off" }
    if numbers.chance(30) { arguments += " -cpu max,pmu=off" }
    if numbers.chance(60) {
      arguments += " -kernel kernel.img"
      if numbers.chance(50) { arguments += " -initrd initrd.img" }
      if numbers.chance(50) { arguments += " -append quiet" }
    }
    if numbers.chance(30) { arguments += " -bios fw.bin" }
    for name in ["kernel.img", "initrd.img", "fw.bin"] {
      try Data(try Self.files().load(name)).write(to: folder.appending(path: name))
    }
    let words = "-display none -nic none -M dumpdtb=tree.dtb \(Self.options) \(arguments)".split(separator: " ").map(String.init)
    _ = try Self.run(Self.programs[0], words, in: folder)
    let tree = try Self.run(Self.programs[1], ["-q", "-I", "dtb", "-O", "dts", "tree.dtb"], in: folder)
    #expect(Self.text(try Self.load(arguments)) == tree.replacing(/(rng-seed|kaslr-seed) = <[^>]*>/) { "\($0.1) = <0x00>" })
  }

  private static func run(_ program: String, _ arguments: [String], in folder: URL) throws -> String {
    let process = Process()
    (process.executableURL, process.arguments, process.currentDirectoryURL) = (URL(filePath: program), arguments, folder)
    let output = Pipe()
    (process.standardInput, process.standardOutput, process.standardError) = (
      FileHandle.nullDevice, output, FileHandle.nullDevice
    )
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return text
  }

  // MARK: A Realm's

  @Test func whatARealmsTreeHasOtherwise() throws {
    let realm = "-object rme-guest,id=r -M confidential-guest-support=r"
    let ordinary = Self.text(try Self.load("-cpu host"))
    let lines = Set(ordinary.split(separator: "\n"))
    let own = Self.text(try Self.load("-cpu host " + realm)).split(separator: "\n")
    #expect(own.filter { !lines.contains($0) } == ["\t\tmethod = \"smc\";"])
    let without = lines.subtracting(own).map { $0.trimmingPrefix { $0 == "\t" } }
    #expect(
      Set(without) == [
        "method = \"hvc\";", "flash@0 {", "bank-width = <0x04>;", "compatible = \"cfi-flash\";", "rng-seed = <0x00>;",
        "kaslr-seed = <0x00>;",
        "reg = <0x00 0x00 0x00 0x4000000 0x00 0x4000000 0x00 0x4000000>;",
      ])
    let logged = Self.text(try Self.load("-cpu host -M confidential-guest-support=r -object rme-guest,id=r,measurement-log=on"))
    #expect(logged.contains("\t\tevent-log@40100000 {\n\t\t\treg = <0x00 0x40100000 0x00 0x10000>;\n"))
    #expect(Self.text(try Self.load(realm + ",dtb-randomness=on")).contains("rng-seed"))
  }
}
