/// Steps in pieces of a fixed size: it grows without being copied, and has room for no more than one piece too many.
public struct StepList: RandomAccessCollection, Sendable {
  private static let pieceSize = 1024
  /// All but the last are full.
  private var pieces: [[Session.Step]] = []

  public var startIndex: Int { 0 }
  public var endIndex: Int { pieces.isEmpty ? 0 : (pieces.count - 1) * Self.pieceSize + pieces[pieces.count - 1].count }

  public internal(set) subscript(index: Int) -> Session.Step {
    get { pieces[index / Self.pieceSize][index % Self.pieceSize] }
    set { pieces[index / Self.pieceSize][index % Self.pieceSize] = newValue }
  }

  mutating func append(_ step: Session.Step) {
    if pieces.last.map({ $0.count == Self.pieceSize }) ?? true { pieces.append([]) }
    pieces[pieces.count - 1].append(step)
  }

  mutating func removeLast(_ count: Int) {
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
