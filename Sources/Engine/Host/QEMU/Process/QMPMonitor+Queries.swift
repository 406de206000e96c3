import Basics

/// What a monitor is asked.
extension QMPMonitor {
  func query(_ command: QMPCommand, _ request: QMPRequest) throws(QMPError) -> JSONValue {
    switch command {
    case .status:
      return .object(["status": .string(state.rawValue), "singlestep": .bool(false), "running": .bool(state == .running)])
    case .version: return QEMUVersion.value
    case .kvm: return .object(["enabled": .bool(machine.hasKVM), "present": .bool(true)])
    case .cpus: return .array((0..<machine.topology.cpus).map(cpu))
    case .name: return machine.name.map { .object(["name": .string($0)]) } ?? .object([])
    case .uuid: return .object(["UUID": .string(machine.uuid ?? "00000000-0000-0000-0000-000000000000")])
    case .target: return .object(["arch": .string("aarch64")])
    case .memory:
      return .object(["base-memory": .integer(Int64(clamping: machine.memory)), "plugged-memory": .integer(0)])
    case .chardev:
      return .array(
        machine.backends.map { backend in
          .object(["frontend-open": .bool(true), "filename": .string(backend.file), "label": .string(backend.label)])
        })
    case .balloon: throw QMPError(kind: "DeviceNotActive", "No balloon device has been activated")
    case .list: return try list(request.arguments)
    case .migrationCapabilities:
      return .array(
        ["xbzrle", "auto-converge", "events", "postcopy-ram", "return-path", "multifd", "dirty-bitmaps"].map { name in
          .object(["state": .bool(false), "capability": .string(name)])
        })
    case .commands: return .array(QMPCommand.allCases.map { .object(["name": .string($0.rawValue)]) })
    case .setMigrationCapabilities: return .object([])
    default: return .array([])
    }
  }

  private func cpu(_ number: Int) -> JSONValue {
    let topology = machine.topology
    let core = number / topology.threads
    let cluster = core / topology.cores
    return .object([
      "thread-id": .integer(Int64(machine.process + 3 + number)),
      "props": .object([
        "core-id": .integer(Int64(core % topology.cores)), "thread-id": .integer(Int64(number % topology.threads)),
        "socket-id": .integer(Int64(cluster / topology.clusters)), "cluster-id": .integer(Int64(cluster % topology.clusters)),
      ]),
      "qom-path": .string("/machine/unattached/device[\(number)]"), "cpu-index": .integer(Int64(number)),
      "target": .string("aarch64"),
    ])
  }

  private func list(_ arguments: JSONValue?) throws(QMPError) -> JSONValue {
    let path = arguments?["path"]?.text ?? ""
    guard ["/", "/machine", "/machine/peripheral", "/machine/unattached", "/objects"].contains(path) else {
      throw QMPError(kind: "DeviceNotFound", "Device '\(path)' not found")
    }
    return .array([.object(["name": .string("type"), "type": .string("string")])])
  }
}
