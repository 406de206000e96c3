import Engine
import Views

/// The attacks of the lab, and where they lie.
enum AttackTrials {
  /// The files of Sessions/attacks that are attacks, in their order.
  static var all: [(path: String, attack: AttackTrial)] {
    for folder in GuestImages.projectFolders("attacks") {
      let found = Offers.files(in: folder).compactMap { path in attack(path).map { (path, $0) } }
      if !found.isEmpty { return found }
    }
    return []
  }

  private static func attack(_ path: String) -> AttackTrial? {
    guard let text = try? SessionLoader.read(path, isPlain: true) else { return nil }
    return AttackTrial(text.lines)
  }

  /// A session that stands where an attack begins, on the machine as it is.
  static func begun(_ path: String, _ attack: AttackTrial) throws(SessionLoader.Failure) -> SessionLoader.Loaded {
    let runner = ScriptRunner(Session(MachineConfiguration()))
    Includes.serve(runner)
    runner.session.limits = RunLimits()
    do throws(ScriptError) {
      for line in attack.asItIs.setup { try runner.run(line: line.text, number: line.number, file: path) }
    } catch {
      throw .malformed(error.description(in: path))
    }
    runner.session.limits = .person
    return SessionLoader.Loaded(
      session: runner.session, names: runner.names, guestControl: runner.guestControl, stackControl: runner.stackControl,
      attack: SessionLoader.AttackUnderWay(path: path, attack: attack, runner: runner))
  }
}
