import Basics
import Libvirt

/// As much of a hypervisor as libvirt sees: processes that answer a monitor, and guests that do nothing, or one thing.
final class SmallHypervisor: HypervisorDriver {
  /// What a guest does of itself once it has run for a while.
  enum Guest { case spins, powersOff, reboots, crashes }

  var milliseconds = 1_795_881_664_123
  /// By domain.
  var guests: [String: Guest] = [:]
  private(set) var processes: [SmallProcess] = []
  private(set) var passed = 0

  func pass(microseconds: Int) {
    passed += microseconds
    milliseconds += microseconds / 1000
    for process in processes where process.isRunning && process.end == nil { process.run(microseconds) }
  }

  func start(_ request: HypervisorRequest) -> any HypervisorProcess {
    let process = SmallProcess(request, number: processes.count, guest: guests[request.domain] ?? .spins)
    processes.append(process)
    return process
  }
}

final class SmallProcess: HypervisorProcess {
  let request: HypervisorRequest
  let processID: Int
  private let terminal: Int
  private let guest: SmallHypervisor.Guest
  private var output: [LogLine] = []
  private var events: [String] = [#"{"QMP": {"version": {}, "capabilities": ["oob"]}}"#]
  private(set) var end: HypervisorEnd?
  private(set) var isRunning = false
  private var time = 0
  private var console: [UInt8] = Array("hello\n".utf8)

  init(_ request: HypervisorRequest, number: Int, guest: SmallHypervisor.Guest) {
    (self.request, self.guest, processID, terminal) = (request, guest, 1000 + number, number)
    // A QEMU that knows no Realms.
    for (option, value) in zip(request.command.arguments, request.command.arguments.dropFirst()) where value.contains("rme-guest")
    {
      output.append(
        LogLine(
          "qemu-system-aarch64: \(option) \(value): Parameter 'qom-type' does not accept value 'rme-guest'", isProblem: true))
      end = HypervisorEnd(layer: .qemu, explanation: "this QEMU has no rme-guest")
      return
    }
    output.append(LogLine("char device redirected to /dev/pts/\(terminal) (label charserial0)"))
  }

  func run(_ microseconds: Int) {
    time += microseconds
    guard time >= 20_000 else { return }
    switch guest {
    case .spins: return
    case .powersOff:
      isRunning = false
      events.append(#"{"event": "SHUTDOWN", "data": {"guest": true, "reason": "guest-shutdown"}}"#)
    case .reboots:
      time = 0
      events.append(#"{"event": "RESET", "data": {"guest": true, "reason": "guest-reset"}}"#)
    case .crashes:
      output.append(LogLine("qemu-system-aarch64: cannot go on", isProblem: true))
      end = HypervisorEnd(layer: .kvm, explanation: "KVM_RUN failed")
    }
  }

  func takeOutput() -> [LogLine] { take(&output) }
  func takeEvents() -> [String] { take(&events) }

  private func take<T>(_ list: inout [T]) -> [T] {
    defer { list = [] }
    return list
  }

  func send(_ line: String) -> [String] {
    guard end == nil, let command = try? JSONParser.value(of: line), let id = command["id"]?.text else { return [] }
    var before: [String] = []
    var answer = "{}"
    switch command["execute"]?.text {
    case "cont":
      isRunning = true
      before = [#"{"event": "RESUME"}"#]
    case "stop":
      isRunning = false
      before = [#"{"event": "STOP"}"#]
    case "system_reset":
      time = 0
      before = [#"{"event": "RESET", "data": {"guest": false, "reason": "host-qmp-system-reset"}}"#]
    case "system_powerdown": before = [#"{"event": "POWERDOWN"}"#]
    case "query-status":
      answer = "{\"status\": \"\(isRunning ? "running" : "paused")\", \"singlestep\": false, \"running\": \(isRunning)}"
    case "query-chardev":
      answer = "[{\"frontend-open\": true, \"filename\": \"pty:/dev/pts/\(terminal)\", \"label\": \"charserial0\"}]"
    case "query-iothreads", "query-cpus-fast", "query-block", "qom-list", "query-named-block-nodes", "query-migrate-capabilities":
      answer = "[]"
    // A guest that knows no balloon keeps all its memory.
    case "query-balloon": answer = "{\"actual\": \(536_870_912)}"
    case "qmp_capabilities", "migrate-set-capabilities", "balloon": break
    case let other:
      let text = "The command \(other ?? "") has not been found"
      return ["{\"id\": \"\(id)\", \"error\": {\"class\": \"CommandNotFound\", \"desc\": \"\(text)\"}}"]
    }
    return before + ["{\"return\": \(answer), \"id\": \"\(id)\"}"]
  }

  func signal(_ signal: ProcessSignal) {
    guard end == nil else { return }
    isRunning = false
    output.append(LogLine("qemu-system-aarch64: terminating on signal 15 from pid 1 (libvirtd)"))
    events.append(#"{"event": "SHUTDOWN", "data": {"guest": false, "reason": "host-signal"}}"#)
    end = HypervisorEnd(layer: .libvirt)
  }

  func takeConsole(_ alias: String) -> [UInt8] { take(&console) }
  func type(_ bytes: [UInt8], into alias: String) { console += bytes }
  var cpuTime: UInt64 { 100_000_000 }
  var vcpuTimes: [UInt64] { [100_000_000, 0] }
}
