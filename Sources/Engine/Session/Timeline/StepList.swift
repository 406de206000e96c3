import Machine

/// Steps in pieces of a fixed size: it grows without being copied, and has room for no more than one piece too many.
public struct StepList: RandomAccessCollection, Sendable {
  /// What a timeline shows of a step, in a byte: so that all steps can be looked at for each frame.
  package struct Glance: Sendable, Equatable {
    fileprivate var bits: UInt8 = 0

    /// How much happened, 0 to 4.
    package var amount: Int { Int(bits & 7) }
    /// Whether it was refused or faulted.
    package var hasFailed: Bool { bits & 8 != 0 }
    /// Whether it was a call the Host made, or a partition, of a command with conditions.
    var isCall: Bool { bits & 16 != 0 }

    fileprivate init() {}

    fileprivate init(_ step: borrowing Session.Step) {
      let amount: UInt8 =
        switch step.events.count {
        case ..<8: 0
        case ..<14: 1
        case ..<24: 2
        case ..<60: 3
        default: 4
        }
      var isCall = false
      if case .action(.smc(let world, let x)) = step.input, world == .normal || world == .secure {
        isCall = Calls.called(x[0]).map { world == .normal || $0.interface == .ffa || $0.interface == .platform } ?? false
      }
      bits = amount | (step.hasFailed ? 8 : 0) | (isCall ? 16 : 0)
    }
  }

  private static let pieceSize = 1024
  /// All but the last are full.
  private var pieces: [[Session.Step]] = []
  private var glances: [Glance] = []

  public var startIndex: Int { 0 }
  public var endIndex: Int { glances.count }

  public internal(set) subscript(index: Int) -> Session.Step {
    // In its place: a copy of a step is a dozen references.
    _read { yield pieces[index / Self.pieceSize][index % Self.pieceSize] }
    _modify {
      yield &pieces[index / Self.pieceSize][index % Self.pieceSize]
      glances[index] = Glance(pieces[index / Self.pieceSize][index % Self.pieceSize])
    }
  }

  /// Of some steps, the most that happened in one, and whether one failed.
  package func glance(_ range: Range<Int>) -> Glance {
    glances[range].withUnsafeBufferPointer { glances in
      var sum = Glance()
      for glance in glances { sum.bits = Swift.max(sum.bits & 7, glance.bits & 7) | (sum.bits | glance.bits) & 24 }
      return sum
    }
  }

  /// The last call among the first `count` steps: its index.
  func lastCall(before count: Int) -> Int? { glances[..<count].lastIndex(where: \.isCall) }

  mutating func append(_ step: Session.Step) {
    if pieces.last.map({ $0.count == Self.pieceSize }) ?? true { pieces.append([]) }
    pieces[pieces.count - 1].append(step)
    glances.append(Glance(step))
  }

  mutating func removeLast(_ count: Int) {
    glances.removeLast(count)
    var left = count
    while left > 0 {
      let taken = Swift.min(left, pieces[pieces.count - 1].count)
      pieces[pieces.count - 1].removeLast(taken)
      if pieces[pieces.count - 1].isEmpty { pieces.removeLast() }
      left -= taken
    }
  }

  mutating func insert(_ step: Session.Step, at index: Int) {
    let behind = Array(self[index...])
    removeLast(behind.count)
    append(step)
    for step in behind { append(step) }
  }
}
