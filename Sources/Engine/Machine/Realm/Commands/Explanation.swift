/// Why a call answers what it answers: every condition in order, up to the one that decides.
public struct Explanation: Sendable {
  /// What is called; nil for an access to memory.
  package var entry: CommandEntry?
  /// Where the rules stand.
  package var section: String
  /// The step of a session it explains, from 1; nil for a call that is not made yet.
  package var step: Int?
  /// The call with its arguments by name, or the access in words.
  public var call: String
  public var rows: [ConditionVerdict]
  /// The name of the condition that decides, or nil if the call succeeds.
  public var decidedBy: String?
  /// The status the call would answer.
  public var status: String
  /// What is hardly meant, though no condition refuses it.
  package var caveat: String?
  /// The fields of structures in memory that the deciding condition looks at.
  package var fields: [FieldValue] = []
  /// What the deciding condition looked at.
  package var subjects: [ConditionSubject] = []
  /// RSI and PSCI need a REC that makes the call; false when there was none to take.
  package var hasCaller = true
}

/// A place a failure condition looks at: what happened to it says how the condition came to decide.
package enum ConditionSubject: Sendable, Equatable {
  /// The state and the PAS of a granule.
  case granule(UInt64)
  /// The life cycle of a Realm, by its RD.
  case realm(UInt64)
  /// The entry of an RTT, by its own address.
  case entry(UInt64)
  /// A field of a structure in the Host's memory.
  case field(FieldPlace)
  /// A field of what the RMM keeps in an RD or a REC.
  case kept(FieldPlace)
}
