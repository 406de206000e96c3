import Basics
import Machine

/// One action of the machine: the only statement that is a step of a recording, beside a fresh machine.
package struct ActionStatement: Statement {
  let done: Action
  /// What is odd about the arguments of a call, for whoever has written it.
  package let doubt: String?

  init(_ action: Action, doubt: String? = nil) {
    done = action
    self.doubt = doubt
  }

  package static func == (a: Self, b: Self) -> Bool { a.done.isSame(as: b.done) }

  package var action: Action? { done }
  package var text: String { done.scriptText }

  /// What is queued is answered later: `guest expect` is about it.
  package var isExpectable: Bool {
    switch done {
    case .guest, .guestClear: false
    default: true
    }
  }

  package func perform(in runner: ScriptRunner, at line: ScriptLine) throws(ScriptError) -> StatementResult? {
    try runner.perform(done, at: line)
  }

  package func events(in runner: ScriptRunner) -> [Event] { runner.session.read { $0.events } }
}

extension Action {
  /// The action as a line of the script language, with numbers in place of a script's own names.
  package var scriptText: String {
    switch self {
    case .smc(let world, let x): ActionStatement.callText(world, x)
    case .access(let access): ActionStatement.accessText(access)
    case .guest(let guest): ActionStatement.guestText(guest)
    case .guestClear: "guest clear"
    case .guestPause(let instructions): "guest pause \(instructions)"
    case .assignGranule(let address, let gpi): "gpt.set \(hex(address)) \(ActionStatement.name(gpi))"
    case .setRegister(let name, let value): "sysreg \(name) \(hex(value))"
    case .selectPE(let pe): "pe \(pe)"
    case .resume(let pe): "resume \(pe)"
    case .switches(let switches, let isOff): "\(isOff ? "without" : "with") \(switches.text)"
    case .idle(let time): "idle \(time)"
    case .enterVCPU(let vcpu, let run): "vm enter \(hex(vcpu)) \(hex(run))"
    }
  }

  /// Whether it does the same; which statement queued it does not matter.
  func isSame(as other: Action) -> Bool {
    switch (self, other) {
    case (.smc(let world, let x), .smc(let otherWorld, let y)): world == otherWorld && x.indices.allSatisfy { x[$0] == y[$0] }
    case (.access(let a), .access(let b)): a == b
    case (.guest(let a), .guest(let b)):
      a.kind == b.kind && a.count == b.count && (0..<a.count).allSatisfy { a.x[$0] == b.x[$0] }
    case (.guestClear, .guestClear): true
    case (.guestPause(let a), .guestPause(let b)): a == b
    case (.assignGranule(let a, let gpi), .assignGranule(let b, let other)): a == b && gpi == other
    case (.setRegister(let name, let a), .setRegister(let other, let b)): name == other && a == b
    case (.selectPE(let a), .selectPE(let b)), (.resume(let a), .resume(let b)): a == b
    case (.switches(let a, let isOff), .switches(let b, let other)): a == b && isOff == other
    case (.idle(let a), .idle(let b)): a == b
    case (.enterVCPU(let a, let run), .enterVCPU(let b, let other)): a == b && run == other
    default: false
    }
  }
}
