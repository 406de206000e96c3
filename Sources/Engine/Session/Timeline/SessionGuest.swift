import Basics
import Host
import Machine

/// The bytes guests sent to their UARTs, each with the step in which it did.
struct PrintedBytes: Sendable {
  /// Most bytes that are kept.
  static let limit = 1 << 22
  private static let notice = Array("\r\n[the console is full: what is printed from here on is not kept]\r\n".utf8)

  private(set) var bytes: [UInt8] = []
  private var steps: [UInt32] = []

  var count: Int { bytes.count }

  mutating func append(_ new: [UInt8], _ step: Int) {
    guard count < Self.limit else { return }
    let new = count + new.count < Self.limit ? new : new + Self.notice
    bytes += new
    steps += repeatElement(UInt32(clamping: step), count: new.count)
  }

  /// Those of later steps.
  func behind(step: Int) -> PrintedBytes {
    let count = count(upTo: step)
    var later = PrintedBytes()
    later.bytes = Array(bytes[count...])
    later.steps = Array(steps[count...])
    return later
  }

  /// Puts those of later steps behind it.
  mutating func append(_ later: PrintedBytes) {
    bytes += later.bytes
    steps += later.steps
  }

  /// Forgets all behind the first so many.
  mutating func keep(_ count: Int) {
    bytes.removeLast(self.count - count)
    steps.removeLast(steps.count - count)
  }

  mutating func setSteps(_ step: UInt32) { for index in steps.indices { steps[index] = step } }

  /// How many were sent up to a step: they are in the order of their steps.
  func count(upTo step: Int) -> Int { steps.partitionPoint { Int($0) > step } }
}

extension Session {
  /// What guests have printed up to where the session stands: every store to the UART's data register that came to
  /// the Host.
  public var console: [UInt8] { Array(printed.bytes[..<consoleCount]) }

  /// How many bytes that are.
  package var consoleCount: Int { printed.count(upTo: position) }

  /// Some of these bytes.
  public func console(_ range: Range<Int>) -> [UInt8] { Array(printed.bytes[range]) }

  /// Gives vCPUs another budget of instructions for each entry: for a run that is not recorded.
  public func setGuestBudget(_ budget: Int) {
    precondition(!keepsHistory && budget > 0, "a recording has the machine's own budget")
    machine.guestBudget = budget
  }

  /// The byte that the exit in a run granule carries to the UART, if it does.
  func consoleByte(_ run: UInt64) -> UInt8? {
    guard machine.exitReason(run) == .sync else { return nil }
    let exit = machine.exitRecord(run)
    let esr = exit[RmiRecExit.table.esr]
    guard Syndrome.ec(esr) == Syndrome.ecDataAbort, esr & Syndrome.isv != 0, Syndrome.isWrite(esr),
      exit[RmiRecExit.table.far] & 0xFFF == 0
    else { return nil }
    let width = machine.progress.vcpu.flatMap { machine.ipaWidth(of: $0) }
    guard GuestLayout.uarts(width: width).contains(exit[RmiRecExit.table.hpfar].bits(43, 4) << 12) else { return nil }
    return UInt8(truncatingIfNeeded: exit[RmiRecExit.table.gprs, 0])
  }

  /// The registers a vCPU has now, whether it has run or not, and what they were before it ran last; nil if there is no such vCPU.
  package func guest(_ vcpu: UInt64) -> (now: GuestRegisters, before: GuestRegisters?)? {
    guard let now = read({ $0.guestRegisters(vcpu) }) else { return nil }
    guard let last = lastGuest(), last.now.address == vcpu else { return (now, nil) }
    return (now, last.now == now ? last.before : last.now)
  }

  /// The function that an exit to the Host asks for, of a VM outside any Realm: nil if it is no such exit.
  package static func hostFunction(of exit: ExitFields) -> UInt64? {
    guard exit.reason == .sync, let esr = exit.fields.first(where: { $0.name == "esr" })?.value,
      [Syndrome.ecSMC, Syndrome.ecHVC].contains(Syndrome.ec(esr))
    else { return nil }
    return exit.fields.first { $0.name == "gpr0" }?.value ?? 0
  }

  /// Whether the guest that ran last is an ordinary VM, and has turned itself off.
  package var isVMOff: Bool {
    let first = max(machineStart(before: position), position - 4096)
    guard let step = steps.last(.guest, before: position), step >= first, steps[step].guest?.isInRealm == false
    else { return false }
    return steps[step].result.exit.flatMap(Self.hostFunction).map(Calls.name) == "PSCI_SYSTEM_OFF"
  }

  /// The registers of the vCPU that ran last, and what they were after the run before.
  package func lastGuest() -> (now: GuestRegisters, before: GuestRegisters?)? {
    var found: GuestRegisters?
    let first = max(machineStart(before: position), position - 4096)
    var next = position
    while let step = steps.last(.guest, before: next), step >= first {
      next = step
      guard let registers = steps[step].guest else { continue }
      guard let now = found else {
        found = registers
        continue
      }
      if registers.address == now.address { return (now, registers) }
    }
    return found.map { ($0, nil) }
  }
}
