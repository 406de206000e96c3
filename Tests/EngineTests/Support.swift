import Engine
import Foundation
import Testing

/// Where the project lies.
enum Project {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  static func bytes(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: root.appending(path: path))) }

  /// Files below a folder with an ending, by name, without those in subfolders.
  static func files(_ folder: String, _ ending: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: root.appending(path: folder).path)) ?? []
    return names.filter { $0.hasSuffix(ending) }.sorted().map { folder + "/" + $0 }
  }
}

/// The host's files, for domains of XML that lie in the project.
struct ProjectFiles: FileSource {
  func exists(_ file: PermittedFile) -> Bool { FileManager.default.fileExists(atPath: file.path) }
  func read(_ file: PermittedFile) -> FileAnswer {
    FileManager.default.contents(atPath: file.path).map { .bytes(Array($0)) } ?? .missing
  }
  func isFolder(_ path: String) -> Bool { false }

  /// What a script may open: what is in its folder.
  static func place(of file: String) -> StackControl.Place {
    let folder = Project.root.appending(path: file).deletingLastPathComponent().standardizedFileURL.path
    let inside = FilePolicy(folders: [folder], ProjectFiles())
    return StackControl.Place(folder: folder, xml: inside, images: inside)
  }
}

/// Runs scripts in memory and collects what they did.
final class Script {
  let session: Session
  let runner: ScriptRunner
  private(set) var raw: [String] = []
  private(set) var decisions: [Decision] = []
  private var line = 0

  convenience init(_ configuration: MachineConfiguration = MachineConfiguration(), keepsHistory: Bool = true) {
    self.init(in: Session(configuration, keepsHistory: keepsHistory))
  }

  init(in session: Session) {
    self.session = session
    runner = ScriptRunner(session)
    runner.onReport = { [unowned self] report in
      raw += report.result.rawLines
      decisions += report.result.decisions
    }
    runner.load = { name, file throws(ScriptError) in
      let path = (file as NSString).deletingLastPathComponent + "/" + name
      guard let text = try? Project.text(path) else { throw ScriptError(message: "cannot include \(name)") }
      return (path, text.components(separatedBy: "\n"))
    }
    runner.stackControl.place = ProjectFiles.place
    runner.guestControl.load = { name, _ throws(ScriptError) in
      let folder = name == "tee" ? "secure" : "guests"
      guard let bytes = try? Data(contentsOf: Project.root.appending(path: "Sessions/\(folder)/\(name).elf")),
        let image = try? BootImage(Array(bytes), base: RealmVM.ramBase)
      else { throw ScriptError(message: "no image \(name)") }
      return image
    }
  }

  /// Runs lines; throws at the first that is malformed.
  func run(_ text: String, file: String = "test") throws {
    for part in text.components(separatedBy: "\n") {
      line += 1
      try runner.run(line: part, number: line, file: file)
    }
  }

  /// Runs lines, and demands what they expect.
  func check(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    try run(text)
    runner.finish(file: "test")
    #expect(runner.failures == [], sourceLocation: sourceLocation)
    #expect(runner.unseen == [], sourceLocation: sourceLocation)
  }

  /// What was printed by `--raw` since the last call.
  func takeRaw() -> [String] {
    defer { raw = [] }
    return raw
  }

  /// An ACTIVE Realm of 40 bits from level 0 with tables to level 3 at IPA 0, one runnable REC, and DATA at IPA 0.
  static let activeRealm = """
    let rd = 0x80100000
    let rec = 0x80102000
    let run = 0x83f02000
    smc RMI_GRANULE_DELEGATE rd
    smc RMI_GRANULE_DELEGATE 0x80101000
    ns.fill 0x83f00000 0x1000 0
    ns.write64 0x83f00008 40
    ns.write64 0x83f00018 1
    ns.write64 0x83f00020 1
    ns.write64 0x83f00800 1
    ns.write64 0x83f00808 0x80101000
    ns.write64 0x83f00818 1
    smc RMI_REALM_CREATE rd 0x83f00000
    smc RMI_GRANULE_DELEGATE 0x80110000
    smc RMI_RTT_CREATE rd 0x80110000 0 1
    smc RMI_GRANULE_DELEGATE 0x80111000
    smc RMI_RTT_CREATE rd 0x80111000 0 2
    smc RMI_GRANULE_DELEGATE 0x80112000
    smc RMI_RTT_CREATE rd 0x80112000 0 3
    smc RMI_RTT_INIT_RIPAS rd 0 0x10000
    smc RMI_GRANULE_DELEGATE 0x80200000
    smc RMI_DATA_CREATE rd 0x80200000 0 0x83f10000 1
    expect RMI_SUCCESS
    smc RMI_GRANULE_DELEGATE rec
    ns.fill 0x83f01000 0x1000 0
    ns.write64 0x83f01000 1
    ns.write64 0x83f01800 16
    """
    + (0..<16).map { n in
      "\nsmc RMI_GRANULE_DELEGATE \(hex(0x8012_0000 + UInt64(n) << 12))\nns.write64 \(hex(0x83F0_1808 + UInt64(n) * 8)) \(hex(0x8012_0000 + UInt64(n) << 12))"
    }.joined() + """

      smc RMI_REC_CREATE rd rec 0x83f01000
      expect RMI_SUCCESS
      smc RMI_REALM_ACTIVATE rd
      expect RMI_SUCCESS
      """
}

/// A recording of a session leads to the same answers and the same digest.
func expectReplay(of session: Session, sourceLocation: SourceLocation = #_sourceLocation) throws {
  var text = Recording.header(session.origin)
  for step in session.steps { text += Recording.lines(step, seconds: 0) }
  text += Recording.digestLine(session.digest())
  let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  let replayer = Replayer(Session(try Recording.configuration(of: lines)))
  for (index, line) in lines.enumerated() { try replayer.take(line, line: index + 1) }
  try replayer.finish()
  #expect(replayer.difference == nil, sourceLocation: sourceLocation)
  #expect(replayer.session.digest() == session.digest(), sourceLocation: sourceLocation)
}

/// What a session has done with the fast engine, with what came through the entropy door, is done again with the reference engine:
/// the vCPUs' registers are the same after each step, and so is the state at the end.
func expectBothEnginesAlike(_ fast: Session, sourceLocation: SourceLocation = #_sourceLocation) {
  let reference = Session(fast.origin)
  reference.codeEngine = .reference
  for step in fast.steps {
    reference.perform(step.input, entropy: step.entropy)
    guard reference.lastGuest()?.now == step.guest || step.guest == nil else {
      Issue.record("after step \(reference.position), \(step.text)", sourceLocation: sourceLocation)
      return
    }
  }
  #expect(fast.digest() == reference.digest(), sourceLocation: sourceLocation)
}
