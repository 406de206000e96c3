import Basics
import Machine

/// What a statement was answered: what is shown, recorded, and compared with what is expected.
public struct Answer: Sendable {
  public enum Kind: Sendable {
    case registers
    /// An access that went through, or another thing that was done.
    case ok
    case gpf
    /// An exception in the Realm.
    case fault
    /// A guest keeps the PE, so the call has not returned.
    case running(Guest)
    /// The PE runs a guest, so its Host could not make the call.
    case busy(Guest)
    /// What a query has found that is no number, and what was not done, in words.
    case other(String)
  }
  /// What keeps a PE.
  public enum Guest: String, Sendable {
    case realm = "Realm"
    case vm = "VM"
    case partition
  }
  public var kind: Kind
  public var x: [UInt64]
  /// Which interface's codes X0 holds, if it holds one.
  package var interface: Interface?

  /// The code an expectation is compared with: X0, or the error of FFA_ERROR.
  package var code: UInt64? {
    guard interface == .ffa, x.count > 2, x[0] == FFA.error else { return x.first }
    return x[2]
  }

  /// The answer in words.
  public var text: String {
    switch kind {
    case .registers:
      guard let code else { return "nothing" }
      return interface.map { Names.status($0, code) } ?? hex(code)
    case .ok: return x.first.map { $0 == 0 ? "ok" : hex($0) } ?? "ok"
    case .gpf: return "gpf"
    case .fault: return "fault"
    case .running(.partition): return "running: the partition keeps the PE (secure.smc makes its calls)"
    case .busy(.partition):
      return "busy: this PE runs a partition, its Host cannot call (choose another with pe, or let it answer)"
    case .running(let guest): return "running: the \(guest.rawValue) keeps the PE (resume lets it go on)"
    case .busy(let guest):
      return "busy: this PE runs a \(guest.rawValue), its Host cannot call (choose another with pe, or resume)"
    case .other(let text): return text
    }
  }
}
