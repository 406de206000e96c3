import Engine
import Views

/// Completion, help and the dry run of what is being typed.
struct Completion {
  let session: Session

  /// Words the workbench itself understands beside the script language.
  static let own = ["goto", "undo", "redo", "quit", "theme", "write", "help"]

  /// Fills in candidates, help and the verdict for the text as it stands.
  func update(_ line: inout CommandLineState) {
    line.candidates = []
    line.chosen = nil
    line.help = ""
    line.verdict = nil
    guard line.purpose == .command else {
      line.help = line.purpose.help
      return
    }
    let words = line.text.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
    let endsOpen = line.text.isEmpty || line.text.hasSuffix(" ")
    let current = endsOpen ? "" : words.last ?? ""
    let before = endsOpen ? words : Array(words.dropLast())
    guard let verb = before.first else {
      line.candidates = Array(verbs().filter { $0.lowercased().hasPrefix(current.lowercased()) }.prefix(40))
      line.help = help(forVerb: current)
      return
    }
    let start = ["smc", "guest", "secure.smc"].contains(verb.lowercased()) ? before.dropFirst() : before[...]
    if verb.lowercased() == "guest", start.isEmpty {
      line.candidates = StatementParser.guestVerbs.filter { $0.hasPrefix(current.lowercased()) }
      line.help = "what a realm's vCPU does at the next RMI_REC_ENTER"
      return
    }
    var rest = start
    if rest.first?.lowercased() == "smc" { rest = rest.dropFirst() }
    guard let name = rest.first else {
      line.candidates = Commands.all.map(\.name).filter { $0.hasPrefix(current.uppercased()) }
      line.help = "which call"
      return
    }
    guard let entry = Commands.named(name) else {
      line.help = help(forVerb: verb)
      return
    }
    argument(entry, Array(rest.dropFirst()), current, endsOpen, &line)
  }

  private func verbs() -> [String] { Commands.all.map(\.name) + StatementParser.verbs + Completion.own }

  private func help(forVerb word: String) -> String {
    if let entry = Commands.named(word) {
      return "\(entry.name) \(entry.argumentNames.joined(separator: " "))  —  \(entry.summary)"
    }
    switch word.lowercased() {
    case "": return "a command (tab lists), or a statement: ns.read64 PA, guest read64 IPA, gpt.set PA secure, goto STEP …"
    case "smc": return "smc FID [A1 .. A17]: the Host makes an SMC"
    case "guest": return "guest ACTION: queued for the next RMI_REC_ENTER"
    case "ns.read64", "secure.read64", "realm.read64", "root.read64":
      return "\(word) PA: a read of that world, through the granule protection check"
    case "ns.write64", "secure.write64", "realm.write64", "root.write64": return "\(word) PA VALUE"
    case "ns.fill": return "ns.fill PA LENGTH BYTE"
    case "gpt.set": return "gpt.set PA nonsecure|secure|root: EL3 moves a granule"
    case "goto": return "goto STEP: 0 to \(session.steps.count)"
    case "theme": return "theme NAME: \(Theme.all.map(\.name).joined(separator: ", "))"
    case "write": return "write FILE: saves this session where you like, to share"
    case "machine": return "machine dram=64M pe=2 rmm=spec-1.0: a fresh machine"
    case "pe": return "pe N: which PE makes the next calls"
    case "boot":
      return "boot [--normal] [IMAGE [VCPUS]]: a Realm (or another VM), and its run"
    case "debug": return "debug [--normal] [IMAGE [VCPUS]]: as boot, but it stands before its first instruction"
    case "continue": return "continue [N]: the guest that was booted here goes on, for about N instructions"
    case "step": return "step [N]: one instruction of the guest, or N"
    case "over": return "over [N]: an instruction; a call with all it does"
    case "out": return "out: the guest runs until it leaves the Realm"
    case "back": return "back [N]: takes an instruction back, or N"
    case "symbols": return "symbols [IMAGE]: names of the guest's places, from its image"
    case "reverse": return "reverse: back to the place before that would have stopped the guest"
    case "break": return "break ADDRESS|NAME|smc|exit [REASON]|granule PA: where the guest is to stop"
    case "watch": return "watch ADDRESS|NAME [BYTES]: the guest stops when it writes there"
    case "delete": return "delete [PLACE]: a place as break takes it, no longer; without one, nowhere"
    case "resume": return "resume PE: a realm that holds its PE goes on"
    case "vm": return "vm enter VCPU RUN: the Host enters a vCPU outside any Realm"
    default: return ""
    }
  }

  private func argument(
    _ entry: CommandEntry, _ given: [String], _ current: String, _ endsOpen: Bool, _ line: inout CommandLineState
  ) {
    let all = current.isEmpty ? given : given + [current]
    let index = given.count
    let fields = session.read { $0.fields(of: entry) }
    if index < fields.count {
      let field = fields[index]
      line.help =
        "\(field.name): \(field.meaning)  ·  \(index + 1) of \(fields.count): \(entry.argumentNames.joined(separator: " "))"
      let typed = current.split(separator: "=").last.map(String.init) ?? ""
      if current.isEmpty
        || (!current.isEmpty && field.candidates.contains { hex($0.value).hasPrefix(typed) && hex($0.value) != typed })
      {
        line.candidates = field.candidates.map { hex($0.value) }.filter { current.isEmpty || $0.hasPrefix(typed) }
      }
    } else {
      line.help = "\(entry.name): \(entry.summary)"
    }
    guard all.count >= fields.count else { return }
    do throws(ScriptError) {
      let x = try StatementParser(line: 0, names: ScriptNames()).registers(of: entry, all)
      let explanation = session.explanation(of: entry, x)
      line.candidates = []
      if !explanation.hasCaller {
        line.verdict = .queued
      } else if let id = explanation.decidedBy, let row = explanation.rows.first(where: { $0.id == id && $0.verdict == .failed })
      {
        line.verdict = .refused("\(explanation.status) by \(id): \(row.now)")
      } else {
        line.verdict = .passes(explanation.status)
      }
    } catch {
      line.verdict = .refused(error.message)
    }
  }

  /// Puts the next (or previous) candidate in place of the word that is being typed.
  func cycle(_ line: inout CommandLineState, backwards: Bool) {
    guard !line.candidates.isEmpty else { return }
    let candidates = line.candidates
    let next: Int
    if let chosen = line.chosen {
      next = (chosen + (backwards ? candidates.count - 1 : 1)) % candidates.count
    } else {
      next = backwards ? candidates.count - 1 : 0
    }
    var head = line.text
    while let last = head.last, last != " " { head.removeLast() }
    line.text = head + candidates[next]
    line.cursor = line.text.unicodeScalars.count
    if candidates.count == 1 {
      line.text += " "
      line.cursor += 1
      update(&line)
    } else {
      line.candidates = candidates
      line.chosen = next
    }
  }
}
