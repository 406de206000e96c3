import Basics

/// Something a Realm's vCPU does, before there is code for it: one instruction, or one thing done to it from outside.
public struct GuestAction: Sendable {
  public enum Kind: UInt8, Sendable {
    case smc, read64, write64, exec, wfi, wfe, hvc, irq, fiq, serror, sync, setreg, getreg, setsys, getsys, hold
  }
  public var kind: Kind
  /// Arguments: for `smc` X0…; otherwise in the order of the script's words.
  public var x = InlineArray<18, UInt64>(repeating: 0)
  /// How many of them were given.
  public var count: Int
  /// Which statement queued it, for its expectations.
  package var tag: Int = 0

  public init(_ kind: Kind, _ arguments: [UInt64] = []) {
    self.kind = kind
    count = min(arguments.count, 18)
    for (n, value) in arguments.prefix(18).enumerated() { x[n] = value }
  }

  func digest(_ seed: UInt64) -> UInt64 {
    var hash = mix(seed ^ UInt64(kind.rawValue) ^ UInt64(count) << 8)
    for n in 0..<count { hash = mix(hash ^ x[n]) }
    return hash
  }
}

/// What a queued action did.
package struct GuestResult: Sendable {
  package enum Value: Sendable {
    /// X0 to X8 after a call, or after a trapped access was handled.
    case registers(InlineArray<9, UInt64>)
    case value(UInt64)
    case ok
    /// It did not complete and is not repeated.
    case retry
    /// Control went elsewhere.
    case exception(pc: UInt64, elr: UInt64, esr: UInt64, far: UInt64, spsr: UInt64, x0: UInt64)
  }
  package var value: Value
  package var action: GuestAction
  /// The REC it ran in.
  package var rec: UInt64
  /// The condition that decided it, if it was a call that was refused.
  package var decidedBy: String?

  package init(value: Value, action: GuestAction, rec: UInt64, decidedBy: String? = nil) {
    self.value = value
    self.action = action
    self.rec = rec
    self.decidedBy = decidedBy
  }
}

/// The machine's one queue of guest actions, first in first out, used by whichever REC runs.
///
/// It is in pieces, so that a copy, such as a checkpoint has one, shares all of them but the last and costs no more when it changes.
package struct GuestQueue: Sendable {
  /// Most actions that wait.
  package static let limit = 1 << 16
  private static let pieceSize = 64
  /// All but the last are full.
  private var pieces: [[GuestAction]] = []
  /// How many of the first piece are done.
  private var head = 0
  /// An instruction that left the Realm, with the REC and the pc it left from.
  package struct Departure: Sendable {
    var rec: UInt64
    package var action: GuestAction
    var pc: UInt64
  }
  /// The action that is done, or that was done last; an action is large and is not moved about. If it left the Realm, with where from:
  /// most are judged before another REC has one.
  private var latest = Departure(rec: 0, action: GuestAction(.wfi), pc: 0)
  private var hasLeft = false
  /// Those of other RECs.
  private var others: [UInt64: Departure] = [:]
  /// Tags of actions that had left a REC when it was destroyed; the first of them.
  package private(set) var forgotten: Set<Int> = []
  private static let forgottenLimit = 1000

  package var count: Int { pieces.isEmpty ? 0 : (pieces.count - 1) * Self.pieceSize + pieces[pieces.count - 1].count - head }
  package var pending: some Sequence<GuestAction> { pieces.joined().dropFirst(head) }

  /// False if it is full.
  mutating func append(_ action: GuestAction) -> Bool {
    guard count < Self.limit else { return false }
    if pieces.last.map({ $0.count == Self.pieceSize }) ?? true { pieces.append([]) }
    pieces[pieces.count - 1].append(action)
    return true
  }

  /// What ``advance()`` or ``arrive(_:)`` has found.
  @inline(__always) var current: GuestAction { latest.action }

  /// Goes on to the next action. False: none waits.
  mutating func advance() -> Bool {
    guard !pieces.isEmpty, head < pieces[0].count else { return false }
    if hasLeft { putAside() }
    latest.action = pieces[0][head]
    head += 1
    if head == pieces[0].count { dropPiece() }
    return true
  }

  mutating func clear() {
    if pieces.count > 1 { pieces.removeLast(pieces.count - 1) }
    if !pieces.isEmpty { dropPiece() }
  }

  /// Forgets the first piece; the storage of the only one is used again.
  private mutating func dropPiece() {
    if pieces.count == 1 { pieces[0].removeAll(keepingCapacity: true) } else { pieces.removeFirst() }
    head = 0
  }

  /// Notes that the current action has left a REC.
  @inline(__always) mutating func depart(_ rec: UInt64, _ pc: UInt64) {
    latest.rec = rec
    latest.pc = pc
    hasLeft = true
  }

  /// The same of any action.
  mutating func depart(_ rec: UInt64, _ action: GuestAction, _ pc: UInt64) {
    if hasLeft { putAside() }
    latest.action = action
    depart(rec, pc)
  }

  @inline(never) private mutating func putAside() {
    others[latest.rec] = latest
    hasLeft = false
  }

  /// Makes what a REC left with the current action. Returns the pc it left from, which is forgotten here; nil: it left with none.
  @inline(__always) mutating func arrive(_ rec: UInt64) -> UInt64? {
    if hasLeft, latest.rec == rec {
      hasLeft = false
      return latest.pc
    }
    guard !others.isEmpty, let departure = others.removeValue(forKey: rec) else { return nil }
    if hasLeft { putAside() }
    latest = departure
    return departure.pc
  }

  mutating func forget(_ rec: UInt64) {
    guard arrive(rec) != nil else { return }
    if forgotten.count < Self.forgottenLimit { forgotten.insert(current.tag) }
  }

  /// Whether any departure is still to be judged.
  @inline(__always) var hasDepartures: Bool { hasLeft || !others.isEmpty }

  /// Every departure that is still to be judged, by REC.
  package var departures: [Departure] {
    var all = Array(others.values)
    if hasLeft { all.append(latest) }
    return all.sorted { $0.rec < $1.rec }
  }

  /// Calls `body` with each of them, by REC.
  func forEachDeparture(_ body: (borrowing Departure) -> Void) {
    guard !others.isEmpty else {
      if hasLeft { body(latest) }
      return
    }
    for departure in departures { body(departure) }
  }

  func digest() -> UInt64 {
    var hash: UInt64 = 1
    if count > 0 { for action in pending { hash = action.digest(hash) } }
    forEachDeparture { hash = $0.action.digest(mix(hash ^ $0.rec ^ mix($0.pc))) }
    return hash
  }

  /// Becomes what another queue is. Storage is not given up where both are without something.
  @inline(__always) mutating func goBack(to old: GuestQueue) {
    if count > 0 || old.count > 0 {
      pieces = old.pieces
      head = old.head
    }
    if hasLeft || old.hasLeft { latest = old.latest }
    hasLeft = old.hasLeft
    if !others.isEmpty || !old.others.isEmpty { others = old.others }
    if !forgotten.isEmpty || !old.forgotten.isEmpty { forgotten = old.forgotten }
  }
}
