import Basics

/// Turns registers into words, from the commands' declarations.
public enum Decoder {
  /// A call with its arguments by name: `RMI_GRANULE_DELEGATE addr=0x80001000`.
  package static func call(_ x: (Int) -> UInt64, count: Int = 18) -> String {
    let fid = x(0)
    guard let entry = Calls.called(fid) else {
      var highest = 0
      for n in 1..<count where x(n) != 0 { highest = n }
      return ([Calls.name(of: fid)] + (0..<highest).map { hex(x($0 + 1)) }).joined(separator: " ")
    }
    let arguments = entry.inputs.filter { $0.kind != .bytes || x($0.register) != 0 }.map {
      "\($0.name)=\(value(x($0.register), $0.kind))"
    }
    return ([entry.name] + arguments).joined(separator: " ")
  }

  static func value(_ value: UInt64, _ kind: Input.Kind) -> String {
    switch kind {
    case .level, .status: String(Int64(bitPattern: value))
    case .number, .size, .ripas: value < 10 ? String(value) : hex(value)
    default: hex(value)
    }
  }

  /// X0 in words and the outputs by name: `RMI_SUCCESS walk_level=0x3 state=0x1`.
  ///
  /// - Parameter isShort: RMI and RSI codes go without the interface.
  package static func answer(fid: UInt64?, _ x: [UInt64], isShort: Bool = false) -> String {
    guard let x0 = x.first else { return "" }
    if let fid, let entry = FFACalls.withFID(fid & 0xFFFF_FFFF) { return answer(of: entry, x) }
    guard let fid, let entry = Calls.called(fid) else {
      return x0 == UInt64.max ? "SMCCC_NOT_SUPPORTED" : hex(x0)
    }
    var parts = [
      entry.answersRevision ? "\(x0 >> 16).\(x0 & 0xFFFF)" : Names.status(entry.interface, x0, isShort: isShort)
    ]
    for output in entry.outputs where output.register < x.count && (x0 == 0 || x[output.register] != 0) {
      parts.append("\(output.name)=\(hex(x[output.register]))")
    }
    return parts.joined(separator: " ")
  }

  /// The answer to a call of FF-A: an error by its name, FFA_SUCCESS with the outputs, or what else the caller finds in its registers.
  private static func answer(of entry: CommandEntry, _ x: [UInt64]) -> String {
    if entry.interface == .ffa, x[0] == FFA.error, x.count > 2 {
      return "\(Names.status(.ffa, x[0])) \(Names.status(.ffa, x[2]))"
    }
    if entry.answersRevision, x[0] >> 31 == 0 { return "\(x[0] >> 16).\(x[0] & 0xFFFF)" }
    let name = FFA.name(x[0]).map { $0 } ?? Names.status(entry.interface, x[0])
    return ([name] + entry.outputs.filter { $0.register < x.count }.map { "\($0.name)=\(hex(x[$0.register]))" })
      .joined(separator: " ")
  }

  /// An exit record in words: as raw, but a PSCI function by its name and a syndrome explained.
  package static func exitText(_ exit: ExitFields) -> String {
    var parts = [exit.reason.name]
    for field in exit.fields {
      if exit.reason == .psci, field.name == "gpr0" {
        // The name of a function says whose it is.
        let name = Calls.name(of: field.value)
        if name.hasPrefix(exit.reason.name) { parts = [name] } else { parts.append(name) }
      } else if field.name == "esr" {
        parts.append("esr=\(hex(field.value)) (\(syndrome(field.value)))")
      } else {
        parts.append("\(field.name)=\(hex(field.value))")
      }
    }
    return parts.joined(separator: " ")
  }

  /// What a guest's action did.
  package static func guest(_ result: GuestResult) -> String {
    let action = action(result.action)
    switch result.value {
    case .registers(let x):
      if result.action.kind == .smc {
        return "guest \(action) => \(answer(fid: result.action.x[0], (0...8).map { x[$0] }))"
      }
      return "guest \(action) => handled, x0=\(hex(x[0]))"
    case .value(let value): return "guest \(action) => \(hex(value))"
    case .ok: return "guest \(action) => ok"
    case .retry: return "guest \(action) => retry"
    case .exception(let pc, _, 0, _, _, _):
      return "guest \(action) => control is at pc=\(hex(pc))"
    case .exception(let pc, _, let esr, let far, _, _):
      return "guest \(action) => fault pc=\(hex(pc)) esr_el1=\(hex(esr)) far_el1=\(hex(far))"
    }
  }

  /// A guest action as a script writes it.
  package static func action(_ action: GuestAction) -> String {
    func arguments(_ range: Range<Int>) -> String { range.map { " " + hex(action.x[$0]) }.joined() }
    switch action.kind {
    case .smc:
      guard Calls.called(action.x[0]) != nil else {
        return "smc \(Calls.name(of: action.x[0]))" + arguments(1..<max(1, action.count))
      }
      return call { $0 < action.count ? action.x[$0] : 0 }
    case .setsys, .getsys:
      let name = RealmRegister(number: action.x[0])?.name ?? "?"
      return "\(action.kind) \(name)" + arguments(1..<max(1, action.count))
    case .setreg, .getreg:
      return "\(action.kind) x\(action.x[0])" + arguments(1..<max(1, action.count))
    default: return "\(action.kind)" + arguments(0..<action.count)
    }
  }

  /// An exception syndrome in words: class and what matters of the rest.
  package static func syndrome(_ esr: UInt64) -> String {
    let level = esr & 3
    let status =
      switch esr & 0x3F {
      case 0x00...0x03: "address size fault, level \(level)"
      case 0x04...0x07: "translation fault, level \(level)"
      case 0x08...0x0B: "access flag fault, level \(level)"
      case 0x0C...0x0F: "permission fault, level \(level)"
      case 0x10: "external abort"
      case 0x28: "granule protection fault"
      case 0x2B: "translation fault, level -1"
      default: "status \(hex(esr & 0x3F))"
      }
    switch Syndrome.ec(esr) {
    case 0x00: return "Unknown reason"
    case Syndrome.ecWFx: return "trapped WFx"
    case Syndrome.ecHVC: return "HVC"
    case Syndrome.ecSMC: return "SMC"
    case Syndrome.ecSysreg: return "trapped system register"
    // One more: without a change of exception level.
    case Syndrome.ecInstructionAbort, Syndrome.ecInstructionAbort + 1: return "Instruction Abort, \(status)"
    case Syndrome.ecDataAbort, Syndrome.ecDataAbort + 1:
      return "Data Abort on \(Syndrome.isWrite(esr) ? "write" : "read"), \(status)"
    case 0x2F: return "SError"
    default: return "class \(hex(Syndrome.ec(esr)))"
    }
  }
}
