import Foundation
import Libvirt
import Testing

/// What a real virsh answered to lists of commands, and what ours does.
struct DialogueTests {
  struct Dialogue {
    let head: String
    let answer: String
  }

  static func dialogues() -> [Dialogue] {
    let parts = ("\n" + LibvirtFixtures.text("dialogues/dialogues.txt")).components(separatedBy: "\n$ virsh ").dropFirst()
    return parts.map { part in
      let end = part.firstIndex(of: "\n") ?? part.endIndex
      let answer = String(part[part.index(after: end)...])
      return Dialogue(head: String(part[..<end]), answer: answer.hasSuffix("\n") ? String(answer.dropLast()) : answer)
    }
  }

  @Test func answersAreVirshs() {
    let dialogues = Self.dialogues()
    #expect(dialogues.count > 60)
    for dialogue in dialogues {
      #expect(Self.ours(dialogue.head) == dialogue.answer, "virsh \(dialogue.head)")
    }
  }

  static func ours(_ line: String) -> String {
    let isQuiet = line.hasPrefix("-q ")
    let head = String(isQuiet ? line.dropFirst(3) : line[...])
    let given = head.hasPrefix("<<< ") ? words(String(head.dropFirst(4))) : words(head)
    let isInteractive = head.hasPrefix("<<< ")
    let virsh = VirshInTests(mode: isInteractive ? .interactive : .commands)
    virsh.shell.isQuiet = isQuiet
    let isDone: Bool
    if isInteractive {
      var lines = given[0].replacing("\\n", with: "\n").split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      if lines.last?.isEmpty ?? false { lines.removeLast() }
      isDone = virsh.shell.interact(isEchoed: true) { lines.isEmpty ? nil : lines.removeFirst() }
    } else {
      isDone = virsh.shell.run(words: given)
    }
    return normal(virsh.text) + "[exit \(isDone ? 0 : 1)]"
  }

  /// What differs every time.
  private static func normal(_ text: String) -> String {
    text.replacing(/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/, with: "UUID")
      .replacing(/(CPU time: +)\d+\.\ds/) { "\($0.1)N.Ns" }.replacing(/\/dev\/pts\/\d+/, with: "/dev/pts/N")
  }

  /// The words a shell makes of a line.
  private static func words(_ line: String) -> [String] {
    var words: [String] = []
    var word: String?
    var isQuoted = false
    var rest = Substring(line)
    while let character = rest.popFirst() {
      if character == "\"" {
        isQuoted.toggle()
        word = word ?? ""
      } else if character == "\\", isQuoted, let next = rest.first, "\"\\".contains(next) {
        word = (word ?? "") + String(rest.removeFirst())
      } else if character == " ", !isQuoted {
        if let done = word { words.append(done) }
        word = nil
      } else {
        word = (word ?? "") + String(character)
      }
    }
    return words + (word.map { [$0] } ?? [])
  }
}

/// virsh on a small hypervisor, in the folder of the dialogues.
final class VirshInTests {
  let hypervisor = SmallHypervisor()
  let daemon: LibvirtDaemon
  private(set) var shell: VirshShell
  private let box: Box

  private final class Box {
    var outputs: [VirshShell.Output] = []
  }

  init(mode: VirshShell.Mode = .commands, files: [String: String] = [:]) {
    let folder = LibvirtFixtures.folder.appending(path: "dialogues").path
    let source = Files(texts: files)
    daemon = LibvirtDaemon(hypervisor, EmulatorCapabilities(), files: FilePolicy(named: ["/srv/spin.img"], source))
    let box = Box()
    self.box = box
    shell = VirshShell(daemon, mode: mode, folder: folder, xmlFiles: FilePolicy(folders: [folder], source)) {
      box.outputs.append($0)
    }
  }

  /// Those of the folder, some by their text, and a disk.
  private struct Files: FileSource {
    let texts: [String: String]

    func exists(_ file: PermittedFile) -> Bool { file.path == "/srv/spin.img" || read(file) != .missing }

    func read(_ file: PermittedFile) -> FileAnswer {
      if let text = texts[file.path.split(separator: "/").last.map(String.init) ?? ""] { return .bytes(Array(text.utf8)) }
      return FileManager.default.contents(atPath: file.path).map { .bytes(Array($0)) } ?? .missing
    }

    func isFolder(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
  }

  /// All it has printed, errors where they came.
  var text: String {
    box.outputs.reduce(into: "") { text, output in
      switch output {
      case .out(let words), .error(let words): text += words
      case .finding, .explanation: break
      }
    }
  }

  var findings: [String] { box.outputs.compactMap { if case .finding(let text) = $0 { text } else { nil } } }
  var explanations: [String] { box.outputs.compactMap { if case .explanation(let text) = $0 { text } else { nil } } }
}
