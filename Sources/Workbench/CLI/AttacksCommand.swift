import ArgumentParser
import Engine

struct AttacksCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attacks", abstract: "Lists attacks, or runs some: what stops each, and what comes of it with that check off.",
    discussion: """
      An ATTACK is a number of Sessions/attacks, such as A4, or a session's file. Exit code: 0, 1 if an expectation of one did not \
      hold, 65 if one is malformed, 66 if a file cannot be read.
      """)

  @Argument(
    help: ArgumentHelp("Attacks to run.", valueName: "attack"), completion: .files { AttackFiles.trials.map(\.attack.number) })
  var attacks: [String] = []

  @Flag(help: "Runs all, and prints a page in Markdown.")
  var markdown = false

  mutating func validate() throws {
    if markdown, !attacks.isEmpty { throw ValidationError("--markdown is for all attacks") }
  }

  func run() throws {
    let paths = try attacks.isEmpty ? AttackFiles.all() : attacks.map(AttackFiles.path)
    var out = Output()
    defer { out.flush() }
    guard markdown || !attacks.isEmpty else {
      for path in paths {
        let head = try reading { () throws(SessionLoader.Failure) in try AttackFiles.head(path) }
        out.line("\(head.number.padding(4))\(head.title)")
        out.line("    \(head.stoppedBy)")
      }
      return
    }
    var all: [(attack: Attack, path: String)] = []
    for path in paths {
      let attack = try reading { () throws(SessionLoader.Failure) in try AttackFiles.run(path) }
      for failure in attack.failures { complain("\(failure.file):\(failure.line): \(failure.message)") }
      all.append((attack, "../Sessions/attacks/\(path.split(separator: "/").last ?? "")"))
    }
    if markdown {
      for line in AttackReference.lines(all) { out.line(line) }
    } else {
      for (index, (attack, _)) in all.enumerated() {
        if index > 0 { out.line("") }
        for line in AttackReference.lines(attack) { out.line(line) }
      }
    }
    guard all.allSatisfy(\.attack.failures.isEmpty) else { throw Exit.difference }
  }

  /// Does something that can fail as a file can that is not read.
  private func reading<T>(_ body: () throws(SessionLoader.Failure) -> T) throws -> T {
    do throws(SessionLoader.Failure) { return try body() } catch {
      complain(error.message)
      throw ExitCode(error.code)
    }
  }
}
