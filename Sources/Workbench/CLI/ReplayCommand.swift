import ArgumentParser
import Engine

struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay", abstract: "Re-executes a recording.",
    discussion: """
      With --verify every answer and every digest is compared with what was recorded; the first difference is reported \
      with its line and the exit code is 1. Without it the recording opens in the terminal.
      """)

  @Argument(help: ArgumentHelp("Recording.", valueName: "file"), completion: .file())
  var file: String

  @Flag(help: "Compares instead of opening.")
  var verify = false

  @OptionGroup var limits: LimitOptions

  func run() throws {
    guard verify else {
      try OpenCommand.parse(["--", file]).run()
      return
    }
    let text: SessionLoader.Text
    do throws(SessionLoader.Failure) {
      text = try SessionLoader.read(file)
    } catch {
      complain(error.message)
      throw ExitCode(error.code)
    }
    if !text.lastIsWhole { complain("\(file): \(SessionLoader.Text.tornNote)") }
    let limits = try limits.limits(.replay)
    let replayer: Replayer
    do throws(ScriptError) {
      var progress = ProgressLine("lines", of: text.wholeLines.count)
      replayer = try SessionLoader.replayed(text.wholeLines, limits) { progress.update($0) }
    } catch {
      complain(error.description(in: file))
      throw Exit.badData
    }
    if let difference = replayer.difference {
      complain("\(file):\(difference.line): expected \(difference.expected), got \(difference.got)")
      throw Exit.difference
    }
    let (answers, digests) = (replayer.answersCompared, replayer.digestsCompared)
    func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
    var out = Output()
    let branches = replayer.session.branches.count
    let steps = counted(replayer.session.allSteps, "step") + (branches > 1 ? " on \(branches) branches" : "")
    if answers + digests == 0 {
      out.line("\(steps); nothing was recorded in it to compare with (workbench run checks what a script expects)")
    } else {
      out.line("\(steps), \(counted(answers, "answer")) and \(counted(digests, "digest")) equal")
    }
    out.flush()
  }
}
