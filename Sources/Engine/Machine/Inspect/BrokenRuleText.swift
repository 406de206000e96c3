import Basics

extension BrokenRule {
  /// How it is broken, in a sentence.
  package var detail: String {
    let address = hex(a)
    switch rule {
    case .isolation:
      let who = b & 0xFF == 0xFF ? "the device" : "the \(World(rawValue: UInt8(b & 0xFF))?.name ?? "?") world"
      return "\(who) \(b >> 8 & 1 == 1 ? "writes" : "reads") \(address), memory of another"
    case .leftovers: return "\(address) comes back to the Host with what it held"
    case .recEntry:
      let reasons = [
        "runs already", "belongs to a NEW Realm", "belongs to a Realm that is off", "is not runnable", "waits for PSCI_COMPLETE",
      ]
      return "REC \(address) is entered though it \(reasons[Int(min(b, UInt64(reasons.count - 1)))])"
    case .listRegisters: return "REC \(address) runs with gicv3_hcr or list registers that are not valid"
    case .mmioAnswer: return "the Host completes an instruction of REC \(address) that was no emulatable access"
    case .exitRecord:
      return
        "the Host reads \(b == 0 ? "the whole syndrome" : "\(b) register\(b == 1 ? "" : "s")") of REC \(address) without need"
    case .ripasConsent: return "RIPAS from IPA \(address) of \(hex(b)) changes without a request of the Realm"
    case .ripasAnswer: return "REC \(address) is told that its request was done, which the Host has rejected"
    case .ripasLoss: return "RAM at IPA \(address) of \(hex(b)) is taken, and the RIPAS still says RAM"
    case .rimTrue, .rimFrozen, .tlbClean: return address
    }
  }
}

extension Decision {
  /// What of the rules the action has broken.
  package var violation: InvariantViolation? {
    broken.map { InvariantViolation(rule: $0.rule.name.description, detail: $0.detail) }
  }
}
