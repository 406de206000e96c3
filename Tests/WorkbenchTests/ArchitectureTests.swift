import Foundation
import Testing

/// What may know what. Between targets the compiler keeps the walls; these tests keep what it does not see: what the Engine does without,
/// and who names whom inside a module.
struct ArchitectureTests {
  private struct Source {
    /// Below Sources, such as `Engine/Machine/Root/Boot.swift`.
    let path: String
    let text: String

    /// Without comments and texts.
    var code: String {
      text.replacing(/\/\/.*/, with: "").replacing(/"""[\s\S]*?"""/, with: "").replacing(/"(?:\\.|[^"\\\n])*"/, with: "")
    }

    var imports: Set<String> {
      Set(
        text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { $0.hasPrefix("import ") }
          .map { String($0.dropFirst(7)) })
    }
  }

  private func sources(_ folder: String) throws -> [Source] {
    let root = PseudoTerminal.root.appending(path: "Sources/\(folder)")
    let files = try #require(FileManager.default.enumerator(atPath: root.path))
    return try files.compactMap { $0 as? String }.filter { $0.hasSuffix(".swift") }.map {
      Source(path: "\(folder)/\($0)", text: try String(contentsOf: root.appending(path: $0), encoding: .utf8))
    }
  }

  /// The parts of the Engine, each with those it may see.
  private static let parts: KeyValuePairs<String, Set<String>> = [
    "Basics": [], "Attestation": ["Basics"], "Libvirt": ["Basics"], "Machine": ["Attestation", "Basics"],
    "Host": ["Attestation", "Basics", "Machine"], "Session": ["Attestation", "Basics", "Host", "Libvirt", "Machine"],
    "Lessons": ["Basics", "Machine", "Session"],
  ]

  @Test(arguments: parts.map(\.key))
  func aPartImportsThePartsBelowItAndCryptography(_ part: String) throws {
    let below = try #require(Self.parts.first { $0.key == part }?.value)
    for file in try sources("Engine/\(part)") {
      let pages = ["Memory.swift", "MemoryDirectory.swift", "PageArena.swift"].contains {
        file.path == "Engine/Machine/Hardware/\($0)"
      }
      let code = file.path == "Engine/Machine/Processor/A64/Compiled/MachineCode.swift"
      let xml = file.path == "Engine/Libvirt/XML/LibXMLReader.swift"
      let allowed = below.union(
        pages ? ["Libc"] : code ? ["CMachine", "Libc"] : xml ? ["CLibXML2"] : ["Crypto", "Synchronization"])
      #expect(file.imports.isSubset(of: allowed), "\(file.path)")
    }
  }

  /// Folders of Machine, each with those whose types it may name. All may name what is in Door, which is the machine itself, and Door
  /// may name all but what onlookers ask.
  private static let machine: [String: Set<String>] = [
    "Hardware": ["Door"], "Root": ["Door", "Hardware"], "Realm": ["Door", "Hardware", "Root"],
    "Processor": ["Door", "Hardware", "Realm"], "Secure": ["Door", "Hardware", "Processor", "Realm", "Root"],
    "Door": ["Hardware", "Processor", "Realm", "Root", "Secure"],
    "Inspect": ["Door", "Hardware", "Processor", "Realm", "Root", "Secure"],
  ]

  /// Folders of Host. KVM is what a VMM is built on, and knows of none; only what is written down knows all.
  private static let host: [String: Set<String>] = [
    "Door": [], "RelyingParty": [], "Plan": ["KVM"], "KVM": ["Door"], "VMM": ["Door", "KVM", "Plan", "RelyingParty"],
    "QEMU": ["Door", "KVM", "Plan", "VMM"], "Kvmtool": ["Door", "KVM", "Plan", "VMM"],
    "Prediction": ["Kvmtool", "Plan", "QEMU"], "Note": ["Door", "KVM", "RelyingParty", "VMM"],
  ]

  /// Folders of Libvirt: what an XML says, what is added to it, what is made of it, and who does that.
  private static let libvirt: [String: Set<String>] = [
    "XML": [], "Definition": ["XML"], "Defaults": ["Definition"], "CommandLine": ["Defaults", "Definition"],
    "Format": ["Definition"], "Daemon": ["CommandLine", "Defaults", "Definition", "XML"],
    "Shell": ["CommandLine", "Daemon", "Definition", "Format", "XML"],
  ]

  /// Folders of Session. A line of the language lets a guest run or a host act, both say what is wrong as a line does, and a recording is
  /// made of lines: those four name each other.
  private static let session: [String: Set<String>] = [
    "Timeline": [], "Language": ["Guest", "Recording", "Stack", "Timeline"], "Guest": ["Language", "Timeline"],
    "Recording": ["Language", "Timeline"], "Inspect": ["Language", "Recording", "Timeline"],
    "Random": ["Language", "Recording", "Stack", "Timeline"], "Explore": ["Language"],
    "Stack": ["Language", "Timeline"],
  ]

  @Test(arguments: [("Machine", machine, 100), ("Host", host, 25), ("Libvirt", libvirt, 25), ("Session", session, 50)])
  func insideAPartNamesPointOneWay(_ part: (name: String, folders: [String: Set<String>], types: Int)) throws {
    let files = try sources("Engine/\(part.name)")
    func folder(_ file: Source) -> String { String(file.path.split(separator: "/")[2]) }
    var declared: [Substring: String] = [:]
    var known: Set<String> = []
    for file in files {
      known.insert(folder(file))
      for type in file.code.matches(of: /(?m)^(?:[@\w()]+ )*(?:struct|class|enum|protocol|typealias) ([A-Z]\w*)/) {
        declared[type.1] = folder(file)
      }
    }
    #expect(known == Set(part.folders.keys))
    #expect(declared.count > part.types)
    for file in files {
      let allowed = part.folders[folder(file)]?.union([folder(file)]) ?? []
      // A type within another may be called as one elsewhere is.
      let own = Set(file.code.matches(of: /\b(?:struct|class|enum|protocol|typealias|case) ([A-Z]\w*)/).map(\.1))
      for name in Set(file.code.matches(of: /\b[A-Z]\w*/).map(\.0)).subtracting(own) {
        guard let home = declared[name] else { continue }
        #expect(allowed.contains(home), "\(file.path) names \(name), which is in \(home)")
      }
    }
  }

  /// Who changes a GPT entry is private to EL3's services. What they do it with lies open to the machine's other tables, and is used by EL3
  /// alone.
  @Test(arguments: ["Realm", "Processor"])
  func aGPIChangesByEL3Alone(_ folder: String) throws {
    for file in try sources("Engine/Machine/\(folder)") {
      let code = file.code
      for word in ["setRecord", "buildGPT", "nextL1Table", "l0Base", "l1Base"] {
        #expect(!code.contains(word), "\(file.path) uses \(word)")
      }
    }
  }

  @Test func viewsImportOnlyTheEngine() throws {
    for file in try sources("Views") { #expect(file.imports.isSubset(of: ["Engine"]), "\(file.path)") }
  }

  /// A text asks the bindings for the key that works.
  @Test func noTextNamesAKey() throws {
    for file in try sources("Views") + sources("Workbench") {
      for text in file.text.matches(of: /"(?:\\.|[^"\\\n])*"/) {
        let names = text.output.contains(/(?i:\bpress) [\w:?<>]\b(?!\w)|[ (][\w:?] (?:quits|help|goes on|steps|runs)\b/)
        #expect(!names, "\(file.path): \(text.output)")
      }
    }
  }

  @Test func onlyTheTerminalKnowsCurses() throws {
    for file in try sources("Workbench") where file.path != "Workbench/App/CursesTerminal.swift" {
      #expect(file.imports.isDisjoint(with: ["CNcurses", "CTerm"]), "\(file.path)")
    }
  }

  @Test func engineHasNoClockNoEntropyAndPrintsNothing() throws {
    for file in try sources("Engine") {
      let code = file.code.split(separator: "\n")
      for word in [" print(", "Date(", "SystemRandomNumberGenerator", ".random(", "clock_gettime", "getenv", "fopen("] {
        #expect(!code.contains { $0.contains(word) }, "\(file.path) uses \(word)")
      }
    }
  }
}
