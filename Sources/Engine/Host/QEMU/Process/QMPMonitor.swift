import Basics

/// A monitor that speaks QMP, as a value: bytes of a client in, lines for it out, and what QEMU is to do between them.
///
/// Answers were compared with a real QEMU 7.2's, member by member.
package struct QMPMonitor: Sendable {
  /// What it tells of the machine.
  package struct Machine: Sendable {
    package var topology = CPUTopology()
    package var memory: UInt64 = 0
    package var name: String?
    package var uuid: String?
    package var hasKVM = true
    package var isRealm = false
    /// -no-shutdown, and -no-reboot.
    package var staysAfterShutdown = false
    package var endsAtReset = false
    /// Label and file name of each character device.
    package var backends: [(label: String, file: String)] = []
    /// QEMU's process id; its vCPUs' threads follow.
    package var process = 1

    package init() {}
  }

  package enum Output: Equatable, Sendable {
    case line(String)
    case act(QEMUAct)
  }

  /// When an event is, by the machine's clock.
  package struct Time: Equatable, Sendable {
    package var seconds: UInt64 = 0
    package var microseconds: UInt64 = 0

    package init(seconds: UInt64 = 0, microseconds: UInt64 = 0) {
      self.seconds = seconds
      self.microseconds = microseconds
    }
  }

  let machine: Machine
  package internal(set) var state: QEMURunState
  /// Whether the client has said what it can, and may give commands.
  package internal(set) var isNegotiated = false
  private var reader = JSONReader()

  package init(_ machine: Machine, _ state: QEMURunState = .prelaunch) {
    self.machine = machine
    self.state = state
  }

  /// What a client hears first.
  package var greeting: String {
    JSONValue.object(["QMP": .object(["version": QEMUVersion.value, "capabilities": .array([.string("oob")])])]).description
  }

  /// Some bytes of the client's: values may be longer than a line, and several may stand in one.
  package mutating func take(_ text: String, at time: Time = Time()) -> [Output] {
    reader.feed(text)
    var outputs: [Output] = []
    while let piece = reader.next() {
      do throws(JSONParser.Malformed) {
        outputs += answer(try piece.get(), time)
      } catch {
        outputs.append(.line(Self.error("GenericError", error.message, id: nil)))
      }
    }
    return outputs
  }

  // MARK: Events

  /// An event's line; before the client has negotiated, it hears of none.
  package func event(_ name: String, _ data: JSONValue? = nil, at time: Time) -> [Output] {
    guard isNegotiated else { return [] }
    let stamp = JSONValue.object([
      "seconds": .integer(Int64(clamping: time.seconds)), "microseconds": .integer(Int64(clamping: time.microseconds)),
    ])
    var members = [JSONValue.Member(key: "timestamp", value: stamp), JSONValue.Member(key: "event", value: .string(name))]
    if let data { members.append(JSONValue.Member(key: "data", value: data)) }
    return [.line(JSONValue.object(members).description)]
  }

  /// Why it ends or begins again.
  static func cause(byGuest: Bool, _ reason: String) -> JSONValue {
    .object(["guest": .bool(byGuest), "reason": .string(reason)])
  }

  /// The end of the guest: QEMU's own, too, unless it is to stay.
  mutating func shutDown(_ cause: JSONValue, at time: Time) -> [Output] {
    let said = event("SHUTDOWN", cause, at: time)
    guard machine.staysAfterShutdown else { return said + [.act(.quit)] }
    let wasRunning = state == .running
    state = .shutdown
    return wasRunning ? said + event("STOP", at: time) : said
  }

  // MARK: Commands

  private static func error(_ kind: String, _ text: String, id: JSONValue?) -> String {
    reply("error", .object(["class": .string(kind), "desc": .string(text)]), id: id)
  }

  private static func reply(_ key: String, _ value: JSONValue, id: JSONValue?) -> String {
    var members = [JSONValue.Member(key: key, value: value)]
    if let id { members.append(JSONValue.Member(key: "id", value: id)) }
    return JSONValue.object(members).description
  }

  private mutating func answer(_ value: JSONValue, _ time: Time) -> [Output] {
    let id = value["id"]
    do throws(QMPError) {
      let request = try QMPRequest(value)
      let (acts, result) = try perform(request, time)
      return acts + [.line(Self.reply("return", result, id: id))]
    } catch {
      return [.line(Self.error(error.kind, error.message, id: id))]
    }
  }

  private mutating func perform(_ request: QMPRequest, _ time: Time) throws(QMPError) -> ([Output], JSONValue) {
    guard let command = QMPCommand(rawValue: request.name) else {
      guard isNegotiated else { throw Self.notYet }
      throw QMPError(kind: "CommandNotFound", "The command \(request.name) has not been found")
    }
    guard isNegotiated || command == .capabilities else { throw Self.notYet }
    try command.check(request.arguments)
    guard command != .capabilities else {
      guard !isNegotiated else {
        throw QMPError(kind: "CommandNotFound", "Capabilities negotiation is already complete, command ignored")
      }
      isNegotiated = true
      return ([], .object([]))
    }
    if request.isOutOfBand { throw QMPError("The command \(request.name) does not support OOB") }
    return try perform(command, request, time)
  }

  private static let notYet = QMPError(kind: "CommandNotFound", "Expecting capabilities negotiation with 'qmp_capabilities'")

  private mutating func perform(_ command: QMPCommand, _ request: QMPRequest, _ time: Time) throws(QMPError) -> (
    [Output], JSONValue
  ) {
    let nothing = JSONValue.object([])
    switch command {
    case .cont:
      if state == .running { return ([], nothing) }
      guard state != .shutdown, state != .internalError else { throw QMPError("Resetting the Virtual Machine is required") }
      state = .running
      return ([.act(.resume)] + event("RESUME", at: time), nothing)
    case .stop:
      guard state == .running else { return ([], nothing) }
      state = .paused
      return ([.act(.pause)] + event("STOP", at: time), nothing)
    case .powerDown: return ([.act(.powerDown)] + event("POWERDOWN", at: time), nothing)
    case .reset:
      let cause = Self.cause(byGuest: false, "host-qmp-system-reset")
      if machine.endsAtReset { return (shutDown(cause, at: time), nothing) }
      // A Realm's vCPUs are not QEMU's to reset (kvm_arch_cpu_check_are_resettable).
      if machine.isRealm { return ([.act(.refuseReset)] + shutDown(cause, at: time), nothing) }
      if state == .shutdown || state == .internalError { state = .paused }
      return ([.act(.reset)] + event("RESET", cause, at: time), nothing)
    case .quit: return (event("SHUTDOWN", Self.cause(byGuest: false, "host-qmp-quit"), at: time) + [.act(.quit)], nothing)
    case .migrate: throw QMPError(machine.isRealm ? "RME: migration is not implemented" : "migration is not modelled")
    case .human: return try perform(human: request.arguments?["command-line"]?.text ?? "", request, time)
    default: return ([], try query(command, request))
    }
  }

  /// A line of the human monitor's language: its commands that have to do with the run of the machine, and a little to look at.
  private mutating func perform(human line: String, _ request: QMPRequest, _ time: Time) throws(QMPError) -> ([Output], JSONValue)
  {
    func said(_ text: String) -> ([Output], JSONValue) { ([], .string(text.isEmpty ? "" : text + "\r\n")) }
    let acts: [String: QMPCommand] = [
      "cont": .cont, "c": .cont, "stop": .stop, "s": .stop, "system_powerdown": .powerDown, "system_reset": .reset, "quit": .quit,
      "q": .quit,
    ]
    let words = line.split(separator: " ").map(String.init)
    if words.count == 1, let act = acts[words[0]] { return (try perform(act, request, time).0, .string("")) }
    switch words {
    case []: return said("")
    case ["info", "status"]:
      let isPlain = state == .running || state == .paused
      return said("VM status: \(state == .running ? "running" : "paused")\(isPlain ? "" : " (\(state.rawValue))")")
    case ["info", "name"]: return said(machine.name ?? "")
    case ["info", "uuid"]: return said(machine.uuid ?? "00000000-0000-0000-0000-000000000000")
    case ["info", "kvm"]: return said("kvm support: \(machine.hasKVM ? "enabled" : "disabled")")
    case ["info", "version"]: return said(QEMUVersion.text)
    default: throw QMPError("human-monitor-command: \(line) is not modelled, or no command of QEMU's")
    }
  }
}
