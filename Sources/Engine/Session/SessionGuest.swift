/// A byte a guest sent to its UART, and the step in which it did.
public struct ConsoleByte: Sendable, Equatable {
  public internal(set) var step: Int
  public let byte: UInt8
}

extension Session {
  /// What guests have printed up to where the session stands: every store to the UART's data register that came to
  /// the Host.
  public var console: [UInt8] { printed.prefix { $0.step <= position }.map(\.byte) }

  /// How many bytes that are.
  public var consoleCount: Int {
    var (low, high) = (0, printed.count)
    while low < high {
      let middle = (low + high) / 2
      if printed[middle].step <= position { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Some of these bytes.
  public func console(_ range: Range<Int>) -> [UInt8] { printed[range].map(\.byte) }

  /// Gives vCPUs another budget of instructions for each entry: for a run that is not recorded.
  package func setGuestBudget(_ budget: Int) {
    precondition(!keepsHistory && budget > 0, "a recording has the machine's own budget")
    machine.guestBudget = budget
  }

  /// The byte an exit carries to the UART, if it does.
  static func consoleByte(_ result: StatementResult) -> UInt8? {
    guard let exit = result.exit, exit.reason == .sync else { return nil }
    func field(_ name: String) -> UInt64 { exit.fields.first { $0.name == name }?.value ?? 0 }
    let esr = field("esr")
    guard Syndrome.ec(esr) == Syndrome.ecDataAbort, esr & Syndrome.isv != 0, Syndrome.isWrite(esr),
      field("hpfar").bits(43, 4) << 12 == PL011.base, field("far") & 0xFFF == 0
    else { return nil }
    return UInt8(truncatingIfNeeded: field("gpr0"))
  }

  /// The registers of the vCPU that ran last, and what they were after the run before.
  public func lastGuest() -> (now: GuestRegisters, before: GuestRegisters?)? {
    var found: GuestRegisters?
    for step in stride(from: position, to: max(0, position - 4096), by: -1) {
      guard let registers = steps[step - 1].guest else { continue }
      guard let now = found else {
        found = registers
        continue
      }
      if registers.rec == now.rec { return (now, registers) }
    }
    return found.map { ($0, nil) }
  }
}
