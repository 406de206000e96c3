/// A domain that libvirt keeps: its definition, and its process while it runs.
package final class ManagedDomain {
  package enum State: String, Sendable {
    case running, paused
    case shutOff = "shut off"
  }

  package internal(set) var name: String
  package internal(set) var uuid: String
  /// What it is started as; nil for a domain that is gone when it stops.
  package internal(set) var definition: DomainDefinition?
  /// What runs.
  package internal(set) var live: DomainDefinition?
  /// The folder of its XML.
  package internal(set) var folder: String
  package internal(set) var findings: [DomainFinding]
  package internal(set) var state = State.shutOff
  /// `booted`, `user`, `destroyed`, …
  package internal(set) var reason = "unknown"
  package internal(set) var id: Int?
  package internal(set) var autostart = false
  package internal(set) var log = DomainLog()
  package internal(set) var process: (any HypervisorProcess)?
  /// What libvirt built, of the last start.
  package internal(set) var command: EmulatorCommand?
  /// How the last process ended, and whose doing it was.
  package internal(set) var end: HypervisorEnd?
  var monitor: Monitor?
  /// Whether it is to be started anew when it has turned itself off.
  var isToReboot = false
  /// Terminals by alias, `serial0`.
  var terminals: [String: String] = [:]
  private var lastTalk = MonitorTalk()

  init(_ definition: DomainDefinition, folder: String, findings: [DomainFinding]) {
    (name, uuid) = (definition.name, definition.uuid ?? "")
    (self.definition, self.folder, self.findings) = (definition, folder, findings)
  }

  package var isActive: Bool { process != nil }
  package var isPersistent: Bool { definition != nil }

  /// What it runs as, or would.
  package var shown: DomainDefinition? { live ?? definition }

  /// The talk of its monitor: of the process that runs, or of the last.
  package var talk: MonitorTalk { monitor?.talk ?? lastTalk }

  func forgetProcess() {
    lastTalk = talk
    (process, monitor, live, id) = (nil, nil, nil, nil)
    (terminals, state, isToReboot) = ([:], .shutOff, false)
  }
}
