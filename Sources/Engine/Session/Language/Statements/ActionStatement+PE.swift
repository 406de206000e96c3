import Basics
import Machine

/// Processing elements: which one, its registers, and the vCPU that keeps it.
extension ActionStatement {
  static let peVerbs = [
    Verb("pe", "PE", 1...1, help: "which PE makes the next calls", examples: ["pe 1"]) { arguments throws(ScriptError) in
      ActionStatement(.selectPE(try pe(arguments)))
    },
    Verb("resume", "PE", 1...1, help: "a Realm, or a VM, that keeps its PE goes on", examples: ["resume 0"]) {
      arguments throws(ScriptError) in ActionStatement(.resume(try pe(arguments)))
    },
    Verb("idle", "TIME", 1...1, help: "the Host waits until the counter has this value", examples: ["idle 1000"]) {
      arguments throws(ScriptError) in ActionStatement(.idle(try arguments.number(0)))
    },
    Verb(
      "vm enter", "VCPU RUN", 2...2, help: "the Host enters a vCPU outside any Realm",
      details: "with the PE's VTTBR_EL2, VTCR_EL2 and HCR_EL2 ([Guests.md](Guests.md))",
      examples: ["vm enter 0x80110000 0x80111000"]
    ) { arguments throws(ScriptError) in
      ActionStatement(.enterVCPU(try arguments.number(0), run: try arguments.number(1)))
    },
    Verb(
      "sysreg", "NAME [VALUE]", 1...2, help: "reads or sets a register of the PE",
      details: ProcessingElement.registerNames.map { "`\($0)`" }.joined(separator: " "),
      examples: ["sysreg hcr_el2", "sysreg hcr_el2 0x80000000"]
    ) { arguments throws(ScriptError) in
      let name = arguments[0].text.lowercased()
      guard ProcessingElement.registerNames.contains(name) else {
        throw arguments.error(
          arguments[0],
          "unknown register \"\(shown(name))\"; expected one of \(ProcessingElement.registerNames.joined(separator: ", "))")
      }
      guard arguments.count == 2 else { return QueryStatement(.register(name)) }
      return ActionStatement(.setRegister(name, try arguments.number(1)))
    },
  ]

  private static func pe(_ arguments: Arguments) throws(ScriptError) -> Int {
    let value = try arguments.number(0)
    let most = MachineConfiguration.mostPEs
    guard value < UInt64(most) else { throw arguments.error(arguments[0], "there are at most \(most) PEs, 0 to \(most - 1)") }
    return Int(value)
  }
}
