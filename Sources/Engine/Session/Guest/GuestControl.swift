import Basics
import Host
import Machine

/// The guest that was booted in a session, and what a person does with it.
///
/// Each thing it does is a step of its Host, so a recording of the session needs neither the image nor this.
public final class GuestControl {
  package struct Guest {
    package let debugger: GuestDebugger
    /// Names of places in its program.
    package fileprivate(set) var symbols: SymbolTable
    /// Where the session stood when it had been built.
    fileprivate let built: Int
    /// Where the session stood when the guest last ran; nil if its Host has only been read from a note, and has yet to go to where the
    /// session stands.
    fileprivate var position: Int?
    /// Whether going back was interrupted: the session may stand before the first note of its Host.
    fileprivate var isOnTheWay = false
    /// Bytes of its console that were in the outcome of a command.
    fileprivate var told = 0
    /// Bytes of its console that have been looked through for what was waited for; nil: as many as there are when it is first waited.
    fileprivate var searched: Int?
  }

  /// What came of a command.
  package struct Outcome: Sendable {
    package enum Kind: String, CaseIterable, Sendable {
      case done, stands, stepped, breakpoint, watchpoint, event, beginning, running, reset, failed
      case poweredOff = "powered_off"
    }
    package var kind: Kind
    /// In words.
    package var message: String
    /// What the guest has printed since the command before: whole lines, and the rest once it has ended. In brackets between them,
    /// what happened outside of it.
    package var console: [String] = []
    /// Instructions it executed.
    package var instructions: UInt64 = 0
  }

  package let session: Session
  package private(set) var guest: Guest? {
    willSet { if newValue == nil, let guest { former = guest } }
  }
  /// The guest before this one: if the same guest is found again, it is to stop where it was to.
  private var former: Guest?
  /// Gives an image: its name as written, and the file it is written in.
  public var load: (String, String) throws(ScriptError) -> BootImage = { name, _ throws(ScriptError) in
    throw ScriptError(message: "no guest can be booted here (\(shown(name)))")
  }
  /// Gives the bytes of a file: its name as written, and the file it is written in.
  public var loadFile: (String, String) throws(ScriptError) -> [UInt8] = { name, _ throws(ScriptError) in
    throw ScriptError(message: "no file can be read here (\(shown(name)))")
  }
  /// Most instructions of `continue` and `over` that do not say how many.
  package var instructionsAtOnce = GuestControl.usualInstructions
  static let usualInstructions = 1_000_000_000
  /// Whether the last command was cut short because somebody wanted it to end.
  package internal(set) var wasInterrupted = false
  /// Ends `continue` between two entries, so that somebody can look.
  package var isEnough: () -> Bool = { false }
  /// Places it stops at that are named; the last of them.
  static let mostNamed = 8
  /// Places a guest is to stop at.
  static let mostPoints = 1000
  /// Bytes of a line of the console that are told before it has ended.
  private static let longestLine = 1 << 16
  /// Console lines of the command that is being performed.
  private var lines: [String] = []
  /// Where steps begin that the last command made new in the session; nil if it made none.
  package internal(set) var firstNewStep: Int?
  /// The TEE, once somebody has asked for it.
  var tee: DebuggedTEE?

  /// What `expect` can be about.
  static let answers = Set(Outcome.Kind.allCases.map(\.rawValue)).subtracting([Outcome.Kind.done.rawValue])

  package init(_ session: Session) { self.session = session }

  /// - Parameter file: the script the command stands in.
  package func perform(_ command: GuestCommand, in file: String) throws(ScriptError) -> Outcome {
    firstNewStep = nil
    wasInterrupted = false
    if case .boot(let what, let stands) = command { return try boot(what, stands: stands, file) }
    if isTEEMeant { return try perform(command, onTEEIn: file) }
    let guest = try inForce(file)
    switch command {
    case .run(let control): return try run(control, guest)
    case .type(let bytes):
      // Who has gone back to type something else takes the place of what was typed there.
      guard try catchUp(guest) else { return standstill(guest, .continue(nil), 0) }
      guard bytes.count <= GuestDebugger.mostTyping - guest.debugger.typing.count else {
        throw ScriptError(
          message: "\(guest.debugger.typing.count) bytes wait to be typed already; there can be \(GuestDebugger.mostTyping)")
      }
      guest.debugger.type(bytes)
      let count = guest.debugger.typing.count
      return Outcome(kind: .done, message: "\(count) byte\(count == 1 ? "" : "s") to type, once the guest goes on and listens")
    case .stop(.event(let event)):
      try makeRoom(guest.debugger.points.count + guest.debugger.events.count)
      guest.debugger.events.insert(event)
    case .delete(nil):
      guest.debugger.points = []
      guest.debugger.events = []
    case .delete(.event(let event)):
      guard guest.debugger.events.remove(event) != nil else { throw noPoint(event.text, in: points, of: "guest") }
    case .stop(.code), .watch, .delete(.code):
      try changePoints(
        command, of: guest.debugger, guest.symbols, besides: guest.debugger.events.map(\.text).sorted(), of: "guest")
    case .symbols(let image):
      let image = image ?? guest.debugger.vm.options.image
      let symbols = try self.symbols(of: image, file)
      self.guest?.symbols = symbols
      return named(symbols, image)
    case .boot: break
    }
    return Outcome(kind: .done, message: points)
  }

  private var missing: ScriptError {
    let step = session.position
    if session.isBuiltLater(than: step) {
      return ScriptError(message: "the guest was not built yet at step \(step); go forward, or boot it again")
    }
    let isThere = session.configuration.vcpu == .code && !session.read { $0.control.realms.isEmpty }
    let lack = isThere ? " (a Realm is there, recorded without what its Host knew, or made by hand)" : ""
    return ScriptError(message: "no guest was booted here\(lack); boot IMAGE or debug IMAGE boots one, such as boot tour")
  }

  /// Names of the guest's places, for one whose recording has none.
  func symbols(of image: String, _ file: String) throws(ScriptError) -> SymbolTable {
    guard !image.isEmpty else {
      throw ScriptError(message: "nothing says what the guest was booted from; expected symbols IMAGE")
    }
    guard session.usage.includes < session.limits.includes else {
      throw ScriptError(message: Session.exhausted("read", UInt64(session.limits.includes), "files"))
    }
    if let overuse = session.overuse { throw ScriptError(message: overuse) }
    session.usage.includes += 1
    let symbols = try self.image(image, file).symbols
    session.usage.instructions &+= UInt64(symbols.symbols.count) * RunLimits.nameCost
    guard !symbols.symbols.isEmpty else { throw ScriptError(message: "\(shown(image)) has no names") }
    return symbols
  }

  func named(_ symbols: SymbolTable, _ image: String) -> Outcome {
    Outcome(kind: .done, message: "\(symbols.symbols.count) names, from \(shown(image))")
  }

  // MARK: Booting

  private func boot(_ what: GuestBoot, stands: Bool, _ file: String) throws(ScriptError) -> Outcome {
    let name = what.image
    let image = try image(name, file)
    if Self.isTEE(image) { return try beginTEE(image, stands: stands) }
    var configuration = session.configuration
    configuration.vcpu = .code
    var options = RealmVM.Options()
    options.vcpus = what.vcpus
    options.isRealm = what.isRealm
    if let memory = what.memory { options.memory = memory }
    options.bootArguments = what.arguments
    if let initrd = what.initrd { options.initrd = try bytes(of: initrd, file) }
    for disk in what.disks {
      let name = disk.file.split(separator: "/").last.map(String.init) ?? ""
      options.disks.append(DiskImage(name, try bytes(of: disk.file, file), isWritable: disk.isWritable))
    }
    options.hasNetwork = what.hasNetwork
    options.hasRNG = what.hasRNG
    options.hasConsole = what.hasConsole
    options.hasSockets = what.hasSockets
    options.hasAccessPlatform = what.hasAccessPlatform
    if let problem = options.problem { throw ScriptError(message: problem) }
    configuration.wantDRAM(options.hostMemory)
    session.keepHistory()
    firstNewStep = session.position
    session.perform(.reset(configuration, name: nil))
    options.image = name.split(separator: "/").last.map(String.init) ?? ""
    let vm = RealmVM(session, options)
    attach(to: vm, configuration, file)
    guest = nil
    do throws(RealmVM.Failure) {
      try vm.build(image)
    } catch {
      return Outcome(kind: .failed, message: "\(name): \(error.message)")
    }
    session.keepSymbols(image.symbols, of: options.image)
    let built = Guest(
      debugger: GuestDebugger(session, vm), symbols: image.symbols, built: session.position, position: session.position,
      searched: 0)
    guest = built
    return stands ? Outcome(kind: .stands, message: "it stands before its first instruction") : try run(.continue(nil), built)
  }

  /// Whom the guest's host calls are for.
  private func attach(to vm: RealmVM, _ configuration: MachineConfiguration, _ file: String) {
    let options = vm.options
    let tell = { [unowned self] (sentence: String) in
      takeConsole(isEnded: false)
      lines.append("(\(sentence))")
    }
    let trusted = options.trusts.isEmpty ? ConfidentialModel.guest : options.trusts
    let model = ConfidentialModel(vm, session) {
      [unowned self] in (try? image(trusted, file)).flatMap { try? ConfidentialModel.party(trusting: $0, options, configuration) }
    }
    model.trusted = trusted
    model.tell = tell
    Tampering.offer(to: vm, tell: tell)
  }

  // MARK: Running

  /// Whether it is the guest of the place where the session stands. Behind its last run it is, unless a machine was made since: what a
  /// person did in between is an attack on it. Before that it is where the session was built for it.
  private func isInForce(_ guest: Guest) -> Bool {
    guard let position = guest.position, position <= session.position else {
      return guest.position ?? 0 <= session.steps.count && session.hostBuilt(at: place(guest)) == guest.built
    }
    return session.machineStart(before: session.position) <= position
  }

  /// Whether there is a guest where the session stands.
  var hasGuest: Bool { guest.map(isInForce) ?? false || session.keepsHistory && session.hostNote(at: session.position) != nil }

  /// Where a guest is to go on.
  private func place(_ guest: Guest) -> Int { guest.isOnTheWay ? max(session.position, guest.built) : session.position }

  /// The guest where the session stands: the one that ran last, or one whose Host the session has notes of.
  private func inForce(_ file: String) throws(ScriptError) -> Guest {
    if let guest, isInForce(guest) { return guest }
    guest = nil
    guard let note = session.hostNote(at: session.position), let built = session.hostBuilt(at: session.position) else {
      throw missing
    }
    do throws(HostNoteLine.Malformed) {
      var known = try HostNote(note.lines, on: session.configuration)
      if note.machine == 0 { session.beginning?.insertDisks(&known) }
      for (n, disk) in known.options.disks.enumerated() where disk.isMissing {
        guard let bytes = try? bytes(of: disk.name, file) else { continue }
        known.insert(DiskImage(disk.name, bytes, isWritable: disk.isWritable), as: n)
      }
      let vm = RealmVM(session, known)
      attach(to: vm, session.configuration, file)
      let debugger = GuestDebugger(session, vm)
      let same = former?.built == built ? former : nil
      debugger.points = same?.debugger.points ?? []
      debugger.events = same?.debugger.events ?? []
      let found = Guest(
        debugger: debugger, symbols: same?.symbols ?? session.programs.symbols(of: known.options.image), built: built,
        position: nil)
      guest = found
      return found
    } catch {
      throw ScriptError(message: error.message)
    }
  }

  /// If the session has gone back behind the guest's last run, its Host goes back, too: it knows then what it knew there.
  ///
  /// - Returns: false if it was stopped on the way.
  private func catchUp(_ guest: Guest) throws(ScriptError) -> Bool {
    let debugger = guest.debugger
    guard guest.position == nil || session.position < guest.position ?? 0 else { return true }
    if let problem = debugger.goBack(to: place(guest)) { throw ScriptError(message: problem) }
    guard debugger.halt == nil else { return false }
    if guest.position == nil { self.guest?.told = debugger.consoleCount }
    self.guest?.position = session.position
    self.guest?.isOnTheWay = false
    return true
  }

  private func run(_ control: GuestCommand.RunControl, _ guest: Guest) throws(ScriptError) -> Outcome {
    guard try catchUp(guest) else { return standstill(guest, control, 0) }
    let debugger = guest.debugger
    let before = session.now
    lines = []
    let stop: DebugStop? =
      switch control {
      case .until(let words, let count): until(words, count ?? instructionsAtOnce, guest)
      case .continue(let count): debugger.goOn(limit: count ?? instructionsAtOnce, isEnough: isEnough)
      case .step(let count): debugger.times(count, looksBetween: true) { debugger.step(debugger.current) }
      case .over(let count): debugger.times(count) { debugger.stepOver(debugger.current, limit: instructionsAtOnce) }
      case .out: debugger.runToExit()
      case .back(let count): debugger.times(count) { debugger.stepBack() }
      case .reverse: debugger.goBack()
      }
    firstNewStep = [firstNewStep, debugger.firstNewStep].compactMap { $0 }.min()
    let instructions = session.now > before ? session.now - before : 0
    if case .exhausted(let why) = debugger.halt {
      self.guest?.position = session.position
      throw ScriptError(message: why)
    }
    if debugger.halt != nil { return standstill(guest, control, instructions) }
    self.guest?.position = session.position
    var outcome = outcome(stop, guest)
    outcome.instructions = instructions
    takeConsole(isEnded: debugger.ending != nil)
    outcome.console = lines
    return outcome
  }

  /// Lets it run until its console says something that it has not been waited for before.
  private func until(_ words: [UInt8], _ limit: Int, _ guest: Guest) -> DebugStop? {
    let debugger = guest.debugger
    var search = ConsoleWords(words)
    var seen = min(guest.searched ?? debugger.consoleCount, debugger.consoleCount)
    func look() -> Bool {
      let count = debugger.consoleCount
      for byte in debugger.console(from: seen) where !search.isFound {
        search.take(byte)
        seen += 1
      }
      // What is no longer kept is not looked through.
      if !search.isFound { seen = count }
      return search.isFound
    }
    var stop: DebugStop?
    if !look() { stop = debugger.goOn(limit: limit) { look() || isEnough() } }
    _ = look()
    self.guest?.searched = seen
    guard search.isFound, debugger.halt == nil else { return stop }
    return .event("the console says \(ConsoleText.quoted(words))")
  }

  /// A run that somebody has ended: what it has done stays.
  private func standstill(_ guest: Guest, _ control: GuestCommand.RunControl, _ instructions: UInt64) -> Outcome {
    wasInterrupted = true
    // On the way back the session stands before the place its Host knows: the next run goes there first.
    let isOnTheWay = guest.debugger.halt == .interruptedOnTheWay
    self.guest?.isOnTheWay = isOnTheWay
    if self.guest?.position != nil { self.guest?.position = isOnTheWay ? session.steps.count : session.position }
    let done =
      switch control {
      case .step(let count), .over(let count), .back(let count): "\(guest.debugger.timesDone) of \(count) steps"
      default: "\(instructions) instructions"
      }
    var outcome = outcome(nil, guest)
    outcome.message = "stopped by a key after \(done): \(outcome.message)"
    outcome.instructions = instructions
    takeConsole(isEnded: false)
    outcome.console = lines
    return outcome
  }

  private func outcome(_ stop: DebugStop?, _ guest: Guest) -> Outcome {
    let pc = guest.debugger.registers(guest.debugger.current).pc
    return outcome(stop, "vCPU \(guest.debugger.current) at \(guest.symbols.text(pc) ?? hex(pc))")
  }

  func outcome(_ stop: DebugStop?, _ place: String) -> Outcome {
    switch stop {
    case nil, .interrupted: Outcome(kind: .running, message: "\(place), still running")
    case .stepped: Outcome(kind: .stepped, message: place)
    case .point: Outcome(kind: .breakpoint, message: "breakpoint: \(place)")
    case .watched(_, let address): Outcome(kind: .watchpoint, message: "\(hex(address)) was written: \(place)")
    case .event(let words): Outcome(kind: .event, message: "\(words); \(place)")
    case .beginning: Outcome(kind: .beginning, message: "this is where the guest began")
    case .poweredOff: Outcome(kind: .poweredOff, message: "the guest turned itself off")
    case .reset: Outcome(kind: .reset, message: "the guest asked for a reset")
    case .failed(let why): Outcome(kind: .failed, message: why)
    }
  }

  private func takeConsole(isEnded: Bool) {
    guard let guest, guest.position != nil else { return }
    let count = guest.debugger.consoleCount
    let told = min(guest.told, count)
    let bytes = guest.debugger.console(from: told)
    if count - told > bytes.count { lines.append("(\(count - told - bytes.count) bytes of its console are no longer kept)") }
    var end = bytes.endIndex
    if !isEnded, bytes.count <= Self.longestLine { end = bytes.lastIndex(of: 10).map { $0 + 1 } ?? bytes.startIndex }
    self.guest?.told = count - (bytes.endIndex - end)
    var new = PL011.printable(bytes[..<end]).split(separator: 10, omittingEmptySubsequences: false)
    if new.last?.isEmpty == true { new.removeLast() }
    lines += new.map { String(decoding: $0, as: UTF8.self) }
  }

  /// Registers X0 to X30 of the vCPU it stands at.
  var registers: [UInt64] {
    if let tee, isTEEMeant { return tee.debugger.registers(0).x }
    return guest.map { $0.debugger.registers($0.debugger.current).x } ?? []
  }

  /// Finds the guest that the session has a note of where it stands.
  package func find() throws(ScriptError) { _ = try inForce("") }

  /// A guest that has run already, as its Host's debugger knows it.
  package func adopt(_ debugger: GuestDebugger, _ symbols: SymbolTable) {
    guest = Guest(
      debugger: debugger, symbols: symbols, built: session.hostBuilt(at: session.position) ?? 0, position: session.position,
      told: debugger.consoleCount)
  }

  /// Something else will be done in place of the steps after a position: what the hypervisor knows of them does not hold any more.
  package func willReplaceSteps(after position: Int) {
    if let guest, position < guest.position ?? 0 { self.guest = nil }
  }
}
