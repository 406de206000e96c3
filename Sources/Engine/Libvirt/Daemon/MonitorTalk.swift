import Basics

/// What libvirt and a domain's monitor have said, line by line.
package struct MonitorTalk: Sendable {
  package enum Direction: Sendable { case sent, received }

  package struct Line: Sendable {
    package let direction: Direction
    package let text: String
    /// It answers with an error.
    package let isError: Bool
  }

  /// The oldest are dropped beyond `most`.
  package private(set) var lines: [Line] = []
  package static let most = 2000

  mutating func add(_ direction: Direction, _ text: String, isError: Bool = false) {
    lines.append(Line(direction: direction, text: text, isError: isError))
    if lines.count > Self.most { lines.removeFirst(lines.count - Self.most) }
  }
}

/// libvirt's end of a domain's monitor: commands with ids of their own, answers, events.
final class Monitor {
  private let process: any HypervisorProcess
  private(set) var talk = MonitorTalk()
  private var number = 0
  /// Events that nobody has looked at yet.
  private var events: [JSONValue] = []

  init(_ process: any HypervisorProcess) { self.process = process }

  /// What a new connection begins with, but for `cont`, in the order of a real libvirt (qemuProcessLaunch and what it calls).
  ///
  /// - Returns: terminals by the label of their character device, `charserial0`; and the memory, in KiB, that the domain has by its
  ///   balloon, or all of it without one.
  func connect(_ domain: DomainDefinition) -> (terminals: [String: String], memory: UInt64) {
    collect()
    execute("qmp_capabilities")
    execute("query-migrate-capabilities")
    execute("migrate-set-capabilities", #"{"capabilities":[{"capability":"events","state":true}]}"#)
    var terminals: [String: String] = [:]
    for device in execute("query-chardev")?["return"]?.elements ?? [] {
      guard let label = device["label"]?.text, let file = device["filename"]?.text, file.hasPrefix("pty:") else { continue }
      terminals[label] = String(file.dropFirst(4))
    }
    execute("query-cpus-fast")
    execute("query-iothreads")
    var memory = domain.memory
    if let balloon = domain.devices.balloon, balloon.model != .none {
      execute("balloon", "{\"value\":\(domain.currentMemory << 10)}")
      if case .integer(let bytes) = execute("query-balloon")?["return"]?["actual"], bytes >= 0 { memory = UInt64(bytes) >> 10 }
    }
    execute("query-named-block-nodes", #"{"flat":true}"#)
    listDevices()
    return (terminals, memory)
  }

  func listDevices() {
    execute("qom-list", #"{"path":"/machine/peripheral"}"#)
    execute("query-block")
  }

  @discardableResult
  func execute(_ command: String, _ arguments: String? = nil) -> JSONValue? {
    var text = "{\"execute\":\(JSONValue.quoted(command, .libvirt))"
    if let arguments { text += ",\"arguments\":\(arguments)" }
    return send(text + ",\"id\":\(JSONValue.quoted(nextID(), .libvirt))}")
  }

  private func nextID() -> String {
    number += 1
    return "libvirt-\(number)"
  }

  /// A person's own command, with an id if it has none.
  func pass(_ command: String) -> JSONValue? {
    guard case .object(var members) = try? JSONParser.value(of: command) else {
      // A bare word is a command's name.
      return execute(command)
    }
    members.removeAll { $0.key == "id" }
    members.append(JSONValue.Member(key: "id", value: .string(nextID())))
    return send(JSONValue.object(members).compact)
  }

  private func send(_ line: String) -> JSONValue? {
    talk.add(.sent, line)
    var answer: JSONValue?
    for reply in process.send(line) { answer = receive(reply) ?? answer }
    return answer
  }

  /// The value of a line that is an answer.
  private func receive(_ line: String) -> JSONValue? {
    let value = try? JSONParser.value(of: line)
    talk.add(.received, line, isError: value?["error"] != nil)
    guard let value else { return nil }
    if value["event"] != nil { events.append(value) }
    return value["return"] != nil || value["error"] != nil ? value : nil
  }

  private func collect() { for line in process.takeEvents() { _ = receive(line) } }

  /// Events since the last look.
  func takeEvents() -> [JSONValue] {
    collect()
    defer { events = [] }
    return events
  }
}
