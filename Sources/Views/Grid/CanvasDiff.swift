/// A run of cells that differ from what the terminal shows, of one style.
public struct ChangedRun: Sendable, Equatable {
  public var x: Int
  public var y: Int
  public var cells: ArraySlice<Cell>
}

extension Canvas {
  /// Calls `body` for each run of neighbouring cells of one style that differ from `old`. With nil, or another size, all do.
  public func changes(from old: Canvas?, _ body: (ChangedRun) -> Void) {
    let same = old.map { $0.width == width && $0.height == height } ?? false
    for y in 0..<height {
      var x = 0
      while x < width {
        let index = y * width + x
        if same, let old, old.cells[index] == cells[index] {
          x += 1
          continue
        }
        var end = x + 1
        while end < width, cells[y * width + end].role == cells[index].role,
          cells[y * width + end].reverse == cells[index].reverse,
          !same || old.map({ $0.cells[y * width + end] != cells[y * width + end] }) ?? true
        { end += 1 }
        body(ChangedRun(x: x, y: y, cells: cells[index..<(y * width + end)]))
        x = end
      }
    }
  }
}
