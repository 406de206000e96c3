import ArgumentParser
import Engine
import Views

struct LessonCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lesson", abstract: "Lessons, for those who write them and those who teach.",
    discussion:
      "Documentation/Teaching.md says how to write one in ten minutes. A LESSON is a file, a folder, or a name or number of the course.",
    subcommands: [
      LessonListCommand.self, LessonNewCommand.self, LessonCheckCommand.self, LessonPreviewCommand.self, LessonGradeCommand.self,
      LessonExportCommand.self,
    ])

  /// The files that are named; all of the course if none is.
  static func paths(_ words: [String]) throws -> [String] {
    let paths = words.isEmpty ? LessonFiles.courseFiles : words.flatMap { LessonFiles.paths(of: $0) }
    guard !paths.isEmpty else {
      complain("there are no lessons here; expected a FILE\(LessonFiles.ending), or the course in Sessions/lessons")
      throw Exit.noInput
    }
    for word in words {
      if let words = LessonFiles.unknown(word) {
        complain(words)
        throw Exit.noInput
      }
    }
    return paths
  }

  /// Does something that can fail as a file can that is not read.
  static func reading<T>(_ body: () throws(SessionLoader.Failure) -> T) throws -> T {
    do throws(SessionLoader.Failure) { return try body() } catch {
      complain(error.message)
      throw ExitCode(error.code)
    }
  }
}

struct LessonListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "The lessons of the course: what each is about, its goals, the calls it uses, the attacks it refers to.")

  @Argument(
    help: ArgumentHelp("Lessons; without one the course.", valueName: "lesson"), completion: .files { LessonFiles.courseNames })
  var lessons: [String] = []

  @Flag(help: "Prints a table in Markdown.")
  var markdown = false

  private static let head = """
    # The course

    `workbench lesson list --markdown` has made this table: what each lesson is about, what is to be true in the end of its tasks, the calls and
    statements its first solutions use, and the attacks ([Attacks.md](Attacks.md)) it refers to.

    | Lesson | Concept | Goals | Uses | Attacks |
    |---|---|---|---|---|
    """

  func run() throws {
    var out = Output()
    if markdown { out.lines(Self.head) }
    var part = 0
    for path in try LessonCommand.paths(lessons) {
      let lesson = try LessonCommand.reading { () throws(SessionLoader.Failure) in try LessonFiles.lesson(path) }
      if markdown {
        let goals = lesson.tasks.flatMap(\.goals).map { $0.words.isEmpty ? "`\($0.text)`" : $0.words }.joined(separator: "; ")
        let uses = lesson.calls.map { "`\($0)`" }.joined(separator: " ")
        out.line(
          "| \(lesson.name) \(lesson.title) | \(lesson.concept) | \(goals) | \(uses) | \(lesson.attacks.joined(separator: " ")) |"
        )
        continue
      }
      if lesson.part != part, Lesson.parts.indices.contains(lesson.part - 1) {
        part = lesson.part
        out.line("Part \(part): \(Lesson.parts[part - 1])")
      }
      out.line("  \(lesson.name.padding(24)) \(lesson.title.padding(40)) \(lesson.minutes) min, \(lesson.tasks.count) tasks")
    }
    out.flush()
  }
}

struct LessonNewCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "new", abstract: "Writes a small lesson to begin with: it is complete, and passes the check.")

  @Argument(help: ArgumentHelp("The new file.", valueName: "file"), completion: .file())
  var file: String

  func run() throws {
    let path = file.hasSuffix(LessonFiles.ending) ? file : file + LessonFiles.ending
    try orComplain { () throws(NewFile.Failure) in try NewFile.write(Array(Self.template.utf8), to: path) }
    var out = Output()
    out.line("\(path): a lesson that passes workbench lesson check; change what is in it")
    out.flush()
  }

  static let template = """
    lesson A page changes hands
    part 1
    concept A page that is delegated to the Realm world is no longer the Host's to read
    minutes 5
    source DEN0137 1.0-rel0 B4.3.5 RMI_GRANULE_DELEGATE
    source Arm ARM D9.3, granule protection checks

    # Text stands behind a # and is broken into lines where it is shown.
    # An empty # ends a paragraph; four blanks behind the # keep a line as it is:
    #
    #     RMI_GRANULE_DELEGATE 0x80001000

    ## Two # are for authors: nobody else reads this.
    ## What follows, up to the first task, makes the machine that the learner finds.
    machine dram=64M
    let page = 0x80001000
    ns.write64 page 0x5ec7e7

    task Give it away
    # The page at 0x80001000 is the Host's. Delegate it to the Realm world.
    goal gpt(page) == REALM -- the GPT has the page in the Realm PAS
    goal granule(page).state == DELEGATED -- the RMM has it as DELEGATED
    hint There is a call of RMI that does it; type RMI_GRANULE and look at what is offered.
    hint RMI_GRANULE_DELEGATE wants the address of the page.
    solution
      RMI_GRANULE_DELEGATE 0x80001000
    wrong The next page -- it is the address that counts
      RMI_GRANULE_DELEGATE 0x80002000
    wrong Writing to it -- the GPT does not care what is in a page
      ns.write64 page 0

    task Try to read it
    # Now let the Host read the page, by ns.read64.
    goal faults(NORMAL) >= 1 -- a read of the Host took a granule protection fault
    hint ns.read64 reads 8 bytes as the Normal world does.
    solution
      ns.read64 0x80001000
    ask What stopped the read?
      right The granule protection check of the PE -- it looks into the GPT, whatever the page tables say
      wrong The RMM -- no call was made, so it did not run
      wrong EL3 -- it wrote the GPT before; it is not asked for each access

    """
}

struct LessonCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Says what is wrong with lessons, by line, and what would be right.",
    discussion: """
      Plays each solution, which must reach its goal, and each wrong attempt, which may not. The exit code is 0 if nothing is wrong, 1 if \
      something is, 66 if a file cannot be read.
      """)

  @Argument(
    help: ArgumentHelp("Lessons; without one the course.", valueName: "lesson"), completion: .files { LessonFiles.courseNames })
  var lessons: [String] = []

  func run() throws {
    var out = Output()
    var isRight = true
    for path in try LessonCommand.paths(lessons) {
      let lines = try LessonCommand.reading { () throws(SessionLoader.Failure) in try LessonFiles.lines(path) }
      let problems = LessonCheck(
        lines, name: LessonFiles.name(of: path), keys: UserAction.all.map(\.id), LessonFiles.starter(path)
      ).problems
      for problem in problems {
        out.line("\(path):\(problem.line):\(problem.column): \(problem.message) [\(problem.kind.rawValue)]")
      }
      if problems.isEmpty { out.line("\(path): right") } else { isRight = false }
      out.flush()
    }
    if !isRight { throw Exit.difference }
  }
}

struct LessonPreviewCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "preview",
    abstract: "Prints a lesson as its learner reads it: the text, the goals and why they are not reached yet.")

  @Argument(help: ArgumentHelp("The lesson.", valueName: "lesson"), completion: .files { LessonFiles.courseNames })
  var lesson: String

  @Option(help: ArgumentHelp("Columns, 40 to 200.", valueName: "n"))
  var width = 80

  mutating func validate() throws {
    guard (40...200).contains(width) else { throw ValidationError("--width is 40 to 200") }
  }

  func run() throws {
    var out = Output()
    for path in try LessonCommand.paths([lesson]) {
      let lesson = try LessonCommand.reading { () throws(SessionLoader.Failure) in try LessonFiles.readable(path) }
      for line in LessonText.lines(lesson, width: width - 4, givesAway: false) { out.line(line) }
      do throws(ScriptError) {
        let run = try LessonFiles.starter(path).begin(lesson).run
        out.line("")
        out.line("At the start:")
        for clause in run.clauses {
          out.line("  \(clause.holds ? "✓" : "·") \(clause.text)\(clause.why.map { ": \($0)" } ?? "")")
        }
      } catch {
        out.flush()
        complain(error.description(in: path))
        throw Exit.badData
      }
    }
    out.flush()
  }
}
