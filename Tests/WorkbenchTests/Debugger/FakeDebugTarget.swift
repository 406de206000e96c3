import Engine

@testable import Attestation
@testable import Host
@testable import Machine
@testable import Session
@testable import Workbench

/// A guest made up for the server: 64 bytes of memory at 0x1000, and code without end. Each instruction counts X0 up; the one at
/// 0x10 stores X0 at 0x1008, the one at 0x20 loads from there, the one at 0x30 prints, and 0x40 turns the guest off.
final class FakeDebugTarget: DebugTarget {
  private struct State {
    var current = 0
    var registers = [[UInt64]](repeating: [UInt64](repeating: 0, count: 33) + [0x1_0000_03C5], count: 3)
    var memory = [UInt8](repeating: 0, count: 64)
    var console: [UInt8] = []
  }

  private var state = State()
  private var history: [State] = []
  var points: [DebugPoint] = []
  /// Whether the code goes back to the beginning instead of ending.
  var isEndless = false
  /// What the next instruction comes to instead.
  var surprise: DebugStop?

  var on: Set = [0]
  let vcpuCount = 3
  var current: Int { state.current }
  var consoleCount: Int { state.console.count }
  func console(from start: Int) -> ArraySlice<UInt8> { state.console[min(start, state.console.count)...] }
  func isOn(_ vcpu: Int) -> Bool { on.contains(vcpu) }

  func registers(_ vcpu: Int) -> GuestRegisters {
    let values = state.registers[vcpu]
    return GuestRegisters(address: 0, x: Array(values[..<31]), sp: values[31], pc: values[32], pstate: values[33])
  }

  var isInterrupted: () -> Bool = { false }
  private(set) var settled = 0
  func settle() { settled += 1 }

  func vectors(_ vcpu: Int) -> [UInt64] { (0..<64).map { UInt64($0) << 8 } + [0xF0, 0x0F] }
  let systemRegisterNames = ["SCTLR_EL1", "TTBR0_EL1"]
  func systemRegisters(_ vcpu: Int) -> [UInt64] { [0x30D0_0801, 0x8000_0000] }
  func mappings(_ vcpu: Int) -> [DebugMapping] {
    [
      DebugMapping(range: 0x1000..<0x1040, isWritable: true, isExecutable: false),
      DebugMapping(range: 0..<0x44, isWritable: false, isExecutable: true),
    ]
  }

  func setRegister(_ vcpu: Int, _ number: Int, _ value: UInt64) -> Bool {
    guard number != 5 else { return false }
    state.registers[vcpu][number] = value
    return true
  }

  private func range(_ address: UInt64, _ count: Int) -> Range<Int> {
    guard (0x1000..<0x1040).contains(address) else { return 0..<0 }
    return Int(address - 0x1000)..<min(64, Int(address - 0x1000) + count)
  }

  func read(_ vcpu: Int, _ address: UInt64, _ count: Int) -> [UInt8] { Array(state.memory[range(address, count)]) }

  func write(_ vcpu: Int, _ address: UInt64, _ bytes: [UInt8]) -> Bool {
    let range = range(address, bytes.count)
    guard range.count == bytes.count else { return false }
    state.memory.replaceSubrange(range, with: bytes)
    return true
  }

  private func watched(_ isWrite: Bool) -> DebugStop {
    for point in points {
      switch point {
      case .write(let start, let count) where isWrite, .read(let start, let count) where !isWrite, .access(let start, let count):
        if start < 0x1010, start + count > 0x1008 { return .watched(point, address: 0x1008) }
      default: break
      }
    }
    return .stepped
  }

  func step(_ vcpu: Int) -> DebugStop {
    if let surprise { return surprise }
    let pc = state.registers[vcpu][32]
    history.append(state)
    guard pc != 0x40 else { return .poweredOff }
    state.current = vcpu
    state.registers[vcpu][0] &+= 1
    state.registers[vcpu][32] = isEndless ? (pc &+ 4) % 0x30 : pc &+ 4
    if pc == 0x10 { state.memory[8] = UInt8(truncatingIfNeeded: state.registers[vcpu][0]) }
    if pc == 0x30 { state.console += Array("hi\u{1B}\r\n".utf8) }
    return pc == 0x10 || pc == 0x20 ? watched(pc == 0x10) : .stepped
  }

  private var here: DebugPoint? {
    let point = DebugPoint.execute(state.registers[current][32])
    return points.contains(point) ? point : nil
  }

  func goOn(limit: Int) -> DebugStop? {
    for _ in 0..<limit {
      let stop = step(current)
      if stop != .stepped { return stop }
      if let here { return .point(here) }
    }
    return nil
  }

  func stepBack() -> DebugStop {
    guard !isInterrupted() else { return .interrupted }
    guard let last = history.popLast() else { return .beginning }
    state = last
    return .stepped
  }

  func goBack() -> DebugStop {
    while true {
      let back = stepBack()
      guard back == .stepped else { return back }
      if let here { return .point(here) }
      guard let pc = history.last?.registers[current][32], pc == 0x10 || pc == 0x20 else { continue }
      let stop = watched(pc == 0x10)
      if stop != .stepped { return stop }
    }
  }

  func monitor(_ text: String) -> String { text == "nothing" ? "" : String(repeating: text, count: 3) }
}
