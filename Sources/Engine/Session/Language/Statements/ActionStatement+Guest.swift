import Basics
import Machine

/// What is queued for a vCPU: it does so inside the next RMI_REC_ENTER.
extension ActionStatement {
  static let guestVerbs = [
    queued(
      "smc", .smc, "FID [A1 .. A17]", 1...18, "an SMC: RSI, PSCI or anything else", ["RSI_VERSION 0x10000", "0x12345678 1"]),
    queued("read64", .read64, "IPA", 1...1, "a load to X0, with its address in X1", ["0x1000"]),
    queued("write64", .write64, "IPA VALUE", 2...2, "a store of X0, with its address in X1", ["0x1000 5"]),
    queued("exec", .exec, "IPA", 1...1, "fetches an instruction", ["0x1000"]),
    queued("wfi", .wfi, "", 0...0, "this instruction", [""]),
    queued("wfe", .wfe, "", 0...0, "this instruction", [""]),
    queued("hvc", .hvc, "[IMM]", 0...1, "this instruction", ["", "5"]),
    queued("irq", .irq, "", 0...0, "an interrupt for the Host comes in", [""]),
    queued("fiq", .fiq, "", 0...0, "an FIQ comes in", [""]),
    queued("serror", .serror, "ESR", 1...1, "an SError with this syndrome", ["0xbe000000"]),
    queued("abort", .sync, "ESR FAR HPFAR", 3...3, "a synchronous exception to R-EL2 with this syndrome", ["0x92000007 0 0x10"]),
    queued(
      "sync", .sync, "ESR [FAR HPFAR]", 1...3, "a synchronous exception to R-EL2 with this syndrome",
      ["0x92000007 0 0x10", "0x1fe00000"], isRight: { $0 != 2 }),
    register("setreg", .setreg, "N VALUE", 2, 30, "sets X0 to X30", "3 0x17"),
    register("getreg", .getreg, "N", 1, 31, "reads X0 to X30; 31 is the pc", "31"),
    systemRegister("setsys", .setsys, "NAME VALUE", 2, "sets a system register, such as vbar_el1", "vbar_el1 0x1000"),
    systemRegister("getsys", .getsys, "NAME", 1, "reads a system register", "esr_el1"),
    queued("hold", .hold, "", 0...0, "keeps the PE: RMI_REC_ENTER does not return until resume", [""]),
    Verb(
      "guest pause", "INSTRUCTIONS", 1...1,
      help: "not queued: the next code that runs in a guest holds its PE after so many instructions, until resume",
      examples: ["guest pause 1000"]
    ) { arguments throws(ScriptError) in
      let most: UInt64 = 1 << 40
      let instructions = try arguments.number(0)
      guard instructions <= most else {
        throw arguments.error(arguments.verb, "guest pause takes up to \(most) instructions")
      }
      return ActionStatement(.guestPause(Int(instructions)))
    },
    Verb("guest clear", "", 0...0, help: "forgets what is queued", examples: ["guest clear"]) { _ in
      ActionStatement(.guestClear)
    },
  ]

  private static func queued(
    _ name: String, _ kind: GuestAction.Kind, _ form: String, _ count: ClosedRange<Int>, _ help: String, _ examples: [String],
    isRight: @escaping @Sendable (Int) -> Bool = { _ in true }
  ) -> Verb {
    Verb(
      "guest \(name)", form, count, help: help, examples: examples.map { "guest \(name) \($0)" }, isCall: kind == .smc
    ) { arguments throws(ScriptError) in
      guard isRight(arguments.count) else { throw arguments.expected() }
      return ActionStatement(.guest(GuestAction(kind, try arguments.numbers())))
    }
  }

  private static func register(
    _ name: String, _ kind: GuestAction.Kind, _ form: String, _ count: Int, _ last: UInt64, _ help: String, _ example: String
  ) -> Verb {
    Verb("guest \(name)", form, count...count, help: help, examples: ["guest \(name) \(example)"]) {
      arguments throws(ScriptError) in
      let x = try arguments.numbers()
      guard x[0] <= last else {
        throw arguments.error(
          arguments[0], "there is no register \(shown(arguments[0].text)); expected 0 to \(last)")
      }
      return ActionStatement(.guest(GuestAction(kind, x)))
    }
  }

  private static func systemRegister(
    _ name: String, _ kind: GuestAction.Kind, _ form: String, _ count: Int, _ help: String, _ example: String
  ) -> Verb {
    Verb("guest \(name)", form, count...count, help: help, examples: ["guest \(name) \(example)"]) {
      arguments throws(ScriptError) in
      guard let register = RealmRegister.named(arguments[0].text) else {
        throw arguments.error(
          arguments[0],
          "unknown register \"\(shown(arguments[0].text))\"; expected one of \(RealmRegister.allCases.map(\.name).joined(separator: ", "))"
        )
      }
      var x = [UInt64(register.number)]
      if count == 2 { x.append(try arguments.number(1)) }
      return ActionStatement(.guest(GuestAction(kind, x)))
    }
  }

  static func guestText(_ action: GuestAction) -> String {
    let first: String? =
      switch action.kind {
      case .smc: Names.function(action.x[0])
      case .setsys, .getsys: RealmRegister(number: action.x[0])?.rawValue ?? "sp_el0"
      default: action.count > 0 ? hex(action.x[0]) : nil
      }
    let others = (1..<max(1, action.count)).map { hex(action.x[$0]) }
    return (["guest", "\(action.kind)"] + (first.map { [$0] } ?? []) + others).joined(separator: " ")
  }
}
