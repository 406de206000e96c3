/// The one door through which anything enters that does not follow from the actions.
///
/// While a session is recorded, what came through is taken from ``log``; while one is replayed, what was recorded waits in
/// ``supply`` and is used in its place. Two things come through: the random number inside an ECDSA signature, and what RNDR gives a
/// guest.
public struct EntropyDoor: Sendable {
  /// Recorded values still to be used, oldest first.
  public var supply: [[UInt8]] = []
  /// Values drawn since the log was last emptied.
  public var log: [[UInt8]] = []

  /// Where a guest's random numbers come from in a run that must follow from a seed; from the system without it.
  package var numbers: SeededNumbers?

  public init() {}

  /// A recorded value if one is waiting, else a new one from `make`.
  mutating func draw(_ make: () -> [UInt8]) -> [UInt8] {
    let value = supply.isEmpty ? make() : supply.removeFirst()
    log.append(value)
    return value
  }
}
