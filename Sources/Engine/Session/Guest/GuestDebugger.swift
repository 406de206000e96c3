import Basics
import Host
import Machine

/// A guest under a debugger, in a session that is recorded. The debugger only has the Host enter the guest, for as long as wanted, so a
/// recording is replayed without it.
///
/// Going back restores the session and what the hypervisor knew before an entry, and runs that entry again up to the instruction. The
/// entropy of that time comes again. Registers and memory are only read, unless ``allowsWrites``: nobody may write those of a Realm.
package final class GuestDebugger: DebugTarget {
  let session: Session
  package let vm: RealmVM
  package var points: [DebugPoint] = []
  /// What else stops it.
  package var events: Set<DebugEvent> = []
  package internal(set) var current = 0
  /// The first step that the last command made new in the session; nil if it made none.
  package internal(set) var firstNewStep: Int?
  /// How the guest has ended, if it has.
  package internal(set) var ending: RealmVM.Ending?
  /// Whether registers and memory may be written: see ``write(_:_:_:)``.
  package var allowsWrites = false
  /// Whether the last command that moved the guest moved it forward.
  var hasGoneOn = false
  /// Hears what was written, in words.
  package var onWrite: (String) -> Void = { _ in }
  /// How often the last command that was to be repeated was done.
  var timesDone = 0
  /// Why the last command was cut short, if it was.
  var halt: Halt?
  /// Where the session and the hypervisor stood before the last entries; those before follow from the session's notes.
  private(set) var trail: [Place] = []
  private var trailBytes = 0
  /// Most bytes of the trail; when it has them, the first half of it is forgotten.
  static let trailLimit = 64 << 20

  /// What somebody types into the guest: it goes there before an entry, as the UART has room.
  package var typing: [UInt8] = []
  /// Most bytes of it.
  package static let mostTyping = 1 << 16
  /// When, as its counter has it, the next of it is typed, if its vCPUs wait until then.
  package var typingTime: UInt64?

  /// What was typed behind the place one has gone back to: it is typed again when the guest is there, unless somebody types anything else.
  var retyping: [Retyping] = []

  struct Retyping {
    var bytes: [UInt8]
    /// As ``typingTime``.
    var time: UInt64?
    /// The guest is there at this step,
    var position: Int
    /// or, if that is known, at this time and with so many exits behind it: steps are others where somebody stops it otherwise.
    var moment: (time: UInt64, exits: Int)?
  }

  struct Place {
    var position: Int
    /// The guest's counter.
    var time: UInt64
    var host: RealmVM.Snapshot
    /// What was typed before the entry.
    var typed: [UInt8] = []
    var typedTime: UInt64?
    var bytes: Int
  }

  package enum Halt: Equatable, Sendable {
    /// Somebody wanted it to end.
    case interrupted
    /// The same, in the middle of the way back: the session stands between two places of the trail.
    case interruptedOnTheWay
    /// There is no room for more: why.
    case exhausted(String)
  }

  /// - Parameter vm: one that was built. If it has run, one cannot go back from here.
  package init(_ session: Session, _ vm: RealmVM) {
    precondition(session.keepsHistory, "a debugger goes back")
    self.session = session
    self.vm = vm
  }

  package var vcpuCount: Int { vm.vcpus.count }
  package func isOn(_ vcpu: Int) -> Bool { vm.vcpus[vcpu].isOn }
  package var consoleCount: Int { vm.uart.count }
  package func console(from start: Int) -> ArraySlice<UInt8> { vm.uart.bytes(from: start) }

  package func registers(_ vcpu: Int) -> GuestRegisters {
    let place = vm.vcpus[vcpu].address
    return session.read { $0.guestRegisters(place) }
      ?? GuestRegisters(address: place, isInRealm: vm.isRealm, x: Array(repeating: 0, count: 31), sp: 0, pc: 0, pstate: 0)
  }

  package func read(_ vcpu: Int, _ address: UInt64, _ count: Int) -> [UInt8] {
    let place = vm.vcpus[vcpu].address
    return session.read { $0.guestBytes(place, address, count) }
  }

  func leaveTrail() { leaveTrail(at: session.position, vm.snapshot) }

  /// - Parameter time: the guest's counter there; what it is now without it.
  func leaveTrail(
    at position: Int, _ host: RealmVM.Snapshot, time: UInt64? = nil, typed: (bytes: [UInt8], time: UInt64?)? = nil
  ) {
    let place = Place(
      position: position, time: time ?? session.now, host: host, typed: typed?.bytes ?? [], typedTime: typed?.time,
      bytes: host.cost(after: trail.last?.host)
    )
    trail.append(place)
    trailBytes += place.bytes
    if trailBytes > Self.trailLimit { setTrail(trail.suffix(trail.count - trail.count / 2)) }
  }

  /// Before the entry that the trail ends with, this was typed.
  func noteTyped(_ bytes: some Collection<UInt8>, at time: UInt64?) {
    trail[trail.count - 1].typed = Array(bytes)
    trail[trail.count - 1].typedTime = time
  }

  func setTrail(_ places: some Sequence<Place>) {
    trail = Array(places)
    trailBytes = trail.reduce(0) { $0 + $1.bytes }
  }

  func shortenTrail(to count: Int) {
    for place in trail[count...] { trailBytes -= place.bytes }
    trail.removeLast(trail.count - count)
  }

  /// Whether the command is to be cut short here: what it has done so far stays.
  func halts() -> DebugStop? {
    if let why = session.exhaustion {
      halt = .exhausted(why)
      return .failed(why)
    }
    guard session.isInterrupted() else { return nil }
    return interrupted(.interrupted)
  }

  func interrupted(_ how: Halt) -> DebugStop {
    halt = how
    return .interrupted
  }

  package var isInterrupted: () -> Bool {
    get { session.isInterrupted }
    set { session.isInterrupted = newValue }
  }

  /// Where the session stood when the last way back began, and what was to be typed again; the trail there, once it is another.
  var cameFrom = 0
  var cameBy: [Place]?
  var cameWith: [Retyping] = []

  package func settle() { if halt == .interruptedOnTheWay { session.seek(cameFrom) } }

  /// Begins a command.
  func begin() {
    firstNewStep = nil
    halt = nil
    cameBy = nil
  }
}
