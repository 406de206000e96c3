import Basics

/// The one door through which anything enters that does not follow from the actions.
///
/// While a session is recorded, what came through is taken from ``log``; while one is replayed, what was recorded waits in
/// ``supply`` and is used in its place. Two things come through: ECDSA signatures, which follow from key and message here and need not
/// where they were recorded, and what RNDR gives a guest.
public struct EntropyDoor: Sendable {
  /// Recorded values still to be used, oldest first.
  public var supply: [[UInt8]] {
    get { Array(recorded[used...]) }
    set { (recorded, used) = (newValue, 0) }
  }
  private var recorded: [[UInt8]] = []
  /// How many of them have been used.
  private var used = 0
  /// Values drawn since the log was last emptied.
  public var log: [[UInt8]] = []

  /// Where a guest's random numbers come from in a run that must follow from a seed; from the system without it.
  package var numbers: SeededNumbers?

  public init() {}

  /// Most values one action draws for a guest: RNDR fails from there on, as the architecture lets it.
  static let drawLimit = 4096

  /// Whether a guest's RNDR still gets a number in this action.
  var hasMore: Bool { log.count < Self.drawLimit }

  /// The recorded value that comes next, if one is waiting.
  var next: [UInt8]? { used < recorded.count ? recorded[used] : nil }

  /// Passes over a recorded value that fits nothing.
  mutating func skip() { used += 1 }

  /// A recorded value if one is waiting, else a new one from `make`.
  mutating func draw(_ make: () -> [UInt8]) -> [UInt8] {
    let value: [UInt8]
    if let next {
      value = next
      used += 1
    } else {
      value = make()
    }
    log.append(value)
    return value
  }
}
