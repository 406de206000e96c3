import Machine

/// The text of a recording as a session grows: what it does not have yet, on whatever branch that is.
package struct RecordingFeed {
  /// Steps that are in it, by branch, and what the branch is called in it.
  private var recorded: [Int: (count: Int, name: String)] = [0: (0, "main")]
  /// Where the text stands.
  private var place = BranchPlace(branch: 0, step: 0)
  /// The branch it is on: one that has the place as its own, or one that goes on from there.
  private var line = 0
  private var names = 0
  private var programs = 0
  /// How many notes it has, and which bookmarks.
  private var additions = 0
  private var marks: [String: Bookmark] = [:]
  /// Steps since the last digest.
  private var sinceDigest = 0
  /// Steps of a branch at which there is a digest.
  private var digested: [Int: Int] = [:]
  /// How many steps are in it.
  private var count = 0
  /// Lines of steps that are written as bytes.
  private var plain = PlainText()
  /// When the last line was that says so.
  private var told: UInt64?

  package init() {}

  /// Whether a digest is due where the session stands.
  package var wantsDigest: Bool { sinceDigest >= Recording.digestStride(after: count) }

  /// Lines for all that is new.
  ///
  /// - Parameters:
  ///   - seconds: since the recording began.
  ///   - most: bytes after which there is a pause: the rest comes the next time.
  package mutating func lines(_ session: Session, seconds: Double, most: Int = .max) -> String {
    var text = ""
    // Said once, and again when it is another.
    var time = Recording.milliseconds(seconds) == told ? nil : seconds
    defer { if time == nil { told = Recording.milliseconds(seconds) } }
    func add(_ statement: String) {
      text += Recording.travelLine(statement, seconds: time)
      time = nil
    }
    prune(session, add)
    rename(session, add)
    forget(session, add)
    for branch in session.branches {
      write(branch, session, seconds, &time, most, &text)
      if text.utf8.count >= most { return text }
    }
    text += Recording.nameLines(session, from: names)
    names = session.labels.log.count
    text += Recording.programLines(session, from: programs)
    programs = session.programs.log.count
    annotate(session, add)
    go(to: session.branch.id, session.position, add)
    return text
  }

  /// The digest of the state where the session stands, which is where the text stands.
  package mutating func digest(_ session: Session) -> String {
    sinceDigest = 0
    digested[line] = place.step
    return Recording.digestLine(session.digest())
  }

  /// The last lines: a digest at the end of each branch, where it is not far, and of the state the session is left in.
  package mutating func lastDigests(_ session: Session, seconds: Double) -> String {
    var text = ""
    let here = (session.branch.id, session.position)
    var left = session.configuration.vcpu == .code ? Self.farthestWithCode : Self.farthest
    for branch in session.branches where branch.id != here.0 {
      let end = session.end(of: branch.id)
      guard end > branch.fork, digested[branch.id] != end, end - branch.fork <= left else { continue }
      left -= end - branch.fork
      guard session.go(to: branch.id, step: end) else { continue }
      text += Recording.travelLine("switch \(branch.name) \(end)", seconds: seconds)
      (line, place) = (branch.id, BranchPlace(branch: branch.id, step: end))
      text += digest(session)
    }
    guard session.go(to: here.0, step: here.1) else { return text }
    if line != here.0 { text += Recording.travelLine("switch \(session.branch.name) \(here.1)", seconds: seconds) }
    (line, place) = (here.0, BranchPlace(branch: here.0, step: here.1))
    return text + digest(session)
  }

  /// Most steps of branches that are done again for their last digests; of guests that execute code a step may take long.
  private static let farthest = 4096
  private static let farthestWithCode = 64

  // MARK: Pieces

  /// Steps that were taken back for good.
  private mutating func forget(_ session: Session, _ add: (String) -> Void) {
    for (branch, step) in session.takeDiscarded().sorted(by: { $0.key < $1.key }) {
      guard let known = recorded[branch], known.count > step else { continue }
      go(to: branch, step, add)
      add("forget")
      recorded[branch]?.count = step
      marks = marks.filter { $0.value.place.branch != branch || $0.value.place.step <= step }
    }
  }

  private mutating func write(
    _ branch: Branch, _ session: Session, _ seconds: Double, _ time: inout Double?, _ most: Int, _ text: inout String
  ) {
    var lines = ""
    var when = time
    defer { time = when }
    func add(_ statement: String) {
      lines += Recording.travelLine(statement, seconds: when)
      when = nil
    }
    let end = session.end(of: branch.id)
    let done = recorded[branch.id]?.count ?? branch.fork
    guard done < end else { return }
    if recorded[branch.id] == nil, let parent = branch.parent {
      if session.leaves(parent, at: branch.fork, on: line) {
        if place.step != branch.fork { add("goto \(branch.fork)") }
      } else {
        go(to: parent, branch.fork, add)
      }
      add("fork \(branch.name)")
      recorded[branch.id] = (branch.fork, branch.name)
      line = branch.id
    } else {
      go(to: branch.id, done, add)
    }
    var index = done
    // Steps of the line it stands on that nothing was said of.
    let isActive = session.branch.id == branch.id
    func isSilent(_ index: Int) -> Bool {
      isActive && when == nil && session.captions.of(index + 1).isEmpty && session.groups(beginningAt: index).isEmpty
    }
    while index < end, text.utf8.count + lines.utf8.count + plain.bytes.count < most {
      if isSilent(index), plain.append(index, of: session.steps) {
        index += 1
        sinceDigest += 1
        count += 1
        continue
      }
      lines += plain.take()
      guard let record = session.record(of: branch.id, at: index) else { break }
      lines += Recording.lines(record.step, record.words, record.groups, seconds: record.step.isReset ? seconds : when)
      when = nil
      index += 1
      sinceDigest += 1
      count += 1
    }
    lines += plain.take()
    recorded[branch.id]?.count = index
    place = BranchPlace(branch: branch.id, step: index)
    text += lines
  }

  /// Names that are others now. One that another branch still has waits for its turn under a name of its own.
  private mutating func rename(_ session: Session, _ add: (String) -> Void) {
    let changed = session.branches.filter { recorded[$0.id].map(\.name) ?? $0.name != $0.name }
    for branch in changed where recorded.contains(where: { $0.key != branch.id && $0.value.name == branch.name }) {
      guard let other = recorded.first(where: { $0.key != branch.id && $0.value.name == branch.name })?.key else { continue }
      add("branch \(branch.name) was-\(other)")
      recorded[other]?.name = "was-\(other)"
    }
    for branch in session.branches {
      guard let name = recorded[branch.id]?.name, name != branch.name else { continue }
      add("branch \(name) \(branch.name)")
      recorded[branch.id]?.name = branch.name
    }
  }

  /// What readers have added, and taken away again.
  private mutating func annotate(_ session: Session, _ add: (String) -> Void) {
    for name in marks.keys.sorted() where session.bookmark(named: name) == nil {
      add("unmark \(name)")
      marks[name] = nil
    }
    for bookmark in session.bookmarks where marks[bookmark.name] != bookmark {
      go(to: bookmark.place, session, add)
      add(BookmarkStatement(deed: .set(bookmark.name, note: bookmark.note)).text)
      marks[bookmark.name] = bookmark
    }
    for addition in session.additionLog[additions...] {
      guard case .note(let text, let place) = addition, session.exists(place) else { continue }
      go(to: place, session, add)
      add("note \(text)")
    }
    additions = session.additionLog.count
  }

  /// Branches that are there no more.
  private mutating func prune(_ session: Session, _ add: (String) -> Void) {
    let gone = recorded.filter { known in !session.branches.contains { $0.id == known.key } }
    if gone[line] != nil { go(to: 0, 0, add) }
    for (id, known) in gone.sorted(by: { $0.key > $1.key }) {
      add("prune \(known.name)")
      recorded[id] = nil
      marks = marks.filter { $0.value.place.branch != id }
    }
  }

  private mutating func go(to place: BranchPlace, _ session: Session, _ add: (String) -> Void) {
    go(to: place.branch, place.step, add)
  }

  private mutating func go(to branch: Int, _ step: Int, _ add: (String) -> Void) {
    if line != branch {
      add("switch \(recorded[branch]?.name ?? "") \(step)")
    } else if place.step != step {
      add("goto \(step)")
    }
    line = branch
    place = BranchPlace(branch: branch, step: step)
  }
}
