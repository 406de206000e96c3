import ArgumentParser
import Engine

struct SessionJoinCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "join", abstract: "Writes sessions one behind the other as one, each on a machine of its own.",
    discussion: "Each may be said with a place: FILE@BRANCH or FILE@BRANCH@STEP.")

  @Argument(help: ArgumentHelp("Scripts or recordings.", valueName: "file"), completion: .file())
  var files: [String]

  @Option(name: .shortAndLong, help: ArgumentHelp("The new file.", valueName: "path"), completion: .file())
  var output: String

  @OptionGroup var machine: MachineOptions

  func run() throws {
    guard files.count > 1 else {
      complain("expected two files or more to join")
      throw Exit.usage
    }
    let configuration = try machine.configuration()
    let sessions = try files.map { try PlaceInFile($0).session(configuration) }
    try SessionFile.write(to: output) { () throws(SessionText.Problem) in try SessionText.joined(sessions) }
  }
}

struct SessionTrimCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trim", abstract: "Writes a session without the steps that changed nothing.",
    discussion: """
      What was only looked at, and what was refused without a change, goes; what is left leads to the same state, but for the registers \
      in which refusals were answered. Answers are made anew. \
      FILE@BRANCH or FILE@BRANCH@STEP says which steps.
      """)

  @Argument(help: ArgumentHelp("Script or recording.", valueName: "file"), completion: .file())
  var file: String

  @Option(name: .shortAndLong, help: ArgumentHelp("The new file.", valueName: "path"), completion: .file())
  var output: String

  @OptionGroup var machine: MachineOptions

  func run() throws {
    let session = try PlaceInFile(file).session(try machine.configuration())
    var left = 0
    try SessionFile.write(to: output) { () throws(SessionText.Problem) in
      let trimmed = try SessionText.trimmed(session)
      left = trimmed.left
      return trimmed.text
    }
    var out = Output()
    out.line("\(left) of \(session.position) steps changed nothing and are left out")
    out.flush()
  }
}

struct SessionRenameCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rename", abstract: "Writes a session with other names, or with other addresses.",
    discussion: """
      OLD=NEW gives a branch or a bookmark another name, or, with two addresses, puts one granule in the place of another; --shift moves all \
      addresses in DRAM. With other addresses everything is done again, and the answers are new.
      """)

  @Argument(help: ArgumentHelp("Script or recording.", valueName: "file"), completion: .file())
  var file: String

  @Argument(help: ArgumentHelp("Such as main=first, or 0x80001000=0x80002000.", valueName: "old=new"))
  var changes: [String] = []

  @Option(help: ArgumentHelp("Bytes that addresses in DRAM move by, such as 0x100000 or -4096.", valueName: "bytes"))
  var shift: String?

  @Option(name: .shortAndLong, help: ArgumentHelp("The new file.", valueName: "path"), completion: .file())
  var output: String

  @OptionGroup var machine: MachineOptions

  func run() throws {
    guard !changes.isEmpty || shift != nil else {
      complain("expected OLD=NEW or --shift BYTES")
      throw Exit.usage
    }
    let session = try PlaceInFile(file).session(try machine.configuration())
    let here = (branch: session.branch.id, step: session.position)
    var granules: [UInt64: UInt64] = [:]
    for change in changes {
      let words = change.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
      guard words.count == 2, !words[0].isEmpty, !words[1].isEmpty else {
        complain("expected OLD=NEW, found \"\(shown(change))\"")
        throw Exit.usage
      }
      if let old = Self.granule(words[0]), let new = Self.granule(words[1]) {
        granules[old] = new
      } else {
        try rename(words[0], words[1], in: session)
      }
    }
    session.go(to: here.branch, step: here.step)
    let offset = try self.offset()
    let memory = session.configuration.dramBase..<session.configuration.dramTop
    try SessionFile.write(to: output) { () throws(SessionText.Problem) in
      guard !granules.isEmpty || offset != 0 else { return SessionText.whole(session) }
      return try SessionText.moved(session) { address in
        if let granule = granules[address & ~0xFFF] { return granule + (address & 0xFFF) }
        guard offset != 0, memory.contains(address) else { return nil }
        return address &+ offset
      }
    }
  }

  private static func granule(_ text: String) -> UInt64? {
    guard text.hasPrefix("0x"), let value = UInt64(text.dropFirst(2), radix: 16), value & 0xFFF == 0 else { return nil }
    return value
  }

  private func offset() throws -> UInt64 {
    guard let shift else { return 0 }
    let isNegative = shift.hasPrefix("-")
    let digits = isNegative ? shift.dropFirst() : shift[...]
    let value = digits.hasPrefix("0x") ? UInt64(digits.dropFirst(2), radix: 16) : UInt64(digits)
    guard let value, value % 4096 == 0, value < 1 << 52 else {
      complain("expected --shift with a multiple of 4096, found \"\(shown(shift))\"")
      throw Exit.usage
    }
    return isNegative ? 0 &- value : value
  }

  private func rename(_ old: String, _ new: String, in session: Session) throws {
    guard Bookmark.isName(new) else {
      complain("\"\(shown(new))\" is no name: letters, digits, - and _, \(Branch.longest) at most")
      throw Exit.usage
    }
    if let branch = session.branch(named: old) {
      do throws(Session.BranchProblem) { try session.rename(branch.id, new) } catch {
        complain(error.message)
        throw Exit.usage
      }
    } else if let bookmark = session.bookmark(named: old) {
      session.go(to: bookmark.place)
      session.removeBookmark(old)
      session.setBookmark(new, note: bookmark.note)
    } else {
      complain("\(file) has no branch and no bookmark \"\(shown(old))\"")
      throw Exit.usage
    }
  }
}

struct SessionAnswersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "answers", abstract: "Writes a recording with the answers that its steps have now.",
    discussion: "For one whose statements were edited, or that was stripped.")

  @Argument(help: ArgumentHelp("Recording.", valueName: "file"), completion: .file())
  var file: String

  @Option(name: .shortAndLong, help: ArgumentHelp("The new file.", valueName: "path"), completion: .file())
  var output: String

  func run() throws {
    let text = try orComplain { () throws(SessionLoader.Failure) in try SessionLoader.read(file) }
    var steps = 0
    try SessionFile.write(to: output) { () throws(SessionText.Problem) in
      let session = try SessionText.answeredAnew(text.wholeLines)
      steps = session.steps.count
      return SessionText.whole(session)
    }
    var out = Output()
    out.line("\(steps) steps, answered anew")
    out.flush()
  }
}

/// A session that is written as a new file.
enum SessionFile {
  static func write(to path: String, _ text: () throws(SessionText.Problem) -> String) throws {
    let made: String
    do throws(SessionText.Problem) { made = try text() } catch {
      complain("the new session would not be what it says: \(error.message)")
      throw Exit.badData
    }
    let bytes = Array(made.utf8)
    try orComplain { () throws(NewFile.Failure) in try NewFile.write(bytes, to: path) }
  }
}
