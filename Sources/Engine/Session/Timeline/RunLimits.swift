import Basics
import Machine

/// What a run may use up: a script may be a stranger's, and has to end.
public struct RunLimits: Sendable {
  /// Files that are included, in all.
  public var includes = 1_000
  /// Lines of included files: a file may be included again and again.
  public var includedLines = 500_000
  /// Bytes of these lines.
  public var includedBytes = 64 << 20
  /// Fresh machines: `machine`, `case`, `boot` and `debug`.
  public var machines = 20_000
  /// What is done to machines, and what is done again on the way to another step.
  public var steps = 750_000
  /// Instructions of guests, and what takes as long as so many: see ``rareCost``, ``exceptionCost``, ``signatureCost``, ``entryCost``.
  public var instructions: UInt64 = 1_000_000_000
  /// Instructions that one counts for, beside itself, which the fast engine leaves to the reference engine, or has to find or decode; one that is
  /// compiled counts twice.
  static let rareCost: UInt64 = 20
  /// Instructions that an exception counts for: about as many are executed in the time it takes.
  static let exceptionCost: UInt64 = 256
  /// Instructions that an entry of a vCPU with code counts for, and what its Host does for its exit.
  static let entryCost: UInt64 = 4096
  /// Instructions that a step of a machine of the lab counts for, after which every rule is looked at, for each 64 pages with contents.
  static let rulesCost: UInt64 = 4096
  /// Instructions that one counts for while a debugger looks for places to stop at.
  static let debuggedCost: UInt64 = 5
  /// Instructions that the signature of a token counts for.
  static let signatureCost: UInt64 = 300_000
  /// Instructions that a name counts for which `symbols` reads from an image.
  static let nameCost: UInt64 = 256
  /// `token verify` and `token appraise`.
  public var verdicts = 2_000
  /// Bytes written by fills.
  public var filled: UInt64 = 8 << 30
  /// Bytes of one machine's memory that have contents, with what is kept of them to go back to.
  public var memory: UInt64 = 192 << 20
  /// Steps a session keeps, to go back to.
  public var history = 2_000_000
  /// Bytes they take.
  public var historyBytes = 512 << 20

  public init() {}

  /// For a recording, which may be that of a long boot.
  public static var replay: RunLimits {
    var limits = RunLimits()
    limits.instructions = 4_000_000_000
    limits.steps = 20_000_000
    limits.memory = .max
    limits.historyBytes = 2 << 30
    return limits
  }

  /// For a person who looks on and can end what takes too long, and for programs that know what they run.
  public static var person: RunLimits {
    var limits = RunLimits()
    limits.includedLines = 250_000
    limits.instructions = 1 << 50
    limits.machines = Int.max
    limits.steps = Int.max
    limits.verdicts = Int.max
    limits.filled = .max
    limits.memory = .max
    limits.history = 20_000_000
    limits.historyBytes = 2 << 30
    return limits
  }
}

/// What of ``RunLimits`` has been used up.
struct RunUsage {
  var includes = 0
  var includedLines = 0
  var includedBytes = 0
  var machines = 0
  var steps = 0
  var instructions: UInt64 = 0
  var verdicts = 0
  var filled: UInt64 = 0
}

extension Session {
  /// Begins to count anew: what comes next is another run.
  package func renewLimits() { usage = RunUsage() }

  /// Instructions of guests so far, and what takes as long as so many, as ``RunLimits/instructions`` counts them.
  package var spentInstructions: UInt64 { usage.instructions }

  /// Why nothing more may be done; nil if there is room.
  package var exhaustion: String? {
    if let overuse { return overuse }
    if memoryInUse > limits.memory {
      return "the machine's memory holds more than \(sizeText(limits.memory)), as much as a run may use"
    }
    if keepsHistory, position + tree.keptSteps >= limits.history {
      return "the session has \(limits.history) steps, as many as one keeps; \(wayOut)"
    }
    return tooLongHistory
  }

  private var wayOut: String { "go back\(tree.keptSteps > 0 ? ", prune a branch" : ""), or begin another" }

  /// The steps take more than they may.
  private var tooLongHistory: String? {
    guard keepsHistory, steps.weight >= limits.historyBytes - (tree.futures.isEmpty ? 0 : tree.keptWeight) else { return nil }
    return "the session's steps take \(sizeText(UInt64(limits.historyBytes))), as much as one keeps; \(wayOut)"
  }

  /// Why a recording may do nothing more: it has as many steps as it has, but each takes room.
  var recordingExhaustion: String? { overuse ?? tooLongHistory }

  /// What has been done more often than may be; going back does not make room for it.
  var overuse: String? {
    if usage.steps >= limits.steps { return Self.exhausted("did", UInt64(limits.steps), "steps") }
    if usage.instructions >= limits.instructions {
      return Self.exhausted("executed", limits.instructions, "instructions of guests")
    }
    if usage.machines >= limits.machines { return Self.exhausted("made", UInt64(limits.machines), "machines") }
    return usage.filled > limits.filled ? "the run filled \(sizeText(limits.filled)) of memory, as much as it may" : nil
  }

  static func exhausted(_ did: String, _ count: UInt64, _ what: String) -> String {
    "the run \(did) \(count) \(what), as many as it may"
  }

  /// Bytes of the machine's memory that have contents, of what its checkpoints keep of them, and of what finds them.
  package var memoryInUse: UInt64 { read { $0.memory.size } }
}
