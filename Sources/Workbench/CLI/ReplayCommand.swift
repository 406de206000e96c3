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
    let limits = try limits.limits(.replay)
    let replayer: Replayer
    do throws(SessionLoader.Failure) {
      let recording = try RecordingReader(file, limits)
      var progress = ProgressLine("bytes", of: recording.size)
      try recording.read {
        progress.update(recording.count)
        return true
      }
      replayer = recording.replayer
      if recording.isTorn { complain("\(file): \(SessionLoader.Text.tornNote)") }
    } catch {
      complain(error.message)
      throw ExitCode(error.code)
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
