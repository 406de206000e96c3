import Engine
import Foundation
import Testing

@testable import Attestation
@testable import Host
@testable import Machine
@testable import Session

/// The device tree an arm64 Image is given: its form, what it says, and that a guest finds it.
struct DeviceTreeTests {
  /// Reads a tree back, strictly, as lines: nodes, and properties with their bytes as cells or text.
  struct Reader {
    let bytes: [UInt8]
    var lines: [String] = []

    struct Bad: Error {
      let why: String
    }

    init(_ bytes: [UInt8]) throws {
      self.bytes = bytes
      guard word(0) == 0xD00D_FEED, word(4) == bytes.count, word(20) == 17, word(24) == 16, word(28) == 0 else {
        throw Bad(why: "header")
      }
      let (structure, strings, reservations) = (word(8), word(12), word(16))
      guard reservations == 40, bytes[40..<56].allSatisfy({ $0 == 0 }), structure == 56, strings == structure + word(36),
        bytes.count == strings + word(32), bytes.last == 0
      else { throw Bad(why: "blocks") }
      var at = structure
      var depth = 0
      repeat {
        let token = word(at)
        at += 4
        switch token {
        case 1:
          let name = text(at)
          lines.append(String(repeating: "  ", count: depth) + name + "/")
          at += (name.utf8.count + 4) & ~3
          depth += 1
        case 2: depth -= 1
        case 3:
          let (length, name) = (word(at), word(at + 4))
          guard name < word(32) else { throw Bad(why: "name") }
          let value = bytes[at + 8..<at + 8 + length]
          lines.append(String(repeating: "  ", count: depth) + text(strings + name) + Self.shown(Array(value)))
          at += 8 + (length + 3) & ~3
        default: throw Bad(why: "token \(token) at \(at)")
        }
      } while depth > 0
      guard word(at) == 9, at + 4 == strings else { throw Bad(why: "end") }
    }

    private func word(_ at: Int) -> Int { bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) } }
    private func text(_ at: Int) -> String { String(decoding: bytes[at...].prefix { $0 != 0 }, as: UTF8.self) }

    private static func shown(_ value: [UInt8]) -> String {
      if value.isEmpty { return "" }
      if value.last == 0, value.first != 0, value.dropLast().allSatisfy({ $0 == 0 || (0x20..<0x7F).contains($0) }) {
        return " = " + String(decoding: value.dropLast().map { $0 == 0 ? 0x7C : $0 }, as: UTF8.self)
      }
      let cells = stride(from: 0, to: value.count, by: 4).map {
        String(value[$0..<$0 + 4].reduce(0) { $0 << 8 | Int($1) }, radix: 16)
      }
      return " = <" + cells.joined(separator: " ") + ">"
    }
  }

  static func options(seed: UInt64? = nil) -> RealmVM.Options {
    var options = RealmVM.Options()
    options.vcpus = 2
    options.memory = 32 << 20
    options.bootArguments = "console=ttyAMA0 quiet"
    options.treeSeed = seed
    return options
  }

  @Test func theTreeReadsBack() throws {
    let tree = FlattenedDeviceTree(ofGuestWith: Self.options(), initrd: 0x8040_0000..<0x8040_1234)
    let read = try Reader(tree.blob)
    let golden = try Project.text("Tests/EngineTests/Fixtures/device-tree.txt")
    #expect(read.lines.joined(separator: "\n") + "\n" == golden)
  }

  /// Random numbers are there only with a seed, and follow from it.
  @Test func seedsAreFromASeed() throws {
    func lines(_ seed: UInt64?) throws -> [String] {
      let tree = FlattenedDeviceTree(ofGuestWith: Self.options(seed: seed), initrd: nil)
      return try Reader(tree.blob).lines.filter { $0.contains("seed") }
    }
    #expect(try lines(nil) == [])
    #expect(try lines(1).count == 2)
    #expect(try lines(1) == lines(1))
    #expect(try lines(1) != lines(2))
  }

  static let dtc = ["/usr/bin/dtc", "/usr/local/bin/dtc", "/opt/homebrew/bin/dtc"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  @Test(.enabled(if: dtc != nil, "dtc is not installed"), arguments: [1, 8], [nil, 7] as [UInt64?])
  func theCompilerHasNothingToWarnOf(_ vcpus: Int, _ seed: UInt64?) throws {
    var options = Self.options(seed: seed)
    options.vcpus = vcpus
    let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).dtb")
    try Data(FlattenedDeviceTree(ofGuestWith: options, initrd: 0x8040_0000..<0x8040_1234).blob).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let process = Process()
    process.executableURL = URL(filePath: try #require(Self.dtc))
    process.arguments = ["-I", "dtb", "-O", "dtb", "-o", "/dev/null", file.path]
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(text == "" && process.terminationStatus == 0)
  }

  // MARK: In a Realm

  /// - Returns: the console, the RIM, and the machine's session.
  static func booted(_ file: String, _ change: (inout RealmVM.Options) -> Void = { _ in }) throws -> (String, [UInt8]?) {
    var configuration = MachineConfiguration()
    configuration.vcpu = .code
    let session = Session(configuration)
    var options = RealmVM.Options()
    options.vcpus = 2
    change(&options)
    let vm = RealmVM(session, options)
    let image = try Data(contentsOf: Project.root.appending(path: "Sessions/guests/\(file)"))
    try vm.build(try BootImage(Array(image), base: RealmVM.ramBase))
    #expect(vm.run(entries: 20_000) == .poweredOff)
    #expect(session.read { $0.invariantViolations() } == [])
    let rim = session.read { $0.realmSummaries().first?.measurements.first }.map { Array($0) }
    return (String(decoding: vm.uart.output, as: UTF8.self).replacing("\r\n", with: "\n"), rim)
  }

  @Test func anImageFindsItsTree() throws {
    let (console, rim) = try Self.booted("fdt.img") {
      $0.bootArguments = "console=ttyAMA0"
      $0.initrd = [UInt8](repeating: 0x55, count: 5000)
    }
    #expect(console == (try Project.text("Tests/EngineTests/Fixtures/fdt-console.txt")))
    // Arguments and RAM disk are measured.
    #expect(try Self.booted("fdt.img") { $0.bootArguments = "console=ttyAMA1" }.1 != rim)
    let with = try Self.booted("fdt.img") {
      $0.bootArguments = "console=ttyAMA0"
      $0.initrd = [UInt8](repeating: 0x56, count: 5000)
    }
    #expect(with.0 == console)
    #expect(with.1 != rim)
  }

  @Test func withoutATreeX0IsZero() throws {
    let (console, _) = try Self.booted("fdt.img") { $0.deviceTree = false }
    #expect(console.contains("no device tree"))
  }

  /// An ELF has none: its RIM and its X0 stay; unless an option asks for one.
  @Test func anELFHasNoneUnlessAsked() throws {
    let plain = try Self.booted("tour.elf")
    let asked = try Self.booted("tour.elf") { $0.deviceTree = true }
    #expect(asked.1 != plain.1)
    #expect(try Self.booted("tour.elf") { $0.deviceTree = false }.1 == plain.1)
  }

  @Test func whatDoesNotFitIsSaid() throws {
    func message(_ change: (inout RealmVM.Options) -> Void) -> String {
      do {
        _ = try Self.booted("fdt.img", change)
        return ""
      } catch {
        return (error as? RealmVM.Failure)?.message ?? "\(error)"
      }
    }
    #expect(message { $0.memory = 2 << 20 }.contains("the device tree goes to 0x80000000; give the guest more memory"))
    let disk = [UInt8](repeating: 0, count: 14 << 20)
    #expect(message { $0.initrd = disk }.contains("the initial RAM disk takes memory up to 0x80e89000, and"))
    #expect(message { $0.bootArguments = String(repeating: "x", count: 70_000) }.contains("larger than 64 KiB"))
    #expect(message { $0.bootArguments = "a\0b" }.contains("contain a NUL"))
  }

  /// Whatever an image's headers say, it is told and nothing traps.
  @Test(arguments: [UInt64.max, UInt64.max - 4095, 0, 0x7FFF_FFFF, 0x1_0000_0000])
  func segmentsOutsideAreRefused(_ address: UInt64) throws {
    var file = [UInt8](try Data(contentsOf: Project.root.appending(path: "Sessions/guests/tour.elf")))
    let header = Int(file[32])
    for n in 0..<8 { file[header + 24 + n] = UInt8(truncatingIfNeeded: address >> UInt64(8 * n)) }
    file[header] = 1
    for deviceTree in [false, true] {
      var options = RealmVM.Options()
      options.deviceTree = deviceTree
      #expect(throws: (any Error).self) {
        try RealmVM(Session(MachineConfiguration()), options).build(try BootImage(file, base: RealmVM.ramBase))
      }
    }
  }

  @Test(arguments: [(8, "text_offset"), (16, "image_size")])
  func absurdHeadersAreRefused(_ field: (offset: Int, words: String)) {
    var file = [UInt8](repeating: 0, count: 64)
    file.replaceSubrange(56..<60, with: [0x41, 0x52, 0x4D, 0x64])
    for n in 0..<8 { file[field.offset + n] = 0xFF }
    do throws(BootImage.Malformed) {
      _ = try BootImage(file, base: RealmVM.ramBase)
      Issue.record("it was taken")
    } catch {
      #expect(error.message.contains(field.words))
    }
  }
}
