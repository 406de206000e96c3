import Basics

extension Machine {
  /// Evaluates the conditions of a call of the Secure world's interfaces in the present state, changing nothing.
  ///
  /// - Parameters:
  ///   - x: X0 to X17 of the caller.
  ///   - caller: who calls, by ``FFAEndpointIndex``.
  package func explain(_ entry: CommandEntry, _ x: InlineArray<18, UInt64>, caller: Int) -> Explanation {
    var call = Call()
    call.rec = UInt64(caller)
    let mask: UInt64 = entry.interface == .platform || x[0] & SMCCC.smc64 != 0 ? ~0 : 0xFFFF_FFFF
    for n in 0..<8 { call.x[n] = x[n] & mask }
    return explanation(entry, &call)
  }
}
