import Basics

/// A command a QMP client may give.
enum QMPCommand: String, CaseIterable, Sendable {
  case capabilities = "qmp_capabilities"
  case cont
  case stop
  case powerDown = "system_powerdown"
  case reset = "system_reset"
  case quit
  case migrate
  case status = "query-status"
  case version = "query-version"
  case kvm = "query-kvm"
  case cpus = "query-cpus-fast"
  case name = "query-name"
  case uuid = "query-uuid"
  case target = "query-target"
  case memory = "query-memory-size-summary"
  case chardev = "query-chardev"
  case block = "query-block"
  case blockNodes = "query-named-block-nodes"
  case iothreads = "query-iothreads"
  case balloon = "query-balloon"
  case commands = "query-commands"
  case list = "qom-list"
  case migrationCapabilities = "query-migrate-capabilities"
  case setMigrationCapabilities = "migrate-set-capabilities"
  case human = "human-monitor-command"

  /// Arguments it may have, and whether it must.
  private var parameters: [(name: String, isNeeded: Bool)] {
    switch self {
    case .capabilities: [("enable", false)]
    case .blockNodes: [("flat", false)]
    case .list: [("path", true)]
    case .human: [("command-line", true), ("cpu-index", false)]
    case .setMigrationCapabilities: [("capabilities", true)]
    case .migrate: [("uri", true), ("blk", false), ("inc", false), ("detach", false), ("resume", false)]
    default: []
    }
  }

  func check(_ arguments: JSONValue?) throws(QMPError) {
    guard case .object(let members) = arguments ?? .object([]) else { return }
    for parameter in parameters where parameter.isNeeded && !members.contains(where: { $0.key == parameter.name }) {
      throw QMPError("Parameter '\(parameter.name)' is missing")
    }
    for member in members where !parameters.contains(where: { $0.name == member.key }) {
      throw QMPError("Parameter '\(member.key)' is unexpected")
    }
    if self == .capabilities, case .array(let values)? = arguments?["enable"] {
      for value in values where value != .string("oob") {
        throw QMPError("Parameter 'enable' does not accept value '\(value.text ?? value.description)'")
      }
    }
    let text: String? =
      switch self {
      case .list: "path"
      case .human: "command-line"
      default: nil
      }
    if let text, arguments?[text]?.text == nil { throw QMPError("Invalid parameter type for '\(text)', expected: string") }
  }
}

struct QMPError: Error, Equatable {
  let kind: String
  let message: String

  init(kind: String = "GenericError", _ message: String) {
    self.kind = kind
    self.message = message
  }
}

/// What a client asks for: `execute`, `arguments` and `id`, and no other member.
struct QMPRequest {
  let name: String
  let arguments: JSONValue?
  let isOutOfBand: Bool

  init(_ value: JSONValue) throws(QMPError) {
    guard case .object(let members) = value else { throw QMPError("QMP input must be a JSON object") }
    for member in members {
      switch (member.key, member.value) {
      case ("execute", .string), ("exec-oob", .string), ("arguments", .object), ("id", _): break
      case ("execute", _), ("exec-oob", _): throw QMPError("QMP input member '\(member.key)' must be a string")
      case ("arguments", _): throw QMPError("QMP input member 'arguments' must be an object")
      default: throw QMPError("QMP input member '\(member.key)' is unexpected")
      }
    }
    isOutOfBand = value["exec-oob"] != nil
    guard !isOutOfBand || value["execute"] == nil else { throw QMPError("QMP input member 'exec-oob' clashes with 'execute'") }
    guard let name = (value["execute"] ?? value["exec-oob"])?.text else { throw QMPError("QMP input lacks member 'execute'") }
    self.name = name
    arguments = value["arguments"]
  }
}
