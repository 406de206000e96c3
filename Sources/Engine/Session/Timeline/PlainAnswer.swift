import Machine

/// What a call to the RMM or an access of the Host's was answered, where that is all there is to say of it: it needs no memory of its own.
struct PlainAnswer {
  enum Kind {
    /// X0 to X17 of the Host, after a call.
    case registers
    /// A write went through.
    case done
    /// A read has found ``x``[0].
    case read
  }

  private(set) var kind = Kind.done
  private(set) var x = InlineArray<18, UInt64>(repeating: 0)

  /// How many of ``x`` are an answer's.
  var count: Int { kind == .registers ? 18 : 1 }
  /// X0 and up, filled to 18.
  var registers: [UInt64] { (0..<18).map { $0 < count ? x[$0] : 0 } }
  /// Whether a call was refused.
  var hasFailed: Bool { kind == .registers && x[0] != 0 }

  /// Takes what an action came to, a call of RMI or an access of the Normal world.
  ///
  /// - Returns: whether that is all there is to say of it.
  mutating func take(_ outcome: borrowing Outcome, _ machine: borrowing Machine) -> Bool {
    guard machine.observation.isPlain, machine.progress.vcpu == nil, machine.progress.run == nil, machine.entropy.log.isEmpty
    else { return false }
    return take(outcome)
  }

  /// The same, whatever else there is to say of it.
  mutating func take(_ outcome: borrowing Outcome) -> Bool {
    switch outcome {
    case .smc(.answer(let registers)):
      kind = .registers
      x = registers
    case .access(.ok):
      kind = .done
      x[0] = 0
    case .exited:
      kind = .done
      x[0] = 0
    case .access(.value(let value)):
      kind = .read
      x[0] = value
    default: return false
    }
    return true
  }
}
