/// A guest under a debugger: its vCPUs, their registers and memory, places to stop at, and going on in both directions.
///
/// vCPUs are numbered from 0. Only one runs at a time; the others stand where they were.
package protocol DebugTarget: AnyObject {
  /// How many vCPUs there are.
  var vcpuCount: Int { get }
  /// Whether a vCPU has been turned on and not off again.
  func isOn(_ vcpu: Int) -> Bool
  /// The vCPU that ran last, or will run next.
  var current: Int { get }
  func registers(_ vcpu: Int) -> GuestRegisters
  /// X0 to X30 are 0 to 30, 31 SP, 32 the pc, 33 PSTATE. False if it cannot be done.
  func setRegister(_ vcpu: Int, _ number: Int, _ value: UInt64) -> Bool
  /// V0 to V31, the low half of each first, then FPCR and FPSR.
  func vectors(_ vcpu: Int) -> [UInt64]
  /// What its system registers are called, in the order of ``systemRegisters(_:)``.
  var systemRegisterNames: [String] { get }
  func systemRegisters(_ vcpu: Int) -> [UInt64]
  /// Ranges of virtual addresses at which the vCPU finds memory, in their order.
  func mappings(_ vcpu: Int) -> [DebugMapping]
  /// Bytes at a virtual address as the vCPU would read them; shorter where a page is missing, empty if the first is.
  func read(_ vcpu: Int, _ address: UInt64, _ count: Int) -> [UInt8]
  func write(_ vcpu: Int, _ address: UInt64, _ bytes: [UInt8]) -> Bool
  /// Places to stop at, for all vCPUs. Setting the property replaces them.
  var points: [DebugPoint] { get set }
  /// One instruction of one vCPU.
  func step(_ vcpu: Int) -> DebugStop
  /// Goes on until something stops it, or until about `limit` instructions have been executed: then nil, and it may be called again.
  func goOn(limit: Int) -> DebugStop?
  /// The state before the last instruction.
  func stepBack() -> DebugStop
  /// Back to the last place before that would have stopped it, or to the beginning.
  func goBack() -> DebugStop
  /// Asked again and again while something takes long: whether the debugger wants it to end.
  var isInterrupted: () -> Bool { get set }
  /// After a way back that was cut short: the state before it.
  func settle()
  /// How many bytes the guest has printed up to now.
  var consoleCount: Int { get }
  /// What it has printed behind the first so many bytes, as far as it is kept.
  func console(from start: Int) -> ArraySlice<UInt8>
  /// A line for `monitor TEXT`: its answer.
  func monitor(_ text: String) -> String
}

package enum DebugPoint: Hashable, Sendable {
  /// Before the instruction at a virtual address.
  case execute(UInt64)
  /// After an instruction that wrote, read, or did either with a byte of a range of virtual addresses.
  case write(UInt64, count: UInt64)
  case read(UInt64, count: UInt64)
  case access(UInt64, count: UInt64)

  /// The first address of it.
  package var address: UInt64 {
    switch self {
    case .execute(let address), .write(let address, _), .read(let address, _), .access(let address, _): address
    }
  }
}

/// Virtual addresses that lead to memory.
package struct DebugMapping: Equatable, Sendable {
  package var range: Range<UInt64>
  package var isWritable: Bool
  package var isExecutable: Bool

  package init(range: Range<UInt64>, isWritable: Bool, isExecutable: Bool) {
    (self.range, self.isWritable, self.isExecutable) = (range, isWritable, isExecutable)
  }
}

package enum DebugStop: Equatable, Sendable {
  /// The instruction was executed (a step), or taken back.
  case stepped
  case point(DebugPoint)
  /// For a watchpoint: which one, and the address that was accessed.
  case watched(DebugPoint, address: UInt64)
  /// Something else it was to stop at: what has come about.
  case event(String)
  /// Going back ended at the beginning.
  case beginning
  case poweredOff
  case reset
  /// Somebody wanted it to end.
  case interrupted
  /// Nothing could let it go on: why.
  case failed(String)
}
