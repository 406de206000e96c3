import Machine

/// The verbs that a line may begin with: those of the Engine, and those a front end adds.
package struct Language: Sendable {
  /// Verbs that belong together.
  package struct Chapter: Sendable {
    package let title: String
    package let verbs: [Verb]

    package init(_ title: String, _ verbs: [[Verb]]) {
      self.title = title
      self.verbs = verbs.flatMap(\.self)
    }
  }

  let chapters: [Chapter]
  /// By its name in lower case.
  private let byName: [String: Verb]
  /// Second words by the first, of verbs that have two.
  private let actions: [String: [String]]

  package init(_ chapters: [Chapter]) {
    self.chapters = chapters
    let all = chapters.flatMap(\.verbs) + ActionStatement.commandVerbs
    byName = Dictionary(all.map { ($0.name.lowercased(), $0) }) { first, _ in first }
    actions = Dictionary(
      chapters.flatMap(\.verbs).compactMap(\.words).map { (String($0.group), [String($0.action)]) }, uniquingKeysWith: +)
  }

  /// This language with further verbs.
  package func adding(_ chapter: Chapter) -> Language { Language(chapters + [chapter]) }

  /// Every verb but the commands.
  package var verbs: [Verb] { chapters.flatMap(\.verbs) }

  /// The verb, or the command, of a name in any case.
  package func verb(_ name: String) -> Verb? { byName[name.lowercased()] }

  /// What the first word of two is for.
  package func purpose(of group: String) -> String? { Self.groups[group.lowercased()] }
  private static let groups = [
    "start": "where a reader begins", "guest": "queued for the next RMI_REC_ENTER", "token": "about a token a Realm got",
    "vm": "a vCPU outside any Realm", "lkvm": "a kvmtool on the host", "el3": "the Root world",
    "ffa": "memory between the worlds", "tee": "a client of the TEE",
    "kernel": "a guest's Linux kernel",
  ]

  /// What may follow the first word of verbs that have two; nil if it is none.
  package func actions(of group: String) -> [String]? { actions[group.lowercased()] }

  /// What a line may begin with, commands left out.
  package var firstWords: [String] {
    var seen: Set<String> = []
    return verbs.map { $0.words.map { String($0.group) } ?? $0.name }.filter { seen.insert($0).inserted }
  }

  /// A new kind of statement is a line here.
  package static let core = Language([
    Chapter(
      "Machines, names, expectations",
      [
        CaseStatement.verbs,
        MachineStatement.verbs,
        LetStatement.verbs,
        NameStatement.verbs,
        ExpectStatement.verbs,
        IncludeStatement.verbs,
        StartStatement.verbs,
      ]),
    Chapter("Checks switched off", [ActionStatement.labVerbs]),
    Chapter("Calls", [ActionStatement.callVerbs]),
    Chapter(
      "Several calls at once",
      [
        FillStatement.verbs,
        DelegateStatement.verbs,
        AuxStatement.verbs,
        TablesStatement.verbs,
        RECStatement.verbs,
        RealmStatement.verbs,
        TeardownStatement.verbs,
      ]),
    Chapter("The Secure world", [FFAStatement.verbs, TEEStatement.verbs, SecureLookStatement.verbs]),
    Chapter(
      "Memory",
      [
        ActionStatement.accessVerbs,
        ActionStatement.granuleVerbs,
      ]),
    Chapter(
      "Looking",
      [
        QueryStatement.verbs,
        FirmwareStatement.verbs,
        TokenStatement.verbs,
        PrintStatement.verbs,
        EchoStatement.verbs,
      ]),
    Chapter("Processing elements", [ActionStatement.peVerbs]),
    Chapter(
      "What a vCPU is to do",
      [
        ActionStatement.guestVerbs,
        ExpectStatement.guestVerbs,
      ]),
    Chapter("Guests that execute code", [GuestStatement.verbs, KernelStatement.verbs]),
    Chapter("The host: libvirt, QEMU, kvmtool", [StackStatement.verbs]),
    Chapter("Time", [TravelStatement.verbs, FindStatement.verbs, BranchStatement.verbs, BookmarkStatement.verbs]),
  ])
}
