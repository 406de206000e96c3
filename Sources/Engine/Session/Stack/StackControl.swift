import Basics
import Host
import Libvirt
import Machine

/// The host of a session, from libvirt down, and what a person has it do.
///
/// All it does is steps of the session, in groups for each layer. What it knows is nowhere written: at another step it is told again
/// what it was told up to there, and does again what it did; and so it is where a recording was opened.
package final class StackControl {
  /// Where a statement stands, and what files it may name.
  package struct Place: Sendable {
    /// Where relative paths begin.
    package let folder: String
    /// XML that may be read.
    package let xml: FilePolicy
    /// What any guest may open, beside the folder of its XML; one started by its command line opens what is in ``folder``.
    package let images: FilePolicy

    package init(folder: String, xml: FilePolicy, images: FilePolicy) {
      (self.folder, self.xml, self.images) = (folder, xml, images)
    }
  }

  /// What came of a command.
  package struct Outcome: Sendable {
    /// Whether it did what it was to do.
    package var isDone = true
    /// Whether domains still run, and somebody wanted to look.
    package var isRunning = false
    /// What was printed, line by line.
    package var lines: [LogLine] = []
    /// In a sentence.
    package var message = ""
    /// The layer that refused, by its name.
    package var layer: String?
  }

  package let session: Session
  /// The files that a statement of a script may name, by the script.
  package var place: (String) -> Place = { _ in Place(folder: "/", xml: FilePolicy(NoFiles()), images: FilePolicy(NoFiles())) }
  /// Ends `wait` without a number between two slices, so that somebody can look.
  package var isEnough: () -> Bool = { false }
  /// The recording the session was opened from: what its host was told may name files beside it.
  package var recording: String?
  /// Called before it makes a fresh machine.
  package var willReset: () -> Void = {}
  /// Those of the session's branches, by number.
  private var hosts: [Int: Host] = [:]
  private var lastOrder = 0
  /// Most of them that are kept.
  private static let mostHosts = 16

  /// What `expect` can be about.
  static let answers: Set<String> = ["error", "running"]
  /// Time between two looks of `wait`, in microseconds.
  private static let slice = 10_000

  package init(_ session: Session) { self.session = session }

  /// - Parameter file: the script the command stands in.
  package func perform(_ command: StackCommand, in file: String) throws(ScriptError) -> Outcome {
    session.isStackActing = true
    defer { session.isStackActing = false }
    let host = try current(for: command, in: file)
    guard !session.keepsHistory || session.stackLog.orders.count < StackLog.mostOrders else {
      throw ScriptError(
        message: "the host was told \(StackLog.mostOrders) things, as many as a session keeps; machine begins another")
    }
    let begin = session.position
    lastOrder += 1
    host.files.begin(order: lastOrder, isKnown: false)
    session.beginLayer(command.text)
    let outcome = carryOut(command, file, on: host)
    session.endLayer()
    host.position = session.position
    host.lastOrder = lastOrder
    // Without history nobody goes back to what it was told before.
    if !session.keepsHistory { session.stackLog.forgetOrders() }
    session.stackLog.add(
      StackLog.Order(
        command: command, number: lastOrder, file: file, begin: begin, end: session.position, lines: Self.kept(outcome),
        picture: host.picture()))
    return outcome
  }

  /// What is kept of what was printed.
  private static func kept(_ outcome: Outcome) -> [LogLine] {
    let lines = outcome.lines + [LogLine(outcome.message, isProblem: !outcome.isDone)]
    return Array(lines.filter { $0.text != "" || outcome.lines.count > 1 }.prefix(StackLog.Order.mostLines))
  }

  // MARK: Which host

  /// A host, and where the session stood when it last moved.
  private final class Host {
    let stack: HostStack
    let daemon: LibvirtDaemon
    /// Where the session stood when it began.
    let begin: Int
    var position: Int
    /// What it was told last.
    var lastOrder: Int?
    /// Files as this host and those that are told the same find them.
    let files: RememberedFiles

    init(_ session: Session, begin: Int, _ files: RememberedFiles) {
      stack = HostStack(session)
      daemon = LibvirtDaemon(
        stack, EmulatorCapabilities(hostCPUs: session.configuration.peCount), files: FilePolicy(files))
      (self.begin, position, self.files) = (begin, begin, files)
    }

    func picture() -> StackPicture { StackPicture(daemon, stack) }
  }

  /// Files of nobody.
  private struct NoFiles: FileSource {
    func exists(_ file: PermittedFile) -> Bool { false }
    func read(_ file: PermittedFile) -> FileAnswer { .missing }
    func isFolder(_ path: String) -> Bool { false }
  }

  /// The host that is there; a machine for one is made if there is none.
  private func current(for command: StackCommand, in file: String) throws(ScriptError) -> Host {
    if let found = try inForce() { return found }
    if let found = try recalled() { return found }
    switch command {
    case .wait, .qmp, .dmesg: throw missing
    case .virsh, .qemu, .lkvm, .kvm: return begin(place(file).xml.source)
    }
  }

  private var missing: ScriptError {
    ScriptError(
      message: "no host was started on this machine; virsh create FILE.xml, qemu ARGUMENTS or lkvm run ARGUMENTS starts one")
  }

  private func begin(_ source: any FileSource) -> Host {
    if !session.isMachineFresh || session.configuration.vcpu != .code {
      willReset()
      session.perform(.reset(HostStack.configuration(session.configuration), name: nil))
    }
    return add(Host(session, begin: session.position, RememberedFiles(source, remembers: session.keepsHistory)))
  }

  /// One more host of the session.
  private func add(_ host: Host) -> Host {
    // Of a session that is too long to have many, the others are forgotten.
    if hosts.count >= Self.mostHosts { hosts = [:] }
    let number = (hosts.keys.max() ?? 0) + 1
    session.stackLog.begin(number, at: host.begin)
    hosts[number] = host
    return host
  }

  /// The host of a recording that was opened: it is told what the recording says it was told; nil if that is nothing.
  private func recalled() throws(ScriptError) -> Host? {
    guard let recording, session.stackLog.host == nil else { return nil }
    let told = session.recordedStackCommands
    guard let first = told.first else { return nil }
    let fresh = Host(session, begin: first.steps.lowerBound, RememberedFiles(place(recording).xml.source, remembers: true))
    let picture = fresh.picture()
    let orders = told.enumerated().map { number, told in
      StackLog.Order(
        command: told.command, number: number + 1, file: recording, begin: told.steps.lowerBound, end: told.steps.upperBound,
        lines: [], picture: picture)
    }
    var known: [StackLog.Order] = []
    let host: Host
    do throws(ScriptError) {
      host = try self.told(orders, from: fresh) { order, outcome, host in
        known.append(order.with(Self.kept(outcome), host.picture()))
      }
    } catch {
      throw cannotGoOn(error, recording)
    }
    lastOrder = orders.count
    _ = add(host)
    for order in known { session.stackLog.add(order) }
    return try inForce()
  }

  private func cannotGoOn(_ error: ScriptError, _ recording: String) -> ScriptError {
    ScriptError(
      message:
        "the host of this recording cannot go on: \(error.message). It reads again what it was given: files as they were, in "
        + "the folder of \(shown(recording))")
  }

  /// To be called while a recording is replayed: has its host do again what it was told, where that ends, so that what it knows and has
  /// answered is there as it was.
  package func recall() throws(ScriptError) {
    guard let recording, let told = session.recordedStackCommand,
      !session.stackLog.orders.contains(where: { $0.begin == told.steps.lowerBound && $0.end == told.steps.upperBound })
    else { return }
    session.isStackActing = true
    defer { session.isStackActing = false }
    let host =
      try inForce()
      ?? Host(session, begin: told.steps.lowerBound, RememberedFiles(place(recording).xml.source, remembers: true))
    lastOrder += 1
    let order = StackLog.Order(
      command: told.command, number: lastOrder, file: recording, begin: told.steps.lowerBound, end: told.steps.upperBound,
      lines: [], picture: host.picture())
    var known = order
    do throws(ScriptError) {
      try tell([order], host) { order, outcome, host in known = order.with(Self.kept(outcome), host.picture()) }
    } catch {
      // What it has become nobody knows.
      session.stackLog = StackLog()
      throw cannotGoOn(error, recording)
    }
    if !hosts.values.contains(where: { $0 === host }) { _ = add(host) }
    session.stackLog.add(known)
  }

  /// The host as it was where the session stands; nil if there is none on this machine.
  private func inForce() throws(ScriptError) -> Host? {
    guard let begun = session.stackLog.host, let host = hosts[begun.number], !session.stackLog.isTorn,
      session.position >= host.begin, session.isSameMachine(from: host.begin)
    else { return nil }
    // What others did since it has not been told.
    if session.position >= host.position, session.stackLog.orders.last?.number == host.lastOrder { return host }
    if let order = session.stackOrder {
      throw ScriptError(
        message:
          "step \(session.position) is in the middle of \"\(shown(order.command.text, limit: 40))\", which a host cannot leave; "
          + "go to step \(order.begin), before it, or \(order.end), after it")
    }
    let found = try told(Array(session.stackLog.orders.prefix(session.stackLog.count(by: session.position))), from: host)
    hosts[begun.number] = found
    return found
  }

  /// A host that is told again what another was told.
  ///
  /// - Parameter each: hears what came of each order.
  private func told(
    _ orders: [StackLog.Order], from former: Host, each: (StackLog.Order, Outcome, Host) -> Void = { _, _, _ in }
  ) throws(ScriptError) -> Host {
    let here = session.position
    session.seek(former.begin)
    let host = Host(session, begin: former.begin, former.files)
    defer { session.seek(here) }
    try tell(orders, host, each: each)
    return host
  }

  /// Tells a host what others were told, or it was itself before the recording of that was replayed.
  private func tell(
    _ orders: [StackLog.Order], _ host: Host, each: (StackLog.Order, Outcome, Host) -> Void
  ) throws(ScriptError) {
    let here = session.position
    defer {
      session.following = nil
      session.seek(here)
    }
    for order in orders {
      session.seek(order.begin)
      session.following = Session.Following(end: order.end)
      host.files.begin(order: order.number, isKnown: true)
      let outcome = carryOut(order.command, order.file, on: host)
      let problem = session.following?.problem
      session.following = nil
      guard problem == nil, session.position == order.end else {
        throw ScriptError(
          message: "\"\(shown(order.command.text, limit: 40))\" does not do again what it did: "
            + (problem ?? "it ends at step \(session.position), and ended at \(order.end)"))
      }
      if session.isInterrupted() { throw ScriptError(message: "stopped by a key on the way to what the host knew") }
      each(order, outcome, host)
    }
    host.position = session.position
    host.lastOrder = orders.last?.number
  }

  // MARK: Commands

  private func carryOut(_ command: StackCommand, _ file: String, on host: Host) -> Outcome {
    let place = place(file)
    switch command {
    case .virsh(let line): return virsh(line, place, host)
    case .qemu(let words): return qemu(words, place, host)
    case .lkvm(let words): return lkvm(words, place, host)
    case .kvm(let words): return kvm(words, host)
    case .qmp(let process, let line): return qmp(process, line, host)
    case .wait(let microseconds): return wait(microseconds, host)
    case .dmesg: return Outcome(lines: host.stack.kernelLines)
    }
  }

  private func virsh(_ line: String, _ place: Place, _ host: Host) -> Outcome {
    var outcome = Outcome()
    var printed = PrintedLines()
    host.daemon.files = remembered(place.images, host)
    let shell = VirshShell(
      host.daemon, mode: .commands, folder: place.folder, xmlFiles: remembered(place.xml, host)
    ) { output in
      switch output {
      case .out(let piece), .finding(let piece): printed.add(piece)
      case .error(let piece): printed.add(piece, isProblem: true)
      case .explanation(let piece): printed.add("(\(piece.trimmed))\n")
      }
    }
    shell.terminal = ScriptTerminal { printed.add(String(decoding: $0, as: UTF8.self)) }
    outcome.isDone = shell.run(line)
    outcome.layer = outcome.isDone ? nil : (shell.lastError?.layer ?? .virsh).rawValue
    outcome.lines = printed.lines
    outcome.message = outcome.isDone ? "" : "refused by \(outcome.layer ?? "")"
    return outcome
  }

  private func remembered(_ policy: FilePolicy, _ host: Host) -> FilePolicy {
    FilePolicy(folders: policy.folders, named: policy.named, host.files)
  }

  private func qemu(_ words: [String], _ place: Place, _ host: Host) -> Outcome {
    let files = remembered(place.images, host).allowing(place.folder)
    let process = host.stack.startQEMU(
      HypervisorRequest(
        command: EmulatorCommand(arguments: ["qemu-system-aarch64"] + words), domain: "", uuid: "", id: 0, folder: place.folder,
        files: files))
    return started(process, process.takeOutput())
  }

  private func lkvm(_ words: [String], _ place: Place, _ host: Host) -> Outcome {
    let files = remembered(place.images, host).allowing(place.folder)
    let process = host.stack.startKvmtool(words, folder: place.folder, files: files)
    return started(process, process.errors)
  }

  private func started(_ process: some StackGuest, _ lines: [LogLine]) -> Outcome {
    var outcome = Outcome()
    outcome.lines = lines
    if let end = process.end {
      outcome.isDone = false
      outcome.layer = end.layer.rawValue
      if !end.explanation.isEmpty { outcome.lines.append(LogLine("(\(end.explanation))")) }
      outcome.message = "refused by \(end.layer.rawValue)"
    } else {
      outcome.message = "process \(process.processID) \(process.isRunning ? "runs" : "stands") on PE \(process.pe)"
    }
    return outcome
  }

  private func kvm(_ words: [String], _ host: Host) -> Outcome {
    var outcome = Outcome()
    do throws(KVMRequest.Malformed) {
      let answer = try host.stack.kvm(words)
      outcome.lines = [LogLine(answer.line, isProblem: answer.error != nil)]
      if let explanation = answer.explanation { outcome.lines.append(LogLine("(\(explanation))")) }
      outcome.isDone = answer.error == nil
      outcome.layer = answer.layer?.rawValue
      outcome.message = answer.errno.map { "\($0.rawValue), from \(answer.layer?.rawValue ?? "")" } ?? ""
    } catch {
      outcome.isDone = false
      outcome.layer = StackLayer.model.rawValue
      outcome.message = error.message
    }
    return outcome
  }

  private func qmp(_ number: Int?, _ line: String, _ host: Host) -> Outcome {
    let processes = host.stack.processes.compactMap { $0 as? StackProcess }
    guard let process = processes.last(where: { number == nil || $0.processID == number }), process.end == nil else {
      var outcome = Outcome(isDone: false)
      let known = processes.filter { $0.end == nil }.map { "\($0.processID)" }
      outcome.message =
        number.map { "no QEMU has the process number \($0)" } ?? "no QEMU runs"
      outcome.message += known.isEmpty ? "" : "; there is \(known.joined(separator: ", "))"
      outcome.layer = StackLayer.qemu.rawValue
      return outcome
    }
    var outcome = Outcome()
    let said = (process.takeEvents() + process.send(line)).map { line in
      LogLine(line, isProblem: (try? JSONParser.value(of: line))?["error"] != nil)
    }
    outcome.isDone = !said.contains(where: \.isProblem)
    outcome.lines = said + process.takeOutput()
    if !outcome.isDone { outcome.layer = StackLayer.qemu.rawValue }
    host.daemon.refresh()
    return outcome
  }

  private func wait(_ microseconds: Int?, _ host: Host) -> Outcome {
    var outcome = Outcome()
    let printed = host.stack.processes.map { ($0, $0.console.count) }
    let start = session.now
    if let microseconds {
      host.daemon.pass(microseconds: microseconds)
    } else {
      while host.stack.hasWork, session.exhaustion == nil, !hasSeenEnough { host.daemon.pass(microseconds: Self.slice) }
    }
    for (process, before) in printed where process.console.count > before {
      var new = PrintedLines()
      new.add(String(decoding: process.console.bytes(from: before), as: UTF8.self))
      outcome.lines += new.lines.map { printed.count == 1 ? $0 : LogLine("\(process.processID): \($0.text)") }
    }
    outcome.isRunning = host.stack.hasWork
    let passed = StackCommand.text(microseconds: Int((session.now - start) / 1000))
    let ready = host.stack.processes.count { $0.isRunning && $0.readiness != .never }
    outcome.message =
      "\(passed) passed; \(ready == 0 ? "no guest can go on" : ready == 1 ? "a guest goes on" : "\(ready) guests go on")"
    return outcome
  }

  /// Where it only finds out what it knew, it waits as long as it did.
  private var hasSeenEnough: Bool {
    session.following.map { !$0.goesOn(at: session.position) } ?? isEnough() || session.isInterrupted()
  }
}

/// What `console` is shown on by a script: what the guest prints, until it prints no more for a while.
private final class ScriptTerminal: VirshTerminal {
  private let take: ([UInt8]) -> Void
  private var quiet = 0
  private var looks = 0

  /// Looks without anything new before it lets the console go, and looks at most.
  private static let patience = 5
  private static let mostLooks = 200
  var isLive: Bool { false }

  init(_ take: @escaping ([UInt8]) -> Void) { self.take = take }

  func begin() { (quiet, looks) = (0, 0) }
  func end() {}

  func show(_ bytes: [UInt8]) {
    take(bytes)
    quiet = bytes.isEmpty ? quiet + 1 : 0
    looks += 1
  }

  func typed(waits: Bool) -> [UInt8] { quiet >= Self.patience || looks >= Self.mostLooks ? [VirshShell.escape] : [] }
}
