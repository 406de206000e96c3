import Basics

extension Action {
  /// The action as a line of the script language, with numbers in place of a script's own names.
  public var scriptText: String {
    switch self {
    case .smc(let world, let x):
      var count = 1
      for n in 1..<18 where x[n] != 0 { count = n + 1 }
      let words = [Names.function(x[0])] + (1..<max(1, count)).map { hex(x[$0]) }
      let verb =
        switch world {
        case .normal, .root: "smc"
        case .secure: "secure.smc"
        case .realm: "realm.smc"
        }
      return ([verb] + words).joined(separator: " ")
    case .access(let access): return access.scriptText
    case .guest(let guest): return guest.scriptText
    case .guestClear: return "guest clear"
    case .assignGranule(let address, let gpi):
      let name =
        switch gpi {
        case .nonSecure: "nonsecure"
        case .secure: "secure"
        case .realm: "realm"
        case .root: "root"
        case .any, .noAccess: "any"
        }
      return "gpt.set \(hex(address)) \(name)"
    case .setRegister(let name, let value): return "sysreg \(name) \(hex(value))"
    case .selectPE(let pe): return "pe \(pe)"
    case .resume(let pe): return "resume \(pe)"
    case .guestPause(let instructions): return "guest pause \(instructions)"
    case .idle(let time): return "idle \(time)"
    case .enterVCPU(let vcpu, let run): return "vm enter \(hex(vcpu)) \(hex(run))"
    }
  }
}

extension MemoryAccess {
  var scriptText: String {
    let world =
      switch self.world {
      case .normal: "ns"
      case .secure: "secure"
      case .realm: "realm"
      case .root: "root"
      }
    switch kind {
    case .read64: return "\(world).read64 \(hex(address))"
    case .write64(let value): return "\(world).write64 \(hex(address)) \(hex(value))"
    case .write8(let value): return "\(world).write8 \(hex(address)) \(hex(UInt64(value)))"
    case .bytes(let bytes): return "\(world).write \(hex(address)) \(hexBytes(bytes))"
    case .fill(let length, let byte): return "\(world).fill \(hex(address)) \(hex(length)) \(hex(UInt64(byte)))"
    }
  }
}

extension GuestAction {
  var scriptText: String {
    func arguments(_ from: Int) -> String { (from..<max(from, count)).map { " " + hex(x[$0]) }.joined() }
    switch kind {
    case .smc:
      return "guest smc \(Names.function(x[0]))" + arguments(1)
    case .setsys, .getsys: return "guest \(kind) \(RealmRegister(number: x[0])?.name ?? "sp_el0")" + arguments(1)
    default: return "guest \(kind)" + arguments(0)
    }
  }
}
