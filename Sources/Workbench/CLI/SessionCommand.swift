import ArgumentParser
import Engine

struct SessionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "session", abstract: "Sessions as material: what is in one, and parts of it.",
    subcommands: [
      SessionNotesCommand.self, SessionStatsCommand.self, SessionCutCommand.self, SessionJoinCommand.self,
      SessionTrimCommand.self, SessionStripCommand.self, SessionAnswersCommand.self, SessionRenameCommand.self,
      SessionLintCommand.self, SessionPackCommand.self, SessionUnpackCommand.self,
    ])
}

struct SessionNotesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "notes", abstract: "Prints what is said in a session, with the steps it is about.",
    discussion: """
      A line each: what the author says (#), what was expected (expect), what readers noted (note), and bookmarks (bookmark), branch by \
      branch in the order of the steps.
      """)

  @Argument(help: ArgumentHelp("Script or recording.", valueName: "file"), completion: .file())
  var file: String

  @OptionGroup var machine: MachineOptions

  func run() throws {
    let session = try PlaceInFile(file).session(try machine.configuration())
    var out = Output()
    for branch in session.branches {
      let place = BranchPlace(branch: branch.id, step: session.end(of: branch.id))
      session.go(to: place.branch, step: place.step)
      let own = session.captions.all.filter { session.place(at: $0.step).branch == branch.id }
      let marks = session.bookmarks.filter { $0.place.branch == branch.id }
      guard session.branches.count == 1 || !own.isEmpty || !marks.isEmpty else { continue }
      if session.branches.count > 1 { out.line("branch \(branch.name)") }
      var lines: [(step: Int, text: String)] = own.map { caption in
        switch caption.kind {
        case .words: (caption.step, "# \(caption.text)")
        case .held, .failed: (caption.step, caption.text)
        case .note: (caption.step, "note \(caption.text)")
        }
      }
      for bookmark in marks {
        let place = lines.firstIndex { $0.step > bookmark.place.step } ?? lines.count
        lines.insert(
          (bookmark.place.step, "bookmark \(bookmark.name)\(bookmark.note.isEmpty ? "" : " \(bookmark.note)")"), at: place)
      }
      for line in lines { out.line("\(line.step)\t\(line.text)") }
    }
    out.flush()
  }
}

struct SessionStatsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats", abstract: "Counts what is in a session: steps, calls, failures, branches, bookmarks.")

  @Argument(help: ArgumentHelp("Script or recording.", valueName: "file"), completion: .file())
  var file: String

  @OptionGroup var machine: MachineOptions

  func run() throws {
    let session = try PlaceInFile(file).session(try machine.configuration())
    var out = Output()
    for line in session.branchLines { out.line(line) }
    var calls: [String: (count: Int, failed: Int)] = [:]
    for step in session.steps {
      let name = step.call.prefix { $0 != " " }
      calls[String(name), default: (0, 0)].count += 1
      if step.hasFailed { calls[String(name), default: (0, 0)].failed += 1 }
    }
    out.line("\(session.steps.count) steps on \(session.branch.name), \(session.allSteps) on all branches")
    for (name, counted) in calls.sorted(by: { ($1.value.count, $0.key) < ($0.value.count, $1.key) }) {
      out.line("\(counted.count)\t\(name)\(counted.failed > 0 ? ", \(counted.failed) refused or faulted" : "")")
    }
    out.line("\(session.bookmarks.count) bookmarks, \(session.captions.all.count) captions, expectations and notes")
    out.flush()
  }
}

struct SessionCutCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cut", abstract: "Writes the steps that lead to a place as a session of its own.",
    discussion: "FILE@BRANCH or FILE@BRANCH@STEP says the place. What readers added to those steps comes along.")

  @Argument(help: ArgumentHelp("Script or recording, with a place.", valueName: "file"), completion: .file())
  var file: String

  @Option(name: .shortAndLong, help: ArgumentHelp("The new file.", valueName: "path"), completion: .file())
  var output: String

  @OptionGroup var machine: MachineOptions

  func run() throws {
    let session = try PlaceInFile(file).session(try machine.configuration())
    try orComplain { () throws(NewFile.Failure) in try SessionWriter.write(session, to: output) }
  }
}

struct SessionStripCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "strip", abstract: "Writes a session without its answers, as an exercise.",
    discussion: """
      Statements and what the author says stay; answers, digests, times, expectations and notes go. `workbench replay` takes what is \
      left for a recording that has nothing to compare with.
      """)

  @Argument(help: ArgumentHelp("Script or recording.", valueName: "file"), completion: .file())
  var file: String

  @Option(name: .shortAndLong, help: ArgumentHelp("The new file.", valueName: "path"), completion: .file())
  var output: String

  func run() throws {
    let text: SessionLoader.Text
    do throws(SessionLoader.Failure) { text = try SessionLoader.read(file) } catch {
      complain(error.message)
      throw ExitCode(error.code)
    }
    var kept = ""
    for (index, line) in text.wholeLines.enumerated() where Recording.isStatement(line) {
      kept += (index == 0 ? Recording.unanswered(line) : Recording.spelledOut(line)) + "\n"
    }
    let bytes = Array(kept.utf8)
    try orComplain { () throws(NewFile.Failure) in try NewFile.write(bytes, to: output) }
  }
}
