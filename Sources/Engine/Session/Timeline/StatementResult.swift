import Basics
import Machine

/// What a statement did.
public struct StatementResult: Sendable {
  /// The answer `expect` is about; nil for statements that have none.
  public var answer: Answer?
  /// The world that made the call or the access.
  package var world: World?
  /// After a successful RMI_REC_ENTER.
  package var exit: ExitFields?
  /// Guest actions that completed inside it.
  package var guestResults: [GuestResult] = []
  /// What `print`, `echo` and a guest command print.
  public var text: String?
  /// What a query or a read found, as it answers it.
  public var found: String?
  /// What a guest has printed on the way, line by line; in brackets what happened outside of it.
  public var console: [String] = []
  /// Why it failed, where the answer does not say.
  public var reason: String?
  /// The function identifier of an SMC.
  public var fid: UInt64?
  /// The condition that decided, by name, outermost last.
  public var decisions: [Decision] = []

  /// Rules of the model that it has broken: it, or the state it came to.
  public internal(set) var broken: [InvariantViolation] = []

  /// The check or claim that decided about a token, or the condition that decided about a call it stood for.
  var failedCheck: String?
  /// Whether it stood for others and stopped before the last of them.
  package internal(set) var isStopped = false

  /// The condition that decided the call itself, not one that a guest made inside it.
  public var decidedBy: String? {
    guard let fid else { return failedCheck }
    return decisions.last { $0.hasDecided && UInt64($0.fid) == fid & 0xFFFF_FFFF & ~SMCCC.sveHint }?.id
  }

  /// Checks that are switched off and would have acted, by name, in the order in which they were met.
  public var overruled: [String] {
    var names: [String] = []
    for name in decisions.compactMap(\.overruledName) where !names.contains(name) { names.append(name) }
    return names
  }

  package init() {}
}

extension GuestResult {
  /// The line `--raw` prints.
  var rawLine: String {
    switch value {
    case .registers(let x): "guest-> " + (0...8).map { hex(x[$0]) }.joined(separator: " ")
    case .value(let value): "guest-> \(hex(value))"
    case .ok: "guest-> ok"
    case .retry: "guest-> retry"
    case .exception(let pc, let elr, let esr, let far, let spsr, let x0):
      "guest! pc=\(hex(pc)) elr_el1=\(hex(elr)) esr_el1=\(hex(esr)) far_el1=\(hex(far)) spsr_el1=\(hex(spsr)) x0=\(hex(x0))"
    }
  }

  /// As an answer an expectation can be compared with.
  var answer: Answer {
    switch value {
    case .registers(let x):
      let interface = action.kind == .smc ? Calls.called(action.x[0])?.interface : nil
      return Answer(kind: .registers, x: (0...8).map { x[$0] }, interface: interface)
    case .value(let value): return Answer(kind: .ok, x: [value])
    case .ok: return Answer(kind: .ok, x: [0])
    case .retry: return Answer(kind: .other("retry"), x: [])
    case .exception(let pc, let elr, let esr, let far, _, _): return Answer(kind: .fault, x: [pc, elr, esr, far])
    }
  }
}

extension ExitFields {
  /// `REASON name=value…`, every field that is not zero.
  package var rawText: String { ([reason.name] + fields.map { "\($0.name)=\(hex($0.value))" }).joined(separator: " ") }
}

extension StatementResult {
  /// What it printed, line by line.
  var printed: [String] { console + [text, found].compactMap(\.self) }

  /// The lines `--raw` prints for it.
  package var rawLines: [String] {
    var lines = console.map { "| \($0)" } + guestResults.map(\.rawLine)
    if let text { return lines + [text] }
    if let found { return lines + ["-> \(found)"] }
    guard let answer else { return lines }
    switch answer.kind {
    case .registers: lines.append("-> " + (0..<5).map { hex($0 < answer.x.count ? answer.x[$0] : 0) }.joined(separator: " "))
    default: lines.append("-> \(answer.text)")
    }
    if let exit { lines.append("exit \(exit.rawText)") }
    return lines
  }
}
