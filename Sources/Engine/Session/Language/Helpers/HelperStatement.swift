import Basics
import Machine

/// A statement that stands for others: what it does is what they do, one after the other, and each can be opened and read.
protocol HelperStatement: Statement {
  /// Performs the statements it stands for. Stops at the first that is refused.
  ///
  /// - Returns: what has been achieved.
  func expand(_ expansion: Expansion) throws(Expansion.Stop) -> Expansion.Achievement
}

extension HelperStatement {
  package func perform(in runner: ScriptRunner, at line: ScriptLine) throws(ScriptError) -> StatementResult? {
    try runner.expand(self, at: line)
  }
}

extension Verb.Places {
  /// Whatever stands for other statements.
  static let helpers = Verb.Places(recording: .refused, reason: "a recording has the statements it stood for")
}

/// What a statement that stands for others has to do it with: whatever is performed here is a child of it.
struct Expansion {
  let runner: ScriptRunner
  let line: ScriptLine

  /// What has come of it all.
  struct Achievement {
    /// In a sentence.
    let sentence: String
    /// Numbers for `expect`: X0 and up.
    var values: [UInt64] = []
    /// Whose code the first of them is, if it is one.
    var interface: Interface?

    var result: StatementResult {
      var result = StatementResult()
      result.text = sentence
      result.answer =
        interface.map { Answer(kind: .registers, x: values, interface: $0) }
        ?? Answer(kind: .ok, x: values.isEmpty ? [0] : values)
      return result
    }
  }

  /// Why it goes no further.
  enum Stop: Error {
    /// A call was refused, or an access: what it answered, and why.
    case refused(StatementResult, String)
    /// There is nothing that fits.
    case impossible(String)
    /// The TEE stands where it is to stop.
    case held
    /// The statement cannot be performed at all.
    case broken(ScriptError)

    /// What the text of such a result begins with.
    fileprivate static let opening = "stopped: "

    /// What is said of it. What was impossible from the beginning is an error of the line.
    func result(at line: ScriptLine, hasBegun: Bool) throws(ScriptError) -> StatementResult {
      var result = StatementResult()
      result.isStopped = true
      switch self {
      case .broken(let error): throw error
      case .held:
        result.answer = Answer(kind: .other(GuestControl.Outcome.Kind.breakpoint.rawValue), x: [])
        result.text = "the TEE stands, and has not answered: continue lets it go on, and tee answer reads its answer then"
      case .impossible(let why) where !hasBegun: throw line.error(why)
      case .impossible(let why):
        result.answer = Answer(kind: .other("failed"), x: [])
        result.text = Self.opening + why
      case .refused(let refused, let why):
        result.answer = refused.answer
        result.failedCheck = refused.decidedBy
        result.text = Self.opening + why
      }
      return result
    }
  }

  var session: Session { runner.session }

  func read<T>(_ body: (borrowing Machine) -> T) -> T { session.read(body) }

  // MARK: Children

  /// Performs a line of the script language.
  @discardableResult
  func run(_ text: String) throws(Stop) -> StatementResult {
    let result = try attempt(text)
    try check(result, text)
    return result
  }

  /// The same, whatever it is answered.
  func attempt(_ text: String) throws(Stop) -> StatementResult {
    let child = ScriptLine(file: line.file, number: line.number, text: text)
    let result: StatementResult?
    do throws(ScriptError) {
      let parser = StatementParser(line: line.number, names: ScriptNames(), language: runner.language)
      guard let statement = try parser.parse(text) else { return StatementResult() }
      result = try runner.performChild(statement, at: child)
    } catch {
      throw runner.wasInterrupted || session.exhaustion != nil ? .broken(error) : .impossible(error.message)
    }
    return result ?? StatementResult()
  }

  /// Makes a call of the Host's, its arguments by their names.
  @discardableResult
  func call(_ name: String, _ arguments: KeyValuePairs<String, UInt64>) throws(Stop) -> [UInt64] {
    let words = [name] + arguments.map { "\($0.key)=\($0.value < 10 ? "\($0.value)" : hex($0.value))" }
    return try run(words.joined(separator: " ")).answer?.x ?? []
  }

  /// Stops if a statement was refused.
  func check(_ result: StatementResult, _ text: String) throws(Stop) {
    if result.isStopped {
      // What stopped it has been said.
      throw .refused(result, String((result.text ?? "").dropFirst(Stop.opening.count)))
    }
    switch result.answer?.kind {
    case nil, .ok: return
    case .registers where result.answer?.x.first == 0: return
    // An answer of FF-A is the name of what happened; a partition that has the PE now is to be had do something.
    case .registers where result.answer?.interface == .ffa && result.answer?.x.first != FFA.error: return
    case .running(.partition): return
    default: throw .refused(result, "\(text) answered \(result.answer?.text ?? "")\(reason(result))")
    }
  }

  /// The condition that decided, with its operands. A call that was refused has changed nothing, so they are what they were.
  private func reason(_ result: StatementResult) -> String {
    guard let decision = result.decidedBy else { return "" }
    guard case .smc(let world, let x) = runner.lastAction, world == .normal || world == .secure, let entry = Calls.called(x[0]),
      let row = session.explanation(of: entry, x, from: world).rows.first(where: { $0.id == decision && $0.verdict == .failed })
    else { return ", decided by \(decision)" }
    return ", decided by \(decision): \(row.now)"
  }

  // MARK: What there is

  /// DELEGATED granules, so many; those that are missing are delegated first.
  func delegated(_ count: Int) throws(Stop) -> [UInt64] {
    let known = read { $0.delegatedGranules(count) }
    if known.count < count { try run("delegate \(count - known.count)") }
    let granules = read { $0.delegatedGranules(count) }
    guard granules.count == count else {
      throw .impossible("\(count) DELEGATED granules are needed; there are \(granules.count)")
    }
    return granules
  }

  /// A page of the Host's with nothing in it, and that no REC is entered with.
  func hostPage() throws(Stop) -> UInt64 {
    let runs = runner.runPages
    let found = read { machine in
      let taken = Set(runs.filter { machine.granuleIs($0.key, .rec) }.values)
      return machine.hostPages(1 + taken.count).first { !taken.contains($0) }
    }
    guard let found else { throw .impossible("no page of the Host's is free") }
    return found
  }

  /// Keeps a page for what a REC is entered with.
  func keep(run page: UInt64, for rec: UInt64) { runner.runPages[rec] = page }

  /// Makes sure that there is a Realm.
  func demand(rd: UInt64) throws(Stop) {
    guard !read({ rd.isGranuleAligned && $0.granuleIs(rd, .rd) }) else { return }
    let others = read { $0.control.realms }.prefix(8).map(hex)
    let known = others.isEmpty ? "there is none" : "there \(others.count == 1 ? "is" : "are") \(others.joined(separator: ", "))"
    throw .impossible("\(hex(rd)) is no RD; \(known)")
  }

  // MARK: Names

  /// What is named.
  enum Named { case rd, rec }

  /// Gives names to what was made. One that stood for something that is gone is used again.
  func name(_ wanted: KeyValuePairs<String, UInt64>, kind: Named) -> [(name: String, value: UInt64)] {
    let state: GranuleState = kind == .rd ? .rd : .rec
    return runner.give(wanted) { address in read { !$0.granuleIs(address, state) } }
  }

  /// The name that a statement has given to what lies at an address.
  func name(of address: UInt64) -> String? { runner.givenName(of: address) }
}
