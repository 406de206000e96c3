import Engine
import Foundation
import Testing

/// The disassembler against llvm-objdump, where the toolchain has it.
struct DisassemblerTests {
  static let tools: URL? = {
    let swift = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/swift" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
    let folder = swift.map { URL(filePath: $0).resolvingSymlinksInPath().deletingLastPathComponent() }
    guard let folder,
      ["clang", "llvm-objdump"].allSatisfy({ FileManager.default.isExecutableFile(atPath: folder.appending(path: $0).path) })
    else { return nil }
    return folder
  }()

  /// Instructions that came after v8.0 in places our table has for older ones, and what they look like there.
  private static let later = ["sttp", "ldtp", "stgp", "sttnp", "ldtnp", "rprfm"]

  @Test(.enabled(if: tools != nil, "the toolchain has no llvm-objdump"))
  func equalsLLVM() throws {
    var random = SplitMix(seed: 8)
    var words: [UInt32] = []
    for row in InstructionTable.rows where row.isNamed {
      for _ in 0..<520 {
        var word = row.value | UInt32(truncatingIfNeeded: random.next()) & ~row.mask
        // Register 31 is where aliases are.
        if random.below(4) == 0 { word |= 31 & ~row.mask }
        if random.below(4) == 0 { word |= 31 << 5 & ~row.mask }
        words.append(word)
      }
    }
    #expect(words.count > 50_000)
    try compare(words, options: [])
  }

  /// What the processor can have, as LLVM calls it.
  private static let processor = [
    "--mcpu=cortex-a57",
    "--mattr=+lse,+rdm,+pan,+pan-rwv,+uaops,+rcpc,+rcpc-immo,+dotprod,+aes,+sha2,+sha3,+fullfp16,+jsconv,+complxnum,+dit,+ssbs,+bti"
      + ",+pauth,+flagm,+altnzcv,+ccpp,+ccdp,+sb,+predres,+rand",
  ]

  /// What came after Armv8.0.
  @Test(.enabled(if: tools != nil, "the toolchain has no llvm-objdump"))
  func extensionsEqualLLVM() throws {
    var random = SplitMix(seed: 85)
    var words: [UInt32] = []
    let rows = InstructionTable.extensions.map { ($0.value, $0.mask) } + VectorTable.extensions.map { ($0.value, $0.mask) }
    for (value, mask) in rows {
      for _ in 0..<320 {
        var word = value | UInt32(truncatingIfNeeded: random.next()) & ~mask
        for place in [0, 5, 16] as [UInt32] where random.below(4) == 0 { word |= 31 << place & ~mask }
        words.append(word)
      }
    }
    #expect(words.count > 50_000)
    try compare(words, options: Self.processor)
  }

  /// FP and AdvSIMD without extensions that the processor never has: allocated or not, and how they are spelled.
  @Test(.enabled(if: tools != nil, "the toolchain has no llvm-objdump"))
  func vectorsEqualLLVM() throws {
    var random = SplitMix(seed: 9)
    // Bits 27:25 are x111 for data processing, x110 with bit 26 for loads and stores.
    var words: [UInt32] = (0..<30_000).map { n in
      UInt32(truncatingIfNeeded: random.next()) & ~(7 << 25) | (n & 1 == 0 ? 7 : 6) << 25
    }
    for row in VectorTable.rows {
      for _ in 0..<60 {
        var word = row.value | UInt32(truncatingIfNeeded: random.next()) & ~row.mask
        for place in [0, 5, 16] as [UInt32] where random.below(6) == 0 { word |= 31 << place & ~row.mask }
        words.append(word)
      }
    }
    try compare(words, options: Self.processor)
  }

  private func compare(_ words: [UInt32], options: [String]) throws {
    let tools = try #require(Self.tools)
    let folder = FileManager.default.temporaryDirectory.appending(path: "workbench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let source = folder.appending(path: "words.s")
    let text = ".text\n" + words.map { ".inst 0x\(String($0, radix: 16))" }.joined(separator: "\n") + "\n"
    try text.write(to: source, atomically: true, encoding: .utf8)
    let object = folder.appending(path: "words.o").path
    _ = try run(tools.appending(path: "clang"), ["--target=aarch64-none-elf", "-c", source.path, "-o", object])
    let listing = try run(tools.appending(path: "llvm-objdump"), ["-d"] + options + [object])
    var index = 0
    var differing: [String] = []
    for line in listing.split(separator: "\n") {
      // "      40: d503201f     \tnop"
      let parts = line.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, let colon = parts[0].firstIndex(of: ":"),
        Int(parts[0][..<colon].trimmingCharacters(in: .whitespaces), radix: 16) == index * 4
      else { continue }
      let theirs = plain(String(parts[1]))
      let ours = plain(Disassembler.text(words[index], at: UInt64(index * 4)))
      if theirs != ours, !Self.later.contains(where: { theirs.hasPrefix($0 + " ") }) {
        differing.append("\(String(words[index], radix: 16)): \(theirs) / \(ours)")
      }
      index += 1
    }
    #expect(index == words.count)
    #expect(differing == [])
  }

  /// Without comments, names of places, and runs of spaces.
  private func plain(_ text: String) -> String {
    var text = text[...]
    if let comment = text.range(of: "//") { text = text[..<comment.lowerBound] }
    if text.hasSuffix(">"), let name = text.range(of: " <") { text = text[..<name.lowerBound] }
    return text.split(whereSeparator: { $0 == " " || $0 == "\t" }).joined(separator: " ")
  }

  private func run(_ tool: URL, _ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = tool
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return String(decoding: data, as: UTF8.self)
  }

  /// Every word of the guests and of the programs for the bench, code and data as compilers made them.
  @Test(.enabled(if: tools != nil, "the toolchain has no llvm-objdump"))
  func realCodeEqualsLLVM() throws {
    var words: Set<UInt32> = []
    for folder in ["Sessions/guests", "Benchmarks/guests"] {
      let url = Project.root.appending(path: folder)
      for name in try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() where name.hasSuffix(".elf") {
        let bytes = try Data(contentsOf: url.appending(path: name))
        for segment in try BootImage(Array(bytes), base: RealmVM.ramBase).segments {
          for offset in stride(from: 0, to: segment.bytes.count - 3, by: 4) {
            words.insert((0..<4).reduce(0) { $0 | UInt32(segment.bytes[offset + $1]) << UInt32(8 * $1) })
          }
        }
      }
    }
    #expect(words.count > 3000)
    try compare(words.sorted(), options: Self.processor)
  }

  @Test func someByHand() {
    #expect(Disassembler.text(0xD503_201F, at: 0) == "nop")
    #expect(Disassembler.text(0x9400_0001, at: 0x8000_0000) == "bl\t0x80000004")
    #expect(Disassembler.text(0xD400_0003, at: 0) == "smc\t#0")
    #expect(Disassembler.text(0xD518_C001, at: 0) == "msr\tVBAR_EL1, x1")
    #expect(Disassembler.text(0x0000_0000, at: 0) == "udf\t#0x0")
    #expect(Disassembler.text(0x0000_0000 | 1 << 16, at: 0) == "<unknown>")
  }
}
