import Testing

@testable import Host

/// A QMP client's dialogues. The answers are those of a real QEMU 7.2 but for its version.
struct QMPMonitorTests {
  private static func monitor(isRealm: Bool = false) -> QMPMonitor {
    var machine = QMPMonitor.Machine()
    machine.topology = (try? CPUTopology(["cpus": 2], machine: "virt")) ?? CPUTopology()
    machine.memory = 64 << 20
    (machine.name, machine.uuid) = ("alpha", "4dea22b3-1d52-d8f3-2516-782e98ab3fa0")
    (machine.process, machine.isRealm) = (24928, isRealm)
    return QMPMonitor(machine)
  }

  private static func lines(_ outputs: [QMPMonitor.Output]) -> [String] {
    outputs.compactMap { if case .line(let line) = $0 { line } else { nil } }
  }

  @Test func theClientIsGreeted() {
    #expect(
      Self.monitor().greeting
        == #"{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": ""}, "capabilities": ["oob"]}}"#
    )
  }

  @Test func nothingGoesBeforeTheNegotiation() {
    var monitor = Self.monitor()
    let refused =
      #"{"error": {"class": "CommandNotFound", "desc": "Expecting capabilities negotiation with 'qmp_capabilities'"}}"#
    #expect(Self.lines(monitor.take(#"{"execute":"query-status"}"#)) == [refused])
    #expect(Self.lines(monitor.take(#"{"execute":"foo"}"#)) == [refused])
    #expect(monitor.event("RESUME", at: .init()) == [])
    #expect(Self.lines(monitor.take(#"{"execute":"qmp_capabilities","id":1}"#)) == [#"{"return": {}, "id": 1}"#])
    #expect(
      Self.lines(monitor.take(#"{"execute":"qmp_capabilities"}"#)) == [
        #"{"error": {"class": "CommandNotFound", "desc": "Capabilities negotiation is already complete, command ignored"}}"#
      ])
  }

  @Test(arguments: [
    (
      #"{"execute":"query-status","id":{"a":[1,"x"]}}"#,
      #"{"return": {"status": "prelaunch", "singlestep": false, "running": false}, "id": {"a": [1, "x"]}}"#
    ),
    (#"{'execute':'query-target'}"#, #"{"return": {"arch": "aarch64"}}"#),
    (#"{"execute":"query-kvm"}"#, #"{"return": {"enabled": true, "present": true}}"#),
    (#"{"execute":"query-name"}"#, #"{"return": {"name": "alpha"}}"#),
    (#"{"execute":"query-uuid"}"#, #"{"return": {"UUID": "4dea22b3-1d52-d8f3-2516-782e98ab3fa0"}}"#),
    (#"{"execute":"query-memory-size-summary"}"#, #"{"return": {"base-memory": 67108864, "plugged-memory": 0}}"#),
    (#"{"execute":"query-block"}"#, #"{"return": []}"#),
    (#"{"execute":"qom-list","arguments":{"path":"/machine/peripheral"}}"#, #"{"return": [{"name": "type", "type": "string"}]}"#),
    (#"{"execute":"stop"}"#, #"{"return": {}}"#),
    (
      #"{"execute":"human-monitor-command","arguments":{"command-line":"info status"}}"#,
      #"{"return": "VM status: paused (prelaunch)\r\n"}"#
    ),
    (
      #"{"execute":"human-monitor-command","arguments":{"command-line":"info  name"}}"#, #"{"return": "alpha\r\n"}"#
    ),
    (#"{"execute":"human-monitor-command","arguments":{"command-line":"stop"}}"#, #"{"return": ""}"#),
    (
      #"{"execute":"query-cpus-fast"}"#,
      #"{"return": [{"thread-id": 24931, "props": {"core-id": 0, "thread-id": 0, "socket-id": 0, "cluster-id": 0}, "#
        + #""qom-path": "/machine/unattached/device[0]", "cpu-index": 0, "target": "aarch64"}, "#
        + #"{"thread-id": 24932, "props": {"core-id": 1, "thread-id": 0, "socket-id": 0, "cluster-id": 0}, "#
        + #""qom-path": "/machine/unattached/device[1]", "cpu-index": 1, "target": "aarch64"}]}"#
    ),
  ])
  func answers(_ row: (request: String, answer: String)) {
    var monitor = Self.monitor()
    _ = monitor.take(#"{"execute":"qmp_capabilities"}"#)
    #expect(Self.lines(monitor.take(row.request)) == [row.answer])
  }

  @Test(arguments: [
    (#"{"execute":"foo"}"#, "CommandNotFound", "The command foo has not been found"),
    (#"{"execute":"query-status","arguments":{"a":1}}"#, "GenericError", "Parameter 'a' is unexpected"),
    (#"{"execute":"query-status","foo":1}"#, "GenericError", "QMP input member 'foo' is unexpected"),
    (#"{"exec":1}"#, "GenericError", "QMP input member 'exec' is unexpected"),
    ("[1]", "GenericError", "QMP input must be a JSON object"),
    ("5\n", "GenericError", "QMP input must be a JSON object"), (#""x""#, "GenericError", "QMP input must be a JSON object"),
    (#"{"execute":5}"#, "GenericError", "QMP input member 'execute' must be a string"),
    (#"{"execute":"query-status","arguments":5}"#, "GenericError", "QMP input member 'arguments' must be an object"),
    (#"{"arguments":{}}"#, "GenericError", "QMP input lacks member 'execute'"),
    (#"{"a":}"#, "GenericError", "JSON parse error, expecting value"),
    ("x\n", "GenericError", "JSON parse error, invalid keyword 'x'"),
    (#"{"execute":"query-status",}"#, "GenericError", "JSON parse error, expecting value"),
    (#"{"execute":"query-status","id":1,"id":2}"#, "GenericError", "JSON parse error, duplicate key"),
    (#"{"exec-oob":"query-status"}"#, "GenericError", "The command query-status does not support OOB"),
    (#"{"execute":"qom-list"}"#, "GenericError", "Parameter 'path' is missing"),
    (#"{"execute":"human-monitor-command"}"#, "GenericError", "Parameter 'command-line' is missing"),
    (
      #"{"execute":"human-monitor-command","arguments":{"command-line":5}}"#, "GenericError",
      "Invalid parameter type for 'command-line', expected: string"
    ),
    (
      #"{"execute":"human-monitor-command","arguments":{"command-line":"info jit"}}"#, "GenericError",
      "human-monitor-command: info jit is not modelled, or no command of QEMU's"
    ),
    (#"{"execute":"qom-list","arguments":{"path":"/foo"}}"#, "DeviceNotFound", "Device '/foo' not found"),
    (#"{"execute":"query-balloon"}"#, "DeviceNotActive", "No balloon device has been activated"),
  ])
  func errors(_ row: (request: String, kind: String, text: String)) {
    var monitor = Self.monitor()
    _ = monitor.take(#"{"execute":"qmp_capabilities"}"#)
    #expect(Self.lines(monitor.take(row.request)) == [#"{"error": {"class": "\#(row.kind)", "desc": "\#(row.text)"}}"#])
  }

  @Test func aValueOverLinesAndTwoInOne() {
    var monitor = Self.monitor()
    #expect(monitor.take("{\"execute\":\n") == [])
    #expect(
      Self.lines(monitor.take("\"qmp_capabilities\"}\n{\"execute\":\"query-name\"} {\"execute\":\"query-target\"}")).count == 3)
  }

  @Test func aLife() {
    var monitor = Self.monitor()
    let time = QMPMonitor.Time(seconds: 3, microseconds: 14)
    func event(_ name: String, _ more: String = "") -> QMPMonitor.Output {
      .line(#"{"timestamp": {"seconds": 3, "microseconds": 14}, "event": "\#(name)"\#(more)}"#)
    }
    let done = QMPMonitor.Output.line(#"{"return": {}}"#)
    func take(_ command: String) -> [QMPMonitor.Output] { monitor.take("{\"execute\":\"\(command)\"}", at: time) }
    _ = take("qmp_capabilities")
    #expect(take("cont") == [.act(.resume), event("RESUME"), done])
    #expect(take("cont") == [done])
    #expect(take("stop") == [.act(.pause), event("STOP"), done])
    #expect(take("stop") == [done])
    #expect(monitor.state == .paused)
    let human = #"{"execute":"human-monitor-command","arguments":{"command-line":"c"}}"#
    #expect(monitor.take(human, at: time) == [.act(.resume), event("RESUME"), .line(#"{"return": ""}"#)])
    #expect(take("system_powerdown") == [.act(.powerDown), event("POWERDOWN"), done])
    let cause = #", "data": {"guest": false, "reason": "host-qmp-system-reset"}"#
    #expect(take("system_reset") == [.act(.reset), event("RESET", cause), done])
    let quit = #", "data": {"guest": false, "reason": "host-qmp-quit"}"#
    #expect(take("quit") == [event("SHUTDOWN", quit), .act(.quit), done])
  }

  @Test func whatARealmCannot() {
    var monitor = Self.monitor(isRealm: true)
    _ = monitor.take(#"{"execute":"qmp_capabilities"} {"execute":"cont"}"#)
    let reset = monitor.take(#"{"execute":"system_reset"}"#)
    #expect(reset.first == .act(.refuseReset) && reset.contains(.act(.quit)))
    #expect(
      Self.lines(monitor.take(#"{"execute":"migrate","arguments":{"uri":"tcp:x"}}"#)).first?.contains(
        "RME: migration is not implemented")
        == true)
  }

  /// Whatever comes, there is an answer or it waits for more; nothing traps.
  @Test(arguments: 0..<20 as Range<UInt64>)
  func anythingIsAnswered(_ seed: UInt64) {
    var state = seed
    func next(_ limit: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % limit
    }
    var monitor = Self.monitor()
    let pieces = [
      "{", "}", "[", "]", "\"", "'", ":", ",", "execute", "cont", "qmp_capabilities", "\\u00e9", "\\", "1", "-", "e", " ", "\n",
      "é",
    ]
    for _ in 0..<200 { _ = monitor.take((0..<next(12)).map { _ in pieces[next(pieces.count)] }.joined()) }
  }
}
