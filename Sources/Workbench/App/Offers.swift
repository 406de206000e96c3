import Engine
import FoundationEssentials
import Views

/// What the palette offers beside actions: commands, statements, guests, sessions, themes, settings.
struct Offers {
  let session: Session
  /// Where recordings are kept.
  let recordings: String?
  /// What holds.
  let settings: Configuration
  /// The files of the course.
  let course: [String]

  /// Most sessions that are offered of a folder: the newest.
  static let mostSessions = 50

  var all: [Offer] { commands + statements + guests + sessions + lessons + attacks + themes + changes + checks }

  private var lessons: [Offer] {
    course.compactMap { path in
      guard let lesson = try? LessonFiles.lesson(path) else { return nil }
      return Offer(.lesson, lesson.title, help: lesson.concept + ".", line: "learn \(lesson.name)", isWhole: true)
    }
  }

  private var attacks: [Offer] {
    AttackFiles.trials.map { _, attack in
      Offer(
        .attack, "\(attack.number) \(attack.title)", help: "Wants: \(attack.wants)", line: "attack \(attack.number)",
        isWhole: true)
    }
  }

  /// Checks of the machine, each to be switched to the other side.
  private var checks: [Offer] {
    Switch.all.map { check in
      let verb = session.isOff(check.name) ? "with" : "without"
      return Offer(
        .check, "\(verb) \(check.name)", help: "Switches it \(verb == "with" ? "on again" : "off"): \(check.summary).",
        line: "\(verb) \(check.name)", isWhole: true)
    }
  }

  private var commands: [Offer] {
    let hasREC = session.read { $0.callingREC != nil }
    return Calls.all.map { entry in
      let isQueued = entry.interface != .rmi && !hasREC
      return Offer(
        .command, entry.name, help: entry.summary + (isQueued ? " No REC can make it yet: it is queued." : ""),
        line: entry.name + " ")
    }
  }

  private var statements: [Offer] {
    Language.workbench.verbs.filter { $0.places[.commandLine] == .performed }.map { verb in
      Offer(
        .statement, verb.usage, help: verb.help, line: verb.name + (verb.form.isEmpty ? "" : " "),
        reason: verb.whyImpossible(session)
      )
    }
  }

  private var guests: [Offer] {
    GuestImages.names.flatMap { name in
      [
        Offer(.guest, "boot \(name)", help: "Builds a Realm from this guest of the project and runs it.", line: "boot \(name)"),
        Offer(.guest, "debug \(name)", help: "The same, but it stands before its first instruction.", line: "debug \(name)"),
      ]
    }
  }

  private var sessions: [Offer] {
    (Self.files(in: "Sessions") + (recordings.map { Self.files(in: $0) } ?? [])).map { path in
      Offer(
        .session, fileName(path), help: Self.firstWords(of: path), line: "open \(path)",
        isWhole: true)
    }
  }

  private var themes: [Offer] {
    Theme.all.map { Offer(.theme, "theme \($0.name)", help: $0.summary, line: "theme \($0.name)", isWhole: true) }
  }

  /// Settings with what they are now: what is either true or false is turned, for the others a value is typed.
  private var changes: [Offer] {
    Setting.all.map { setting in
      let (value, origin) = settings.value(setting)
      let place = settings.path.map { shown($0) } ?? "config.toml"
      let help = "\(setting.help) (\(origin.text(place)))"
      if case .flag(let isOn) = value {
        return Offer(
          .setting, "\(setting.name) = \(value)", help: help, line: "set \(setting.name) \(!isOn)", isWhole: true)
      }
      return Offer(.setting, "\(setting.name) = \(value)", help: help, line: "set \(setting.name) ")
    }
  }

  /// Sessions in a folder, those of the greatest name first: recordings are named after the time.
  static func files(in folder: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let sessions = names.filter { $0.hasSuffix(".session") && !$0.contains(" ") }.sorted()
    return sessions.suffix(mostSessions).map { "\(folder)/\($0)" }
  }

  /// The first words a session says, or the first thing a recording does.
  private static func firstWords(of path: String) -> String {
    guard var reader = try? LineReader(path, isPlain: true) else { return "It cannot be read." }
    for _ in 0..<8 {
      guard case .text(let line)? = reader.next() else { break }
      if line.isEmpty || line.hasPrefix("#workbench") || line.hasPrefix("machine ") { continue }
      let words = line.hasPrefix("@") ? line.drop { $0 != " " } : line.drop { $0 == "#" }
      return shown(String(words.drop { $0 == " " }.prefix(120)))
    }
    return "It says nothing."
  }
}

extension Verb {
  /// Why its statement cannot be done now, as far as that follows from what there is.
  fileprivate func whyImpossible(_ session: Session) -> String? {
    switch name {
    case "undo" where session.position == 0: "nothing has been done yet"
    case "redo" where session.position == session.steps.count: "nothing was undone"
    case _ where name.hasPrefix("token ") && session.tokens.isEmpty: "no token has been finished"
    case "rim" where session.read({ $0.control.realms.isEmpty }): "there is no Realm"
    default: nil
    }
  }
}

extension App {
  /// Brings what the palette offers up to date.
  func offer() {
    state.palette.offers =
      Offers(session: session, recordings: Paths.sessions(in: folder), settings: settings, course: course).all
    Panel.palette.prepare(session, &state)
  }

  /// Opens the palette with words sought.
  func openPalette(seeking words: String) {
    open(.palette)
    state.palette.filter = words
  }

  /// Shows what something is: a command, a statement; else what of all there is fits the words.
  func help(_ name: String) {
    guard !name.isEmpty else { return open(.palette) }
    if let entry = Calls.named(name) {
      state.showReference(of: entry)
    } else if let verb = runner.language.verb(name) {
      state.showReference(of: verb)
    } else {
      openPalette(seeking: name)
    }
  }

  /// Leaves this session for another one, if it can be read.
  func open(session path: String) {
    do throws(SessionLoader.Failure) {
      let loaded = try SessionLoader.load(path, session.origin, patience: Self.patience)
      successor = (loaded, fileName(path))
      quit()
      if running { successor = nil }
    } catch {
      state.message = .init(error.message, isError: true)
    }
  }
}
