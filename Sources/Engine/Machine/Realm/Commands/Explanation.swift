/// Why a call answers what it answers: every condition in order, up to the one that decides.
public struct Explanation: Sendable {
  public var entry: CommandEntry
  /// The call with its arguments by name.
  public var call: String
  public var rows: [ConditionVerdict]
  /// The name of the condition that decides, or nil if the call would succeed.
  public var decidedBy: String?
  /// The status the call would answer.
  public var status: String
  /// The fields of structures in memory that the deciding condition looks at.
  public var fields: [FieldValue] = []
  /// RSI and PSCI need a REC that makes the call; false when there was none to take.
  public var hasCaller = true
}
