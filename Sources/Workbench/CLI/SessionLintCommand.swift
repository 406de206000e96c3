import ArgumentParser
import Engine

struct SessionLintCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lint", abstract: "Runs sessions, and says what is wrong with them or what a reader would miss.",
    discussion: """
      Of a script: lines that cannot be read, expectations that do not hold, calls with an argument too many or too few, names that nothing \
      uses, refused calls that nothing expects, no comment at the beginning, nothing expected at all. Of a recording: what differs when it \
      is done again, a torn last line, no digest. Exit code 0 if there is nothing, 1 if there is something.
      """)

  @Argument(help: ArgumentHelp("Scripts or recordings.", valueName: "file"), completion: .file())
  var files: [String]

  @OptionGroup var machine: MachineOptions

  func run() throws {
    let configuration = try machine.configuration()
    var out = Output()
    var count = 0
    for file in files {
      let findings: [SessionLint.Finding]
      do throws(SessionLoader.Failure) {
        findings = try SessionLint(file, configuration).findings
      } catch {
        complain(error.message)
        throw ExitCode(error.code)
      }
      for finding in findings { out.line("\(file):\(finding.line): \(finding.isError ? "error" : "warning"): \(finding.text)") }
      count += findings.count
    }
    if count == 0 { out.line("nothing to say of \(files.count) file\(files.count == 1 ? "" : "s")") }
    out.flush()
    if count > 0 { throw Exit.difference }
  }
}

/// What is wrong with a session, or missed in it.
struct SessionLint {
  struct Finding {
    let line: Int
    let isError: Bool
    let text: String
  }

  private(set) var findings: [Finding] = []

  init(_ path: String, _ configuration: MachineConfiguration) throws(SessionLoader.Failure) {
    let text = try SessionLoader.read(path)
    if text.isRecording { look(atRecording: text) } else { look(at: text.lines, path, configuration) }
    findings.sort { $0.line < $1.line }
  }

  private mutating func add(_ line: Int, isError: Bool = false, _ text: String) {
    findings.append(Finding(line: line, isError: isError, text: text))
  }

  private mutating func look(atRecording text: SessionLoader.Text) {
    if !text.lastIsWhole { add(text.lines.count, "the last line is torn, and is dropped") }
    do throws(ScriptError) {
      let replayer = try SessionText.performed(text.wholeLines)
      if let difference = replayer.difference {
        add(difference.line, isError: true, "expected \(difference.expected), got \(difference.got)")
      }
      if replayer.digestsCompared == 0 { add(text.lines.count, "no digest says which state it leads to") }
    } catch {
      add(error.line, isError: true, error.message)
    }
  }

  private mutating func look(at lines: [String], _ path: String, _ configuration: MachineConfiguration) {
    let session = Session(configuration, keepsHistory: lines.contains(where: TravelStatement.isOne))
    session.limits = RunLimits()
    let runner = ScriptRunner(session, language: .workbench)
    Includes.serve(runner)
    var found: [Finding] = []
    var refused: [Int] = []
    runner.onWarning = { line, doubt in
      if line.file == path { found.append(Finding(line: line.number, isError: false, text: doubt)) }
    }
    runner.onFailure = { failure in
      found.append(Finding(line: failure.line, isError: true, text: failure.message))
    }
    runner.onReport = { report in
      if report.file == path, report.depth == 0, report.result.decidedBy != nil, report.statement.isExpectable {
        refused.append(report.line)
      }
    }
    do throws(ScriptError) {
      for (index, line) in lines.enumerated() { try runner.run(line: line, number: index + 1, file: path) }
    } catch {
      found.append(Finding(line: error.line, isError: true, text: error.message))
    }
    runner.finish(file: path)
    findings += found
    let statements = lines.enumerated().map { (line: $0.offset + 1, words: Self.words($0.element)) }.filter { !$0.words.isEmpty }
    for line in refused {
      let next = statements.first { $0.line > line }
      if next?.words.first != "expect" { add(line, "it is refused, and nothing expects that") }
    }
    for (line, words) in statements where words.first == "let" && words.count > 1 {
      let isUsed = statements.contains {
        $0.line != line && $0.words.dropFirst($0.words.first == "let" ? 2 : 0).contains(words[1])
      }
      if !isUsed { add(line, "nothing uses the name \(words[1])") }
    }
    if lines.first?.hasPrefix("#") != true { add(1, "it begins with no comment that says what it shows") }
    if !statements.isEmpty, !statements.contains(where: { $0.words.contains("expect") }) {
      add(lines.count, "nothing is expected, so that nobody learns when it no longer holds")
    }
  }

  /// Words and names of a line, without its comment.
  private static func words(_ line: String) -> [String] {
    line.prefix { $0 != "#" }.split { !$0.isLetter && !$0.isNumber && $0 != "_" && $0 != "." }.map(String.init)
  }
}
